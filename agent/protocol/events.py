"""What happens in the engine, as front ends hear of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agent.protocol.agents import AgentSummary
from agent.protocol.blocked import BlockedChanged
from agent.protocol.conversation import Block
from agent.protocol.dream import DreamStatus
from agent.protocol.gates import DecidedBy, Gate, Question, RiskLevel
from agent.protocol.snapshot import DemoStatus, Setup
from agent.protocol.usage import Usage
from agent.protocol.wire import Wire


class AgentChanged(Wire):
    """An agent appeared, or anything in its summary changed."""

    type: Literal["agent_changed"] = "agent_changed"
    agent: AgentSummary


class AgentRemoved(Wire):
    """An agent is gone from the list for good."""

    type: Literal["agent_removed"] = "agent_removed"
    agent_id: str


class BlockChanged(Wire):
    """A conversation block appeared, or was replaced by this fuller one."""

    type: Literal["block_changed"] = "block_changed"
    agent_id: str
    block: Block


class BlockDelta(Wire):
    """Text to append to a streaming block."""

    type: Literal["block_delta"] = "block_delta"
    agent_id: str
    block_id: int
    text: str


class GateOpened(Wire):
    """An action waits for the person."""

    type: Literal["gate_opened"] = "gate_opened"
    gate: Gate


class GateChanged(Wire):
    """What can be done with an open gate is another thing now; what it asks about is the same."""

    type: Literal["gate_changed"] = "gate_changed"
    gate: Gate


class GateClosed(Wire):
    """A gate was decided, or is no longer needed."""

    type: Literal["gate_closed"] = "gate_closed"
    gate_id: str
    agent_id: str
    outcome: Literal["approved", "denied", "withdrawn"]
    text: str = ""


class QuestionAsked(Wire):
    """An agent asks the person something."""

    type: Literal["question_asked"] = "question_asked"
    question: Question


class QuestionClosed(Wire):
    """A question was answered or withdrawn."""

    type: Literal["question_closed"] = "question_closed"
    question_id: str
    agent_id: str


class DreamChanged(Wire):
    """AutoDream's gates or phase changed."""

    type: Literal["dream_changed"] = "dream_changed"
    dream: DreamStatus


class UsageChanged(Wire):
    """Today's totals changed."""

    type: Literal["usage_changed"] = "usage_changed"
    usage_today: Usage


class SetupChanged(Wire):
    """The model in use, or its reachability, changed."""

    type: Literal["setup_changed"] = "setup_changed"
    setup: Setup


class DemoChanged(Wire):
    """The demo started, paused or ended."""

    type: Literal["demo_changed"] = "demo_changed"
    demo: DemoStatus | None


class PausedChanged(Wire):
    """All agents were paused or let go."""

    type: Literal["paused_changed"] = "paused_changed"
    paused: bool


class ActionReported(Wire):
    """What headless output prints: one action with its risk, decision and outcome."""

    type: Literal["action_reported"] = "action_reported"
    agent_id: str
    agent_name: str
    action: str
    text: str
    risk: RiskLevel
    decision: Literal["ran", "approved", "denied", "refused"]
    by: DecidedBy
    outcome: Literal["started", "ok", "failed", "not run", "unknown"]
    reasons: tuple[str, ...] = ()
    exit_status: int | None = None
    seconds: float | None = None


class Notice(Wire):
    """One clear line for the person, not tied to a conversation."""

    type: Literal["notice"] = "notice"
    level: Literal["information", "warning", "error"]
    text: str


class EngineStopping(Wire):
    """The engine is about to close this connection."""

    type: Literal["engine_stopping"] = "engine_stopping"
    reason: str


Event = Annotated[
    AgentChanged
    | AgentRemoved
    | BlockChanged
    | BlockDelta
    | GateOpened
    | GateChanged
    | GateClosed
    | QuestionAsked
    | QuestionClosed
    | DreamChanged
    | UsageChanged
    | BlockedChanged
    | SetupChanged
    | DemoChanged
    | PausedChanged
    | ActionReported
    | Notice
    | EngineStopping,
    Field(discriminator="type"),
]
