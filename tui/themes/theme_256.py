"""The two themes for terminals with 256 colours, such as tmux without RGB.

Each value is one of the 240 colours that themes of terminals leave alone: a cube of six steps a
channel and a ramp of 24 greys (`256colres.pl` of xterm). Grounds are greys; colour is for text.
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

STEPS = (0, 95, 135, 175, 215, 255)
"""The levels of each channel in the cube, whose colours are numbered from 16."""

GREYS = range(8, 239, 10)
"""The levels of the ramp, numbered from 232."""

DARK_256 = Theme(
    name="tungsten",
    primary="#87afd7",
    secondary="#5f87af",
    accent="#ffaf5f",
    warning="#ffaf5f",
    error="#d75f5f",
    success="#87af87",
    foreground="#d0d0d0",
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
    dark=True,
    variables={
        "muted": "#a8a8a8",
        "faint": "#878787",
        "text-disabled": "#a8a8a8",
        "rule": "#303030",
        "selection": "#303030",
        "block-cursor-blurred-background": "#3a3a3a",
        "code": "#afd7d7",
        "keyword": "#87afd7",
        "string": "#afd7af",
        "number": "#ffd7af",
        "added": "#afd7af",
        "removed": "#ffafaf",
        "changed-ground": "#262626",
        "input-selection-background": "#444444",
        "text-primary": "#87afd7",
        "text-accent": "#ffaf5f",
        "text-warning": "#ffaf5f",
        "text-error": "#ff8787",
        "text-success": "#87af87",
        "warning-muted": "#5f5f00",
        "error-muted": "#5f0000",
    },
)

LIGHT_256 = Theme(
    name="tungsten-light",
    primary="#005f87",
    secondary="#5f5f87",
    accent="#5f5f00",
    warning="#5f5f00",
    error="#af0000",
    success="#008700",
    foreground="#262626",
    background="#ffffff",
    surface="#ffffff",
    panel="#eeeeee",
    dark=False,
    variables={
        "muted": "#585858",
        "faint": "#6c6c6c",
        "text-disabled": "#585858",
        "rule": "#d0d0d0",
        "selection": "#e4e4e4",
        "block-cursor-blurred-background": "#d7d7d7",
        "code": "#005f87",
        "keyword": "#005f87",
        "string": "#5f5f00",
        "number": "#af5f00",
        "added": "#005f00",
        "removed": "#870000",
        "changed-ground": "#eeeeee",
        "input-selection-background": "#afd7d7",
        "text-primary": "#005f87",
        "text-accent": "#875f00",
        "text-warning": "#875f00",
        "text-error": "#af0000",
        "text-success": "#005f00",
        "warning-muted": "#ffd7af",
        "error-muted": "#ffd7d7",
    },
)

DARK_PANES_256 = sixteen(
    DARK_256,
    *("#3a3a3a", "#d75f5f", "#87af87", "#d7af5f", "#87afd7", "#af87d7", "#87afaf", "#c6c6c6"),
    *("#808080", "#ff8787", "#afd7af", "#ffd7af", "#afd7ff", "#d7afff", "#afd7d7", "#eeeeee"),
)

LIGHT_PANES_256 = sixteen(
    LIGHT_256,
    *("#262626", "#af0000", "#008700", "#875f00", "#005f87", "#875f87", "#005f5f", "#767676"),
    *("#626262", "#d70000", "#5f8700", "#af5f00", "#005faf", "#af5faf", "#008787", "#444444"),
)


@lru_cache(maxsize=4096)
def number(red: int, green: int, blue: int) -> int:
    """Find the nearest of the 240 colours: 16 to 255.

    By distance, as tmux does (its `colour_find_rgb`): the cube's nearest or the ramp's. Rich's way
    (15, `Color.downgrade`) makes a saturated blue of a grey that is a little blue.
    """
    channels = (red, green, blue)
    places = [min(range(6), key=lambda place: abs(STEPS[place] - one)) for one in channels]
    average = sum(channels) // 3
    grey = min(range(24), key=lambda place: abs(GREYS[place] - average))

    def distance(*found: int) -> int:
        return sum((one - other) ** 2 for one, other in zip(channels, found, strict=True))

    if distance(*[GREYS[grey]] * 3) < distance(*(STEPS[place] for place in places)):
        return 232 + grey
    return 16 + 36 * places[0] + 6 * places[1] + places[2]


class Numbered(LineFilter):
    """Gives every colour by its number, before Rich chooses one."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Replace the colours of the segments' styles."""
        return [
            Segment(text, None if style is None else _numbered(style), control)
            for text, style, control in segments
        ]


@lru_cache(maxsize=2048)
def _numbered(style: Style) -> Style:
    color, ground = style.color, style.bgcolor
    if not any(one is not None and one.triplet for one in (color, ground)):
        return style
    return style + Style(color=_of(color), bgcolor=_of(ground))


def _of(color: RichColor | None) -> RichColor | None:
    if color is None or color.triplet is None:
        return color
    return RichColor.from_ansi(number(*color.triplet))
