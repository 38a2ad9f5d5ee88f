"""Project instructions: which files an agent is told, and about how many tokens each is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from tui.drawing.text import Piece, count, fit_path, home_path
from tui.screens.card import CardScreen, card_foot
from tui.widgets.scrolled import Scrolled
from tungsten.screen.printable import visible_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.protocol.agents import AgentSummary, InstructionFile

TOKENS = 14
"""Cells for a number of tokens and the word."""

NONE = (
    "No AGENTS.md or CLAUDE.md is in force here. Write one in the project, or one for all your "
    "projects beside config.toml: it counts from the agent’s next turn."
)
SOME = (
    "Read again with every turn, so that an edit counts from the next one. The nearest file has "
    "the last word; a line that is only @path brings in another document."
)


class Files(Scrolled):
    """The files, outermost first."""

    def __init__(self, files: Sequence[InstructionFile], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._files = files
        self._home = os.path.expanduser("~")  # noqa: PTH111 - never fails

    def text(self, width: int) -> list[list[Piece]]:
        """Write one row for each file, and the sum where there are several."""
        room = max(1, width - TOKENS)
        lines: list[list[Piece]] = []
        for file in self._files:
            path = fit_path(visible_line(home_path(file.path, self._home)), room)
            path += " " * (room - cell_len(path))
            lines.append([(path, self.paint.text), (_tokens(file.tokens), self.paint.muted)])
        if len(lines) > 1:
            total = sum(file.tokens for file in self._files)
            lines.append([(" " * room, self.paint.muted), (_tokens(total), self.paint.strong)])
        return lines


def _tokens(number: int) -> str:
    return f"~{count(number)} tokens".rjust(TOKENS)


class InstructionsScreen(CardScreen[None]):
    """Which instruction files an agent is told."""

    AUTO_FOCUS = "#files"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "close", show=False)]
    DEFAULT_CSS = """
    InstructionsScreen {
        #files { height: 1; max-height: 14; margin-bottom: 1; }
        #card-line { display: none; }
        #card-keys { margin-top: 0; }
    }
    """

    def __init__(self, agent: AgentSummary) -> None:
        super().__init__()
        self._agent = agent

    def compose(self) -> ComposeResult:
        """Lay out the list."""
        files = self._agent.instructions
        with Vertical(id="card", classes="-wide") as card:
            card.border_title = f"What {self._agent.name} is told of this project"
            if files:
                shown = Files(files, id="files")
                shown.styles.height = len(files) + (len(files) > 1)
                yield shown
            yield Static(SOME if files else NONE, classes="card-text", markup=False)
            yield from card_foot()

    def on_mount(self) -> None:
        """Say what can be pressed."""
        scroll = [("↑↓", "scroll")] if self._agent.instructions else []
        self.tell_keys(*scroll, ("Esc", "close"))

    def action_close(self) -> None:
        """Leave."""
        self.dismiss(None)
