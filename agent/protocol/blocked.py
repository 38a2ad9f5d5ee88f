"""How long agents have waited for the person."""

from __future__ import annotations

from typing import Literal

from agent.protocol.wire import Wire


class Blocked(Wire):
    """Time that agents waited today for decisions and answers, added up over agents.

    What an agent waits for at the same time counts once. `at` is in seconds since the epoch.
    """

    seconds: float = 0.0
    """Until `at`, from midnight on, local time."""
    at: float = 0.0
    waiting: int = 0
    """Agents that wait at `at`; each adds a second to every second from then on."""

    def by(self, now: float) -> float:
        """Seconds until `now`, as long as nothing else is heard."""
        return self.seconds + self.waiting * max(0.0, now - self.at)

    def minute_change(self, now: float) -> float | None:
        """In how many seconds there is a minute more; None while nobody waits."""
        return (60 - self.by(now) % 60) / self.waiting if self.waiting else None


class BlockedChanged(Wire):
    """Agents began to wait for the person, or wait no longer; or a day began."""

    type: Literal["blocked_changed"] = "blocked_changed"
    blocked_today: Blocked
