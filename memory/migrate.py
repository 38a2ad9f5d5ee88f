"""Schema migrations: numbered SQL files, each applied once in a transaction of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from memory.errors import DatabaseTooNew, DatabaseUnreadable

APPLICATION_ID = 0x54756E67
"""Marks a file as ours in SQLite's header (PRAGMA application_id): `Tung` in ASCII."""


def migrations() -> list[tuple[int, str]]:
    """Every migration shipped with the program as (number, SQL), in order."""
    found = [
        (int(entry.name.split("_", 1)[0]), entry.read_text(encoding="utf-8"))
        for entry in (resources.files("memory") / "migrations").iterdir()
        if entry.name.endswith(".sql")
    ]
    return sorted(found)


def migration(name: str) -> str:
    """The SQL of the migration called `name`, without its number."""
    directory = resources.files("memory") / "migrations"
    (found,) = (entry for entry in directory.iterdir() if entry.name.endswith(f"_{name}.sql"))
    return found.read_text(encoding="utf-8")


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema up to date; several processes may do so at once.

    Raises:
        DatabaseTooNew: the file has a migration that this program lacks.
        DatabaseUnreadable: the file is another program's database.
        sqlite3.Error: whatever SQLite says; the migration at hand is undone.
    """
    known = migrations()
    newest = known[-1][0]
    version = _version(connection, path)
    if version > newest:
        raise DatabaseTooNew(path, version, newest)
    for number, script in known:
        if number > version:
            _apply(connection, path, number, script)


def statements(script: str) -> Iterator[str]:
    """Split a script at the ends of its statements; triggers stay whole."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        raise ValueError("a migration ends in the middle of a statement")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """The last migration of the file, 0 for a new one; all read at one moment.

    Read one after the other, they could come from before and after another process's migration.
    """
    alone = not connection.in_transaction
    if alone:
        connection.execute("BEGIN")
    try:
        return _read_version(connection, path)
    finally:
        # SQLite undoes a transaction itself when the disk fails.
        if alone and connection.in_transaction:
            connection.execute("ROLLBACK")


def _read_version(connection: sqlite3.Connection, path: Path) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    owner = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0])
    if owner != APPLICATION_ID and (owner or version or tables):
        raise DatabaseUnreadable(path, "it is another program's database")
    return version


def _apply(connection: sqlite3.Connection, path: Path, number: int, script: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated while this one waited for the lock.
        if _version(connection, path) < number:
            for statement in statements(script):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
