"""Pictures of the whole app, on an engine that says what it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from agent.paths import Paths
from agent.protocol.conversation import Block
from agent.protocol.snapshot import Snapshot
from agent.protocol.wire import Wire
from tests.stubs import scenes
from tests.stubs.scripted_engine import Handler, ScriptedEngine
from tests.tui.camera import SIZES, Camera, started
from tests.tui.settling import pressed
from tui.app import TungstenApp
from tungsten.screen.frame import Frame

CALM = scenes.BUSY.model_copy(update={"gates": ()})
TALK = {"a1": list(scenes.CONVERSATION)}

FRAME = Frame(
    lines=(
        "\x1b[1;32mada@host\x1b[0m:\x1b[34m~/parser\x1b[0m$ python -m unittest",
        "F.....",
        "\x1b[31mFAIL: test_line_of (tests.TestOffsets)\x1b[0m",
        "AssertionError: 2 != 1",
        "",
        "Ran 6 tests in 0.004s",
        "",
        "\x1b[1;31mFAILED\x1b[0m (failures=1)",
        "\x1b[1;32mada@host\x1b[0m:\x1b[34m~/parser\x1b[0m$ python -m unittest",
    ),
    width=80,
    height=24,
    cursor_x=0,
    cursor_y=9,
    cursor_visible=True,
    in_mode=False,
    dead=False,
    alternate=False,
    title="bash",
    history_size=0,
)
"""What every pane shows."""

Running = Callable[..., AbstractAsyncContextManager[Pilot[Any]]]
Shoot = Callable[..., Awaitable[None]]


@pytest.fixture
def running(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Running:
    """Run the app on a state; every pane shows `FRAME`."""
    from tui.terminal.pane_view import PaneView

    monkeypatch.setattr(PaneView, "_connect", lambda view, _: view._take_frame(FRAME))

    @asynccontextmanager
    async def run(
        state: Snapshot,
        *,
        transcripts: Mapping[str, list[Block]] = TALK,
        connect: Any = None,
        answers: Mapping[type[Wire], Handler] | None = None,
        size: tuple[int, int] = SIZES[0],
    ) -> AsyncIterator[Pilot[Any]]:
        engine = ScriptedEngine(paths.engine_socket, state, transcripts=transcripts)
        engine.handlers.update(answers or {})
        directory = Path("/home/ada/parser")
        app = TungstenApp(paths, now=lambda: scenes.NOW, directory=directory, connect=connect)
        async with engine, started(app, size) as pilot:
            # From the engine, or why there is none.
            await app._heard.wait()
            await pressed(pilot)
            yield pilot

    return run


@pytest.fixture
def shoot(camera: Camera, running: Running) -> Shoot:
    """Compare the app in a state, after some keys, with its pictures."""

    async def shot(
        state: Snapshot,
        *keys: str,
        sizes: tuple[tuple[int, int], ...] = SIZES,
        **how: Any,
    ) -> None:
        async with running(state, size=sizes[0], **how) as pilot:
            await pressed(pilot, *keys)
            await camera.take(pilot, sizes=sizes)

    return shot
