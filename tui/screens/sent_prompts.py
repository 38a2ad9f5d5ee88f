"""What the person said in all sessions: found by a few letters, and put into the prompt."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rapidfuzz import fuzz, process
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tui.drawing.text import age, clean, column, fit, one_line
from tui.gate.host import send
from tui.screens.card import CardScreen, card_foot, closing
from tui.widgets.field import Field
from tui.widgets.row_list import Row, RowList

if TYPE_CHECKING:
    from agent.protocol.commands.history import SentPrompt

MOST_FOUND = 200
"""Prompts that are listed at once."""

LOOKED_AT = 2_000
COMPARED = 200
LEAST_ALIKE = 75.0
"""How many prompts, and how many characters of each, are compared with words that none holds; and
how alike they must be, in percent."""

NAMES, NARROW_NAMES = 28, 14
"""Cells of the session's name; and where there is less room."""

LINES = 4
"""Lines of the chosen prompt that are shown beneath the list."""


class SentPromptsScreen(CardScreen["str | None"]):
    """Goes away with the prompt to be written again, which it never sends, or None."""

    AUTO_FOCUS = "#sought"
    BINDINGS: ClassVar[list[BindingType]] = [
        closing("close", "escape,alt+slash"),
        Binding("down,ctrl+n", "move(1)", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(8)", show=False, priority=True),
        Binding("pageup", "move(-8)", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    SentPromptsScreen {
        align: center top;
        #card { margin-top: 1; }
        #found { height: 9; margin-top: 1; }
        #whole { height: 4; margin-top: 1; color: $text-muted; }
        #card-keys, #card-line { height: 1; min-height: 1; }
        #card-line { display: none; }
        #card-line.-problem { display: block; }
    }
    """

    def __init__(self, sought: str = "", *, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._sought = sought
        self._clock = clock
        self._prompts: list[SentPrompt] = []
        self._lower: list[str] = []
        self._loaded = False

    def compose(self) -> ComposeResult:
        """Lay out the field, the list and the chosen prompt."""
        with Vertical(id="card", classes="-wide") as card:
            card.border_title = "What you sent"
            yield Field(self._sought, placeholder="words of a prompt, of any session", id="sought")
            yield Static("Reading …", id="nothing", classes="card-hint card-gap")
            yield RowList(id="found")
            yield Static(id="whole", markup=False)
            yield from card_foot()

    def on_mount(self) -> None:
        """Ask the engine."""
        self._tell_keys()
        self._load()

    @work(exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        from agent.protocol.commands.history import ReadSentPrompts, SentPrompt

        result, problem = await send(self, ReadSentPrompts())
        if not self.is_open:
            return
        if problem:
            self.problem(problem)
        self._prompts = [SentPrompt.model_validate(each) for each in result.get("prompts", ())]
        self._lower = [each.text.lower() for each in self._prompts]
        self._loaded = True
        self._show()

    def follow_width(self) -> None:
        """Write the rows for the width of the window."""
        if self._loaded:
            self._show()

    @on(Input.Changed)
    def _show(self) -> None:
        found = self._found(self.query_one(Input).value)
        listing = self.query_one(RowList)
        listing.display = bool(found)
        listing.show(tuple(self._row(index) for index in found))
        nothing = self.query_one("#nothing", Static)
        nothing.display = not found
        self._tell_keys()
        if self._loaded:
            nothing.update("No prompt holds that." if self._prompts else "Nothing was sent yet.")
        self._show_whole()

    def _tell_keys(self) -> None:
        chosen = (("Enter", "into the prompt"), ("↑↓", "choose"))
        self.tell_keys(*(chosen if self._chosen is not None else ()), ("Esc", "close"))

    def _found(self, sought: str) -> Sequence[int]:
        """Which prompts hold all words, the last first; without any, those most alike."""
        words = sought.lower().split()
        found = [
            index for index, text in enumerate(self._lower) if all(word in text for word in words)
        ]
        if found or not words:
            return found[:MOST_FOUND]
        compared = [text[:COMPARED] for text in self._lower[:LOOKED_AT]]
        alike = process.extract(
            " ".join(words),
            compared,
            scorer=fuzz.partial_ratio,
            score_cutoff=LEAST_ALIKE,
            limit=MOST_FOUND,
        )
        return [index for _, _, index in alike]

    def _row(self, index: int) -> Row:
        prompt = self._prompts[index]
        wide = min(self.size.width, 112)
        called = NARROW_NAMES if wide < 100 else NAMES
        room = max(20, wide - 20 - called)
        when = f"{column(one_line(prompt.session), called)}  {age(self._clock() - prompt.at):>4}"
        return Row(str(index), fit(one_line(prompt.text), room), "", when)

    def _show_whole(self) -> None:
        chosen = self._chosen
        text = "" if chosen is None else clean(self._prompts[chosen].text).strip("\n")
        lines = text.splitlines()
        if len(lines) > LINES:
            lines[LINES - 1 :] = [f"… {len(lines) - LINES + 1} more lines"]
        whole = self.query_one("#whole", Static)
        whole.update(Content("\n".join(lines)))

    @property
    def _chosen(self) -> int | None:
        chosen = self.query_one(RowList).chosen
        return None if chosen is None else int(chosen)

    @on(Input.Submitted)
    def _entered(self) -> None:
        if self._chosen is not None:
            self.dismiss(self._prompts[self._chosen].text)

    @on(RowList.Picked)
    def _picked(self, event: RowList.Picked) -> None:
        event.stop()
        self.dismiss(self._prompts[int(event.row_id)].text)

    def action_close(self) -> None:
        """Leave the prompt as it is."""
        self.dismiss(None)

    def action_move(self, step: int) -> None:
        """Choose another prompt."""
        self.query_one(RowList).move(step)
        self._show_whole()
