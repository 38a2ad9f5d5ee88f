"""Bars over time: in the room there is, each as high as it is beside the highest."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.drawing.sparkline import BARS, NOTHING, sparkline

values = st.lists(st.integers(0, 10**9) | st.floats(0, 1e9), min_size=1, max_size=30)


@given(values, st.integers(30, 150))
def test_bars_keep_their_order_and_fit(numbers: list[float], room: int) -> None:
    drawn = sparkline(numbers, room)
    assert len(drawn) <= room
    each = len(drawn) // len(numbers)
    bars = [drawn[at * each : (at + 1) * each] for at in range(len(numbers))]
    levels = [(NOTHING + BARS).index(bar[0]) for bar in bars]
    assert all(len(set(bar)) == 1 for bar in bars)
    pairs = list(zip(numbers, levels, strict=True))
    for number, level in pairs:
        assert (level == 0) == (number == 0)
        assert all(level <= higher for more, higher in pairs if number <= more)
    assert not any(numbers) or max(levels) == len(BARS)
