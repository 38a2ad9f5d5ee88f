"""The terminal's own sixteen colours, as a person has chosen them; and none at all (NO_COLOR).

Textual mixes colours, which the sixteen of a terminal do not take: nobody knows what they look
like. So the theme is made of marks, RGB values of which each stands for one of the sixteen, for the
terminal's own text or its own ground; `Sixteen` puts that in their place, last of all.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme

from tui.themes.theme import sixteen

MARKS = (
    *("#000000", "#cc0000", "#00cc00", "#cccc00", "#3333ff", "#cc00cc", "#00cccc", "#cccccc"),
    *("#808080", "#ff5555", "#55ff55", "#ffff55", "#7777ff", "#ff55ff", "#55ffff", "#ffffff"),
)
"""What stands for each of the sixteen, in their order."""

BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN = range(7)
LIGHT_GREY, GREY, WHITE = 7, 8, 15

GROUND, TEXT, MUTED, FAINT, CHOSEN = "#101010", "#f0f0f0", "#b8b8b8", "#6a6a6a", "#01233f"
FIELD = "#121212"
"""Where something can be written or chosen; it is underlined, so that its ends are seen."""

ANSI_16 = Theme(
    name="tungsten-ansi-16",
    primary=MARKS[CYAN],
    secondary=MARKS[CYAN],
    accent=MARKS[YELLOW],
    warning=MARKS[YELLOW],
    error=MARKS[RED],
    success=MARKS[GREEN],
    foreground=TEXT,
    background=GROUND,
    surface=GROUND,
    panel=FIELD,
    dark=True,
    variables={
        "muted": MUTED,
        "faint": FAINT,
        "rule": FAINT,
        "selection": CHOSEN,
        "bar-ground": GROUND,
        "block-cursor-blurred-background": CHOSEN,
        "code": MARKS[CYAN],
        "keyword": MARKS[MAGENTA],
        "string": MARKS[GREEN],
        "number": MARKS[YELLOW],
        "added": MARKS[GREEN],
        "removed": MARKS[RED],
        "changed-ground": GROUND,
        "input-selection-background": CHOSEN,
        "text-muted": MUTED,
        "text-primary": MARKS[CYAN],
        "text-accent": MARKS[YELLOW],
        "text-warning": MARKS[YELLOW],
        "text-error": MARKS[RED],
        "text-success": MARKS[GREEN],
        "text-disabled": FAINT,
        "warning-muted": MARKS[YELLOW],
        # The text on it is red: it could not be read on red.
        "error-muted": GROUND,
    },
)

PANES_16 = sixteen(ANSI_16, *MARKS)
"""Programs in panes get the sixteen that they ask for, whatever these look like."""

_NUMBERS: dict[tuple[int, ...], int] = {
    Color.parse(mark).rgb: number for number, mark in enumerate(MARKS)
}
_GROUND, _FAINT, _CHOSEN = (Color.parse(mark).rgb for mark in (GROUND, FAINT, CHOSEN))
_FIELDS = {
    Color.parse(FIELD).rgb,
    # With the focus: `$foreground 14%` in the style sheets.
    Color.parse(GROUND).blend(Color.parse(TEXT), 0.14).rgb,
}
_HUES = range(RED, CYAN + 1)
_BRIGHTER = 8
"""What a bright colour's number is above that of its usual one."""
_DARK = frozenset({BLACK, BLUE, GREY, 12})
"""On these, text is white; on the others, black."""

DARKEST, LIGHTEST, LIGHTER = 0.22, 0.6, 0.87
"""Shares of white below which a ground is the terminal's own, and from which it is its text's; and
from which a picture's dot is white and no longer light grey."""

UPPER_HALF = "\u2580"
"""The block of pictures: a dot in the text's colour, and below it one in the ground's."""

NOTHING, TURNED = -1, -2
"""In the place of a number: the terminal's own ground; text and ground exchanged."""


class Sixteen(LineFilter):
    """Puts a terminal's own colours in the place of their marks, and the nearest for all others.

    Args:
        colors: Without them only bold, underlined and reversed text is left (no-color.org).
    """

    def __init__(self, *, colors: bool) -> None:
        super().__init__()
        self._with_colors = colors

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Replace the colours of the segments' styles."""
        return [
            Segment(text, None if style is None else self._changed(text, style), control)
            for text, style, control in segments
        ]

    def _changed(self, text: str, style: Style) -> Style:
        if not self._with_colors:
            return _without_colors(style)
        return _two_dots(style) if _is_drawn(text) else _with_colors(style)


def _is_drawn(text: str) -> bool:
    """Whether cells hold two dots of a picture each, and no text that is to be read."""
    return text[:1] == UPPER_HALF and not text.strip(UPPER_HALF)


@lru_cache(maxsize=2048)
def _two_dots(style: Style) -> Style:
    """Both colours of cells of a picture: there, one need not be seen before the other."""
    return Style(color=_dot(style.color), bgcolor=_dot(style.bgcolor), meta=style.meta or None)


def _dot(color: RichColor | None) -> RichColor | None:
    if color is None or color.triplet is None:
        return color if color is not None and (color.number or 0) < 16 else None
    rgb = tuple(color.triplet)
    if rgb == _GROUND:
        return None
    if not _has_no_hue(rgb):
        return RichColor.from_ansi(_nearest(rgb)[0])
    share = max(rgb) / 255
    greys = ((DARKEST, BLACK), (LIGHTEST, GREY), (LIGHTER, LIGHT_GREY))
    return RichColor.from_ansi(next((number for most, number in greys if share < most), WHITE))


@lru_cache(maxsize=2048)
def _with_colors(style: Style) -> Style:
    ground = _ground(style.bgcolor)
    if ground == TURNED:
        return _attributes(style, reverse=not style.reverse)
    number, dim = _ink(style.color, ground)
    return _attributes(style, dim=dim or style.dim) + Style(
        color=None if number == NOTHING else RichColor.from_ansi(number),
        bgcolor=None if ground == NOTHING else RichColor.from_ansi(ground),
    )


@lru_cache(maxsize=2048)
def _without_colors(style: Style) -> Style:
    turned = _ground(style.bgcolor) != NOTHING
    return _attributes(style, reverse=bool(style.reverse) != turned, dim=False)


def _attributes(style: Style, *, reverse: bool | None = None, dim: bool | None = None) -> Style:
    return Style(
        bold=style.bold,
        dim=style.dim if dim is None else dim or None,
        italic=style.italic,
        underline=style.underline or _is_field(style) or None,
        underline2=style.underline2,
        strike=style.strike,
        conceal=style.conceal,
        reverse=style.reverse if reverse is None else reverse or None,
        link=style.link,
        meta=style.meta or None,
    )


def _is_field(style: Style) -> bool:
    color = style.bgcolor
    return color is not None and color.triplet is not None and tuple(color.triplet) in _FIELDS


def _ground(color: RichColor | None) -> int:
    """The number that a ground has, `NOTHING` or `TURNED`."""
    if color is None or color.is_default:
        return NOTHING
    if color.triplet is None:
        return color.number if color.number is not None and color.number < 16 else GREY
    rgb = tuple(color.triplet)
    if rgb == _CHOSEN:
        return TURNED
    if rgb == _GROUND:
        return NOTHING
    if rgb in _NUMBERS:
        return _NUMBERS[rgb]
    share = max(rgb) / 255
    if _has_no_hue(rgb):
        return NOTHING if share < DARKEST else GREY if share < LIGHTEST else TURNED
    return NOTHING if share < DARKEST else _nearest(rgb)[0]


def _ink(color: RichColor | None, ground: int) -> tuple[int, bool]:
    """The number of a text's colour or `NOTHING`, and whether it is to be dim."""
    if color is None or color.is_default:
        return NOTHING, False
    if color.triplet is None:
        return (color.number if color.number is not None and color.number < 16 else NOTHING), False
    rgb = tuple(color.triplet)
    if _NUMBERS.get(rgb, ground) != ground:
        return _NUMBERS[rgb], False
    if ground != NOTHING:
        return (WHITE if ground in _DARK else BLACK), False
    if _has_no_hue(rgb):
        return NOTHING, max(rgb) <= max(_FAINT)
    return _nearest(rgb)


def _has_no_hue(rgb: tuple[int, ...]) -> bool:
    return max(rgb) - min(rgb) <= 24


def _nearest(rgb: tuple[int, ...]) -> tuple[int, bool]:
    """The number whose hue is nearest, however dark it was mixed; and whether it was dark."""
    hue = _hue(rgb)

    def distance(number: int) -> float:
        mark = _hue(Color.parse(MARKS[number]).rgb)
        return sum((one - other) ** 2 for one, other in zip(hue, mark, strict=True))

    number = min(_HUES, key=distance)
    bright = min(rgb) > 60 and max(rgb) > 220
    return number + _BRIGHTER if bright else number, max(rgb) < 128


def _hue(rgb: tuple[int, ...]) -> tuple[float, ...]:
    least, span = min(rgb), max(rgb) - min(rgb)
    return tuple((channel - least) / span for channel in rgb)
