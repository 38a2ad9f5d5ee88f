"""A line under a screen that says what came of a key; as many rows as its text takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from textual.strip import Strip

from tui.drawing.text import Piece, one_line, strip_of, wrap
from tui.widgets.lines import Lines

if TYPE_CHECKING:
    from textual.events import Resize

MOST = 3
"""Rows at most."""


class Said(Lines):
    """One line; nothing while there is nothing to say, but for the row."""

    DEFAULT_CSS = "Said { height: 1; }"

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._text, self._style = "", "text"

    @property
    def told(self) -> str:
        """What it says."""
        return self._text

    def say(self, text: str, style: Literal["text", "muted", "bad", "attention"] = "text") -> None:
        """Say something; empty says nothing."""
        self._text, self._style = one_line(text), style
        self._take_rows(self.size.width or self.app.size.width)
        self.redraw()

    def on_resize(self, event: Resize) -> None:
        """Take the rows that the text needs at this width."""
        self._take_rows(event.size.width)

    def _take_rows(self, width: int) -> None:
        self.styles.height = max(1, min(MOST, len(self._rows(width))))

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw it."""
        blank = self.paint.blank
        return [strip_of([(" ", blank), *row], width, blank) for row in self._rows(width)]

    def _rows(self, width: int) -> list[list[Piece]]:
        if not self._text:
            return []
        return wrap([(self._text, getattr(self.paint, self._style))], width - 2)
