"""Tiles never overlap, fill the page, keep a useful width, and each can be walked to."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Size

from tui.grid import shape

counts = st.integers(1, 60)
sizes = st.builds(Size, st.integers(1, 320), st.integers(1, 120))


@given(counts, sizes)
def test_a_page_is_divided_and_nothing_is_left_over(count: int, size: Size) -> None:
    each = shape.per_page(count, size)
    assert 1 <= each <= min(count, shape.MOST)
    page = shape.page_of(each, size)
    assert len(page.tiles) == len(page.joints) == each
    cells = [*page.tiles, *(line.place for line in page.lines)]
    if size.width < shape.LEAST.width or size.height < shape.LEAST.height:
        return
    for tile in page.tiles:
        assert tile.width >= shape.LEAST.width
        assert tile.height >= shape.LEAST.height
    # All of them lie within, none on another, and together they are all there is.
    assert all(size.region.contains_region(cell) for cell in cells)
    assert sum(cell.area for cell in cells) == size.area
    assert not any(one.overlaps(other) for one, other in itertools.combinations(cells, 2))


@given(counts, sizes)
def test_all_pages_but_the_last_hold_the_same_number(count: int, size: Size) -> None:
    each = shape.per_page(count, size)
    pages = -(-count // each)
    # One tile less on each would need another page.
    assert each == 1 or -(-count // (each - 1)) >= pages


@given(st.integers(1, shape.MOST), sizes)
def test_every_tile_can_be_walked_to(count: int, size: Size) -> None:
    tiles = shape.page_of(count, size).tiles
    reached, fresh = {0}, [0]
    while fresh:
        here = fresh.pop()
        for across, down in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            there = shape.beside(tiles, here, across, down)
            if there not in reached:
                reached.add(there)
                fresh.append(there)
    assert reached == set(range(count))


@pytest.mark.parametrize(
    ("size", "shapes"),
    [
        (Size(80, 21), {1: (1, 1), 2: (2, 1), 4: (2, 2), 8: (2, 4), 9: (2, 5)}),
        (Size(120, 37), {2: (2, 1), 4: (2, 2), 6: (3, 2), 9: (3, 3), 16: (3, 6)}),
        (Size(200, 47), {2: (2, 1), 4: (2, 2), 6: (3, 2), 9: (3, 3), 12: (4, 3), 16: (4, 4)}),
    ],
)
def test_shapes_at_the_promised_sizes(size: Size, shapes: dict[int, tuple[int, int]]) -> None:
    assert {count: tuple(shape.shape_of(count, size)) for count in shapes} == shapes


def test_more_than_a_page_is_shared_evenly() -> None:
    assert shape.per_page(17, Size(200, 47)) == 9
    assert shape.per_page(16, Size(80, 21)) == 8
