"""No interleaving of keys and gates lets a key decide before the keyboard was quiet."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tui.gate.quiet import QUIET_SECONDS, QuietRule

MILLISECONDS = st.integers(0, 1500)
STEPS = st.lists(st.tuples(MILLISECONDS, st.sampled_from(["key", "gate"])), max_size=60)


class Clock:
    def __init__(self) -> None:
        self.milliseconds = 0

    def __call__(self) -> float:
        return self.milliseconds / 1000


@given(STEPS)
def test_a_deciding_key_comes_after_silence(steps: list[tuple[int, str]]) -> None:
    clock = Clock()
    rule = QuietRule(clock)
    last = 0
    for wait, what in steps:
        clock.milliseconds += wait
        ready_before = rule.ready
        if what == "gate":
            rule.gate_shown()
        else:
            silence = clock.milliseconds - last
            may_decide = rule.key_pressed()
            assert may_decide == ready_before
            if silence < 500:
                assert not may_decide
            if silence > 500:
                assert may_decide
        last = clock.milliseconds
        assert not rule.ready
        assert rule.remaining() > 0


@given(STEPS)
def test_one_press_never_decides_two(steps: list[tuple[int, str]]) -> None:
    """The gate that follows a decision starts a silence of its own."""
    clock = Clock()
    rule = QuietRule(clock)
    decisions = []
    for wait, what in steps:
        clock.milliseconds += wait
        if what == "gate":
            rule.gate_shown()
        elif rule.key_pressed():
            decisions.append(clock.milliseconds)
            rule.gate_shown()
    assert all(later - earlier >= 500 for earlier, later in itertools.pairwise(decisions))


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=40), st.integers(0, 2000))
def test_keys_handled_late_count_from_when_they_were_pressed(times: list[int], late: int) -> None:
    """A busy screen handles keys in a bunch; the silence between them is the fingers' own."""
    clock = Clock()
    rule = QuietRule(clock)
    rule.gate_shown()
    times.sort()
    clock.milliseconds = times[-1] + late
    previous = 0
    for time in times:
        if rule.key_pressed(time / 1000):
            assert time - previous >= 499
        previous = time


def test_a_key_from_before_the_gate_never_decides() -> None:
    clock = Clock()
    rule = QuietRule(clock)
    clock.milliseconds = 5000
    rule.gate_shown()
    assert not rule.key_pressed(4.9)
    clock.milliseconds = 5000 + int(QUIET_SECONDS * 1000)
    assert rule.key_pressed()
