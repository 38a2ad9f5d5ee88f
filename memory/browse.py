"""Memories for a person who looks through them: a window of a long list, and what it holds.

Functions of an open `sqlite3.Connection`, called within a transaction. The newest come first. A
window is found by numbers alone, off an index, and only its own rows are read; so a list of a
hundred thousand costs as much as a short one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memory import search_index, versions
from memory.recall import LEAST
from memory.versions import Memory, Status


@dataclass(frozen=True, slots=True)
class Listed:
    """A memory as it is, the number of its version, and why it is quarantined, if it is."""

    memory: Memory
    version: int
    held: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """Some rows of a list that has `total` of them."""

    rows: tuple[Listed, ...]
    total: int


def counts(db: sqlite3.Connection) -> dict[Status, int]:
    """How many memories have each status; those that none has are left out."""
    return dict(db.execute("SELECT status, COUNT(*) FROM memories GROUP BY status"))


def window(
    db: sqlite3.Connection,
    *,
    statuses: Iterable[Status] | None = None,
    words: Sequence[str] = (),
    first: int = 0,
    count: int = 100,
) -> Window:
    """Rows `first` to `first + count` of the memories that are asked for, the newest first.

    Args:
        db: the store.
        statuses: only these; None for all.
        words: each must stand somewhere in the text, the id or the project; ASCII letters count
            as the same whether large or small.
        first: the row to begin with, from 0.
        count: how many rows at most.
    """
    conditions, values = ["1"], list[str]()
    if statuses is not None:
        values = list(statuses)
        conditions.append(f"status IN ({', '.join('?' for _ in values)})")
    for word in words:
        sign = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        conditions.append(
            "(text LIKE ? ESCAPE '\\' OR id LIKE ? ESCAPE '\\' OR project LIKE ? ESCAPE '\\')"
        )
        values += [f"%{sign}%"] * 3
    where = " AND ".join(conditions)
    (total,) = db.execute(f"SELECT COUNT(*) FROM memories WHERE {where}", values).fetchone()  # noqa: S608
    numbers = db.execute(
        f"SELECT number FROM memories WHERE {where} ORDER BY number DESC LIMIT ? OFFSET ?",  # noqa: S608
        [*values, count, first],
    ).fetchall()
    return Window(tuple(_listed(db, versions.by_number(db, row[0])) for row in numbers), total)


def get(db: sqlite3.Connection, memory_id: str) -> Listed:
    """One memory.

    Raises:
        NotFound: there is none with this id.
    """
    return _listed(db, versions.get(db, memory_id))


def search(db: sqlite3.Connection, query: str, k: int) -> tuple[Listed, ...]:
    """At most `k` active memories of all projects that fit a question, best first.

    The index is the one that agents are told from (`memory.recall`); unlike there, nothing is left
    out because of its place or the time at which it holds.
    """
    hits = search_index.search(db, query)[:k]
    least = hits[0].score * LEAST if hits else 0.0
    hits = [hit for hit in hits if hit.score >= least]
    return tuple(_listed(db, versions.by_number(db, hit.number)) for hit in hits)


def _listed(db: sqlite3.Connection, memory: Memory) -> Listed:
    held = _why_held(db, memory.id) if memory.status == "quarantined" else ""
    return Listed(memory, versions.last_version(db, memory.id), held)


def _why_held(db: sqlite3.Connection, memory_id: str) -> str:
    """The reason of the version with which it was set aside; of a dream's, what the dream found."""
    history = versions.history(db, memory_id)
    before = [one.memory is None or one.memory.status != "quarantined" for one in history]
    since = history[len(before) - before[::-1].index(True) if True in before else 0]
    found = db.execute(
        "SELECT reason FROM dream_operations WHERE memory_id = ? AND after_version = ?",
        (memory_id, since.version),
    ).fetchone()
    return since.reason if found is None else str(found[0])
