from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tungsten.pane import ForText, Pane
from tungsten.screen import sgr
from tungsten.screen.frame import strip_styles
from tungsten.screen.sgr import PLAIN, Run, Style, display, follow_tmux, parse_line, parse_lines
from tungsten.shell.output import columns
from tungsten.terminal import Terminal
from tungsten.tmux.control_client import parse_version

pieces = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=8),
    st.lists(st.integers(0, 120), max_size=4).map(
        lambda codes: "\x1b[" + ";".join(map(str, codes)) + "m"
    ),
    st.sampled_from(
        ["\x1b[38;2;1;2;3m", "\x1b[48:5:200m", "\x1b[4:3m", "\x1b[58:2::1:2:3m", "\x1b[m"]
    ),
)


@given(st.lists(pieces, max_size=12))
def test_no_text_is_lost_and_no_run_is_empty(parts: list[str]) -> None:
    line = "".join(parts)
    runs, carried = parse_line(line)
    assert "".join(run.text for run in runs) == display(strip_styles(line))
    assert all(run.text for run in runs)
    assert all(a.style is not b.style for a, b in itertools.pairwise(runs))
    assert isinstance(carried, Style)


@given(st.lists(pieces, max_size=6), st.lists(pieces, max_size=6))
def test_a_style_carries_into_the_next_line(first: list[str], second: list[str]) -> None:
    one, two = "".join(first), "".join(second)
    split = [run for runs in parse_lines([one, two]) for run in runs]
    joined, _ = parse_line(one + two)
    assert "".join(run.text for run in split) == "".join(run.text for run in joined)
    cells = [(c, run.style) for run in split for c in run.text]
    assert cells == [(c, run.style) for run in joined for c in run.text]


def test_colours_and_attributes() -> None:
    runs, carried = parse_line(
        "a\x1b[1;31mb\x1b[22;38;5;200mc\x1b[48;2;1;2;3md\x1b[0;7;9;53me\x1b[94;103mf\x1b[4:3mg"
    )
    assert runs[0] == Run("a", PLAIN)
    assert runs[1] == Run("b", Style(fg=1, bold=True))
    assert runs[2] == Run("c", Style(fg=200))
    assert runs[3] == Run("d", Style(fg=200, bg=(1, 2, 3)))
    assert runs[4] == Run("e", Style(reverse=True, strike=True, overline=True))
    assert runs[5].style.fg == 12
    assert runs[5].style.bg == 11
    assert carried.underline == 3


def test_unchanged_lines_are_the_same_objects() -> None:
    line = "\x1b[31mred\x1b[39m plain"
    assert parse_line(line)[0] is parse_line("".join(line))[0]


def test_line_drawing_goes_on_in_the_next_line() -> None:
    lines = ["\x1b[1ma\x0elqk", "x \x1b[0;31mx\x1b[0m", "", "mqj\x0fx", "x"]
    texts = ["".join(run.text for run in runs) for runs in parse_lines(lines)]
    assert texts == ["a┌─┐", "│ │", "", "└─┘x", "x"]
    # The same line means something else after another one.
    assert parse_line("x")[0] == (Run("x", PLAIN),)
    runs, carried = parse_line("x", parse_line("\x0e\x1b[31mq")[1])
    assert runs == (Run("│", Style(fg=1)),)
    assert carried == Style(fg=1, drawing=True)
    # What was put into runs does not tell, so that equal looks stay equal styles.
    assert not any(run.style.drawing for found in parse_lines(lines) for run in found)


async def test_a_real_capture(pane: Pane) -> None:
    result = await pane.run(
        "printf '\\033[1;44mblue  \\nstill blue\\033[0m 漢字 \\033(0qqq\\033(B\\n'", timeout=10
    )
    styled = parse_lines(result.frame.lines)
    texts = ["".join(run.text for run in runs) for runs in styled]
    row = next(n for n, text in enumerate(texts) if text.startswith("blue  "))
    assert styled[row][0] == Run("blue  ", Style(bg=4, bold=True))
    assert styled[row + 1][0] == Run("still blue", Style(bg=4, bold=True))
    assert "漢字 ───" in texts[row + 1]


@pytest.fixture
def _tmux_33() -> Iterator[None]:
    yield
    follow_tmux((3, 3))


@pytest.mark.usefixtures("_tmux_33")
async def test_rows_are_as_wide_as_tmux_made_them(terminal: Terminal, tmp_path: Path) -> None:
    follow_tmux(parse_version(terminal.client.version))
    samples = [
        "\u2601\ufe0f",
        "\u2601\ufe0e",
        "1\ufe0f\u20e3",
        "\U0001f44d\U0001f3fd",
        "a\U0001f3fd",
        "\U0001f469\u200d\U0001f4bb",
        "\U0001f469\U0001f3fd\u200d\U0001f4bb",
        "\u2764\ufe0f\u200d\U0001f525",
        "\U0001f1e9\U0001f1ea",
        "e\u0301",
        "漢字",
        "a\u202eb\u202cc\u2066d\u2069e\u200ef\u200fg\u061c",
    ]
    # The cursor's column, as tmux counts it, against what is drawn before it.
    for sample in samples:
        (tmp_path / "sample").write_text(f"\x1b[31m{sample}\x1b[0m{sample}")
        pane = await terminal.new_pane(name="w", cwd=tmp_path, command="cat sample; exec sleep 99")
        assert (await pane.wait(ForText(sample[0]), 10)).met
        frame = await pane.capture()
        drawn = "".join(run.text for run in parse_line(frame.lines[0])[0])
        assert columns(drawn) == frame.cursor_x, ascii(sample)
        await pane.kill()


@pytest.mark.usefixtures("_tmux_33")
def test_emoji_of_several_characters_become_their_first() -> None:
    follow_tmux((3, 3))
    assert display("1\ufe0f\u20e3 \u2764\ufe0f\u200d\U0001f525.") == "1 \u2764."
    assert display("\U0001f44d\U0001f3fd.") == "\U0001f44d  ."
    follow_tmux((3, 6))
    assert display("1\ufe0f\u20e3.") == "1 ."
    assert display("\U0001f44d\U0001f3fd.") == "\U0001f44d."
    # A sequence between is not a character.
    runs, _ = parse_line("\U0001f469\u200d\x1b[31mx")
    assert runs == (Run("\U0001f469", PLAIN), Run("x", Style(fg=1)))


def test_a_pane_cannot_turn_the_row_beside_it_around() -> None:
    marks = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    runs, _ = parse_line(f"a\u202e\u2764\ufe0fשלם {marks}\x1b[31mx\u2067")
    assert runs == (Run("a\u2764שלם ", PLAIN), Run("x", Style(fg=1)))


def test_a_line_of_many_colours_leaves_memory_bounded() -> None:
    for red in range(256):
        parse_line("".join(f"\x1b[38;2;{red};{n % 256};{n // 256}mx" for n in range(300)))
    assert len(sgr._states) <= sgr._MOST_STYLES + 1
    assert parse_line("\x1b[38;2;9;8;7mx")[0] == (Run("x", Style(fg=(9, 8, 7))),)
