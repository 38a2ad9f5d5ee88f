"""Rows that are kept by the hundred: as strips in all they do, and bounded in what is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.drawing.light_strip import LightStrip, make_strips_light
from tui.terminal.strips import Painter

STYLES = (Style.null(), Style(bold=True), Style(color="red", bgcolor="blue"))
segments = st.lists(
    st.tuples(st.text("ab 日é", max_size=6), st.sampled_from(STYLES)).map(
        lambda one: Segment(*one)
    ),
    max_size=6,
)


class Heavy(Strip):
    """A strip as Textual makes it, also in a process in which an app was."""

    __slots__ = ()
    __init__ = Strip.__init__


@given(segments, st.integers(0, 20), st.integers(0, 20))
def test_it_is_as_any_other_strip(parts: list[Segment], first: int, last: int) -> None:
    strip = Heavy(parts)
    light = LightStrip(parts, strip.cell_length)
    assert light == strip
    assert LightStrip(parts).cell_length == strip.cell_length
    cuts = sorted({first, last, strip.cell_length} - {0})
    for _ in range(2):
        assert light.crop(first, last) == strip.crop(first, last)
        assert light.crop_extend(first, last, STYLES[2]) == strip.crop_extend(
            first, last, STYLES[2]
        )
        assert light.adjust_cell_length(last, STYLES[1]) == strip.adjust_cell_length(
            last, STYLES[1]
        )
        assert light.apply_style(STYLES[2]) == strip.apply_style(STYLES[2])
        assert light.apply_offsets(1, 2) == strip.apply_offsets(1, 2)
        assert light.divide(cuts) == strip.divide(cuts)
    assert light.text == strip.text


def test_those_that_textual_makes_are_as_light(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Strip, "__init__", Heavy.__init__)
    monkeypatch.setattr(Strip, "__getattr__", None, raising=False)
    make_strips_light()
    blank = Strip.blank(3)
    assert "_crop_cache" not in {name for name in Strip.__slots__ if _is_set(blank, name)}
    assert blank.crop(0, 2).text == "  "
    assert blank.crop(0, 2) is blank.crop(0, 2)
    assert Strip([Segment("ab"), Segment("日")]).cell_length == 4


def _is_set(strip: Strip, name: str) -> bool:
    try:
        object.__getattribute__(strip, name)
    except AttributeError:
        return False
    return True


def test_it_has_no_other_attributes() -> None:
    with pytest.raises(AttributeError):
        LightStrip([], 0).nothing  # noqa: B018


def test_rows_on_the_screen_are_kept_and_those_of_long_ago_are_not() -> None:
    painter = Painter(remembered=100)
    height, last = 20, 400
    before = painter.paint_lines([str(number) for number in range(height)], 10, Style.null())
    for top in range(1, last):
        lines = [str(number) for number in range(top, top + height)]
        rows = painter.paint_lines(lines, 10, Style.null())
        # What stays on the screen is the same object, so that it is not painted again.
        assert all(row is kept for row, kept in zip(rows, before[1:], strict=False))
        before = rows
        assert len(painter._rows) + len(painter._older) <= 100 + 2 * height
    [again] = painter.paint_lines(["0"], 10, Style.null())
    assert again.text == "0" + " " * 9
