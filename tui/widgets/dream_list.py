"""Dreams to choose from, the operations of one in a list, and the chosen one as a diff."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.strip import Strip

from agent.protocol.memory import DreamOperation, PastDream
from tui.drawing import dream_diff
from tui.drawing.text import Piece, strip_of
from tui.widgets.lazy_list import LazyList
from tui.widgets.lines import Lines
from tui.widgets.scrolled import Scrolled

if TYPE_CHECKING:
    from rich.style import Style

NOW = "now"
"""The place beside the dreams where one would begin now."""


class Operations(LazyList[DreamOperation]):
    """Operations and open pairs, a row each."""

    def row(
        self, row: DreamOperation, width: int, ground: Style
    ) -> tuple[list[Piece], list[Piece]]:
        """Draw one: how it stands, what it does, to which memory."""
        paint = self.paint
        style = {
            "open": paint.attention,
            "accepted": paint.good,
            "undone": paint.muted,
            "declined": paint.muted,
            "settled": paint.muted,
        }.get(row.state, paint.text)
        kind = f"{dream_diff.KINDS[row.kind]}{'?' if row.proposal else ''}"
        left: list[Piece] = [
            (f"{dream_diff.SIGNS.get(row.state, ' ')} ", style + ground),
            (f"{kind:<11}", paint.muted + ground),
            (
                dream_diff.text_of(row),
                (paint.muted if row.state == "undone" else paint.text) + ground,
            ),
        ]
        return left, [(f" {dream_diff.WORDS.get(row.state, row.state):>12} ", style + ground)]


class Diff(Scrolled):
    """The chosen operation."""

    GROUND = "background"
    clock: Callable[[], float] = staticmethod(time.time)

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._operation: DreamOperation | None = None
        self._swapped = False

    def show(self, operation: DreamOperation | None, *, swapped: bool = False) -> None:
        """Show this one, from its beginning."""
        self._operation, self._swapped = operation, swapped
        self._from = 0
        self.redraw()

    def text(self, width: int) -> list[list[Piece]]:
        """Write it."""
        if self._operation is None:
            return []
        found = dream_diff.lines(
            self._operation, self.clock(), width - 1, self.paint, swapped=self._swapped
        )
        return [[(" ", self.paint.blank), *line] for line in found]


class Dreams(Lines):
    """The dreams, the latest first, and what one would do now."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.dreams: list[PastDream] = []
        self.chosen: int | str = NOW

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw as many as there is room for around the chosen one."""
        paint = self.paint
        names = [(NOW, " now "), *((dream.id, f" {dream.id} ") for dream in self.dreams)]
        at = [name for name, _ in names].index(self.chosen)
        first = 0
        while sum(len(text) + 1 for _, text in names[first : at + 1]) > width - 14 and first < at:
            first += 1
        pieces: list[Piece] = [(" dreams ", paint.muted)]
        pieces += [("… ", paint.faint)] if first else []
        for name, text in names[first:]:
            pieces += [(text, paint.text + paint.chosen if name == self.chosen else paint.muted)]
            pieces += [(" ", paint.blank)]
        return [strip_of(pieces, width, paint.blank)]
