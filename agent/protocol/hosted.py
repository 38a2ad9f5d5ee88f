"""What a front end is told of an agent of another maker, and what it asks about one."""

from __future__ import annotations

from typing import Literal

from agent.protocol.wire import Wire


class Spent(Wire):
    """What an agent tells of its own use, in one conversation; nothing of it is reckoned here."""

    tokens: int | None = None
    """Input and output, cached or not; None where it tells none."""
    cost: float | None = None
    """US dollars, as it names them; None where it names none."""
    source: Literal["transcript", "screen"]
    """Where it tells it: the file that its hook names, or its screen."""


class Hosted(Wire):
    """What is known of a hosted agent beside its state."""

    profile: str
    """Name of its profile."""
    title: str
    """What its maker calls it."""
    kind: Literal["", "permission", "question", "login", "other"] = ""
    """What it waits for, while it waits."""
    source: str = ""
    """Whose word its state is: hook, program-status, title, notification, screen or process."""
    reason: str = ""
    """Why it is this state, in one line."""
    passing: bool = False
    """Whether its hook may answer that in a moment, without anybody being asked."""
    spent: Spent | None = None
    """What it tells of its use; None where it tells nothing."""
    adopted: bool = False
    """Whether it runs in the person's own tmux: it is then let go, never ended."""


class ExplainPane(Wire):
    """Say how the state of a hosted pane is known; `pane` is a pane's id or an agent's name.

    Result: `{"text": str}`, several lines.
    """

    type: Literal["explain_pane"] = "explain_pane"
    pane: str
