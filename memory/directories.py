"""Directories that the person trusts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from memory.connection import Connection

Paths: TypeAlias = list[Path]


class Directories:
    """The trusted directories of a database; paths are resolved, so links do not matter."""

    def __init__(self, connection: Connection, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._clock = clock

    async def trust(self, path: Path) -> None:
        """Trust a directory and, when it is the top of a git work tree, all of that, from now."""
        await self._connection.write(
            lambda db: (
                db.execute(
                    "INSERT INTO trusted_directories VALUES (?, ?) ON CONFLICT (path) "
                    "DO UPDATE SET trusted_at = excluded.trusted_at",
                    (str(path.resolve()), self._clock()),
                ).rowcount
            )
        )

    async def distrust(self, path: Path) -> None:
        """Trust a directory no longer."""
        await self._connection.write(
            lambda db: (
                db.execute(
                    "DELETE FROM trusted_directories WHERE path = ?", (str(path.resolve()),)
                ).rowcount
            )
        )

    async def is_trusted(self, path: Path) -> bool:
        """Whether a directory, or the top of the git work tree around it, is trusted."""
        return await self.trusted_since(path) is not None

    async def trusted_since(self, path: Path) -> float | None:
        """When the person last said that they trust it, in seconds since the epoch, or None."""

        def unit(db: sqlite3.Connection) -> float | None:
            resolved = path.resolve()
            (at,) = db.execute(
                "SELECT MAX(trusted_at) FROM trusted_directories WHERE path IN (?, ?)",
                (str(resolved), str(git_top_level(resolved) or resolved)),
            ).fetchone()
            return None if at is None else float(at)

        return await self._connection.read(unit)

    async def list(self) -> Paths:
        """Every trusted directory, sorted."""
        return await self._connection.read(
            lambda db: [
                Path(row[0])
                for row in db.execute("SELECT path FROM trusted_directories ORDER BY path")
            ]
        )


def git_top_level(directory: Path) -> Path | None:
    """The nearest directory at or above `directory` that holds `.git`, a directory or a file."""
    for candidate in (directory, *directory.parents):
        if (candidate / ".git").exists():
            return candidate
    return None
