"""Agents and their panes, as a list of them shows them."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from agent.protocol.hosted import Hosted
from agent.protocol.usage import Budget, Usage
from agent.protocol.wire import Wire

SHORT_ID = 6
"""Characters of an id that are shown to a person, and are enough to name a session by."""


class AgentState(StrEnum):
    """What an agent is doing, in the words the person sees."""

    WORKING = "working"
    WAITING = "waiting"
    IDLE = "idle"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Mode(StrEnum):
    """How much runs without a person; see the table in docs/risk.md."""

    PLAN = "plan"
    CAREFUL = "careful"
    STANDARD = "standard"


class PaneSummary(Wire):
    """One tmux pane of an agent; `pane_id` is tmux's own (`%3`)."""

    pane_id: str
    title: str = ""
    width: int = 80
    height: int = 24
    dead: bool = False
    exit_status: int | None = None
    recording: bool = False
    """Whether what it prints is being recorded."""
    socket: str = ""
    """Of the person's own server, where it is a pane of that; its id there follows the colon."""

    @property
    def tmux_id(self) -> str:
        """What its server calls it."""
        return self.pane_id.rpartition(":")[2]


class AllowedPane(Wire):
    """A pane of the person's own tmux server that an agent may use; `pane_id` is `own:%3`, say.

    `tmux_id` and `pid` are what that server says, `socket` is where it listens.
    """

    pane_id: str
    socket: str
    tmux_id: str
    pid: int
    program: str = ""
    directory: str = ""


DEMO_MODEL = "tungsten-demo"
"""Id of the built-in scripted model, as its server lists it."""


class InstructionFile(Wire):
    """A project instruction file in force (AGENTS.md, CLAUDE.md); tokens are estimated."""

    path: str
    tokens: int


class Overlap(Wire):
    """A file of a repository that an agent and others have changed within a day."""

    path: str
    """Below the top of the repository."""
    agents: tuple[str, ...]
    """Names of the others."""
    apart: bool
    """Whether in worktrees of their own; else in one tree."""
    at: float
    """When it was last changed."""


class AgentSummary(Wire):
    """All that a list of agents shows about one of them."""

    id: str
    name: str
    directory: str
    kind: Literal["model", "command", "playbook", "mcp"] = "model"
    """Where its steps come from: a model, one program, a playbook, another program over MCP."""
    model: str = ""
    effort: str = ""
    """The effort of its next turn; empty: the model's own."""
    mode: Mode = Mode.STANDARD
    state: AgentState = AgentState.IDLE
    activity: str = ""
    """One line: what it does now, or why it waits, finished or failed."""
    since: float
    """When it entered `state`."""
    created_at: float
    archived: bool = False
    paused: bool = False
    demo: bool = False
    parent: str | None = None
    panes: tuple[PaneSummary, ...] = ()
    allowed_panes: tuple[AllowedPane, ...] = ()
    """Panes of the person's own that it may use."""
    queued: tuple[str, ...] = ()
    """Prompts that wait for the running turn to end."""
    steering: tuple[str, ...] = ()
    """Prompts that it hears within the running turn, before the model's next step."""
    usage: Usage = Usage()
    budget: Budget = Budget()
    over_budget: bool = False
    """Whether its last turn ended because a budget was spent."""
    context_tokens: int = 0
    context_window: int | None = None
    branch: str | None = None
    instructions: tuple[InstructionFile, ...] = ()
    hosted: Hosted | None = None
    """What is known of an agent of another maker; None for all others."""
    wall: bool = False
    """Whether its panes stand behind a wall."""
    last_block: int = 0
    overlaps: tuple[Overlap, ...] = ()
    """Files that it and other agents have changed, the latest first."""

    @property
    def scripted(self) -> bool:
        """Whether the built-in demo model answers, in the demo or elsewhere."""
        return self.demo or (self.kind == "model" and self.model == DEMO_MODEL)

    @property
    def can_fork(self) -> bool:
        """Whether it has a conversation of its own that another one can begin with."""
        return self.kind == "model" and self.parent is None and not self.demo


class SessionSummary(AgentSummary):
    """A session of any time: what a list of agents shows, and what tells it from its namesakes."""

    prompt: str = ""
    """Its first prompt in one line, shortened; empty when nothing was said."""
    forked_from: str = ""
    """Id of the session that it was forked from; empty for most."""
    used_at: float = 0.0
    """When something was last said or done in it, 0 when unknown."""
