"""What a person writes in the gate dialog; the focus goes back to where it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message
from textual.widget import Widget

from tui.keys import actions
from tui.widgets.field import Field
from tui.widgets.keys_in_order import TextInOrder

if TYPE_CHECKING:
    from textual.events import Key

    _Mixed = Widget
else:
    _Mixed = object

_NEWLINE = frozenset(actions.by_id("prompt.newline").keys)


class Borrowing(_Mixed):
    """Has the focus only while it is written in."""

    _focus_before: Widget | None = None

    def borrow_focus(self) -> None:
        """Take the focus."""
        self._focus_before = self.screen.focused
        self.screen.set_focus(self)

    def return_focus(self) -> None:
        """Give the focus back, if it is still here."""
        if self.screen.focused is self:
            before = self._focus_before
            self.screen.set_focus(before if before is not None and before.is_attached else None)
        self._focus_before = None


class Entry(Borrowing, Field):
    """One line; the dialog shows it while it is written in."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        # Selected whole, the first Backspace would wipe it.
        super().__init__(id=id, select_on_focus=False)

    def begin(self, text: str, placeholder: str) -> None:
        """Take the focus, with a text to begin with."""
        self.placeholder = placeholder
        self.value = text
        self.cursor_position = len(text)
        self.borrow_focus()

    def leave(self) -> None:
        """Empty it, and give the focus back."""
        self.return_focus()
        self.value = ""


class CommandArea(Borrowing, TextInOrder):
    """A whole command, in as many lines as it has; Enter hands it over and runs nothing."""

    class Submitted(Message):
        """The person has finished writing."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def begin(self, text: str) -> None:
        """Take the focus, with a command to change."""
        self.text = text
        self.move_cursor(self.document.end)
        self.borrow_focus()

    def leave(self) -> None:
        """Empty it, and give the focus back."""
        self.return_focus()
        self.text = ""

    @property
    def rows(self) -> int:
        """Rows the command takes."""
        return max(1, self.wrapped_document.height)

    async def _on_key(self, event: Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.post_message(self.Submitted(self.text))
        elif event.key in _NEWLINE:
            event.stop()
            event.prevent_default()
            self._replace_via_keyboard("\n", *self.selection)
