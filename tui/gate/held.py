"""A key that is either a decision or the beginning of a word: held until that is known.

The mirror of `tui.gate.quiet`: neither the first letter of a sentence nor, after a pause in it, its
next one must decide anything. What is followed by another key was writing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App
    from textual.events import Key
    from textual.timer import Timer
    from textual.widget import Widget

WRITING_SECONDS = 0.4
"""Silence that makes a key a decision. People who write leave 60-250 ms between keys, and are
seldom slower than this within a word."""

WORDS = {
    "approve": "Approving",
    "deny": "Denying",
    "message": "Denying",
    "edit": "Editing",
    "always": "Allowing",
    "keep": "Allowing",
    "rule": "Editing",
    "look": "Looking",
    "next": "Next",
    "previous": "Previous",
    "tree": "Unfolding",
    "scroll": "Scrolling",
    "wrong": "Waiting",
}
"""What the dialog says while it holds a key, by the verb of that key."""


class HeldKey:
    """At most one key of a dialog.

    Args:
        dialog: Its timer tells when the silence is over.
        decide: Given the key that nothing followed.
    """

    __slots__ = ("_decide", "_dialog", "_event", "_timer")

    def __init__(self, dialog: Widget, decide: Callable[[Key], None]) -> None:
        self._dialog = dialog
        self._decide = decide
        self._event: Key | None = None
        self._timer: Timer | None = None

    def __bool__(self) -> bool:
        return self._event is not None

    def hold(self, event: Key) -> None:
        """Hold a key from now on."""
        self._event = event
        self._timer = self._dialog.set_timer(WRITING_SECONDS, self.silence_over)

    def let_go(self) -> Key | None:
        """Hold nothing any more, and return what was held."""
        event, self._event = self._event, None
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        return event

    def silence_over(self) -> None:
        """Decide, unless a key that has arrived already is still on its way here."""
        app: App[object] = self._dialog.app
        app.call_later(self._decide_unless_followed, self._event)

    def _decide_unless_followed(self, event: Key | None) -> None:
        if event is not None and event is self._event:
            self.let_go()
            self._decide(event)
