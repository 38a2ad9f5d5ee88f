"""How the app looks: the themes, each tried as it is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widgets import OptionList

from tui.screens.card import CardScreen, card_foot, closing
from tui.themes.themes import NAMES
from tui.widgets.choice_list import ChoiceList, value


class ThemeScreen(CardScreen["str | None"]):
    """Goes away with the name that was chosen, or None.

    Args:
        name: The one in force.
        wear: Draws the app in another one.
        instead: Why the terminal shows another one than is chosen; empty when it does not.
    """

    BINDINGS: ClassVar[list[BindingType]] = [closing("close", "escape,q")]
    AUTO_FOCUS = "#themes"

    def __init__(self, name: str, wear: Callable[[str], None], instead: str) -> None:
        super().__init__()
        self._before = name
        self._wear = wear
        self._instead = instead

    def compose(self) -> ComposeResult:
        """Lay out the themes."""
        with Vertical(id="card", classes="-wide") as card:
            card.border_title = "Theme"
            yield ChoiceList(
                *(
                    value(name, f"{name:<16}", meaning, holds=name == self._before)
                    for name, meaning in NAMES.items()
                ),
                id="themes",
            )
            yield from card_foot()

    def on_mount(self) -> None:
        """Begin with the one in force."""
        self.query_one(OptionList).highlighted = list(NAMES).index(self._before)
        self.progress(f"{self._instead[:1].upper()}{self._instead[1:]}." if self._instead else "")
        self.tell_keys(("Enter", "keep it"), ("↑↓", "try"), ("Esc", "as it was"))

    @on(OptionList.OptionHighlighted)
    def _tried(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._wear(event.option_id or self._before)
        # Behind Textual's own, which gives the screens below their colours.
        self.app.call_next(self._look_again)

    def _look_again(self) -> None:
        """Show the app as it is now, not dimmed: its colours are what is chosen."""
        if self.is_current:
            self.look_below(0)
            self.refresh()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(event.option_id)

    def action_close(self) -> None:
        """Leave it as it was."""
        self._wear(self._before)
        self.dismiss(None)
