"""The themes by the names that a person chooses them by, and what the terminal makes of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from textual.app import App
from textual.filter import Monochrome

from tui.themes.theme import DARK, DARK_PANES, LIGHT, LIGHT_PANES

if TYPE_CHECKING:
    from rich.terminal_theme import TerminalTheme
    from textual.theme import Theme

    from tui.front_end import FrontEnd

NAMES = {
    "dark": "Light text on a dark ground",
    "light": "Dark text on a light ground",
    "high-contrast": "White on black; all text at least 7 to 1",
    "ansi-16": "The sixteen colours that your terminal has",
}
"""Names of themes, with what they look like."""

TOO_FEW = "this terminal has 16 colours, so the app is drawn in these"
NO_COLOR = "NO_COLOR is set, so the app is drawn without colours"


def chosen(app: FrontEnd) -> str:
    """The name in the settings, unless `/theme` chose another one since it stands there."""
    named, since = app.memory.get("theme"), app.memory.get("theme_over", "")
    setting = app.preferences.theme
    name = named if isinstance(named, str) and since == setting else setting
    # What was remembered was once the name within Textual.
    name = str(name or named or "dark").removeprefix("tungsten").removeprefix("-") or "dark"
    return name if name in NAMES else "dark"


def instead(app: FrontEnd) -> str:
    """Say why another theme than the chosen one is worn; empty when it can be shown."""
    if os.environ.get("NO_COLOR"):
        return NO_COLOR
    return "" if app.console.color_system in {"truecolor", "256"} else TOO_FEW


def wear(app: FrontEnd, name: str) -> None:
    """Draw the app in a theme, or in what comes nearest where the terminal can't show it."""
    theme, panes = _made(name, app.console.color_system or "", sixteen=bool(instead(app)))
    _filter(app, name)
    app.register_theme(theme)
    # Unwatched: each of them would have the whole app styled once more beside the theme.
    app.set_reactive(App.ansi_theme_dark, panes if theme.dark else DARK_PANES)
    app.set_reactive(App.ansi_theme_light, LIGHT_PANES if theme.dark else panes)
    app.theme = theme.name


def _made(name: str, colors: str, *, sixteen: bool) -> tuple[Theme, TerminalTheme]:
    if sixteen or name == "ansi-16":
        from tui.themes.theme_16 import ANSI_16, PANES_16

        return ANSI_16, PANES_16
    if name == "high-contrast":
        from tui.themes.theme_contrast import CONTRAST_PANES, HIGH_CONTRAST

        return HIGH_CONTRAST, CONTRAST_PANES
    if colors == "256":
        from tui.themes import theme_256

        if name == "light":
            return theme_256.LIGHT_256, theme_256.LIGHT_PANES_256
        return theme_256.DARK_256, theme_256.DARK_PANES_256
    return (LIGHT, LIGHT_PANES) if name == "light" else (DARK, DARK_PANES)


def _filter(app: FrontEnd, name: str) -> None:
    """Put the one filter of ours behind Textual's own, in whose place its grey ones stood."""
    kept = [each for each in app._filters if not _is_ours(each)]  # noqa: SLF001
    if os.environ.get("NO_COLOR") or name == "ansi-16" or instead(app):
        from tui.themes.theme_16 import Sixteen

        kept.append(Sixteen(colors=not os.environ.get("NO_COLOR")))
    elif app.console.color_system == "256":
        from tui.themes.theme_256 import Numbered

        kept.append(Numbered())
    app._filters = kept  # noqa: SLF001


def _is_ours(line_filter: object) -> bool:
    return isinstance(line_filter, Monochrome) or type(line_filter).__module__.startswith("tui.")
