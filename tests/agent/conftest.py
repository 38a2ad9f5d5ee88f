"""Shared parts of the tests of the mind: directories of their own, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from agent.engine.client import EngineClient
from agent.engine.engine import Engine
from agent.engine.singleton import claim
from agent.engine.start import kill
from agent.paths import Paths
from tests.stubs import new_database

Begin = Callable[[], Awaitable[Engine]]
Connect = Callable[..., Awaitable[EngineClient]]


@pytest.fixture(autouse=True, scope="module")
def databases_copied() -> Iterator[None]:
    """Hundreds of agents have a new database each; making and migrating one is not their matter."""
    with new_database.copied():
        yield


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


@pytest.fixture
async def begin_engine(paths: Paths) -> AsyncIterator[Begin]:
    """Runs the engine of `paths` in this process, for tests that are about what it does.

    It listens on its real socket, so whoever connects finds it there and starts no program.
    """
    running: list[tuple[Engine, asyncio.Task[None]]] = []

    async def serve(engine: Engine, release: Callable[[], None], ready: asyncio.Event) -> None:
        try:
            await engine.serve(ready.set)
        finally:
            release()

    async def begun() -> Engine:
        own = claim(paths)
        assert own is not None
        engine, ready = Engine(own), asyncio.Event()
        # It takes away what only an engine should know.
        environment = dict(os.environ)
        task = asyncio.create_task(serve(engine, own.release, ready))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
        os.environ.update(environment)
        if not ready.is_set():
            waiting.cancel()
            await task
        running.append((engine, task))
        return engine

    yield begun
    for engine, task in running:
        engine.stop("The test ends.")
        await task
