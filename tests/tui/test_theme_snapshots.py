"""How a gate, the cockpit and the inbox look in every theme, also that of high contrast."""

from __future__ import annotations

from functools import partial

from tests.stubs import scenes
from tests.tui.camera import Camera
from tests.tui.settling import pressed, settled
from tests.tui.shooting import Running
from tui.gate.inbox import Inbox


async def test_themes(camera: Camera, running: Running) -> None:
    async with running(scenes.BUSY) as pilot:
        app = pilot.app
        take = partial(camera.take, pilot, also=["high-contrast"])
        assert app.gates.armed
        await take("gate")
        app.gates.put_off()
        await settled(app)
        await take("cockpit")
        await pressed(pilot, "ctrl+g")
        assert isinstance(app.screen, Inbox)
        await take("inbox")
