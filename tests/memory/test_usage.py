from __future__ import annotations

from typing import Any

import pytest

from memory import Database, InvalidRecord, SessionRecord, UsageTotals


async def test_totals_by_session_and_time(database: Database, clock: Any) -> None:
    for name in "ab":
        await database.sessions.create(SessionRecord(name, name, "/"))
    day = clock.now
    await database.usage.add("a", "m", 10, 20, 30, 40, 0.5)
    await database.usage.add("b", "m", 1, 2, 3, 4, 0.25, at=day + 100)
    await database.usage.add("b", "other", 1, 0, 0, 1, None, at=day + 200)
    totals = database.usage.totals
    assert await totals() == UsageTotals(3, 12, 22, 33, 45, 0.75, 1)
    assert await totals(session_id="a") == UsageTotals(1, 10, 20, 30, 40, 0.5, 0)
    assert await totals(since=day + 100) == UsageTotals(2, 2, 2, 3, 5, 0.25, 1)
    assert await totals(day + 100, until=day + 200) == UsageTotals(1, 1, 2, 3, 4, 0.25, 0)
    assert await totals(since=day + 150) == UsageTotals(1, 1, 0, 0, 1, None, 1)
    assert await totals(since=day + 999) == UsageTotals()


async def test_usage_belongs_to_a_session(database: Database) -> None:
    with pytest.raises(InvalidRecord):
        await database.usage.add("nobody", "m", 1, 1, 1, 1, 1.0)
