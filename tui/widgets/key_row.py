"""The last row of a screen: its keys from the registry of actions, as many as fit.

The key that closes it stands at the right with the key of help, which lists those that found no
room.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich.cells import cell_len
from textual.strip import Strip

from tui.drawing.text import Piece, strip_of
from tui.keys import actions
from tui.widgets.lines import Lines

LAST = "app.help"


class KeyRow(Lines):
    """Keys of one context.

    Args:
        context: whose actions; the last one closes the screen.
        offered: ids of those that are offered, the most important first, where that is not all of
            them in their order; two in one stand together under the label of the first.
        closes: the key that closes the screen, where no action of the context does.
    """

    DEFAULT_CSS = "KeyRow { height: 1; }"

    def __init__(
        self,
        context: str,
        *,
        id: str,  # noqa: A002
        offered: Sequence[str] = (),
        closes: str = "",
    ) -> None:
        super().__init__(id=id)
        self._where = context
        self._offered = [tuple(map(actions.by_id, each.split())) for each in offered]
        self._closes = closes
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
        others = list(actions.of(self._where))
        ends = [(self._closes, "close")] if self._closes else []
        for action in (*(() if ends else (others.pop(),)), actions.by_id(LAST)):
            ends += [(key, self._label(action)) for key in action.keys[:1]]
        right: list[Piece] = []
        for key, label in ends:
            right += [("  " if right else "", paint.blank), (actions.label(key), paint.strong)]
            right.append((f" {label}", paint.muted))
        right.append((" ", paint.blank))
        room = width - sum(cell_len(text) for text, _ in right) - 1
        pieces: list[Piece] = [(" ", paint.blank)]
        used = 1
        for action, *more in self._offered or [(action,) for action in others]:
            label = self._label(action)
            if not label or not action.keys or action.id in self._idle:
                continue
            pair = action.keys[:2] in (("up", "down"), ("left", "right"))
            keys = "".join(map(actions.label, action.keys[: 2 if pair else 1]))
            keys = " ".join([keys, *(actions.label(key) for each in more for key in each.keys[:1])])
            shown: list[Piece] = [(keys, paint.strong), (f" {label}  ", paint.muted)]
            cells = sum(cell_len(text) for text, _ in shown)
            if used + cells <= room:
                pieces += shown
                used += cells
        pieces.append((" " * max(0, room + 1 - used), paint.blank))
        return [strip_of([*pieces, *right], width, paint.blank)]

    def _label(self, action: actions.ActionKey) -> str:
        return self._labels.get(action.id, action.label)
