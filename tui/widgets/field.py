"""One line to fill in, in dialogs."""

from __future__ import annotations

from textual.widgets import Input

from tui.widgets.keys_in_order import KeysInOrder


class Field(KeysInOrder, Input):
    """Textual's input line, with its keys in order."""
