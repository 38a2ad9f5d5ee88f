"""In 256 colours: exact members of the palette, readable, and grounds without a hue."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.color import Color as RichColor
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual.color import Color
from textual.theme import Theme

from agent.paths import Paths
from tests.stubs import scenes
from tests.tui.conftest import Open
from tests.tui.themes.test_theme import READABLE, contrast
from tui.app import TungstenApp
from tui.themes import themes
from tui.themes.theme import DARK
from tui.themes.theme_256 import (
    DARK_256,
    DARK_PANES_256,
    LIGHT_256,
    LIGHT_PANES_256,
    Numbered,
    number,
)

THEMES = pytest.mark.parametrize("theme", [DARK_256, LIGHT_256], ids=["dark", "light"])
GROUNDS = (
    "background",
    "surface",
    "panel",
    "selection",
    "block-cursor-blurred-background",
    "changed-ground",
    "rule",
)
TEXTS = ("foreground", "primary", "warning", "error", "success", "muted", "code", "number", "added")


def colors(theme: Theme) -> dict[str, str]:
    """Every colour of a theme by its name."""
    named = {
        name: getattr(theme, name)
        for name in (
            *("primary", "secondary", "accent", "warning", "error", "success"),
            *("foreground", "background", "surface", "panel"),
        )
    }
    return named | theme.variables


def xterm(of: int) -> tuple[int, int, int]:
    """What Rich knows of a numbered colour."""
    return tuple(RichColor.from_ansi(of).get_truecolor())  # type: ignore[return-value]


@THEMES
def test_each_colour_is_one_of_the_palette(theme: Theme) -> None:
    for name, value in colors(theme).items():
        rgb = Color.parse(value).rgb
        assert xterm(number(*rgb)) == rgb, name


@pytest.mark.parametrize("palette", [DARK_PANES_256, LIGHT_PANES_256], ids=["dark", "light"])
def test_so_is_each_colour_of_panes_and_it_can_be_read(palette: TerminalTheme) -> None:
    for place in range(16):
        rgb = tuple(palette.ansi_colors[place])
        assert xterm(number(*rgb)) == rgb, place  # type: ignore[arg-type]
        least = 1.4 if place == 0 else READABLE
        assert contrast(Color(*rgb), Color(*palette.background_color)) >= least, place


@THEMES
def test_grounds_have_no_hue_and_text_can_be_read_on_them(theme: Theme) -> None:
    of = colors(theme)
    for ground in GROUNDS:
        assert len(set(Color.parse(of[ground]).rgb)) == 1, ground
    for text in TEXTS:
        for ground in ("background", "surface"):
            ratio = contrast(Color.parse(of[text]), Color.parse(of[ground]))
            assert ratio >= READABLE, (text, ground, ratio)


def test_every_numbered_colour_is_its_own_nearest() -> None:
    for of in range(16, 256):
        assert xterm(number(*xterm(of))) == xterm(of)


def test_a_dark_blue_becomes_a_grey() -> None:
    selection = Color.parse(DARK.variables["selection"]).rgb
    assert number(*selection) in range(232, 256)
    # Which is what goes wrong otherwise: this is a saturated navy.
    rich = RichColor.from_rgb(*selection).downgrade(ColorSystem.EIGHT_BIT)
    assert rich.number == 17


def test_segments_get_numbers_and_keep_the_rest() -> None:
    style = Style(color="#d0d0d0", bgcolor="#303030", bold=True)
    [segment] = Numbered().apply([Segment("x", style)], Color(0, 0, 0))
    assert segment.text == "x"
    assert segment.style is not None
    assert segment.style.bold
    assert segment.style.color == RichColor.from_ansi(252)
    assert segment.style.bgcolor == RichColor.from_ansi(236)


async def test_a_terminal_of_256_colours_is_sent_the_nearest(
    open_cockpit: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLORTERM", "")
    monkeypatch.setenv("TERM", "tmux-256color")
    async with open_cockpit(scenes.BUSY) as cockpit:
        for _ in range(2):
            for strip in cockpit.app.screen._compositor.render_strips():
                for segment in strip:
                    style = segment.style or Style()
                    # A blank cell has no ink.
                    ink = style.color if segment.text.strip() else None
                    for color in filter(None, (ink, style.bgcolor)):
                        if color.triplet is not None:
                            sent = color.downgrade(ColorSystem.EIGHT_BIT).number
                            assert sent == number(*color.triplet), segment
            themes.wear(cockpit.app, "light")
            await cockpit.pilot.pause()


def test_a_terminal_with_all_colours_gets_the_other_themes(paths: Paths) -> None:
    app = TungstenApp(paths, directory=Path("/"))
    assert app.current_theme is DARK
