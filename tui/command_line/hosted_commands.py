"""Commands on agents of other makers: what is known of a pane, and which profiles there are."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from agent import paths
from tungsten.screen.printable import clean, one_line

if TYPE_CHECKING:
    from pathlib import Path

    from agent.hosted.profile import Profile

EXIT_FAILED = 1

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def explain(
    pane: Annotated[
        str, typer.Argument(metavar="NAME", help="An agent's name or id, or a pane such as %3.")
    ],
) -> None:
    """Say how the state of an agent in a pane is known: rule, evidence, source and age."""
    from agent.engine.client import EngineClient
    from agent.protocol.hosted import ExplainPane

    async def explained() -> str:
        client = await EngineClient.connect(paths.find(), start=False, client="command line")
        try:
            return str((await client.send(ExplainPane(pane=pane))).get("text", ""))
        finally:
            await client.close()

    print(clean(asyncio.run(explained())))


def profiles(as_json: Json = False) -> None:
    """List the profiles of other makers' agents, and check those that you wrote.

    Ends with 1 where a file cannot be used, after each fault with its file and line.
    """
    from agent.hosted.profile_files import load

    own = paths.find().profiles
    known = load(own)
    rows = [_row(each, known.files[each.name], own) for each in known.by_name.values()]
    if as_json:
        print(json.dumps({"profiles": rows, "faults": known.faults}, indent=1))
    else:
        for row in rows:
            head = f"{row['name']:<12}  {row['title']:<14}  {row['start']:<16}"
            print(clean(f"{head}  {row['rules']} rules  {row['recorded'] or 'not recorded'}"))
        print(one_line(f"yours are in {own}; docs/hosted.md says how to write one"))
    for fault in known.faults:
        print(clean(fault), file=sys.stderr)
    if known.faults:
        raise typer.Exit(EXIT_FAILED)


def _row(profile: Profile, file: Path, own: Path) -> dict[str, str | int]:
    return {
        "name": profile.name,
        "title": profile.title,
        "start": profile.start,
        "rules": len(profile.rules),
        "recorded": ", ".join(profile.versions.recorded),
        "file": str(file) if file.parent == own else "",
    }
