"""The `/commands` that fit what is being written, above the prompt."""

from __future__ import annotations

from textual.events import Click
from textual.message import Message
from textual.strip import Strip

from tui import actions
from tui.text import Piece, between
from tui.widgets.lines import Lines

MOST_ROWS = 8


class CommandMenu(Lines):
    """A list with one chosen row; the prompt keeps the keyboard."""

    class Picked(Message):
        """The person clicked a command."""

        def __init__(self, action: actions.ActionKey) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._found: list[actions.ActionKey] = []
        self._chosen = 0

    def show(self, text: str) -> int:
        """Show what `/text` may become; returns the number of rows."""
        found = matching(text)
        if found != self._found:
            self._found, self._chosen = found, 0
        self.redraw()
        return min(len(found), MOST_ROWS)

    def move(self, step: int) -> None:
        """Choose another row, around the ends."""
        if self._found:
            self._chosen = (self._chosen + step) % len(self._found)
            self.redraw()

    @property
    def chosen(self) -> actions.ActionKey | None:
        """The chosen command."""
        return self._found[self._chosen] if self._found else None

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw the rows around the chosen one."""
        paint = self.paint
        first = max(0, min(self._chosen - height // 2, len(self._found) - height))
        lines = []
        for index, action in enumerate(self._found[first : first + height], first):
            chosen = index == self._chosen
            back = paint.bar if chosen else paint.blank
            edge: Piece = ("▎ " if chosen else "  ", paint.focus + back.background_style)
            left: list[Piece] = [
                edge,
                (f"/{action.slash}", paint.strong + back.background_style),
                (f" {action.argument}  ", paint.faint + back.background_style),
                (action.description, paint.muted + back.background_style),
            ]
            key = actions.label(action.keys[0]) if action.keys else ""
            right: list[Piece] = [(f" {key} ", paint.text + back.background_style)]
            lines.append(between(left, right, width, back))
        return lines

    def on_click(self, event: Click) -> None:
        """Take the command under the mouse."""
        height = self.size.height
        first = max(0, min(self._chosen - height // 2, len(self._found) - height))
        index = first + event.y
        if 0 <= index < len(self._found):
            self.post_message(self.Picked(self._found[index]))


def matching(text: str) -> list[actions.ActionKey]:
    """Find the commands that `/text` may become: those that begin so, then those that hold it."""
    name = text.removeprefix("/").lower()
    commands = [action for action in actions.ACTIONS if action.slash]
    begin = [action for action in commands if action.slash.startswith(name)]
    hold = [action for action in commands if name in action.slash and action not in begin]
    return begin + hold
