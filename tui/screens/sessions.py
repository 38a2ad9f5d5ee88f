"""Sessions of all time: those on the list and those put away, to look at and to resume."""

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

from tui.gate.host import send
from tui.gate.words import duration, short_path
from tui.screens.card import LIST_KEYS, CardScreen, card_foot, closing
from tui.text import fit, one_line
from tui.widgets.choice_list import ChoiceList
from tui.widgets.field import Field

if TYPE_CHECKING:
    from agent.protocol.agents import SessionSummary


NAME, NAME_NARROW = 20, 12
"""Cells of a session's name in a wide and in a narrow card."""


class SessionsScreen(CardScreen["str | None"]):
    """Lists sessions, the last used first; goes away with the id of the agent to look at.

    One that was archived is resumed; one whose directory is gone can only be looked at from here.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        closing("close"),
        *LIST_KEYS,
    ]
    AUTO_FOCUS = "#filter"

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock
        self._sessions: list[SessionSummary] = []
        self._loaded = False
        self._busy = False

    def compose(self) -> ComposeResult:
        """Lay out filter and list."""
        with Vertical(id="card", classes="-wide") as card:
            card.border_title = "Sessions"
            yield Field(placeholder="filter by name, prompt, id, directory or model", id="filter")
            yield Static("Reading …", id="nothing", classes="card-hint card-gap")
            yield ChoiceList(id="sessions", classes="card-gap")
            yield from card_foot()

    def on_mount(self) -> None:
        """Ask the engine."""
        self.tell_keys(("Enter", "resume or look"), ("↑↓", "choose"), ("Esc", "close"))
        self._load()

    @work(exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        from agent.protocol.agents import SessionSummary
        from agent.protocol.commands.agents import ListSessions

        result, problem = await send(self, ListSessions())
        self._loaded = True
        if problem:
            self.problem(problem)
        self._sessions = [
            SessionSummary.model_validate(session) for session in result.get("sessions", ())
        ]
        self._fill()

    @on(Input.Changed, "#filter")
    def _fill(self) -> None:
        wanted = self.query_one("#filter", Input).value.lower().split()
        found = [
            session
            for session in self._sessions
            if all(
                word
                in f"{session.name} {session.prompt} {session.id} {session.directory} "
                f"{session.model}".lower()
                for word in wanted
            )
        ]
        listing = self.query_one(OptionList)
        listing.clear_options()
        width = max(30, self.size.width - 12 if self.size.width < 110 else 102)
        listing.add_options(Option(self._row(session, width), id=session.id) for session in found)
        if found:
            listing.highlighted = 0
        nothing = self.query_one("#nothing", Static)
        nothing.display = not found
        if self._loaded:
            nothing.update(
                "No session matches." if self._sessions else "No sessions yet: ^N starts one."
            )

    def _row(self, session: SessionSummary, width: int) -> Content:
        from agent.protocol.agents import SHORT_ID

        age = duration(self._clock() - (session.used_at or session.since))
        state = "archived" if session.archived else session.state.value
        cells = NAME if width > 80 else NAME_NARROW
        left = f"{fit(one_line(session.name), cells):<{cells + 1}}"
        middle = f"{state:<8}{age:>12}  {session.id[:SHORT_ID]:<{SHORT_ID}}  "
        rest = max(8, width - len(left) - len(middle))
        place = one_line(short_path(session.directory, str(Path.home())))
        said = one_line(session.prompt)
        if said and len(said) + 2 + len(place) <= rest:
            said += "  "
        elif said:
            said, place = fit(said, rest), ""
        style = "$foreground 60%" if session.archived else "$foreground"
        return Content.assemble(
            (left, f"bold {style}"),
            (middle, "$foreground 60%"),
            (said, style),
            (fit(place, rest), "$foreground 60%"),
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
        session = next((one for one in self._sessions if one.id == event.option_id), None)
        if session is not None and not self._busy:
            self._resume(session)

    @work(exclusive=True, exit_on_error=False)
    async def _resume(self, session: SessionSummary) -> None:
        from agent.protocol.commands.agents import ResumeAgent

        # In a thread: a network directory may answer late.
        if session.archived and not await asyncio.to_thread(Path(session.directory).is_dir):
            from tui.screens.past_session import PastSessionScreen

            await self.app.push_screen(
                PastSessionScreen(session.id, session.name, session.directory)
            )
            return
        if session.archived:
            self._busy = True
            self.progress(f"Resuming {one_line(session.name)} …")
            _, problem = await send(self, ResumeAgent(agent_id=session.id))
            self._busy = False
            if problem:
                self.problem(problem)
                return
        self.dismiss(session.id)
