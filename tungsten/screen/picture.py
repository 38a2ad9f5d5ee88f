"""A picture of a pane, drawn from its cells, for eyes that want to see it: a person or a model."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw

from tungsten.screen import fonts
from tungsten.screen.cells import Cell, cells
from tungsten.screen.fonts import FontSet
from tungsten.screen.frame import Frame
from tungsten.screen.sgr import Color, Style, parse_lines

MAX_EDGE = 1568
"""Pixels of the longer edge; the Messages API scales larger images down ("Vision" in its docs)."""

MAX_PIXELS = 1_150_000
"""Pixels altogether, about 1,600 tokens; more are scaled down too (same source)."""

SIZES = range(20, 5, -1)
"""Font sizes to choose from: the largest that fits, since a model reads large letters better."""

FOREGROUND = (212, 212, 216)
BACKGROUND = (16, 17, 20)
DIM = 0.6
"""How much of a dim character's colour is its own; the rest is the background's."""

SLANT = 0.2
"""How far an upright font is leaned over for italics: pixels aside per pixel up."""

FULL_BLOCK = "█"

ANSI = (
    (0, 0, 0),
    (205, 49, 49),
    (13, 188, 121),
    (229, 229, 16),
    (36, 114, 200),
    (188, 63, 188),
    (17, 168, 205),
    (229, 229, 229),
    (102, 102, 102),
    (241, 76, 76),
    (35, 209, 139),
    (245, 245, 67),
    (59, 142, 234),
    (214, 112, 214),
    (41, 184, 219),
    (255, 255, 255),
)
"""The first sixteen colours, which a terminal may choose."""

RGB = tuple[int, int, int]


def draw(frame: Frame, *, size: int | None = None) -> Image.Image:
    """Draw a pane's screen with its cursor, without the history above it.

    Args:
        frame: what to draw.
        size: the font's size in pixels; by default the largest with which the picture is neither
            longer than `MAX_EDGE` nor larger than `MAX_PIXELS`.
    """
    fitting = size is None
    chosen = fonts.load(size) if size is not None else _fitting(frame.width, frame.height)
    image = Image.new("RGB", (frame.width * chosen.width, frame.height * chosen.height), BACKGROUND)
    canvas = ImageDraw.Draw(image)
    # The style of the history carries on into the screen.
    parsed = parse_lines(frame.lines)[len(frame.lines) - frame.height :]
    cursor = frame.cursor_x if frame.cursor_visible and not frame.dead else -1
    for row, runs in enumerate(parsed[: frame.height]):
        line = cells(runs, frame.width)
        at = min(cursor, frame.width - 1) if row == frame.cursor_y else -1
        _line(canvas, chosen, row, line, at)
    if fitting:
        return _shrunk(image)
    return image


def png(frame: Frame, *, size: int | None = None) -> bytes:
    """Draw a pane's screen as PNG; see `draw`."""
    return encode(draw(frame, size=size))


def encode(image: Image.Image) -> bytes:
    """Write an image as PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def image_block(data: bytes) -> dict[str, Any]:
    """Wrap a PNG as an image block of the Messages API."""
    return {
        "type": "image",
        "source": {
            "type": "base64",
            "media_type": "image/png",
            "data": base64.b64encode(data).decode("ascii"),
        },
    }


def fitted(image: Image.Image) -> Image.Image:
    """Scale an image down to what a model sees; smaller ones stay as they are."""
    return _shrunk(image)


def _fitting(columns: int, rows: int) -> FontSet:
    for size in SIZES:
        chosen = fonts.load(size)
        width, height = columns * chosen.width, rows * chosen.height
        if max(width, height) <= MAX_EDGE and width * height <= MAX_PIXELS:
            break
    return chosen


def _shrunk(image: Image.Image) -> Image.Image:
    width, height = image.size
    share = min(1.0, MAX_EDGE / max(width, height), (MAX_PIXELS / (width * height)) ** 0.5)
    if share == 1.0:
        return image
    smaller = (max(int(width * share), 1), max(int(height * share), 1))
    return image.resize(smaller, Image.Resampling.LANCZOS)


def _line(
    canvas: ImageDraw.ImageDraw, chosen: FontSet, row: int, line: Sequence[Cell], cursor: int
) -> None:
    top = row * chosen.height
    for cell in line:
        here = cell.column <= cursor < cell.column + cell.width
        fore, back = _colors(cell.style)
        if here:
            fore, back = back, fore
        _cell(canvas, chosen, top, cell, fore, back)
        if here:
            cursor = -1
    if cursor >= 0:
        left = cursor * chosen.width
        box = (left, top, left + chosen.width - 1, top + chosen.height - 1)
        canvas.rectangle(box, fill=FOREGROUND)


def _cell(
    canvas: ImageDraw.ImageDraw, chosen: FontSet, top: int, cell: Cell, fore: RGB, back: RGB
) -> None:
    style = cell.style
    left, wide = cell.column * chosen.width, cell.width * chosen.width
    right, bottom = left + wide - 1, top + chosen.height - 1
    if back != BACKGROUND:
        canvas.rectangle((left, top, right, bottom), fill=back)
    if cell.text == FULL_BLOCK and not style.conceal:
        # As terminals do: letters of a font leave seams between neighbours.
        canvas.rectangle((left, top, right, bottom), fill=fore)
    elif not cell.text.isspace() and not style.conceal:
        font = chosen.find(cell.text, bold=style.bold, italic=style.italic)
        if font is None:
            # A character that no font has: its place is seen, as in a terminal.
            canvas.rectangle((left + 1, top + 2, right - 1, bottom - 2), outline=fore)
        else:
            if font in chosen.fallbacks:
                font = fonts.fitting(font, cell.text, wide)
            beside = 0 if font in chosen.faces and cell.width == 1 else _margin(font, cell, wide)
            # Fonts differ in height: all stand on the same line.
            baseline = top + chosen.faces[0].getmetrics()[0]
            place = (left + beside, baseline)
            if style.italic and not chosen.is_italic(font):
                _slanted(canvas, place, cell.text, fore, font)
            else:
                canvas.text(place, cell.text, fill=fore, font=font, anchor="ls")
            if style.bold and not chosen.is_bold(font):
                canvas.text((place[0] + 1, baseline), cell.text, fill=fore, font=font, anchor="ls")
    if style.underline:
        _underline(canvas, style.underline, left, right, bottom, fore)
    if style.strike:
        middle = top + chosen.height // 2
        canvas.line((left, middle, right, middle), fill=fore)
    if style.overline:
        canvas.line((left, top, right, top), fill=fore)


def _slanted(
    canvas: ImageDraw.ImageDraw, place: tuple[float, float], text: str, fore: RGB, font: fonts.Font
) -> None:
    """Lean a character over, for a font without an italic face."""
    ascent, descent = font.getmetrics()
    width = int(font.getlength(text)) + ascent
    upright = Image.new("L", (width, ascent + descent))
    ImageDraw.Draw(upright).text((0, ascent), text, fill=255, font=font, anchor="ls")
    lean = (1, SLANT, -SLANT * ascent, 0, 1, 0)
    leaning = upright.transform(upright.size, Image.Transform.AFFINE, lean)
    canvas.bitmap((int(place[0]), int(place[1]) - ascent), leaning, fill=fore)


def _margin(font: fonts.Font, cell: Cell, wide: int) -> float:
    return max((wide - font.getlength(cell.text)) / 2, 0)


def _underline(
    canvas: ImageDraw.ImageDraw, kind: int, left: int, right: int, bottom: int, fore: RGB
) -> None:
    line = bottom - 1
    if kind == 2:
        canvas.line((left, bottom, right, bottom), fill=fore)
        canvas.line((left, bottom - 2, right, bottom - 2), fill=fore)
    elif kind == 3:
        canvas.point([(x, line - (x // 2) % 2) for x in range(left, right + 1)], fill=fore)
    elif kind in (4, 5):
        length = 1 if kind == 4 else 3
        dotted = [(x, line) for x in range(left, right + 1) if x % (2 * length) < length]
        canvas.point(dotted, fill=fore)
    else:
        canvas.line((left, line, right, line), fill=fore)


def _colors(style: Style) -> tuple[RGB, RGB]:
    fore, back = rgb(style.fg, FOREGROUND), rgb(style.bg, BACKGROUND)
    if style.reverse:
        fore, back = back, fore
    if style.dim:
        fore = _blend(fore, back, DIM)
    return fore, back


def rgb(color: Color, default: RGB) -> RGB:
    """Say how a colour looks (xterm's cube of 6×6×6 from 16, its greys from 232)."""
    if color is None:
        return default
    if isinstance(color, tuple):
        return color
    if color < 16:
        return ANSI[color]
    if color >= 232:
        level = 8 + (color - 232) * 10
        return level, level, level
    color -= 16
    steps = (0, 95, 135, 175, 215, 255)
    return steps[color // 36], steps[color // 6 % 6], steps[color % 6]


def _blend(fore: RGB, back: RGB, share: float) -> RGB:
    red, green, blue = (round(f * share + b * (1 - share)) for f, b in zip(fore, back, strict=True))
    return red, green, blue
