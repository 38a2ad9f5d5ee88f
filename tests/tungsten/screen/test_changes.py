from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tungsten.screen import changes
from tungsten.screen.frame import Frame

lines = st.lists(st.sampled_from(["", "a", "b", "\x1b[31mc"]), min_size=1, max_size=6).map(tuple)


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    screen = draw(lines)
    return Frame(
        lines=screen,
        width=draw(st.sampled_from([80, 81])),
        height=len(screen),
        cursor_x=draw(st.integers(0, 2)),
        cursor_y=0,
        cursor_visible=draw(st.booleans()),
        in_mode=False,
        dead=draw(st.booleans()),
        alternate=draw(st.booleans()),
        history_size=draw(st.integers(0, 7)),
        title=draw(st.sampled_from(["one", "two"])),
    )


@given(frames(), frames())
def test_a_change_makes_the_later_picture_of_the_earlier(before: Frame, after: Frame) -> None:
    change = changes.between(before, after)
    assert change.applied(before) == after
    assert bool(change) == (before != after)
    assert changes.between(None, after).applied(None) == after


@given(frames())
def test_what_scrolls_is_not_told_again(before: Frame) -> None:
    before = replace(before, lines=tuple(f"line {n}" for n in range(10)), height=10)
    moved = replace(
        before, lines=(*before.lines[3:], "x", "y", ""), history_size=before.history_size + 3
    )
    change = changes.between(before, moved)
    assert (change.scrolled, dict(change.rows)) == (3, {7: "x", 8: "y"})
    assert dict(change.facts) == {"history_size": moved.history_size}
