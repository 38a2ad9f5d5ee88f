"""How memories and dreams look, at the three sizes that are promised."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tui.screens.conftest import NOW
from tests.tui.screens.remembering import Remembering, dreamt, known, text
from tests.tui.screens.test_snapshots import settle, sizes
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
        while "Reading" in text(pilot.app):
            await pilot.pause(0.01)
        for key in keys:
            if len(key) > 1:
                # What was asked for before it has come.
                await settle(pilot)
            await pilot.press(key)
        await settle(pilot)

    return press


@sizes
@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
def test_memories(snap_compare: Any, memories: Make, size: Any, light: bool) -> None:
    app = memories(light=light)
    assert snap_compare(app, terminal_size=size, run_before=after("down", "down", "down"))


@sizes
def test_held_back(snap_compare: Any, memories: Make, size: Any) -> None:
    assert snap_compare(memories(), terminal_size=size, run_before=after("right"))


@sizes
def test_searched(snap_compare: Any, memories: Make, size: Any) -> None:
    keys = ("question_mark", *"which port does billing use")
    assert snap_compare(memories(), terminal_size=size, run_before=after(*keys))


@sizes
def test_all_of_one(snap_compare: Any, memories: Make, size: Any) -> None:
    keys = ("slash", *"03:15", "enter", "enter")
    assert snap_compare(memories(), terminal_size=size, run_before=after(*keys))


@sizes
def test_no_memories(snap_compare: Any, memories: Make, size: Any) -> None:
    assert snap_compare(memories(fill=None), terminal_size=size, run_before=after())


@sizes
def test_memories_that_cannot_be_read(snap_compare: Any, memories: Make, size: Any) -> None:
    app = memories()
    app.refuse = (
        "/home/ada/.local/share/tungsten/tungsten.db is locked by another process: wait for it "
        "or stop it, then try again"
    )
    assert snap_compare(app, terminal_size=size, run_before=after())


@pytest.mark.parametrize(
    "keys", [("e",), ("n",), ("R",), ("m",), ("x",)], ids=["edit", "new", "redact", "mode", "out"]
)
def test_what_is_asked(snap_compare: Any, memories: Make, keys: tuple[str, ...]) -> None:
    assert snap_compare(memories(), terminal_size=(80, 24), run_before=after("down", *keys))


@sizes
@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
def test_dream(snap_compare: Any, dreams: Make, size: Any, light: bool) -> None:
    assert snap_compare(dreams(light=light), terminal_size=size, run_before=after("a", "down"))


@sizes
def test_left_open(snap_compare: Any, dreams: Make, size: Any) -> None:
    assert snap_compare(dreams(), terminal_size=size, run_before=after("end"))


@sizes
def test_no_dream(snap_compare: Any, dreams: Make, size: Any) -> None:
    assert snap_compare(dreams(fill=known), terminal_size=size, run_before=after())
