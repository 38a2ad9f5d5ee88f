"""A picture in cells: two of its pixels in each, one above the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.widgets.block_view import Empty, draw_empty
from tui.widgets.lines import Lines

if TYPE_CHECKING:
    from PIL.Image import Image

UPPER_HALF = "▀"


class Picture(Lines):
    """Shows an image as large as there is room for, and no larger than it is."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._image: Image | None = None
        self._empty: Empty | None = None

    def show(self, image: Image) -> None:
        """Show another image."""
        self._image = image
        self.redraw()

    def show_empty(self, empty: Empty) -> None:
        """Say in its place why there is none."""
        self._empty = empty
        self.redraw()

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw it in the middle."""
        if self._image is None:
            return draw_empty(self._empty, width, height, self.paint) if self._empty else []
        lines = cells(self._image, width, height, self.paint.blank)
        blank = Strip.blank(width, self.paint.blank)
        return [blank] * max(0, (height - len(lines)) // 2) + lines


def cells(image: Image, width: int, height: int, ground: Style) -> list[Strip]:
    """Draw an image into at most `width` × `height` cells; where it is clear, `ground` is seen."""
    from PIL import Image as Images

    share = min(1.0, width / image.width, 2 * height / image.height)
    columns = max(1, min(width, round(image.width * share)))
    rows = max(1, min(height, -(-round(image.height * share) // 2)))
    back = ground.bgcolor.get_truecolor() if ground.bgcolor is not None else (0, 0, 0)
    small = image.convert("RGBA").resize((columns, 2 * rows), Images.Resampling.BOX)
    laid = Images.new("RGBA", small.size, (*back, 255))
    laid.alpha_composite(small)
    pixels = laid.convert("RGB").tobytes()

    def color(x: int, y: int) -> Color:
        at = 3 * (y * columns + x)
        return Color.from_rgb(*pixels[at : at + 3])

    left = (width - columns) // 2
    strips = []
    for row in range(rows):
        segments = [Segment(" " * left, ground)] if left else []
        segments += [
            Segment(UPPER_HALF, Style(color=color(x, 2 * row), bgcolor=color(x, 2 * row + 1)))
            for x in range(columns)
        ]
        if left + columns < width:
            segments.append(Segment(" " * (width - left - columns), ground))
        strips.append(Strip(segments, width))
    return strips
