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


async def test_groups_and_those_who_work_for_a_session(database: Database, clock: Any) -> None:
    for name, parent in (("a", None), ("b", "a"), ("c", "b"), ("d", None)):
        await database.sessions.create(SessionRecord(name, name, "/", parent=parent))
    for number, name in enumerate("abcd"):
        model, price = ("m", 1.0) if number % 2 else ("other", None)
        await database.usage.add(
            name, model, 10**number, 0, 0, 0, price, at=number * 86_400 + 43_200
        )
    grouped = database.usage.grouped
    one = UsageTotals(1, 10, 0, 0, 0, 1.0, 0)
    both = UsageTotals(2, 101, 0, 0, 0, None, 2)
    assert await grouped("model") == {"m": UsageTotals(2, 1010, 0, 0, 0, 2.0, 0), "other": both}
    assert await grouped("model", unpriced=True) == {"other": both}
    assert await grouped("model", None, "b", workers=True) == {
        "m": one, "other": UsageTotals(1, 100, 0, 0, 0, None, 1)
    }  # fmt: skip
    assert list(await grouped("day", 86_400)) == ["1970-01-02", "1970-01-03", "1970-01-04"]
    assert (await grouped("session"))["b"] == one
    totals = database.usage.totals
    assert (await totals(session_id="a", workers=True)).input_tokens == 111
    assert (await totals(session_id="b", workers=True)).input_tokens == 110
    assert (await totals(session_id="d", workers=True)).input_tokens == 1000
    assert one + both == UsageTotals(3, 111, 0, 0, 0, 1.0, 2)
    assert both + both == UsageTotals(4, 202, 0, 0, 0, None, 4)


async def test_usage_belongs_to_a_session(database: Database) -> None:
    with pytest.raises(InvalidRecord):
        await database.usage.add("nobody", "m", 1, 1, 1, 1, 1.0)
