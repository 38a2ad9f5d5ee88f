"""How the grid looks with as many terminals as there may be."""

from __future__ import annotations

import pytest

from tests.stubs import scenes
from tests.tui.shooting import Shoot


def opened(agents: int) -> tuple[str, ...]:
    """Keys that open the grid; a gate that waits is put off first."""
    return ("escape", "alt+g") if agents > 1 else ("alt+g",)


@pytest.mark.parametrize("agents", [1, 4, 9, 16])
async def test_tiles(shoot: Shoot, agents: int) -> None:
    await shoot(scenes.fleet(agents), *opened(agents))


async def test_filtered(shoot: Shoot) -> None:
    await shoot(scenes.fleet(16), *opened(16), "f", "f")


async def test_nothing_to_show(shoot: Shoot) -> None:
    await shoot(scenes.EMPTY, "alt+g")


async def test_nobody_in_that_state(shoot: Shoot) -> None:
    await shoot(scenes.fleet(4), *opened(4), "F")


async def test_another_one_chosen(shoot: Shoot) -> None:
    await shoot(scenes.fleet(9), *opened(9), "right")
