"""What an engine keeps current by itself: the dream gates, the day's usage, and its own end."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path

import pytest

from agent.dreams.dream_watch import DreamWatch
from agent.engine.client import EngineClient
from agent.engine.engine import Engine
from agent.engine.engine_parts import check_tmux
from agent.engine.singleton import claim, holder
from agent.hub import Hub
from agent.paths import Paths
from agent.protocol.agents import AgentState, AgentSummary
from agent.protocol.commands.agents import CreateAgent
from agent.protocol.commands.engine import Configure
from agent.protocol.events import AgentChanged, DreamChanged, Event, Notice, UsageChanged
from agent.protocol.usage import Usage
from agent.settings.models import Models
from agent.settings.settings import Dream
from agent.usage.day_watch import day
from agent.usage.usage_watch import UsageWatch
from memory.database import Database
from memory.sessions import SessionRecord
from tungsten.errors import TmuxMissing, TmuxTooOld


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 5, 12, 0).timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(tmp_path: Path, clock: Clock) -> AsyncIterator[Database]:
    async with await Database.open(tmp_path / "t.db", clock=clock) as opened:
        yield opened


def summary(state: AgentState = AgentState.IDLE, usage: Usage | None = None) -> AgentChanged:
    return AgentChanged(
        agent=AgentSummary(
            id="s",
            name="s",
            directory="/",
            state=state,
            since=0,
            created_at=0,
            usage=usage or Usage(),
        )
    )


class Heard:
    """Counts events of one kind and lets a test wait for the next."""

    def __init__(self, hub: Hub, kind: type[Event]) -> None:
        self.events: list[Event] = []
        self._kind = kind
        self._new = asyncio.Event()
        hub.listen(self._take)

    def _take(self, event: Event) -> None:
        if isinstance(event, self._kind):
            self.events.append(event)
            self._new.set()

    async def next(self) -> Event:
        await self._new.wait()
        self._new.clear()
        return self.events[-1]


async def test_the_dream_gates_follow_agents_and_the_clock(
    database: Database, clock: Clock
) -> None:
    hub = Hub()
    heard = Heard(hub, DreamChanged)
    watch = DreamWatch(database, hub, Dream(idle_minutes=3), clock=clock)
    await watch.start()
    assert (await heard.next()).dream.why_not == "no session yet"
    assert watch._timer is None
    await database.sessions.create(
        SessionRecord(id="s", name="s", directory="/", created_at=clock(), since=clock())
    )
    await database.sessions.append("s", "user", '{"role":"user","content":"hi"}')
    hub.publish(summary())
    first = (await heard.next()).dream
    assert [(gate.name, gate.open) for gate in first.gates] == [
        ("idle", False),
        ("gap", False),
        ("sessions", False),
    ]
    assert first.gates[0].text == "idle 0 min of 3"
    assert first.phase == "waiting"
    # The timer is set to the moment at which the text changes.
    clock.now += 59.99
    hub.publish(summary(AgentState.DONE))
    await until(lambda: watch._soon is None and watch._looking is not None)
    assert watch._looking is not None
    await watch._looking
    clock.now += 0.05
    assert (await heard.next()).dream.gates[0].text == "idle 1 min of 3"
    hub.publish(summary(AgentState.DONE, Usage(requests=1)))
    assert watch._soon is None
    await watch.close()
    assert len(heard.events) == 3


async def test_usage_is_summed_from_the_log_and_begins_anew_at_midnight(
    database: Database, clock: Clock
) -> None:
    await database.sessions.create(SessionRecord(id="s", name="s", directory="/"))
    hub = Hub()
    heard = Heard(hub, UsageChanged)
    watch = UsageWatch(database, hub, clock=clock)
    await watch.start()
    assert watch._midnight is None
    await database.usage.add("s", "m", 10, 20, 30, 40, 0.5, at=clock() - 86400)
    await database.usage.add("s", "m", 1, 2, 3, 4, 0.25)
    hub.publish(summary(usage=Usage(requests=2, cost=0.75)))
    today = (await heard.next()).usage_today
    assert today == Usage(
        requests=1,
        input_tokens=1,
        cache_read_tokens=2,
        cache_write_tokens=3,
        output_tokens=4,
        cost=0.25,
    )
    hub.publish(summary(AgentState.DONE, usage=Usage(requests=2, cost=0.75)))
    await asyncio.sleep(0)
    assert len(heard.events) == 1
    clock.now = day(clock())[1] - 0.01
    hub.publish(summary(usage=Usage(requests=3)))
    clock.now += 0.02
    assert (await heard.next()).usage_today == Usage()
    await watch.close()


def test_a_day_is_the_local_one(clock: Clock) -> None:
    start, end = day(clock())
    assert start <= clock() < end
    assert datetime.fromtimestamp(start).time() == datetime.min.time()
    assert day(start) == (start, end)
    assert day(end)[0] == end


async def serving(paths: Paths, idle: float) -> tuple[Engine, asyncio.Task[None], asyncio.Event]:
    own = claim(paths)
    assert own is not None
    engine = Engine(own, clock=time.time, idle_exit_seconds=idle)
    ready = asyncio.Event()

    async def serve() -> None:
        try:
            await engine.serve(ready.set)
        finally:
            own.release()

    return engine, asyncio.create_task(serve()), ready


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110 - there is nothing to wait on from outside
        await asyncio.sleep(0.002)


async def test_an_engine_without_agents_and_front_ends_ends_by_itself(paths: Paths) -> None:
    _engine, task, _ = await serving(paths, 0.05)
    await asyncio.wait_for(task, 10)
    assert holder(paths) is None
    assert not paths.engine_socket.exists()


async def test_the_model_sdk_is_loaded_for_a_person_with_a_model_alone(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = 0

    async def prewarm(_: Models) -> None:
        nonlocal loaded
        loaded += 1

    monkeypatch.setattr(Models, "prewarm", prewarm)
    # No time passes here: what the timer would do is done when it would be due.
    monkeypatch.setattr("agent.engine.engine.PREWARM_SECONDS", 1e6)
    engine, task, ready = await serving(paths, 0)
    await ready.wait()

    async def loads_for(client: str) -> bool:
        engine._prewarming, before = None, loaded
        front_end = await EngineClient.connect(paths, start=False, client=client)
        assert engine._prewarm_timer is not None
        engine._prewarm_timer._run()
        engine._prewarm_timer._run()
        if engine._prewarming is not None:
            await engine._prewarming
        await front_end.close()
        await until(lambda: engine._prewarm_timer is None)
        return loaded > before

    assert not await loads_for("app")
    client = await EngineClient.connect(paths, start=False, client="headless")
    # Asked as soon as it is chosen.
    await client.send(Configure(provider="demo"))
    await client.close()
    await until(lambda: engine._prewarm_timer is None)
    assert loaded == 1
    assert await loads_for("app")
    assert not await loads_for("headless")
    assert loaded == 2
    engine.stop("test ends")
    await task


async def test_an_engine_with_a_front_end_or_an_agent_goes_on(
    paths: Paths, short_dir: Path
) -> None:
    engine, task, ready = await serving(paths, 0.02)
    await ready.wait()
    client = await EngineClient.connect(paths, start=False)
    await client.send(CreateAgent(directory=str(short_dir), command="sleep 1000"))
    assert engine._idle_timer is None
    await client.close()
    await until(lambda: engine._idle_timer is not None)
    engine._end_if_idle()
    assert not task.done()
    engine.stop("test ends")
    await task


async def test_a_key_file_that_others_could_read_is_told_once(paths: Paths) -> None:
    paths.credentials_file.write_text('{"provider": "demo"}')
    paths.credentials_file.chmod(0o644)
    engine, task, ready = await serving(paths, 100)
    await ready.wait()
    client = await EngineClient.connect(paths, start=False, epoch=engine.hub.epoch, resume_after=0)
    again = await EngineClient.connect(paths, start=False)
    engine.stop("test ends")
    told = [line.event.text async for line in client.events() if isinstance(line.event, Notice)]
    assert len(told) == 1
    assert "could be read by others" in told[0]
    await client.close()
    await again.close()
    await task


async def test_the_environment_of_the_sdk_is_taken_away(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-from-environment")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "x: y")
    engine, task, ready = await serving(paths, 100)
    await ready.wait()
    assert engine.hub.snapshot().setup.provider == "anthropic"
    assert not [name for name in os.environ if name.startswith("ANTHROPIC_")]
    engine.stop("test ends")
    await task


@pytest.mark.parametrize(
    ("says", "error"), [("tmux 2.9a", TmuxTooOld), ("tmux 3.2", None), ("tmux next-3.7", None)]
)
async def test_tmux_is_looked_at_early(
    tmp_path: Path, says: str, error: type[Exception] | None
) -> None:
    program = tmp_path / "tmux"
    program.write_text(f"#!/bin/sh\necho {says}\n")
    program.chmod(0o755)
    if error is None:
        await check_tmux(str(program))
    else:
        with pytest.raises(error):
            await check_tmux(str(program))
    with pytest.raises(TmuxMissing):
        await check_tmux(str(tmp_path / "missing"))
