"""A widget that draws itself line by line and repaints only the lines that changed.

Nested containers cost a layout and a style pass each, and the first frame has to be cheap; so the
areas of the cockpit are one widget each, drawn straight into strips.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui.drawing.text import between
from tui.themes.theme import Paint, paint

if TYPE_CHECKING:
    from textual.events import Resize


class Lines(Widget):
    """Base of the cockpit's areas.

    A subclass implements `draw`; whoever changes what it shows calls `redraw`.
    """

    ALLOW_SELECT = False
    """Strips hold no text that Textual could select; it would copy the name of the widget."""

    GROUND: ClassVar[str] = "background"
    """The theme variable that is the background."""

    _lines: Sequence[Strip] = ()
    _drawn: Size | None = None

    def draw(self, width: int, height: int) -> list[Strip]:
        """Return at most `height` strips of `width` cells; missing ones are blank."""
        raise NotImplementedError

    @property
    def paint(self) -> Paint:
        """Styles of the theme in force."""
        return paint(self.app.theme_variables, self.GROUND)

    def redraw(self) -> None:
        """Draw anew and send the lines that differ to the screen."""
        width, height = self.size
        if not width or not height or not self.is_attached or self._drawn != self.size:
            self._drawn = None
            self.refresh()
            return
        self._draw_anew()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return some lines; what differs in the others is sent, too, where all are drawn anew."""
        if self._drawn != self.size:
            # Here and not line by line: Textual keeps the lines that it was not told of.
            self._draw_anew()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Return one drawn line."""
        if self._drawn != self.size:
            self._draw_anew()
        return self._lines[y] if y < len(self._lines) else Strip.blank(self.size.width)

    def _draw_anew(self) -> None:
        width, height = self._drawn = self.size
        before, self._lines = self._lines, self._complete(width, height)
        if len(before) != height or (before and before[0].cell_length != width):
            # Textual paints a widget of another size as a whole.
            return
        changed = [
            Region(0, y, width, 1)
            for y, (old, new) in enumerate(zip(before, self._lines, strict=True))
            if old != new
        ]
        if changed:
            self.refresh(*changed)

    def notify_style_update(self) -> None:
        """Forget what was drawn in the styles of another theme."""
        self._drawn = None
        super().notify_style_update()

    def on_resize(self, event: Resize) -> None:
        """Draw for the new size."""
        self._drawn = None

    def _complete(self, width: int, height: int) -> list[Strip]:
        lines = self.draw(width, height)[:height]
        if len(lines) < height:
            blank = Strip.blank(width, self.paint.blank)
            lines = [*lines, *[blank] * (height - len(lines))]
        return lines


class OneRow(Lines):
    """A row of pieces at its two ends."""

    DEFAULT_CSS = "OneRow { width: 1fr; height: 1; background: $background; }"

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.left: list[tuple[str, str]] = []
        self.right: list[tuple[str, str]] = []

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw the row."""
        ends = [
            [(text, getattr(self.paint, style)) for text, style in end]
            for end in (self.left, self.right)
        ]
        return [between(ends[0], ends[1], width, self.paint.blank)]
