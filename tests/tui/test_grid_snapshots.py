"""How the grid looks with as many terminals as there may be."""

from __future__ import annotations

import pytest

from tests.stubs import scenes
from tests.tui.camera import Camera
from tests.tui.settling import pressed
from tests.tui.shooting import Running, Shoot


async def test_one(shoot: Shoot) -> None:
    await shoot(scenes.fleet(1), "alt+g")


async def test_nothing_to_show(shoot: Shoot) -> None:
    await shoot(scenes.EMPTY, "alt+g")


@pytest.mark.parametrize(
    ("agents", "keys", "name"),
    [
        (4, ("F",), "nobody-in-that-state"),
        (9, ("right",), "another-one-chosen"),
        (16, ("f", "f"), "filtered"),
    ],
    ids=["4", "9", "16"],
)
async def test_tiles(
    camera: Camera, running: Running, agents: int, keys: tuple[str, ...], name: str
) -> None:
    async with running(scenes.fleet(agents)) as pilot:
        # A gate that waits is put off first.
        await pressed(pilot, "escape", "alt+g")
        await camera.take(pilot, "tiles")
        await pressed(pilot, *keys)
        await camera.take(pilot, name)
