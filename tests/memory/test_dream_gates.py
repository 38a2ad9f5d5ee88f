from __future__ import annotations

import asyncio
import itertools
import math
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory import Database, SessionRecord
from memory.dream.gates import DreamGates, DreamState, _next_text_at, _time_gate

MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR
RESULT = '{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"x"}]}'


async def talk(database: Database, name: str, payload: str = "hi", **fields: Any) -> None:
    if name not in {record.id for record in await database.sessions.list()}:
        await database.sessions.create(SessionRecord(name, name, "/", **fields))
    await database.sessions.append(name, "user", payload)


async def five_sessions(database: Database) -> None:
    for number in range(5):
        await talk(database, f"s{number}")


def texts(state: DreamState) -> list[str]:
    return [gate.text for gate in state.gates]


def opened(state: DreamState) -> list[bool]:
    return [gate.open for gate in state.gates]


@pytest.fixture
def gates(database: Database, clock: Any) -> DreamGates:
    return DreamGates(database, clock=clock)


async def test_an_empty_store_has_every_gate_closed(gates: DreamGates) -> None:
    state = await gates.status()
    assert texts(state) == ["idle 0 min of 15", "0 h of 24", "0 of 5 sessions"]
    assert opened(state) == [False] * 3
    assert (state.why_not, state.last_dream_at, state.next_change_at) == (
        "no session yet",
        None,
        None,
    )


async def test_gates_open_exactly_at_their_thresholds(
    database: Database, clock: Any, gates: DreamGates
) -> None:
    await five_sessions(database)
    start = clock.now
    clock.now = math.nextafter(start + 15 * MINUTE, 0)
    assert opened(await gates.status()) == [False, False, True]
    clock.now = start + 15 * MINUTE
    assert opened(await gates.status()) == [True, False, True]
    clock.now = math.nextafter(start + DAY, 0)
    state = await gates.status()
    assert opened(state) == [True, False, True]
    assert state.next_change_at == start + DAY
    clock.now = start + DAY
    state = await gates.status()
    assert opened(state) == [True, True, True]
    assert (state.why_not, state.next_change_at) == ("", None)
    assert texts(state) == ["idle 15 min of 15", "24 h of 24", "5 of 5 sessions"]
    clock.now = start + 10 * DAY
    assert texts(await gates.status()) == texts(state)


async def test_texts_and_reasons_on_the_way(
    database: Database, clock: Any, gates: DreamGates
) -> None:
    await talk(database, "a")
    start = clock.now
    clock.now = start + 19 * HOUR + 7 * MINUTE
    await talk(database, "b")
    await talk(database, "c")
    clock.now += 12 * MINUTE + 5
    state = await gates.status()
    assert texts(state) == ["idle 12 min of 15", "19 h of 24", "3 of 5 sessions"]
    assert state.why_not == "3 min of quiet left · 5 h of the gap left · 2 more sessions needed"
    assert [gate.value for gate in state.gates][2] == 3
    assert [gate.unit for gate in state.gates] == ["min", "h", "sessions"]


async def test_the_gap_counts_from_the_last_dream_that_was_done(
    database: Database, clock: Any, gates: DreamGates
) -> None:
    await five_sessions(database)
    clock.now += 2 * DAY
    dream = await database.dreams.started()
    assert opened(await gates.status()) == [True, True, True]
    clock.now += 60
    await database.dreams.ended(dream.id, "done", "merged 3")
    state = await gates.status()
    assert state.last_dream_at == clock.now
    assert texts(state) == ["idle 15 min of 15", "0 h of 24", "0 of 5 sessions"]
    for outcome in ("failed", "interrupted"):
        clock.now += HOUR
        other = await database.dreams.started()
        await database.dreams.ended(other.id, outcome)
    assert (await gates.status()).last_dream_at == state.last_dream_at
    last = await database.dreams.last()
    assert last is not None
    assert (last.id, last.summary) == (dream.id, "merged 3")


async def test_turns_during_a_dream_count_for_the_next(
    database: Database, clock: Any, gates: DreamGates
) -> None:
    await talk(database, "before")
    clock.now += DAY
    dream = await database.dreams.started()
    clock.now += 10
    await talk(database, "during")
    clock.now += 10
    await database.dreams.ended(dream.id, "done")
    assert (await gates.status()).gates[2].value == 1


async def test_the_reason_says_that_demos_do_not_count(
    database: Database, gates: DreamGates
) -> None:
    await talk(database, "scripted", demo=True)
    assert "no session yet (demos do not count)" in (await gates.status()).why_not


async def test_only_sessions_with_a_turn_of_a_user_count(
    database: Database, clock: Any, gates: DreamGates
) -> None:
    await talk(database, "real")
    await talk(database, "real", "again")
    await talk(database, "scripted", demo=True)
    await talk(database, "worker", parent="real")
    await talk(database, "tools only", RESULT)
    await database.sessions.create(SessionRecord("silent", "silent", "/"))
    await database.sessions.append("silent", "assistant", "hello?")
    # What a fork begins with was said elsewhere.
    fork = SessionRecord("fork", "fork", "/", forked_from="real", forked_seq=2)
    await database.sessions.create(fork)
    assert (await gates.status()).gates[2].value == 1
    await talk(database, "fork", "and here")
    assert (await gates.status()).gates[2].value == 2
    await database.sessions.update("fork", demo=True)
    await database.sessions.tombstone("real", 1)
    await database.sessions.tombstone("real", 2)
    await database.sessions.update("real", archived=True)
    assert (await gates.status()).gates[2].value == 1


async def test_anything_written_ends_the_quiet(
    database: Database, clock: Any, gates: DreamGates
) -> None:
    await talk(database, "a")
    clock.now += HOUR
    assert (await gates.status()).gates[0].open
    await database.journal.append("decision", "a", {})
    state = await gates.status()
    assert texts(state)[0] == "idle 0 min of 15"
    assert state.next_change_at == clock.now + MINUTE


async def test_a_working_session_is_not_idle_however_quiet(
    database: Database, clock: Any, gates: DreamGates
) -> None:
    await five_sessions(database)
    await database.sessions.update("s0", state="working", since=clock.now)
    clock.now += 3 * HOUR
    state = await gates.status()
    assert (state.gates[0].open, texts(state)[0]) == (False, "idle 0 min of 15")
    assert "an agent is working" in state.why_not


@pytest.mark.parametrize(
    ("kind", "extra", "holds"),
    [
        ("command", {}, False),
        ("command", {"profile": "claude"}, True),
        ("model", {}, True),
        ("playbook", {}, True),
    ],
)
async def test_a_program_that_only_stays_open_is_no_agent_at_work(
    database: Database,
    clock: Any,
    gates: DreamGates,
    kind: str,
    extra: dict[str, Any],
    holds: bool,
) -> None:
    await five_sessions(database)
    record = SessionRecord(
        "p", "p", "/", kind, state="working", since=clock.now, created_at=clock.now, extra=extra
    )
    await database.sessions.create(record)
    clock.now += 3 * HOUR
    state = await gates.status()
    assert state.gates[0].open is not holds
    assert ("an agent is working" in state.why_not) is holds


async def test_a_session_that_never_ended_does_not_block_for_ever(
    database: Database, clock: Any, gates: DreamGates
) -> None:
    await five_sessions(database)
    await database.sessions.update("s0", state="working", since=clock.now)
    start = clock.now
    clock.now = math.nextafter(start + DAY, 0)
    state = await gates.status()
    assert opened(state) == [False, False, True]
    assert state.next_change_at == start + DAY
    clock.now = start + DAY
    assert opened(await gates.status()) == [True, True, True]


async def test_a_clock_that_goes_back_opens_nothing(
    database: Database, clock: Any, gates: DreamGates
) -> None:
    await five_sessions(database)
    clock.now += 2 * DAY
    assert opened(await gates.status()) == [True, True, True]
    clock.now -= 9 * DAY
    state = await gates.status()
    assert opened(state) == [False, False, True]
    assert texts(state)[:2] == ["idle 0 min of 15", "0 h of 24"]
    assert [gate.value for gate in state.gates[:2]] == [0, 0]
    assert state.why_not == "the clock is 168 h behind what was recorded last"
    assert state.next_change_at is not None
    assert state.next_change_at > clock.now


@pytest.mark.parametrize(("back", "told"), [(0.5, False), (5, False), (5.5, True)])
async def test_a_clock_set_right_by_a_little_is_not_worth_a_word(
    database: Database, clock: Any, gates: DreamGates, back: float, told: bool
) -> None:
    await talk(database, "a")
    clock.now -= back
    state = await gates.status()
    assert opened(state) == [False] * 3
    assert ("behind" in state.why_not) == told


@given(
    steps=st.lists(st.floats(0, 20) | st.floats(-4, 0), min_size=1, max_size=8),
    order=st.lists(st.sampled_from(["write", "look"]), min_size=2, max_size=8),
)
@settings(max_examples=40, deadline=None)
def test_rows_written_while_the_gates_are_read_are_not_from_the_future(
    steps: list[float], order: list[str]
) -> None:
    now, ticks = 1_800_000_000.0, itertools.cycle(steps)
    behind = 0.0

    def clock() -> float:
        # Each look at the clock moves it, and never back by more than four seconds in all.
        nonlocal now, behind
        step = next(ticks)
        if step < 0:
            step = max(step, -4 - behind)
        behind = min(0.0, behind + step)
        now += step
        return now

    async def scenario(path: Path) -> list[DreamState]:
        async with await Database.open(path, clock=clock) as database:
            await talk(database, "a")
            gates = DreamGates(database, clock=clock)
            async with asyncio.TaskGroup() as group:
                looks = []
                for what in order:
                    if what == "write":
                        group.create_task(database.sessions.append("a", "user", "more"))
                    else:
                        looks.append(group.create_task(gates.status()))
            return [look.result() for look in looks]

    with tempfile.TemporaryDirectory() as directory:
        for state in asyncio.run(scenario(Path(directory) / "db")):
            assert "behind" not in state.why_not
            assert opened(state)[:2] == [False, False]
            assert all(gate.value >= 0 for gate in state.gates)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    with monkeypatch.context() as patch:
        yield patch
    time.tzset()


async def test_time_zones_play_no_part(
    database: Database, clock: Any, gates: DreamGates, zone: pytest.MonkeyPatch
) -> None:
    await five_sessions(database)
    clock.now += DAY - 1
    before = await gates.status()
    for name in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"):
        zone.setenv("TZ", name)
        time.tzset()
        assert await gates.status() == before


async def test_the_literal_gap_counts_from_the_last_other_session(
    database: Database, clock: Any
) -> None:
    gates = DreamGates(database, clock=clock, gap="session")
    await talk(database, "first")
    start = clock.now
    clock.now += 5 * HOUR
    assert texts(await gates.status())[1] == "5 h of 24"
    await talk(database, "second")
    clock.now += HOUR
    await talk(database, "first", "still here")
    clock.now += 2 * HOUR
    assert texts(await gates.status())[1] == "3 h of 24"
    assert clock.now == start + 8 * HOUR
    clock.now = start + 5 * HOUR + DAY
    assert (await gates.status()).gates[1].open


@pytest.mark.parametrize(
    ("mode", "why"),
    [("off", "AutoDream is off"), ("recall", "only recalled"), ("manual", "waits for you")],
)
async def test_modes_say_why_nothing_happens(
    database: Database, clock: Any, mode: Any, why: str
) -> None:
    await five_sessions(database)
    clock.now += 2 * DAY
    state = await DreamGates(database, clock=clock, mode=mode).status()
    assert opened(state) == [True] * 3
    assert why in state.why_not


async def test_thresholds_can_be_set(database: Database, clock: Any) -> None:
    gates = DreamGates(database, clock=clock, idle_seconds=30, gap_seconds=90 * MINUTE, sessions=1)
    await talk(database, "a")
    clock.now += 20
    assert texts(await gates.status()) == ["idle 20 s of 30", "0 min of 90", "1 of 1 session"]
    none = DreamGates(database, clock=clock, idle_seconds=0, gap_seconds=0, sessions=0)
    assert opened(await none.status()) == [True, True, True]


@given(
    since=st.floats(0, 4e9),
    elapsed=st.floats(0, 1e6),
    needed=st.sampled_from([30.0, 900.0, 5400.0, 86400.0, 100.5]),
)
def test_at_the_announced_moment_and_not_before_the_text_changes(
    since: float, elapsed: float, needed: float
) -> None:
    now = since + elapsed
    gate = _time_gate("gap", "", since, needed, now)
    moment = _next_text_at(since, needed, now)
    assert gate.open == (moment is None)
    if moment is not None:
        assert moment > now
        before = _time_gate("gap", "", since, needed, math.nextafter(moment, 0))
        after = _time_gate("gap", "", since, needed, moment)
        assert (before.text, before.open) == (gate.text, False)
        assert (after.text, after.open) != (gate.text, False)
