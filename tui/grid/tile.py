"""One terminal of the grid, what its head says of its agent, and which states are shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from tui.drawing.text import Piece, age, fit, one_line, strip_of
from tui.terminal.passthrough import RETURN_LABEL
from tui.themes.theme import STATE_GLYPHS, Paint, state_style

if TYPE_CHECKING:
    from agent.protocol.agents import AgentSummary, PaneSummary
    from agent.protocol.gates import Gate, Question
    from agent.protocol.snapshot import Snapshot

MOST = 400
"""Characters of a gate's text that are looked at; the dialog shows all of them."""

WIDE = 60
"""Cells of a head from which it has room for a sentence at its end."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice of states.

    Attributes:
        name: as the grid's first row calls it.
        short: the same where there is little room.
        states: agents in one of them are shown; empty means all.
        nothing: what there is to say when none is.
    """

    name: str
    short: str
    states: frozenset[str]
    nothing: str

    def takes(self, state: str) -> bool:
        """Whether agents in a state are shown."""
        return not self.states or state in self.states


FILTERS = (
    Filter("all", "all", frozenset(), "No terminals yet"),
    Filter("working", "working", frozenset({"working"}), "Nobody works now"),
    Filter("waiting for you", "waiting", frozenset({"waiting"}), "Nobody waits for you"),
    Filter("idle or done", "idle/done", frozenset({"idle", "done"}), "Nobody is idle or done"),
    Filter("failed", "failed", frozenset({"failed"}), "Nobody has failed"),
)


@dataclass(frozen=True, slots=True)
class Tile:
    """A terminal, its agent, and what waits there for the person."""

    agent: AgentSummary
    pane: PaneSummary
    gates: tuple[Gate, ...] = ()
    question: Question | None = None
    alone: bool = True
    """Whether it is its agent's only terminal."""
    number: int = 0
    """Of its agent on the list, from 1: the digit that means it everywhere."""

    @property
    def id(self) -> str:
        """The pane, as tmux names it."""
        return self.pane.pane_id


def tiles_of(agents: Iterable[AgentSummary], state: Snapshot) -> tuple[Tile, ...]:
    """Make a tile for every terminal, in the order of the agents."""
    gates: dict[str, list[Gate]] = {}
    for gate in sorted(state.gates, key=lambda gate: (gate.opened_at, gate.id)):
        gates.setdefault(gate.agent_id, []).append(gate)
    questions = {question.agent_id: question for question in state.questions}
    return tuple(
        Tile(
            agent,
            pane,
            tuple(gates.get(agent.id, ())),
            questions.get(agent.id),
            len(agent.panes) == 1,
            number,
        )
        for number, agent in enumerate(agents, 1)
        for pane in agent.panes
    )


@dataclass(frozen=True, slots=True)
class Head:
    """How a tile's head is drawn now.

    Attributes:
        key: the digit that chooses the tile, if one does.
        chosen: whether it is the chosen one.
        keyboard: whether the person types into the terminal.
        lines_back: how far above the live screen the terminal is scrolled.
        waited: seconds for which its agent has been in its state.
        joints: cells at which a line from above ends on the head.
    """

    key: str = ""
    chosen: bool = False
    keyboard: bool = False
    lines_back: int = 0
    waited: float = 0.0
    joints: frozenset[int] = frozenset()

    def draw(self, tile: Tile, width: int, paint: Paint) -> Strip:
        """Draw the row above a terminal."""
        back = paint.chosen if self.chosen else Style.null()
        line = (paint.focus if self.chosen else paint.rule) + back
        if self.keyboard:
            line = paint.attention + back
        name = one_line(tile.agent.name) or tile.id
        named = paint.focus if self.chosen else paint.strong
        number = (paint.muted if self.chosen else paint.faint) + back
        left: list[Piece] = [
            ("▎" if self.chosen else "─", line),
            (f"{self.key} " if self.key else " ", number),
            (f"{STATE_GLYPHS[tile.agent.state]} ", state_style(paint, tile.agent.state) + back),
        ]
        right = [(text, style + back) for text, style in self._end(tile, width, paint)]
        right.append(("─", line))
        room = width - _cells(left) - _cells(right)
        # What it does is cut before the name is.
        shown = fit(name, max(0, room - 1))
        left.append((f"{shown} ", named + back))
        room -= cell_len(shown) + 1
        for text, style in self._doing(tile, paint):
            told = fit(text, room - 1)
            if room < 4 or not told:
                break
            # What is filled keeps its own ground.
            filled = style in (paint.bad_fill, paint.attention_fill)
            left += [(told, style if filled else style + back), (" ", line)]
            room -= cell_len(told) + 1
        begin = width - _cells(right) - max(0, room)
        rule = "".join("┴" if begin + cell in self.joints else "─" for cell in range(max(0, room)))
        return strip_of([*left, (rule, line), *right], width, line)

    def _doing(self, tile: Tile, paint: Paint) -> list[Piece]:
        if self.keyboard:
            return [("you type here", paint.attention)]
        said: list[Piece] = []
        if not tile.alone:
            said.append((f"{tile.id} {one_line(tile.pane.title)}".rstrip(), paint.faint))
        if tile.gates:
            gate = tile.gates[0]
            risk = paint.bad_fill if gate.risk == "HIGH" else paint.attention_fill
            said.append((f" {gate.risk} ", risk))
            said.append((one_line(gate.text[:MOST]), paint.attention))
        elif tile.question is not None:
            said.append((f"asks: {one_line(tile.question.text[:MOST])}", paint.attention))
        elif tile.agent.activity:
            said.append((one_line(tile.agent.activity), paint.muted))
        return said

    def _end(self, tile: Tile, width: int, paint: Paint) -> list[Piece]:
        said: list[Piece] = []
        if self.keyboard:
            # Never cut: it is the way out.
            way = "takes the keyboard back" if width >= WIDE else "back"
            said.append((f" {RETURN_LABEL} {way} ", paint.attention))
        if self.lines_back:
            said.append((f" {self.lines_back} lines back ", paint.attention))
        if len(tile.gates) > 1:
            said.append((f" +{len(tile.gates) - 1} ", paint.attention))
        if tile.pane.recording:
            said.append((" ● rec ", paint.bad))
        if tile.pane.dead:
            status = tile.pane.exit_status
            ended = " ended " if status is None else f" ended {status} "
            said.append((ended, paint.bad if status else paint.muted))
        elif tile.agent.state == "waiting":
            said.append((f" {age(max(0.0, self.waited))} ", paint.muted))
        return said


def _cells(pieces: list[Piece]) -> int:
    return sum(cell_len(text) for text, _ in pieces)
