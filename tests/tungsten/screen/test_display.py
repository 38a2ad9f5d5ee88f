"""A real terminal emulator on a virtual X display shows a pane, and is pictured."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tungsten.errors import DisplayMissing
from tungsten.pane import ForText
from tungsten.screen import display, picture
from tungsten.terminal import Terminal

WIDTH, HEIGHT = 640, 400


@pytest.fixture
def virtual_display() -> Iterator[str]:
    """A virtual X display of its own, on a number that the server chooses."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed (apt-get install xvfb)")
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [
            "Xvfb",
            "-displayfd",
            str(writing),
            "-screen",
            "0",
            f"{WIDTH}x{HEIGHT}x24",
            # It would start anew, and refuse whoever comes then, each time a client leaves.
            "-noreset",
            "-nolisten",
            "tcp",
        ],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as said:
        number = said.readline().strip()
    if not number:
        process.wait()
        pytest.skip("Xvfb does not start here")
    try:
        yield f":{number}"
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def terminal_emulator(shown: str, socket: Path, session: str) -> Iterator[None]:
    if shutil.which("xterm") is None:
        pytest.skip("xterm is not installed (apt-get install xterm)")
    environment = {name: value for name, value in os.environ.items() if name != "TMUX"}
    process = subprocess.Popen(
        [
            *("xterm", "-geometry", "80x24+0+0", "-e"),
            *("tmux", "-S", str(socket), "attach-session", "-t", f"={session}"),
        ],
        env={**environment, "DISPLAY": shown},
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


async def test_a_pane_in_a_terminal_emulator(
    virtual_display: str, terminal: Terminal, tmp_path: Path
) -> None:
    script = "printf '\\033[48;2;10;200;30m'; seq -f %070g 100; printf ready; read -r x"
    pane = await terminal.new_pane(name="p", cwd=tmp_path, command=script, width=80, height=24)
    await pane.wait(ForText("ready"), 10)
    session = (await pane.info()).session
    before = Image.open(io.BytesIO(display.png(display=virtual_display)))
    assert before.size == (WIDTH, HEIGHT)
    with terminal_emulator(virtual_display, terminal.socket, session):
        assert shows(virtual_display, (10, 200, 30)), "the terminal emulator never showed the pane"
    await pane.kill()


def shows(virtual_display: str, color: tuple[int, int, int], *, patience: float = 20) -> bool:
    """Look again and again: a terminal emulator tells nobody when it has drawn."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        image = Image.open(io.BytesIO(display.png(display=virtual_display)))
        # A display of fewer colours rounds them.
        near = [
            count
            for count, found in image.getcolors(1 << 20)
            if all(abs(a - b) <= 8 for a, b in zip(found, color, strict=True))
        ]
        if sum(near) > WIDTH * HEIGHT // 10:
            return True
        time.sleep(0.1)
    return False


def test_a_large_display_is_scaled_to_what_a_model_sees() -> None:
    image = picture.fitted(Image.new("RGB", (3840, 2160)))
    assert max(image.size) <= picture.MAX_EDGE
    assert image.width * image.height <= picture.MAX_PIXELS


def test_a_monitor_that_is_not_there(virtual_display: str) -> None:
    with pytest.raises(DisplayMissing, match="monitors"):
        display.png(display=virtual_display, monitor=7)
    assert display.png(display=virtual_display, monitor=1).startswith(b"\x89PNG")


@pytest.mark.parametrize(("variable", "value"), [("", ""), ("WAYLAND_DISPLAY", "wayland-0")])
def test_without_a_display_the_error_names_the_way_out(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    if variable:
        monkeypatch.setenv(variable, value)
    with pytest.raises(DisplayMissing) as caught:
        display.png()
    said = str(caught.value)
    assert "\n" not in said
    assert "no display" in said
    assert "the pane's own picture" in said


def test_a_display_that_does_not_answer() -> None:
    with pytest.raises(DisplayMissing) as caught:
        display.png(display=":59873")
    assert "\n" not in str(caught.value)
