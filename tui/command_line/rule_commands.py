"""`tungsten rules`, `tungsten trust`: what was decided beforehand, seen and taken back."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from agent import paths
from tungsten.screen.printable import visible_line

rules = typer.Typer(
    help="List the rules that concern this directory: yours, those that w in a gate kept, its own.",
    rich_markup_mode=None,
    invoke_without_command=True,
)


@rules.callback()
def listed(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the rules that concern this directory, by file, and which are not in force."""
    if context.invoked_subcommand is not None:
        return
    from agent.gates import rule_list

    places = paths.find()
    found = rule_list.found(places, Path.home(), _project(Path.cwd()))
    if as_json:
        rows = [{**asdict(each), "file": str(each.file)} for each in found.standing]
        print(json.dumps({"rules": rows, "problem": found.problem}, indent=1))
    else:
        print(rule_list.told(found, places.config_file))


@rules.command("remove")
def remove(
    rule: Annotated[str, typer.Argument(help="The rule as `tungsten rules` writes it.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before.")] = False,
) -> None:
    """Take away a rule that w in a gate kept for this project; it asks again from then on."""
    from agent.gates import rule_list
    from agent.gates.rule_files import RuleFiles

    places, project = paths.find(), _project(Path.cwd())
    found = rule_list.removable(rule_list.found(places, Path.home(), project), rule)
    assert project is not None, "only a project has rules that were kept"
    print(f"{found.listed} {visible_line(found.rule)}  in {visible_line(str(found.file))}")
    if not yes:
        typer.confirm("Take it away?", abort=True)
    RuleFiles(places, Path.home()).remove(project, found.rule)
    print("Taken away: what it allowed asks again.")


def trust(
    directory: Annotated[
        Path | None, typer.Argument(help="The directory; without one, all that you trust.")
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Trust it no longer.")] = False,
) -> None:
    """List the directories that you trust, trust one, or trust one no longer.

    Agents in a trusted directory work in standard, in others in careful.
    """
    from agent.gates import rule_list

    if directory is None:
        if off:
            raise typer.BadParameter("name the directory that is to be trusted no longer")
        found = asyncio.run(rule_list.trusted(paths.find()))
        for each in found:
            print(visible_line(str(each)))
        if not found:
            print("You trust no directory; tungsten trust DIR trusts one.")
        return
    from memory.directories import git_top_level

    place = directory.expanduser().absolute()
    top = git_top_level(place.resolve())
    print(asyncio.run(_set_trust(place, top, trusted=not off)))


async def _set_trust(place: Path, top: Path | None, *, trusted: bool) -> str:
    """Have the engine do it, which asks who is connected and moves the agents there."""
    from agent.engine.client import EngineClient
    from agent.gates import rule_list
    from agent.protocol.commands.gates import TrustDirectory

    client = await EngineClient.connect(paths.find(), client="command line")
    try:
        await client.send(TrustDirectory(directory=str(place), trusted=trusted))
    finally:
        await client.close()
    shown = visible_line(str(place))
    if trusted:
        return f"{shown} is trusted: agents there work in standard."
    if top is not None and top in await rule_list.trusted(paths.find()):
        return f"{shown} stays trusted with {visible_line(str(top))}, in which it is."
    return f"{shown} is trusted no longer: agents there work in careful."


def _project(cwd: Path) -> Path | None:
    """The tree that an agent here may work in, as the gate sees it."""
    from memory.directories import git_top_level

    top = git_top_level(cwd) or cwd
    return None if top in (Path.home(), Path("/")) else top
