"""The palette: every action and every agent, found by a few letters of its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.fuzzy import Matcher
from textual.widgets import Input, Static

from tui.drawing.text import behind, one_line, state_word
from tui.keys import actions
from tui.screens.card import CardScreen, card_foot, closing
from tui.themes.theme import STATE_GLYPHS, STATE_WORDS
from tui.widgets.field import Field
from tui.widgets.row_list import Row, RowList

if TYPE_CHECKING:
    from agent.protocol.agents import AgentSummary

NOTHING = "Nothing is called that. Settings and keys stand in config.toml (docs/configuration.md)."


class PaletteScreen(CardScreen["str | None"]):
    """Goes away with `action:ID`, `agent:ID` or None."""

    AUTO_FOCUS = "#sought"
    BINDINGS: ClassVar[list[BindingType]] = [
        closing("close"),
        Binding("down,ctrl+n", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(8)", show=False, priority=True),
        Binding("pageup", "move(-8)", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    PaletteScreen {
        align: center top;
        #card { margin-top: 1; }
        #found { height: 14; margin-top: 1; }
        #card-keys, #card-line { height: 1; min-height: 1; }
        #card-line { display: none; }
    }
    """

    def __init__(self, agents: Sequence[AgentSummary]) -> None:
        super().__init__()
        self._everything = tuple(_everything(agents))

    def compose(self) -> ComposeResult:
        """Lay out the field and the list."""
        with Vertical(id="card", classes="-wide") as card:
            card.border_title = "Find"
            yield Field(placeholder="an action, or an agent", id="sought")
            yield Static(NOTHING, id="nothing", classes="card-hint card-gap")
            yield RowList(id="found")
            yield from card_foot()

    def on_mount(self) -> None:
        """Begin with everything."""
        self._show("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._show(event.value)

    @on(Input.Submitted)
    def _entered(self) -> None:
        chosen = self.query_one(RowList).chosen
        if chosen is not None:
            self.dismiss(chosen)

    @on(RowList.Picked)
    def _picked(self, event: RowList.Picked) -> None:
        event.stop()
        self.dismiss(event.row_id)

    def action_close(self) -> None:
        """Do nothing."""
        self.dismiss(None)

    def action_move(self, step: int) -> None:
        """Choose another row."""
        self.query_one(RowList).move(step)

    def _show(self, sought: str) -> None:
        rows = ranked(self._everything, sought.strip())
        listing = self.query_one(RowList)
        listing.display = bool(rows)
        listing.show(rows)
        self.query_one("#nothing").display = not rows
        found = (("Enter", "do it"), ("↑↓", "choose")) if rows else ()
        self.tell_keys(*found, ("Esc", "close"))


def ranked(rows: Sequence[Row], sought: str) -> tuple[Row, ...]:
    """Order rows by how well they fit; without letters, all of them as they are.

    Where some hold each word as it is written, what only may be meant is left out.
    """
    if not sought:
        return tuple(rows)
    words = sought.lower().split()
    matcher = Matcher(sought)
    texts = [(f"{row.key} {row.name}", row) for row in rows]
    scored = [
        (0, -matcher.match(text), row)
        for text, row in texts
        if all(word in text.lower() for word in words)
    ]
    if not scored:
        letters = "".join(words)
        scored = [
            (used, -matcher.match(text), row)
            for text, row in texts
            if (used := _shortened(letters, text))
        ]
    return tuple(row for _, _, row in sorted(scored, key=lambda each: each[:2]))


def _shortened(letters: str, text: str) -> int:
    """Say how few words of a text have these letters, each from its first on; 0 where none do.

    Letters from anywhere would be found in nearly every row, and Enter does the first one.
    """
    reached = {0: 0}
    for word in re.findall(r"\w+", text.lower()):
        for start, used in sorted(reached.items(), reverse=True):
            if start == len(letters) or letters[start] != word[0]:
                continue
            end, place = start, 0
            while end < len(letters) and (found := word.find(letters[end], place)) >= 0:
                end, place = end + 1, found + 1
                reached[end] = min(used + 1, reached.get(end, used + 1))
    return reached.get(len(letters), 0)


def _everything(agents: Sequence[AgentSummary]) -> Iterable[Row]:
    for number, agent in enumerate(agents, 1):
        key = actions.shown(f"agent.{number}") if number <= 9 else ""
        word = state_word(agent.state, agent.activity)
        yield Row(
            f"agent:{agent.id}",
            one_line(agent.name),
            f"{STATE_WORDS.get(word, word)}  {behind(word, one_line(agent.activity))}",
            key,
            f"{STATE_GLYPHS[agent.state]} ",
        )
    found = [action for action in actions.ACTIONS if action.palette]
    keys = [actions.label(action.keys[0]) if action.keys else "" for action in found]
    widest = max(map(cell_len, keys))
    for action, key in zip(found, keys, strict=True):
        slash = f"/{action.slash}" if action.slash else ""
        shown = f"{slash}  {key:>{widest}}"
        yield Row(f"action:{action.id}", action.description, "", shown, "  ")
