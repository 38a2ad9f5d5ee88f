"""How memories and dreams look."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tui.camera import SIZES, Camera, started
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


async def walk(camera: Camera, app: Remembering, states: dict[str, Any]) -> None:
    """Take pictures of one state after the other: keys that lead there, and keys back."""
    async with started(app, SIZES[0]) as pilot:
        assert "Reading" not in text(app)
        for name, (keys, back) in states.items():
            await pressed(pilot, *keys)
            await camera.take(pilot, name)
            await pressed(pilot, *back)


async def test_memories(camera: Camera, memories: Make) -> None:
    states = {
        "memories": (("down", "down", "down"), ("home",)),
        "edit": (("down", "e"), ("escape",)),
        "new": (("n",), ("escape",)),
        "redact": (("R",), ("escape",)),
        "mode": (("m",), ("escape",)),
        "out": (("x",), ("escape", "home")),
        "held-back": (("right",), ("left",)),
        "all-of-one": (("slash", *"03:15", "enter", "enter"), ("escape", "escape")),
    }
    await walk(camera, memories(), states)


async def test_searched(camera: Camera, memories: Make) -> None:
    keys = ("question_mark", *"which port does billing use")
    await walk(camera, memories(), {"searched": (keys, ())})


async def test_no_memories(camera: Camera, memories: Make) -> None:
    await walk(camera, memories(fill=None), {"none": ((), ())})


async def test_memories_that_cannot_be_read(camera: Camera, memories: Make) -> None:
    app = memories()
    app.refuse = (
        "/home/ada/.local/share/tungsten/tungsten.db is locked by another process: wait for it "
        "or stop it, then try again"
    )
    await walk(camera, app, {"locked": ((), ())})


async def test_dreams(camera: Camera, dreams: Make) -> None:
    states = {
        "left-open": (("end",), ("home",)),
        "dream": (("a", "down"), ()),
    }
    await walk(camera, dreams(), states)


async def test_no_dream(camera: Camera, dreams: Make) -> None:
    await walk(camera, dreams(fill=known), {"none": ((), ())})
