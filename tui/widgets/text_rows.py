"""Numbered lines of a file or a diff, of which only the visible ones are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from textual.binding import Binding, BindingType

from tui.drawing.text import Piece, clean
from tui.widgets.lazy_list import HELD, WINDOW, LazyList

if TYPE_CHECKING:
    from rich.style import Style

    from tui.themes.theme import Paint

SHIFT = 8
"""Columns that a key moves long lines sideways."""


@dataclass(frozen=True, slots=True)
class TextRow:
    """One line.

    Attributes:
        text: Its text, as it stands in the file.
        numbers: Its line numbers: one for a file, two for a diff, where 0 is none.
        look: How it is drawn: the name of one of the theme's styles.
        pieces: The same text in colours, if it has any.
    """

    text: str
    numbers: tuple[int, ...]
    look: str = "text"
    pieces: tuple[Piece, ...] = ()


class TextRows(LazyList[TextRow]):
    """Lines with their numbers; long ones move sideways, all together."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "sideways(1)", show=False),
        Binding("left,h", "sideways(-1)", show=False),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.lines: Sequence[TextRow] = ()
        self._digits = 1
        self._shift = 0

    def begin(self, lines: Sequence[TextRow], *, place: int = 0) -> None:
        """Show other lines, with the one at `place` (from 0) chosen, a third from the top."""
        self.lines = lines
        self._digits = max((len(str(number)) for row in lines for number in row.numbers), default=1)
        place = max(0, min(place, len(lines) - 1))
        self.forget(place=place)
        self._first = max(0, place - max(1, self.size.height) // 3)
        first = max(0, place - HELD // 2)
        self.put(len(lines), first, lines[first : first + HELD])

    def refill(self) -> None:
        """Draw the same lines otherwise: `lines` holds them anew, and the place stays."""
        first = max(0, self.place - HELD // 2)
        self.put(len(self.lines), first, self.lines[first : first + HELD], anew=True)

    def on_lazy_list_wanted(self, message: LazyList.Wanted) -> None:
        """Give rows around those that are visible."""
        message.stop()
        self.put(len(self.lines), message.first, self.lines[message.first :][: 2 * WINDOW])

    def action_sideways(self, steps: int) -> None:
        """Move long lines to the left or to the right."""
        self._shift = max(0, self._shift + steps * SHIFT)
        self.redraw()

    def row(self, row: TextRow, width: int, ground: Style) -> tuple[list[Piece], list[Piece]]:
        """Draw numbers and text."""
        paint = self.paint
        numbers = " ".join(
            (str(number) if number else "").rjust(self._digits) for number in row.numbers
        )
        # What is faint cannot be read on the ground of a chosen row.
        chosen = ground.bgcolor == paint.chosen.bgcolor
        number = paint.muted if chosen else paint.faint
        pieces: list[Piece] = [(f"{numbers} ", number + ground)]
        if row.pieces:
            body = [(text, style + ground) for text, style in row.pieces]
        else:
            body = [(clean(row.text), self._style(row, paint, ground))]
        return [*pieces, *_shifted(body, self._shift)], []

    @staticmethod
    def _style(row: TextRow, paint: Paint, ground: Style) -> Style:
        style: Style = getattr(paint, row.look)
        # What was added or removed keeps its ground: it says so, where it has one of its own.
        tells = row.look in {"added", "removed"} and style.bgcolor != paint.blank.bgcolor
        return style if tells else style + ground


def _shifted(pieces: list[Piece], shift: int) -> list[Piece]:
    """Leave out the first cells of a line; half of a wide character becomes a blank."""
    if not shift:
        return pieces
    left = shift
    shown: list[Piece] = []
    for text, style in pieces:
        cells = cell_len(text)
        if cells <= left:
            left -= cells
            continue
        if left:
            head = set_cell_size(text, left)
            cut = len(head) if text.startswith(head) else len(head) - 1
            rest = text[cut:]
            over = cells - left - cell_len(rest)
            while over < 0 and rest:
                rest = rest[1:]
                over = cells - left - cell_len(rest)
            text = " " * over + rest
            left = 0
        shown.append((text, style))
    return shown
