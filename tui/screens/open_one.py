"""Which of the files that a block names is to be opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.drawing.text import fit_path
from tui.screens.card import CardScreen, card_foot, closing
from tui.widgets.choice_list import ChoiceList

if TYPE_CHECKING:
    from tui.conversation.opening import Target


class OpenOneScreen(CardScreen["Target | None"]):
    """Goes away with the chosen one, or None.

    Args:
        targets: What there is to choose from.
    """

    BINDINGS: ClassVar[list[BindingType]] = [closing("close", "escape,o")]
    AUTO_FOCUS = "#targets"

    def __init__(self, targets: Sequence[Target]) -> None:
        super().__init__()
        self._targets = targets

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        with Vertical(id="card", classes="-wide") as card:
            card.border_title = "Open"
            yield ChoiceList(id="targets")
            yield from card_foot()

    def on_mount(self) -> None:
        """Fill it."""
        self.tell_keys(("Enter", "open"), ("↑↓", "choose"), ("Esc", "close"))
        listing = self.query_one(OptionList)
        for number, target in enumerate(self._targets):
            listing.add_option(Option(self._row(target), id=str(number)))
        listing.highlighted = 0

    def follow_width(self) -> None:
        """Write the rows for the width of the window."""
        listing = self.query_one(OptionList)
        for index in range(listing.option_count):
            listing.replace_option_prompt_at_index(index, self._row(self._targets[index]))

    def _row(self, target: Target) -> Content:
        width = max(20, min(100, self.size.width - 12))
        kind = "the change of " if target.diff else ""
        return Content.assemble((kind, "$muted"), fit_path(target.title, width - len(kind)))

    def action_close(self) -> None:
        """Leave."""
        self.dismiss(None)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._targets[event.option_index])
