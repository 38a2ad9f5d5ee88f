"""The sixteen colours of panes: they belong to the theme, and each can be read on its ground."""

from __future__ import annotations

import pytest
from rich.terminal_theme import TerminalTheme
from textual.color import Color
from textual.theme import Theme

from tests.stubs import scenes
from tests.tui.conftest import Open
from tui.themes import themes
from tui.themes.theme import DARK, DARK_PANES, LIGHT, LIGHT_PANES, paint
from tui.themes.theme_256 import DARK_256, LIGHT_256

READABLE = 3.0
"""Least contrast of large text and of signs (WCAG 2.2, 1.4.11)."""
BLACK = 0


@pytest.mark.parametrize("palette", [DARK_PANES, LIGHT_PANES], ids=["dark", "light"])
def test_every_colour_can_be_read_on_the_ground(palette: TerminalTheme) -> None:
    ground = Color(*palette.background_color)
    for number in range(16):
        ratio = contrast(Color(*palette.ansi_colors[number]), ground)
        # Black on a dark ground is the ground of bars and panels; it need only be seen as such.
        least = 1.4 if number == BLACK else READABLE
        assert ratio >= least, (number, ratio)


async def test_panes_follow_the_theme(open_cockpit: Open) -> None:
    async with open_cockpit(scenes.EMPTY) as cockpit:
        assert cockpit.app.ansi_theme is DARK_PANES
        themes.wear(cockpit.app, "light")
        assert cockpit.app.ansi_theme is LIGHT_PANES


@pytest.mark.parametrize("theme", [DARK, LIGHT, DARK_256, LIGHT_256], ids=lambda one: one.name)
def test_the_chosen_line_of_a_card_is_seen_and_can_be_read(theme: Theme) -> None:
    paints = paint(theme.to_color_system().generate(), "surface")
    chosen, ground = (
        Color.from_rich_color(style.bgcolor) for style in (paints.chosen, paints.text)
    )
    assert contrast(chosen, ground) >= 1.3
    for style in (paints.text, paints.strong, paints.focus):
        assert contrast(Color.from_rich_color(style.color), chosen) >= READABLE


def contrast(one: Color, other: Color) -> float:
    """Ratio of relative luminances (WCAG 2.2, `contrast ratio`)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(color: Color) -> float:
    linear = [
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in color.normalized
    ]
    return sum(
        weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    )
