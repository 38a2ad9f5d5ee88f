"""AutoDream's gates as front ends show them: looked at when something happened or is due."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from agent.hub import Hub
from agent.protocol import (
    AgentChanged,
    AgentRemoved,
    AgentState,
    DreamChanged,
    DreamGate,
    DreamStatus,
    Event,
)
from agent.settings import Dream
from memory.database import Database
from memory.dream.gates import AT_WORK, DreamGates, DreamState
from memory.errors import StorageError

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.1
"""How long changes of agents are gathered before the rows are asked."""


class DreamWatch:
    """Publishes `DreamChanged` whenever a gate opens, closes or shows another text.

    The rows are asked when an agent comes, goes or changes state, and at the very moment at which
    the gates say that they change by themselves; there is no other timer.
    """

    def __init__(
        self, database: Database, hub: Hub, settings: Dream, *, clock: Callable[[], float]
    ) -> None:
        self._gates = gates_of(database, settings, clock)
        self._mode = settings.mode
        self._hub = hub
        self._clock = clock
        self._states: dict[str, AgentState] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._looking: asyncio.Task[None] | None = None
        self._soon: asyncio.TimerHandle | None = None
        self._unlisten: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Publish the first status and keep it current."""
        self._unlisten = self._hub.listen(self._heard)
        await self._look()

    async def close(self) -> None:
        """Stop watching."""
        self._unlisten()
        for timer in (self._timer, self._soon):
            if timer is not None:
                timer.cancel()
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    def _heard(self, event: Event) -> None:
        if isinstance(event, AgentChanged):
            if self._states.get(event.agent.id) != event.agent.state:
                self._states[event.agent.id] = event.agent.state
                self._wake()
        elif isinstance(event, AgentRemoved):
            self._states.pop(event.agent_id, None)
            self._wake()

    def _wake(self) -> None:
        """Look soon: what happens together is looked at once."""
        if self._soon is None:
            loop = asyncio.get_running_loop()
            self._soon = loop.call_later(GATHER_SECONDS, self._start_looking)

    def _start_looking(self) -> None:
        self._soon = None
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        else:
            self._wake()

    async def _look(self) -> None:
        try:
            state = await self._gates.status()
        except StorageError as error:
            log.warning("the dream gates cannot be read: %s", error)
            return
        status = as_status(state, self._mode)
        states = set(self._states.values())
        if AgentState.WAITING in states and AgentState.WORKING not in states:
            # The store knows that a turn is open, not that it stands still.
            told = status.why_not.replace(AT_WORK, "an agent waits for you")
            status = status.model_copy(update={"why_not": told})
        if _shown(status) != _shown(self._hub.snapshot().dream):
            self._hub.publish(DreamChanged(dream=status))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if state.next_change_at is not None:
            # A little late rather than early: asked too soon, the gates would name this moment
            # once more.
            wait = max(state.next_change_at - self._clock(), 0.0) + 0.05
            self._timer = asyncio.get_running_loop().call_later(wait, self._wake)


def gates_of(database: Database, settings: Dream, clock: Callable[[], float]) -> DreamGates:
    """The gates with the thresholds of the settings."""
    return DreamGates(
        database,
        clock=clock,
        idle_seconds=settings.idle_minutes * 60,
        gap_seconds=settings.gap_hours * 3600,
        sessions=settings.sessions,
        gap=settings.gap,
        mode=settings.mode,
    )


def _shown(status: DreamStatus) -> tuple[object, ...]:
    """What a person would notice of a status: not the fractions that move all the time."""
    gates = tuple((gate.name, gate.open, gate.text) for gate in status.gates)
    return status.mode, status.phase, status.why_not, status.last_dream_at, gates


def as_status(state: DreamState, mode: str) -> DreamStatus:
    """The gates in the words of the wire."""
    gates = tuple(
        DreamGate(
            name=gate.name,
            open=gate.open,
            value=gate.value,
            needed=gate.needed,
            unit=gate.unit,
            text=gate.text,
        )
        for gate in state.gates
    )
    return DreamStatus.model_validate(
        {
            "mode": mode,
            "gates": gates,
            "phase": "waiting" if state.why_not else "ready",
            "why_not": state.why_not,
            "last_dream_at": state.last_dream_at,
        }
    )
