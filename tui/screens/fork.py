"""At which turn a session is forked."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.drawing.text import column, one_line
from tui.gate.host import send
from tui.gate.words import duration
from tui.screens.card import CardScreen, card_foot, closing
from tui.widgets.choice_list import ChoiceList

if TYPE_CHECKING:
    from agent.protocol.commands.sessions import SessionTurn


class Forked(NamedTuple):
    """What came of it: the new agent, and what there is to say otherwise."""

    agent_id: str
    prompt: str = ""


class ForkScreen(CardScreen["Forked | None"]):
    """Lists the turns of a session, and begins a new one behind the chosen turn or before it.

    Args:
        session_id: whose turns.
        name: what the session is called.
        block: a block of the turn that is chosen first; None for the last turn.
        clock: seconds since the epoch.
    """

    AUTO_FOCUS = "#turns"
    BINDINGS: ClassVar[list[BindingType]] = [
        closing("close", "escape,q"),
        Binding("b", "fork(True)", show=False),
    ]

    def __init__(
        self,
        session_id: str,
        name: str,
        block: int | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self._session_id = session_id
        self._name_shown = one_line(name)
        self._block = block
        self._clock = clock
        self._turns: list[SessionTurn] = []
        self._busy = False
        self._gone = self._instead = ""
        """The directory of the session if it is gone, and one that a fork can work in."""

    def compose(self) -> ComposeResult:
        """Lay out what it means, and the turns."""
        with Vertical(id="card", classes="-wide") as card:
            card.border_title = f"Fork {self._name_shown}"
            yield Static(
                "A new agent begins with what was said up to the turn that you choose, word for "
                "word, so that the prompt cache still holds it. Files stay as they are now: "
                "nothing is rolled back.",
                classes="card-text",
            )
            yield Static("Reading …", id="nothing", classes="card-hint", markup=False)
            yield ChoiceList(id="turns")
            yield from card_foot()

    def on_mount(self) -> None:
        """Ask the engine."""
        self.tell_keys(("Esc", "close"))
        self._load()

    @work(exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        from agent.protocol.commands.sessions import ListTurns, SessionTurn

        result, problem = await send(self, ListTurns(agent_id=self._session_id))
        if not self.is_open:
            return
        self._turns = [SessionTurn.model_validate(turn) for turn in result.get("turns", ())]
        self._gone, self._instead = (str(result.get(each, "")) for each in ("gone", "instead"))
        nothing = self.query_one("#nothing", Static)
        nothing.display = not self._turns
        nothing.update("Nothing was said in it yet, so there is no turn to fork at.")
        if problem:
            nothing.display = False
            self.problem(problem)
        listing = self.query_one(OptionList)
        listing.add_options(Option(self._row(turn), id=str(turn.number)) for turn in self._turns)
        if self._turns:
            listing.highlighted = self._first()
            self.tell_keys(
                ("Enter", "fork after it"),
                ("b", "before it, to reword it"),
                ("Esc", "close"),
            )
            if self._gone:
                self.progress(f"{one_line(self._gone)} is gone: it is asked where to work instead.")

    def _first(self) -> int:
        for index, turn in enumerate(self._turns):
            if self._block is not None and turn.first_block <= self._block <= turn.last_block:
                return index
        return len(self._turns) - 1

    def follow_width(self) -> None:
        """Write the rows for the width of the window."""
        for index, turn in enumerate(self._turns):
            self.query_one(OptionList).replace_option_prompt_at_index(index, self._row(turn))

    def _row(self, turn: SessionTurn) -> Content:
        width = max(30, min(102, self.size.width - 12))
        age = duration(self._clock() - turn.at) if turn.whole else "no end yet"
        return Content.assemble(
            (f"{turn.number:>3}  ", "$muted"),
            column(one_line(turn.prompt), width - 17),
            (f"{age:>12}", "$muted"),
        )

    @on(OptionList.OptionSelected)
    def _chosen(self) -> None:
        self.action_fork(False)

    def action_fork(self, before: bool) -> None:
        """Fork at the chosen turn."""
        index = self.query_one(OptionList).highlighted
        if index is None or self._busy:
            return
        if self._gone:
            self._ask_where(self._turns[index].number, before=before)
        else:
            self._fork(self._turns[index].number, before=before)

    def _ask_where(self, turn: int, *, before: bool) -> None:
        """Fork in another directory: that of the session is gone."""
        from agent.protocol.commands.sessions import ForkSession
        from tui.screens.place import PlaceScreen

        made: list[Forked] = []

        async def perform(directory: Path) -> tuple[str, str]:
            command = ForkSession(
                agent_id=self._session_id, turn=turn, before=before, directory=str(directory)
            )
            result, problem = await send(self, command)
            if not problem:
                made.append(_forked(result))
            return "", problem

        def closed(_: str | None) -> None:
            if made:
                self.dismiss(made[0])

        screen = PlaceScreen(
            f"Fork {self._name_shown} elsewhere",
            f"{one_line(self._gone)} is gone. The fork works in another directory, such as the "
            "repository:",
            "fork there",
            Path(self._instead),
            self._instead,
            perform,
        )
        self.app.push_screen(screen, closed)

    @work(exclusive=True, exit_on_error=False)
    async def _fork(self, turn: int, *, before: bool) -> None:
        from agent.protocol.commands.sessions import ForkSession

        self._busy = True
        self.progress("Forking …")
        command = ForkSession(agent_id=self._session_id, turn=turn, before=before)
        result, problem = await send(self, command)
        self._busy = False
        if problem:
            self.problem(problem)
        else:
            self.dismiss(_forked(result))

    def action_close(self) -> None:
        """Leave."""
        self.dismiss(None)


def _forked(result: dict[str, Any]) -> Forked:
    return Forked(str(result["agent_id"]), str(result.get("prompt", "")))
