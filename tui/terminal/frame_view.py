"""A picture of a pane, drawn as wide as there is room; what it shows comes from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.strip import Strip

from tui.drawing.text import wrap
from tui.terminal.strips import Painter
from tui.widgets.lines import Lines

if TYPE_CHECKING:
    from rich.style import Style

    from tungsten.screen.frame import Frame


WORDS = 76
"""Columns that words take at most."""


class FrameView(Lines):
    """A pane at one moment, and words while there is no picture."""

    DEFAULT_CSS = "FrameView { width: 1fr; height: 1fr; background: $background; }"

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._frame: Frame | None = None
        self._said = "Opening …"
        self._problem = False
        self._painter: Painter | None = None

    def show(self, frame: Frame) -> None:
        """Show a picture."""
        self._frame, self._said = frame, ""
        self.redraw()

    def say(self, text: str, *, problem: bool = False) -> None:
        """Show words instead."""
        self._said, self._problem = text, problem
        self.redraw()

    def notify_style_update(self) -> None:
        """Forget what was drawn for another theme."""
        super().notify_style_update()
        self._painter = None

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw the picture, or the words in the middle."""
        if self._painter is None:
            self._painter = Painter(self.get_line_filters(), self.background_colors[1])
        if self._said:
            style = self.paint.bad if self._problem else self.paint.muted
            rows = wrap([(self._said, style)], max(1, min(width - 4, WORDS)))
            words = ["".join(text for text, _ in row).strip() for row in rows]
            above = [self._painter.blank(width, self.rich_style)] * ((height - len(rows) + 1) // 2)
            return [*above, *(self._painter.centred(row, width, style) for row in words)]
        if self._frame is None:
            return []
        cursor: Style = self.rich_style.without_color + self.paint.focus
        return list(self._painter.paint(self._frame, width, height, self.rich_style, cursor))
