"""How the grid looks: as many terminals as there may be, at the three sizes that are promised."""

from __future__ import annotations

import pytest

from tests.stubs import scenes
from tests.tui.test_snapshots import Shoot, shoot, sizes

__all__ = ["shoot"]


def opened(agents: int) -> tuple[str, ...]:
    """Keys that open the grid; a gate that waits is put off first."""
    return ("escape", "alt+g") if agents > 1 else ("alt+g",)


@sizes
@pytest.mark.parametrize("agents", [1, 4, 9, 16])
def test_tiles(shoot: Shoot, agents: int, size: tuple[int, int]) -> None:
    assert shoot(scenes.fleet(agents), size, *opened(agents))


@sizes
def test_filtered(shoot: Shoot, size: tuple[int, int]) -> None:
    assert shoot(scenes.fleet(16), size, *opened(16), "f", "f")


@sizes
def test_nothing_to_show(shoot: Shoot, size: tuple[int, int]) -> None:
    assert shoot(scenes.EMPTY, size, "alt+g")


def test_nobody_in_that_state(shoot: Shoot) -> None:
    assert shoot(scenes.fleet(4), (80, 24), *opened(4), "F")


def test_light(shoot: Shoot) -> None:
    assert shoot(scenes.fleet(9), (120, 40), *opened(9), "right", theme="tungsten-light")
