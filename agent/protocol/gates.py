"""What waits for a person: decisions about actions, and questions."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

from agent.protocol.wire import Wire


class RiskLevel(StrEnum):
    """Risk of an action, decided in code by `agent.risk`."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


DecidedBy: TypeAlias = Literal["policy", "person", "nobody"]
"""Who decided: the rules, a person, or nobody, because no person was there to be asked."""


class Span(Wire):
    """A dangerous part of `Gate.text`, as half-open character offsets."""

    start: int
    end: int
    reason: str = ""


class Gate(Wire):
    """A decision that waits for a person."""

    id: str
    agent_id: str
    agent_name: str
    opened_at: float
    risk: RiskLevel
    action: str
    """What kind of action: `run_command`, `type_keys`, `write_file`, …"""
    text: str
    """The whole command, keys or path: exactly what will happen, never shortened."""
    spans: tuple[Span, ...] = ()
    reasons: tuple[str, ...] = ()
    effect: str = ""
    cwd: str = ""
    pane_id: str | None = None
    foreground: str = ""
    intent: str = ""
    """The agent's own words for why; data, never approval."""
    diff: str = ""
    actor: Literal["agent", "person"] = "agent"
    replaces: str = ""
    """Id of the gate whose command the person changed into this one."""
    original: str = ""
    """What the agent asked for, where the person changed it."""
    presses: str = ""
    """The key that allowing presses in the agent's own dialog, and what it is called there; empty
    where no key answers it."""
    deny_presses: str = ""
    """The key that denying presses there; empty: it presses none."""
    fixed: str = ""
    """Why its command cannot be changed; empty where it can."""


class Question(Wire):
    """A question an agent asks the person."""

    id: str
    agent_id: str
    agent_name: str
    asked_at: float
    text: str
    options: tuple[str, ...] = ()
