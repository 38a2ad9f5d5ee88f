"""What was used: tokens and money, one line per request to a model."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from memory.connection import Connection


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


class UsageLog:
    """The usage of a database."""

    def __init__(self, connection: Connection, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._clock = clock

    async def add(
        self,
        session_id: str,
        model: str,
        input_tokens: int,
        cache_read: int,
        cache_write: int,
        output_tokens: int,
        cost: float | None,
        at: float | None = None,
    ) -> None:
        """Record one request of a session; `cost` is None when the model has no known price."""
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
        )
        await self._connection.write(
            lambda db: (
                db.execute(
                    "INSERT INTO usage VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", values
                ).rowcount
            )
        )

    async def totals(
        self,
        since: float | None = None,
        session_id: str | None = None,
        *,
        until: float | None = None,
    ) -> UsageTotals:
        """Sums of one session or all, from `since` up to but without `until`."""

        def unit(db: sqlite3.Connection) -> UsageTotals:
            row = db.execute(
                "SELECT COUNT(*), COALESCE(SUM(input_tokens), 0), "
                "COALESCE(SUM(cache_read_tokens), 0), COALESCE(SUM(cache_write_tokens), 0), "
                "COALESCE(SUM(output_tokens), 0), SUM(cost), COUNT(*) - COUNT(cost) FROM usage "
                "WHERE (?1 IS NULL OR at >= ?1) AND (?2 IS NULL OR session_id = ?2) "
                "AND (?3 IS NULL OR at < ?3)",
                (since, session_id, until),
            ).fetchone()
            requests, sent, read, written, received, cost, unpriced = row
            return UsageTotals(
                requests, sent, read, written, received, cost if requests else 0.0, unpriced
            )

        return await self._connection.read(unit)
