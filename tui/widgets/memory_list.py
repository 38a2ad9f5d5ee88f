"""Memories in a list, the views that it is parted into, and what is known of the chosen one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.strip import Strip

from agent.protocol.memory import Remembered, View
from tui.drawing.memory_words import EVERYWHERE, about, place
from tui.drawing.text import Piece, age, column, one_line, strip_of
from tui.keys import actions
from tui.widgets.lazy_list import LazyList
from tui.widgets.lines import Lines

if TYPE_CHECKING:
    from rich.style import Style

VIEWS: dict[View, tuple[str, tuple[str, ...]]] = {
    "active": ("Active", ("active",)),
    "held": ("Held back", ("quarantined",)),
    "gone": ("Gone", ("forgotten", "superseded", "merged", "pruned", "redacted")),
    "all": ("All", ()),
}
"""What can be looked at: its title, and the statuses that it has; all for none."""

WHOSE = {"user_stated": "you", "tool_observed": "tool", "agent_inferred": "agent"}
"""Whose word a memory is, in a cell."""

ID = 14
"""Cells of the project of a memory; in a narrow list, those of a memory about all of them."""


class Rows(LazyList[Remembered]):
    """Memories, a row each."""

    clock: Callable[[], float] = staticmethod(time.time)
    statuses = False
    """Whether a row tells its status: where all have the same, it does not."""

    def row(self, row: Remembered, width: int, ground: Style) -> tuple[list[Piece], list[Piece]]:
        """Draw a memory: marks, text, then what it is about, its age and whose word it is."""
        paint = self.paint
        marks = {"★": row.pinned, "!": bool(row.drift), "⊘": row.status == "quarantined"}
        mark = next((sign for sign, shown in marks.items() if shown), " ")
        quiet = row.status not in ("active", "quarantined")
        text = one_line(row.text) or "(its text was removed)"
        right = f" {row.type if width > 60 else row.type[:4]:<{9 if width > 60 else 4}}"
        right += f" {column(place(row), ID if width > 100 else len(EVERYWHERE))}"
        if self.statuses:
            right += f" {row.status:<11}"
        right += f" {age(self.clock() - row.created_at):>4} {WHOSE.get(row.source, ''):<5} "
        style = paint.muted if quiet else paint.text
        mark_style = paint.attention if mark != "★" else paint.focus
        return (
            [(f"{mark} ", mark_style + ground), (text, style + ground)],
            [(right, paint.muted + ground)],
        )


class Tabs(Lines):
    """The views with how much is in each."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.view: View = "active"
        self.counts: dict[str, int] = {}
        self.asks = False
        """Whether the list is what fits a question instead."""

    def found(self, view: View) -> int:
        """How much is in a view."""
        _, statuses = VIEWS[view]
        return sum(
            number for status, number in self.counts.items() if not statuses or status in statuses
        )

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw them."""
        paint = self.paint
        if self.asks:
            told = " What agents would find for this question, best first"
            return [strip_of([(told, paint.muted)], width, paint.blank)]
        pieces: list[Piece] = [(" ", paint.blank)]
        for view, (title, _) in VIEWS.items():
            found = self.found(view)
            style = paint.text + paint.chosen if view == self.view else paint.muted
            if view == "held" and found and view != self.view:
                style = paint.attention
            count = f" {found:,}" if self.counts else ""
            pieces += [(f" {title}{count} ", style), (" ", paint.blank)]
        return [strip_of(pieces, width, paint.blank)]


class Detail(Lines):
    """The whole text of the chosen memory, and what is known of it, as far as there is room."""

    clock: Callable[[], float] = staticmethod(time.time)

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._memory: Remembered | None = None

    def show(self, memory: Remembered | None) -> None:
        """Show this one."""
        self._memory = memory
        self.redraw()

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw it."""
        paint = self.paint
        if self._memory is None:
            return []
        lines = about(self._memory, self.clock(), width - 2, paint)
        if len(lines) > height:
            key = actions.shown("memories.open")
            lines[height - 1 :] = [[(f"… {key} shows all of it", paint.faint)]]
        return [strip_of([(" ", paint.blank), *line], width, paint.blank) for line in lines]
