"""What can be read in which theme, and what a terminal is sent that has few colours, or none."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from rich.color import Color as RichColor
from rich.color import ColorType
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from agent.paths import Paths
from tests.stubs import scenes
from tests.tui.conftest import Cockpit, Open
from tests.tui.themes.test_theme import contrast
from tui import preferences
from tui.app import TungstenApp
from tui.themes import themes
from tui.themes.theme import DARK, LIGHT, STATE_GLYPHS, STATE_WORDS, Paint, paint
from tui.themes.theme_16 import ANSI_16, MARKS, Sixteen
from tui.themes.theme_256 import DARK_256, LIGHT_256, number
from tui.themes.theme_contrast import CONTRAST_PANES, HIGH_CONTRAST
from tui.widgets.field import Field

TEXT, ENHANCED = 4.5, 7.0
"""Least contrast of text, and of text for who sees badly (WCAG 2.2, 1.4.3 and 1.4.6)."""

NO_TEXT = {"rule", "chosen"}
"""Lines between areas; and the ground of a chosen row, which has no text of its own."""

LEAST: dict[str, tuple[Theme, float]] = {
    "dark": (DARK, TEXT),
    "light": (LIGHT, TEXT),
    "dark 256": (DARK_256, TEXT),
    "light 256": (LIGHT_256, TEXT),
    "high contrast": (HIGH_CONTRAST, ENHANCED),
}


def pairs(theme: Theme) -> dict[str, float]:
    """Contrast of each style with its ground, and with that of a chosen row."""
    variables = theme.to_color_system().generate() | theme.variables
    found = {}
    for ground in ("background", "surface"):
        paints = paint(variables, ground)
        chosen = paints.chosen.bgcolor
        for name in set(Paint.__slots__) - NO_TEXT:
            style: Style = getattr(paints, name)
            assert style.color is not None
            assert style.bgcolor is not None
            ink = Color.from_rich_color(style.color)
            found[f"{name} on {ground}"] = contrast(ink, Color.from_rich_color(style.bgcolor))
            if name in {"text", "strong", "muted", "focus", "working", "attention"}:
                found[f"{name}, chosen, on {ground}"] = contrast(ink, Color.from_rich_color(chosen))
    return found


@pytest.mark.parametrize("name", LEAST)
def test_all_text_can_be_read(name: str) -> None:
    theme, least = LEAST[name]
    low = {pair: round(ratio, 2) for pair, ratio in pairs(theme).items() if ratio < least}
    assert not low


def test_high_contrast_is_the_same_in_256_colours() -> None:
    values = {
        *(getattr(HIGH_CONTRAST, name) for name in ("primary", "warning", "error", "success")),
        *HIGH_CONTRAST.variables.values(),
    }
    for value in values:
        rgb = Color.parse(value).rgb
        assert tuple(RichColor.from_ansi(number(*rgb)).get_truecolor()) == rgb, value
    for place in range(1, 16):
        ink = Color(*CONTRAST_PANES.ansi_colors[place])
        assert contrast(ink, Color(0, 0, 0)) >= ENHANCED, place


def sent(style: Style, *, colors: bool = True) -> Style:
    """What becomes of a style."""
    [segment] = Sixteen(colors=colors).apply([Segment("x", style)], Color(0, 0, 0))
    return segment.style or Style()


def test_marks_become_the_colours_of_the_terminal() -> None:
    for place, mark in enumerate(MARKS):
        assert sent(Style(color=mark, bgcolor="#101010")) == Style(color=RichColor.from_ansi(place))
    assert sent(Style(color="#f0f0f0", bgcolor="#101010", bold=True)) == Style(bold=True)
    assert sent(Style(color="#6a6a6a", bgcolor="#101010")) == Style(dim=True)
    # A filled word, and a chosen row.
    filled = sent(Style(color="#101010", bgcolor=MARKS[3]))
    assert (filled.color, filled.bgcolor) == (RichColor.from_ansi(0), RichColor.from_ansi(3))
    assert sent(Style(color=MARKS[2], bgcolor="#01233f")) == Style(reverse=True)
    # A place to write in, with the focus and without; also where there are no colours.
    focus = Color.parse("#101010").blend(Color.parse("#f0f0f0"), 0.14)
    for ground in (Color.parse(ANSI_16.panel or ""), focus):
        for colors in (True, False):
            field = sent(Style(color="#f0f0f0", bgcolor=ground.rich_color), colors=colors)
            assert field == Style(underline=True)
    # What was mixed darker keeps its hue.
    mixed = Color.parse(MARKS[6]).blend(Color.parse("#101010"), 0.7)
    assert sent(Style(color=mixed.rich_color)) == Style(color=RichColor.from_ansi(6), dim=True)


@pytest.mark.parametrize("ground", range(16))
@pytest.mark.parametrize("ink", range(16))
def test_no_text_is_drawn_in_the_colour_of_its_ground(ink: int, ground: int) -> None:
    style = sent(Style(color=MARKS[ink], bgcolor=MARKS[ground]))
    assert style.color != style.bgcolor
    assert style.bgcolor == RichColor.from_ansi(ground)


@pytest.mark.parametrize("place", range(256))
def test_any_colour_of_a_program_becomes_one_of_sixteen(place: int) -> None:
    triplet = RichColor.from_ansi(place).get_truecolor()
    for style in (Style(color=RichColor.from_triplet(triplet)), Style(color=f"color({place})")):
        color = sent(style).color
        assert color is None or (color.type is ColorType.STANDARD)
        assert sent(style, colors=False) == Style()


def styles(cockpit: Cockpit) -> list[tuple[str, Style]]:
    """What the terminal is sent, piece by piece."""
    strips = cockpit.app.screen._compositor.render_strips()
    return [(s.text, s.style or Style()) for strip in strips for s in strip]


def is_own(color: RichColor | None) -> bool:
    return color is None or color.is_default or color.type is ColorType.STANDARD


@pytest.mark.parametrize(
    ("colors", "environment"),
    [
        (16, {"COLORTERM": "truecolor", "TERM": "xterm-256color"}),
        (16, {"COLORTERM": "", "TERM": "linux"}),
        (0, {"NO_COLOR": "1"}),
    ],
    ids=["ansi-16", "linux", "NO_COLOR"],
)
async def test_only_what_the_terminal_has_is_sent(
    open_cockpit: Open,
    paths: Paths,
    monkeypatch: pytest.MonkeyPatch,
    colors: int,
    environment: dict[str, str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    async with open_cockpit(scenes.BUSY) as cockpit:
        if environment.get("TERM") == "xterm-256color":
            themes.wear(cockpit.app, "ansi-16")
        await cockpit.pilot.pause()
        await cockpit.until(lambda: "approve" in cockpit.screen_text)
        for _ in range(2):
            for text, style in styles(cockpit):
                for color in (style.color, style.bgcolor):
                    assert is_own(color) if colors else color is None, (text, style)
            await cockpit.pilot.press("f1")
            await cockpit.pilot.pause()
        await cockpit.pilot.press("escape")
        await cockpit.pilot.pause()
        # Signs and words say the states; what waits is bold or turned as well.
        for state in ("working", "waiting"):
            assert STATE_GLYPHS[state] in cockpit.screen_text
            assert STATE_WORDS[state].split()[0] in cockpit.screen_text
        waits = [style for text, style in styles(cockpit) if "waits for you" in text]
        assert waits
        assert all(style.bold for style in waits)
        assert all(style.reverse for style in waits) or colors
        # Every theme can be gone through, and the terminal's own stays when it has no more.
        for name in themes.NAMES:
            themes.wear(cockpit.app, name)
            own = name == "ansi-16" or bool(themes.instead(cockpit.app))
            assert (cockpit.app.theme == ANSI_16.name) is own
        assert bool(themes.instead(cockpit.app)) is (
            "COLORTERM" not in environment or not environment["COLORTERM"]
        )


async def test_nothing_moves_where_it_shall_not(paths: Paths) -> None:
    paths.config_file.write_text("animations = false\n")
    for moves in (False, True):
        app = TungstenApp(
            paths,
            directory=Path("/"),
            preferences=preferences.read(paths),
            connect=lambda *_, **__: asyncio.Event().wait(),
        )
        async with app.run_test() as pilot:
            field = Field(id="field")
            await app.cockpit.mount(field)
            await pilot.pause()
            assert (app.animation_level, field.cursor_blink) == (
                ("full", True) if moves else ("none", False)
            )
            assert not app.cockpit.prompt.cursor_blink
        paths.config_file.unlink(missing_ok=True)


def test_settings_name_the_theme(paths: Paths) -> None:
    paths.config_file.write_text('theme = "high-contrast"\n')
    app = TungstenApp(paths, directory=Path("/"), preferences=preferences.read(paths))
    assert app.current_theme is HIGH_CONTRAST
    paths.config_file.write_text('theme = "nonsense"\n')
    app = TungstenApp(paths, directory=Path("/"), preferences=preferences.read(paths))
    assert app.current_theme is DARK
