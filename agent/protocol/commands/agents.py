"""Commands that make agents, change them and end them."""

from __future__ import annotations

from typing import Literal

from agent.protocol.agents import Mode
from agent.protocol.usage import Budget
from agent.protocol.wire import Wire


class CreateAgent(Wire):
    """Start an agent. `command` makes it a program in a pane instead of a model.

    `profile` names the agent of another maker that the program is; a known one is recognised by
    its command, and without a command started as its profile says.

    Result: `{"agent_id": str}`.
    """

    type: Literal["create_agent"] = "create_agent"
    name: str = ""
    directory: str
    model: str = ""
    command: str = ""
    profile: str = ""
    prompt: str = ""
    mode: Mode | None = None
    """None: careful in a directory that is not trusted yet, standard otherwise."""
    kind: Literal["model", "mcp"] = "model"
    """`mcp`: no model; another program gives it its steps with `UseTool`."""
    wall: bool | None = None
    """Whether its panes stand behind a wall; None: as the settings say."""
    worktree: bool | None = None
    """Whether it gets a git worktree of its own; None: as the settings say, in a repository."""
    budget: Budget = Budget()


class ReadDefaultMode(Wire):
    """Ask which mode an agent gets that is started in a directory with none named.

    Result: `{"mode": Mode, "because": "settings" | "trusted" | "untrusted", "wall": bool,
    "worktree": bool}`; the last two as the settings say. Behind a wall there is no worktree.
    """

    type: Literal["read_default_mode"] = "read_default_mode"
    directory: str


class RenameAgent(Wire):
    """Give an agent another name."""

    type: Literal["rename_agent"] = "rename_agent"
    agent_id: str
    name: str


class SetMode(Wire):
    """Change how much an agent may do without a person."""

    type: Literal["set_mode"] = "set_mode"
    agent_id: str
    mode: Mode


class SetBudget(Wire):
    """Put a budget in the place of an agent's; it counts from its next request to the model.

    The result's `spent` says why it allows none; empty when it does.
    """

    type: Literal["set_budget"] = "set_budget"
    agent_id: str
    budget: Budget


class SetEffort(Wire):
    """Change the effort of an agent's next turns.

    Result: `{"told": str}`, one line: from when on, and what that costs.
    """

    type: Literal["set_effort"] = "set_effort"
    agent_id: str
    level: Literal["low", "medium", "high", "xhigh", "max"]


class SetPaused(Wire):
    """Hold every agent before its next step, or let them go."""

    type: Literal["set_paused"] = "set_paused"
    paused: bool


class StopAgent(Wire):
    """End an agent's turn and its panes; the reply comes when its processes are gone."""

    type: Literal["stop_agent"] = "stop_agent"
    agent_id: str


class ArchiveAgent(Wire):
    """Stop an agent and take it off the list; its session stays on disk."""

    type: Literal["archive_agent"] = "archive_agent"
    agent_id: str


class ResumeAgent(Wire):
    """Bring an archived or stopped agent's session back."""

    type: Literal["resume_agent"] = "resume_agent"
    agent_id: str


class ListSessions(Wire):
    """Result: `{"sessions": [SessionSummary, …]}`, archived ones too, the last used first."""

    type: Literal["list_sessions"] = "list_sessions"
