"""The look: two themes, each also in 256 colours, and the few styles everything is drawn with.

Calm by default. Colour stands for something: amber waits for you, blue works, green is done, red
failed. All else is text, muted text and faint lines.

A terminal that does not say that it has all colours gets the themes of `tui.themes.theme_256`,
chosen by hand: the nearest of 256 colours to a dark blue is a bright one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual.color import Color, ColorParseError
from textual.theme import Theme

DARK = Theme(
    name="tungsten",
    primary="#82aad1",
    secondary="#6f8296",
    accent="#f2b263",
    warning="#f2b263",
    error="#e8737d",
    success="#8cc190",
    foreground="#d3d9e0",
    background="#101317",
    surface="#181c22",
    panel="#20262e",
    dark=True,
    variables={
        "muted": "#959fab",
        "faint": "#7b8590",
        "rule": "#2b323b",
        "selection": "#232b35",
        "block-cursor-blurred-background": "#2a323c",
        "text-disabled": "#959fab",
        "input-selection-background": "#3a4a5c",
    },
)

LIGHT = Theme(
    name="tungsten-light",
    primary="#27598c",
    secondary="#5b6b7c",
    accent="#884800",
    warning="#884800",
    error="#b3261e",
    success="#2b7536",
    foreground="#23282e",
    background="#fafaf8",
    surface="#f0f0ed",
    panel="#e6e6e2",
    dark=False,
    variables={
        "muted": "#505963",
        "faint": "#666e77",
        "rule": "#d5d6d2",
        "selection": "#e4e9ef",
        "block-cursor-blurred-background": "#ccd3dc",
        "text-disabled": "#505963",
    },
)


def sixteen(theme: Theme, *colors: str) -> TerminalTheme:
    """Make the palette of panes: ground and text as in the theme, then the sixteen in their order.

    Args:
        theme: Whose background and foreground a pane has.
        colors: Black, red, green, yellow, blue, magenta, cyan, white; then the same, bright.
    """

    def triplet(color: str | None) -> tuple[int, int, int]:
        red, green, blue = Color.parse(color or "").rgb
        return red, green, blue

    sixteen = [triplet(color) for color in colors]
    ground, text = triplet(theme.background), triplet(theme.foreground)
    return TerminalTheme(ground, text, sixteen[:8], sixteen[8:])


DARK_PANES = sixteen(
    DARK,
    *("#353d47", "#e8737d", "#8cc190", "#e0b877", "#82aad1", "#b99bd3", "#7fc1c0", "#c3cad2"),
    *("#76818d", "#f48f97", "#a7d8aa", "#f5cf94", "#a3c6ea", "#d0b5e8", "#9edada", "#eef2f6"),
)
"""What programs in panes get when they ask for one of the sixteen colours."""

LIGHT_PANES = sixteen(
    LIGHT,
    *("#23282e", "#b3261e", "#2b7536", "#8a6100", "#2b6299", "#85408f", "#0f6f78", "#7c838a"),
    *("#5d6670", "#c9372c", "#33833f", "#996c00", "#3573b0", "#964da0", "#178089", "#3f464d"),
)
"""As above. Its whites are dark: programs that ask for white mean text that is easy to see."""


@dataclass(frozen=True, slots=True)
class Paint:
    """Interned styles, named for what they mean; each carries its background.

    Attributes:
        text: Ordinary text.
        strong: What the eye should find first.
        muted: Beside the point, still to be read.
        faint: Hints and scaffolding.
        rule: Lines between areas.
        focus: The focused area and the chosen thing.
        attention: Waits for a person.
        working: Works.
        good: Went well.
        bad: Went wrong.
        code: Code in a sentence.
        bar: Background of what a person said, and of the chosen row.
    """

    text: Style
    strong: Style
    muted: Style
    faint: Style
    rule: Style
    focus: Style
    attention: Style
    attention_fill: Style
    working: Style
    good: Style
    bad: Style
    bad_fill: Style
    code: Style
    bar: Style
    chosen: Style
    added: Style
    removed: Style
    heading: Style
    link: Style
    keyword: Style
    string: Style
    number: Style
    comment: Style
    blank: Style


def _paint(values: tuple[str, ...], chosen_by_hand: Mapping[str, str]) -> Paint:
    (foreground, background, primary, warning, error, success, muted, faint, rule, selection) = (
        Color.parse(value) for value in values
    )

    def by_hand(name: str, blended: Color) -> Color:
        return Color.parse(chosen_by_hand[name]) if name in chosen_by_hand else blended

    def style(color: Color, *, bold: bool = False, italic: bool = False) -> Style:
        return Style(
            color=color.rich_color,
            bgcolor=background.rich_color,
            bold=bold or None,
            italic=italic or None,
        )

    def fill(color: Color, back: Color) -> Style:
        return Style(color=color.rich_color, bgcolor=back.rich_color, bold=True)

    return Paint(
        text=style(foreground),
        strong=style(foreground, bold=True),
        muted=style(muted),
        faint=style(faint),
        rule=style(rule),
        focus=style(primary, bold=True),
        attention=style(warning, bold=True),
        attention_fill=fill(background, warning),
        working=style(primary),
        good=style(success),
        bad=style(error),
        bad_fill=fill(background, error),
        code=style(by_hand("code", foreground.blend(primary, 0.55))),
        bar=Style(color=foreground.rich_color, bgcolor=by_hand("bar-ground", selection).rich_color),
        chosen=Style(bgcolor=selection.rich_color),
        added=Style(
            color=by_hand("added", foreground.blend(success, 0.6)).rich_color,
            bgcolor=by_hand("changed-ground", background.blend(success, 0.12)).rich_color,
        ),
        removed=Style(
            color=by_hand("removed", foreground.blend(error, 0.6)).rich_color,
            bgcolor=by_hand("changed-ground", background.blend(error, 0.12)).rich_color,
        ),
        heading=style(foreground, bold=True),
        link=style(primary) + Style(underline=True),
        keyword=style(by_hand("keyword", foreground.blend(primary, 0.8))),
        string=style(by_hand("string", foreground.blend(success, 0.7))),
        number=style(by_hand("number", foreground.blend(warning, 0.6))),
        comment=style(faint, italic=True),
        blank=style(foreground),
    )


_DEFAULTS = {
    "foreground": "#e0e0e0",
    "background": "#121212",
    "primary": "#82aad1",
    "warning": "#f2b263",
    "error": "#e8737d",
    "success": "#8cc190",
}
_BLENDS = {"muted": 0.6, "faint": 0.38, "rule": 0.16, "selection": 0.1}
_BY_HAND = (
    "code",
    "keyword",
    "string",
    "number",
    "added",
    "removed",
    "changed-ground",
    "bar-ground",
)
"""What is blended from the others unless the theme says how it looks."""

_READ = (*_DEFAULTS, *_BLENDS, *_BY_HAND)


def paint(variables: Mapping[str, str], ground: str = "background") -> Paint:
    """Make the styles of a theme from its variables; any Textual theme will do.

    Args:
        variables: The theme's variables.
        ground: Which of them is the background: `background`, or `surface` on a card.
    """
    names = ("foreground", ground, *_READ[2:])
    values = {name: variables.get(name, "") for name in names}
    if ground != "background":
        # On a card the cockpit's own is nearly the ground; lists there have this one.
        chosen = variables.get("block-cursor-blurred-background", "")
        values["selection"] = _laid_over(values[ground], chosen) or values["selection"]
    return _paint_of(tuple(values.values()))


@lru_cache(maxsize=8)
def _laid_over(ground: str, color: str) -> str:
    try:
        return (Color.parse(ground) + Color.parse(color)).hex6
    except ColorParseError:
        return ""


@lru_cache(maxsize=8)
def _paint_of(values: tuple[str, ...]) -> Paint:
    given = dict(zip(_READ, values, strict=True))
    colors = [_color(given[name], default) for name, default in _DEFAULTS.items()]
    foreground, background = Color.parse(colors[0]), Color.parse(colors[1])
    for name, amount in _BLENDS.items():
        colors.append(_color(given[name], background.blend(foreground, amount).hex6))
    return _paint(tuple(colors), {name: given[name] for name in _BY_HAND if given[name]})


def _color(value: str, default: str) -> str:
    try:
        return Color.parse(value).hex6
    except ColorParseError:
        return default


STATE_GLYPHS = {
    "working": "●",
    "waiting": "▲",
    "idle": "○",
    "done": "✓",
    "failed": "✗",
    "unknown": "?",
}
"""Shape as well as colour, so that a screen without colours says the same."""

STATE_WORDS = {
    "working": "working",
    "waiting": "waiting for you",
    "idle": "idle",
    "done": "done",
    "failed": "failed",
    "unknown": "unknown",
}


def state_style(paints: Paint, state: str) -> Style:
    """Choose the style of an agent's state."""
    match state:
        case "waiting":
            return paints.attention
        case "working":
            return paints.working
        case "done":
            return paints.good
        case "failed":
            return paints.bad
        case _:
            return paints.muted
