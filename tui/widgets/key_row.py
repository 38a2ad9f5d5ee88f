"""The last row of a screen: its keys from the registry of actions, as many as fit.

The last action of its context, which closes it, stands at the right with the key of help, which
lists those that found no room.
"""

from __future__ import annotations

from collections.abc import Collection

from rich.cells import cell_len
from textual.strip import Strip

from tui.drawing.text import Piece, strip_of
from tui.keys import actions
from tui.widgets.lines import Lines

LAST = "app.help"


class KeyRow(Lines):
    """Keys of one context.

    Args:
        context: whose actions.
    """

    DEFAULT_CSS = "KeyRow { height: 1; }"

    def __init__(self, context: str, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._where = context
        self._idle: Collection[str] = ()
        self._labels: dict[str, str] = {}

    def tell(self, *, idle: Collection[str] = (), labels: dict[str, str] | None = None) -> None:
        """Leave out actions that would do nothing now, and call some otherwise, both by id."""
        if (idle, labels or {}) != (self._idle, self._labels):
            self._idle, self._labels = idle, labels or {}
            self.redraw()

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw the row."""
        paint = self.paint
        last = actions.by_id(LAST)
        *others, close = actions.of(self._where)
        right: list[Piece] = []
        for action in (each for each in (close, last) if each.keys):
            right += [
                (actions.label(action.keys[0]), paint.text),
                (f" {self._labels.get(action.id, action.label)}", paint.muted),
            ]
            right.append(("  " if action is close else " ", paint.blank))
        room = width - sum(cell_len(text) for text, _ in right) - 1
        pieces: list[Piece] = [(" ", paint.blank)]
        used = 1
        for action in others:
            label = self._labels.get(action.id, action.label)
            if not label or not action.keys or action.id in self._idle:
                continue
            pair = action.keys[:2] in (("up", "down"), ("left", "right"))
            keys = "".join(map(actions.label, action.keys[: 2 if pair else 1]))
            shown: list[Piece] = [(keys, paint.text), (f" {label}  ", paint.muted)]
            cells = sum(cell_len(text) for text, _ in shown)
            if used + cells <= room:
                pieces += shown
                used += cells
        pieces.append((" " * max(0, room + 1 - used), paint.blank))
        return [strip_of([*pieces, *right], width, paint.blank)]
