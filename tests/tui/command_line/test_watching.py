"""`tungsten watch`: one plain line an event, all of them, also after the connection broke."""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.engine.client import EngineClient
from agent.paths import Paths
from agent.protocol.agents import AgentState
from agent.protocol.conversation import Block, BlockKind
from agent.protocol.events import (
    ActionReported,
    AgentChanged,
    AgentRemoved,
    BlockChanged,
    BlockDelta,
    EngineStopping,
    Event,
    GateClosed,
    GateOpened,
    Notice,
    PausedChanged,
    QuestionAsked,
    QuestionClosed,
    UsageChanged,
)
from agent.protocol.gates import Question, RiskLevel
from agent.protocol.usage import Usage
from tests.stubs import scenes
from tests.stubs.scripted_engine import ScriptedEngine
from tui.command_line.watching import LONGEST, Teller, watch

QUESTION = Question(
    id="q1",
    agent_id="a1",
    agent_name="mend the parser",
    asked_at=scenes.NOW,
    text="Which branch?",
    options=("main", "fix-offsets"),
)
RAN = ActionReported(
    agent_id="a1",
    agent_name="mend the parser",
    action="run_command",
    text="python -m unittest",
    risk=RiskLevel.MEDIUM,
    decision="ran",
    by="policy",
    outcome="failed",
    exit_status=1,
)
LINE = re.compile(r"\d\d:\d\d:\d\d \S.*")


def lines(teller: Teller, event: Event) -> list[str]:
    """What is printed for an event, without the time."""
    return [told.line(scenes.NOW)[9:] for told in teller.of(event)]


def said(kind: BlockKind, text: str, *, id_: int = 20, streaming: bool = False) -> BlockChanged:
    block = Block(id=id_, kind=kind, at=scenes.NOW, text=text, streaming=streaming)
    return BlockChanged(agent_id="a1", block=block)


def test_what_there_is_stands_first() -> None:
    told = [told.line(scenes.NOW)[9:] for told in Teller().all_of(scenes.BUSY)]
    assert told == [
        "3 agents, 1 waits for you",
        "mend the parser works in /home/ada/parser: python -m unittest",
        "publish waits for you in /home/ada/parser: approve: git push --force",
        "write the notes is done in /home/ada/notes: NOTES.md is written and saved",
        "publish waits for you, HIGH run_command: git push --force origin main (--force can "
        "discard commits that others have pushed). Decide in the app (tungsten attach publish): A "
        "approves, d denies, Esc decides later; Ctrl+G lists what waits",
    ]


def test_who_waits_in_its_own_terminal_is_counted_too() -> None:
    agents = tuple(
        agent.model_copy(update={"activity": "login: Sign in"})
        if agent.state is AgentState.WAITING
        else agent
        for agent in scenes.BUSY.agents
    )
    alone = scenes.BUSY.model_copy(update={"agents": agents, "gates": (), "questions": ()})
    told = [told.text for told in Teller().all_of(alone)]
    assert told[0] == "3 agents, 1 waits for you"
    assert len(told) == 4


def test_each_event_is_one_line_or_none() -> None:
    teller = Teller()
    assert list(teller.all_of(scenes.BUSY))
    done = scenes.MENDER.model_copy(update={"state": AgentState.DONE, "activity": "all green"})
    counted = done.model_copy(update={"usage": Usage(requests=10)})
    named = counted.model_copy(update={"name": "mender"})
    gone = scenes.EDITOR.model_copy(update={"archived": True})
    for event, told in (
        (AgentChanged(agent=done), ["mend the parser is done: all green"]),
        (AgentChanged(agent=counted), []),
        (AgentChanged(agent=named), ["mender was called mend the parser until now"]),
        (AgentChanged(agent=gone), ["write the notes is archived"]),
        (AgentRemoved(agent_id="a3"), []),
        (said(BlockKind.USER, "go\non"), ["mender was told: go on"]),
        (said(BlockKind.ASSISTANT, "I lo", id_=21, streaming=True), []),
        (BlockDelta(agent_id="a1", block_id=21, text="ok"), []),
        (said(BlockKind.ASSISTANT, "I look.", id_=21), ["mender says: I look."]),
        (said(BlockKind.ASSISTANT, "I look.", id_=21), []),
        (said(BlockKind.THINKING, "hm", id_=22), []),
        (said(BlockKind.ERROR, "no credit", id_=23), ["mender has a problem: no credit"]),
        (
            RAN,
            ["mend the parser ran MEDIUM run_command: python -m unittest; failed, exit status 1"],
        ),
        (RAN.model_copy(update={"outcome": "started"}), []),
        (
            GateClosed(gate_id="g1", agent_id="a2", outcome="denied"),
            ["publish waits no more, denied: git push --force origin main"],
        ),
        (
            QuestionAsked(question=QUESTION),
            [
                "mend the parser asks you: Which branch? (1) main (2) fix-offsets. Answer in the "
                "app (tungsten attach 'mend the parser'): write a number or your own words, then "
                "Enter"
            ],
        ),
        (
            QuestionClosed(question_id="q1", agent_id="a1"),
            ["mender has its answer, or asks no more"],
        ),
        (PausedChanged(paused=True), ["all agents are held"]),
        (UsageChanged(usage_today=Usage(requests=1)), []),
        (Notice(level="warning", text="the disk is full"), ["the disk is full"]),
        (EngineStopping(reason="it was told to"), ["the engine stops: it was told to"]),
    ):
        assert lines(teller, event) == told, event


@given(st.text(), st.text(min_size=1))
def test_whatever_is_said_a_line_is_one_line_without_controls(name: str, text: str) -> None:
    teller = Teller()
    agent = scenes.MENDER.model_copy(update={"name": name, "activity": text})
    gate = scenes.GATE.model_copy(update={"agent_name": name, "text": text, "reasons": (text,)})
    events: tuple[Event, ...] = (
        AgentChanged(agent=agent),
        said(BlockKind.ASSISTANT, text),
        GateOpened(gate=gate),
        Notice(level="error", text=text),
    )
    for event in events:
        for told in teller.of(event):
            line = told.line(scenes.NOW)
            assert line.isprintable() or not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in line)
            assert "\n" not in line
            assert json.loads(told.json(scenes.NOW, 7))["seq"] == 7


def test_a_long_message_is_cut_for_people_and_whole_for_programs() -> None:
    teller = Teller()
    list(teller.all_of(scenes.BUSY))
    [told] = teller.of(said(BlockKind.ASSISTANT, "x" * 3_000))
    assert told.line(scenes.NOW).endswith(
        f"… and {3_000 + len('says: ') - LONGEST:,} more characters"
    )
    assert "x" * 3_000 in told.json(scenes.NOW, 1)


@pytest.fixture
async def engine(paths: Paths) -> AsyncIterator[ScriptedEngine]:
    async with ScriptedEngine(paths.engine_socket, scenes.BUSY) as listening:
        yield listening


class Printed(io.StringIO):
    """What is printed, and a way to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self._more = asyncio.Event()

    def write(self, text: str) -> int:
        self._more.set()
        return super().write(text)

    async def holds(self, text: str) -> None:
        async with asyncio.timeout(10):
            while text not in self.getvalue():
                self._more.clear()
                await self._more.wait()


async def test_a_broken_connection_is_taken_up_where_it_ended(
    paths: Paths, engine: ScriptedEngine
) -> None:
    out = Printed()
    client = await EngineClient.connect(paths, start=False)
    following = asyncio.create_task(watch(client, out, lambda: scenes.NOW, json=True))
    await out.holds('"gate"')
    engine.publish(Notice(level="information", text="before"))
    await out.holds("before")
    await engine.drop()
    engine.publish(Notice(level="information", text="between"))
    engine.publish(GateClosed(gate_id="g1", agent_id="a2", outcome="approved"))
    await out.holds("gate_closed")
    engine.publish(EngineStopping(reason="the end"))
    await out.holds("the end")
    await engine.stop()
    await asyncio.wait_for(following, 10)
    rows = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(row["type"], row["seq"]) for row in rows] == [
        ("engine", 0),
        *[("state", 0)] * 3,
        ("gate", 0),
        ("notice", 1),
        ("connection", 0),
        ("notice", 2),
        ("gate_closed", 3),
        ("stopping", 4),
    ]
    assert [hello.resume_after for hello in engine.hellos] == [None, 1]
    gate = next(row for row in rows if row["type"] == "gate")
    assert (gate["risk"], gate["what"]) == ("HIGH", scenes.PUSH)
    assert gate["how"].startswith("Decide in the app")


async def test_the_command_writes_into_a_pipe_and_ends_at_ctrl_c(
    paths: Paths, engine: ScriptedEngine
) -> None:
    home = paths.config.parent / "home"
    home.mkdir()
    (home / "run").symlink_to(paths.runtime)
    (home / "config.toml").write_text('[keys]\n"gate.approve_high" = "X"\n')
    following = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tui.cli", "watch"),
        cwd=Path(__file__).parents[3],
        env=os.environ | {"TUNGSTEN_HOME": str(home)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert following.stdout is not None
    read = [await asyncio.wait_for(following.stdout.readline(), 30) for _ in range(5)]
    engine.publish(Notice(level="information", text="\x1b[31mred\x1b[0m\x07 text"))
    read.append(await asyncio.wait_for(following.stdout.readline(), 30))
    following.send_signal(signal.SIGINT)
    rest, errors = await asyncio.wait_for(following.communicate(), 30)
    assert (following.returncode, rest, errors) == (130, b"", b"")
    text = b"".join(read).decode()
    assert all(LINE.fullmatch(line) for line in text.splitlines())
    assert "X approves" in text
    assert text.endswith("red· text\n")
