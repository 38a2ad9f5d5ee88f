"""Several agents whose requests begin alike: one goes ahead, the others read what it cached.

What a request writes into the prompt cache can be read once its answer begins ("A cache entry
becomes available after the first response begins", prompt caching documentation). Requests sent
together would each write it, and each be charged for that.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

LIFETIME = 3300.0
"""Seconds for which a prefix counts as cached since it was last read: the system prompt is cached
for an hour, and a request takes a while to arrive."""


class Going:
    """A request on its way; told how it fares."""

    def __init__(
        self,
        began: Callable[[], None] = lambda: None,
        passed_on: Callable[[], None] = lambda: None,
    ) -> None:
        self.began = began
        """To be called when its answer begins: the prefix is cached now."""
        self.passed_on = passed_on
        """To be called when it fails or has to be repeated: another one may go ahead."""


class SharedPrefixes:
    """The prefixes that agents of this engine share, by any key that names one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._cached: dict[str, float] = {}
        self._ahead: dict[str, asyncio.Future[None]] = {}

    @contextlib.asynccontextmanager
    async def going(self, key: str) -> AsyncIterator[Going]:
        """Wait until a request with this prefix may go: at once when it is cached, or as the first.

        However the request ends, those that wait are let go on.
        """
        while not self._is_cached(key) and (ahead := self._ahead.get(key)) is not None:
            await asyncio.wait({ahead})
        mine: asyncio.Future[None] | None = None
        if not self._is_cached(key):
            mine = self._ahead[key] = asyncio.get_running_loop().create_future()

        def passed_on() -> None:
            if mine is not None and not mine.done():
                del self._ahead[key]
                mine.set_result(None)

        def began() -> None:
            self._cached[key] = self._clock()
            passed_on()

        try:
            yield Going(began, passed_on)
        finally:
            passed_on()

    def _is_cached(self, key: str) -> bool:
        return self._clock() - self._cached.get(key, -LIFETIME) < LIFETIME
