"""Fields that take their keys in the order in which they were typed.

Textual 8.2 inserts a printable key when the field gets it, but looks up what Backspace or an arrow
means only after that key has bubbled through the screen to the app. Keys that arrive together, over
a slow line or while the app is busy, then overtake each other: `teh`, Backspace twice, `he` would
read as `te`. Nor does a key that moves the focus (Tab, `i`) count for the key behind it, which
Textual has handed to the old place by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.events import Key
from textual.widgets import TextArea

if TYPE_CHECKING:
    from textual.widget import Widget as _Mixed
else:
    # No widget at run time: Textual takes styles and bindings from the first base that is one.
    _Mixed = object


class KeysInOrder(_Mixed):
    """Mixed in before a widget with the focus: carries out its own bindings in their turn.

    Those that move the focus must do so by `Screen.set_focus`; `Widget.focus` does it later.
    """

    _led_away = False
    """Whether one of its own keys has moved the focus elsewhere, and no other key has."""

    async def _on_key(self, event: Key) -> None:
        if self._passed_on(event):
            return
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if not binding.priority:
                await self._carry_out(event, binding.action)
                return
        had_focus = self.screen.focused is self
        if event.is_printable and event.character and self._write_elsewhere(event.character):
            event.stop()
            event.prevent_default()
            self._led_away = had_focus and self.screen.focused not in (self, None)

    def _write_elsewhere(self, _character: str) -> bool:
        """Write what means nothing here where it was meant for, and move the focus there."""
        return False

    async def _carry_out(self, event: Key, action: str) -> None:
        event.stop()
        event.prevent_default()
        # Where another key has moved the focus meanwhile, what waits here was typed before that.
        had_focus = self.screen.focused is self
        await self.run_action(action)
        self._led_away = had_focus and self.screen.focused not in (self, None)

    def _passed_on(self, event: Key) -> bool:
        """Let the app give a key anew that came behind the one that moved the focus."""
        self._led_away = self._led_away and self.screen.focused not in (self, None)
        if self._led_away:
            event.stop()
            event.prevent_default()
            self.app.post_message(Key(event.key, event.character))
        return self._led_away


class TextInOrder(KeysInOrder, TextArea):
    """Several lines to write in; their cursor rests: a blinking one costs as much as a screen.

    F6 and F7 are keys of the app's. In Textual they select the line or all of the text, which they
    did here when they were typed right behind the key that closed a screen: the next letter then
    took the place of everything that had been written.
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id, compact=True, highlight_cursor_line=False)
        self.cursor_blink = False
        for key in ("f6", "f7"):
            self._bindings.key_to_bindings.pop(key, None)

    def _recompute_cursor_offset(self) -> None:
        """Find the cursor on the screen, once it is in the text again.

        Textual 8.2 (`TextArea._undo_batch`) shows or hides the scroll bar, and looks for the cursor
        for that, when undo has taken lines away and not moved the cursor yet.
        """
        if self.cursor_location[0] < self.document.line_count:
            super()._recompute_cursor_offset()  # type: ignore[no-untyped-call]

    def on_mouse_release(self) -> None:
        """Select no further when the mouse is taken away, as by a screen that comes up.

        Textual 8.2 does so for `Input` alone: where the button was let go over that screen, moving
        the mouse would go on selecting here, and the next key would replace what was written.
        """
        self._end_mouse_selection()
