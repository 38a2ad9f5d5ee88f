"""Small questions of the app itself: is that meant, and what shall it be called."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.screens.card import CardScreen, card_foot, closing
from tui.widgets.field import Field


class ConfirmScreen(CardScreen[bool]):
    """Asks before something that can't be undone; `y` does it, Enter does not.

    Args:
        title: What is about to happen, as a question.
        text: What will be lost and what stays.
        verb: What `y` does, in the footer.
        during: Said while `perform` runs.
        perform: Does it, and returns one line of what went wrong, empty when nothing did. The
            screen stays until it is really done.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "confirm", show=False),
        closing("cancel", "n,escape"),
    ]

    def __init__(
        self,
        title: str,
        text: str,
        *,
        verb: str = "yes",
        during: str = "",
        perform: Callable[[], Awaitable[str]] | None = None,
    ) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._verb = verb
        self._during = during
        self._perform = perform
        self._busy = False

    def compose(self) -> ComposeResult:
        """Lay out the question."""
        with VerticalScroll(id="card", can_focus=False):
            yield Static(self._title, classes="card-title", markup=False)
            yield Static(self._text, classes="card-hint", markup=False)
            yield from self.more()
            yield from card_foot()

    def more(self) -> Iterable[Widget]:
        """What a kind of question has below its text."""
        return ()

    def on_mount(self) -> None:
        """Say what can be pressed."""
        self.tell_keys(("y", self._verb), ("n", "no"), ("Esc", "no"))

    def action_cancel(self) -> None:
        """Leave things as they are; what has begun goes on."""
        self.dismiss(False)

    def action_confirm(self) -> None:
        """Do it."""
        if self._perform is None:
            self.dismiss(True)
        elif not self._busy:
            self._carry_out(self._perform)

    @work(exclusive=True, exit_on_error=False)
    async def _carry_out(self, perform: Callable[[], Awaitable[str]]) -> None:
        self._busy = True
        self.progress(self._during)
        self.tell_keys(("Esc", "don’t wait for it"))
        problem = await perform()
        self._busy = False
        if problem:
            self.problem(problem)
            self.tell_keys(("y", "try again"), ("Esc", "close"))
        else:
            self.dismiss(True)


class RenameScreen(CardScreen["str | None"]):
    """Asks for another name; None when it stays."""

    BINDINGS: ClassVar[list[BindingType]] = [closing("cancel")]

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name_before = name

    def compose(self) -> ComposeResult:
        """Lay out the one field."""
        with VerticalScroll(id="card", can_focus=False) as card:
            card.border_title = "Rename"
            yield Field(value=self._name_before, max_length=40, id="name")
            yield from card_foot()

    def on_mount(self) -> None:
        """Say what can be pressed."""
        self.tell_keys(("Enter", "rename"), ("Esc", "cancel"))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        name = event.value.strip()
        if not name:
            self.problem("A name can’t be empty.")
        else:
            self.dismiss(name if name != self._name_before else None)

    def action_cancel(self) -> None:
        """Keep the name."""
        self.dismiss(None)
