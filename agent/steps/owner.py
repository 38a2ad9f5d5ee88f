"""What taking steps needs to know of the agent on whose behalf they are taken."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from agent.protocol.agents import Mode
from agent.protocol.gates import Gate
from agent.risk import Risk


class Owner(Protocol):
    """The agent on whose behalf steps are taken."""

    id: str
    directory: Path

    @property
    def name(self) -> str:
        """What the person calls it."""

    @property
    def mode(self) -> Mode:
        """How much runs without a person, now."""

    @property
    def ceiling(self) -> Risk | None:
        """What goes to a person in every mode when it is above this; None without such a level."""

    @property
    def closing(self) -> bool:
        """Whether the engine is about to end, so that nothing may be tidied up."""

    async def hold(self) -> None:
        """Return when agents may act; waits while they are paused."""

    async def waiting(self, gate: Gate | None, *, doing: str | None = None) -> None:
        """Told when a gate of this agent opens, and with None when it is decided.

        Then also what it does now, where that is no longer what was asked about.
        """
