"""Sessions of all time: found by what they are called or what was said in them, and resumed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.drawing.text import column, fit, one_line
from tui.gate.host import send
from tui.gate.words import duration, short_path
from tui.keys import actions
from tui.screens.card import LIST_KEYS, CardScreen, card_foot, closing
from tui.widgets.choice_list import ChoiceList
from tui.widgets.field import Field

if TYPE_CHECKING:
    from agent.protocol.agents import SessionSummary
    from agent.protocol.commands.sessions import SaidHit
    from tui.screens.fork import Forked


NAME, NAME_NARROW = 20, 12
"""Cells of a session's name in a wide and in a narrow card."""

LEAST_SOUGHT = 2
"""Letters from which on what was said is searched."""

PLACES = 3
"""Places shown below one session; the latest."""


class SessionsScreen(CardScreen["str | Forked | None"]):
    """Lists sessions, the last used first; goes away with the id of the agent to look at.

    One that was archived is resumed; one whose directory is gone can only be looked at from here.
    Below a session stand the places where what is looked for was said in it. Where a session was
    forked, it goes away with what came of that.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        closing("close"),
        *LIST_KEYS,
        *(
            Binding(",".join(action.keys), action.action, show=False, priority=True, id=action.id)
            for action in actions.of(actions.SESSIONS)
            if action.label and action.id != "sessions.close"
        ),
    ]
    AUTO_FOCUS = "#filter"

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock
        self._sessions: list[SessionSummary] = []
        self._said: dict[str, list[SaidHit]] = {}
        self._said_for = ""
        self._loaded = False
        self._busy = False
        self._written_for = ""
        """The row for which it is said where it was written."""

    def compose(self) -> ComposeResult:
        """Lay out filter and list."""
        with Vertical(id="card", classes="-wide") as card:
            card.border_title = "Sessions"
            yield Field(
                placeholder="what it is called, where it worked, or what was said", id="filter"
            )
            yield Static("Reading …", id="nothing", classes="card-hint card-gap")
            yield ChoiceList(id="sessions", classes="card-gap")
            yield from card_foot()

    def on_mount(self) -> None:
        """Ask the engine."""
        self._tell_keys()
        self._load()

    @work(exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        from agent.protocol.agents import SessionSummary
        from agent.protocol.commands.agents import ListSessions

        result, problem = await send(self, ListSessions())
        if not self.is_open:
            return
        self._loaded = True
        if problem:
            self.problem(problem)
        self._sessions = [
            SessionSummary.model_validate(session) for session in result.get("sessions", ())
        ]
        self._fill()

    @on(Input.Changed, "#filter")
    def _written(self, event: Input.Changed) -> None:
        sought = event.value.strip()
        if not sought.startswith(self._said_for) or len(sought) < LEAST_SOUGHT:
            self._said = {}
        self._fill()
        self._search(sought)

    @work(exclusive=True, group="search", exit_on_error=False)
    async def _search(self, sought: str) -> None:
        """Look where it was said; what is typed meanwhile takes its place."""
        if len(sought) < LEAST_SOUGHT:
            return
        from agent.protocol.commands.sessions import SaidHit, SearchSessions

        result, problem = await send(self, SearchSessions(query=sought[:1_000]))
        if not self.is_open:
            return
        if problem:
            self.problem(problem)
            return
        found: dict[str, list[SaidHit]] = {}
        for hit in map(SaidHit.model_validate, result.get("hits", ())):
            found.setdefault(hit.agent_id, []).append(hit)
        self._said, self._said_for = found, sought
        self._fill()

    def follow_width(self) -> None:
        """Write the rows for the width of the window."""
        if self._loaded:
            self._fill()

    def _fill(self) -> None:
        wanted = self.query_one("#filter", Input).value.lower().split()
        listing = self.query_one(OptionList)
        before = self._chosen_id
        listing.clear_options()
        width = max(30, self.size.width - 12 if self.size.width < 110 else 102)
        rows: list[Option] = []
        for session in self._sessions:
            called = (
                f"{session.name} {session.prompt} {session.id} {session.directory} {session.model}"
            ).lower()
            said = self._said.get(session.id, [])
            if not said and not all(word in called for word in wanted):
                continue
            rows.append(Option(self._row(session, width), id=session.id))
            for hit in said[:PLACES]:
                rows.append(Option(self._place(hit, width), id=f"{hit.agent_id}:{hit.block}"))
        listing.add_options(rows)
        if rows:
            kept = [index for index, row in enumerate(rows) if row.id == before]
            listing.highlighted = kept[0] if kept else 0
        nothing = self.query_one("#nothing", Static)
        nothing.display = not rows
        self._tell_keys()
        if self._loaded:
            nothing.update(
                "No session is called that, and nobody said it."
                if self._sessions
                else f"No sessions yet: {actions.shown('agent.new')} starts one."
            )

    def _tell_keys(self) -> None:
        session, _ = self._at(self._chosen_id)
        fixed = session is None or not session.can_fork
        *others, close = (
            (actions.label(action.keys[0]), action.label)
            for action in actions.of(actions.SESSIONS)
            if action.label and not (fixed and action.id == "sessions.fork")
        )
        chosen = (("Enter", "resume"), ("↑↓", "choose"), *others)
        self.tell_keys(*(chosen if self._chosen_id else ()), close)

    @property
    def _chosen_id(self) -> str:
        listing = self.query_one(OptionList)
        if listing.highlighted is None:
            return ""
        return listing.get_option_at_index(listing.highlighted).id or ""

    def _place(self, hit: SaidHit, width: int) -> Content:
        """One place where it was said, with what was looked for standing out."""
        age = duration(self._clock() - hit.at)
        who = "you" if hit.by_person else "model"
        left = f"   {who:<6}{age:>10}  "
        line = fit(hit.excerpt, max(8, width - len(left)))
        said = Content(line)
        for start, end in hit.found:
            if end <= len(line):
                said = said.stylize("bold $text-warning", start, end)
        return Content.assemble((left, "$muted"), said)

    def _row(self, session: SessionSummary, width: int) -> Content:
        from agent.protocol.agents import SHORT_ID

        age = duration(self._clock() - (session.used_at or session.since))
        state = "archived" if session.archived else session.state.value
        cells = NAME if width > 80 else NAME_NARROW
        left = f"{column(one_line(session.name), cells)} "
        middle = f"{state:<8}{age:>12}  {session.id[:SHORT_ID]:<{SHORT_ID}}  "
        rest = max(8, width - cells - 1 - len(middle))
        place = one_line(short_path(session.directory, str(Path.home())))
        said = one_line(session.prompt)
        if session.forked_from:
            origin = next((one for one in self._sessions if one.id == session.forked_from), None)
            of = f" of {one_line(origin.name)}" if origin is not None else ""
            said = f"fork{of} · {said}" if said else f"fork{of}"
        if said and len(said) + 2 + len(place) <= rest:
            said += "  "
        elif said:
            said, place = fit(said, rest), ""
        style = "$muted" if session.archived else "$foreground"
        return Content.assemble(
            (left, f"bold {style}"),
            (middle, "$muted"),
            (said, style),
            (fit(place, rest), "$muted"),
        )

    def action_close(self) -> None:
        """Leave."""
        self.dismiss(None)

    @on(OptionList.OptionHighlighted)
    def _moved(self) -> None:
        if self.is_open:
            self._tell_keys()
            if self._written_for not in {"", self._chosen_id}:
                self._written_for = ""
                self.progress("")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one(OptionList).action_select()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        session, block = self._at(event.option_id or "")
        if session is None or self._busy:
            return
        if block is None:
            self._resume(session)
        else:
            self._read(session, block)

    def _at(self, option_id: str) -> tuple[SessionSummary | None, int | None]:
        """The session of a row, and the block that the row shows, if it does."""
        session_id, _, block = option_id.partition(":")
        found = next((one for one in self._sessions if one.id == session_id), None)
        return found, int(block) if block else None

    def action_read(self) -> None:
        """Read the chosen session, at the chosen place."""
        session, block = self._at(self._chosen_id)
        if session is not None:
            self._read(session, block)

    def _read(self, session: SessionSummary, block: int | None) -> None:
        from tui.screens.past_session import PastSessionScreen

        screen = PastSessionScreen(
            session.id,
            session.name,
            session.directory,
            why="Esc goes back",
            block=block,
            can_fork=session.can_fork,
        )
        self.app.push_screen(screen, self._forked)

    def action_fork(self) -> None:
        """Fork the chosen session, at the turn of the chosen place."""
        session, block = self._at(self._chosen_id)
        if session is not None:
            from tui.screens.fork import ForkScreen

            screen = ForkScreen(session.id, session.name, block, clock=self._clock)
            self.app.push_screen(screen, self._forked)

    def _forked(self, forked: Forked | None) -> None:
        if forked is not None:
            self.dismiss(forked)

    def action_export(self) -> None:
        """Write the chosen session into a file."""
        session, _ = self._at(self._chosen_id)
        if session is not None:
            from tui.screens.export_session import ExportSession

            self.app.push_screen(ExportSession(session.id, one_line(session.name)), self._exported)

    def _exported(self, told: str | None) -> None:
        self._written_for = self._chosen_id if told else ""
        self.progress(told or "")

    @work(exclusive=True, exit_on_error=False)
    async def _resume(self, session: SessionSummary) -> None:
        from agent.protocol.commands.agents import ResumeAgent

        # In a thread: a network directory may answer late.
        if session.archived and not await asyncio.to_thread(Path(session.directory).is_dir):
            from tui.screens.past_session import PastSessionScreen

            await self.app.push_screen(
                PastSessionScreen(
                    session.id, session.name, session.directory, can_fork=session.can_fork
                ),
                self._forked,
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
