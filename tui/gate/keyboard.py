"""The keyboard before anything else gets it.

Two things need every key in the order it was typed, wherever the focus is: a pane that has been
given the keyboard, and an open gate, which has to know how long the keyboard has been quiet.
Bindings can do neither: those of the app come first, and focused widgets keep what they use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from textual import events
from textual.app import App

if TYPE_CHECKING:
    from tui.terminal.pane_view import PaneView

ReturnType = TypeVar("ReturnType")
KeyTaker = Callable[[events.Key | events.Paste], bool]
"""Sees an event before the app does; True keeps it from going any further."""


class KeyboardApp(App[ReturnType], Generic[ReturnType]):
    """An app whose keys and pastes pass a stack of takers first.

    The one that came last is asked first. Without takers nothing differs from `App`.
    """

    keyboard_holder: PaneView | None = None
    """The pane that has been given the keyboard: keys are its program's and decide nothing."""
    _key_takers: tuple[KeyTaker, ...] = ()
    _let_through: tuple[events.Key, ...] = ()

    def take_keys(self, taker: KeyTaker) -> Callable[[], None]:
        """Let `taker` see every key and paste first, until the returned function is called."""
        self._key_takers = (taker, *self._key_takers)

        def give_back() -> None:
            self._key_takers = tuple(other for other in self._key_takers if other is not taker)

        return give_back

    def let_through(self, event: events.Key) -> None:
        """Give the app a key that a taker has kept, before every key that came after it."""
        self._let_through = (*self._let_through, event)
        self.call_later(self._catch_up)

    async def _catch_up(self) -> None:
        kept, self._let_through = self._let_through, ()
        for event in kept:
            await super().on_event(event)

    async def on_event(self, event: events.Event) -> None:
        """Offer keys and pastes to the takers before the app's own bindings."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            taken = any(taker(event) for taker in self._key_takers)
            await self._catch_up()
            if taken:
                return
        await super().on_event(event)
