"""Which directory or file something is written to or read from."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from tui.screens.card import CardScreen, card_foot
from tui.screens.directory import complete, extend, resolve
from tui.widgets.field import Field

Perform = Callable[[Path], Awaitable[tuple[str, str]]]
"""Does it there; gives what came of it, and one line of what went wrong."""


class PlaceScreen(CardScreen["str | None"]):
    """Goes away with what came of it, or None.

    Args:
        title: What is about to happen.
        text: What it means.
        verb: What Enter does.
        base: Where relative paths begin.
        offered: What stands in the field first.
        perform: Does it; the screen stays until it is done.
        what: What is named.
    """

    AUTO_FOCUS = "#place"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", show=False),
        Binding("tab", "complete", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        text: str,
        verb: str,
        base: Path,
        offered: str,
        perform: Perform,
        *,
        what: str = "directory",
    ) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._verb = verb
        self._base = base
        self._offered = offered
        self._perform = perform
        self._what = what
        self._busy = False

    def compose(self) -> ComposeResult:
        """Lay out the one field."""
        with Vertical(id="card") as card:
            card.border_title = self._title
            yield Static(self._text, classes="card-text", markup=False)
            yield Field(value=self._offered, id="place", select_on_focus=False)
            yield Static(id="place-said", classes="card-hint", markup=False)
            yield from card_foot()

    def on_mount(self) -> None:
        """Say what can be pressed."""
        self.tell_keys(("Enter", self._verb), ("Tab", "complete"), ("Esc", "cancel"))

    @on(Input.Changed)
    def _written(self, event: Input.Changed) -> None:
        self.query_one("#place-said", Static).update(str(resolve(event.value, base=self._base)))

    @work(exclusive=True, group="complete", exit_on_error=False)
    async def action_complete(self) -> None:
        """Write on as far as there is one way."""
        field = self.query_one(Input)
        typed = field.value
        # In a thread: a network directory may answer late.
        found = await asyncio.to_thread(complete, typed, base=self._base)
        if field.value == typed:
            field.value = extend(typed, found)
            field.cursor_position = len(field.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not event.value.strip():
            self.problem(f"Name a {self._what}.")
        elif not self._busy:
            self._carry_out(resolve(event.value.strip(), base=self._base))

    @work(exclusive=True, exit_on_error=False)
    async def _carry_out(self, directory: Path) -> None:
        self._busy = True
        self.progress("At work …")
        told, problem = await self._perform(directory)
        self._busy = False
        if problem:
            self.problem(problem)
        else:
            self.dismiss(told)

    def action_cancel(self) -> None:
        """Leave; what has begun goes on."""
        self.dismiss(None)
