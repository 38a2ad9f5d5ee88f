"""Today's totals of tokens and money, published when an agent's own figures change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from agent.hub import Hub
from agent.protocol.events import AgentChanged, Event, UsageChanged
from agent.protocol.usage import Usage
from memory.database import Database
from memory.errors import StorageError
from memory.usage import UsageTotals

log = logging.getLogger(__name__)


class UsageWatch:
    """Publishes `UsageChanged` from the log on disk, so that nothing is counted twice.

    At midnight, local time, the figures begin anew.
    """

    def __init__(self, database: Database, hub: Hub, *, clock: Callable[[], float]) -> None:
        self._database = database
        self._hub = hub
        self._clock = clock
        self._known: dict[str, Usage] = {}
        self._midnight: asyncio.TimerHandle | None = None
        self._summing: asyncio.Task[None] | None = None
        self._again = False
        self._unlisten: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Publish today's figures and keep them current."""
        self._unlisten = self._hub.listen(self._heard)
        await self._sum()

    async def close(self) -> None:
        """Stop watching."""
        self._unlisten()
        if self._midnight is not None:
            self._midnight.cancel()
        summing, self._summing = self._summing, None
        if summing is not None:
            summing.cancel()
            await asyncio.gather(summing, return_exceptions=True)

    def _heard(self, event: Event) -> None:
        if not isinstance(event, AgentChanged):
            return
        if self._known.get(event.agent.id, Usage()) != event.agent.usage:
            self._known[event.agent.id] = event.agent.usage
            self._wake()

    def _wake(self) -> None:
        self._again = True
        if self._summing is None or self._summing.done():
            self._summing = asyncio.create_task(self._keep_summing())

    async def _keep_summing(self) -> None:
        while self._again:
            self._again = False
            await self._sum()

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
        if self._midnight is not None:
            self._midnight.cancel()
            self._midnight = None
        if usage.requests:
            loop = asyncio.get_running_loop()
            self._midnight = loop.call_later(max(until - now, 0.0) + 0.05, self._wake)


def usage_of(totals: UsageTotals) -> Usage:
    """Sums of the log as front ends are told them."""
    return Usage(**{name: getattr(totals, name) for name in Usage.model_fields})


def day(moment: float) -> tuple[float, float]:
    """The local day around a moment as seconds since the epoch: its start and its end."""
    start = datetime.fromtimestamp(moment).replace(hour=0, minute=0, second=0, microsecond=0)
    return start.timestamp(), (start + timedelta(days=1)).timestamp()
