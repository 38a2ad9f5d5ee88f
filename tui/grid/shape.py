"""How many tiles stand side by side and one above the other, and which lies beside which.

Pure functions of a count and a size in cells. Each tile has a row on top for its name; a column of
one cell stands between two neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from textual.geometry import Region, Size

LEAST = Size(36, 4)
"""The smallest useful tile: most of a command line, and its name above three rows."""

ENOUGH = Size(72, 24)
"""Cells of a program in a tile beyond which more of them tell little more."""

MOST = 16
"""Tiles on a page. More would be captured and drawn without anyone being able to follow them."""


class Shape(NamedTuple):
    """How many tiles stand side by side, and how many rows of them there are."""

    columns: int
    rows: int


class Line(NamedTuple):
    """A column of one cell between two tiles, and the sign it begins with."""

    place: Region
    top: str


class Page(NamedTuple):
    """Tiles, the lines between them, and for each tile at which of its cells a line ends on it."""

    tiles: tuple[Region, ...]
    lines: tuple[Line, ...]
    joints: tuple[frozenset[int], ...]


def _tile(shape: Shape, size: Size) -> Size:
    """The smallest tile of a page."""
    width = (size.width - shape.columns + 1) // shape.columns
    return Size(max(0, width), size.height // shape.rows)


def _shown(shape: Shape, size: Size) -> tuple[int, int]:
    """Rank a shape: cells in which something can stand, then tiles side by side."""
    tile = _tile(shape, size)
    cells = min(tile.width, ENOUGH.width) * min(tile.height - 1, ENOUGH.height)
    return cells, shape.columns


@lru_cache(maxsize=32)
def per_page(count: int, size: Size) -> int:
    """How many of `count` tiles stand on a page; on all pages but the last the same number."""
    columns = max(1, (size.width + 1) // (LEAST.width + 1))
    rows = max(1, size.height // LEAST.height)
    most = max(1, min(MOST, columns * rows))
    pages = max(1, -(-count // most))
    return max(1, -(-count // pages))


def shape_of(count: int, size: Size) -> Shape:
    """Choose columns and rows for as many tiles as there are on a page."""
    shapes = [Shape(columns, -(-count // columns)) for columns in range(1, count + 1)]
    useful = [
        shape
        for shape in shapes
        if _tile(shape, size).width >= LEAST.width and _tile(shape, size).height >= LEAST.height
    ]
    # In a window too small for any, all are as bad.
    return max(useful or shapes, key=lambda shape: _shown(shape, size), default=Shape(1, 1))


@lru_cache(maxsize=32)
def page_of(count: int, size: Size) -> Page:
    """Place `count` tiles, from left to right and from the top; rows that hold fewer are wider."""
    tiles = _places(count, size)
    lines = [
        Region(tile.right, tile.y, 1, tile.height) for tile in tiles if tile.right < size.width
    ]
    joints = (
        frozenset(line.x - tile.x for line in lines if line.bottom == tile.y) for tile in tiles
    )
    goes_on = {(line.x, line.bottom) for line in lines}
    drawn = (Line(line, "┼" if (line.x, line.y) in goes_on else "┬") for line in lines)
    return Page(tuple(tiles), tuple(drawn), tuple(joints))


def _places(count: int, size: Size) -> list[Region]:
    if count <= 0:
        return []
    shape = shape_of(count, size)
    found: list[Region] = []
    heights = _shares(size.height, shape.rows)
    y = 0
    for row, height in enumerate(heights):
        left = count - len(found)
        here = -(-left // (shape.rows - row))
        x = 0
        for width in _shares(size.width - here + 1, here):
            found.append(Region(x, y, max(0, width), height))
            x += max(0, width) + 1
        y += height
    return found


def _shares(whole: int, count: int) -> list[int]:
    """Divide cells as evenly as they go; the first ones get what is left over."""
    each, over = divmod(max(0, whole), count)
    return [each + (index < over) for index in range(count)]


def beside(tiles: Sequence[Region], index: int, across: int, down: int) -> int:
    """Index of the tile that lies next to one, `across` (-1 left, 1 right) or `down` (-1 up).

    To the sides it goes on in the next row, as reading does; up and down stay in the column, as
    far as the rows have the same ones. At an end it stays where it is.
    """
    if across:
        return min(max(index + across, 0), len(tiles) - 1)
    here = tiles[index]
    rows = sorted({tile.y for tile in tiles})
    row = rows.index(here.y) + down
    if not 0 <= row < len(rows):
        return index
    return _nearest(tiles, rows[row], here)


def across_the_edge(tiles: Sequence[Region], index: int, down: int) -> int:
    """Index of the tile on the next page, or the one before, that lies next to one on this page."""
    rows = [tile.y for tile in tiles]
    return _nearest(tiles, min(rows) if down > 0 else max(rows), tiles[index])


def _nearest(tiles: Sequence[Region], y: int, here: Region) -> int:
    """Index of the tile of the row at `y` that is most nearly above or below another."""
    middle = 2 * here.x + here.width
    there = [number for number, tile in enumerate(tiles) if tile.y == y]
    return min(there, key=lambda number: abs(2 * tiles[number].x + tiles[number].width - middle))
