"""The palette: every action and every agent, found by a few letters of its name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.fuzzy import Matcher
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui import actions
from tui.screens.card import CardScreen, card_foot
from tui.text import one_line
from tui.theme import STATE_GLYPHS, STATE_WORDS

if TYPE_CHECKING:
    from agent.protocol import AgentSummary

WIDTH = 74
"""Cells of a row, so that keys stand below each other."""


@dataclass(frozen=True, slots=True)
class Found:
    """One row: `id` is `action:…` or `agent:…`."""

    id: str
    text: str
    key: str = ""
    mark: str = " "


class PaletteScreen(CardScreen["str | None"]):
    """Goes away with `action:ID`, `agent:ID` or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+p", "close", show=False),
        Binding("down,ctrl+n", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    PaletteScreen {
        align: center top;
        #card { margin-top: 2; }
        OptionList { height: 14; }
    }
    """

    def __init__(self, agents: Sequence[AgentSummary]) -> None:
        super().__init__()
        self._everything = tuple(_everything(agents))

    def compose(self) -> ComposeResult:
        """Lay out the field and the list."""
        with Vertical(id="card") as card:
            card.border_title = "Find"
            yield Input(placeholder="an action, or an agent", id="sought")
            yield Static("Nothing is called that.", id="nothing", classes="card-hint card-gap")
            yield OptionList(id="found", classes="card-gap")
            yield from card_foot()

    def on_mount(self) -> None:
        """Begin with everything."""
        self.tell_keys(("Enter", "do it"), ("↑↓", "choose"), ("Esc", "close"))
        self._show("")
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._show(event.value)

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.query_one(OptionList).action_select()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id)

    def action_close(self) -> None:
        """Do nothing."""
        self.dismiss(None)

    def action_move(self, step: int) -> None:
        """Choose another row."""
        listing = self.query_one(OptionList)
        if step > 0:
            listing.action_cursor_down()
        else:
            listing.action_cursor_up()

    def _show(self, sought: str) -> None:
        rows = ranked(self._everything, sought.strip())
        listing = self.query_one(OptionList)
        listing.clear_options()
        listing.add_options([Option(_drawn(row), id=row.id) for row in rows])
        if rows:
            listing.highlighted = 0
        listing.display = bool(rows)
        self.query_one("#nothing").display = not rows


def ranked(rows: Sequence[Found], sought: str) -> list[Found]:
    """Order rows by how well they fit; without letters, all of them as they are."""
    if not sought:
        return list(rows)
    matcher = Matcher(sought)
    scored = [(matcher.match(row.text), row) for row in rows]
    return [row for score, row in sorted(scored, key=lambda pair: -pair[0]) if score > 0]


def _everything(agents: Sequence[AgentSummary]) -> Iterable[Found]:
    for number, agent in enumerate(agents, 1):
        text = f"{one_line(agent.name)}  {STATE_WORDS[agent.state]}"
        key = actions.label(f"alt+{number}") if number <= 9 else ""
        yield Found(f"agent:{agent.id}", text, key, STATE_GLYPHS[agent.state])
    for action in actions.ACTIONS:
        if action.palette:
            key = actions.label(action.keys[0]) if action.keys else f"/{action.slash}"
            yield Found(f"action:{action.id}", action.description, key)


def _drawn(row: Found) -> Content:
    text = Content(f"{row.mark} {row.text}").truncate(WIDTH - 10, ellipsis=True)
    gap = " " * (WIDTH - text.cell_length - Content(row.key).cell_length)
    return Content.assemble(text, gap, (row.key, "$text-muted"))
