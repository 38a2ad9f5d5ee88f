"""How memories and dreams look."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tui.camera import Camera
from tests.tui.screens.conftest import NOW
from tests.tui.screens.remembering import Remembering, dreamt, known, text
from tests.tui.settling import pressed
from tui.screens.dreams import DreamsScreen
from tui.screens.memories import MemoriesScreen

Make = Callable[..., Remembering]


@pytest.fixture(autouse=True)
def same_clock_everywhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def memories(tmp_path: Path) -> Make:
    def make(fill: Any = known, **options: Any) -> Remembering:
        screen = MemoriesScreen("/srv/ledger", clock=lambda: NOW)
        return Remembering(screen, tmp_path / "home", fill, **options)

    return make


@pytest.fixture
def dreams(tmp_path: Path) -> Make:
    def make(fill: Any = dreamt, **options: Any) -> Remembering:
        return Remembering(DreamsScreen(clock=lambda: NOW), tmp_path / "home", fill, **options)

    return make


def after(*keys: str) -> Callable[[Any], Any]:
    async def press(pilot: Any) -> None:
        assert "Reading" not in text(pilot.app)
        await pressed(pilot, *keys)

    return press


async def test_memories(camera: Camera, memories: Make) -> None:
    app = memories()
    await camera.shoot(app, after("down", "down", "down"))


async def test_held_back(camera: Camera, memories: Make) -> None:
    await camera.shoot(memories(), after("right"))


async def test_searched(camera: Camera, memories: Make) -> None:
    keys = ("question_mark", *"which port does billing use")
    await camera.shoot(memories(), after(*keys))


async def test_all_of_one(camera: Camera, memories: Make) -> None:
    keys = ("slash", *"03:15", "enter", "enter")
    await camera.shoot(memories(), after(*keys))


async def test_no_memories(camera: Camera, memories: Make) -> None:
    await camera.shoot(memories(fill=None), after())


async def test_memories_that_cannot_be_read(camera: Camera, memories: Make) -> None:
    app = memories()
    app.refuse = (
        "/home/ada/.local/share/tungsten/tungsten.db is locked by another process: wait for it "
        "or stop it, then try again"
    )
    await camera.shoot(app, after())


@pytest.mark.parametrize(
    "keys", [("e",), ("n",), ("R",), ("m",), ("x",)], ids=["edit", "new", "redact", "mode", "out"]
)
async def test_what_is_asked(camera: Camera, memories: Make, keys: tuple[str, ...]) -> None:
    await camera.shoot(memories(), after("down", *keys))


async def test_dream(camera: Camera, dreams: Make) -> None:
    await camera.shoot(dreams(), after("a", "down"))


async def test_left_open(camera: Camera, dreams: Make) -> None:
    await camera.shoot(dreams(), after("end"))


async def test_no_dream(camera: Camera, dreams: Make) -> None:
    await camera.shoot(dreams(fill=known), after())
