"""Figures of today: summed anew when an event may have changed them, and at midnight."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from agent.hub import Hub
from agent.protocol.events import Event


class DayWatch(ABC):
    """Keeps one figure of a local day current: one sum at a time, one more for what came since."""

    def __init__(self, hub: Hub, *, clock: Callable[[], float]) -> None:
        self._hub = hub
        self._clock = clock
        self._midnight: asyncio.TimerHandle | None = None
        self._summing: asyncio.Task[None] | None = None
        self._again = False
        self._unlisten: Callable[[], None] = lambda: None

    @abstractmethod
    def _changes(self, event: Event) -> bool:
        """Whether an event may have changed the figure."""

    @abstractmethod
    async def _sum(self) -> None:
        """Add up, and publish what differs from what was published."""

    async def start(self) -> None:
        """Publish today's figure and keep it current."""
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
        if self._changes(event):
            self._wake()

    def _wake(self) -> None:
        self._again = True
        if self._summing is None or self._summing.done():
            self._summing = asyncio.create_task(self._keep_summing())

    async def _keep_summing(self) -> None:
        while self._again:
            self._again = False
            await self._sum()

    def _begin_anew(self, seconds: float | None) -> None:
        """Sum again once the day is over, in so many seconds; None where nothing would change."""
        if self._midnight is not None:
            self._midnight.cancel()
            self._midnight = None
        if seconds is not None:
            loop = asyncio.get_running_loop()
            self._midnight = loop.call_later(max(seconds, 0.0) + 0.05, self._wake)


def day(moment: float) -> tuple[float, float]:
    """The local day around a moment as seconds since the epoch: its start and its end."""
    # Without the fold of the moment: where midnight comes twice, the day begins with the first.
    start = datetime.combine(date.fromtimestamp(moment), time.min)
    return start.timestamp(), (start + timedelta(days=1)).timestamp()
