"""A picture of the app as text: what stands in each cell, and how it is drawn, in each theme.

The themes of one size share a file, for they show the same text:

    80x24 dark light ansi-16

    (24 rows of text)

    (24 rows of one letter a cell; the last one goes on to the end of its row)

    (what each letter stands for, in each theme)

`scripts/pictures.py` draws such files as PNG.
"""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from rich.cells import cell_len
from rich.color import Color, ColorType
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.app import App

LETTERS = "".join(
    chr(code)
    for first, last in (("a", "z"), ("A", "Z"), ("0", "9"), ("À", "ž"))
    for code in range(ord(first), ord(last) + 1)
)
NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
SEEN_ON_BLANKS = ("underline", "underline2", "reverse", "strike")
BETWEEN = " | "
SHOWN = 12
"""Most rows of a difference that are told."""


@dataclass(frozen=True)
class Picture:
    """A screen: rows of text, and how each of their cells is drawn, in words of `Style.parse`."""

    text: tuple[str, ...]
    styles: tuple[tuple[str, ...], ...]

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return len(self.styles[0]), len(self.styles)

    def segments(self) -> Iterator[list[Segment]]:
        """What it was taken from, row by row."""
        for text, styles in zip(self.text, self.styles, strict=True):
            characters = _cells(text.ljust(len(text) + len(styles) - cell_len(text)))
            cells = zip(characters, styles, strict=True)
            yield [
                Segment("".join(character for character, _ in run), Style.parse(style))
                for style, run in groupby(cells, key=lambda cell: cell[1])
            ]

    def svg(self, title: str) -> str:
        """Draw it, for the report on what differs."""
        columns, rows = self.size
        console = Console(
            width=columns,
            height=rows,
            file=io.StringIO(),
            force_terminal=True,
            color_system="truecolor",
            record=True,
            legacy_windows=False,
        )
        for row in self.segments():
            console._record_buffer.extend([*row, Segment.line()])
        return console.export_svg(title=title)

    def ansi(self) -> list[str]:
        """The rows as a terminal is sent them."""
        console = Console(color_system="truecolor", force_terminal=True, legacy_windows=False)
        return [
            "".join(
                (segment.style or Style()).render(
                    segment.text, color_system=console._color_system, legacy_windows=False
                )
                for segment in row
            )
            for row in self.segments()
        ]


def taken(app: App[object]) -> Picture:
    """Take a picture of what an app shows."""
    from textual._compositor import visible_screen_stack

    visible_screen_stack.set(app._background_screens)
    text, styles = [], []
    for strip in app.screen._compositor.render_strips():
        row: list[str] = []
        for segment in strip:
            if segment.control:
                continue
            style = segment.style or Style()
            for piece in re.findall(" +|[^ ]+", segment.text):
                name = _name(style, blank=piece[0] == " ")
                if piece[0] == " " and row and _blank(row[-1]) == name:
                    name = row[-1]
                row += [name] * cell_len(piece)
        text.append(strip.text.rstrip(" "))
        styles.append(tuple(row))
    return Picture(tuple(text), tuple(styles))


@lru_cache(maxsize=4096)
def _name(style: Style, *, blank: bool) -> str:
    shown = not blank or any(getattr(style, name) for name in SEEN_ON_BLANKS)
    plain = Style(
        color=_plain(style.color) if shown else None,
        bgcolor=_plain(style.bgcolor),
        bold=(style.bold and shown) or None,
        dim=(style.dim and shown) or None,
        italic=(style.italic and shown) or None,
        underline=style.underline or None,
        underline2=style.underline2 or None,
        strike=style.strike or None,
        reverse=style.reverse or None,
        link=style.link if shown else None,
    )
    return str(plain)


@lru_cache(maxsize=4096)
def _blank(name: str) -> str:
    """How a blank looks that is drawn in a style: what says nothing of it is left out."""
    return _name(Style.parse(name), blank=True)


def _plain(color: Color | None) -> Color | None:
    """The colour by a name that does not depend on how it was made; none if it is the usual one."""
    if color is None or color.is_default:
        return None
    if color.type is ColorType.TRUECOLOR and color.triplet is not None:
        return Color.parse(color.triplet.hex)
    number = color.number or 0
    if number >= 16:
        return Color.parse(f"color({number})")
    return Color.parse("bright_" * (number > 7) + NAMES[number % 8])


def _cells(text: str) -> list[str]:
    """The characters by cells: after a wide one, nothing; what has no width stands with others."""
    cells: list[str] = []
    for character in text:
        width = cell_len(character)
        if width:
            cells += [character, *[""] * (width - 1)]
        elif cells:
            cells[-1] += character
    return cells


def written(pictures: Mapping[str, Picture]) -> str:
    """Write the pictures of one size, by the names of their themes.

    Raises:
        ValueError: they do not show the same text.
    """
    first, *others = pictures.values()
    for theme, other in zip([*pictures][1:], others, strict=True):
        if other.text != first.text:
            differs = "\n".join(_differing(first.text, other.text))
            raise ValueError(f"{theme} shows another text than {next(iter(pictures))}:\n{differs}")
    letters: dict[tuple[str, ...], str] = {}
    rows = []
    for cells in zip(*(picture.styles for picture in pictures.values()), strict=True):
        row = "".join(
            letters.setdefault(looks, LETTERS[len(letters)]) for looks in zip(*cells, strict=True)
        )
        rows.append(row.rstrip(row[-1]) + row[-1])
    columns, height = first.size
    widths = [max(map(len, names)) for names in zip(*letters, strict=True)]
    legend = [
        BETWEEN.join((letter, *map(str.ljust, names, widths))).rstrip()
        for names, letter in letters.items()
    ]
    head = f"{columns}x{height} {' '.join(pictures)}"
    return "\n".join([head, "", *first.text, "", *rows, "", *legend, ""])


def read(file: str) -> dict[str, Picture]:
    """Read what `written` wrote."""
    lines = file.split("\n")
    size, *themes = lines[0].split(" ")
    columns, height = map(int, size.split("x"))
    text = tuple(lines[2 : 2 + height])
    rows = [row + row[-1] * (columns - len(row)) for row in lines[3 + height : 3 + 2 * height]]
    legend = {}
    for line in lines[4 + 2 * height :]:
        if line:
            letter, *looks = line.split(BETWEEN)
            legend[letter] = [look.strip() for look in looks]
    return {
        theme: Picture(text, tuple(tuple(legend[cell][place] for cell in row) for row in rows))
        for place, theme in enumerate(themes)
    }


def differences(before: Picture, now: Picture) -> list[str]:
    """Say how a picture differs: its text, or else where it is drawn otherwise."""
    if before.size != now.size:
        return [f"{before.size[0]}x{before.size[1]} became {now.size[0]}x{now.size[1]}"]
    lines = list(_differing(before.text, now.text))
    if not lines:
        lines = list(_drawn_otherwise(before, now))
    return [*lines[:SHOWN], *[f"… {len(lines) - SHOWN} more"] * (len(lines) > SHOWN)]


def _differing(before: Iterable[str], now: Iterable[str]) -> Iterator[str]:
    lines = difflib.unified_diff([*before], [*now], n=0, lineterm="")
    return (line for line in lines if not line.startswith(("---", "+++")))


def _drawn_otherwise(before: Picture, now: Picture) -> Iterator[str]:
    for row, (one, other) in enumerate(zip(before.styles, now.styles, strict=True)):
        cells = enumerate(zip(one, other, strict=True))
        for (was, became), run in groupby(cells, key=lambda cell: cell[1]):
            if was != became:
                columns = [column for column, _ in run]
                shown = "".join(_cells(now.text[row])[columns[0] : columns[-1] + 1]).strip()
                where = f"row {row + 1}, columns {columns[0] + 1}-{columns[-1] + 1}"
                yield f"{where} {shown!r}: {was} → {became}"
