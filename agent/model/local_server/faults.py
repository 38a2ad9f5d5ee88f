"""Failures on command: each request to `/v1/messages` takes the next fault off the queue."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

FaultKind = Literal[
    "rate_limited",
    "overloaded",
    "server_error",
    "no_answer",
    "slow_tokens",
    "dropped_stream",
    "stream_error",
    "no_message_stop",
    "truncated_input",
    "malformed_input",
    "malformed_event",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure.

    `retry_after` (seconds) belongs to `rate_limited` and `overloaded`; `delay` (seconds before
    every event) to `slow_tokens`; `after` to the stream faults: how many events are sent first.
    """

    kind: FaultKind
    retry_after: float | None = None
    delay: float = 0.05
    after: int = 3
    error_type: str = "overloaded_error"


class Faults:
    """A queue of faults; an empty queue means that all is well."""

    def __init__(self, *faults: Fault) -> None:
        self._queue: deque[Fault | None] = deque(faults)

    def add(self, fault: Fault | None, times: int = 1) -> None:
        """Append a fault, or None for a request that is answered as it should be."""
        self._queue.extend([fault] * times)

    def take(self) -> Fault | None:
        """The fault of the next request."""
        return self._queue.popleft() if self._queue else None

    def __len__(self) -> int:
        return len(self._queue)
