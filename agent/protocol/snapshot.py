"""The state that a front end begins with; `agent.protocol.state` applies events to it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent.protocol.agents import AgentSummary
from agent.protocol.blocked import Blocked
from agent.protocol.dream import DreamStatus
from agent.protocol.gates import Gate, Question
from agent.protocol.usage import Usage
from agent.protocol.wire import Wire


class Setup(Wire):
    """Whether a model can be reached, and how."""

    provider: Literal["none", "anthropic", "endpoint", "demo"] = "none"
    base_url: str = ""
    model: str = ""
    problem: str = ""
    """One line with the way out; empty when all is well."""


class DemoStatus(Wire):
    """The running demo, if any."""

    directory: str
    state: Literal["running", "paused", "done", "failed", "stopped"]
    text: str = ""


class EngineInfo(Wire):
    """Who answers."""

    version: str
    pid: int
    epoch: str
    """New with each engine process; sequence numbers are only comparable within one epoch."""
    started_at: float
    tmux_socket: str
    directory: str = ""
    environment: dict[str, str] = Field(default_factory=dict)
    """Digests of the variables that chose its model; see `agent.settings.variables`."""


class Snapshot(Wire):
    """Everything a front end shows, except conversations, as of event `seq`."""

    seq: int
    engine: EngineInfo
    setup: Setup = Setup()
    agents: tuple[AgentSummary, ...] = ()
    gates: tuple[Gate, ...] = ()
    questions: tuple[Question, ...] = ()
    dream: DreamStatus = DreamStatus()
    usage_today: Usage = Usage()
    blocked_today: Blocked = Blocked()
    demo: DemoStatus | None = None
    paused: bool = False
