"""The record of dreams: when each started and how it ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from memory.connection import Connection
from memory.errors import AlreadyRecorded, NotFound

T = TypeVar("T")
Outcome: TypeAlias = Literal["done", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class Dream:
    """One dream; `outcome` and `ended_at` are None while it runs."""

    id: int
    started_at: float
    ended_at: float | None
    outcome: Outcome | None
    summary: str
    asked: str = ""
    """What a model was asked and what became of it, for the person; empty when none was."""


class Dreams:
    """The dreams of a database."""

    def __init__(self, connection: Connection, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._clock = clock

    async def started(self) -> Dream:
        """Record that a dream begins."""

        def unit(db: sqlite3.Connection) -> Dream:
            cursor = db.execute("INSERT INTO dreams (started_at) VALUES (?)", (self._clock(),))
            return _get(db, int(cursor.lastrowid or 0))

        return await self._connection.write(unit)

    async def ended(self, dream_id: int, outcome: Outcome, summary: str = "") -> Dream:
        """Record how a dream ended.

        Raises:
            NotFound: there is no such dream.
            AlreadyRecorded: it has ended before.
        """

        def unit(db: sqlite3.Connection) -> Dream:
            if _get(db, dream_id).outcome is not None:
                raise AlreadyRecorded(f"the end of dream {dream_id}")
            db.execute(
                "UPDATE dreams SET ended_at = ?, outcome = ?, summary = ? WHERE id = ?",
                (self._clock(), outcome, summary, dream_id),
            )
            return _get(db, dream_id)

        return await self._connection.write(unit)

    async def write(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        """Run a change of dreams and what they do to memories as one transaction."""
        return await self._connection.write(unit)

    async def last(self) -> Dream | None:
        """The last dream that was done; failed and interrupted ones changed nothing."""
        return await self._connection.read(last_done)

    async def latest(self) -> Dream | None:
        """The dream that began last, however it ended."""

        def unit(db: sqlite3.Connection) -> Dream | None:
            row = db.execute("SELECT MAX(id) FROM dreams").fetchone()
            return None if row[0] is None else _get(db, int(row[0]))

        return await self._connection.read(unit)


def last_done(db: sqlite3.Connection) -> Dream | None:
    """The last dream that was done, by the time it ended."""
    row = db.execute(
        "SELECT id, started_at, ended_at, outcome, summary, asked FROM dreams "
        "WHERE outcome = 'done' ORDER BY ended_at DESC, id DESC LIMIT 1"
    ).fetchone()
    return None if row is None else Dream(*row)


def _get(db: sqlite3.Connection, dream_id: int) -> Dream:
    row = db.execute(
        "SELECT id, started_at, ended_at, outcome, summary, asked FROM dreams WHERE id = ?",
        (dream_id,),
    ).fetchone()
    if row is None:
        raise NotFound(f"dream {dream_id}")
    return Dream(*row)
