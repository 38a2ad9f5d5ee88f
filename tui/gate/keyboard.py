"""The keyboard before anything else gets it.

Two things need every key in the order it was typed, wherever the focus is: a pane that has been
given the keyboard, and an open gate, which has to know how long the keyboard has been quiet.
Bindings can do neither: those of the app come first, and focused widgets keep what they use.

And a key counts for the place where the one before it has led. Textual 8.2 hands a key to the
focus at once, but looks up what most keys mean only when they have gone from there through the
screen to the app. What a busy app finds typed behind an Esc would so be handed to the screen that
Esc is about to close: a whole prompt was lost there, with the Enter behind it, and its letters did
what they do in that screen. So each key waits here until the one before it has been carried out.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from textual import events
from textual.app import App
from textual.message import Message

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui.terminal.pane_view import PaneView

ReturnType = TypeVar("ReturnType")
KeyTaker = Callable[[events.Key | events.Paste], bool]
"""Sees an event before the app does; True keeps it from going any further."""

ROUNDS = 2
"""How often it is asked whether a key has passed: the second time, so has what was said of it on
its way, such as that a row was chosen. Where something is written it is asked once: what is typed
behind a command and its Enter is the next prompt, also where the command opens a screen."""

LOOK_SECONDS = 0.02
"""How often it is looked whether who has a key is there still."""

LOOKS = 50
"""After how many looks the next key waits no longer: who has the one before it is stuck. A busy
machine makes them later, as it does what they wait for."""


class KeyboardApp(App[ReturnType], Generic[ReturnType]):
    """An app whose keys and pastes come one after the other, and pass a stack of takers first.

    The taker that came last is asked first.
    """

    class KeyPassed(Message):
        """Goes the way of a key right behind it: through the focus and its screen to the app."""

        def __init__(self, receiver: Widget) -> None:
            super().__init__()
            self.receiver = receiver
            self.round = 1

    keyboard_holder: PaneView | None = None
    """The pane that has been given the keyboard: keys are its program's and decide nothing."""
    _key_takers: tuple[KeyTaker, ...] = ()
    _under_way: KeyPassed | None = None
    """Comes back when the key that was handed on last has been carried out."""
    _stuck: Widget | None = None
    """Who has kept a key so long that others are not waited with for it."""
    _written_in: Widget | None = None
    """The field in which what is under way is written: more of that need not wait."""
    _handing_on = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._line: deque[tuple[events.Key | events.Paste, bool]] = deque()
        """Keys and pastes that are to be handed on, and whether the takers have seen them."""
        self._let_through: deque[events.Key] = deque()
        """Keys that takers have kept and that are next."""

    def take_keys(self, taker: KeyTaker) -> Callable[[], None]:
        """Let `taker` see every key and paste first, until the returned function is called."""
        self._key_takers = (taker, *self._key_takers)

        def give_back() -> None:
            self._key_takers = tuple(other for other in self._key_takers if other is not taker)

        return give_back

    def let_through(self, event: events.Key) -> None:
        """Give the app a key that a taker has kept, before every key that came after it."""
        self._let_through.append(event)
        self.call_later(self._hand_on)

    def turn_of(self, event: events.Key | events.Paste) -> bool:
        """Told of each when it is its turn, and again of a key that a taker has kept.

        True keeps it from going any further, takers included.
        """
        return False

    async def on_event(self, event: events.Event) -> None:
        """Have keys and pastes wait for their turn; offer them to the takers then."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._line.append((event, False))
        await self._hand_on()

    async def _hand_on(self) -> None:
        if self._handing_on:
            # By the task that does, which looks for more when it is through.
            return
        self._handing_on = True
        try:
            while (self._let_through or self._line) and self._goes_on():
                event, seen = (
                    (self._let_through.popleft(), True)
                    if self._let_through
                    else self._line.popleft()
                )
                if self.turn_of(event):
                    continue
                taken = not seen and any(taker(event) for taker in self._key_takers)
                if self._let_through and not taken:
                    self._line.appendleft((event, True))
                elif not taken:
                    await self._hand(event)
        finally:
            self._handing_on = False

    def _goes_on(self) -> bool:
        """Whether it is the next one's turn: nothing is under way, or what is written before it."""
        if self._under_way is None:
            return True
        event = self._let_through[0] if self._let_through else self._line[0][0]
        field = self._written_in
        return field is not None and field is self.focused and _is_written(event, field)

    async def _hand(self, event: events.Key | events.Paste) -> None:
        await super().on_event(event)
        if event.is_forwarded and self.screen_stack:
            receiver = self.focused or self.screen
            self._written_in = receiver if _is_written(event, receiver) else None
            passed = self.KeyPassed(receiver)
            if passed.receiver.post_message(passed) and passed.receiver is not self._stuck:
                self._under_way = passed
                self._look_in(passed, LOOKS)

    async def on_keyboard_app_key_passed(self, message: KeyPassed) -> None:
        """Hand the next key on, once what the last one has caused has been carried out, too."""
        if message.receiver is self._stuck:
            self._stuck = None
        if message is not self._under_way:
            return
        rounds = 1 if message.receiver.check_consume_key("a", "a") else ROUNDS
        if message.round < rounds and message.receiver.is_attached:
            following = self.KeyPassed(message.receiver)
            following.round = message.round + 1
            if message.receiver.post_message(following):
                self._under_way = following
                self._look_in(following, LOOKS)
                return
        self._under_way = None
        await self._hand_on()

    def _look_in(self, passed: KeyPassed, looks: int) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(LOOK_SECONDS, self._look, passed, looks - 1)

    def _look(self, passed: KeyPassed, looks: int) -> None:
        """Wait no longer for who went away with the key, or hangs over it."""
        if passed is not self._under_way:
            return
        if looks and passed.receiver.is_attached and passed.receiver.is_running:
            self._look_in(passed, looks)
        else:
            self._stuck = passed.receiver
            self._under_way = None
            self.call_later(self._hand_on)


def _is_written(event: events.Key | events.Paste, receiver: Widget) -> bool:
    """Whether a key is written by a field itself, and does nothing else."""
    return isinstance(event, events.Key) and receiver.check_consume_key(event.key, event.character)
