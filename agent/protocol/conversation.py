"""What a conversation is shown as: blocks, and in them the tools that were used."""

from __future__ import annotations

from enum import StrEnum

from agent.protocol.gates import RiskLevel
from agent.protocol.wire import Wire


class ToolStatus(StrEnum):
    """Where a tool use stands."""

    PREPARING = "preparing"
    GATED = "gated"
    HELD = "held"
    """Decided; it waits until a person gives the keyboard of its pane back."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DENIED = "denied"
    INTERRUPTED = "interrupted"
    UNKNOWN = "unknown"


class ToolCall(Wire):
    """A tool use as a conversation shows it."""

    tool_use_id: str
    name: str
    title: str
    """One line without the tool's name, for instance the command."""
    input_json: str = ""
    status: ToolStatus = ToolStatus.PREPARING
    risk: RiskLevel | None = None
    decision: str = ""
    """Who let it through or stopped it: `ran (LOW)`, `approved by you`, `denied by you: …`."""
    reasons: tuple[str, ...] = ()
    result: str = ""
    exit_status: int | None = None
    seconds: float | None = None
    diff: str = ""
    """Unified diff of a file change, empty otherwise."""
    pane_id: str | None = None
    changed: int = 0
    """How many files and directories it changed that can be put back; 0 where none, or unknown."""


class BlockKind(StrEnum):
    """Kinds of conversation block."""

    USER = "user"
    ASSISTANT = "assistant"
    THINKING = "thinking"
    TOOL = "tool"
    NOTICE = "notice"
    ERROR = "error"


class Block(Wire):
    """One block of a conversation; `id` grows by one per agent and never changes."""

    id: int
    kind: BlockKind
    at: float
    text: str = ""
    streaming: bool = False
    tool: ToolCall | None = None
