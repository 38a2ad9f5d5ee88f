"""Frames as Textual draws them: rows of interned styles, the same objects while nothing changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.strip import Strip

from tui.drawing.light_strip import LightStrip
from tungsten.screen.frame import strip_styles
from tungsten.screen.sgr import PLAIN, parse_line

if TYPE_CHECKING:
    from tungsten.screen.frame import Frame
    from tungsten.screen.sgr import Style as CellStyle

_Rows = dict[tuple[str, "CellStyle"], tuple[Strip, "CellStyle"]]

BLACK = Color(0, 0, 0)
CACHED_ROWS = 1024
"""About twenty screens; a pane that scrolls finds most of its rows again."""


class Painter:
    """Turns captured lines into strips for one widget and one theme.

    Args:
        filters: Textual's line filters (ANSI colours to the theme's, no colours, …). Applied once
            to each style instead of once to each row.
        background: What the filters blend with.
        remembered: Most drawn rows to keep for the next frames.
    """

    def __init__(
        self,
        filters: Sequence[LineFilter] = (),
        background: Color = BLACK,
        *,
        remembered: int = CACHED_ROWS,
    ) -> None:
        self._filters = filters
        self._background = background
        self._remembered = remembered
        self._styles: dict[CellStyle, Style] = {}
        self._rows: _Rows = {}
        self._older: _Rows = {}
        """Rows of before: those that are seen again come back, the others go."""
        self._rows_for: tuple[int, int, Style] | None = None
        self._blank: Strip | None = None
        self._cursor_row: tuple[object, Strip] | None = None

    def forget(self) -> None:
        """Drop everything drawn."""
        self._rows.clear()
        self._older.clear()
        self._styles.clear()
        self._rows_for = None
        self._blank = None
        self._cursor_row = None

    def paint(
        self,
        frame: Frame,
        width: int,
        height: int,
        base: Style,
        cursor: Style,
        *,
        first_column: int = 0,
    ) -> tuple[Strip, ...]:
        """Draw the screen of a frame from one of its columns on.

        Of more than `height` rows those are drawn that end with the cursor's.
        """
        if frame.dead:
            # tmux may write that the pane is dead below its last words; the view says it itself.
            return self.paint_lines(without_end(frame.lines), width, base)[-height:]
        lines = frame.lines[-frame.height :]
        x, y = frame.cursor_x - first_column, frame.cursor_y
        carried = PLAIN
        if len(lines) > height:
            # The widget is smaller than the pane: keep the cursor in view. A full-screen program
            # that hides it has what matters most on top.
            pictured = frame.alternate and not frame.cursor_visible
            top = 0 if pictured else max(0, min(y - height + 1, len(lines) - height))
            for line in lines[:top]:
                carried = parse_line(line, carried)[1]
            lines = lines[top : top + height]
            y -= top
        rows = list(self.paint_lines(lines, width, base, first_column, carried))
        if frame.cursor_visible and 0 <= y < len(rows) and 0 <= x < width:
            rows[y] = self._with_cursor(rows[y], x, width, cursor)
        return tuple(rows)

    def paint_lines(
        self,
        lines: Iterable[str],
        width: int,
        base: Style,
        first_column: int = 0,
        carried: CellStyle = PLAIN,
    ) -> tuple[Strip, ...]:
        """Draw consecutive lines, of which each may carry its style into the next.

        `carried` is the style that the line before them has left on.
        """
        drawn_for = (first_column, width, base)
        if self._rows_for != drawn_for:
            self.forget()
            self._rows_for = drawn_for
        elif len(self._rows) > self._remembered // 2:
            self._older, self._rows = self._rows, {}
            self._styles.clear()
        strips: list[Strip] = []
        for line in lines:
            key = (line, carried)
            known = self._rows.get(key)
            if known is None and (known := self._older.get(key)) is not None:
                self._rows[key] = known
            elif known is None:
                runs, after = parse_line(line, carried)
                segments = [Segment(run.text, self._style(run.style, base)) for run in runs]
                filler = self._filtered(base)
                known = self._rows[key] = (_filled(segments, first_column, width, filler), after)
            strips.append(known[0])
            carried = known[1]
        return tuple(strips)

    def blank(self, width: int, base: Style) -> Strip:
        """An empty row."""
        if self._blank is None or self._blank.cell_length != width:
            self._blank = Strip.blank(width, self._filtered(base))
        return self._blank

    def line(self, text: str, width: int, style: Style) -> Strip:
        """A row of one style, filled up."""
        style = self._filtered(style)
        return Strip([Segment(text, style)]).adjust_cell_length(width, style)

    def centred(self, text: str, width: int, style: Style) -> Strip:
        """A row with text in its middle."""
        left = max(0, (width - cell_len(text)) // 2)
        return self.line(" " * left + text, width, style)

    def _with_cursor(self, row: Strip, x: int, width: int, cursor: Style) -> Strip:
        key = (id(row), x, cursor)
        if self._cursor_row is not None and self._cursor_row[0] == key:
            return self._cursor_row[1]
        cells = row.crop(x, x + 1)
        under = Strip(
            [Segment(s.text, self._filtered((s.style or Style.null()) + cursor)) for s in cells]
        )
        drawn = Strip.join([row.crop(0, x), under, row.crop(x + 1, width)])
        self._cursor_row = (key, drawn)
        return drawn

    def _style(self, cell: CellStyle, base: Style) -> Style:
        known = self._styles.get(cell)
        if known is None:
            known = self._styles[cell] = self._filtered(base + rich_style(cell))
        return known

    def _filtered(self, style: Style) -> Style:
        segments = [Segment(" ", style)]
        for line_filter in self._filters:
            segments = line_filter.apply(segments, self._background)
        drawn = segments[0].style
        return style if drawn is None else drawn


def _filled(segments: list[Segment], first: int, width: int, base: Style) -> Strip:
    """Make a row exactly `width` cells wide; measuring only what may be wide."""
    if first:
        segments = list(Strip(segments).crop(first))
    cells = 0
    for segment in segments:
        text = segment.text
        cells += len(text) if text.isascii() else cell_len(text)
    if cells < width:
        segments.append(Segment(" " * (width - cells), base))
    elif cells > width:
        return LightStrip(segments, cells).crop(0, width)
    return LightStrip(segments, width)


def without_end(lines: Sequence[str]) -> Sequence[str]:
    """Leave out the empty rows at the end, and what tmux writes into a dead pane."""
    kept = len(lines)
    if kept and strip_styles(lines[-1]).startswith("Pane is dead"):
        kept -= 1
    while kept > 0 and not strip_styles(lines[kept - 1]).strip():
        kept -= 1
    return lines[:kept]


def rich_style(cell: CellStyle) -> Style:
    """Write a terminal's style as Rich does; what is not set is left to what lies beneath."""
    return Style(
        color=_colour(cell.fg),
        bgcolor=_colour(cell.bg),
        bold=cell.bold or None,
        dim=cell.dim or None,
        italic=cell.italic or None,
        underline=cell.underline == 1 or cell.underline > 2 or None,
        underline2=cell.underline == 2 or None,
        blink=cell.blink or None,
        reverse=cell.reverse or None,
        strike=cell.strike or None,
        conceal=cell.conceal or None,
        overline=cell.overline or None,
    )


def _colour(colour: int | tuple[int, int, int] | None) -> RichColor | None:
    if colour is None:
        return None
    if isinstance(colour, int):
        return RichColor.from_ansi(colour)
    return RichColor.from_rgb(*colour)
