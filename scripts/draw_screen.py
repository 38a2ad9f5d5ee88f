"""Draws a terminal screen, as `tmux capture-pane -e` tells it, into a PNG: one cell, one glyph."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from rich.cells import cell_len

from tungsten.sgr import Color, Run, parse_lines

SIZE = 16
FOREGROUND = (212, 212, 216)
BACKGROUND = (16, 17, 20)
DIM = 0.6
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
FOLDERS = ("/usr/share/fonts", "/Library/Fonts", str(Path.home() / ".fonts"))
RGB = tuple[int, int, int]


def find_font(bold: bool) -> str:
    name = "DejaVuSansMono-Bold.ttf" if bold else "DejaVuSansMono.ttf"
    for folder in FOLDERS:
        for path in Path(folder).rglob(name):
            return str(path)
    sys.exit(f"{name} is needed to draw screens; on Debian: apt-get install fonts-dejavu-core")


class Painter:
    """Paints screens with one font."""

    def __init__(self) -> None:
        self.regular = ImageFont.truetype(find_font(False), SIZE)
        self.bold = ImageFont.truetype(find_font(True), SIZE)
        self.width = round(self.regular.getlength("M"))
        ascent, descent = self.regular.getmetrics()
        self.height = ascent + descent

    def paint(self, lines: Sequence[str], columns: int, rows: int) -> Image.Image:
        """Draw `rows` lines of `columns` cells; raises ValueError for a blank picture."""
        image = Image.new("RGB", (columns * self.width, rows * self.height), BACKGROUND)
        draw = ImageDraw.Draw(image)
        for row, runs in enumerate(parse_lines(lines[:rows])):
            self._line(draw, row, runs)
        if len(image.getcolors(1 << 20) or ()) < 3:
            raise ValueError("the screen is blank")
        return image

    def _line(self, draw: ImageDraw.ImageDraw, row: int, runs: Sequence[Run]) -> None:
        column, top = 0, row * self.height
        for run in runs:
            style = run.style
            fore = rgb(style.fg, FOREGROUND)
            back = rgb(style.bg, BACKGROUND)
            if style.reverse:
                fore, back = back, fore
            if style.dim:
                fore = blend(fore, back, DIM)
            width = cell_len(run.text)
            left = column * self.width
            if back != BACKGROUND:
                right, bottom = left + width * self.width - 1, top + self.height - 1
                draw.rectangle((left, top, right, bottom), fill=back)
            font = self.bold if style.bold else self.regular
            for character in run.text:
                if not character.isspace() and not style.conceal:
                    draw.text((column * self.width, top), character, fill=fore, font=font)
                column += cell_len(character)
            if style.underline:
                line = top + self.height - 2
                draw.line((left, line, left + width * self.width, line), fill=fore)
            if style.strike:
                line = top + self.height // 2
                draw.line((left, line, left + width * self.width, line), fill=fore)


def rgb(color: Color, default: RGB) -> RGB:
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


def blend(fore: RGB, back: RGB, share: float) -> RGB:
    mixed = [round(f * share + b * (1 - share)) for f, b in zip(fore, back, strict=True)]
    return mixed[0], mixed[1], mixed[2]


def capture(socket: str, painter: Painter, path: Path) -> None:
    """Picture the only pane of the tmux server at `socket`."""
    tmux = ["tmux", "-S", socket]
    size = subprocess.check_output(
        [*tmux, "display-message", "-p", "#{pane_width} #{pane_height}"], text=True
    ).split()
    text = subprocess.check_output([*tmux, "capture-pane", "-e", "-p"], text=True)
    columns, rows = int(size[0]), int(size[1])
    painter.paint(text.split("\n"), columns, rows).save(path, optimize=True)


if __name__ == "__main__":
    capture(sys.argv[1], Painter(), Path(sys.argv[2]))
