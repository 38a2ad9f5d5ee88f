"""Remove what must be forgotten, wherever the database holds it, and leave the chains whole.

Every text and quote that the memory ever had is looked for, as it is and as JSON writes it, in the
versions of all memories, in transcripts, in the journal and in what a session is shown as doing.
A row that holds one loses its text and keeps its digest, over which its chain runs. Another memory
that holds one loses its text too: a copy is no better than the original.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace

from memory import search_index, transcript, versions
from memory.versions import Memory

SHORTEST = 6
"""Characters from which on a text is looked for elsewhere: a shorter one stands in everything."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """What lost its text: memories by id, and how many versions, transcript rows and entries."""

    memories: tuple[str, ...]
    versions: int
    transcript_rows: int
    journal_entries: int


def redact(db: sqlite3.Connection, memory_id: str, at: float) -> Redaction:
    """Remove a memory's text from all tables, within a transaction.

    The caller empties the write-ahead log afterwards, which still holds the pages as they were.

    Raises:
        NotFound: there is no such memory.
    """
    states = [version.memory for version in versions.history(db, memory_id)]
    texts = {
        text
        for memory in states
        if memory is not None
        for text in (memory.text, memory.quote)
        if len(text) >= SHORTEST
    }
    found = _written(texts)
    also = [
        str(row[0])
        for row in db.execute(
            f"SELECT DISTINCT memory_id FROM memory_versions WHERE memory_id <> ? "  # noqa: S608
            f"AND ({_holding('state', found)})",
            (memory_id, *found),
        )
    ]
    removed = sum(
        _redact_memory(db, one, found, at, whole=one == memory_id) for one in (memory_id, *also)
    )
    rows = db.execute(
        f"SELECT session_id, seq FROM transcript WHERE {_holding('payload', found)}",  # noqa: S608
        found,
    ).fetchall()
    for session_id, seq in rows:
        transcript.tombstone(db, session_id, seq, at)
    entries = db.execute(
        "UPDATE journal SET data = NULL, tombstoned_at = ? "  # noqa: S608
        f"WHERE data IS NOT NULL AND ({_holding('data', found)})",
        (at, *found),
    ).rowcount
    db.execute(
        f"UPDATE sessions SET activity = '' WHERE {_holding('activity', found)}",  # noqa: S608
        found,
    )
    search_index.scrub(db)
    gone = tuple(one for one in (memory_id, *also) if versions.get(db, one).status == "redacted")
    return Redaction(gone, removed, len(rows), entries)


def _redact_memory(
    db: sqlite3.Connection, memory_id: str, found: list[str], at: float, *, whole: bool
) -> int:
    """Remove the versions of a memory that hold a text, and the memory if it still does."""
    memory = versions.get(db, memory_id)
    held = whole or any(text in versions.state(memory) for text in found)
    if held and memory.status != "redacted":
        versions.put(db, _emptied(memory), at, "person", "redacted")
    last = versions.last_version(db, memory_id)
    condition = "1" if whole else _holding("state", found)
    return db.execute(
        "UPDATE memory_versions SET state = NULL, redacted_at = ? "  # noqa: S608
        f"WHERE memory_id = ? AND version < ? AND state IS NOT NULL AND ({condition})",
        (at, memory_id, last + (not held), *(() if whole else found)),
    ).rowcount


def _emptied(memory: Memory) -> Memory:
    return replace(
        memory,
        text="",
        quote="",
        verify="",
        drift="",
        evidence=(),
        status="redacted",
        superseded_by=None,
        pinned=False,
    )


def _written(texts: Iterable[str]) -> list[str]:
    """Every way in which JSON may hold the texts: bare, and escaped once or twice."""
    forms: set[str] = set()
    for text in texts:
        for plain in (True, False):
            once = json.dumps(text, ensure_ascii=plain)[1:-1]
            forms |= {text, once, json.dumps(once, ensure_ascii=plain)[1:-1]}
    return sorted(forms)


def _holding(column: str, found: list[str]) -> str:
    return " OR ".join(f"instr({column}, ?) > 0" for _ in found) or "0"
