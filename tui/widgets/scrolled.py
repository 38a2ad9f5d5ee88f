"""Styled lines that are scrolled by keys and the wheel, with a word on how many are not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.strip import Strip

from tui.drawing.text import Piece, between, strip_of
from tui.widgets.lines import Lines

if TYPE_CHECKING:
    from textual.events import MouseScrollDown, MouseScrollUp


class Scrolled(Lines, can_focus=True):
    """Base of long texts; a subclass implements `text`."""

    GROUND = "surface"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("pagedown,space", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home,g", "move(-100000)", show=False),
        Binding("end,G", "move(100000)", show=False),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._from = 0

    def text(self, width: int) -> list[list[Piece]]:
        """Return all lines, each of at most `width` cells."""
        raise NotImplementedError

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw the visible part, and say how much is above and below."""
        paint = self.paint
        text = self.text(width - 1)
        if len(text) > height:
            # A row of its own, also at the end: the list does not jump there.
            height -= 1
        self._from = max(0, min(self._from, len(text) - height))
        shown = [strip_of(line, width, paint.blank) for line in text[self._from :][:height]]
        below = len(text) - self._from - height
        above = f"{self._from} above ↑ " if self._from else ""
        hidden = f"{above} {below} more ↓ " if below > 0 else above
        if hidden:
            shown.append(between([], [(hidden, paint.faint)], width, paint.blank))
        return shown

    def action_move(self, rows: int) -> None:
        """Scroll."""
        self._from = max(0, self._from + rows)
        self.redraw()

    def action_page(self, pages: int) -> None:
        """Scroll by a page."""
        self.action_move(pages * max(1, self.size.height - 2))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Scroll."""
        event.stop()
        self.action_move(3)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Scroll."""
        event.stop()
        self.action_move(-3)
