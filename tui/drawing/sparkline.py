"""Numbers over time as a row of bars."""

from __future__ import annotations

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
NOTHING = "·"
WIDEST = 4
"""Cells of a bar at most."""


def sparkline(values: Sequence[float], room: int) -> str:
    """Draw a bar for each value, as high as it is beside the highest one.

    Args:
        values: none of them negative; nothing is a dot, and every bit of something a bar.
        room: cells that all bars together may take; each takes one at least.
    """
    if not values:
        return ""
    each = max(1, min(WIDEST, room // len(values)))
    highest = max(values)
    drawn = []
    for value in values:
        level = min(len(BARS) - 1, int(value / highest * len(BARS))) if value > 0 else -1
        drawn.append((BARS[level] if level >= 0 else NOTHING) * each)
    return "".join(drawn)
