"""Fixtures of the app's tests: short temporary paths, and the app on a scripted engine."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot

from agent.paths import Paths
from agent.protocol.conversation import Block
from agent.protocol.snapshot import Snapshot
from tests.stubs import scenes
from tests.stubs.scripted_engine import ScriptedEngine
from tests.tui.camera import camera
from tests.tui.settling import handled
from tests.tui.shooting import running, shoot
from tui.app import TungstenApp

__all__ = ["camera", "running", "shoot"]


@pytest.fixture(autouse=True, scope="session")
def parsed_once() -> Iterator[None]:
    """Hundreds of apps share style sheets: each is parsed once for the variables of a theme."""
    parse = Stylesheet._parse_rules
    parsed: dict[Any, list[RuleSet]] = {}

    def parse_once(sheet: Stylesheet, *arguments: Any, **named: Any) -> list[RuleSet]:
        key = (*sheet._variables.items(), arguments, *named.items())
        if key not in parsed:
            parsed[key] = parse(sheet, *arguments, **named)
        return parsed[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parse_once)
        yield


@pytest.fixture(autouse=True, scope="session")
def looked_at() -> Iterator[None]:
    """Pilots see that an app is through, and do not have each widget say so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pilot, "_wait_for_screen", handled)
        yield


@pytest.fixture
def paths() -> Iterator[Paths]:
    """Directories of a Tungsten of its own; short, since sockets lie in them."""
    root = Path(tempfile.mkdtemp(prefix="tg-", dir="/tmp"))
    made = Paths(root / "config", root / "data", root / "run")
    made.create()
    yield made
    shutil.rmtree(root)


@dataclass
class Cockpit:
    """A running app, its engine, and the person at its keys."""

    app: TungstenApp
    engine: ScriptedEngine
    pilot: Pilot[None]

    async def type(self, text: str) -> None:
        """Press a key for each character."""
        names = {" ": "space", "/": "slash", "!": "exclamation_mark", "\n": "ctrl+j"}
        await self.pilot.press(*(names.get(character, character) for character in text))

    async def until(self, check: Callable[[], Any], *, rounds: int = 400) -> None:
        """Let the app run until something holds."""
        for _ in range(rounds):
            if check():
                return
            await self.pilot.pause(0.01)
        raise AssertionError("that did not happen")

    @property
    def screen_text(self) -> str:
        """What the terminal shows, without styles."""
        screen = self.app.screen
        height = screen.size.height
        lines = screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in lines[:height])


@contextmanager
def engine_in_a_thread(engine: ScriptedEngine) -> Iterator[None]:
    """Run an engine in a loop of its own, for tests whose app brings its own loop along."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(engine.listen(), loop).result(5)
        yield
    finally:
        asyncio.run_coroutine_threadsafe(engine.stop(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


Open = Callable[..., AbstractAsyncContextManager[Cockpit]]


@pytest.fixture
def open_cockpit(paths: Paths) -> Open:
    """Open the app on a scripted engine with a given snapshot."""

    @asynccontextmanager
    async def opened(
        snapshot: Snapshot = scenes.EMPTY,
        *,
        size: tuple[int, int] = (120, 40),
        transcripts: dict[str, list[Block]] | None = None,
        now: Callable[[], float] = lambda: scenes.NOW,
        directory: Path = Path("/home/ada/parser"),
    ) -> AsyncIterator[Cockpit]:
        engine = ScriptedEngine(paths.engine_socket, snapshot, transcripts=transcripts)
        async with engine:
            app = TungstenApp(paths, now=now, directory=directory)
            async with app.run_test(size=size) as pilot:
                cockpit = Cockpit(app, engine, pilot)
                await cockpit.until(app.ready.is_set)
                await pilot.pause()
                yield cockpit

    return opened
