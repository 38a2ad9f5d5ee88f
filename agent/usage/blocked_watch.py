"""How long agents waited for the person today, published when one begins to wait or goes on.

Ended waits are read from the journal, so that a new engine knows of them; those that last are the
gates and questions that are open, and the agents of other makers that wait in their own terminals.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from agent.hub import Hub
from agent.protocol.agents import AgentSummary
from agent.protocol.blocked import Blocked, BlockedChanged
from agent.protocol.events import (
    AgentChanged,
    AgentRemoved,
    Event,
    GateClosed,
    GateOpened,
    QuestionAsked,
    QuestionClosed,
)
from agent.protocol.snapshot import Snapshot
from agent.usage.day_watch import DayWatch, day
from memory.database import Database
from memory.errors import StorageError
from memory.journal import Wait

log = logging.getLogger(__name__)


class BlockedWatch(DayWatch):
    """Publishes `BlockedChanged`."""

    def __init__(self, database: Database, hub: Hub, *, clock: Callable[[], float]) -> None:
        super().__init__(hub, clock=clock)
        self._database = database
        self._ended: list[Wait] = []
        """Waits that ended today."""
        self._read = 0
        """Sequence number in the journal of the last of them."""
        self._since = 0.0
        """When the day began that they were read for."""
        self._hosted: set[str] = set()
        """Agents of other makers that wait."""

    async def start(self) -> None:
        """Publish today's figure and keep it current; without an engine nobody was waited for."""
        try:
            await self._database.journal.end_waits_left()
        except StorageError as error:
            log.warning("waits that an earlier engine left cannot be ended: %s", error)
        await super().start()

    def _changes(self, event: Event) -> bool:
        if isinstance(event, AgentChanged):
            return event.agent.hosted is not None and self._turns(event.agent)
        return isinstance(
            event, GateOpened | GateClosed | QuestionAsked | QuestionClosed | AgentRemoved
        )

    def _turns(self, agent: AgentSummary) -> bool:
        """Whether an agent of another maker begins to wait just now, or goes on."""
        known, waits = agent.id in self._hosted, waits_itself(agent)
        (self._hosted.add if waits else self._hosted.discard)(agent.id)
        return known is not waits

    async def _sum(self) -> None:
        since, _ = day(self._clock())
        if since < self._since:
            # The clock was set back: what that day had is not known any more.
            self._ended, self._read = [], 0
        self._since = since
        try:
            ended, self._read = await self._database.journal.waits(since, self._read)
        except StorageError as error:
            log.warning("the time that agents waited cannot be read: %s", error)
            return
        now = self._clock()
        since, until = day(now)
        self._ended = [wait for wait in [*self._ended, *ended] if wait.until > since]
        lasting = list(waits_at(self._hub.snapshot(), now))
        found = Blocked(
            seconds=added_up([*self._ended, *lasting], since, now),
            at=now,
            waiting=len({wait.session_id for wait in lasting}),
        )
        known = self._hub.snapshot().blocked_today
        if (found.seconds, found.waiting) != (known.seconds, known.waiting):
            self._hub.publish(BlockedChanged(blocked_today=found))
        self._begin_anew(until - now if found.seconds or found.waiting else None)


def waits_at(snapshot: Snapshot, now: float) -> Iterator[Wait]:
    """What agents wait for now; what a person wants to do themselves holds up no agent."""
    for gate in snapshot.gates:
        if gate.actor == "agent":
            yield Wait(gate.agent_id, gate.opened_at, now)
    for question in snapshot.questions:
        yield Wait(question.agent_id, question.asked_at, now)
    for agent in snapshot.agents:
        if waits_itself(agent):
            yield Wait(agent.id, agent.since, now)


def waits_itself(agent: AgentSummary) -> bool:
    """Whether an agent of another maker waits for the person in its own terminal."""
    hosted = agent.hosted
    waits = hosted is not None and bool(hosted.kind) and not hosted.passing
    return waits and agent.state == "waiting"


def added_up(waits: Iterable[Wait], since: float, until: float) -> float:
    """Seconds between `since` and `until` in which agents waited, added up over agents.

    Waits of one agent that overlap count once.
    """
    total = 0.0
    ordered = sorted(waits, key=lambda wait: (wait.session_id, wait.since))
    for _, of_one in groupby(ordered, key=attrgetter("session_id")):
        reached = since
        for wait in of_one:
            end = min(wait.until, until)
            total += max(0.0, end - max(wait.since, reached))
            reached = max(reached, end)
    return total
