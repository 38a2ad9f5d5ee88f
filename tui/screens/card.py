"""What dialogs have in common: a card in the middle, a line for what went wrong, keys below."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from textual.containers import Horizontal
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

Result = TypeVar("Result")


class CardScreen(ModalScreen[Result]):
    """An opaque screen with a card in its middle.

    Opaque, since a translucent one over live panes costs a full repaint for each changed row.
    """

    CSS_PATH = Path(__file__).with_name("card.tcss")
    AUTO_FOCUS = "Input, OptionList, .card-focus"

    def progress(self, text: str) -> None:
        """Say what is being waited for; empty says nothing."""
        self._tell(text, problem=False)

    def problem(self, text: str) -> None:
        """Say in one line what is wrong."""
        self._tell(text, problem=True)

    def _tell(self, text: str, *, problem: bool) -> None:
        line = self.query_one("#card-line", Static)
        line.update(Content(text))
        line.set_class(problem, "-problem")

    def tell_keys(self, *keys: tuple[str, str]) -> None:
        """Show the keys that do something now."""
        self.query_one("#card-keys", Static).update(keys_line(keys))


def keys_line(keys: Iterable[tuple[str, str]]) -> Content:
    """Write keys with their labels in one line."""
    return Content("   ").join(
        Content.assemble((key, "bold $foreground"), " ", (label, "$foreground 60%"))
        for key, label in keys
    )


def row(label: str, field: Widget) -> Horizontal:
    """A field with its label before it."""
    return Horizontal(Static(label, markup=False), field, classes="card-row")


def card_foot() -> Iterable[Widget]:
    """The two last rows of every card."""
    yield Static(id="card-line", markup=False)
    yield Static(id="card-keys", markup=False)
