"""Shared parts of the tests of the mind: directories of their own, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from agent.client import EngineClient
from agent.paths import Paths
from agent.start import kill

Connect = Callable[..., Awaitable[EngineClient]]


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A temporary directory whose path is short enough for sockets."""
    directory = Path(tempfile.mkdtemp(prefix="tg-")).resolve()
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def home(short_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, so that shells start at once and write no history into the tester's."""
    directory = short_dir / "home"
    directory.mkdir()
    monkeypatch.setenv("HOME", str(directory))
    return directory


@pytest.fixture
def paths(short_dir: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Paths]:
    """A Tungsten of its own; its engine and its tmux server are ended afterwards."""
    for name in list(os.environ):
        if name.startswith(("ANTHROPIC_", "TUNGSTEN_")):
            monkeypatch.delenv(name)
    made = Paths(short_dir / "config", short_dir / "data", short_dir / "run")
    made.create()
    yield made
    asyncio.run(kill(made, panes=True))


@pytest.fixture
async def connect(paths: Paths) -> AsyncIterator[Connect]:
    """Connects to the engine of `paths`, starting it; closes every connection afterwards."""
    opened: list[EngineClient] = []

    async def connected(**options: object) -> EngineClient:
        client = await EngineClient.connect(paths, **options)  # type: ignore[arg-type]
        opened.append(client)
        return client

    yield connected
    for client in opened:
        await client.close()
