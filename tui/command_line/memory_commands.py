"""The subcommands of `tungsten memory`."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from agent import paths
from tungsten.screen.printable import clean, counted

if TYPE_CHECKING:
    from memory.versions import Status

memory = typer.Typer(
    help="What agents remember: look, add, forget, remove. Alone, it lists.",
    rich_markup_mode=None,
    invoke_without_command=True,
)

EXIT_FAILED = 1

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Id = Annotated[str, typer.Argument(help="The memory's id, such as m-3f2a91c04d5e.")]
Project = Annotated[
    Path | None,
    typer.Option("--project", "-C", help="A directory; default: the one you are in."),
]


@memory.callback()
def alone(context: typer.Context) -> None:
    """List what agents are told."""
    if context.invoked_subcommand is None:
        list_()


@memory.command("add")
def add(
    text: Annotated[str, typer.Argument(help="One fact, clear by itself.")],
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="Holds in every project.")
    ] = False,
    project: Project = None,
    kind: Annotated[
        str, typer.Option("--type", help="user, feedback, project or reference.")
    ] = "project",
    verify: Annotated[str, typer.Option(help="How to check it later.")] = "",
    as_json: Json = False,
) -> None:
    """Remember something that you say."""
    from typing import get_args

    from agent.memories import memory_report
    from agent.memories.remembering import CONFIDENCE
    from memory.versions import Memory, MemoryType

    if kind not in get_args(MemoryType):
        raise typer.BadParameter(f"--type is {', '.join(get_args(MemoryType))}, not {kind}")
    wanted = Memory(
        "",
        text,
        type=kind,  # type: ignore[arg-type]
        scope="user" if everywhere else "project",
        project=None if everywhere else str(_project(project)),
        source="user_stated",
        verify=verify,
        confidence=CONFIDENCE["user_stated"],
    )

    async def work() -> Memory:
        async with memory_report.opened(paths.find(), changing=True) as database:
            return await database.memories.add(wanted, by="person")

    stored = _run(work())
    _print({"memory": memory_report.as_json(stored)}, f"remembered as {stored.id}", as_json)


@memory.command("search")
def search(
    query: Annotated[str, typer.Argument(help="A question or words.")],
    project: Project = None,
    count: Annotated[int, typer.Option("-n", min=1, max=100, help="How many at most.")] = 10,
    as_json: Json = False,
) -> None:
    """Find what an agent would be told, best first."""
    from agent.memories import memory_report
    from agent.settings import config

    async def work() -> Any:
        places = paths.find()
        embedder = config.load(places).dream.embedder_path
        async with memory_report.opened(places, embedder=embedder) as database:
            return await database.memories.recall(
                query, project=_project(project), k=count, count=False
            )

    found = _run(work())
    _print(
        {
            "memories": [
                memory_report.as_json(one.memory) | {"score": round(one.score, 4)} for one in found
            ]
        },
        memory_report.listing([one.memory for one in found], time.time())
        or "nothing is remembered about that",
        as_json,
    )


@memory.command("list")
def list_(
    status: Annotated[
        str, typer.Option(help="active, quarantined, forgotten, another status, or all.")
    ] = "active",
    as_json: Json = False,
) -> None:
    """List memories in the order they came."""
    from typing import get_args

    from agent.memories import memory_report
    from memory.versions import Status

    known = get_args(Status)
    if status not in (*known, "all"):
        raise typer.BadParameter(f"--status is {', '.join(known)} or all, not {status}")
    wanted: list[Status] = list(known) if status == "all" else [status]  # type: ignore[list-item]

    async def work() -> Any:
        async with memory_report.opened(paths.find()) as database:
            held = await database.memories.list(statuses=["quarantined"])
            return await database.memories.list(statuses=wanted), len(held)

    found, held = _run(work())
    text = memory_report.listing(found, time.time()) or "no memories"
    if held and status == "active":
        text += f"\n{held} held back until you look: tungsten memory list --status quarantined"
    _print({"memories": list(map(memory_report.as_json, found))}, text, as_json)


@memory.command("show")
def show(memory_id: Id, as_json: Json = False) -> None:
    """Show one memory: where it comes from, how sure it is, and how it was used."""
    from agent.memories import memory_report

    async def work() -> Any:
        async with memory_report.opened(paths.find()) as database:
            store = database.memories
            return await store.get(memory_id), await store.usage(memory_id)

    found, usage = _run(work())
    text = memory_report.details(found, usage, time.time())
    _print({"memory": memory_report.as_json(found, usage)}, text, as_json)


@memory.command("history")
def history(memory_id: Id, as_json: Json = False) -> None:
    """Show every version of a memory, oldest first."""
    from agent.memories import memory_report

    async def work() -> Any:
        async with memory_report.opened(paths.find()) as database:
            return await database.memories.history(memory_id)

    found = _run(work())
    _print(
        {"versions": list(map(memory_report.version_as_json, found))},
        memory_report.changes(found),
        as_json,
    )


@memory.command("forget")
def forget(memory_id: Id, as_json: Json = False) -> None:
    """Tell agents of a memory no more; `restore` brings it back."""
    _status(memory_id, "forgotten", as_json)


@memory.command("restore")
def restore(
    memory_id: Id,
    version: Annotated[
        int | None, typer.Option(min=1, help="As it was at this version of its history.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring back a memory that was forgotten or held back, or an earlier version of it."""
    if version is None:
        _status(memory_id, "active", as_json)
        return
    from agent.memories import memory_report

    async def work() -> Any:
        async with memory_report.opened(paths.find(), changing=True) as database:
            return await database.memories.restore(memory_id, version)

    found = _run(work())
    text = f"{memory_id} is as it was at version {version}"
    _print({"memory": memory_report.as_json(found)}, text, as_json)


@memory.command("redact")
def redact(
    memory_id: Id,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Remove a memory's text for good, also from transcripts and the journal."""
    from agent.memories import memory_report

    if not yes:
        if not sys.stdin.isatty():
            raise typer.BadParameter("this cannot be undone: say --yes")
        typer.confirm(f"Remove the text of {memory_id} for good?", abort=True, err=True)

    async def work() -> Any:
        async with memory_report.opened(paths.find(), changing=True) as database:
            return await database.memories.redact(memory_id)

    done = _run(work())
    text = (
        f"removed from {', '.join(done.memories)}: {counted(done.versions, 'version')}, "
        f"{counted(done.transcript_rows, 'row')} of transcripts, "
        f"{counted(done.journal_entries, 'journal entry', 'journal entries')}"
    )
    _print(
        {
            "memories": list(done.memories),
            "versions": done.versions,
            "transcript_rows": done.transcript_rows,
            "journal_entries": done.journal_entries,
        },
        text,
        as_json,
    )


@memory.command("export")
def export(
    directory: Annotated[Path, typer.Argument(help="Where the files go.")], as_json: Json = False
) -> None:
    """Write each memory to a Markdown file of its own.

    Exit status: 0 all were written, 1 some were left out, since they hold edits.
    """
    from agent.memories import memory_files, memory_report

    async def work() -> memory_files.Exported:
        async with memory_report.opened(paths.find()) as database:
            return await memory_files.export(database, directory)

    done = _run(work())
    lines = [f"{counted(len(done.files), 'file')} in {directory}"]
    lines += [f"left out: {line}" for line in done.refused]
    _print(
        {"files": [str(file) for file in done.files], "refused": done.refused},
        "\n".join(lines),
        as_json,
    )
    raise typer.Exit(EXIT_FAILED if done.refused else 0)


@memory.command("import")
def import_(
    directory: Annotated[Path, typer.Argument(help="Where the files are.")], as_json: Json = False
) -> None:
    """Take in Markdown files; an edited one becomes what you say.

    Exit status: 0 all were taken in, 1 some were left out.
    """
    from agent.memories import memory_files, memory_report

    if not directory.is_dir():
        raise typer.BadParameter(f"no such directory: {directory}")

    async def work() -> memory_files.Imported:
        async with memory_report.opened(paths.find(), changing=True) as database:
            return await memory_files.bring_in(database, directory)

    done = _run(work())
    lines = [
        f"{len(done.added)} added, {len(done.changed)} changed, {len(done.unchanged)} as they were"
    ]
    lines += [f"left out: {line}" for line in done.refused]
    _print(
        {
            "added": done.added,
            "changed": done.changed,
            "unchanged": done.unchanged,
            "refused": done.refused,
        },
        "\n".join(lines),
        as_json,
    )
    raise typer.Exit(EXIT_FAILED if done.refused else 0)


def _status(memory_id: str, status: Status, as_json: bool) -> None:
    from agent.memories import memory_report

    async def work() -> Any:
        async with memory_report.opened(paths.find(), changing=True) as database:
            store = database.memories
            change = store.forget if status == "forgotten" else store.release
            return await change(memory_id)

    found = _run(work())
    text = f"{memory_id} is {found.status}"
    _print({"memory": memory_report.as_json(found)}, text, as_json)


def _project(given: Path | None) -> Path:
    """The project that a directory lies in: the top of its git work tree, or itself."""
    from memory.directories import git_top_level

    directory = (given or Path()).resolve()
    if not directory.is_dir():
        raise typer.BadParameter(f"no such directory: {given}")
    return git_top_level(directory) or directory


def _print(value: dict[str, Any], text: str, as_json: bool) -> None:
    print(json.dumps(value, indent=1, ensure_ascii=False) if as_json else clean(text))


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)
