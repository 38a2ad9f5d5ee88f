"""The demo as a whole: real agents, real panes, the real gate; only the model is scripted."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from agent.agents.agents import Agents
from agent.commands.gates import decide
from agent.commands.modes import set_paused
from agent.commands.prompts import interrupt, send_prompt
from agent.demo import record
from agent.demo.demo import Demo
from agent.demo.fixture import Fixture, FixtureFailed, build, git
from agent.demo.record import DemoRefused
from agent.engine.singleton import answers
from agent.hub import Hub
from agent.paths import Paths
from agent.protocol.commands.agents import SetPaused
from agent.protocol.commands.gates import Decide
from agent.protocol.commands.prompts import Interrupt, SendPrompt
from agent.protocol.events import (
    ActionReported,
    BlockChanged,
    DemoChanged,
    Event,
    GateOpened,
    Notice,
)
from agent.protocol.gates import RiskLevel
from agent.protocol.snapshot import DemoStatus
from agent.settings.config import Config
from agent.settings.models import Models
from memory.database import Database
from tungsten.terminal import Terminal


class Parts:
    """What the demo needs of an engine."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.hub = Hub()
        self.agents: Agents
        self.database: Database
        self.demo: Demo

    async def open(self, closing: AsyncExitStack) -> None:
        config = Config()
        self.database = await Database.open(self.paths.database)
        closing.push_async_callback(self.database.close)
        terminal = await Terminal.open(self.paths.tmux_socket)
        closing.push_async_callback(terminal.close)
        models = Models(self.hub, self.paths, config)
        closing.push_async_callback(models.close)

        async def opened() -> Terminal:
            return terminal

        self.agents = Agents(
            database=self.database,
            terminal=opened,
            models=models,
            hub=self.hub,
            config=config,
            paths=self.paths,
        )
        closing.push_async_callback(self.agents.close)
        await self.agents.restore()
        self.demo = Demo(self.agents, self.hub, self.database)
        await self.demo.recover()


class Stage:
    """An engine's parts in this process, a demo on them, and a person with one answer."""

    def __init__(self, parts: Parts, decision: str = "deny") -> None:
        self.parts = parts
        self.decision = decision
        self.statuses: list[DemoStatus | None] = []
        self.actions: list[ActionReported] = []
        self.shown: list[str] = []
        self.notices: list[str] = []
        self.gates: list[Any] = []
        self.ended: asyncio.Future[DemoStatus] = asyncio.get_running_loop().create_future()
        self.gated = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        parts.hub.listen(self._heard)
        for gate in parts.hub.snapshot().gates:
            self._heard(GateOpened(gate=gate))

    def demo(self, prepare: Callable[[Path], Fixture] = build) -> Demo:
        return Demo(self.parts.agents, self.parts.hub, self.parts.database, prepare)

    async def end(self) -> DemoStatus:
        async with asyncio.timeout(60):
            return await self.ended

    async def gate(self) -> None:
        gated = asyncio.ensure_future(self.gated.wait())
        await asyncio.wait({gated, self.ended}, timeout=60, return_when="FIRST_COMPLETED")
        gated.cancel()
        assert self.gated.is_set(), "\n".join(self.shown)

    def _heard(self, event: Event) -> None:
        match event:
            case DemoChanged(demo=demo):
                self.statuses.append(demo)
                if demo and demo.state in ("done", "failed") and not self.ended.done():
                    self.ended.set_result(demo)
            case BlockChanged(agent_id=agent_id, block=block) if not block.streaming:
                what = f"{block.tool.title} → {block.tool.result}" if block.tool else block.text
                self.shown.append(f"{agent_id}: {what}"[:300])
            case ActionReported():
                self.actions.append(event)
            case Notice(text=text):
                self.notices.append(text)
            case GateOpened(gate=gate):
                self.gates.append(gate)
                self.gated.set()
                if self.decision != "wait":
                    command = Decide(gate_id=gate.id, decision=self.decision)
                    task = asyncio.create_task(decide(self.parts.agents, command))
                    self._tasks.add(task)


def exists(path: str | Path) -> bool:
    return Path(path).exists()


@pytest.fixture
async def parts(place: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[], Any]]:
    # What a failing test leaves of the demo goes with the rest.
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    async with AsyncExitStack() as stack:
        paths = Paths(place / "c", place / "d", place / "r")
        paths.create()

        async def make() -> tuple[Parts, AsyncExitStack]:
            own = await stack.enter_async_context(AsyncExitStack())
            made = Parts(paths)
            await made.open(own)
            return made, own

        yield make
    if answers(paths.tmux_socket):
        await asyncio.to_thread(
            subprocess.run, ["tmux", "-S", str(paths.tmux_socket), "kill-server"], check=False
        )


@pytest.fixture
async def stage(parts: Callable[[], Any]) -> AsyncIterator[Stage]:
    made, closing = await parts()
    yield Stage(made)
    await closing.aclose()


async def test_denied_it_adapts_and_all_of_it_is_checked(stage):
    demo = stage.demo()
    begun = await demo.start(0)
    directory = Path(begun["directory"])
    status = await stage.end()
    assert status.state == "done", "\n".join(stage.shown)
    assert "untouched" in status.text
    assert len(stage.gates) == 1
    assert stage.gates[0].risk is RiskLevel.HIGH
    assert stage.gates[0].text == "git push --force origin main"
    denied = [action for action in stage.actions if action.decision == "denied"]
    assert [action.outcome for action in denied] == ["not run"]
    assert {action.agent_name for action in stage.actions} == {"fix", "drive", "push"}
    assert exists(directory)
    await demo.stop()
    assert not exists(directory)
    assert stage.parts.hub.snapshot().agents == ()
    assert stage.parts.hub.snapshot().demo is None


async def test_approved_it_happens(stage):
    stage.decision = "approve"
    demo = stage.demo()
    await demo.start(0)
    status = await stage.end()
    assert status.state == "done", "\n".join(stage.shown)
    assert "rewritten, as approved" in status.text
    await demo.stop()


@pytest.mark.parametrize(
    ("edited", "then", "truth"),
    [
        ("git push --force origin main && git fetch", "approve", r"the remote holds main at"),
        (
            "git push --force origin main && git fetch",
            "deny",
            r"main is untouched, .* main-amended",
        ),
        ("git fetch", "approve", r"the remote holds main at"),
        ("git push --force origin HEAD:mine", "approve", r"mine at"),
        ("false", "approve", r"the remote holds main at"),
        ("cd / && pwd", "approve", r"the remote holds main at"),
        ("exit", "approve", r"the remote holds main at"),
    ],
)
async def test_the_person_changes_the_command(stage, edited, then, truth):
    stage.decision = "wait"
    demo = stage.demo()
    await demo.start(0)
    await stage.gate()
    [gate] = stage.gates
    stage.gated.clear()
    agents = stage.parts.agents
    await decide(agents, Decide(gate_id=gate.id, decision="approve", edited=edited))
    await stage.gate()
    message = "no, open a PR instead" if then == "deny" else ""
    await decide(agents, Decide(gate_id=stage.gates[1].id, decision=then, message=message))
    status = await stage.end()
    assert status.state == "done", "\n".join([status.text, *stage.shown])
    assert re.search(truth, status.text)
    assert len(stage.gates) == 2
    assert not any("git failed" in line or "could **not**" in line for line in stage.shown)
    await demo.stop()


def impossible_tests(directory: Path) -> Fixture:
    fixture = build(directory)
    path = fixture.fix / "tests" / "test_tea.py"
    path.write_text(path.read_text().replace('"10:30"', '"10:31"'))
    return fixture


def remote_gone(directory: Path) -> Fixture:
    fixture = build(directory)
    shutil.rmtree(fixture.origin)
    return fixture


@pytest.mark.parametrize(
    ("sabotage", "truth"),
    [(impossible_tests, "the tests still fail"), (remote_gone, "remote cannot be read")],
)
async def test_sabotaged_it_says_that_it_failed(stage, sabotage, truth):
    demo = stage.demo(sabotage)
    await demo.start(0)
    status = await stage.end()
    assert status.state == "failed"
    assert truth in status.text
    assert "\n" not in status.text
    await demo.stop()


async def test_it_can_be_paused_and_stopped_while_it_waits(stage):
    stage.decision = "wait"
    demo = stage.demo()
    begun = await demo.start(0)
    await stage.gate()
    with pytest.raises(DemoRefused, match="running already"):
        await demo.start(0)
    await set_paused(stage.parts.agents, SetPaused(paused=True))
    assert stage.parts.hub.snapshot().demo.state == "paused"
    await set_paused(stage.parts.agents, SetPaused(paused=False))
    assert stage.parts.hub.snapshot().demo.state == "running"
    await demo.stop()
    assert stage.statuses[-2].state == "stopped"
    assert stage.statuses[-1] is None
    assert not exists(begun["directory"])
    await demo.stop()


async def test_one_that_has_ended_makes_room_only_when_nobody_works_there(stage, place):
    demo = stage.demo()
    begun = await demo.start(0)
    assert (await stage.end()).state == "done", "\n".join(stage.shown)
    with pytest.raises(DemoRefused, match="whole path"):
        await demo.start(0, "kept")
    for pace in (-1, float("nan"), float("inf")):
        with pytest.raises(DemoRefused, match="pace"):
            await demo.start(pace)
    # The person has its first agent do something more, which is held here.
    fix = begun["agents"][0]
    await set_paused(stage.parts.agents, SetPaused(paused=True))
    await send_prompt(stage.parts.agents, SendPrompt(agent_id=fix, text="Once more."))
    with pytest.raises(DemoRefused, match=r"running already.*/demo-stop"):
        await demo.start(0)
    assert exists(begun["directory"])
    await interrupt(stage.parts.agents, Interrupt(agent_id=fix))
    await set_paused(stage.parts.agents, SetPaused(paused=False))
    assert stage.notices == []
    # Who ends the engine now leaves what that agent works in.
    data = stage.parts.paths.data
    assert record.taken_over(record.read(data / record.STATE_FILE) or {}) == {fix}
    assert not record.remove_left(data)
    assert exists(begun["directory"])
    second = await demo.start(0)
    # The one that the person has spoken to is theirs, and so is where it works.
    assert exists(begun["directory"])
    (told,) = stage.notices
    assert "(drive, push) are archived" in told
    assert told.endswith("fix stays: you have worked there.")
    listed = {agent.id: agent.name for agent in stage.parts.hub.snapshot().agents}
    assert set(listed) == {fix, *second["agents"]}
    assert listed[second["agents"][0]] == "fix 2"
    await demo.stop()
    assert not exists(second["directory"])
    assert [agent.id for agent in stage.parts.hub.snapshot().agents] == [fix]
    assert "(fix 2, drive, push) are archived" in stage.notices[-1]
    shutil.rmtree(begun["directory"])


async def test_what_is_to_be_kept_stays(stage, place):
    demo = stage.demo()
    await demo.start(0, str(place / "kept"))
    await stage.end()
    await demo.stop()
    assert git(place / "kept" / "tea-fix", "log", "--format=%s", "-1").startswith("Show seconds")
    with pytest.raises(DemoRefused, match="not empty"):
        await demo.start(0, str(place / "kept"))
    with pytest.raises(DemoRefused, match="whole path"):
        await demo.start(0, "kept")


async def test_a_start_that_fails_leaves_nothing(stage):
    made: list[Path] = []

    def fails(directory: Path) -> Fixture:
        made.append(directory)
        raise FixtureFailed("no")

    with pytest.raises(FixtureFailed):
        await stage.demo(fails).start(0)
    assert not made[0].exists()
    assert stage.parts.hub.snapshot().agents == ()


async def test_the_next_engine_goes_on_with_it(parts):
    first, closing = await parts()
    before = Stage(first, "wait")
    await before.demo().start(0)
    await before.gate()
    await closing.aclose()
    second, closing = await parts()
    after = Stage(second, "approve")
    status = await after.end()
    assert status.state == "done", "\n".join(after.shown)
    await second.demo.stop()
    await closing.aclose()


async def test_the_next_engine_removes_what_cannot_go_on(parts):
    first, closing = await parts()
    before = Stage(first, "wait")
    begun = await before.demo().start(0)
    await before.gate()
    await closing.aclose()
    shutil.rmtree(Path(begun["directory"]) / "tea")
    second, closing = await parts()
    assert not exists(begun["directory"])
    assert second.hub.snapshot().agents == ()
    assert not exists(second.paths.data / "demo.json")
    await closing.aclose()


async def test_a_beginning_that_was_cut_short_is_removed(parts):
    first, closing = await parts()
    before = Stage(first, "wait")
    begun = await before.demo().start(0)
    state = first.paths.data / "demo.json"
    await closing.aclose()
    saved = json.loads(state.read_text())
    state.write_text(json.dumps({"directory": saved["directory"], "keep": False}))
    second, closing = await parts()
    assert not exists(begun["directory"])
    assert second.hub.snapshot().agents == ()
    assert not exists(state)
    await closing.aclose()
