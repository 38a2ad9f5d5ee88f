"""The last row: the keys that do something now, or what there is to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from rich.cells import cell_len
from rich.style import Style
from textual.events import Click
from textual.strip import Strip

from tui.drawing.text import Piece, fit, one_line, strip_of, wrap
from tui.keys import actions
from tui.widgets.lines import Lines

Level = Literal["information", "warning", "error"]

GLYPHS: dict[Level, str] = {"information": " ", "warning": " ! ", "error": " ✗ "}

ALWAYS = ("app.help", "app.quit")
"""Kept at the right whatever the width."""


FIRST, LAST = ("app.retry", "gate.inbox"), ("pane.attach", "prompt.clear")
"""Nothing goes on without it; and what only needs to be seen where there is room."""


class Footer(Lines):
    """Keys from the registry of actions; a message takes their place until the next key."""

    def __init__(
        self,
        label: Callable[[actions.ActionKey], str],
        message_changed: Callable[[], None],
        *,
        id: str,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._label = label
        self._message_changed = message_changed
        self._shown_context = actions.PROMPT
        self._message: tuple[str, Level] | None = None
        self._targets: list[tuple[range, str]] = []

    def show(self, context: str) -> None:
        """Show the keys of a context, and those that work anywhere."""
        self._shown_context = context
        self.redraw()

    def say(self, text: str, level: Level) -> None:
        """Show something instead of the keys."""
        self._message = (one_line(text), level)
        self._message_changed()
        self.redraw()

    def hush(self) -> None:
        """Show the keys again."""
        if self._message is not None:
            self._message = None
            self._message_changed()
            self.redraw()

    def rows_needed(self, width: int) -> int:
        """How many rows what is said takes at a width in cells; the keys take one."""
        return max(1, len(self._said(width)))

    def _said(self, width: int) -> list[str]:
        if self._message is None:
            return []
        text, level = self._message
        glyph = GLYPHS[level]
        lines = wrap([(text, Style.null())], width - len(glyph) - 1)
        told = ["".join(part for part, _ in line) for line in lines]
        return [glyph + told[0], *(" " * len(glyph) + line for line in told[1:])]

    @property
    def message(self) -> str:
        """What is said now, or nothing."""
        return self._message[0] if self._message else ""

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw the row."""
        paint = self.paint
        self._targets = []
        if self._message is not None:
            style = {
                "information": paint.text,
                "warning": paint.attention,
                "error": paint.bad,
            }[self._message[1]]
            rows = self._said(width)
            if len(rows) > height:
                rows[height - 1] = fit(f"{rows[height - 1]} {rows[height].strip()} …", width)
            return [strip_of([(row, style)], width, paint.blank) for row in rows[:height]]
        # While a pane has the keyboard, it gets every other key.
        mine = self._shown_context == actions.TERMINAL
        kept = [] if mine else [actions.by_id(action_id) for action_id in ALWAYS]
        always = [action for action in kept if action.keys]
        right = [piece for action in always for piece in self._shown(action)]
        room = width - sum(cell_len(text) for text, _ in right) - 1
        column = 1
        pieces: list[Piece] = [(" ", paint.blank)]
        context = actions.of(self._shown_context) if self._shown_context != actions.ANYWHERE else ()
        anywhere = () if mine else actions.of(actions.ANYWHERE)
        for action in sorted((*context, *sorted(anywhere, key=_rank)), key=_comes_last):
            if action.id in ALWAYS or not action.keys or not self._label(action):
                continue
            shown = self._shown(action)
            cells = sum(cell_len(text) for text, _ in shown)
            if column + cells > room:
                continue
            self._targets.append((range(column, column + cells), action.action))
            pieces += shown
            column += cells
        pieces.append((" " * (room + 1 - column), paint.blank))
        for action in always:
            cells = sum(cell_len(text) for text, _ in self._shown(action))
            column = sum(cell_len(text) for text, _ in pieces)
            self._targets.append((range(column, column + cells), action.action))
            pieces += self._shown(action)
        return [strip_of(pieces, width, paint.blank)]

    def _shown(self, action: actions.ActionKey) -> list[Piece]:
        paint = self.paint
        return [
            (actions.label(action.keys[0]), paint.strong),
            (f" {self._label(action)}  ", paint.muted),
        ]

    async def on_click(self, event: Click) -> None:
        """Do what the key under the mouse does."""
        for columns, action in self._targets:
            if event.x in columns and action:
                # Those of an area are its own, and it has the keyboard.
                await (self.screen.focused or self.screen).run_action(action)
                return


def _rank(action: actions.ActionKey) -> int:
    return -1 if action.id in FIRST else 0


def _comes_last(action: actions.ActionKey) -> int:
    return LAST.index(action.id) + 1 if action.id in LAST else 0
