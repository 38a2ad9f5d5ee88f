"""The subcommands of `tungsten sessions`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from agent import paths
from tungsten.screen.printable import clean, one_line

if TYPE_CHECKING:
    from agent.protocol.commands.sessions import SaidHit
    from memory.database import Database
    from memory.sessions import SessionRecord

sessions = typer.Typer(
    help="Sessions of all time: list, search, export. Alone, it lists.",
    rich_markup_mode=None,
    invoke_without_command=True,
)

EXIT_FAILED = 1

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@sessions.callback()
def alone(context: typer.Context) -> None:
    """List every session, the last used first."""
    if context.invoked_subcommand is None:
        list_()


@sessions.command("list")
def list_(as_json: Json = False) -> None:
    """List every session, archived ones too, the last used first."""
    from agent.sessions.conversation import first_prompt
    from memory.sessions import Glance

    async def work(database: Database) -> list[tuple[SessionRecord, Glance]]:
        glances = await database.sessions.glances()
        found = [(each, glances.get(each.id, Glance())) for each in await database.sessions.list()]
        return sorted(found, key=lambda one: one[1].last_at or one[0].created_at, reverse=True)

    rows = [
        {
            "id": record.id,
            "name": record.name,
            "directory": record.directory,
            "archived": record.archived,
            "prompt": first_prompt(glance.first) or record.command,
            "used_at": glance.last_at or record.created_at,
            "forked_from": record.forked_from,
        }
        for record, glance in _with(work) or ()
    ]
    if as_json:
        print(json.dumps({"sessions": rows}, indent=1))
        return
    if not rows:
        print("no sessions yet; start an agent with: tungsten run 'task'")
    for row in rows:
        name, where = one_line(str(row["name"])), one_line(str(row["directory"]))
        print(f"{row['id']}  {name:<20}  {one_line(str(row['prompt'])) or where}".rstrip())


@sessions.command("search")
def search(
    words: Annotated[list[str], typer.Argument(help="Words, or how they begin.")],
    count: Annotated[int, typer.Option("-n", min=1, max=500, help="How many at most.")] = 20,
    as_json: Json = False,
) -> None:
    """Find where all of some words were said, the latest first."""
    from agent.sessions import session_search

    async def work(database: Database) -> tuple[list[SaidHit], dict[str, str]]:
        hits = await session_search.search(database, " ".join(words), count)
        names = {each.id: each.name for each in await database.sessions.list()}
        return hits, names

    hits, names = _with(work) or ([], {})
    if as_json:
        print(json.dumps({"hits": [hit.model_dump(mode="json") for hit in hits]}, indent=1))
        return
    if not hits:
        print("nobody said that; each word must begin as you wrote it")
        raise typer.Exit(EXIT_FAILED)
    for hit in hits:
        who = "you" if hit.by_person else "model"
        name = one_line(names.get(hit.agent_id, ""))
        print(clean(f"{hit.agent_id}  {name:<20}  {who}: {hit.excerpt}"))


@sessions.command("export")
def export(
    session: Annotated[str, typer.Argument(help="Its id, the beginning of it, or its name.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file, made with mode 0600.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Take the place of a file that is there.")
    ] = False,
) -> None:
    """Write what was said and done in a session as Markdown, without secrets."""
    from agent.sessions import session_export

    async def work(database: Database) -> str:
        return await session_export.exported(database, await session_export.find(database, session))

    text = _with(work)
    if text is None:
        raise session_export.NotExported(f"No session is called {session}: there are none yet.")
    if output is None:
        sys.stdout.write(text)
        return
    if not session_export.write(output.absolute(), text, overwrite=overwrite):
        raise session_export.NotExported(
            f"{output} is there already: --overwrite takes its place, or name another file."
        )
    print(clean(f"written to {output}, readable by you only"))


def _with(work: Callable[[Database], Awaitable[T]]) -> T | None:
    """Do something with the store, whether or not an engine runs; None where there is none yet."""
    from agent.errors import AgentError
    from memory.database import Database
    from memory.errors import StorageError

    async def done() -> Any:
        places = paths.find()
        if not places.database.is_file():
            return None
        try:
            async with await Database.open(places.database) as database:
                return await work(database)
        except StorageError as error:
            raise AgentError(str(error)) from error

    return asyncio.run(done())  # type: ignore[no-any-return]
