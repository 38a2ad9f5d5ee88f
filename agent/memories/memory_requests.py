"""What the engine does about memories for a front end: lists, finds, changes, brings back.

Loaded with the first request. Dreams are in `agent.dreams.dream_requests`.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue, ValidationError

from agent.errors import CommandRefused
from agent.memories import memory_mode
from agent.memories.remembering import CONFIDENCE
from agent.protocol.memory import (
    REQUEST,
    AddMemory,
    BringBackMemory,
    EditMemory,
    ExportMemories,
    ForgetMemory,
    ImportMemories,
    Known,
    ListMemories,
    Origin,
    PastVersion,
    PinMemory,
    ReadMemory,
    RedactMemory,
    Remembered,
    SearchMemories,
    SetMemoryMode,
    Uses,
    View,
)
from memory import browse
from memory.browse import Listed
from memory.directories import git_top_level
from memory.errors import ChangedMeanwhile, NotFound
from memory.versions import FIELDS, Memory, Status

if TYPE_CHECKING:
    from agent.engine.engine_parts import Parts
    from agent.protocol.commands.engine import AskMemory
    from memory.database import Database

VIEWS: dict[View, tuple[Status, ...] | None] = {
    "active": ("active",),
    "held": ("quarantined",),
    "gone": ("forgotten", "superseded", "merged", "pruned", "redacted"),
    "all": None,
}


async def carry_out(command: AskMemory, parts: Parts) -> dict[str, JsonValue]:
    """Carry out one request about memories or dreams.

    Raises:
        AgentError, StorageError: it was not done; the text is one line for the person.
    """
    try:
        request = REQUEST.validate_python(command.request)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, fault["loc"][1:])) or "request"
        raise CommandRefused(f"This request cannot be read: {place}: {fault['msg']}.") from error
    database = parts.database
    store = database.memories
    match request:
        case ListMemories(view=view, words=words, first=first, count=count):
            statuses = VIEWS[view]
            found, counts = await database.read(
                lambda db: (
                    browse.window(db, statuses=statuses, words=words, first=first, count=count),
                    browse.counts(db),
                )
            )
            numbers: dict[str, JsonValue] = {str(key): value for key, value in counts.items()}
            return {"rows": _rows(found.rows), "total": found.total, "counts": numbers}
        case SearchMemories(query=query, count=count):
            hits = await database.read(lambda db: browse.search(db, query, count))
            return {"rows": _rows(hits)}
        case ReadMemory(memory_id=memory_id):
            known = await _known(database, memory_id)
            return known.model_dump(mode="json")
        case AddMemory(text=text, directory=directory):
            return await _changed(database, (await _add(database, text, directory)).id)
        case EditMemory(memory_id=memory_id, version=version, text=text):
            try:
                await store.change(
                    memory_id,
                    by="person",
                    reason="edited",
                    version=version,
                    text=text.strip(),
                    confidence=CONFIDENCE["user_stated"],
                )
            except ChangedMeanwhile as error:
                raise CommandRefused(f"{str(error).capitalize()}.") from error
            return await _changed(database, memory_id)
        case PinMemory(memory_id=memory_id, on=on):
            reason = "pinned" if on else "pinned no longer"
            await store.change(memory_id, by="person", reason=reason, pinned=on)
            return await _changed(database, memory_id)
        case ForgetMemory(memory_id=memory_id):
            await store.forget(memory_id)
            return await _changed(database, memory_id)
        case BringBackMemory(memory_id=memory_id, version=back):
            if back is None:
                await store.release(memory_id)
            else:
                await store.restore(memory_id, back)
            return await _changed(database, memory_id)
        case RedactMemory(memory_id=memory_id):
            done = await store.redact(memory_id)
            await parts.agents.redacted(done.extras)
            return {
                "memories": len(done.memories),
                "versions": done.versions,
                "rows": done.transcript_rows,
                "entries": done.journal_entries,
            }
        case ExportMemories(directory=directory):
            return await _export(database, Path(directory))
        case ImportMemories(directory=directory):
            return await _import(database, Path(directory))
        case SetMemoryMode(mode=mode):
            return {"file": str(await memory_mode.change(parts, mode))}
        case _:
            from agent.dreams import dream_requests

            return await dream_requests.carry_out(request, parts)


def remembered(memory: Memory, version: int = 0, held: str = "") -> Remembered:
    """A memory in the words of the wire."""
    values = {name: getattr(memory, name) for name in FIELDS}
    return Remembered(**values, version=version, held=held)


def _rows(found: tuple[Listed, ...]) -> JsonValue:
    return [remembered(one.memory, one.version, one.held).model_dump(mode="json") for one in found]


async def _changed(database: Database, memory_id: str) -> dict[str, JsonValue]:
    one = await database.read(lambda db: browse.get(db, memory_id))
    now = remembered(one.memory, one.version, one.held)
    return {"memory": now.model_dump(mode="json")}


async def _known(database: Database, memory_id: str) -> Known:
    listed = await database.read(lambda db: browse.get(db, memory_id))
    usage = await database.memories.usage(memory_id)
    history = await database.memories.history(memory_id)
    origin = None
    if listed.memory.session_id is not None:
        try:
            record = await database.sessions.get(listed.memory.session_id)
            origin = Origin(
                id=record.id,
                name=record.name,
                directory=record.directory,
                archived=record.archived,
            )
        except NotFound:
            pass
    return Known(
        memory=remembered(listed.memory, listed.version, listed.held),
        uses=Uses(
            recalled=usage.recalled,
            cited=usage.cited,
            confirmed=usage.confirmed,
            contradicted=usage.contradicted,
        ),
        versions=tuple(
            PastVersion(
                version=one.version,
                at=one.at,
                by=one.by,
                reason=one.reason,
                memory=None if one.memory is None else remembered(one.memory, one.version),
            )
            for one in history
        ),
        origin=origin,
    )


async def _add(database: Database, text: str, directory: str) -> Memory:
    project = await asyncio.to_thread(_project, directory) if directory else None
    return await database.memories.add(
        Memory(
            "",
            text,
            type="user" if project is None else "project",
            scope="user" if project is None else "project",
            project=project,
            source="user_stated",
            confidence=CONFIDENCE["user_stated"],
        ),
        by="person",
    )


def _project(directory: str) -> str:
    path = Path(directory).resolve()
    return str(git_top_level(path) or path)


async def _export(database: Database, directory: Path) -> dict[str, JsonValue]:
    from agent.memories import memory_files

    try:
        done = await memory_files.export(database, directory)
    except OSError as error:
        raise CommandRefused(_file_problem(directory, error)) from error
    return {"files": len(done.files), "refused": list(done.refused)}


async def _import(database: Database, directory: Path) -> dict[str, JsonValue]:
    from agent.memories import memory_files

    try:
        done = await memory_files.bring_in(database, directory)
    except OSError as error:
        raise CommandRefused(_file_problem(directory, error)) from error
    return {
        "added": len(done.added),
        "changed": len(done.changed),
        "unchanged": len(done.unchanged),
        "refused": list(done.refused),
    }


def _file_problem(directory: Path, error: OSError) -> str:
    place = error.filename or directory
    return f"{place}: {error.strerror or error}; choose another directory, or mend this one"
