"""One line to fill in, in dialogs."""

from __future__ import annotations

from textual.widgets import Input

from tui.widgets.keys_in_order import KeysInOrder


class Field(KeysInOrder, Input):
    """Textual's input line, with its keys in order; its cursor blinks where things may move."""

    def on_mount(self) -> None:
        """Have the cursor rest where nothing is to move."""
        if self.app.animation_level == "none":
            self.cursor_blink = False
