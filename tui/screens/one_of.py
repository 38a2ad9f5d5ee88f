"""A choice between a few words in one line, made with the arrow keys."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from tui.widgets.keys_in_order import KeysInOrder

NONE = -1

ABSENT = "×"
"""Stands before what cannot be had as it is."""


class OneOf(KeysInOrder, Widget, can_focus=True):
    """Shows all choices; Left, Right and Space move between them.

    Args:
        choices: The words.
        chosen: Whether the first of them is chosen at once, or none.
    """

    DEFAULT_CSS = """
    OneOf { height: 1; padding: 0 1; background: $panel; color: $text-muted; }
    OneOf:focus { background: $foreground 14%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", show=False),
        Binding("right,space", "move(1)", show=False),
    ]
    index: reactive[int] = reactive(0)

    class Changed(Message):
        """Another choice was made."""

        def __init__(self, one_of: OneOf, value: str) -> None:
            self.one_of = one_of
            self.value = value
            super().__init__()

        @property
        def control(self) -> OneOf:
            """Where the choice was made."""
            return self.one_of

    class Picked(Message):
        """A person made a choice, with the arrow keys or the mouse."""

        def __init__(self, one_of: OneOf) -> None:
            self.one_of = one_of
            super().__init__()

        @property
        def control(self) -> OneOf:
            """Where the choice was made."""
            return self.one_of

    def __init__(
        self,
        *choices: str,
        chosen: bool = True,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._choices = choices
        self._shown = list(choices)
        """The choices in the words that are shown."""
        self._usual = ""
        self._absent: frozenset[str] = frozenset()
        if not chosen:
            self.set_reactive(OneOf.index, NONE)

    def tell_usual(self, choice: str) -> None:
        """Mark what is taken as long as nothing is chosen; empty: nothing is known of that."""
        self._usual = choice
        self.refresh()

    def tell_absent(self, choices: frozenset[str]) -> None:
        """Mark what cannot be had as it is; it can be chosen all the same."""
        self._absent = choices
        self.refresh()

    def tell_meaning(self, choice: str, meaning: str) -> None:
        """Say behind a choice what it comes to."""
        self._shown[self._choices.index(choice)] = f"{choice}: {meaning}"
        self.refresh()

    @property
    def value(self) -> str:
        """What is chosen, empty before anything was."""
        return self._choices[self.index] if self.index != NONE else ""

    def render(self) -> Content:
        """Draw the choices."""
        first = self._first
        return Content(" " * self._gap).join(
            Content.assemble((f"● {shown}", "bold $text-primary"))
            if number == self.index
            else Content(f"{self._mark(self._choices[number])} {shown}")
            for number, shown in enumerate(self._shown)
            if number >= first
        )

    def _mark(self, choice: str) -> str:
        """What stands before one that is not chosen."""
        if choice in self._absent:
            return ABSENT
        return "●" if self.index == NONE and choice == self._usual else "○"

    @property
    def _gap(self) -> int:
        """Blanks between choices: fewer where there is no room for all."""
        room = self.content_size.width
        words = sum(len(shown) + 2 for shown in self._shown)
        fits = (gap for gap in (3, 2, 1) if words + gap * (len(self._choices) - 1) <= room)
        return next(fits, 3)

    @property
    def _first(self) -> int:
        """The first choice that is shown: where there is no room for all, the chosen one is."""
        first = 0
        room, gap = self.content_size.width, self._gap
        while first < self.index and room:
            shown = self._shown[first : self.index + 1]
            if sum(len(words) + 2 + gap for words in shown) - gap <= room:
                break
            first += 1
        return first

    def action_move(self, by: int) -> None:
        """Choose the next or the one before."""
        before = self.index
        if before == NONE and self._usual:
            before = self._choices.index(self._usual)
        elif before == NONE and by < 0:
            before = len(self._choices)
        self._pick((before + by) % len(self._choices))

    def watch_index(self) -> None:
        """Say so."""
        if self.index != NONE:
            self.post_message(self.Changed(self, self.value))

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked."""
        at, picked = 1, NONE
        for number, shown in enumerate(self._shown):
            if number < self._first:
                continue
            if at <= event.x < at + len(shown) + 2:
                picked = number
            at += len(shown) + 2 + self._gap
        if picked != NONE:
            self._pick(picked)

    def _pick(self, index: int) -> None:
        self.index = index
        self.post_message(self.Picked(self))
