"""What an agent writes of its own use: the transcript that its hook names, read as it grows.

The name of the file is what a hook said: so only a regular file is read, without waiting for it,
and nothing of it is kept but numbers.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

AT_ONCE = 4_000_000
"""Bytes that are read at a time; a longer line is left out."""


@dataclass(slots=True)
class Spent:
    """What one conversation has used so far.

    Attributes:
        sent: input tokens of each message by its id, whether a cache had them or not.
        received: output tokens of each.
        cost: US dollars, as the agent itself names it; None where it names none.
    """

    sent: dict[str, int] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)
    cost: float | None = None

    @property
    def tokens(self) -> int:
        """All of them."""
        return sum(self.sent.values()) + sum(self.received.values())


@dataclass(frozen=True, slots=True)
class Entries:
    """How one kind of agent writes what it used.

    Attributes:
        marks: one of these stands in every line that tells it.
        take: adds what such a line says.
    """

    marks: tuple[bytes, ...]
    take: Callable[[Mapping[str, Any], Spent], None]


class Transcript:
    """The file of one conversation, JSON lines that only become more.

    Args:
        path: as the agent's hook names it.
        entries: how its lines are read.
    """

    def __init__(self, path: Path, entries: Entries) -> None:
        self.path = path
        self.spent = Spent()
        self._entries = entries
        self._read = 0
        """Bytes that were read."""

    def read_on(self) -> bool:
        """Read what was written since; says whether that told anything. Blocks for the disk."""
        before = (self.spent.tokens, self.spent.cost)
        with suppress(OSError, ValueError):
            # A pipe that nobody writes to would be waited for.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                if stat.S_ISREG(os.fstat(descriptor).st_mode):
                    while self._take(os.pread(descriptor, AT_ONCE, self._read)):
                        pass
            finally:
                os.close(descriptor)
        return (self.spent.tokens, self.spent.cost) != before

    def _take(self, part: bytes) -> bool:
        """Take the whole lines of what was read; False where that is no more than a part of one."""
        end = part.rfind(b"\n") + 1
        if not end:
            # What is not whole yet is read again.
            self._read += len(part) if len(part) == AT_ONCE else 0
            return len(part) == AT_ONCE
        self._read += end
        for line in part[:end].splitlines():
            if any(mark in line for mark in self._entries.marks):
                with suppress(ValueError, RecursionError):
                    said = json.loads(line)
                    if isinstance(said, dict):
                        self._entries.take(said, self.spent)
        return True


def number(value: object, *names: str) -> int:
    """The sum of these fields, those that are counts."""
    found = [value.get(name) for name in names] if isinstance(value, Mapping) else []
    return sum(each for each in found if isinstance(each, int) and each > 0)
