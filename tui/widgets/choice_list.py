"""A list to choose from in a dialog: its chosen row has a mark as well as another ground."""

from __future__ import annotations

from typing import Literal

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.content import Content
from textual.strip import Strip
from textual.widgets import OptionList
from textual.widgets.option_list import Option

EDGE = "▎"
"""Marks the chosen row, as in every list."""


class ChoiceList(OptionList):
    """Textual's list; the mark takes the cell that pads each row at its left."""

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        # Textual 8.2 looks for the row before there are any: a key may come before the first
        # layout, and a window may have no room for one.
        if self._lines:
            super()._move_page(direction)

    def render_line(self, y: int) -> Strip:
        """Draw a line, with the mark before each line of the chosen row."""
        strip = super().render_line(y)
        line = self.scroll_offset.y + y
        if line >= len(self._lines) or self._lines[line][0] != self.highlighted:
            return strip
        first = next(iter(strip.crop(0, 1)), Segment(" "))
        primary = Color.parse(self.app.theme_variables["primary"]).rich_color
        edge = Segment(EDGE, (first.style or Style.null()) + Style(color=primary, bold=True))
        return Strip([edge, *strip.crop(1)], strip.cell_length)


def value(id: str, name: str, meaning: str, *, holds: bool) -> Option:  # noqa: A002
    """A row for a value that something can have: marked when it holds, with what it means."""
    mark = "● " if holds else "  "
    return Option(Content.assemble((f"{mark}{name}", "bold"), (meaning, "$muted")), id=id)
