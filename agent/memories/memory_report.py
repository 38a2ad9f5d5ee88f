"""Memories for the command line: the store opened without an engine, and what is printed of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.engine.peer import refuse_in_pane
from agent.errors import AgentError, InsidePane
from agent.memories.remembering import age, doubted
from agent.paths import Paths
from agent.protocol.memory import SOURCES
from memory.database import Database
from memory.errors import StorageError
from memory.memories import MemoryUsage
from memory.versions import FIELDS, Memory, Version
from tungsten.recordings.masking import holds_secret


@contextlib.asynccontextmanager
async def opened(
    paths: Paths, *, changing: bool = False, embedder: Path | None = None
) -> AsyncIterator[Database]:
    """Open the store, making it where there is none; an engine may use it at the same time.

    Args:
        paths: whose store.
        changing: what is done with it is the person's word, which no agent's pane gives.
        embedder: where the embedding model lies that questions are compared with, if one does.

    Raises:
        AgentError: it cannot be opened, or what is done with it fails.
    """
    if changing:
        try:
            await asyncio.to_thread(refuse_in_pane, paths.tmux_socket)
        except InsidePane as error:
            raise AgentError(
                "An agent's pane changes no memory: do that in the app, or in a terminal of your "
                "own."
            ) from error
    paths.create()
    try:
        async with await Database.open(
            paths.database, holds_secret=holds_secret, embedder=embedder
        ) as database:
            yield database
    except StorageError as error:
        raise AgentError(str(error)) from error


def as_json(memory: Memory, usage: MemoryUsage | None = None) -> dict[str, Any]:
    """A memory as `--json` prints it: its fields, times in ISO 8601 (UTC), and how it was used."""
    values = {name: getattr(memory, name) for name in FIELDS}
    values["evidence"] = list(memory.evidence)
    for name in ("last_confirmed_at", "created_at", "valid_from", "valid_to"):
        values[name] = None if values[name] is None else moment(values[name])
    if usage is not None:
        values["usage"] = {
            "recalled": usage.recalled,
            "cited": usage.cited,
            "confirmed": usage.confirmed,
            "contradicted": usage.contradicted,
            "last_used_at": None if usage.last_used_at is None else moment(usage.last_used_at),
        }
    return values


def version_as_json(version: Version) -> dict[str, Any]:
    """A version as `--json` prints it; its `memory` is null when it was redacted."""
    return {
        "version": version.version,
        "at": moment(version.at),
        "by": version.by,
        "reason": version.reason,
        "memory": None if version.memory is None else as_json(version.memory),
    }


def listing(memories: Sequence[Memory], now: float) -> str:
    """Memories for people, two lines each."""
    return "\n".join(f"{memory.id}  {memory.text}\n    {about(memory, now)}" for memory in memories)


def details(memory: Memory, usage: MemoryUsage, now: float) -> str:
    """Everything about one memory, for people."""
    rows = [memory.text or "(its text was removed)", "", f"    {about(memory, now)}"]
    rows += [
        f"    {name}: {value}"
        for name, value in (
            ("quote", memory.quote),
            ("session", memory.session_id),
            ("verify", memory.verify),
            ("holds from", memory.valid_from and moment(memory.valid_from)),
            ("holds until", memory.valid_to and moment(memory.valid_to)),
            ("superseded by", memory.superseded_by),
            ("doubt", memory.drift and f"{memory.drift}: {', '.join(memory.evidence)}"),
            ("confirmed", memory.confirmations),
            ("recalled", usage.recalled),
            ("contradicted", usage.contradicted),
        )
        if value
    ]
    return "\n".join(rows)


def changes(history: Sequence[Version]) -> str:
    """The versions of a memory for people, oldest first."""
    lines = []
    for version in history:
        lines.append(f"{version.version}  {moment(version.at)}  {version.by}: {version.reason}")
        memory = version.memory
        lines.append(f"    {'(removed)' if memory is None else f'{memory.status}: {memory.text}'}")
    return "\n".join(lines)


def about(memory: Memory, now: float) -> str:
    """Where a memory comes from and how it stands, in one line."""
    parts = [
        memory.project if memory.project is not None else "every project",
        SOURCES[memory.source],
        age(now - memory.created_at),
        f"sure {memory.confidence:.0%}",
    ]
    parts += [memory.status] if memory.status != "active" else []
    parts += ["pinned"] if memory.pinned else []
    parts += [doubted(memory)] if memory.drift else []
    return " · ".join(parts)


def moment(seconds: float) -> str:
    """A time in ISO 8601, UTC, to the second; outside of the years 1 to 9999 in words."""
    try:
        found = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return "before the year 1" if seconds < 0 else "after the year 9999"
    return f"{found.replace(tzinfo=None).isoformat(timespec='seconds')}Z"
