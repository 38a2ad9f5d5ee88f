"""AutoDream at a glance: its three gates, and why it doesn't dream now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from tui import actions
from tui.text import Piece, between, fit, one_line, strip_of, wrap
from tui.widgets.lines import Lines

if TYPE_CHECKING:
    from agent.protocol.dream import DreamStatus

METER = 6
"""Cells of a gate's meter, at most: what is counted in few pieces has a cell for each."""

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
        if dream.phase not in ("waiting", "ready"):
            phase += f" {dream.progress:.0%}"
        lines = [
            rule,
            between(
                [(" AutoDream", paint.strong)], [(f"{phase} ", paint.muted)], width, paint.blank
            ),
        ]
        for gate in dream.gates:
            share = min(1.0, max(0.0, gate.value / gate.needed)) if gate.needed > 0 else 1.0
            cells = int(gate.needed) if 1 < gate.needed < METER else METER
            full = cells if gate.open else min(cells - 1, int(share * cells))
            style = paint.good if gate.open else paint.muted
            left: list[Piece] = [
                (" ✓ " if gate.open else " ○ ", style),
                (f"{gate.name:<9}", paint.text if gate.open else paint.muted),
            ]
            meter: list[Piece] = [("▰" * full, style), ("▱" * (cells - full), paint.faint)]
            text = one_line(gate.text).removeprefix(f"{gate.name} ").removesuffix(" sessions")
            # The meter says nothing that the words don't, so it gives way.
            if 12 + METER + 1 + cell_len(text) < width:
                left += [*meter, (" ", paint.blank)]
            lines.append(between([*left, (text, paint.muted)], [], width, paint.blank))
        why = _why(dream)
        for line in _reasons(why, width - INDENT - 1) if why else ():
            lines.append(between([(" " * INDENT + line, paint.faint)], [], width, paint.blank))
        if dream.last_result:
            key = f"{actions.label(actions.by_id('app.dreams').keys[0])} "
            told = _result(one_line(dream.last_result), width - INDENT - 1, len(key) + 1)
            for number, line in enumerate(told, 1):
                right: list[Piece] = [(key, paint.faint)] if number == len(told) else []
                left = [(" " * INDENT + line, paint.muted)]
                lines.append(between(left, right, width, paint.blank))
        return lines


def _result(result: str, width: int, key: int) -> list[str]:
    """Break what a dream did into at most two lines, the last one with `key` cells to spare."""
    if cell_len(result) <= width - key:
        return [result]
    first, *rest = wrap([(result, Style.null())], width)
    told = "".join(text for text, _ in first)
    return [told, fit(result[len(told) :].strip() if rest else "", width - key)]


def _why(dream: DreamStatus) -> str:
    """Why there is no dream now, without what the meters of closed gates show."""
    reasons = one_line(dream.why_not).split(BETWEEN)
    if not dream.gates:
        return BETWEEN.join(reasons)
    left = [reason for reason in reasons if reason and not reason.endswith(SHOWN_BY_METERS)]
    closed = [one_line(gate.name) for gate in dream.gates if not gate.open]
    if not left and any(reasons) and closed:
        return f"waits for {' and '.join(closed)}"
    return BETWEEN.join(left)


def _reasons(why: str, width: int) -> list[str]:
    """Break between reasons where they don't fit into one line, and within one where it must be."""
    lines: list[str] = []
    for reason in why.split(BETWEEN):
        if lines and cell_len(lines[-1]) + len(BETWEEN) + cell_len(reason) <= width:
            lines[-1] += BETWEEN + reason
        else:
            rows = wrap([(reason, Style.null())], width)
            lines += ["".join(text for text, _ in row) for row in rows]
    return lines
