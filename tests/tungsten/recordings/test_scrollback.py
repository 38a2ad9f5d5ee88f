from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tungsten.errors import PaneGone, RecordingUnreadable
from tungsten.pane import Pane
from tungsten.recordings import asciicast, recording, scrollback
from tungsten.recordings.asciicast import Event
from tungsten.recordings.scrollback import Scrollback
from tungsten.screen import history
from tungsten.terminal import Terminal

SECRET = "sk-ant-api03-" + "a1B2" * 10


def numbers_in(lines: tuple[str, ...]) -> list[int]:
    return [int(line) for line in lines if line.isdecimal()]


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


async def test_what_tmux_dropped_is_read_from_the_recording(
    terminal: Terminal, pane: Pane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Less than the real ones, so that little is printed: how it is done does not depend on them.
    monkeypatch.setattr(scrollback, "ROWS", 150)
    monkeypatch.setattr(scrollback, "KEPT", 300)
    await terminal.client.command("set-option", "-g", "history-limit", "500")
    pane = await terminal.new_pane(name="short", cwd=tmp_path, width=60, height=10)
    await pane.run("true")
    recorded = await recording.start(terminal.client, pane.id, tmp_path / "x.cast")
    for command in (
        "seq 1 400; printf '\\e[H\\e[2J\\e[3J'",
        f"seq 401 1200; echo {SECRET}; printf '\\e[31mé😀\\e[0m \\n'",
        "printf '\\e[?1049h'; seq 5000 5100; printf '\\e[?1049l'; seq 1201 1300",
    ):
        await pane.run(command)
    # tmux tells a pane's terminal of a new size up to 250 ms after it has it itself.
    known = "until [ \"$(stty size)\" = '{} {}' ]; do sleep .05; done"
    await pane.resize(30, 20)
    await pane.run(known.format(20, 30))
    await pane.run("seq 1301 1400; printf 'w%.0s' {1..100}; echo")
    await pane.resize(50, 5)
    await pane.run(known.format(5, 50))
    await pane.run("seq 1401 1450")
    await recorded.stop()

    async with Scrollback.opened(terminal, tmp_path / "x.cast") as all_of_it:
        size = all_of_it.size
        whole = all_of_it.read(above=0, count=size).lines
        assert len(whole) == size
        numbers = numbers_in(whole)
        assert numbers == list(range(1, numbers[-1] + 1)), "each line once, in its order"
        assert numbers[-1] > 1440
        assert "é😀" in whole
        assert SECRET in "".join(whole)
        # What tmux still has of the recorded pane is the end of it.
        kept = await history.read(terminal.client, pane.id, above=0, count=10_000)
        assert 300 < kept.size < 600
        # Long lines, as prompts are, may be broken elsewhere once the pane got another size.
        assert numbers_in(kept.lines) == numbers[-len(numbers_in(kept.lines)) :]
        for above, count in ((0, 3), (7, 500), (size - 2, 5), (size, 5), (size + 9, 1), (5, 0)):
            passage = all_of_it.read(above=above, count=count)
            end = max(size - above, 0)
            assert passage.lines == whole[max(end - count, 0) : end]
            assert (passage.above, passage.size) == (min(above, size), size)
        assert numbers_in(tuple((await all_of_it.screen()).split("\n")))[-1] == 1450
    async with Scrollback.opened(terminal, tmp_path / "x.cast", mask=True) as masked:
        # How many rows long lines take depends on what tmux still held when the pane got another
        # size, and that on how the text was cut into pieces.
        told = masked.read(above=0, count=masked.size)
        assert len(told.lines) == masked.size
        assert numbers_in(told.lines) == numbers
        assert "é😀" in told.lines
        assert SECRET not in told.text
        assert SECRET not in "".join(told.lines)
    assert names(tmp_path) == ["home", "x.cast"]
    sessions = await terminal.client.command("list-sessions", "-F", "#{session_name}")
    assert not [name for name in sessions if name.startswith("lines-")]


async def test_a_history_that_is_erased_in_pieces_is_there(
    terminal: Terminal, tmp_path: Path
) -> None:
    erasing = "\x1b[\r03;0J"
    told = [
        Event(0.0, asciicast.OUTPUT, data)
        for cut in range(len(erasing))
        for data in ("line\r\n" * 9, erasing[:cut], erasing[cut:-1], "\n", erasing[-1], "\r")
    ]
    path = tmp_path / "x.cast"
    path.write_text(asciicast.Header(20, 5).line() + "".join(event.line() for event in told))
    async with Scrollback.opened(terminal, path) as all_of_it:
        whole = all_of_it.read(above=0, count=1000).lines
        whole += tuple((await all_of_it.screen()).split("\n"))
        assert whole.count("line") == 9 * len(erasing)
        assert set(whole) == {"line", ""}


async def test_ranges_of_what_tmux_keeps(terminal: Terminal, pane: Pane) -> None:
    await pane.run("clear; printf '\\e[3J'; seq 100")
    kept = await history.read(terminal.client, pane.id, above=0, count=1000)
    assert kept.size == len(kept.lines) > 70
    ranges = [(0, 1), (3, 10), (kept.size - 1, 9), (kept.size, 3), (9999, 3), (2, 0)]
    for above, count in [*ranges, (0, 10**12), (5, 10**30), (10**12, 4)]:
        passage = await history.read(terminal.client, pane.id, above=above, count=count)
        end = max(kept.size - above, 0)
        assert passage.lines == kept.lines[max(end - count, 0) : end]
        assert (passage.above, passage.size) == (min(above, kept.size), kept.size)
    assert await history.read(terminal.client, pane.id, above=-5, count=3) == await history.read(
        terminal.client, pane.id, above=0, count=3
    )
    await pane.kill()
    with pytest.raises(PaneGone):
        await history.read(terminal.client, pane.id, above=0, count=1)


async def test_what_is_no_recording_opens_nothing(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "x.cast").write_text("[]\n")
    with pytest.raises(RecordingUnreadable):
        async with Scrollback.opened(terminal, tmp_path / "x.cast"):
            pass
    assert names(tmp_path) == ["home", "x.cast"]


printed = st.text(st.sampled_from("ab\n\x1b[2JScé"), max_size=40)


@given(st.lists(st.one_of(printed, st.just("12x7")), max_size=12))
def test_no_piece_scrolls_off_more_than_is_taken(texts: list[str]) -> None:
    events = [
        Event(0.0, asciicast.RESIZE if text == "12x7" else asciicast.OUTPUT, text) for text in texts
    ]
    pieces = list(scrollback._pieces(iter(events), (10, 5), rows=20))
    told = "".join(piece if isinstance(piece, str) else piece.data for piece in pieces)
    assert told == "".join(texts)
    for piece in pieces:
        if isinstance(piece, str):
            assert len(piece) < 2 or scrollback._scrolled(piece, (10, 5)) <= 20 + 5
