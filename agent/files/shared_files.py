"""Files that several agents work on: writes one after the other, and no edit of what was not read.

Reading needs no turn. A write holds the lock of its path from the last look at the file until it is
in place.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from weakref import WeakValueDictionary


class FileLocks:
    """One lock for each file that is being written, by its path without links."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[Path, asyncio.Lock] = WeakValueDictionary()

    def of(self, path: Path) -> asyncio.Lock:
        """Give the lock of a file; the same one as long as somebody holds it or waits for it."""
        return self._locks.setdefault(path, asyncio.Lock())


class Seen:
    """What one agent knows of files: the SHA-256 (hex) of each as it last read or wrote it."""

    def __init__(self) -> None:
        self._known: dict[Path, str] = {}

    def note(self, path: Path, sha256: str) -> None:
        """Remember a file as the agent has just read or written it."""
        self._known[path] = sha256

    def is_stale(self, path: Path, sha256: str) -> bool:
        """Whether a file that the agent has read is another one now."""
        return self._known.get(path, sha256) != sha256
