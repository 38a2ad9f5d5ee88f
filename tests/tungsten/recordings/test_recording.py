"""Recordings of real panes: complete, conforming, crash-safe, and equal when played again."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tungsten.errors import PaneDead, PaneGone, RecordingRefused, RecordingUnreadable, ServerGone
from tungsten.pane import ForExit, ForIdle, ForText, Pane
from tungsten.recordings import asciicast, recording
from tungsten.recordings.asciicast import Event, Header
from tungsten.recordings.replay import AT_ONCE, Player, Printed, play, replay, timeline
from tungsten.screen.frame import Frame, strip_styles
from tungsten.terminal import Terminal


@pytest.fixture
def cast(tmp_path: Path) -> Path:
    return tmp_path / "work.cast"


async def same_screen(player: Player, wanted: Frame) -> None:
    shown = await player.pane.capture(history=200)
    assert shown.lines == wanted.lines
    assert (shown.width, shown.height) == (wanted.width, wanted.height)
    assert (shown.cursor_x, shown.cursor_y) == (wanted.cursor_x, wanted.cursor_y)
    assert shown.cursor_visible == wanted.cursor_visible
    assert shown.alternate == wanted.alternate


async def test_a_recorded_session_plays_to_the_same_screen(
    terminal: Terminal, pane: Pane, cast: Path
) -> None:
    recorded = await recording.start(terminal.client, pane.id, cast, title="a session")
    await pane.run("printf '\\033[1;31mred\\033[0m \\303\\244 \\346\\274\\242 ok\\n'; seq 40")
    await pane.resize(100, 30)
    await pane.run("printf '\\033[7mbig%.0s ' $(seq 60); tput sgr0; tput civis")
    wanted = await pane.capture(history=200)
    await recorded.stop()
    player = await replay(terminal, cast, speed=AT_ONCE)
    await same_screen(player, wanted)
    await player.close()
    codes = [event.code for event in asciicast.read(cast).events()]
    assert codes.count("r") == 1
    assert asciicast.read(cast).header.title == "a session"


async def test_recording_begins_with_the_screen_as_it_is(
    terminal: Terminal, tmp_path: Path, cast: Path
) -> None:
    script = (
        "printf '\\033[44mmain\\nscreen\\033[0m\\n\\033(0lqqk\\033(B\\n';"
        "printf '\\033[?1049h\\033[H\\033[2;10r\\033[3;4Halternate \\346\\274\\242\\033[?25l';"
        "printf %0120d 7; read -r x; printf '\\033[?1049lback\\033[?25h'; read -r x"
    )
    pane = await terminal.new_pane(name="a", cwd=tmp_path, command=script, width=60, height=12)
    await pane.wait(ForText("alternate"), 10)
    recorded = await recording.start(terminal.client, pane.id, cast)
    await pane.send_keys("Enter")
    await pane.wait(ForText("back"), 10)
    wanted = await pane.capture()
    await recorded.stop()
    player = await replay(terminal, cast, speed=AT_ONCE)
    shown = await player.pane.capture()
    assert dataclasses.replace(shown, title=wanted.title) == wanted
    await player.close()


async def test_nothing_is_lost_between_the_first_screen_and_what_follows(
    terminal: Terminal, tmp_path: Path, runtime: Path
) -> None:
    script = "i=0; while :; do i=$((i+1)); echo line $i; done"
    pane = await terminal.new_pane(name="flood", cwd=tmp_path, command=script, width=40, height=10)
    await pane.wait(ForText("line"), 10)
    for number in range(5):
        path = tmp_path / f"{number}.cast"
        recorded = await recording.start(terminal.client, pane.id, path)
        await asyncio.sleep(0.05)
        await recorded.stop()
        text = "".join(e.data for e in asciicast.read(path).events() if e.code == "o")
        # Where the first screen ends before a new line, the cursor's place stands for it.
        text = re.sub(r"\x1b\[\d+;1H", "\n", text)
        said = [int(word) for word in strip_styles(text).split() if word.isdecimal()]
        # The end may cut a number in two.
        assert said[:-1] == list(range(said[0], said[0] + len(said) - 1))
        assert len(said) > 20
    await pane.kill()


async def test_the_file_is_an_asciicast_of_version_2(
    terminal: Terminal, pane: Pane, cast: Path, tmp_path: Path
) -> None:
    recorded = await recording.start(terminal.client, pane.id, cast)
    recorded.typed("secret?")
    recorded.mark("here")
    await pane.run("printf 'a\\377b\\303'; printf '\\251 c'; sleep 0.1; printf done")
    await recorded.stop()
    header, *events = [json.loads(line) for line in content(cast).splitlines()]
    assert header["version"] == 2
    assert (header["width"], header["height"]) == (80, 24)
    assert isinstance(header["timestamp"], int)
    assert set(header) <= {"version", "width", "height", "timestamp", "title", "env"}
    for time, code, data in events:
        assert isinstance(time, int | float)
        assert code in "oirm"
        assert isinstance(data, str)
        data.encode("utf-8")
    printed = "".join(data for _, code, data in events if code == "o")
    assert "a\N{REPLACEMENT CHARACTER}b\N{LATIN SMALL LETTER E WITH ACUTE} c" in printed
    assert ["i", "secret?"] in [event[1:] for event in events]
    assert ["m", "here"] in [event[1:] for event in events]
    assert files(tmp_path) == {"work.cast": 0o600}


async def test_a_killed_recorder_leaves_a_valid_file_and_the_pane_goes_on(
    terminal: Terminal, pane: Pane, cast: Path
) -> None:
    await recording.start(terminal.client, pane.id, cast)
    await pane.run("echo before")
    (process,) = recorders(cast)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    result = await pane.run("echo after")
    assert result.exit_status == 0
    text = "".join(event.data for event in asciicast.read(cast).events())
    assert "before" in text
    assert "after" not in text
    with cast.open("a", encoding="utf-8") as file:
        file.write('[9.0, "o", "hal')
    assert "hal" not in [event.data for event in asciicast.read(cast).events()]
    await recording.stop(terminal.client, pane.id, cast)


async def test_a_recording_outlives_who_asked_for_it(
    terminal: Terminal, pane: Pane, cast: Path, runtime: Path
) -> None:
    other = await Terminal.open(runtime / "tmux.sock")
    await recording.start(other.client, pane.id, cast)
    await other.close()
    await pane.run("echo still here")
    assert await recording.recordings(terminal.client) == {pane.id: cast}
    await recording.stop(terminal.client, pane.id, cast)
    assert await recording.recordings(terminal.client) == {}
    assert "still here" in content(cast)
    assert not recorders(cast)


async def test_the_recorder_ends_with_the_server(
    runtime: Path, environment: dict[str, str], tmp_path: Path, cast: Path
) -> None:
    terminal = await Terminal.open(runtime / "own.sock", environment=environment)
    pane = await terminal.new_pane(name="work", cwd=tmp_path)
    recorded = await recording.start(terminal.client, pane.id, cast)
    processes = recorders(cast)
    await terminal.kill_server()
    assert not psutil.wait_procs(processes, timeout=10)[1]
    with pytest.raises(ServerGone):
        await recorded.stop()
    assert list(asciicast.read(cast).events())


async def test_what_cannot_be_recorded_says_so(
    terminal: Terminal, pane: Pane, cast: Path, tmp_path: Path
) -> None:
    with pytest.raises(PaneGone):
        await recording.start(terminal.client, "%99", cast)
    assert not files(tmp_path)
    dead = await terminal.new_pane(name="dead", cwd=tmp_path, command="exit 3")
    await dead.wait(ForExit(), 10)
    with pytest.raises(PaneDead):
        await recording.start(terminal.client, dead.id, cast)
    with pytest.raises(RecordingRefused, match="cannot be written"):
        await recording.start(terminal.client, pane.id, tmp_path / "none" / "a.cast")
    recorded = await recording.start(terminal.client, pane.id, cast)
    with pytest.raises(RecordingRefused, match="exists already"):
        await recording.start(terminal.client, pane.id, cast)
    with pytest.raises(RecordingRefused, match="piped already"):
        await recording.start(terminal.client, pane.id, tmp_path / "b.cast")
    await recorded.stop()


async def test_the_recording_of_a_program_that_has_ended_is_complete(
    terminal: Terminal, tmp_path: Path, cast: Path
) -> None:
    pane = await terminal.new_pane(name="seq", cwd=tmp_path, command="read go; seq 100000")
    recorded = await recording.start(terminal.client, pane.id, cast)
    await pane.send_text("\n")
    await pane.wait(ForExit(), 30)
    await asyncio.wait_for(recorded.stop(), 20)
    assert not recorders(cast)
    printed = "".join(e.data for e in asciicast.read(cast).events() if e.code == "o")
    # On a busy machine tmux 3.3a may itself not get the last of what a program printed that has
    # ended (FIONREAD does not tell it of that): all that it got is on the screen.
    shown = (await pane.text()).strip().split("\n")
    assert printed.rstrip().split("\r\n")[-len(shown) :] == shown
    assert int(shown[-1]) > 50_000
    assert await recording.recordings(terminal.client) == {}


async def test_what_a_held_up_server_still_has_is_recorded(
    terminal: Terminal, tmp_path: Path, cast: Path
) -> None:
    pane = await terminal.new_pane(name="seq", cwd=tmp_path, command="read go; seq 100000")
    recorded = await recording.start(terminal.client, pane.id, cast)
    [recorder] = recorders(cast)
    server = psutil.Process(recorder.ppid())
    recorder.suspend()
    await pane.send_text("\n")
    # It prints no more once tmux holds what does not fit into the pipe.
    assert (await pane.wait(ForIdle(0.5), 30)).met
    server.suspend()
    try:
        recorder.terminate()
        recorder.resume()
        ended, _ = await asyncio.to_thread(psutil.wait_procs, [recorder], 0.6)
        assert not ended, "there is more to come"
    finally:
        server.resume()
    await asyncio.wait_for(recorded.stop(), 20)
    printed = "".join(e.data for e in asciicast.read(cast).events() if e.code == "o")
    shown = (await pane.text()).strip().split("\n")
    assert printed.rstrip().split("\r\n")[-len(shown) :] == shown


async def test_a_recording_whose_start_was_cancelled_does_not_go_on(
    terminal: Terminal, pane: Pane, cast: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    def never(_fifo: Path) -> asyncio.Future[None]:
        begun.set()
        return asyncio.get_running_loop().create_future()

    with monkeypatch.context() as patched:
        patched.setattr(recording, "_ready", never)
        starting = asyncio.create_task(recording.start(terminal.client, pane.id, cast))
        await begun.wait()
        starting.cancel()
        await asyncio.wait({starting})
    assert starting.cancelled()
    assert await recording.recordings(terminal.client) == {}
    assert not files(tmp_path)
    recorded = await recording.start(terminal.client, pane.id, cast)
    await recorded.stop()


@pytest.mark.parametrize(
    "name", ["a b'c.cast", "#(touch x).cast", "%H %% #{pane_id}.cast", "ä;b.cast"]
)
async def test_odd_file_names(terminal: Terminal, pane: Pane, tmp_path: Path, name: str) -> None:
    recorded = await recording.start(terminal.client, pane.id, tmp_path / name)
    await pane.run("echo hello")
    assert await recording.recordings(terminal.client) == {pane.id: tmp_path / name}
    await recorded.stop()
    assert "hello" in content(tmp_path / name)
    assert set(files(tmp_path)) == {name}


async def test_a_player_tells_when_its_pane_is_closed(terminal: Terminal) -> None:
    player = await Player.open(terminal, name="play", width=20, height=5)
    await player.feed("hello")
    await player.settled()
    assert (await player.pane.capture()).text == "hello"
    await player.pane.kill()
    with pytest.raises((PaneGone, PaneDead)):
        await feed_for_long(player)
    await player.close()


async def test_a_player_keeps_sequences_whole_when_asked_whether_it_is_done(
    terminal: Terminal,
) -> None:
    player = await Player.open(terminal, name="play", width=20, height=5)
    for piece in ("\x1b", "[3", "1mred", "\x1b]0;ti", "tle\x1b", "\\", "!"):
        await player.feed(piece)
        await player.settled()
    shown = await player.pane.capture()
    assert shown.text == "red!"
    assert "\x1b[31m" in shown.lines[0]
    assert shown.title == "title"
    await player.close()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
sizes = st.integers(1, 500)
events = st.builds(
    Event, st.floats(0, 1e6).map(lambda t: round(t, 6)), st.sampled_from("oim"), texts
) | st.builds(
    lambda time, w, h: Event(time, "r", f"{w}x{h}"),
    st.floats(0, 1e6).map(lambda t: round(t, 6)),
    sizes,
    sizes,
)


@settings(max_examples=60, deadline=None)
@given(
    header=st.builds(
        Header,
        width=sizes,
        height=sizes,
        timestamp=st.none() | st.integers(0, 2**33),
        title=texts,
        command=texts,
        idle_time_limit=st.none() | st.floats(0.1, 100),
        env=st.dictionaries(texts, texts, max_size=3),
    ),
    told=st.lists(events, max_size=10).map(lambda found: sorted(found, key=lambda e: e.time)),
    cut=st.integers(0, 200),
)
def test_what_is_written_is_read_up_to_the_last_whole_line(
    tmp_path_factory: pytest.TempPathFactory, header: Header, told: list[Event], cut: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "format.cast"
    whole = (header.line() + "".join(event.line() for event in told)).encode()
    path.write_bytes(whole)
    found = asciicast.read(path)
    assert found.header == header
    assert list(found.events()) == told
    kept = whole[: max(len(whole) - cut, len(header.line().encode()))]
    path.write_bytes(kept)
    complete = kept.count(b"\n") - 1
    assert list(asciicast.read(path).events()) == told[:complete]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "no complete header"),
        ("{}", 1, "no complete header"),
        ("nonsense\n", 1, "no JSON"),
        ("[1]\n", 1, "no JSON object"),
        ('{"version": 1, "width": 1, "height": 1}\n', 1, "version is 1"),
        ('{"version": 2, "width": 0, "height": 1}\n', 1, "width and height"),
        ('{"version": 2, "width": 9, "height": 9}\n[1, "o"]\n', 2, "an event is"),
        ('{"version": 2, "width": 9, "height": 9}\n[NaN, "o", ""]\n', 2, "an event is"),
        ('{"version": 2, "width": 9, "height": 9}\n[1, "r", "axb"]\n', 2, "COLUMNSxLINES"),
        ('{"version": 2, "width": 9, "height": 9}\n[1, "r", "9x10001"]\n', 2, "from 1 to 10000"),
        ('{"version": 2, "width": 9, "height": 9}\n[1, "r", "0x9"]\n', 2, "from 1 to 10000"),
        ('{"version": 2, "width": 10001, "height": 9}\n', 1, "from 1 to 10000"),
        ('{"version": 2, "width": 9, "height": 9}\n[1' + "0" * 400 + ', "o", ""]\n', 2, "an event"),
    ],
)
def test_damage_is_named_with_its_line(tmp_path: Path, text: str, line: int, reason: str) -> None:
    path = tmp_path / "bad.cast"
    path.write_text(text)
    with pytest.raises(RecordingUnreadable, match=reason) as caught:
        list(asciicast.read(path).events())
    assert caught.value.line == line


@pytest.mark.parametrize("before", ["", Header(9, 9).line()], ids=["header", "event"])
def test_brackets_without_end_are_named(tmp_path: Path, before: str) -> None:
    path = tmp_path / "deep.cast"
    path.write_text(before + "[" * 100_000 + "\n")
    with pytest.raises(RecordingUnreadable, match="too deeply") as caught:
        list(asciicast.read(path).events())
    assert caught.value.line == before.count("\n") + 1


@pytest.mark.parametrize("number", ["NaN", "1e999", "-1", "1" + "0" * 400, "1e20", "true"])
def test_a_header_without_a_time_is_read_all_the_same(tmp_path: Path, number: str) -> None:
    path = tmp_path / "odd.cast"
    path.write_text(
        f'{{"version": 2, "width": 9, "height": 9, "title": "a\\ud800b", "timestamp": {number}}}\n'
        '[1, "o", "\\ud800"]\n'
    )
    recording = asciicast.read(path)
    assert recording.header.timestamp is None
    assert recording.header.title == "a?b"
    assert [event.data for event in recording.events()] == ["?"]


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.cast"
    path.write_bytes(b"\xff\xfe\n")
    with pytest.raises(RecordingUnreadable, match="UTF-8"):
        asciicast.read(path)
    with pytest.raises(RecordingUnreadable, match="No such file"):
        asciicast.read(tmp_path / "none.cast")


def test_the_timeline_follows_speed_and_cuts_long_pauses() -> None:
    told = [Event(1, "o", "a"), Event(11, "o", "b"), Event(12, "o", "c")]
    assert [at for at, _ in timeline(told, speed=2)] == [0.5, 5.5, 6]
    assert [at for at, _ in timeline(told, idle_limit=2)] == [1, 3, 4]
    assert [at for at, _ in timeline(told, speed=AT_ONCE)] == [0, 0, 0]
    with pytest.raises(ValueError, match="above 0"):
        list(timeline(told, speed=0))


async def test_play_gives_the_events_of_a_recording_by_others(tmp_path: Path) -> None:
    path = tmp_path / "theirs.cast"
    path.write_text(
        '{"version": 2, "width": 80, "height": 24, "idle_time_limit": 0.01, "theme": {}}\n'
        '[0.2, "o", "\\u001b[1mHello"]\n[1.0, "x", "unknown"]\n\n[5, "r", "100x50"]\n'
    )
    played = [event async for event in play(path)]
    assert [event.code for event in played] == ["o", "x", "r"]
    assert played[-1].size == (100, 50)


async def feed_for_long(player: Player) -> None:
    for _ in range(1000):
        await player.feed("x" * 10_000)
        await asyncio.sleep(0)


def files(directory: Path) -> dict[str, int]:
    """The files there and their modes; the home directory aside."""
    return {
        path.name: path.stat().st_mode & 0o777
        for path in directory.iterdir()
        if path.name != "home"
    }


def content(path: Path) -> str:
    return path.read_text("utf-8")


def recorders(path: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(path) in (process.info["cmdline"] or []) and process.info["cmdline"][0] != "sh"
    ]


@pytest.fixture(autouse=True)
async def no_recorder_stays(cast: Path) -> AsyncIterator[None]:
    yield
    # Told to end, each ends by itself, which takes it a moment.
    _, left = await asyncio.to_thread(psutil.wait_procs, recorders(cast), 10)
    assert not left


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(min_value=1, max_value=60)))
def test_a_person_s_terminal_is_given_only_what_shows(cuts: set[int]) -> None:
    text = (
        "\x1b[31mred\x1b[0m\x1bkname;of a window\x1b\\ and "
        "\x1b]52;c;Y29waWVk\x07\x1b]4;1;rgb:ff/00/00\x1b\\more\x1bPq#0\x1b\\ \x1b7é漢"
    )
    pieces = [text[a:b] for a, b in itertools.pairwise([0, *sorted(cuts), len(text)])]
    printed = Printed()
    shown = "".join(printed.feed(piece) for piece in pieces)
    assert shown == "\x1b[31mred\x1b[0m and \x1b]4;1;rgb:ff/00/00\x1b\\more \x1b7é漢"
