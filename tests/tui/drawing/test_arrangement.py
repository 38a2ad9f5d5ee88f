"""The areas of the cockpit never overlap, never leave the screen, and are where people look."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region, Size

from tui.drawing.arrangement import SMALLEST, WIDE, Choices, arrange

CHOICES = st.builds(
    Choices,
    split=st.floats(0.2, 0.8),
    alone=st.sampled_from(["", "conversation", "terminal"]),
    sidebar=st.booleans(),
    prompt_rows=st.integers(1, 200),
    menu_rows=st.just(0),
    dream=st.booleans(),
)


@given(st.integers(1, 400), st.integers(1, 150), CHOICES)
def test_areas_lie_beside_each_other(width: int, height: int, choices: Choices) -> None:
    areas = arrange(Size(width, height), choices)
    regions = [region for region in areas if region is not None]
    if width < SMALLEST.width or height < SMALLEST.height:
        assert not regions
        return
    screen = Region(0, 0, width, height)
    for region in regions:
        assert region.width > 0
        assert region.height > 0
        assert region in screen
    for one, other in combinations(regions, 2):
        assert not one.intersection(other), (one, other)
    assert areas.prompt is not None
    assert areas.status is not None
    assert areas.footer is not None
    assert areas.conversation is not None or areas.terminal is not None
    if choices.alone:
        assert getattr(areas, choices.alone) is not None


@given(st.integers(60, 300), st.integers(16, 100), CHOICES, st.integers(1, 20))
def test_the_menu_lies_above_the_prompt(
    width: int, height: int, choices: Choices, rows: int
) -> None:
    from dataclasses import replace

    areas = arrange(Size(width, height), replace(choices, menu_rows=rows))
    assert areas.menu is not None
    assert areas.prompt is not None
    assert areas.menu.bottom < areas.prompt.y
    assert areas.menu in Region(0, 0, width, height)


def test_the_sidebar_folds_below_a_hundred_columns() -> None:
    wide = arrange(Size(WIDE, 40), Choices())
    narrow = arrange(Size(WIDE - 1, 40), Choices())
    assert wide.agents is not None
    assert wide.agents.height > 1
    assert wide.dream is not None
    assert narrow.agents == Region(0, 0, WIDE - 1, 1)
    assert narrow.dream is None


def test_at_80_by_24_one_side_is_shown_at_a_time() -> None:
    areas = arrange(Size(80, 24), Choices())
    assert areas.conversation is not None
    assert areas.terminal is None
    other = arrange(Size(80, 24), Choices(alone="terminal"))
    assert other.conversation is None
    assert other.terminal is not None


def test_a_tall_narrow_screen_shows_both() -> None:
    areas = arrange(Size(80, 50), Choices())
    assert areas.conversation is not None
    assert areas.terminal is not None
    assert areas.conversation.bottom <= areas.terminal.y
