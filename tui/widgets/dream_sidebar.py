"""AutoDream at a glance: its three gates, and why it doesn't dream now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from tui.drawing.text import Piece, between, fit, one_line, strip_of, wrap
from tui.keys import actions
from tui.widgets.lines import Lines

if TYPE_CHECKING:
    from agent.protocol.dream import DreamGate, DreamStatus

METER = 6
"""Cells of a gate's meter, at most: what is counted in few pieces has a cell for each."""

LABEL = 12
"""Cells before a meter: whether the gate is open, and its name."""

INDENT = 3
BETWEEN = " · "
"""Between two reasons, as `memory.dream.gates` writes them."""

SHOWN_BY_METERS = (" of quiet left", " of the gap left", " needed")
"""Ends of the reasons that say of a gate what its meter shows, as `memory.dream.gates` has them."""


class DreamSidebar(Lines):
    """The sidebar's lower part."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._dream: DreamStatus | None = None

    def show(self, dream: DreamStatus) -> None:
        """Show this status."""
        self._dream = dream
        self.redraw()

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw the gates with their meters."""
        paint = self.paint
        dream = self._dream
        rule = strip_of([("─" * width, paint.rule)], width, paint.blank)
        if dream is None:
            return [rule, strip_of([(" AutoDream", paint.strong)], width, paint.blank)]
        phase: str = dream.phase if dream.phase != "waiting" else dream.mode
        if dream.runs:
            phase += f" {dream.progress:.0%}"
        now = [(f"{phase} ", paint.working if dream.runs else paint.muted)]
        lines = [rule, between([(" AutoDream", paint.strong)], now, width, paint.blank)]
        texts = [_counted(gate) for gate in dream.gates]
        # The meters say nothing that the words don't, so they give way; all of them or none.
        metered = max(map(cell_len, texts), default=0) + LABEL + METER + 1 < width
        for gate, text in zip(dream.gates, texts, strict=True):
            share = min(1.0, max(0.0, gate.value / gate.needed)) if gate.needed > 0 else 1.0
            cells = int(gate.needed) if 1 < gate.needed < METER else METER
            full = cells if gate.open else min(cells - 1, int(share * cells))
            style = paint.good if gate.open else paint.muted
            left: list[Piece] = [
                (" ✓ " if gate.open else " ○ ", style),
                (f"{gate.name:<9}", paint.text if gate.open else paint.muted),
            ]
            if metered:
                meter: list[Piece] = [("▰" * full, style), ("▱" * (cells - full), paint.faint)]
                left += [*meter, (" " * (METER + 1 - cells), paint.blank)]
            lines.append(between([*left, (text, paint.muted)], [], width, paint.blank))
        why = _why(dream)
        for line in _reasons(why, width - INDENT - 1) if why else ():
            lines.append(between([(" " * INDENT + line, paint.faint)], [], width, paint.blank))
        if dream.last_result:
            key = f"{actions.shown('app.dreams')} "
            room = max(1, height - len(lines))
            result = _result(one_line(dream.last_result), width - INDENT - 1, len(key) + 1, room)
            for number, line in enumerate(result, 1):
                right: list[Piece] = [(key, paint.faint)] if number == len(result) else []
                left = [(" " * INDENT + line, paint.muted)]
                lines.append(between(left, right, width, paint.blank))
        return lines


def _counted(gate: DreamGate) -> str:
    """How far a gate is, without its name."""
    return one_line(gate.text).removeprefix(f"{gate.name} ").removesuffix(" sessions")


def _result(result: str, width: int, key: int, rows: int) -> list[str]:
    """Break what a dream did into lines, the last one with `key` cells to spare.

    What has no row of its own is told by its cut end.
    """
    told = _wrapped(result, width)
    if cell_len(told[-1]) > width - key:
        told = [*told[:-1], *_wrapped(told[-1], max(1, width - key))]
    last = " ".join(told[rows - 1 :])
    return [*told[: rows - 1], fit(last, width - key)] if len(told) > rows else told


def _why(dream: DreamStatus) -> str:
    """Why there is no dream now, without what the meters of closed gates show."""
    reasons = one_line(dream.why_not).split(BETWEEN)
    if not dream.gates:
        return BETWEEN.join(reasons)
    left = [reason for reason in reasons if reason and not reason.endswith(SHOWN_BY_METERS)]
    closed = [one_line(gate.name) for gate in dream.gates if not gate.open]
    if not left and any(reasons) and closed:
        *others, last = closed
        return f"waits for {', '.join(others)} and {last}" if others else f"waits for {last}"
    return BETWEEN.join(left)


def _reasons(why: str, width: int) -> list[str]:
    """Break between reasons where they don't fit into one line, and within one where it must be."""
    lines: list[str] = []
    for reason in why.split(BETWEEN):
        if lines and cell_len(lines[-1]) + len(BETWEEN) + cell_len(reason) <= width:
            lines[-1] += BETWEEN + reason
        else:
            lines += _wrapped(reason, width)
    return lines


def _wrapped(line: str, width: int) -> list[str]:
    return ["".join(text for text, _ in row) for row in wrap([(line, Style.null())], width)]
