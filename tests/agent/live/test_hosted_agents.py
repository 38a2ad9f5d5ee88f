"""Agents of other makers in real panes: their states, their prompts, and what becomes of both."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

from agent.commands.panes import explain_pane
from agent.errors import AgentError, AgentUnknown
from agent.hosted.delivery import AtWork, deliver
from agent.hosted.hosted_agent import HostedAgent
from agent.hosted.status import Evidence, HostedState, Kind, Source
from agent.protocol.agents import AgentState
from agent.protocol.commands.agents import RenameAgent, ResumeAgent, StopAgent
from agent.protocol.commands.panes import HoldKeyboard, Recordings, RecordPane
from agent.protocol.commands.prompts import Interrupt, Unqueue
from agent.protocol.events import AgentChanged, Notice
from agent.protocol.hosted import ExplainPane, Hosted
from tests.agent.live.conftest import TIMEOUT

NOBODY = Hosted(profile="none", title="none")
FILES = Path(__file__).parent.parent / "hosted"


class Stage:
    """A house with a player's profile, and a player in a pane."""

    def __init__(self, house):
        self.house = house
        profiles = house.paths.profiles
        profiles.mkdir()
        shutil.copy(FILES / "player.toml", profiles)
        shutil.copy(FILES / "player.py", house.project)
        self.fifo = house.root / "finish"
        os.mkfifo(self.fifo)
        self.agent_id = ""

    async def player(self, *options, prompt=""):
        command = " ".join([sys.executable, "player.py", str(self.fifo), *options])
        self.agent_id = await self.house.agent(command=command, name="player", prompt=prompt)
        # Nothing that was not seen of it is said.
        assert "idle" not in {
            event.agent.state
            for event in self.house.events
            if isinstance(event, AgentChanged) and not (event.agent.hosted or NOBODY).source
        }
        # A script of the project is the person's own; whether it is asked about is another matter.
        found = await self.house.until(
            lambda: self.house.hub.snapshot().gates or self.summary.hosted.source, "a start"
        )
        if not isinstance(found, str):
            await self.house.decide(found[0])
        return self.agent_id

    @property
    def summary(self):
        return self.house.summary(self.agent_id)

    @property
    def live(self) -> HostedAgent:
        agent = self.house.agents.live.get(self.agent_id)
        assert isinstance(agent, HostedAgent)
        return agent

    async def state(self, state, source=""):
        return await self.house.until(
            lambda: (
                (found := self.summary).state == state
                and (not source or found.hosted.source == source)
                and found
            ),
            f"{state} by {source}",
        )

    def finish(self):
        with self.fifo.open("r+b", buffering=0) as fifo:
            fifo.write(b"x")

    async def press(self, key):
        await (await self.live.panes.tmux(self.live.panes.first())).send_keys(key)

    async def screen(self, pattern):
        return await self.house.screen(self.agent_id, pattern)

    def explain(self, pane=""):
        command = ExplainPane(pane=pane or self.summary.panes[0].pane_id)
        return explain_pane(self.house.agents, command)["text"]


@pytest.fixture
def stage(house):
    return Stage(house)


async def test_its_screen_tells_what_it_does_and_prompts_are_confirmed(stage):
    house = stage.house
    await stage.player(prompt="first of all\nin two lines")
    # It is said once the program takes prompts, and not before.
    await stage.state("working", "screen")
    assert (await stage.screen(r"\* first of all / in two lines")).met
    assert stage.summary.queued == ()
    assert stage.summary.hosted.title == "Player"

    # What is said to one that works waits, and can be taken back.
    await house.prompt(stage.agent_id, "later")
    assert stage.summary.queued == ("later",)
    taken = await house.carry_out(Unqueue(agent_id=stage.agent_id))
    assert taken == {"texts": ["later"]}
    await house.prompt(stage.agent_id, "ask: ls")
    stage.finish()
    waiting = await stage.state("waiting", "screen")
    assert waiting.hosted.kind == "permission"
    assert waiting.activity.startswith("permission")

    # A dialog is open: nothing is typed into it.
    with pytest.raises(AgentError, match="asks something"):
        await house.prompt(stage.agent_id, "1")
    said = stage.explain()
    assert "player" in said
    assert "it tells neither tokens nor cost" in said
    assert "waiting (permission)" in said
    assert "rule: permission" in said
    assert "answer: 1 = Yes (allow_once)" in said
    assert "screen: waiting (permission)" in said
    gate = await house.gate()
    assert (gate.risk, gate.presses, gate.deny_presses) == ("HIGH", "1 (Yes)", "2 (No)")
    await stage.press("2")
    await stage.state("idle")
    assert (await stage.screen("refused")).met
    await house.until(lambda: not house.hub.snapshot().gates, "the gate's end")

    # Until its dialog was in the inbox, and from then on: each moment counts once.
    journal = house.database.journal
    waits, _ = await journal.waits(0.0)
    assert {wait.session_id for wait in waits} == {stage.agent_id}
    times = [at for wait in waits for at in (wait.since, wait.until)]
    assert times == sorted(times)
    assert await journal.open_waits(stage.agent_id) == []

    await house.prompt(stage.agent_id, "//long work")
    await stage.state("working")
    assert (await stage.screen(r"\* /long work")).met
    await house.carry_out(Interrupt(agent_id=stage.agent_id))
    await stage.state("idle")
    assert (await stage.screen("interrupted")).met
    await house.carry_out(RenameAgent(agent_id=stage.agent_id, name="other"))
    assert stage.explain("other").startswith("other (")
    with pytest.raises(AgentUnknown, match="no agent, and no pane of one, is called %99; see"):
        stage.explain("%99")

    # The engine ends, the pane lives on, and is taken up again.
    await house.prompt(stage.agent_id, "ask: pwd")
    await stage.state("waiting")
    pane = stage.summary.panes[0].pane_id
    await house.again()
    assert stage.summary.panes[0].pane_id == pane
    assert (await stage.state("waiting", "screen")).hosted.kind == "permission"
    await house.gate()
    assert await house.database.journal.open_waits(stage.agent_id) == []
    await stage.press("1")
    await stage.state("idle")
    await house.prompt(stage.agent_id, "quit")
    assert (await stage.state("done")).activity == "exit 0"
    with pytest.raises(AgentError, match="has ended"):
        await house.prompt(stage.agent_id, "anyone?")
    assert "its program" in stage.explain() or "exit 0" in stage.explain()

    # It goes on with its last conversation.
    await house.carry_out(ResumeAgent(agent_id=stage.agent_id))
    if house.hub.snapshot().gates:
        await house.decide(house.hub.snapshot().gates[0])
    await stage.state("idle", "screen")
    assert (await stage.screen("resumed")).met
    await house.carry_out(StopAgent(agent_id=stage.agent_id))
    assert stage.summary.state == "idle"
    assert stage.summary.activity == "stopped"
    assert stage.summary.panes == ()

    # What it waits for in its own terminal is waited for as long as there is an engine.
    await stage.live._reflect(HostedState(AgentState.WAITING, Kind.LOGIN))
    assert len(await house.database.journal.open_waits(stage.agent_id)) == 1
    await stage.live.close()
    assert await house.database.journal.open_waits(stage.agent_id) == []


async def test_it_reports_by_the_protocol_and_contradictions_are_not_idle(stage):
    house = stage.house
    await stage.player("--report")
    await stage.state("idle", "program-status")
    # It is recorded like any other.
    recorded = RecordPane(agent_id=stage.agent_id, pane_id=stage.summary.panes[0].pane_id, on=True)
    await house.carry_out(recorded)
    await house.prompt(stage.agent_id, "ask: ls")
    await stage.state("waiting", "program-status")
    await house.carry_out(recorded.model_copy(update={"on": False}))
    [path] = (await house.carry_out(Recordings(agent_id=stage.agent_id)))["paths"]
    text = Path(path).read_text()  # noqa: ASYNC240 - a file that a test reads
    assert "* begun" in text
    assert "Run this command?" in text
    assert stage.summary.hosted.kind == "permission"
    await stage.press("1")
    await stage.state("idle", "program-status")
    await house.prompt(stage.agent_id, "work")
    await stage.state("working", "program-status")
    # It stops by a key of the person's in its pane, and does not report that.
    await stage.press("Escape")
    unsure = await stage.state("unknown")
    assert unsure.activity == "program-status: working, but screen: idle"
    # Where Tungsten stops it, what was said before is not believed for ever.
    await house.carry_out(Interrupt(agent_id=stage.agent_id))
    await stage.state("idle", "screen")

    # Nor where the person does in its pane of the cockpit.
    await house.prompt(stage.agent_id, "work")
    await stage.state("working", "program-status")
    held = HoldKeyboard(agent_id=stage.agent_id, pane_id=stage.summary.panes[0].pane_id, on=True)
    await house.carry_out(held)
    await stage.press("Escape")
    await stage.state("unknown")
    await house.carry_out(held.model_copy(update={"on": False}))
    await stage.state("idle", "screen")

    # A hook tells of the end of a turn before that is drawn: a prompt waits for the two to agree.
    await house.prompt(stage.agent_id, "work")
    await stage.state("working", "program-status")
    stage.live.hear(Evidence(Source.HOOK, AgentState.IDLE, stage.live.services.clock()))
    assert (await stage.state("unknown")).activity.startswith("hook: idle, but ")
    prompted = asyncio.create_task(house.prompt(stage.agent_id, "ask: the next"))
    # So far that it has looked.
    await asyncio.sleep(0)
    stage.finish()
    await prompted
    await stage.state("waiting")
    # A dialog that is gone waits for nobody, whatever its hook had said.
    stage.live.hear(
        Evidence(Source.HOOK, AgentState.WAITING, stage.live.services.clock(), Kind.PERMISSION)
    )
    await stage.press("2")
    await stage.state("idle")


async def test_who_begins_to_work_just_now_is_told_later(stage, monkeypatch):
    await stage.player()
    await stage.state("idle")
    told = []

    async def busy(text, **how):
        told.append(text)
        if len(told) == 1:
            raise AtWork("it works")
        await deliver(text, **how)

    monkeypatch.setattr("agent.hosted.hosted_agent.deliver", busy)
    await stage.house.prompt(stage.agent_id, "work")
    assert (await stage.screen(r"\* work")).met
    assert told == ["work"] * 2
    assert stage.summary.queued == ()


async def test_a_prompt_that_nothing_confirms_is_given_back(stage, monkeypatch):
    monkeypatch.setattr("agent.hosted.delivery.ECHO_SECONDS", TIMEOUT)
    monkeypatch.setattr("agent.hosted.delivery.CONFIRM_SECONDS", 0.5)
    await stage.player("--deaf")
    await stage.state("idle")
    with pytest.raises(AgentError, match="nothing shows that it took it"):
        await stage.house.prompt(stage.agent_id, "hello")
    blocks = await stage.house.blocks(stage.agent_id)
    assert not [block for block in blocks if block["kind"] == "user"]


async def test_who_shows_that_it_rests_is_told_at_once_though_its_start_goes_on(stage, monkeypatch):
    written = asyncio.Event()
    show = HostedAgent.show_outcome

    async def late(agent, *of):
        await written.wait()
        await show(agent, *of)

    monkeypatch.setattr(HostedAgent, "show_outcome", late)
    await stage.player()
    await stage.state("idle")
    await stage.house.prompt(stage.agent_id, "ask: ls")
    assert stage.summary.queued == ()
    assert (await stage.screen("1. Yes")).met
    await stage.state("waiting")
    with pytest.raises(AgentError, match="asks something"):
        await stage.house.prompt(stage.agent_id, "later")
    written.set()
    await stage.press("1")
    await stage.state("idle")


async def test_a_newer_version_that_looks_otherwise_is_told_of_once(stage, monkeypatch):
    monkeypatch.setattr("agent.hosted.drift.STILL_SECONDS", 0.1)
    house = stage.house
    await stage.player("--strange")
    await stage.state("unknown")
    notices = lambda: [e for e in house.events if isinstance(e, Notice) and "Player 2.0" in e.text]  # noqa: E731
    await house.until(notices, "the notice")
    shown = [b["text"] for b in await house.blocks(stage.agent_id) if b["kind"] == "notice"]
    assert len(shown) == 1
    assert "A NEW FACE" in shown[0]
    assert "recorded with 1.0" in shown[0]
    with pytest.raises(AgentError, match="no rule matches"):
        await house.prompt(stage.agent_id, "hello")
    # Not again for the same version, whatever its screen does, and in the next engine.
    await house.again()
    await stage.press("x")
    await stage.state("unknown")
    await house.carry_out(StopAgent(agent_id=stage.agent_id))
    assert len(notices()) == 1


ASKS_AT_ONCE = r"""
stty raw -echo
printf '\033]7501;?\033\\'
dd bs=1 count=10 2>/dev/null | od -An -c
exec sleep 60
"""


async def test_what_a_program_asks_the_moment_it_starts_is_answered(stage):
    house = stage.house
    (house.project / "player").write_text(ASKS_AT_ONCE)
    for number in range(4):
        name = f"quick{number}"
        stage.agent_id = await house.agent(command="sh player", name=name, profile="player")
        await house.until(lambda: house.hub.snapshot().gates or stage.summary.panes, "a start")
        if house.hub.snapshot().gates:
            await house.decide(house.hub.snapshot().gates[0])
            await house.until(lambda: stage.summary.panes, "a pane")
        assert (await stage.screen(r"033 +] +7 +5 +0 +1 +; +\? +033 +\\")).met
    # Panes that nobody listens to are not heard of.
    listener = await house.terminal.listener()
    assert len(listener._linked) == len(listener._panes) == 4
    await house.carry_out(StopAgent(agent_id=stage.agent_id))
    assert len(listener._linked) == len(listener._panes) == 3
