"""A list with one chosen row, drawn in place; whoever shows it keeps the keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.strip import Strip

from tui.drawing.text import Piece, between
from tui.widgets.lines import Lines

if TYPE_CHECKING:
    from textual.events import Click, MouseScrollDown, MouseScrollUp


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what it is called, what is to be known of it, and its key at the right."""

    id: str
    name: str
    note: str = ""
    key: str = ""
    mark: str = ""


class RowList(Lines):
    """Rows around the chosen one, as many as there is room for."""

    GROUND = "surface"

    class Picked(Message):
        """The person clicked a row."""

        def __init__(self, row_id: str) -> None:
            super().__init__()
            self.row_id = row_id

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._found: Sequence[Row] = ()
        self._chosen = 0
        self._shown_from = 0

    def show(self, rows: Sequence[Row]) -> None:
        """Show these rows; the first one is chosen when they are others than before."""
        if [row.id for row in rows] != [row.id for row in self._found]:
            self._chosen, self._shown_from = 0, 0
        self._found = rows
        self.redraw()

    def move(self, step: int) -> None:
        """Choose another row, around the ends."""
        if self._found:
            self._chosen = (self._chosen + step) % len(self._found)
            self.redraw()

    @property
    def rows(self) -> Sequence[Row]:
        """The rows that are shown."""
        return self._found

    @property
    def chosen(self) -> str | None:
        """Id of the chosen row."""
        return self._found[self._chosen].id if self._found else None

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw the rows; the view moves no more than it must."""
        paint = self.paint
        first = min(self._shown_from, self._chosen)
        first = max(first, self._chosen - height + 1, 0)
        self._shown_from = first
        lines = []
        below = len(self._found) - first - height
        for index, row in enumerate(self._found[first : first + height], first):
            chosen = index == self._chosen
            back = (paint.chosen if chosen else paint.blank).background_style
            beside = (paint.text if chosen else paint.muted) + back
            edge = "▎" if chosen else " "
            left: list[Piece] = [(edge, paint.focus + back), (row.mark or " ", paint.text + back)]
            left.append((row.name, (paint.strong if row.note else paint.text) + back))
            if row.note:
                left.append((f"  {row.note}", beside))
            right: list[Piece] = [(f"  {row.key} ", beside)]
            if below > 0 and index == first + height - 1:
                # Before the key, so that this stays below those of the other rows.
                right.insert(0, (f"  {below} more ↓", paint.faint + back))
            lines.append(between(left, right, width, paint.blank + back))
        return lines

    def on_click(self, event: Click) -> None:
        """Take the row under the mouse."""
        index = self._shown_from + event.y
        if 0 <= index < len(self._found):
            self.post_message(self.Picked(self._found[index].id))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Choose the next row."""
        event.stop()
        self.move(1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Choose the row above."""
        event.stop()
        self.move(-1)
