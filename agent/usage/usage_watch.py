"""Today's totals of tokens and money, published when an agent's own figures change."""

from __future__ import annotations

import logging
from collections.abc import Callable

from agent.hub import Hub
from agent.protocol.events import AgentChanged, Event, UsageChanged
from agent.protocol.usage import Usage
from agent.usage.day_watch import DayWatch, day
from memory.database import Database
from memory.errors import StorageError
from memory.usage import UsageTotals

log = logging.getLogger(__name__)


class UsageWatch(DayWatch):
    """Publishes `UsageChanged` from the log on disk, so that nothing is counted twice."""

    def __init__(self, database: Database, hub: Hub, *, clock: Callable[[], float]) -> None:
        super().__init__(hub, clock=clock)
        self._database = database
        self._known: dict[str, Usage] = {}

    def _changes(self, event: Event) -> bool:
        if not isinstance(event, AgentChanged):
            return False
        known = self._known.get(event.agent.id, Usage())
        self._known[event.agent.id] = event.agent.usage
        return known != event.agent.usage

    async def _sum(self) -> None:
        now = self._clock()
        since, until = day(now)
        try:
            totals = await self._database.usage.totals(since)
        except StorageError as error:
            log.warning("the usage cannot be read: %s", error)
            return
        usage = usage_of(totals)
        if usage != self._hub.snapshot().usage_today:
            self._hub.publish(UsageChanged(usage_today=usage))
        self._begin_anew(until - now if usage.requests else None)


def usage_of(totals: UsageTotals) -> Usage:
    """Sums of the log as front ends are told them."""
    return Usage(**{name: getattr(totals, name) for name in Usage.model_fields})
