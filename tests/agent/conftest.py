"""Shared parts of the tests of the mind: directories of their own, and nothing left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from agent.client import EngineClient
from agent.paths import Paths
from agent.singleton import answers, end

Connect = Callable[..., Awaitable[EngineClient]]


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A temporary directory whose path is short enough for sockets."""
    directory = Path(tempfile.mkdtemp(prefix="tg-", dir="/tmp"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def paths(short_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Paths]:
    """A Tungsten of its own; its engine and its tmux server are ended afterwards."""
    for name in list(os.environ):
        if name.startswith(("ANTHROPIC_", "TUNGSTEN_")):
            monkeypatch.delenv(name)
    made = Paths(short_dir / "config", short_dir / "data", short_dir / "run")
    made.create()
    yield made
    end(made)
    if answers(made.tmux_socket):
        subprocess.run(["tmux", "-S", str(made.tmux_socket), "kill-server"], check=False)


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
