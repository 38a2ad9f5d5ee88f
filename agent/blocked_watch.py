"""How long agents waited for the person today, published when one begins to wait or goes on.

Ended waits are read from the journal, so that a new engine knows of them; those that last are the
gates and questions that are open.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from agent.day_watch import DayWatch, day
from agent.hub import Hub
from agent.protocol.blocked import Blocked, BlockedChanged
from agent.protocol.events import (
    AgentRemoved,
    Event,
    GateClosed,
    GateOpened,
    QuestionAsked,
    QuestionClosed,
)
from agent.protocol.snapshot import Snapshot
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

    def _changes(self, event: Event) -> bool:
        return isinstance(
            event, GateOpened | GateClosed | QuestionAsked | QuestionClosed | AgentRemoved
        )

    async def _sum(self) -> None:
        since, _ = day(self._clock())
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
