"""What a model gets of a recording holds no secret, however it was printed."""

from __future__ import annotations

import fcntl
import resource
import signal
import string
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tungsten.errors import RecordingRefused, RecordingUnreadable
from tungsten.pane import Pane
from tungsten.recordings import asciicast, masked_recording, recording
from tungsten.recordings.asciicast import Event, Header, Recording
from tungsten.recordings.masked_recording import FILL
from tungsten.recordings.masking import MASK, mask, spans
from tungsten.recordings.replay import AT_ONCE, replay
from tungsten.screen.frame import strip_styles
from tungsten.terminal import Terminal

TOKEN = "ghp_" + "aB3dE6gH9" * 4
KEY = "-----BEGIN RSA PRIVATE KEY-----\r\n{}\r\n-----END RSA PRIVATE KEY-----\r\n"


def made(path: Path, told: list[Event]) -> Recording:
    header = Header(width=80, height=24, title=f"with {TOKEN}", env={"API_TOKEN": "x1y2z3a4b5"})
    path.write_text(header.line() + "".join(event.line() for event in told), "utf-8")
    return asciicast.read(path)


def printed(told: list[Event]) -> str:
    return "".join(event.data for event in told if event.code == "o")


async def test_a_secret_typed_at_a_prompt_is_not_exported(
    terminal: Terminal, pane: Pane, tmp_path: Path
) -> None:
    path, target = tmp_path / "a.cast", tmp_path / "masked.cast"
    recorded = await recording.start(terminal.client, pane.id, path)
    recorded.typed(TOKEN)
    for character in f"echo {TOKEN} # and on and on until the line is full":
        await pane.send_text(character)
    await pane.send_keys("Enter")
    await pane.run("echo done")
    await recorded.stop()
    assert TOKEN in strip_styles(printed(list(asciicast.read(path).events())))
    masked_recording.export(path, target)
    text = printed(list(asciicast.read(target).events()))
    assert MASK in text
    assert TOKEN not in strip_styles(text)
    assert TOKEN[:12] not in strip_styles(text)
    player = await replay(terminal, target, speed=AT_ONCE)
    shown = await player.pane.capture()
    assert TOKEN[:12] not in shown.text
    assert "done" in shown.text
    await player.close()


@settings(max_examples=80, deadline=None)
@given(
    before=st.text(string.ascii_lowercase + " \n", max_size=80),
    after=st.text(string.ascii_lowercase + " \n", max_size=80),
    cuts=st.sets(st.integers(0, 200), max_size=12),
    colours=st.sets(st.integers(0, 200), max_size=4),
    window=st.integers(1, 300),
)
def test_a_token_is_found_however_it_was_cut_and_coloured(
    tmp_path_factory: pytest.TempPathFactory,
    before: str,
    after: str,
    cuts: set[int],
    colours: set[int],
    window: int,
) -> None:
    text = f"{before} {TOKEN} {after}"
    pieces = [""]
    for index, character in enumerate(text):
        if index in cuts:
            pieces.append("")
        pieces[-1] += ("\x1b[1;32m" if index in colours else "") + character
    told = [Event(index, "o", piece) for index, piece in enumerate(pieces)]
    found = made(tmp_path_factory.getbasetemp() / "cut.cast", told)
    # Below four windows a line is looked at whole, whatever the window is.
    masked = list(masked_recording.events(found, window=max(window, 80)))
    # An event may have become two.
    assert sorted({event.time for event in masked}) == [event.time for event in told]
    # Nothing moves: what stands there has as many cells as the token had.
    assert strip_styles(printed(masked)) == f"{before} {MASK.ljust(len(TOKEN), FILL)} {after}"


@pytest.mark.parametrize("window", [64, 1000, 100_000])
def test_a_private_key_over_many_windows(tmp_path: Path, window: int) -> None:
    body = "\r\n".join("MIIE" + "q7Z" * 20 for _ in range(30))
    text = "before\r\n" * 20 + KEY.format(body) + "after\r\n" * 20
    told = [Event(i, "o", text[i : i + 50]) for i in range(0, len(text), 50)]
    masked = printed(
        list(masked_recording.events(made(tmp_path / "key.cast", told), window=window))
    )
    assert "q7Z" not in masked
    assert masked.count("before") == 20
    assert masked.count("after") == 20


def test_titles_markers_variables_and_input(tmp_path: Path) -> None:
    told = [Event(0, "i", "hunter2"), Event(1, "m", f"at {TOKEN}"), Event(2, "r", "90x20")]
    made(tmp_path / "a.cast", told)
    masked_recording.export(tmp_path / "a.cast", tmp_path / "b.cast")
    text = (tmp_path / "b.cast").read_text("utf-8")
    assert TOKEN not in text
    assert "hunter2" not in text
    assert "x1y2z3a4b5" not in text
    assert '"90x20"' in text
    with pytest.raises(RecordingRefused, match="cannot be written"):
        masked_recording.export(tmp_path / "a.cast", tmp_path / "b.cast")


@pytest.mark.parametrize(
    "text",
    [
        f"a {TOKEN} b {TOKEN}",
        "Authorization: Bearer abcdefgh12345",
        "postgres://me:hunter22@host/db",
        "API_KEY=abcd1234 PASSWORD='quoted secret'",
        "password: hunter2x, other: nothing",
        "nothing to hide: commit 3f2a1b",
        f"TOKEN={TOKEN} https://u:{TOKEN}@h",
    ],
)
def test_spans_hide_what_mask_hides(text: str) -> None:
    hidden = text
    for start, end in reversed(spans(text)):
        hidden = hidden[:start] + MASK + hidden[end:]
    assert hidden == mask(text)


@pytest.mark.parametrize(
    ("sequence", "stays"),
    [
        (f"\x1bk{TOKEN}\x1b\\", False),
        (f"\x1b]2;deploying with {TOKEN}\x07", False),
        (f"\x1b]7;file:///home/ada/{TOKEN}\x1b\\", False),
        (f"\x1b]8;;https://example.org/?t={TOKEN}\x1b\\", False),
        (f"\x1bPq{TOKEN}\x1b\\", False),
        (f"\x1b_{TOKEN}\x1b\\", False),
        ("\x1b]4;1;rgb:ff/00/00\x1b\\", True),
        ("\x1b]104\x07", True),
        ("\x1b]11;#102030\x07", True),
        ("\x1b]112\x1b\\", True),
        (f"\x1b]1337;{TOKEN}\x07", False),
    ],
)
def test_what_is_told_and_not_shown_is_left_out(tmp_path: Path, sequence: str, stays: bool) -> None:
    told = [Event(0.0, "o", f"before {sequence[:5]}"), Event(1.0, "o", f"{sequence[5:]}after\n")]
    text = printed(list(masked_recording.events(made(tmp_path / "a.cast", told))))
    assert text == f"before {sequence if stays else ''}after\n"


def test_a_screen_keeps_its_shape_without_its_secrets() -> None:
    screen = f"\x1b[32mkey\x1b[0m {TOKEN[:9]}\x1b[1m{TOKEN[9:]}\x1b[0m |\nnext"
    hidden = masked_recording.hide(screen)
    assert strip_styles(hidden) == f"key {MASK.ljust(len(TOKEN), FILL)} |\nnext"
    assert hidden.startswith("\x1b[32mkey\x1b[0m ")
    assert "\x1b[1m" in hidden
    assert masked_recording.hide("\x1b[31mplain\x1b[0m\n") == "\x1b[31mplain\x1b[0m\n"


def test_what_is_still_recorded_is_masked_when_that_has_ended(tmp_path: Path) -> None:
    source, target = tmp_path / "a.raw", tmp_path / "a.cast"
    made(source, [Event(0.0, "o", "first ")])
    masking = threading.Thread(target=masked_recording.main, args=(str(source), str(target)))
    with source.open("a", encoding="utf-8") as recorder:
        fcntl.flock(recorder, fcntl.LOCK_EX)
        masking.start()
        masking.join(0.5)
        assert masking.is_alive()
        recorder.write(Event(1.0, "o", "last").line())
    masking.join(10)
    assert printed(list(asciicast.read(target).events())) == "first last"
    assert not source.exists()


def test_an_export_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """Half of it would pass for all of it, and the next try would find a file there."""
    source, target = tmp_path / "a.cast", tmp_path / "b.cast"
    told = [Event(number / 10, "o", f"line {number}\r\n" * 50) for number in range(100)]
    made(source, told)
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, most[1]))
    try:
        with pytest.raises(RecordingRefused, match="File too large"):
            masked_recording.export(source, target)
        assert masked_recording.main(str(source), str(target)) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
        signal.signal(signal.SIGXFSZ, before)
    assert list(tmp_path.iterdir()) == [source]
    source.write_text(source.read_text("utf-8") + "[damaged\n", "utf-8")
    with pytest.raises(RecordingUnreadable):
        masked_recording.export(source, target)
    assert list(tmp_path.iterdir()) == [source]
    made(source, told)
    masked_recording.export(source, target)
    with pytest.raises(RecordingRefused, match="File exists"):
        masked_recording.export(source, target)
    assert sorted(tmp_path.iterdir()) == [source, target]
