"""Screens that are closed once, whatever asks for it, and whatever else is on its way to them."""

from __future__ import annotations

from typing import TypeVar

from textual import events
from textual.await_complete import AwaitComplete
from textual.message import Message
from textual.screen import Screen

Result = TypeVar("Result")


class ClosedOnce(Screen[Result]):
    """A screen that takes away no other one, and that may be closed before it was seen.

    Textual 8.2 takes away the screen on top at each `dismiss`, whichever screen it is asked of: a
    second key that closes, pressed before the first one had its effect, would close the screen
    below too, or end the app.
    """

    _waits_to_close = False
    _outcome: Result | None = None

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Close this screen: now, or once nothing lies over it; nothing when it is closed."""
        if self.is_active:
            return super().dismiss(result)
        if self._on_stack:
            self._waits_to_close, self._outcome = True, result
        return AwaitComplete()

    @property
    def is_open(self) -> bool:
        """Whether it has its parts: when it is closed, they go before the screen is detached."""
        return self._on_stack and self.is_attached

    @property
    def _on_stack(self) -> bool:
        return self in self.app.screen_stack

    async def _on_message(self, message: Message) -> None:
        if isinstance(message, events.Mount) and not self._on_stack:
            # Closed before it was seen: it has no parts any more that could be set up.
            return
        await super()._on_message(message)
        if isinstance(message, events.ScreenResume) and self._waits_to_close and self.is_active:
            self._waits_to_close = False
            super().dismiss(self._outcome)
