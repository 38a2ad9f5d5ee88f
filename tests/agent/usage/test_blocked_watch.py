"""How long agents waited for the person: the sum, the day's beginning, and engines that follow."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.actions import RunCommand
from agent.gates.gate import Binding, Gates
from agent.hub import Hub
from agent.protocol.blocked import Blocked
from agent.protocol.commands.gates import Answer, Decide
from agent.protocol.events import Event, GateOpened, QuestionAsked
from agent.protocol.gates import Gate, RiskLevel
from agent.protocol.snapshot import EngineInfo
from agent.turns.questions import Questions
from agent.usage.blocked_watch import BlockedWatch, added_up
from agent.usage.day_watch import day
from memory.database import Database
from memory.journal import Wait
from memory.sessions import SessionRecord

NOON = datetime(2026, 3, 5, 12, 0).timestamp()
MIDNIGHT = datetime(2026, 3, 6).timestamp()

moments = st.integers(0, 40)
some_waits = st.lists(
    st.builds(Wait, session_id=st.sampled_from("abc"), since=moments, until=moments), max_size=9
)


@given(some_waits, moments, moments)
def test_seconds_in_which_an_agent_waited_for_anything(
    waits: list[Wait], since: int, until: int
) -> None:
    seconds = {
        (wait.session_id, second)
        for wait in waits
        for second in range(int(wait.since), int(wait.until))
        if since <= second < until
    }
    assert added_up(waits, since, until) == len(seconds)


@given(some_waits, moments, moments, moments)
def test_days_add_up(waits: list[Wait], one: int, two: int, three: int) -> None:
    first, midnight, last = sorted((one, two, three))
    both = added_up(waits, first, midnight) + added_up(waits, midnight, last)
    assert added_up(waits, first, last) == both


@given(
    st.builds(
        Blocked,
        seconds=st.floats(0, 9_999),
        at=st.floats(0, 9_999),
        waiting=st.integers(1, 5),
    ),
    st.floats(0, 9_999),
)
def test_the_next_minute_is_one_more(blocked: Blocked, later: float) -> None:
    now = blocked.at + later
    change = blocked.minute_change(now)
    assert change is not None
    assert change > 0
    before = blocked.by(now) // 60
    assert blocked.by(now + change - 0.01) // 60 == before or change < 0.02
    assert blocked.by(now + change + 0.01) // 60 == before + 1


class Engine:
    """The parts of one engine that wait and that watch, on the clock of the test."""

    def __init__(self, database: Database, clock: Clock) -> None:
        info = EngineInfo(version="0", pid=1, epoch="e", started_at=0, tmux_socket="/nowhere")
        self.hub = Hub(info)
        self.gates = Gates(database, self.hub, clock)
        self.questions = Questions(database, self.hub, clock)
        self.watch = BlockedWatch(database, self.hub, clock=clock)
        self.clock = clock
        self.waits: dict[str, asyncio.Task[object]] = {}
        self._open = asyncio.Event()
        self.hub.listen(self._heard)

    def _heard(self, event: Event) -> None:
        if isinstance(event, GateOpened | QuestionAsked):
            self._open.set()

    async def settle(self) -> None:
        while (summing := self.watch._summing) is not None and not summing.done():
            await summing

    def gate(self, name: str, agent: str, *, actor: str = "agent") -> Gate:
        return Gate.model_validate(
            {
                "id": name,
                "agent_id": agent,
                "agent_name": agent,
                "opened_at": self.clock(),
                "risk": RiskLevel.HIGH,
                "action": "run_command",
                "text": "make",
                "actor": actor,
            }
        )

    async def ask(self, gate: Gate) -> None:
        action = RunCommand("make", "%1")
        waiting = self.gates.ask(gate, Binding(""), tool_use_id=f"t{gate.id}", action=action)
        await self._begin(gate.id, waiting)

    async def ask_again(self, gate: Gate) -> None:
        await self._begin(gate.id, self.gates.ask_again(gate, Binding("")))

    async def question(self, name: str, agent: str, *, closing: bool = False) -> None:
        waiting = self.questions.ask(
            agent, agent, "Which?", (), tool_use_id=name, closing=lambda: closing
        )
        await self._begin(name, waiting)

    async def _begin(self, name: str, waiting: Coroutine[Any, Any, object]) -> None:
        self._open.clear()
        self.waits[name] = asyncio.create_task(waiting)
        await self._open.wait()
        await self.settle()

    async def decide(self, name: str) -> None:
        await self.gates.decide(Decide(gate_id=name, decision="deny"))
        await self.settle()

    async def answer(self, name: str) -> None:
        (question,) = self.hub.snapshot().questions
        await self.questions.answer(Answer(question_id=question.id, text="this"))
        await self.waits[name]
        await self.settle()

    async def let_go(self, name: str) -> None:
        self.waits[name].cancel()
        await asyncio.gather(self.waits[name], return_exceptions=True)
        await self.settle()

    def seconds(self) -> float:
        return self.hub.snapshot().blocked_today.by(self.clock())


class Clock:
    now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(tmp_path: Path, clock: Clock) -> AsyncIterator[Database]:
    async with await Database.open(tmp_path / "t.db", clock=clock) as opened:
        for name in ("a", "b"):
            await opened.sessions.create(SessionRecord(name, name, "/"))
        yield opened


@asynccontextmanager
async def running(database: Database, clock: Clock) -> AsyncIterator[Engine]:
    engine = Engine(database, clock)
    await engine.watch.start()
    try:
        yield engine
    finally:
        await engine.watch.close()
        for name in engine.waits:
            await engine.let_go(name)


async def test_what_an_agent_waits_for_at_once_counts_once(
    database: Database, clock: Clock
) -> None:
    async with running(database, clock) as engine:
        await engine.ask(engine.gate("g1", "a"))
        clock.now += 10
        await engine.ask(engine.gate("g2", "a"))
        clock.now += 10
        assert engine.seconds() == 20
        await engine.question("q", "b")
        clock.now += 10
        assert engine.seconds() == 40
        await engine.decide("g1")
        clock.now += 10
        assert engine.seconds() == 60
        await engine.decide("g2")
        await engine.answer("q")
        clock.now += 1_000
        assert engine.seconds() == 60


async def test_what_the_person_wants_to_do_holds_up_no_agent(
    database: Database, clock: Clock
) -> None:
    async with running(database, clock) as engine:
        await engine.ask(engine.gate("g1", "a"))
        await engine.ask(engine.gate("g2", "b"))
        clock.now += 10
        assert engine.seconds() == 20
        await engine.ask(engine.gate("own", "b", actor="person"))
        await engine.decide("g2")
        clock.now += 10
        assert engine.seconds() == 30
        await engine.decide("own")
        await engine.decide("g1")
        clock.now += 10
        assert engine.seconds() == 30


async def test_the_next_engine_knows_what_was_waited_for(database: Database, clock: Clock) -> None:
    async with running(database, clock) as engine:
        await engine.ask(engine.gate("g1", "a"))
        clock.now += 100
        await engine.decide("g1")
        second = engine.gate("g2", "b")
        await engine.ask(second)
        await engine.question("q", "a", closing=True)
        clock.now += 10
        assert engine.seconds() == 120
    clock.now += 10
    async with running(database, clock) as engine:
        assert engine.seconds() == 100
        # An open gate and an open question are asked again, and go on waiting since then.
        await engine.ask_again(second)
        await engine.question("q", "a")
        assert engine.seconds() == 140
        await engine.decide("g2")
        clock.now += 5
        await engine.answer("q")
    async with running(database, clock) as engine:
        assert engine.seconds() == 145


async def test_without_an_engine_nobody_was_waited_for(database: Database, clock: Clock) -> None:
    journal = database.journal
    async with running(database, clock):
        await journal.wait_began("w1", "a", {})
        clock.now += 100
        await journal.wait_ended("w1", {})
        await journal.wait_began("w2", "a", {})
        clock.now += 20
        # The last that this engine is known to have done.
        await journal.append("note", "b", {})
    clock.now += 3_600
    async with running(database, clock) as engine:
        assert engine.seconds() == 120
        assert await journal.open_waits("a") == []
        clock.now += 60
        assert engine.seconds() == 120


async def test_a_question_that_is_interrupted_was_waited_for(
    database: Database, clock: Clock
) -> None:
    async with running(database, clock) as engine:
        await engine.question("q", "a")
        clock.now += 30
        await engine.let_go("q")
        # The same id again is another question, once the first needs no answer.
        clock.now += 1_000
        await engine.question("q", "a")
        clock.now += 5
        assert engine.seconds() == 35
        await engine.answer("q")
    async with running(database, clock) as engine:
        assert engine.seconds() == 35


async def test_a_day_begins_with_what_is_waited_for_still(database: Database, clock: Clock) -> None:
    clock.now = MIDNIGHT - 60
    async with running(database, clock) as engine:
        await engine.ask(engine.gate("g1", "a"))
        await engine.ask(engine.gate("g2", "b"))
        clock.now = MIDNIGHT - 30
        await engine.decide("g1")
        assert engine.seconds() == 60
        clock.now = MIDNIGHT + 20
        await engine.decide("g2")
        assert engine.seconds() == 20
    async with running(database, clock) as engine:
        assert engine.seconds() == 20


async def test_a_clock_that_is_set_back_brings_the_day_before_back(
    database: Database, clock: Clock
) -> None:
    clock.now = MIDNIGHT - 60
    async with running(database, clock) as engine:
        await engine.ask(engine.gate("g1", "a"))
        clock.now = MIDNIGHT - 20
        await engine.decide("g1")
        clock.now = MIDNIGHT + 20
        await engine.ask(engine.gate("g2", "a"))
        assert engine.seconds() == 0
        clock.now = MIDNIGHT - 10
        await engine.ask(engine.gate("g3", "b"))
        assert engine.seconds() == 40
        clock.now = MIDNIGHT - 5
        await engine.decide("g3")
        await engine.decide("g2")
        assert engine.seconds() == 45
        clock.now = MIDNIGHT + 30
        await engine.ask(engine.gate("g4", "a"))
        assert engine.seconds() == 0


@pytest.fixture
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ZoneInfo]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield ZoneInfo(request.param)
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("zone", "date", "hours"),
    [
        ("Europe/Berlin", (2026, 3, 29), 23),
        ("Europe/Berlin", (2026, 10, 25), 25),
        # Its clocks go from 1:00 back to midnight, and from midnight on to 1:00.
        ("America/Havana", (2026, 11, 1), 25),
        ("America/Havana", (2026, 3, 8), 23),
        ("Asia/Tokyo", (2026, 3, 29), 24),
    ],
    indirect=["zone"],
)
def test_a_day_on_which_clocks_are_changed(
    zone: ZoneInfo, date: tuple[int, int, int], hours: int
) -> None:
    noon = datetime(*date, 12, tzinfo=zone).timestamp()
    since, until = day(noon)
    assert until - since == hours * 3_600
    halves = range(0, hours * 3_600, 1_800)
    assert {day(since + seconds) for seconds in halves} == {(since, until)}
    assert day(since - 1)[1] == since
    assert day(until)[0] == until
