"""Text fits, and loses nothing when it is wrapped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from tui.drawing import text

PLAIN = Style()
ANY = st.text(max_size=200)
PIECES = st.lists(st.tuples(st.text(max_size=40).map(text.clean), st.just(PLAIN)), max_size=6)


@given(ANY, st.integers(0, 80))
def test_fit_fits(dirty: str, width: int) -> None:
    assert cell_len(text.fit(text.one_line(dirty), width)) <= max(0, width)


@given(ANY, st.integers(0, 80))
def test_paths_keep_their_end(path: str, width: int) -> None:
    assert cell_len(text.fit_path(text.one_line(path), width)) <= max(0, width)


@given(PIECES, st.integers(2, 60))
def test_wrapped_lines_fit_and_keep_every_word(pieces: list[tuple[str, Style]], width: int) -> None:
    lines = text.wrap(pieces, width)
    for line in lines:
        assert sum(cell_len(piece) for piece, _ in line) <= width
    before = "".join(piece for piece, _ in pieces)
    after = "".join(piece for line in lines for piece, _ in line)
    assert "".join(after.split()) == "".join(before.split())


@given(PIECES, PIECES, st.integers(1, 60))
def test_a_line_is_exactly_as_wide_as_asked(
    left: list[tuple[str, Style]], right: list[tuple[str, Style]], width: int
) -> None:
    flat = [(text.one_line(piece), style) for piece, style in left]
    end = [(text.one_line(piece), style) for piece, style in right]
    strip = text.between(flat, end, width, PLAIN)
    assert sum(cell_len(segment.text) for segment in strip) == width
    assert cell_len(text.strip_of(flat, width).text) == width


@given(st.floats(0, 1e7))
def test_an_age_changes_when_it_says(seconds: float) -> None:
    delay = text.next_age_change(seconds)
    assert delay > 0
    assert text.age(seconds + delay + 1e-3) != text.age(seconds) or seconds < 1


def test_numbers_read_well() -> None:
    assert [text.count(n) for n in (0, 999, 3_420, 96_200, 1_200_000)] == [
        "0",
        "999",
        "3.4k",
        "96k",
        "1.2M",
    ]
    assert [text.age(s) for s in (0, 42, 425, 12_000, 1e6)] == ["now", "42s", "7m", "3h", "11d"]
    assert [text.money(cost) for cost in (0.184, 1234, None)] == ["$0.18", "$1,234", "unpriced"]
    assert text.home_path("/home/ada/x", "/home/ada") == "~/x"


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        ("Done. The clock dropped a zero", "The clock dropped a zero"),
        ("done", ""),
        ("Donegal is far", "Donegal is far"),
        ("The clock", "The clock"),
        ("", ""),
    ],
)
def test_a_state_is_not_said_twice(said: str, rest: str) -> None:
    assert text.behind("done", said) == rest


@pytest.mark.parametrize(
    ("state", "activity", "word", "rest"),
    [
        ("idle", "stopped", "stopped", ""),
        ("idle", "interrupted", "idle", "interrupted"),
        ("working", "stopped", "working", "stopped"),
        ("idle", "", "idle", ""),
    ],
)
def test_who_was_stopped_is_called_so(state: str, activity: str, word: str, rest: str) -> None:
    assert text.state_word(state, activity) == word
    assert text.behind(word, activity) == rest


def test_what_waits_for_approval_is_told_first() -> None:
    assert text.behind("waiting", "approve: git push --force") == "git push --force"
    assert text.behind("done", "approve: git push") == "approve: git push"
