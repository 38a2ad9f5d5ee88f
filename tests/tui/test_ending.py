"""The app ends, whatever is being opened when it is told to or fails."""

from __future__ import annotations

import asyncio

import pytest

from agent.paths import Paths
from tests.stubs import scenes
from tests.stubs.scripted_engine import ScriptedEngine
from tui.app import TungstenApp
from tui.gate.inbox import Inbox

PATIENCE = 20.0
"""Seconds after which an app that was to end is taken for one that never does."""


@pytest.mark.parametrize("turns", [0, 4])
@pytest.mark.parametrize(("quits", "status"), [(True, 0), (False, 1)])
async def test_the_app_ends_while_a_screen_is_being_opened(
    paths: Paths, turns: int, quits: bool, status: int
) -> None:
    async with ScriptedEngine(paths.engine_socket, scenes.BUSY):
        app = TungstenApp(paths, now=lambda: scenes.NOW)

        async def end() -> None:
            app.push_screen(Inbox(clock=app.now))
            # So far it comes meanwhile.
            for _ in range(turns):
                await asyncio.sleep(0)
            if not quits:
                raise RuntimeError("a fault")
            app.exit(return_code=status)

        running = asyncio.create_task(app.run_async(headless=True, size=(80, 24)))
        try:
            async with asyncio.timeout(PATIENCE):
                await app.ready.wait()
                app.cockpit.call_later(end)
                await asyncio.wait({running})
        finally:
            running.cancel()
        assert app.return_code == status
