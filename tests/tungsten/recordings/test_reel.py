"""Going through a recording: every moment looks as it does when played up to it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tungsten.errors import PaneGone, RecordingUnreadable
from tungsten.pane import Pane
from tungsten.recordings import asciicast, recording
from tungsten.recordings.asciicast import Event, Header
from tungsten.recordings.reel import Reel
from tungsten.screen.frame import Frame
from tungsten.terminal import Terminal


def write(path: Path, *events: tuple[float, str, str]) -> Path:
    lines = [Header(40, 6, title="a title").line(), *(Event(*each).line() for each in events)]
    path.write_text("".join(lines))
    return path


@pytest.fixture
def cast(tmp_path: Path) -> Path:
    return write(
        tmp_path / "a.cast",
        (0.0, "o", "\x1b[H\x1b[2Jfirst"),
        (1.0, "o", "\x1b[31m second \x1b"),
        (2.0, "o", "[0mthird"),
        (2.5, "m", "a place"),
        (3.0, "r", "60x8"),
        (4.0, "o", "\x1b[?1049h\x1b[2;5r\x1b[?25l\x1b)0\x0equ"),
        (9.0, "i", "typed"),
        (20.0, "o", "\x1b[?1049l\x1b[?25hback"),
    )


def shown(frame: Frame) -> object:
    return (frame.lines, frame.width, frame.height, frame.cursor_x, frame.cursor_y,
            frame.cursor_visible, frame.alternate)  # fmt: skip


async def test_every_moment_is_the_same_whichever_way_it_is_come_to(
    terminal: Terminal, cast: Path
) -> None:
    seconds = [0.0, 1.0, 1.5, 2.0, 3.0, 4.0, 12.0, 20.0]
    reel = await Reel.open(terminal, cast)
    assert (reel.title, reel.length, reel.position) == ("a title", 20.0, 0.0)
    wanted = {}
    for second in seconds:
        await reel.go_to(second)
        wanted[second] = shown(await reel.frame())
    assert len({repr(each) for each in wanted.values()}) == 6
    rng = random.Random(7)
    for second in rng.choices(seconds, k=25):
        await reel.go_to(second)
        assert shown(await reel.frame()) == wanted[second], second
        assert reel.position == second
    await reel.go_to(-3)
    assert reel.position == 0.0
    await reel.go_to(99)
    assert (reel.position, reel.size) == (20.0, (60, 8))
    await reel.close()
    with pytest.raises(PaneGone):
        await reel.frame()


async def test_steps_go_from_change_to_change(terminal: Terminal, cast: Path) -> None:
    reel = await Reel.open(terminal, cast)
    stops = []
    while await reel.to_change():
        stops.append(reel.position)
    # A marker and what was typed change nothing.
    assert stops == [1.0, 2.0, 3.0, 4.0, 20.0]
    assert await reel.upcoming() is None
    await reel.close()


async def test_a_recording_that_grows(terminal: Terminal, pane: Pane, tmp_path: Path) -> None:
    path = tmp_path / "grows.cast"
    recorded = await recording.start(terminal.client, pane.id, path)
    assert recording.running(path)
    await pane.run("echo one")
    reel = await Reel.open(terminal, path)
    await reel.go_to(reel.length)
    assert "one" in (await reel.frame()).text
    await pane.run("echo two")
    await recorded.stop()
    assert not recording.running(path)
    before = reel.length
    await reel.measure()
    assert reel.length > before
    await reel.go_to(reel.length)
    assert "two" in (await reel.frame()).text
    await reel.close()


async def test_secrets_can_be_masked(terminal: Terminal, tmp_path: Path) -> None:
    key = "sk-ant-" + "a1B2" * 20
    path = write(tmp_path / "s.cast", (0.0, "o", f"key {key}\r\n"), (1.0, "o", "more"))
    for mask in (False, True):
        reel = await Reel.open(terminal, path, mask=mask)
        await reel.go_to(1.0)
        text = (await reel.frame()).text.replace("\n", "")
        assert (key in text) is not mask
        assert "more" in text
        await reel.close()


async def test_what_is_no_recording_opens_no_pane(terminal: Terminal, tmp_path: Path) -> None:
    damaged = write(tmp_path / "d.cast", (0.0, "o", "x"))
    damaged.write_text(damaged.read_text() + "[nonsense]\n")
    (tmp_path / "none.cast").write_text("no recording\n")
    before = len(await terminal.panes())
    for name in ("missing.cast", "none.cast", "d.cast"):
        with pytest.raises(RecordingUnreadable):
            await Reel.open(terminal, tmp_path / name)
    assert len(await terminal.panes()) == before


def test_the_length_is_read_from_the_end(tmp_path: Path, cast: Path) -> None:
    assert asciicast.length(cast) == 20.0
    assert asciicast.length(write(tmp_path / "empty.cast")) == 0.0
    # What a killed recorder left half is no event.
    cast.write_text(cast.read_text() + '[30.0, "o", "hal')
    assert asciicast.length(cast) == 20.0
    long = write(tmp_path / "long.cast", (1.0, "o", "a"), (5.0, "o", "x" * 3_000_000))
    assert asciicast.length(long) == 5.0


async def test_a_recording_ends_at_its_limit(
    terminal: Terminal, pane: Pane, tmp_path: Path
) -> None:
    path = tmp_path / "limited.cast"
    recorded = await recording.start(terminal.client, pane.id, path, limit=50_000)
    assert (await pane.run("seq 200000", timeout=60)).exit_status == 0
    await recorded.stop()
    # One event more than the limit at most, and the marker.
    assert 50_000 <= path.stat().st_size < 50_000 + 200_000
    events = list(asciicast.read(path).events())
    assert events[-1].code == "m"
    assert "50000 bytes" in events[-1].data
    assert (await pane.run("echo goes on")).output == "goes on\n"
