"""How much is remembered: off, recall only, manual or auto, each with what it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList

from agent.protocol.memory import MEANING
from tui.screens.card import CardScreen, card_foot
from tui.widgets.choice_list import ChoiceList, value


class MemoryModeScreen(CardScreen["str | None"]):
    """Goes away with the mode that was chosen once it holds, or None.

    Args:
        mode: The one in force.
        keep: Has another one hold; gives one line of what went wrong, empty when nothing did.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,m", "close", show=False)]
    AUTO_FOCUS = "#modes"

    def __init__(self, mode: str, keep: Callable[[str], Awaitable[str]]) -> None:
        super().__init__()
        self._mode = mode
        self._keep = keep

    def compose(self) -> ComposeResult:
        """Lay out the modes."""
        with Vertical(id="card", classes="-wide") as card:
            card.border_title = "Memory"
            yield ChoiceList(
                *(
                    value(mode, f"{_name(mode):<13}", meaning, holds=mode == self._mode)
                    for mode, meaning in MEANING.items()
                ),
                id="modes",
            )
            yield from card_foot()

    def on_mount(self) -> None:
        """Begin with the one in force."""
        self.query_one(OptionList).highlighted = list(MEANING).index(self._mode)  # type: ignore[arg-type]
        self.tell_keys(("Enter", "choose"), ("↑↓", "look"), ("Esc", "close"))

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        mode = event.option_id or ""
        if mode == self._mode:
            self.dismiss(None)
        else:
            self._change(mode)

    @work(exclusive=True, exit_on_error=False)
    async def _change(self, mode: str) -> None:
        problem = await self._keep(mode)
        if problem:
            self.problem(problem)
        else:
            self.dismiss(_name(mode))

    def action_close(self) -> None:
        """Leave it as it is."""
        self.dismiss(None)


def _name(mode: str) -> str:
    return "recall only" if mode == "recall" else mode
