"""AutoDream at a glance."""

from __future__ import annotations

from typing import Literal

from agent.protocol.wire import Wire


class DreamGate(Wire):
    """One of AutoDream's three gates, computed from real data."""

    name: Literal["idle", "gap", "sessions"]
    open: bool
    value: float
    needed: float
    unit: str
    text: str
    """As the sidebar shows it, for instance `19 h of 24`."""


class DreamStatus(Wire):
    """AutoDream at a glance."""

    mode: Literal["off", "recall", "manual", "auto"] = "auto"
    gates: tuple[DreamGate, ...] = ()
    phase: Literal["waiting", "ready", "orient", "gather", "consolidate", "prune"] = "waiting"
    """The last four are those of a dream that runs."""
    progress: float = 0.0
    """Which part of a running dream is done, 0 to 1."""
    why_not: str = ""
    last_dream_at: float | None = None
    last_result: str = ""
    """What the last dream did, in a few words, and when; empty when there was none."""

    @property
    def runs(self) -> bool:
        """Whether a dream runs now."""
        return self.phase not in ("waiting", "ready")
