"""The tour of the first ten minutes: shown when asked for, offered once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.keys import actions

if TYPE_CHECKING:
    from tui.app import TungstenApp
    from tui.screens.tour import Left


async def tour(app: TungstenApp) -> None:
    """Show five cards about what there is, from the one at which they were left."""
    if app.screen is not app.cockpit:
        return
    from tui.model_setup import typing_into_prompt
    from tui.screens.tour import TourScreen

    async def left(how: Left | None) -> None:
        if how is None:
            return
        app.memory.set("tour", how.card or None)
        app.save_soon()
        if how.action:
            await app.run_action(actions.by_id(how.action).action, app.cockpit)

    kept = app.memory.get("tour")
    cockpit = app.cockpit
    screen = TourScreen(
        typing_into_prompt(app),
        lambda: cockpit.arrangement,
        kept if isinstance(kept, int) else 0,
    )
    await app.push_screen(screen, left)


def offer_tour(app: TungstenApp) -> None:
    """Say once that there is a tour."""
    if not app.memory.get("tour_offered"):
        app.memory.set("tour_offered", True)
        app.save_soon()
        app.say("New here? /tour shows you round in five cards; Esc leaves it at any time")
