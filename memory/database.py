"""The database of one Tungsten: a single SQLite file, safe for several processes at once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from memory.connection import BUSY_SECONDS, Connection
from memory.directories import Directories
from memory.dream.dreams import Dreams
from memory.journal import Journal
from memory.memories import HoldsSecret, Memories
from memory.remembered import Remembered
from memory.sessions import Sessions
from memory.tree_steps import TreeSteps
from memory.usage import UsageLog

T = TypeVar("T")


class Database:
    """Everything that lasts. Open it once per process; close it, or use `async with`.

    Each method call is one transaction that is either whole in the file or not at all, at
    whatever instant the process ends. A call that writes is not cancelled half-way: it returns, and
    the caller is cancelled at its next await.
    """

    def __init__(
        self,
        connection: Connection,
        clock: Callable[[], float],
        holds_secret: HoldsSecret | None = None,
        embedder: Path | None = None,
    ) -> None:
        self.path = connection.path
        self.sessions = Sessions(connection, clock)
        self.journal = Journal(connection, clock)
        self.usage = UsageLog(connection, clock)
        self.directories = Directories(connection, clock)
        self.dreams = Dreams(connection, clock)
        self.memories = Memories(connection, clock, holds_secret, embedder)
        self.remembered = Remembered(connection)
        self.tree_steps = TreeSteps(connection, clock)
        self._connection = connection

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        busy_seconds: float = BUSY_SECONDS,
        holds_secret: HoldsSecret | None = None,
        embedder: Path | None = None,
    ) -> Database:
        """Open the file at `path`, making or migrating it as needed.

        Args:
            path: the file; its directory must exist.
            clock: seconds since the epoch, used for every time that is recorded.
            busy_seconds: how long to wait for a lock that another process holds.
            holds_secret: says whether a text holds a secret; without it no memory is written.
            embedder: directory of a model that has a say in what is recalled; see
                `memory.embedder`.

        Raises:
            DatabaseLocked: another process held the lock for all of `busy_seconds`.
            DatabaseTooNew: a newer version of the program has written the file.
            DatabaseUnreadable: it is damaged or no database of ours; it is left as it is.
            DatabaseReadOnly: it may not be written.
            DiskFull: there is no room to make or migrate it.
        """
        connection = await Connection.connect(path, busy_seconds=busy_seconds)
        return cls(connection, clock, holds_secret, embedder)

    async def check(self) -> None:
        """Have SQLite look over the whole file.

        Raises:
            DatabaseUnreadable: with the first thing it found.
        """
        await self._connection.check()

    async def read(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query of this room that spans several tables, on one consistent view."""
        return await self._connection.read(unit)

    def require_in_place(self) -> None:
        """Look whether the file is still the one that was opened; takes microseconds.

        Raises:
            FileGone: it was deleted or replaced.
        """
        self._connection.require_in_place()

    def before_writes(self, check: Callable[[], None]) -> None:
        """Have `check` called before each write instead; what it raises prevents the write."""
        self._connection.before_write = check

    async def close(self) -> None:
        """Finish pending work and close the file; closing twice does nothing."""
        await self._connection.close()

    async def __aenter__(self) -> Database:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
