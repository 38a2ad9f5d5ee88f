"""`tungsten watch`: what all agents do, one plain line an event; for screen readers and pipes."""

from __future__ import annotations

import json as json_module
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any, assert_never

from agent.engine.client import EngineClient
from agent.errors import AgentError
from agent.protocol.agents import AgentState, AgentSummary
from agent.protocol.blocked import BlockedChanged
from agent.protocol.conversation import Block, BlockKind
from agent.protocol.events import (
    ActionReported,
    AgentChanged,
    AgentRemoved,
    BlockChanged,
    BlockDelta,
    DemoChanged,
    DreamChanged,
    EngineStopping,
    Event,
    GateChanged,
    GateClosed,
    GateOpened,
    Notice,
    PausedChanged,
    QuestionAsked,
    QuestionClosed,
    SetupChanged,
    UsageChanged,
)
from agent.protocol.gates import Gate, Question, RiskLevel
from agent.protocol.snapshot import Snapshot
from tui.keys import actions
from tungsten import program
from tungsten.screen.printable import clean, one_line, visible_line

LONGEST = 2_000
"""Characters of a message that a line holds; JSON holds all of them."""

LOST = 5
"""How often in a row a connection may be lost, without an event between, before it is given up."""

STATES = {
    AgentState.WORKING: "works",
    AgentState.WAITING: "waits for you",
    AgentState.IDLE: "is idle",
    AgentState.DONE: "is done",
    AgentState.FAILED: "failed",
    AgentState.UNKNOWN: "may work or not, nobody knows",
}


@dataclass(frozen=True, slots=True)
class Told:
    """One line.

    Attributes:
        kind: What happened, one word.
        text: The same in words, with line feeds where there were some.
        agent: Who; empty when it concerns all.
        agent_id: The same, for programs.
        how: How the person decides or answers; empty when nothing waits for them.
        fields: What JSON says besides.
    """

    kind: str
    text: str
    agent: str = ""
    agent_id: str = ""
    how: str = ""
    fields: dict[str, Any] = field(default_factory=dict)

    def line(self, at: float) -> str:
        """Write it for a person, without control characters."""
        text = one_line(self.text)
        if len(text) > LONGEST:
            text = f"{text[:LONGEST]} … and {len(text) - LONGEST:,} more characters"
        who = f"{one_line(self.agent)} " if self.agent else ""
        how = f". {self.how}" if self.how else ""
        return f"{datetime.fromtimestamp(at):%H:%M:%S} {who}{text}{how}"

    def json(self, at: float, seq: int) -> str:
        """Write it for a program."""
        fields = {
            "seq": seq,
            "time": datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds"),
            "type": self.kind,
            "agent": self.agent,
            "agent_id": self.agent_id,
            "text": self.text,
            **({"how": self.how} if self.how else {}),
            **self.fields,
        }
        return json_module.dumps(fields)


class Teller:
    """Turns the engine's events into lines; knows what it has told."""

    def __init__(self) -> None:
        self._agents: dict[str, AgentSummary] = {}
        self._said: set[tuple[str, int]] = set()
        self._gates: dict[str, Gate] = {}
        self._questions: dict[str, Question] = {}

    def all_of(self, snapshot: Snapshot) -> Iterator[Told]:
        """Tell what there is, as far as it was not told yet."""
        agents = [agent for agent in snapshot.agents if not agent.archived]
        waiting = len(snapshot.gates) + len(snapshot.questions)
        asked_by = {gate.agent_id for gate in snapshot.gates}
        asked_by |= {question.agent_id for question in snapshot.questions}
        # Agents of other makers also wait in dialogs that are answered in their terminals alone.
        waiting += sum(
            agent.state is AgentState.WAITING and agent.id not in asked_by for agent in agents
        )
        count = f"{len(agents)} agent{'' if len(agents) == 1 else 's'}"
        waits = f"{waiting} wait{'s' if waiting == 1 else ''} for you"
        yield Told("engine", f"{count}, {waits if waiting else 'nothing waits for you'}")
        for agent in agents:
            yield from self._agent(agent)
        for gate in snapshot.gates:
            if gate.id not in self._gates:
                yield self._gate(gate)
        for question in snapshot.questions:
            if question.id not in self._questions:
                yield self._question(question)
        self._gates = {gate.id: gate for gate in snapshot.gates}
        self._questions = {question.id: question for question in snapshot.questions}

    def of(self, event: Event) -> Iterator[Told]:
        """Tell an event; most of what only changes a number on the screen is not told."""
        match event:
            case AgentChanged(agent=agent):
                yield from self._agent(agent)
            case AgentRemoved(agent_id=agent_id):
                gone = self._agents.pop(agent_id, None)
                if gone is not None and not gone.archived:
                    yield Told("removed", "is gone from the list", gone.name, agent_id)
            case BlockChanged(agent_id=agent_id, block=block):
                yield from self._block(agent_id, block)
            case GateOpened(gate=gate):
                yield self._gate(gate)
            case GateChanged(gate=gate):
                self._gates[gate.id] = gate
            case GateClosed():
                gate_closed = self._gates.pop(event.gate_id, None)
                what = visible_line(gate_closed.text) if gate_closed else event.text
                yield Told(
                    "gate_closed",
                    f"waits no more, {event.outcome}: {what}",
                    self._name(event.agent_id),
                    event.agent_id,
                    fields={"gate_id": event.gate_id, "outcome": event.outcome},
                )
            case QuestionAsked(question=question):
                yield self._question(question)
            case QuestionClosed():
                self._questions.pop(event.question_id, None)
                yield Told(
                    "question_closed",
                    "has its answer, or asks no more",
                    self._name(event.agent_id),
                    event.agent_id,
                )
            case ActionReported():
                yield from _action(event)
            case PausedChanged(paused=paused):
                yield Told("paused", "all agents are held" if paused else "all agents go on")
            case Notice():
                yield Told("notice", event.text, fields={"level": event.level})
            case EngineStopping(reason=reason):
                yield Told("stopping", f"the engine stops: {reason}")
            case (
                BlockDelta()
                | BlockedChanged()
                | DreamChanged()
                | UsageChanged()
                | SetupChanged()
                | DemoChanged()
            ):
                pass
            case _:
                assert_never(event)

    def _name(self, agent_id: str) -> str:
        agent = self._agents.get(agent_id)
        return agent.name if agent is not None else agent_id

    def _agent(self, agent: AgentSummary) -> Iterator[Told]:
        before = self._agents.get(agent.id)
        self._agents[agent.id] = agent
        told = Told("state", "", agent.name, agent.id, fields={"state": agent.state.value})
        if agent.archived:
            if before is not None and not before.archived:
                yield _with(told, "is archived")
            return
        if before is not None and before.name != agent.name:
            yield _with(told, f"was called {before.name} until now")
        if before is None or before.state is not agent.state:
            why = f": {agent.activity}" if agent.activity else ""
            where = f" in {agent.directory}" if before is None else ""
            yield _with(told, f"{STATES[agent.state]}{where}{why}")

    def _block(self, agent_id: str, block: Block) -> Iterator[Told]:
        words = {
            BlockKind.USER: "was told: ",
            BlockKind.ASSISTANT: "says: ",
            BlockKind.NOTICE: "",
            BlockKind.ERROR: "has a problem: ",
        }
        key = (agent_id, block.id)
        if block.streaming or not block.text or block.kind not in words or key in self._said:
            return
        self._said.add(key)
        text = f"{words[block.kind]}{block.text}"
        yield Told("says", text, self._name(agent_id), agent_id, fields={"kind": block.kind.value})

    def _gate(self, gate: Gate) -> Told:
        self._gates[gate.id] = gate
        approve = "gate.approve_high" if gate.risk is RiskLevel.HIGH else "gate.approve"
        how = (
            f"Decide in the app ({_open(gate.agent_name)}): {_key(approve)} approves, "
            f"{_key('gate.deny')} denies, Esc decides later; {_key('gate.inbox')} lists what waits"
        )
        reasons = f" ({'; '.join(gate.reasons)})" if gate.reasons else ""
        return Told(
            "gate",
            f"waits for you, {gate.risk.value} {gate.action}: {visible_line(gate.text)}{reasons}",
            gate.agent_name,
            gate.agent_id,
            how,
            {
                "gate_id": gate.id,
                "risk": gate.risk.value,
                "action": gate.action,
                "what": gate.text,
                "reasons": list(gate.reasons),
            },
        )

    def _question(self, question: Question) -> Told:
        self._questions[question.id] = question
        options = " ".join(f"({n}) {each}" for n, each in enumerate(question.options, 1))
        number = " a number or your own words" if question.options else " the answer"
        return Told(
            "question",
            f"asks you: {question.text}{f' {options}' if options else ''}",
            question.agent_name,
            question.agent_id,
            f"Answer in the app ({_open(question.agent_name)}): write{number}, then Enter",
            {"question_id": question.id, "options": list(question.options)},
        )


def _with(told: Told, text: str) -> Told:
    return Told(told.kind, text, told.agent, told.agent_id, fields=told.fields)


def _open(name: str) -> str:
    return f"{program.command()} attach {shlex.quote(one_line(name))}"


def _key(action_id: str) -> str:
    """Name a key as it is spoken: `Ctrl+G`, not `^G`."""
    shown = actions.shown(action_id)
    return f"Ctrl+{shown[1:]}" if len(shown) > 1 and shown[0] == "^" else shown


def _action(event: ActionReported) -> Iterator[Told]:
    if event.outcome == "started":
        # How it ended is told.
        return
    outcome: str = event.outcome
    if event.exit_status is not None:
        outcome += f", exit status {event.exit_status}"
    what = visible_line(event.text)
    yield Told(
        "action",
        f"{event.decision} {event.risk.value} {event.action}: {what}; {outcome}",
        event.agent_name,
        event.agent_id,
        fields={
            "action": event.action,
            "what": event.text,
            "risk": event.risk.value,
            "decision": event.decision,
            "by": event.by,
            "outcome": event.outcome,
            "exit_status": event.exit_status,
        },
    )


async def watch(
    client: EngineClient, out: IO[str], now: Callable[[], float], *, json: bool
) -> None:
    """Print what happens until the engine is stopped, or the task cancelled; starts none at first.

    An engine that dies is followed by the next one, and what happened meanwhile is told as far as
    the next one can: all of it after a connection that broke, else how everything stands.

    Args:
        client: Connected; closed at the end.
        out: Where to print; flushed with each line.
        now: The clock, seconds since the epoch.
        json: One JSON object a line.

    Raises:
        AgentError: the engine is gone and no other can be had.
    """
    teller = Teller()

    def tell(lines: Iterator[Told], seq: int) -> None:
        for told in lines:
            text = told.json(now(), seq) if json else clean(told.line(now()))
            out.write(f"{text}\n")
            out.flush()

    lost = 0
    while True:
        try:
            if client.welcome.snapshot is not None:
                tell(teller.all_of(client.welcome.snapshot), client.seq)
            async for line in client.events():
                lost = 0
                tell(teller.of(line.event), line.seq)
        finally:
            await client.close()
        if client.stopping:
            return
        lost += 1
        tell(iter((Told("connection", "the connection to the engine broke; trying again"),)), 0)
        if lost > LOST:
            raise AgentError("the engine can't be reached any more; tungsten doctor says more")
        client = await client.again()
