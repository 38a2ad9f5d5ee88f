"""A look at the file from outside: changes nothing, makes nothing, migrates nothing."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from pathlib import Path

from memory.connection import explain, require_regular
from memory.errors import DatabaseTooNew, DatabaseUnfinished, DatabaseUnreadable
from memory.migrate import APPLICATION_ID, migrations

_STEPS = 10_000
"""Virtual machine instructions between two looks at the clock: well below 10 ms."""


async def inspect(path: Path, *, seconds: float = 2.0) -> None:
    """Check that the file at `path` is ours, readable, not too new and, in the time given, whole.

    A file too large to be looked over in `seconds` passes when no damage was found so far.

    Raises:
        StorageError: what is wrong with it, in one line.
    """
    await asyncio.to_thread(_inspect, path, seconds)


def _inspect(path: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    # Where there is none, SQLite says so.
    with contextlib.suppress(OSError):
        require_regular(path, path.stat())
    try:
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=seconds)
    except sqlite3.Error as error:
        raise explain(error, path) from error
    try:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
        newest = migrations()[-1][0]
        owner = int(db.execute("PRAGMA application_id").fetchone()[0])
        if owner != APPLICATION_ID:
            tables = int(db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0])
            if owner or version or tables:
                raise DatabaseUnreadable(path, "it is another program's database")
            raise DatabaseUnfinished(path)
        if version > newest:
            raise DatabaseTooNew(path, version, newest)
        db.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS)
        found = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
        if found != "ok":
            raise DatabaseUnreadable(path, found.splitlines()[-1])
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_INTERRUPT:
            raise explain(error, path) from error
    finally:
        db.close()
