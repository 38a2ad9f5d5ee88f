from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tungsten.frame import strip_styles
from tungsten.pane import Pane
from tungsten.sgr import PLAIN, Run, Style, parse_line, parse_lines

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
    assert "".join(run.text for run in runs) == strip_styles(line)
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
