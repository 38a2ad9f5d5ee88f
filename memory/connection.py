"""One connection to the file: whole units of work, run in its thread, each a transaction.

A unit is a plain function of a `sqlite3.Connection`. It runs from BEGIN to COMMIT in the
connection's thread without going back to the event loop, so that no other coroutine gets between
its statements and no cancellation leaves a transaction open.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import sqlite3
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import aiosqlite

from memory.errors import (
    DatabaseClosed,
    DatabaseLocked,
    DatabaseReadOnly,
    DatabaseUnreadable,
    DiskFull,
    FileGone,
    InvalidRecord,
    QueryRefused,
    StorageError,
)
from memory.migrate import migrate

T = TypeVar("T")

BUSY_SECONDS = 5.0
"""How long a statement waits for another process's lock."""

MODE = 0o600
"""Permissions of the file; SQLite gives its -wal and -shm files the same."""

ROOM = 64 * 1024
"""Bytes: a disk without this much is full; SQLite's -shm file grows by 32 KiB (sqlite.org/wal)."""

_RETRY_SECONDS = 0.02

_ASKED_TOO_MUCH = re.compile(
    r"too (?:big|large|long|many|complex)|parser stack overflow|^fts5: |integer overflow"
)
"""What SQLite says of a question beyond its limits (sqlite.org/limits), not of the file."""


class _Thread(aiosqlite.Connection):
    """aiosqlite's connection and thread, with a door for a whole unit of work."""

    async def run(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        result: T = await self._execute(unit, self._conn)  # type: ignore[no-untyped-call]
        return result


class Connection:
    """The open file; made by `connect`."""

    def __init__(self, path: Path, thread: _Thread, identity: tuple[int, int]) -> None:
        self.path = path
        self.before_write: Callable[[], None] = self.require_in_place
        """Called before each write; what it raises keeps the write from happening."""
        self._thread = thread
        self._identity = identity
        self._open = True

    @classmethod
    async def connect(cls, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> Connection:
        """Open and migrate the file at `path`, making it (mode 0600) when there is none.

        Raises:
            StorageError: DatabaseLocked, DatabaseTooNew, DatabaseUnreadable, DatabaseReadOnly or
                DiskFull; the file is never removed or replaced.
        """
        identity = await asyncio.to_thread(_make, path)
        thread = _Thread(lambda: _connect(path, busy_seconds), 64)
        try:
            await thread
            await thread.run(lambda db: _prepare(db, path, busy_seconds))
        except BaseException as error:
            await thread.close()
            if isinstance(error, sqlite3.Error):
                raise explain(error, path) from error
            raise
        return cls(path, thread, identity)

    async def read(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        """Run `unit` on one consistent view of the file."""
        return await self._run(unit, "BEGIN")

    async def write(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        """Run `unit` as one write: all of it is in the file when this returns, or none of it.

        A caller that is cancelled while it waits learns what was written all the same, and of the
        cancellation at its next await: what it knows must not differ from what is in the file.
        """
        self.before_write()
        writing = asyncio.ensure_future(self._run(unit, "BEGIN IMMEDIATE"))
        cancelled = False
        while not writing.done():
            try:
                await asyncio.wait({writing})
            except asyncio.CancelledError:
                cancelled = True
        task = asyncio.current_task()
        if cancelled and task is not None:
            # Asked for once, as before: who counts cancellations is not to count one more.
            task.uncancel()
            task.cancel()
        return writing.result()

    def require_in_place(self) -> None:
        """Look whether the open file is still the one at its path; takes microseconds.

        Raises:
            FileGone: it is not.
        """
        try:
            found = os.stat(self.path)  # noqa: PTH116 - half the time of pathlib's
        except OSError as error:
            raise FileGone(self.path) from error
        if (found.st_dev, found.st_ino) != self._identity:
            raise FileGone(self.path)

    async def scrub(self) -> None:
        """Empty the write-ahead log, which still holds removed text, as far as readers allow."""
        await self._call(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall())

    async def check(self) -> None:
        """Look for damage in the whole file.

        Raises:
            DatabaseUnreadable: with the first thing that SQLite found.
        """
        found = await self._call(lambda db: str(db.execute("PRAGMA quick_check(1)").fetchone()[0]))
        if found != "ok":
            raise DatabaseUnreadable(self.path, found.splitlines()[-1])

    async def close(self) -> None:
        """Finish what was asked for and close the file; closing twice does nothing."""
        if self._open:
            self._open = False
            await self._thread.close()

    async def _run(self, unit: Callable[[sqlite3.Connection], T], begin: str) -> T:
        def transaction(db: sqlite3.Connection) -> T:
            db.execute(begin)
            try:
                result = unit(db)
                db.execute("COMMIT")
            except BaseException:
                # SQLite undoes a transaction itself when the disk is full.
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            return result

        return await self._call(transaction)

    async def _call(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        if not self._open:
            raise DatabaseClosed(self.path)
        try:
            return await self._thread.run(unit)
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise explain(error, self.path) from error
        except OverflowError as error:
            raise InvalidRecord("a number is larger than the store takes") from error


def explain(error: sqlite3.Error | UnicodeEncodeError, path: Path) -> StorageError:
    """Say what SQLite's `error` means for the person (result codes: sqlite.org/rescode.html)."""
    if isinstance(error, UnicodeEncodeError):
        return InvalidRecord("the text holds half of a surrogate pair, which is not UTF-8")
    primary = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    match primary:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return DatabaseLocked(path)
        case sqlite3.SQLITE_FULL:
            return DiskFull(path)
        case sqlite3.SQLITE_IOERR if _no_room(path.parent):
            # So it says when no room was left for the -shm file, and for some writes.
            return DiskFull(path)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return DatabaseReadOnly(path)
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_AUTH:
            return DatabaseUnreadable(path, "it cannot be opened")
        case sqlite3.SQLITE_CONSTRAINT:
            return InvalidRecord(str(error))
        case sqlite3.SQLITE_ERROR | sqlite3.SQLITE_TOOBIG if _ASKED_TOO_MUCH.search(str(error)):
            return QueryRefused(str(error))
        case _:
            return DatabaseUnreadable(path, str(error))


def _no_room(directory: Path) -> bool:
    """Whether nothing of some size can be written there; quotas show in no figure of free space."""
    try:
        with tempfile.TemporaryFile(dir=directory) as probe:
            probe.write(bytes(ROOM))
    except OSError as error:
        return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return False


def require_regular(path: Path, found: os.stat_result) -> None:
    """Look whether a database can be there at all.

    Raises:
        DatabaseUnreadable: it is a pipe, a device, a socket or a directory.
    """
    if not stat.S_ISREG(found.st_mode):
        raise DatabaseUnreadable(path, "it is not a regular file")


def _make(path: Path) -> tuple[int, int]:
    """Make the file if there is none; gives its device and inode."""
    try:
        # A pipe of that name would hold whoever opens it.
        flags = os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path, flags, MODE)
        try:
            found = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        require_regular(path, found)
        return found.st_dev, found.st_ino
    except PermissionError as error:
        raise DatabaseReadOnly(path) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(path) from error
        if error.errno == errno.EROFS:
            raise DatabaseReadOnly(path) from error
        raise DatabaseUnreadable(path, error.strerror or str(error)) from error


def _connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=busy_seconds, isolation_level=None)


def _prepare(db: sqlite3.Connection, path: Path, busy_seconds: float) -> None:
    _write_ahead(db, busy_seconds)
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA recursive_triggers = ON")
    # What is removed for privacy is overwritten with zeros, not merely unlinked.
    db.execute("PRAGMA secure_delete = ON")
    # A decision or a "started" must outlast a power cut, not only a crash.
    db.execute("PRAGMA synchronous = FULL")
    migrate(db, path)


def _write_ahead(db: sqlite3.Connection, busy_seconds: float) -> None:
    """Switch to write-ahead logging; SQLite does not wait by itself when two processes do so."""
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() >= deadline:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return
