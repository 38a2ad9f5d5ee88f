"""A line to write in the gate dialog; the focus goes back to where it was."""

from __future__ import annotations

from textual.widget import Widget

from tui.widgets.field import Field


class Entry(Field):
    """A field that is there only while it is written in; the dialog shows it by its class."""

    def __init__(self, *, id: str, placeholder: str = "") -> None:  # noqa: A002
        super().__init__(id=id, placeholder=placeholder)
        self._focus_before: Widget | None = None

    def begin(self, text: str = "") -> None:
        """Take the focus, with a text to begin with."""
        self._focus_before = self.screen.focused
        self.value = text
        self.focus()

    def leave(self) -> None:
        """Empty it, and give the focus back."""
        if self.screen.focused is self:
            before = self._focus_before
            self.screen.set_focus(before if before is not None and before.is_attached else None)
        self._focus_before = None
        self.value = ""
