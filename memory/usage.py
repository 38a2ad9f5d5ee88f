"""What was used: tokens and money, one line per request to a model."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from memory.connection import Connection
from memory.errors import NotFound

Purpose: TypeAlias = Literal["turn", "dream", "remember"]
"""What a request was for: an agent's turn, a dream, or keeping what a session said."""

_SUMS = (
    "COUNT(*), COALESCE(SUM(input_tokens), 0), COALESCE(SUM(cache_read_tokens), 0), "
    "COALESCE(SUM(cache_write_tokens), 0), COALESCE(SUM(output_tokens), 0), SUM(cost), "
    "COUNT(*) - COUNT(cost)"
)
_GROUPS = {
    "session": "session_id",
    "model": "model",
    "day": "date(at, 'unixepoch', 'localtime')",
}
_TREE = (
    "session_id IN (WITH RECURSIVE tree (id) AS (SELECT ? UNION "
    "SELECT sessions.id FROM sessions JOIN tree ON sessions.parent = tree.id) SELECT id FROM tree)"
)
"""A session and, however deep, the sessions that it is the parent of."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a session used in one hour or day of a time; `session_id` is None for dreams.

    `number` counts hours from the beginning, `day` is a local one (`2026-01-31`).
    """

    session_id: str | None
    number: int
    day: str
    tokens: int
    cost: float


@dataclass(frozen=True, slots=True)
class UsageTotals:
    """Sums over requests. `cost` is in US dollars over the priced requests, None when none was."""

    requests: int = 0
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = 0.0
    unpriced: int = 0
    """Requests to models without a known price."""

    def __add__(self, other: UsageTotals) -> UsageTotals:
        priced = [one.cost for one in (self, other) if one.cost is not None]
        return UsageTotals(
            self.requests + other.requests,
            self.input_tokens + other.input_tokens,
            self.cache_read_tokens + other.cache_read_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.output_tokens + other.output_tokens,
            sum(priced) if priced else None,
            self.unpriced + other.unpriced,
        )

    @property
    def tokens(self) -> int:
        """All tokens: the three kinds of input, which are disjoint, and the output."""
        return (
            self.input_tokens
            + self.cache_read_tokens
            + self.cache_write_tokens
            + self.output_tokens
        )


class UsageLog:
    """The usage of a database."""

    def __init__(self, connection: Connection, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._clock = clock

    async def add(
        self,
        session_id: str | None,
        model: str,
        input_tokens: int,
        cache_read: int,
        cache_write: int,
        output_tokens: int,
        cost: float | None,
        at: float | None = None,
        *,
        purpose: Purpose = "turn",
        dream_id: int | None = None,
    ) -> int:
        """Record one request, of a session or of a dream, and give the number of its row.

        `cost` is None when the model has no known price.
        """
        moment = self._clock() if at is None else at
        values = (
            moment,
            session_id,
            model,
            input_tokens,
            cache_read,
            cache_write,
            output_tokens,
            cost,
            purpose,
            dream_id,
        )

        def unit(db: sqlite3.Connection) -> int:
            marks = ", ".join("?" for _ in values)
            made = db.execute(f"INSERT INTO usage VALUES (NULL, {marks})", values)  # noqa: S608
            assert made.lastrowid is not None
            return made.lastrowid

        return await self._connection.write(unit)

    async def change(
        self,
        row: int,
        input_tokens: int,
        cache_read: int,
        cache_write: int,
        output_tokens: int,
        cost: float | None,
    ) -> None:
        """Set what a request has used, as far as it is known now.

        Raises:
            NotFound: no request has that number.
        """
        values = (input_tokens, cache_read, cache_write, output_tokens, cost, row)

        def unit(db: sqlite3.Connection) -> None:
            changed = db.execute(
                "UPDATE usage SET input_tokens = ?, cache_read_tokens = ?, cache_write_tokens = ?, "
                "output_tokens = ?, cost = ? WHERE id = ?",
                values,
            )
            if changed.rowcount != 1:
                raise NotFound(f"request {row}")

        await self._connection.write(unit)

    async def totals(
        self,
        since: float | None = None,
        session_id: str | None = None,
        *,
        until: float | None = None,
        workers: bool = False,
        purpose: Purpose | None = None,
        dream_id: int | None = None,
    ) -> UsageTotals:
        """Sums of one session or all, from `since` up to but without `until`.

        With `workers`, the sessions that a session is the parent of count with it; with `purpose`
        and `dream_id`, only what was asked for that counts.
        """
        where, values = _where(
            since, session_id, until, workers=workers, purpose=purpose, dream_id=dream_id
        )

        def unit(db: sqlite3.Connection) -> UsageTotals:
            row = db.execute(f"SELECT {_SUMS} FROM usage{where}", values).fetchone()  # noqa: S608
            return _totals(row)

        return await self._connection.read(unit)

    async def steps(self, since: float, by: Literal["hour", "day"]) -> list[Step]:
        """What each session used in each hour from `since` on, or on each local day.

        Costs are those that are known.
        """
        step = "CAST((at - ?1) / 3600 AS INTEGER), ''" if by == "hour" else f"0, {_GROUPS['day']}"

        def unit(db: sqlite3.Connection) -> list[Step]:
            found = db.execute(
                f"SELECT session_id, {step}, SUM(input_tokens + cache_read_tokens + "  # noqa: S608
                "cache_write_tokens + output_tokens), TOTAL(cost) "
                "FROM usage WHERE at >= ?1 GROUP BY 1, 2, 3 ORDER BY 2, 3, 1",
                (since,),
            )
            return [Step(*row) for row in found]

        return await self._connection.read(unit)

    async def grouped(
        self,
        by: Literal["session", "model", "day"],
        since: float | None = None,
        session_id: str | None = None,
        *,
        workers: bool = False,
        unpriced: bool = False,
        purpose: Purpose | None = None,
        dream_id: int | None = None,
    ) -> dict[str, UsageTotals]:
        """Sums for each session id, model or local day (`2026-01-31`), in the order of these.

        What dreams asked belongs to no session and is left out of the sums by session.

        Args:
            by: what a sum is for.
            since: only requests from then on.
            session_id: only this session's.
            workers: with the sessions that it is the parent of.
            unpriced: only requests without a known price.
            purpose: only requests for that.
            dream_id: only this dream's.
        """
        where, values = _where(
            since, session_id, None, workers=workers, purpose=purpose, dream_id=dream_id
        )
        if unpriced:
            where += f"{' AND' if where else ' WHERE'} cost IS NULL"
        if by == "session":
            where += f"{' AND' if where else ' WHERE'} session_id IS NOT NULL"
        group = _GROUPS[by]

        def unit(db: sqlite3.Connection) -> dict[str, UsageTotals]:
            found = db.execute(
                f"SELECT {group}, {_SUMS} FROM usage{where} GROUP BY 1 ORDER BY 1",  # noqa: S608
                values,
            )
            return {str(row[0]): _totals(row[1:]) for row in found}

        return await self._connection.read(unit)


def _where(
    since: float | None,
    session_id: str | None,
    until: float | None,
    *,
    workers: bool,
    purpose: Purpose | None,
    dream_id: int | None,
) -> tuple[str, list[Any]]:
    """The condition as SQL, in a form that its indexes serve, and its values."""
    chosen = (
        ("at >= ?", since),
        ("at < ?", until),
        (_TREE if workers else "session_id = ?", session_id),
        ("purpose = ?", purpose),
        ("dream_id = ?", dream_id),
    )
    conditions = [(text, value) for text, value in chosen if value is not None]
    where = " AND ".join(text for text, _ in conditions)
    return (f" WHERE {where}" if where else ""), [value for _, value in conditions]


def _totals(row: Any) -> UsageTotals:
    requests, sent, read, written, received, cost, unpriced = row
    return UsageTotals(requests, sent, read, written, received, cost if requests else 0.0, unpriced)
