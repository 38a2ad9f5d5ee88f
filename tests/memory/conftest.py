from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from memory import Database, SessionRecord


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, now: float = 1_800_000_000.25) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


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
