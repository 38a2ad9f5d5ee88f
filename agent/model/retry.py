"""When a failed model request is asked again, and how long that waits."""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Bounds of the patience with one request. Times are in seconds.

    `answers` counts repeats after 408, 409, 429 and 5xx, `connections` after no answer at all, and
    `breaks` restarts of a response that had begun. A wait doubles from `first_delay` to
    `longest_delay`; a server's own `retry-after` is obeyed up to `longest_wait`.
    """

    answers: int = 9
    connections: int = 3
    breaks: int = 3
    first_delay: float = 0.5
    longest_delay: float = 30.0
    longest_wait: float = 60.0

    def delay(self, repeat: int, headers: Mapping[str, str] | None = None) -> float:
        """Say how long to wait before repeat number `repeat` (from 1)."""
        asked = retry_after(headers or {})
        if asked is not None:
            return min(asked, self.longest_wait)
        doubled: float = self.first_delay * 2.0 ** min(repeat - 1, 20)
        # A quarter of jitter keeps agents that failed together from coming back together.
        return min(doubled, self.longest_delay) * (1 - 0.25 * random.random())  # noqa: S311


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read `retry-after-ms` or `retry-after` (seconds or an HTTP date, RFC 9110 §10.2.3)."""
    try:
        return max(float(headers["retry-after-ms"]) / 1000, 0.0)
    except (KeyError, ValueError):
        pass
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        date = email.utils.parsedate_tz(value)
        if date is None:
            return None
        seconds = email.utils.mktime_tz(date) - time.time()
    return max(seconds, 0.0) if seconds == seconds else None


def is_worth_repeating(status: int, headers: Mapping[str, str]) -> bool:
    """Whether the same request can succeed later; the server's `x-should-retry` has the last word.

    Source of the list: the SDK's own policy (408, 409, 429 and every 5xx).
    """
    said = headers.get("x-should-retry")
    if said in ("true", "false"):
        return said == "true"
    return status in (408, 409, 429) or status >= 500
