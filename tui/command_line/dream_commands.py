"""The subcommands of `tungsten dream`."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from agent import paths
from tungsten.screen.printable import clean, counted

dream = typer.Typer(
    help="Put memories in order: AutoDream. Alone, it says how that stands.",
    rich_markup_mode=None,
    invoke_without_command=True,
)

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dream.callback()
def alone(context: typer.Context) -> None:
    """Say how AutoDream stands."""
    if context.invoked_subcommand is None:
        status()


@dream.command("status")
def status(as_json: Json = False) -> None:
    """Say how each gate stands, why there is no dream now, and what the last one did."""
    from agent.dreams import dreaming
    from agent.dreams.dream_watch import gates_of
    from agent.memories import memory_report
    from agent.settings.config import load

    places = paths.find()
    settings = load(places).dream

    async def work() -> dict[str, Any]:
        async with memory_report.opened(places) as database:
            state = await gates_of(database, settings, time.time).status()
            last = await database.dreams.last()
            done = [] if last is None else await dreaming.changes(database, last.id)
            latest = await database.dreams.latest()
            return dreaming.status_as_json(state, settings, latest, last, done)

    found = _run(work())
    _print(found, dreaming.status_told(found), as_json)


@dream.command("plan")
def plan(
    memories: Annotated[
        Path | None, typer.Option("--memories", help="Memories as JSON, instead of your own.")
    ] = None,
    evidence: Annotated[
        Path | None, typer.Option("--evidence", help="What is known of the world, as JSON.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say what a dream would do, and why; changes nothing."""
    from agent.dreams import dream_files, dreaming
    from agent.memories import memory_report

    if memories is not None:
        found = dream_files.plan_files(memories, evidence)
    elif evidence is not None:
        raise typer.BadParameter("--evidence goes with --memories; your own projects are looked at")
    else:

        async def work() -> Any:
            async with memory_report.opened(paths.find()) as database:
                return await dreaming.preview(database, time.time)

        found = _run(work())
    _print(found.as_json(), dream_files.told(found), as_json)


@dream.command("apply")
def apply(as_json: Json = False) -> None:
    """Dream now: do what `plan` says."""
    from agent.dreams import dreaming
    from agent.dreams.dream_watch import require
    from agent.memories import memory_report
    from agent.settings.config import load

    places = paths.find()
    config = load(places)
    require(config.dream.mode)

    async def work() -> dict[str, Any]:
        async with memory_report.opened(places, changing=True) as database:
            async with dreaming.own_judge(database, config, places) as judge:
                await dreaming.run(database, time.time, by="person", judge=judge)
            last = await database.dreams.last()
            assert last is not None
            done = await dreaming.changes(database, last.id)
            return dreaming.dream_as_json(last) | {"operations": dreaming.operations_as_json(done)}

    found = _run(work())
    lines = [f"dream {found['id']}: {found['summary']}"]
    lines += [f"model: {found['asked']}"] if found["asked"] else []
    lines += dreaming.operations_told(found["operations"])
    _print({"dream": found}, "\n".join(lines), as_json)


@dream.command("undo")
def undo(
    dream_id: Annotated[
        int | None, typer.Argument(metavar="[DREAM]", help="Its number; default: the last one.")
    ] = None,
    operation: Annotated[
        int | None, typer.Option("--operation", help="Only this operation of it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring back what a dream changed, all of it or one operation."""
    from agent.dreams import dreaming
    from agent.memories import memory_report

    async def work() -> tuple[int, int]:
        async with memory_report.opened(paths.find(), changing=True) as database:
            return await dreaming.undo(database, time.time, dream_id, operation)

    number, count = _run(work())
    what = f"{counted(count, 'operation')} of dream {number} undone"
    if not count:
        what = f"nothing of dream {number} is left to undo"
    _print({"dream": number, "undone": count}, what, as_json)


def _print(value: dict[str, Any], text: str, as_json: bool) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False) if as_json else clean(text))


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)
