"""The subcommands of `tungsten dream`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from tungsten.printable import clean

dream = typer.Typer(help="Put memories in order: AutoDream.", rich_markup_mode=None)


@dream.command("plan")
def plan(
    memories: Annotated[Path, typer.Option("--memories", help="Memories as JSON.")],
    evidence: Annotated[
        Path | None, typer.Option("--evidence", help="What is known of the world, as JSON.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a dream without a model would do with the memories in a file; changes nothing."""
    from agent import dream_files

    found = dream_files.plan_files(memories, evidence)
    print(
        json.dumps(found.as_json(), indent=1, ensure_ascii=False)
        if as_json
        else clean(dream_files.told(found))
    )
