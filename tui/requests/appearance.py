"""Requests about how the app looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.themes import themes

if TYPE_CHECKING:
    from tui.app import TungstenApp


async def choose_theme(app: TungstenApp) -> None:
    """Show the themes, and keep the one that is chosen."""
    from tui.screens.theme import ThemeScreen

    def chosen(name: str | None) -> None:
        if name is not None:
            _keep(app, name)

    if app.screen is app.cockpit:
        screen = ThemeScreen(
            themes.chosen(app), lambda name: themes.wear(app, name), themes.instead(app)
        )
        await app.push_screen(screen, chosen)


async def set_theme(app: TungstenApp, argument: str) -> None:
    """Draw the app in the theme that is named, from now on."""
    name = argument.lower()
    if name not in themes.NAMES:
        app.say(f"There is no theme {argument}: {', '.join(themes.NAMES)}", "warning")
        app.cockpit.prompt.put_back(f"/theme {argument}")
        return
    themes.wear(app, name)
    _keep(app, name)


def _keep(app: TungstenApp, name: str) -> None:
    app.memory.set("theme", name)
    app.memory.set("theme_over", app.preferences.theme)
    app.save_soon()
    app.show_all()
    why = themes.instead(app)
    app.say(f"Theme: {name}" + (f"; {why}" if why else ""))
