"""Every screen in windows of any size, down to one cell: nothing breaks, nothing is lost."""

from __future__ import annotations

import pytest

from agent.protocol.commands.agents import ListSessions
from tests.stubs import scenes
from tests.tui.conftest import Open

SIZES = [(1, 1), (2, 40), (200, 1), (9, 3), (14, 6), (16, 30), (24, 4), (30, 12)]
SIZES += [(width, 20) for width in range(16, 0, -1)]
SIZES += [(16, 9)]


@pytest.mark.parametrize(
    "action", ["inbox", "sessions", "new_agent", "setup", "palette", "help_screen"]
)
async def test_screens_in_tiny_windows(open_cockpit: Open, action: str) -> None:
    talk = {"a1": list(scenes.CONVERSATION)}
    async with open_cockpit(scenes.BUSY, transcripts=talk) as cockpit:
        sessions = [agent.model_dump(mode="json") for agent in scenes.BUSY.agents]
        cockpit.engine.on(ListSessions, lambda _: {"sessions": sessions})
        await cockpit.type("half a")
        await cockpit.app.run_action(f"ask({action!r})")
        await cockpit.until(lambda: len(cockpit.app.screen_stack) > 1)
        for width, height in SIZES:
            await cockpit.pilot.resize_terminal(width, height)
        await cockpit.pilot.resize_terminal(120, 40)
        await cockpit.pilot.press("escape")
        await cockpit.until(lambda: len(cockpit.app.screen_stack) == 1)
        assert cockpit.app.cockpit.prompt.text == "half a"
