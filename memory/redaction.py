"""Remove what must be forgotten, wherever the database holds it, and leave the chains whole.

Every text that the memory ever had is looked for, as it is and as JSON writes it, in the versions
of all memories, in transcripts, in the journal, in what a session is shown as doing and in what is
kept beside it, as prompts that wait; its quotes, which may be a few common words, only in what
belongs to the session that they come from.
A row that holds one loses its text and keeps its digest, over which its chain runs. Another memory
that holds one loses its text too: a copy is no better than the original.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from memory import said, search_index, transcript, versions
from memory.versions import Memory

SHORTEST = 6
"""Characters from which on a text is looked for elsewhere: a shorter one stands in everything."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """What lost its text: memories by id, and how many versions, transcript rows and entries.

    Attributes:
        extras: What is left of the `extra` of sessions that lost something there, by their ids.
    """

    memories: tuple[str, ...]
    versions: int
    transcript_rows: int
    journal_entries: int
    extras: Mapping[str, dict[str, Any]] = field(default_factory=dict)


def redact(db: sqlite3.Connection, memory_id: str, at: float) -> Redaction:
    """Remove a memory's text from all tables, within a transaction.

    The caller empties the write-ahead log afterwards, which still holds the pages as they were.

    Raises:
        NotFound: there is no such memory.
    """
    states = [v.memory for v in versions.history(db, memory_id) if v.memory is not None]
    texts = _written(memory.text for memory in states)
    quoted = _written(text for memory in states for text in (memory.text, memory.quote))
    session_id = versions.get(db, memory_id).session_id
    # As functions, because an expression in SQL may have a thousand terms at most.
    for name, forms in (("holds_text", texts), ("holds_words", quoted)):
        db.create_function(name, 1, partial(_holds, forms), deterministic=True)
    also = [
        str(row[0])
        for row in db.execute(
            "SELECT DISTINCT memory_id FROM memory_versions JOIN memories ON id = memory_id "
            "WHERE memory_id <> ?1 AND "
            "(holds_text(state) OR (session_id = ?2 AND holds_words(state)))",
            (memory_id, session_id),
        )
    ]
    removed = _redact_memory(db, memory_id, at, whole=True)
    removed += sum(_redact_memory(db, one, at, whole=False) for one in also)
    rows = db.execute(
        "SELECT session_id, seq FROM transcript "
        "WHERE holds_text(payload) OR (session_id = ? AND holds_words(payload))",
        (session_id,),
    ).fetchall()
    for owner, seq in rows:
        transcript.tombstone(db, owner, seq, at)
    entries = db.execute(
        "UPDATE journal SET data = NULL, tombstoned_at = ?1 WHERE data IS NOT NULL "
        "AND (holds_text(data) OR (session_id = ?2 AND holds_words(data)))",
        (at, session_id),
    ).rowcount
    db.execute("UPDATE sessions SET activity = '' WHERE holds_text(activity)")
    extras = _redact_extras(db, texts, quoted, session_id)
    for name in ("holds_text", "holds_words"):
        # They know the words.
        db.create_function(name, 1, None)
    search_index.scrub(db)
    said.scrub(db)
    gone = tuple(one for one in (memory_id, *also) if versions.get(db, one).status == "redacted")
    return Redaction(gone, removed, len(rows), entries, extras)


def _redact_extras(
    db: sqlite3.Connection, texts: frozenset[str], quoted: frozenset[str], session_id: str | None
) -> dict[str, dict[str, Any]]:
    """Remove the words from what callers keep with sessions, and return what is left there."""
    left: dict[str, dict[str, Any]] = {}
    for owner, extra in db.execute(
        "SELECT id, extra FROM sessions WHERE holds_text(extra) OR (id = ? AND holds_words(extra))",
        (session_id,),
    ).fetchall():
        forms = texts | quoted if owner == session_id else texts
        left[owner] = _without(forms, json.loads(extra))
        db.execute("UPDATE sessions SET extra = ? WHERE id = ?", (json.dumps(left[owner]), owner))
    return left


def _without(forms: frozenset[str], value: Any) -> Any:
    """Take out of a list what holds the words anywhere, and leave a text that does empty."""
    if isinstance(value, str):
        return "" if _holds(forms, value) else value
    if isinstance(value, list):
        return [one for one in value if _without(forms, one) == one]
    if isinstance(value, dict):
        return {key: _without(forms, one) for key, one in value.items()}
    return value


def _redact_memory(db: sqlite3.Connection, memory_id: str, at: float, *, whole: bool) -> int:
    """Remove the versions of a memory that hold the words, or all, and what it is if it does."""
    memory = versions.get(db, memory_id)
    (holds,) = db.execute("SELECT holds_words(?)", (versions.state(memory),)).fetchone()
    held = whole or bool(holds)
    if held and memory.status != "redacted":
        versions.put(db, _emptied(memory), at, "person", "redacted")
    last = versions.last_version(db, memory_id)
    return db.execute(
        "UPDATE memory_versions SET state = NULL, redacted_at = ?1 WHERE memory_id = ?2 "
        "AND version < ?3 AND state IS NOT NULL AND (?4 OR holds_words(state))",
        (at, memory_id, last + (not held), whole),
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


def _written(texts: Iterable[str]) -> frozenset[str]:
    """Every way in which JSON may hold the texts: bare, and escaped once or twice."""
    forms: set[str] = set()
    for text in texts:
        if len(text) < SHORTEST:
            continue
        for plain in (True, False):
            once = json.dumps(text, ensure_ascii=plain)[1:-1]
            forms |= {text, once, json.dumps(once, ensure_ascii=plain)[1:-1]}
    return frozenset(forms)


def _holds(forms: frozenset[str], value: str | None) -> bool:
    return value is not None and any(form in value for form in forms)
