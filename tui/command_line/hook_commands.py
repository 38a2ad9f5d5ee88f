"""`tungsten hook`: Tungsten's gate as the permission hook of other agents."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tungsten.screen.printable import visible, visible_line

if TYPE_CHECKING:
    from agent.hook.install import Where

hook = typer.Typer(
    help="Have the agents you already run ask Tungsten's gate: Claude Code, Codex, OpenCode, …",
    rich_markup_mode=None,
    no_args_is_help=True,
)

Agent = Literal["claude", "codex", "opencode", "gemini", "aider"]


@hook.command("install")
def install(
    agent: Annotated[Agent, typer.Argument(help="Which agent's settings.")],
    scope: Annotated[
        Literal["user", "project"],
        typer.Option(help="Your settings for all projects, or this project's."),
    ] = "user",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before.")] = False,
) -> None:
    """Put the hook into an agent's settings; shows it, and asks."""
    from agent.hook import install as installer
    from agent.hook.adapters import ADAPTERS

    where = _where()
    change = installer.installing(where, agent, scope)
    title, path = ADAPTERS[agent].title, visible_line(str(change.path))
    if change.changes:
        _show(change.diff())
    # Behind the diff, which is longer than a screen.
    if shutil.which(agent) is None:
        print(f"{title} is not installed here ({agent} is not on PATH); the hook waits for it.")
    if not change.changes:
        print(f"{path}: the hook is there already.")
    elif not yes:
        _confirm(f"Write this to {path}?")
    installer.carry_out(where, change)
    if change.changes:
        print(f"{title}: installed; `tungsten hook uninstall {agent}` takes it out again.")
        if agent in installer.TRUSTED_BY_PERSON:
            print(f"{title} asks whether you trust its hooks when it starts next (or /hooks).")
        if agent in installer.FIRST_START:
            print(f"{title} {installer.FIRST_START[agent]}.")


@hook.command("uninstall")
def uninstall(
    agent: Annotated[Agent | None, typer.Argument(help="Which; all without one.")] = None,
    scope: Annotated[
        Literal["user", "project"] | None,
        typer.Option(help="Out of yours, or this project's, alone; all without."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before.")] = False,
) -> None:
    """Take it out again; files are as they were, to the byte."""
    from agent.hook import install as installer

    where = _where()
    changes = installer.uninstalling(where, agent, scope)
    if not changes:
        print("No hook is installed.")
        return
    for change in changes:
        _show(change.diff())
        if change.note:
            print(f"{visible_line(str(change.path))}: {change.note}.")
    if not yes:
        _confirm("Write this?")
    for change in changes:
        installer.carry_out(where, change)
        print(f"{visible_line(str(change.path))}: the hook is taken out.")


@hook.command("status")
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say in whose settings it is, and whether it still fits."""
    from agent.hook import install as installer

    found = installer.standing(_where())
    if as_json:
        rows = [
            {"agent": each.agent, "scope": each.scope, "file": str(each.path)}
            | {"state": each.state, "text": each.text}
            for each in found
        ]
        print(json.dumps(rows, indent=1))
        return
    for each in found:
        print(f"{each.agent:<9} {each.scope:<8} {each.text}  {visible_line(str(each.path))}")


def _where() -> Where:
    from agent import paths
    from agent.engine.peer import refuse_in_pane
    from agent.hook import install as installer

    places = paths.find()
    # An agent must not see to what it is asked.
    refuse_in_pane(places.tmux_socket)
    return installer.Where(places, Path.home(), Path.cwd(), os.environ, installer.program())


def _confirm(question: str) -> None:
    try:
        typer.confirm(question, abort=True)
    except typer.Abort:
        print("\nNothing was written.")
        raise


def _show(diff: str) -> None:
    for line in diff.splitlines():
        print(visible(line))
