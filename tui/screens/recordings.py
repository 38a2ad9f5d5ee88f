"""Recordings of terminals, those of panes that are gone among them: choose one to play."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.drawing.text import clock, column, one_line
from tui.gate.words import duration
from tui.keys import actions
from tui.screens.card import LIST_KEYS, CardScreen, card_foot, closing
from tui.widgets.choice_list import ChoiceList
from tui.widgets.field import Field

if TYPE_CHECKING:
    from agent.panes.recordings import Kept


class RecordingsScreen(CardScreen["Kept | None"]):
    """Lists recordings, one agent's first; goes away with the one to play, or None.

    Args:
        directory: Where they are; the engine need not be there.
        agent_id: Whose come first.
        clock: Seconds since the epoch.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        closing("close", ",".join(("escape", *actions.by_id("pane.recordings").keys))),
        *LIST_KEYS,
    ]
    AUTO_FOCUS = "#filter"

    def __init__(
        self, directory: Path, agent_id: str = "", *, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__()
        self._directory = directory
        self._agent_id = agent_id
        self._clock = clock
        self._recordings: list[Kept] = []
        self._loaded = False

    def compose(self) -> ComposeResult:
        """Lay out filter and list."""
        with Vertical(id="card", classes="-wide") as card:
            card.border_title = "Recordings"
            yield Field(placeholder="filter by agent or pane", id="filter")
            yield Static("Reading …", id="nothing", classes="card-hint card-gap", markup=False)
            yield ChoiceList(id="recordings", classes="card-gap")
            yield from card_foot()

    def on_mount(self) -> None:
        """Look what there is."""
        self._tell_keys()
        self._load()

    @work(exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        from agent.panes.recordings import listed

        found = await asyncio.to_thread(listed, self._directory)
        if not self.is_open:
            return
        self._recordings = sorted(found, key=lambda kept: kept.agent_id != self._agent_id)
        self._loaded = True
        self._fill()

    def follow_width(self) -> None:
        """Write the rows for the width of the window."""
        listing = self.query_one(OptionList)
        chosen = listing.highlighted
        if self._loaded:
            self._fill()
            listing.highlighted = chosen

    @on(Input.Changed, "#filter")
    def _fill(self) -> None:
        wanted = self.query_one("#filter", Input).value.lower().split()
        found = [
            kept for kept in self._recordings if all(word in kept.title.lower() for word in wanted)
        ]
        listing = self.query_one(OptionList)
        listing.clear_options()
        width = max(30, self.size.width - 12 if self.size.width < 110 else 102)
        listing.add_options(Option(self._row(kept, width), id=str(kept.path)) for kept in found)
        if found:
            listing.highlighted = 0
        nothing = self.query_one("#nothing", Static)
        nothing.display = not found
        self._tell_keys()
        if self._loaded:
            nothing.update(
                "No recording matches."
                if self._recordings
                else "Nothing is recorded yet: /record records the terminal that is shown; "
                'mode = "on" below [recording] in config.toml records all of them.'
            )

    def _tell_keys(self) -> None:
        listed = self.query_one(OptionList).option_count
        chosen = (("Enter", "play"), ("↑↓", "choose")) if listed else ()
        self.tell_keys(*chosen, ("Esc", "close"))

    def _row(self, kept: Kept, width: int) -> Content:
        age = f"{duration(self._clock() - kept.started_at)} ago"
        right = f"{age:>14}{clock(kept.seconds):>9}{_size(kept.size):>9}"
        state = "● recording" if kept.running else ""
        name = column(one_line(kept.title), max(8, width - len(right) - 13))
        return Content.assemble(
            (f"{name} ", "bold"),
            (state.ljust(12), "$text-error"),
            (right, "$muted"),
        )

    def action_close(self) -> None:
        """Leave."""
        self.dismiss(None)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one(OptionList).action_select()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        found = (kept for kept in self._recordings if str(kept.path) == event.option_id)
        self.dismiss(next(found, None))


def _size(size: int) -> str:
    if size < 1_000_000:
        return f"{max(1, size // 1000)} kB"
    return f"{size // 1_000_000} MB"
