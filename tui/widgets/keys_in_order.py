"""Fields that take their keys in the order in which they were typed.

Textual 8.2 inserts a printable key when the field gets it, but looks up what Backspace or an arrow
means only after that key has bubbled through the screen to the app. Keys that arrive together, over
a slow line or while the app is busy, then overtake each other: `teh`, Backspace twice, `he` would
read as `te`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.events import Key
    from textual.widget import Widget as _Mixed
else:
    # No widget at run time: Textual takes styles and bindings from the first base that is one.
    _Mixed = object


class KeysInOrder(_Mixed):
    """Mixed in before a field: carries out the field's own bindings in their turn."""

    async def _on_key(self, event: Key) -> None:
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if not binding.priority:
                event.stop()
                event.prevent_default()
                await self.run_action(binding.action)
                return
