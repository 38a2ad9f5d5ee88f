"""The list of agents: who works, who waits for you, who is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style
from textual.message import Message
from textual.strip import Strip

from tui.drawing.text import (
    Piece,
    age,
    behind,
    between,
    fit,
    money,
    next_age_change,
    one_line,
    state_word,
    strip_of,
)
from tui.themes.theme import STATE_GLYPHS, state_style
from tui.widgets.lines import Lines

if TYPE_CHECKING:
    from textual.events import Click

    from agent.protocol.agents import AgentSummary


SHARED = "⧉"
"""Stands before how many files an agent has changed that others have changed, too."""

METER = 3
"""Cells of the meter of an agent's context."""

METER_WIDTH = 34
"""Cells of a column in which there is room for it."""


class AgentList(Lines):
    """Agents in a column, two rows each, or all in one row where there is no room for a column.

    Workers stand indented below their coordinator, all of them with what they have cost.
    """

    class Chosen(Message):
        """The person clicked an agent."""

        def __init__(self, agent_id: str) -> None:
            super().__init__()
            self.agent_id = agent_id

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._agents: Sequence[AgentSummary] = ()
        self._focused = ""
        self._now = 0.0
        self._connected = False
        self._coordinators: set[str | None] = set()
        """Those that have workers on the list."""
        self._targets: list[tuple[range, range, str]] = []

    def show(self, agents: Sequence[AgentSummary], focused: str, now: float) -> None:
        """Show these agents, in this order, at this time."""
        self._agents, self._focused, self._now = agents, focused, now
        listed = {agent.id for agent in agents}
        self._coordinators = {agent.parent for agent in agents if agent.parent in listed}
        self._connected = True
        self.redraw()

    def next_change(self) -> float | None:
        """Say in how many seconds a shown age changes; None when nothing is shown."""
        ages = [next_age_change(max(0.0, self._now - agent.since)) for agent in self._agents]
        return min(ages, default=None)

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw the column, or the row."""
        self._targets = []
        return [self._row(width)] if height == 1 else self._column(width, height)

    def on_click(self, event: Click) -> None:
        """Look at the agent under the mouse."""
        for columns, rows, agent_id in self._targets:
            if event.x in columns and event.y in rows:
                self.post_message(self.Chosen(agent_id))
                return

    def _column(self, width: int, height: int) -> list[Strip]:
        paint = self.paint
        waiting = sum(agent.state == "waiting" for agent in self._agents)
        working = sum(agent.state == "working" for agent in self._agents)
        counts: list[Piece] = [("  ", paint.blank)]
        if working:
            counts.append((f"{STATE_GLYPHS['working']} {working} ", paint.working))
        if waiting:
            counts.append((f"{STATE_GLYPHS['waiting']} {waiting} ", paint.attention))
        lines = [between([(" Agents", paint.strong)], counts, width, paint.blank)]
        if not self._agents:
            if self._connected:
                lines.append(strip_of([(" none yet", paint.faint)], width, paint.blank))
            return lines
        room = height - 1
        each = 2 if room >= 2 * len(self._agents) or room >= 12 else 1
        fits = max(1, room // each)
        index = self._focused_index()
        first = max(0, min(index - fits // 2, len(self._agents) - fits))
        for number, agent in enumerate(self._agents[first : first + fits], first + 1):
            y = len(lines)
            self._targets.append((range(width), range(y, y + each), agent.id))
            lines.extend(self._rows(number, agent, width, each))
        return lines

    def _rows(self, number: int, agent: AgentSummary, width: int, rows: int) -> list[Strip]:
        paint = self.paint
        chosen = agent.id == self._focused
        back = paint.chosen if chosen else Style.null()
        state = state_style(paint, agent.state) + back
        name = (paint.strong if chosen or agent.state == "waiting" else paint.text) + back
        blank = paint.blank + back
        muted = paint.muted + back
        faint = (paint.muted if chosen else paint.faint) + back
        key = str(number) if number <= 9 else " "
        labels: list[Piece] = []
        if agent.wall:
            labels.append(("walled ", faint))
        if agent.scripted:
            labels.append(("demo ", faint))
        if agent.overlaps:
            labels.append((f"{SHARED}{len(agent.overlaps)} ", paint.attention + back))
        if agent.paused:
            labels.append(("paused ", muted))
        if width >= METER_WIDTH and agent.context_window:
            share = min(1.0, agent.context_tokens / agent.context_window)
            full = round(share * METER)
            style = paint.attention if share >= 0.8 else paint.muted
            labels.append(("▰" * full, style + back))
            labels.append(("▱" * (METER - full) + " ", paint.faint + back))
        waited = age(max(0.0, self._now - agent.since))
        labels.append((f"{waited} ", muted))
        edge = ("▎" if chosen else " ", paint.focus + back)
        worker = agent.parent in self._coordinators
        called = [
            edge,
            *([("└ ", paint.faint + back)] if worker else []),
            (f"{STATE_GLYPHS[agent.state]} ", state),
            (one_line(agent.name), name),
        ]
        right: list[Piece] = [(" ", blank)]
        if agent.allowed_panes:
            yours: Piece = ("in your tmux ", paint.attention + back)
            cells = sum(cell_len(text) for text, _ in (*called, *right, yours, *labels))
            if cells <= width or rows == 1:
                labels.insert(0, yours)
            else:
                # It stands below: beside it nothing of the name would be left.
                right.append(yours)
        first = between(called, [(" ", blank), *labels], width, blank)
        if rows == 1:
            return [first]
        word = state_word(agent.state, agent.activity)
        doing = behind(word, one_line(agent.activity))
        left: list[Piece] = [edge, *([("  ", blank)] if worker else [])]
        left += [(f"{key} ", faint), (word, state)]
        if doing and width >= 20:
            left += [(" ", blank), (doing, muted)]
        # In a column this narrow, the word for a price that nobody knows would hide what is done.
        if agent.usage.cost is not None and (worker or agent.id in self._coordinators):
            right.append((f"{money(agent.usage.cost)} ", muted))
        return [first, between(left, right, width, blank)]

    def _row(self, width: int) -> Strip:
        paint = self.paint
        if not self._agents:
            text = " no agents yet" if self._connected else ""
            return strip_of([(text, paint.faint)], width, paint.blank)
        index = self._focused_index()
        order = sorted(range(len(self._agents)), key=lambda other: abs(other - index))
        # The focused agent keeps its room; its neighbours join while there is some left.
        shown: dict[int, str] = {}
        # Room for how many are hidden, on either side.
        used = 8
        for other in order:
            name = fit(one_line(self._agents[other].name), 20)
            if self._agents[other].parent in self._coordinators:
                name = f"└{name}"
            cells = cell_len(name) + 6
            if shown and used + cells > width:
                break
            shown[other] = name
            used += cells
        before = min(shown, default=0)
        pieces: list[Piece] = [(f" +{before} ", paint.muted)] if before else []
        column = sum(cell_len(text) for text, _ in pieces)
        for other in sorted(shown):
            agent = self._agents[other]
            back = paint.chosen if other == index else Style.null()
            key = str(other + 1) if other < 9 else " "
            parts = [
                (f" {key}", (paint.muted if other == index else paint.faint) + back),
                (f" {STATE_GLYPHS[agent.state]} ", state_style(paint, agent.state) + back),
                (f"{shown[other]} ", (paint.strong if other == index else paint.text) + back),
            ]
            cells = sum(cell_len(text) for text, _ in parts)
            self._targets.append((range(column, column + cells), range(1), agent.id))
            column += cells
            pieces += parts
        after = len(self._agents) - 1 - max(shown)
        more: list[Piece] = [(f"+{after} ", paint.muted)] if after else []
        return between(pieces, more, width, paint.blank)

    def _focused_index(self) -> int:
        return next(
            (index for index, agent in enumerate(self._agents) if agent.id == self._focused), 0
        )
