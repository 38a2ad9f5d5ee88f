"""Recordings in the app: listed, and played with real tmux drawing them."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, OptionList, Static

from agent.paths import Paths
from tests.tui.camera import Camera
from tests.tui.screens.conftest import NOW, ScreenHost
from tui.screens.recording import RecordingScreen
from tui.screens.recordings import RecordingsScreen
from tungsten.recordings.asciicast import Event, Header

SECRET = "sk-ant-api03-" + "a1B2c3D4" * 6
TOLD = (
    (0.0, "o", "\x1b[H\x1b[2J\x1b[32m~/project\x1b[0m $ make test\r\n"),
    (1.0, "o", "\x1b[1mrunning\x1b[0m 3 tests\r\n"),
    (2.0, "o", "  one \x1b[32mok\x1b[0m\r\n"),
    (3.0, "m", "a place"),
    (9.0, "o", "  two \x1b[31mfailed\x1b[0m\r\n"),
    (600.0, "o", "  three \x1b[32mok\x1b[0m\r\n"),
    (601.0, "o", "~/project $ "),
)


def put(path: Path, title: str, *told: tuple[float, str, str], began: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    header = Header(80, 20, timestamp=int(NOW) - began, title=title)
    path.write_text(header.line() + "".join(Event(*each).line() for each in told))
    return path


@pytest.fixture
def cast(tmp_path: Path) -> Path:
    return put(tmp_path / "a" / "1000-3.cast", "project · %3", *TOLD)


@pytest.fixture
def socket(paths: Paths) -> Iterator[Path]:
    path = paths.tmux_socket
    yield path
    kill(path)


def kill(socket: Path) -> None:
    subprocess.run(["tmux", "-S", str(socket), "kill-server"], check=False, capture_output=True)


def player(path: Path, socket: Path, **more: Any) -> ScreenHost:
    values = {"mask": False, "title": "project · %3", "running": False, **more}
    app = ScreenHost(RecordingScreen(path, **values))
    engine = app.state.engine.model_copy(update={"tmux_socket": str(socket)})
    app.state = app.state.model_copy(update={"engine": engine})
    return app


def text(app: Any) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


async def until(pilot: Any, check: Callable[[], Any]) -> None:
    for _ in range(1000):
        if check():
            return
        await pilot.pause(0.01)
    raise AssertionError(f"that did not happen:\n{text(pilot.app)}")


async def held(pilot: Any) -> RecordingScreen:
    """Wait for the first picture, and hold there."""
    screen: RecordingScreen = pilot.app.screen
    await until(pilot, lambda: "make test" in text(pilot.app))
    if screen.playing:
        await pilot.press("space")
    await pilot.press("home")
    await until(pilot, lambda: screen.position == 0 and "running" not in text(pilot.app))
    return screen


def panes(socket: Path) -> list[str]:
    argv = ["tmux", "-S", str(socket), "list-panes", "-a", "-F", "#{session_name}"]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    return [name for name in done.stdout.split() if name.startswith("replay-")]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_going_through_a_recording(cast: Path, socket: Path, size: tuple[int, int]) -> None:
    app = player(cast, socket)
    async with app.run_test(size=size) as pilot:
        screen = await held(pilot)
        assert "‖ 0:00" in text(app)
        assert "10:01" in text(app)
        # From change to change; the marker is none.
        for second, shown in ((1.0, "running 3"), (2.0, "one ok"), (9.0, "two failed")):
            await pilot.press("full_stop")
            await until(pilot, lambda shown=shown: shown in text(app))
            assert screen.position == second
        await pilot.press("left")
        await until(pilot, lambda: "two failed" not in text(app))
        assert screen.position == 4.0
        assert "one ok" in text(app)
        await pilot.press("right", "right")
        await until(pilot, lambda: screen.position == 14.0)
        assert "two failed" in text(app)
        await pilot.press("end")
        await until(pilot, lambda: "three ok" in text(app))
        assert screen.position == 601.0
        assert "10:01" in text(app)
        await pilot.press("full_stop")
        await until(pilot, lambda: "no further change" in text(app))
        await pilot.press("left", "left", "left")
        await until(pilot, lambda: screen.position == 586.0)
        assert "three" not in text(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.results == [None])
        await until(pilot, lambda: panes(socket) == [])


async def test_playing_cuts_long_pauses_and_ends(cast: Path, socket: Path) -> None:
    app = player(cast, socket)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await held(pilot)
        await pilot.press("plus", "plus", "plus", "plus", "plus", "plus")
        await until(pilot, lambda: "×16" in text(app))
        await pilot.press("minus")
        await until(pilot, lambda: "×8" in text(app))
        await pilot.press("space")
        # Ten minutes, of which two seconds are left, at eight times the speed.
        await until(pilot, lambda: not screen.playing)
        assert screen.position == 601.0
        assert "three ok" in text(app)
        # Once more from the beginning.
        await pilot.press("space")
        await until(pilot, lambda: screen.position < 600)


async def test_a_recording_that_still_grows(cast: Path, socket: Path) -> None:
    app = player(cast, socket, running=True)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await held(pilot)
        assert "still recording" in text(app)
        await pilot.press("end")
        await until(pilot, lambda: screen.position == 601.0)
        with cast.open("a") as file:
            file.write(Event(700.0, "o", "and more").line())
        await pilot.press("end")
        await until(pilot, lambda: "and more" in text(app))
        assert screen.position == 700.0


async def test_a_secret_is_not_shown(tmp_path: Path, socket: Path) -> None:
    path = put(tmp_path / "a" / "1-1.raw", "a", (0.0, "o", f"make test {SECRET}\r\n"))
    app = player(path, socket, mask=True)
    async with app.run_test(size=(120, 24)) as pilot:
        await held(pilot)
        assert SECRET not in text(app)
        assert "make test ‹secret masked›" in text(app)


@pytest.mark.parametrize("content", [None, "nonsense\n", Header(80, 24).line() + "[nonsense]\n"])
async def test_what_cannot_be_played(tmp_path: Path, socket: Path, content: str | None) -> None:
    path = tmp_path / "a.cast"
    if content is not None:
        path.write_text(content)
    app = player(path, socket)
    async with app.run_test(size=(120, 24)) as pilot:
        await until(pilot, lambda: "It cannot be played" in text(app))
        await pilot.press("space", "left", "end", "full_stop", "escape")
        await until(pilot, lambda: app.results == [None])


async def test_the_tmux_server_ends(cast: Path, socket: Path) -> None:
    app = player(cast, socket)
    async with app.run_test(size=(120, 24)) as pilot:
        await held(pilot)
        await asyncio.to_thread(kill, socket)
        await pilot.press("end")
        await until(pilot, lambda: "It cannot be played" in text(app))
        await pilot.press("escape")
        await until(pilot, lambda: app.results == [None])


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    directory = tmp_path / "recordings"
    put(directory / "a1" / "1000-3.cast", "mender · %3", *TOLD, began=90_000)
    put(directory / "a1" / "3000-4.cast", "mender · %4", *TOLD[:3], began=400)
    put(directory / "a2" / "2000-5.cast", "reader · %5", *TOLD[:2], began=5000)
    (directory / "a2" / "2001-6.cast").write_text("damaged")
    return directory


async def test_the_list(recordings: Path) -> None:
    app = ScreenHost(RecordingsScreen(recordings, "a2", clock=lambda: NOW))
    async with app.run_test(size=(80, 24)) as pilot:
        listing = app.screen.query_one(OptionList)
        await until(pilot, lambda: listing.option_count == 3)
        rows = [str(option.prompt) for option in listing.options]
        # Those of the agent that is looked at come first, then the newest.
        assert [row.split(" ·")[0].strip() for row in rows] == ["reader", "mender", "mender"]
        assert "6 min ago" in rows[1]
        assert "10:01" in rows[2]
        await pilot.press(*"%3")
        await until(pilot, lambda: listing.option_count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: app.results)
        assert app.results[0].title == "mender · %3"


async def test_arrows_choose_a_recording_while_the_filter_is_written(recordings: Path) -> None:
    app = ScreenHost(RecordingsScreen(recordings, "a1", clock=lambda: NOW))
    async with app.run_test(size=(80, 24)) as pilot:
        listing = app.screen.query_one(OptionList)
        await until(pilot, lambda: listing.option_count == 3)
        await pilot.press("down", "down", "up", *"%")
        assert app.screen.query_one(Input).value == "%"
        await pilot.press("pagedown", "enter")
        await until(pilot, lambda: app.results)
        assert app.results[0].title == "reader · %5"


async def test_the_empty_list_says_how_to_record(tmp_path: Path) -> None:
    app = ScreenHost(RecordingsScreen(tmp_path / "none"))
    async with app.run_test(size=(80, 24)) as pilot:
        nothing = app.screen.query_one("#nothing", Static)
        await until(pilot, lambda: "/record" in str(nothing.content))
        assert "below [recording] in config.toml" in text(app)
        await pilot.press("enter", "escape")
        await until(pilot, lambda: app.results == [None])


async def test_how_the_list_looks(camera: Camera, recordings: Path) -> None:
    app = ScreenHost(RecordingsScreen(recordings, "a1", clock=lambda: NOW))

    async def listed(pilot: Any) -> None:
        await until(pilot, lambda: app.screen.query_one(OptionList).option_count == 3)

    await camera.shoot(app, listed)


async def test_how_it_looks(camera: Camera, cast: Path, socket: Path) -> None:
    app = player(cast, socket)

    async def in_the_middle(pilot: Any) -> None:
        await held(pilot)
        for key in ["full_stop"] * 3:
            await pilot.press(key)
        await until(pilot, lambda: "two failed" in text(app))
        await pilot.press(*["right"] * 30)
        await until(pilot, lambda: app.screen.position == 159.0)
        await drawn(pilot)

    async def drawn(pilot: Any) -> None:
        # tmux draws in its own time.
        await until(pilot, lambda: "two failed" in text(app) and "2:39" in text(app))

    await camera.shoot(app, in_the_middle, resized=drawn)
