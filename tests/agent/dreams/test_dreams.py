"""An engine dreams: when its gates open, when it is told to, one at a time, and is interrupted."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from agent.dreams import dreaming
from agent.dreams.dream_watch import DreamRefused, DreamWatch, when_told
from agent.dreams.dreaming import status_as_json, status_told
from agent.errors import CommandRefused
from agent.hub import Hub
from agent.protocol.dream import DreamStatus
from agent.protocol.events import DreamChanged, Event, Notice
from agent.settings.settings import Dream
from memory.database import Database
from memory.dream.dreaming import PHASES, Phase
from memory.dream.judging import Choice, Judged, Question
from memory.dream.lease import lease
from memory.memories import Memory
from memory.sessions import SessionRecord

ENGINE = Path(__file__).with_name("dream_engine.py")
LEARNED = (
    ("user_stated", "The invoice service is written in Kotlin."),
    ("tool_observed", "Invoice service: written in Kotlin"),
    ("tool_observed", "The nightly settlement job starts at 02:30."),
    ("tool_observed", "The nightly settlement job starts at 03:15."),
)
OPEN = Dream(idle_minutes=0, gap_hours=0, sessions=0)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 5, 12, 0).timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def opened(path: Path, clock: Callable[[], float]) -> Database:
    return await Database.open(path, clock=clock, holds_secret=lambda _: False)


@pytest.fixture
async def database(tmp_path: Path, clock: Clock) -> AsyncIterator[Database]:
    async with await opened(tmp_path / "t.db", clock) as found:
        await fill(found, clock)
        yield found


async def fill(database: Database, clock: Callable[[], float]) -> None:
    await database.sessions.create(
        SessionRecord(id="s", name="s", directory="/", created_at=clock(), since=clock())
    )
    await database.sessions.append("s", "user", '{"role":"user","content":"hi"}')
    for number, (source, text) in enumerate(LEARNED):
        await database.memories.add(
            Memory(id=f"m{number}", text=text, source=source, created_at=clock() + number),  # type: ignore[arg-type]
            by="agent",
        )


class Front:
    """Hears what a front end would."""

    def __init__(self, hub: Hub) -> None:
        self.statuses: list[DreamStatus] = []
        self.notices: list[str] = []
        self._new = asyncio.Event()
        hub.listen(self._take)

    def _take(self, event: Event) -> None:
        if isinstance(event, DreamChanged):
            self.statuses.append(event.dream)
        elif isinstance(event, Notice):
            self.notices.append(event.text)
        self._new.set()

    async def until(self, condition: Callable[[DreamStatus], object]) -> DreamStatus:
        while not (self.statuses and condition(self.statuses[-1])):
            self._new.clear()
            await self._new.wait()
        return self.statuses[-1]


def done(status: DreamStatus) -> bool:
    return bool(status.last_result) and status.phase in ("waiting", "ready")


async def outcomes(database: Database) -> list[str | None]:
    return await database.read(
        lambda db: [row[0] for row in db.execute("SELECT outcome FROM dreams ORDER BY id")]
    )


async def test_a_dream_begins_when_the_last_gate_opens_and_not_before(
    database: Database, clock: Clock
) -> None:
    hub = Hub()
    front = Front(hub)
    settings = Dream(idle_minutes=3, gap_hours=24, sessions=1)
    watch = DreamWatch(database, hub, settings, clock=clock)
    await watch.start()
    watch.let_dream()
    begun = clock.now
    clock.now = begun + 24 * 3600 - 0.01
    await watch._look()
    assert [gate.open for gate in front.statuses[-1].gates] == [True, False, True]
    assert await outcomes(database) == []
    assert watch._dreaming is None
    assert watch._timer is not None
    # The timer that was set for this moment rings, and nothing else happens.
    clock.now = begun + 24 * 3600
    status = await front.until(done)
    assert status.last_result == "today: 1 merged, 1 superseded"
    assert await outcomes(database) == ["done"]
    phases = [status.phase for status in front.statuses if status.phase in PHASES]
    assert phases == sorted(phases, key=PHASES.index)
    assert {phases[0], phases[-1]} == {"orient", "prune"}
    assert [gate.open for gate in status.gates] == [True, False, False]
    [entry] = await database.journal.entries(kinds=["dream"])
    assert '"by":"auto"' in str(entry).replace(" ", "").replace("'", '"')
    await watch.close()


async def test_thresholds_of_nothing_are_no_dream_after_the_other(
    database: Database, clock: Clock
) -> None:
    hub = Hub()
    front = Front(hub)
    watch = DreamWatch(database, hub, OPEN, clock=clock)
    await watch.start()
    watch.let_dream()
    await front.until(lambda status: status.why_not == "it dreamt within the hour")
    await watch._look()
    assert await outcomes(database) == ["done"]
    clock.now += 3600
    await watch._look()
    assert watch._dreaming is not None
    await watch.close()


@pytest.mark.parametrize("mode", ["off", "recall", "manual"])
async def test_only_the_mode_auto_dreams_by_itself(
    database: Database, clock: Clock, mode: str
) -> None:
    hub = Hub()
    front = Front(hub)
    settings = OPEN.model_copy(update={"mode": mode})
    watch = DreamWatch(database, hub, settings, clock=clock)
    await watch.start()
    watch.let_dream()
    await watch._look()
    assert watch._dreaming is None
    if mode == "manual":
        watch.begin()
        with pytest.raises(CommandRefused, match="already"):
            watch.begin()
        await front.until(done)
        assert front.notices == [
            "AutoDream: 1 merged, 1 superseded; tungsten dream undo takes it back"
        ]
        watch.begin()
        await front.until(lambda _: len(front.notices) == 2)
        # What did nothing cannot be taken back.
        assert front.notices[1] == "AutoDream: nothing to change"
    else:
        with pytest.raises(DreamRefused, match=mode):
            watch.begin()
        assert await outcomes(database) == []
    await watch.close()


async def test_who_judges_is_asked_and_what_was_asked_is_told(
    database: Database, clock: Clock
) -> None:
    for number, text in enumerate(
        (
            "Alice reviews every change of the payment module.",
            "Whatever touches the payment module is looked over by Alice.",
        )
    ):
        await database.memories.add(
            Memory(id=f"r{number}", text=text, source="user_stated", created_at=clock() + number),
            by="agent",
        )

    class Judge:
        async def judge(self, dream_id: int, questions: Sequence[Question]) -> Judged:
            return Judged(
                {question.ids: Choice("merge", question.one.id) for question in questions},
                "m: 1 request, 9 tokens; 1 pair decided",
            )

    async def judge() -> Judge:
        return Judge()

    hub = Hub()
    front = Front(hub)
    watch = DreamWatch(database, hub, Dream(mode="manual"), clock=clock)
    watch.judge = judge
    await watch.start()
    watch.begin()
    await front.until(done)
    await watch.close()
    assert front.notices == [
        "AutoDream: 2 merged, 1 superseded (m: 1 request, 9 tokens; 1 pair decided); "
        "tungsten dream undo takes it back"
    ]
    found = status_as_json(
        await watch._gates.status(), OPEN, None, await database.dreams.last(), ()
    )
    assert found["last_dream"]["asked"] == "m: 1 request, 9 tokens; 1 pair decided"
    assert "model: m: 1 request, 9 tokens" in status_told(found)
    assert "at most 4 requests, 100,000 tokens a dream" in status_told(found)


async def test_nothing_is_dreamt_before_the_engine_is_ready(
    database: Database, clock: Clock
) -> None:
    watch = DreamWatch(database, Hub(), OPEN, clock=clock)
    await watch.start()
    assert watch._dreaming is None
    await watch.close()


async def test_of_two_engines_one_dreams(database: Database, clock: Clock) -> None:
    settings = Dream(idle_minutes=0, gap_hours=1, sessions=1)
    async with await opened(database.path, clock) as other:
        hubs = Hub(), Hub()
        fronts = [Front(hub) for hub in hubs]
        watches = [
            DreamWatch(which, hub, settings, clock=clock)
            for which, hub in zip((database, other), hubs, strict=True)
        ]
        clock.now += 3600
        for watch in watches:
            await watch.start()
            watch.let_dream()
        for front in fronts:
            await front.until(lambda s: done(s) or "another Tungsten" in s.why_not)
        await asyncio.wait([w._dreaming for w in watches if w._dreaming is not None] or [_soon()])
        for watch in watches:
            await watch.close()
    assert await outcomes(database) == ["done"]


def _soon() -> asyncio.Future[None]:
    future = asyncio.get_running_loop().create_future()
    future.set_result(None)
    return future


async def test_while_another_process_dreams_none_begins_and_it_is_looked_at_again(
    database: Database, clock: Clock
) -> None:
    hub = Hub()
    front = Front(hub)
    watch = DreamWatch(database, hub, OPEN, clock=clock)
    await watch.start()
    with lease(database.path):
        watch.let_dream()
        await front.until(lambda status: status.why_not == "another Tungsten is dreaming")
    assert await outcomes(database) == []
    clock.now += 61
    await watch._look()
    await front.until(done)
    assert (await outcomes(database))[0] == "done"
    await watch.close()


async def test_an_engine_that_ends_interrupts_its_dream_and_changes_nothing(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub()
    front = Front(hub)
    before = await database.memories.list(statuses=None)
    reached, ended = threading.Event(), threading.Event()
    run = dreaming.run

    async def slow(
        *args: object, progress: Callable[[Phase, float], None], **more: object
    ) -> object:
        def told(phase: Phase, share: float) -> None:
            try:
                progress(phase, share)
                if phase == "consolidate":
                    reached.set()
                    while True:
                        progress(phase, share)
            except BaseException:
                ended.set()
                raise

        return await run(*args, progress=told, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(dreaming, "run", slow)
    watch = DreamWatch(database, hub, OPEN, clock=clock)
    await watch.start()
    watch.let_dream()
    await front.until(lambda status: status.phase == "consolidate")
    assert await asyncio.to_thread(reached.wait, 60)
    await watch.close()
    assert await asyncio.to_thread(ended.wait, 60)
    assert await outcomes(database) == ["interrupted"]
    assert await database.memories.list(statuses=None) == before


@pytest.mark.parametrize("phase", ["orient", "consolidate", "prune"])
async def test_killed_in_a_dream_the_store_is_whole_and_the_next_engine_takes_it_up(
    tmp_path: Path, phase: str
) -> None:
    path = tmp_path / "t.db"
    async with await opened(path, time.time) as database:
        await fill(database, time.time)
        before = await database.memories.list(statuses=None)
    process = await asyncio.create_subprocess_exec(sys.executable, str(ENGINE), str(path), phase)
    assert await process.wait() == -signal.SIGKILL
    async with await opened(path, time.time) as database:
        await database.check()
        await database.memories.verify()
        found = await outcomes(database)
        changed = await database.memories.list(statuses=None) != before
        assert changed == ("done" in found)
        hub = Hub()
        front = Front(hub)
        watch = DreamWatch(database, hub, Dream(mode="manual"), clock=time.time)
        await watch.start()
        watch.begin()
        await front.until(lambda status: done(status) and front.notices)
        await watch.close()
        assert None not in await outcomes(database)
        assert {m.id: m.status for m in await database.memories.list(statuses=None)}[
            "m2"
        ] == "superseded"


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        ((5, 3), (5, 12), "last night"),
        ((5, 12), (5, 13), "today"),
        ((4, 23), (5, 8), "last night"),
        ((4, 12), (5, 8), "yesterday"),
        ((1, 3), (5, 8), "1 Mar"),
    ],
)
def test_when_it_was(then: tuple[int, int], now: tuple[int, int], said: str) -> None:
    moments = [datetime(2026, 3, day, hour).timestamp() for day, hour in (then, now)]
    when, until = when_told(*moments)
    assert when == said
    assert until in (None, datetime(2026, 3, 6).timestamp())
