from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from memory import Database, SessionRecord
from tests.stubs import new_database

MADE_ANEW = {"test_database.py", "test_processes.py", "test_memories_processes.py"}
"""Tests of files that are made, migrated, damaged, and raced for."""


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, now: float = 1_800_000_000.25) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True, scope="module")
def databases_copied(request: pytest.FixtureRequest) -> Iterator[None]:
    """Most tests are about what is in a database, and not about making and migrating it."""
    if request.path.name in MADE_ANEW:
        yield
        return
    with new_database.copied():
        yield


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tungsten.db"


@pytest.fixture
async def database(path: Path, clock: Clock) -> AsyncIterator[Database]:
    async with await Database.open(path, clock=clock) as opened:
        yield opened


@pytest.fixture
async def session(database: Database) -> str:
    await database.sessions.create(SessionRecord("s1", "first", "/tmp"))
    return "s1"
