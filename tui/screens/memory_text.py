"""Write what is to be remembered: a new memory, or another text of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from tui.drawing.text import one_line
from tui.gate.entry import CommandArea
from tui.gate.words import short_path
from tui.keys import actions
from tui.screens.card import CardScreen, card_foot, row
from tui.screens.one_of import OneOf

Keep = Callable[[str, bool], Awaitable[str]]
"""Keeps a text, everywhere or not; gives one line of what went wrong, empty when nothing did."""

EVERY_PROJECT = "every project"
"""What a memory is about that is not of one project alone."""


class MemoryTextScreen(CardScreen[bool]):
    """Goes away with True once the text is kept; what was written stays until then.

    Args:
        keep: Keeps it.
        text: What to begin with; empty for a new memory.
        project: The directory that a new memory is about, unless it holds everywhere.
    """

    AUTO_FOCUS = "#memory-text"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", show=False),
        Binding("tab,shift+tab", "other", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    MemoryTextScreen {
        #memory-text { height: 8; border: none; padding: 0 1; background: $panel; }
    }
    """

    def __init__(self, keep: Keep, *, text: str = "", project: str = "") -> None:
        super().__init__()
        self._keep = keep
        self._text = text
        self._project = project
        self._busy = False

    def compose(self) -> ComposeResult:
        """Lay out the text, and for a new one where it holds."""
        with Vertical(id="card") as card:
            card.border_title = "Edit the memory" if self._text else "Remember"
            hint = (
                "It is what you say from then on. The text before stays in its history."
                if self._text
                else "One fact, clear by itself: agents are told it word for word."
            )
            yield Static(hint, classes="card-text", markup=False)
            yield CommandArea(id="memory-text")
            if self._project:
                name = one_line(short_path(self._project, str(Path.home())))
                yield row("About", OneOf("this project", EVERY_PROJECT, id="memory-where"))
                yield Static(f"this project: {name}", classes="card-under", markup=False)
            yield from card_foot()

    def on_mount(self) -> None:
        """Begin with the text."""
        self.query_one(CommandArea).begin(self._text)
        keys = [("Enter", "keep it"), (actions.shown("prompt.newline"), "new line")]
        if self._project:
            keys.append(("Tab", "this or every project"))
        self.tell_keys(*keys, ("Esc", "cancel"))

    def action_other(self) -> None:
        """Go from the text to where it holds, and back."""
        area, where = self.query_one(CommandArea), self.query(OneOf)
        self.set_focus(where.first() if where and self.focused is area else area)

    def key_enter(self) -> None:
        """Keep it from the choice, too."""
        self._take(self.query_one(CommandArea).text)

    @on(CommandArea.Submitted)
    def _submitted(self, event: CommandArea.Submitted) -> None:
        event.stop()
        self._take(event.text)

    def _take(self, text: str) -> None:
        if not text.strip():
            self.problem("A memory needs a text.")
        elif text.strip() == self._text.strip():
            self.dismiss(False)
        elif not self._busy:
            where = self.query(OneOf)
            self._carry_out(text, bool(where) and where.first(OneOf).value == EVERY_PROJECT)

    @work(exclusive=True, exit_on_error=False)
    async def _carry_out(self, text: str, everywhere: bool) -> None:
        self._busy = True
        problem = await self._keep(text, everywhere)
        self._busy = False
        if problem:
            self.problem(problem)
        else:
            self.dismiss(True)

    def action_cancel(self) -> None:
        """Keep things as they are."""
        self.dismiss(False)
