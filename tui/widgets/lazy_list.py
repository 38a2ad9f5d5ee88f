"""A long list of which only the rows around the visible ones are held.

Whoever shows it answers `Wanted` with `put`. Rows that have not come yet are drawn as such; moving
never waits for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tui.drawing.text import Piece, between, strip_of, wrap
from tui.widgets.keys_in_order import KeysInOrder
from tui.widgets.lines import Lines

if TYPE_CHECKING:
    from rich.style import Style
    from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize

RowT = TypeVar("RowT")

WINDOW = 100
"""Rows that are asked for at once; more than any screen shows."""

HELD = 1_000
"""Rows that are held at most."""


class LazyList(KeysInOrder, Lines, Generic[RowT], can_focus=True):
    """Rows around a chosen one; a subclass says how each is drawn.

    `note` stands in the place of rows where there are none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", show=False),
        Binding("up,k", "move(-1)", show=False),
        Binding("pagedown,space", "page(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("home,g", "go(0)", show=False),
        Binding("end,G", "go(-1)", show=False),
    ]

    class Moved(Message):
        """Another row is chosen, or the chosen one has come or changed."""

    class Wanted(Message):
        """Rows from `first` on are visible and not here."""

        def __init__(self, first: int) -> None:
            super().__init__()
            self.first = first

    class Picked(Message):
        """The chosen row was clicked."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.note: list[tuple[str, str]] = []
        self.total = 0
        self._rows: dict[int, RowT] = {}
        self._chosen = 0
        self._first = 0
        self._asked: int | None = None

    def row(self, row: RowT, width: int, ground: Style) -> tuple[list[Piece], list[Piece]]:
        """What stands at the left and at the right of a row, on a background."""
        raise NotImplementedError

    @property
    def chosen(self) -> RowT | None:
        """The chosen row; None where there is none, or it has not come yet."""
        return self._rows.get(self._chosen)

    @property
    def place(self) -> int:
        """Which row is chosen, from 0."""
        return self._chosen

    def forget(self, *, place: int = 0) -> None:
        """Hold nothing any more, and choose a row by its place: another list is to come."""
        self._rows, self._asked = {}, None
        self._chosen = place

    def put(self, total: int, first: int, rows: Sequence[RowT], *, anew: bool = False) -> None:
        """Take rows that were asked for, of a list that has `total` of them.

        With `anew` those that were held before count no more.
        """
        if anew or len(self._rows) + len(rows) > HELD:
            self._rows = {}
        self.total = total
        self._rows.update(enumerate(rows, first))
        self._asked = None
        self._chosen = max(0, min(self._chosen, total - 1))
        self._look()
        self.post_message(self.Moved())

    def change(self, row: RowT) -> None:
        """Put another state in the place of the chosen row."""
        if self._chosen in self._rows:
            self._rows[self._chosen] = row
            self.redraw()
            self.post_message(self.Moved())

    def action_move(self, rows: int) -> None:
        """Choose a row further up or down; stops at the ends."""
        self._choose(self._chosen + rows)

    def action_page(self, pages: int) -> None:
        """Choose a row a page away."""
        self._choose(self._chosen + pages * max(1, self.size.height - 1))

    def action_go(self, place: int) -> None:
        """Choose a row by its place; -1 is the last one."""
        self._choose(self.total - 1 if place < 0 else place)

    def _choose(self, place: int) -> None:
        place = max(0, min(place, self.total - 1))
        if place != self._chosen:
            self._chosen = place
            self._look()
            self.post_message(self.Moved())

    def _look(self) -> None:
        """Have the chosen row in view, and ask for what is visible and not here."""
        height = max(1, self.size.height)
        first = min(self._first, self._chosen)
        self._first = max(first, self._chosen - height + 1, 0)
        last = min(self._first + height, self.total)
        missing = [place for place in range(self._first, last) if place not in self._rows]
        if missing:
            # Around what is visible, so that the next keys find it here.
            wanted = max(0, missing[0] - (WINDOW - height) // 2)
            if self._asked != wanted:
                self._asked = wanted
                self.post_message(self.Wanted(wanted))
        self.redraw()

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw the visible rows, or the note."""
        paint = self.paint
        if not self.total:
            pieces = [(text, getattr(paint, style)) for text, style in self.note]
            note = wrap(pieces, min(width - 2, 76)) if pieces else []
            return [strip_of([(" ", paint.blank), *line], width, paint.blank) for line in note]
        lines: list[Strip] = []
        for place in range(self._first, min(self._first + height, self.total)):
            chosen = place == self._chosen
            ground = (paint.chosen if chosen else paint.blank).background_style
            edge: Piece = ("▎" if chosen else " ", paint.focus + ground)
            row = self._rows.get(place)
            left: list[Piece] = [("…", paint.faint + ground)]
            right: list[Piece] = []
            if row is not None:
                left, right = self.row(row, width - 1, ground)
            lines.append(between([edge, *left], right, width, paint.blank + ground))
        return lines

    def on_resize(self, event: Resize) -> None:
        """Look what is visible now."""
        super().on_resize(event)
        self._look()

    def on_click(self, event: Click) -> None:
        """Choose the row under the mouse; pick it when it was chosen already."""
        place = self._first + event.y
        if place < self.total:
            if place == self._chosen:
                self.post_message(self.Picked())
            self._choose(place)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Choose the next row."""
        event.stop()
        self.action_move(1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Choose the row above."""
        event.stop()
        self.action_move(-1)
