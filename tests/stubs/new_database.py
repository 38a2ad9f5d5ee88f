"""New databases as copies of one: making the schema is most of what opening a new one costs.

The one is made by the program itself, and whoever opens a copy does all else that is done to a file
that was there before. Tests of making and migrating the file do without.
"""

from __future__ import annotations

import asyncio
import functools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import memory.connection
from memory.database import Database


@functools.cache
def new_database() -> bytes:
    """The file of a database to which nothing was written."""
    with tempfile.TemporaryDirectory(prefix="tg-") as directory:
        path = Path(directory) / "new.db"

        async def make() -> None:
            await (await Database.open(path)).close()

        # Not `asyncio.run`, which would take away the loop of the tests that come after.
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(make())
        finally:
            loop.close()
        return path.read_bytes()


@contextmanager
def copied() -> Iterator[None]:
    """Have whoever opens a database that is not there begin with a copy."""
    make, new = memory.connection._make, new_database()

    def copy(path: Path) -> tuple[int, int]:
        if not path.exists():
            try:
                path.touch(memory.connection.MODE)
                path.write_bytes(new)
            except OSError:
                # Whoever makes it says why it cannot be written.
                path.unlink(missing_ok=True)
        return make(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory.connection, "_make", copy)
        yield
