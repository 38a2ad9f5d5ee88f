"""Requests about what keeps agents apart: reverting steps, worktrees, files that several change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.requests.sending import focused

if TYPE_CHECKING:
    from tui.app import TungstenApp


async def revert(app: TungstenApp) -> None:
    """Show what reverting the chosen step would do; without one, the last turn."""
    agent = focused(app)
    if agent is None or app.screen is not app.cockpit:
        return
    if agent.demo:
        app.say("Of the demo's files nothing is kept: steps of your own agents go back", "warning")
        return
    from tui.screens.revert import RevertScreen

    conversation = app.cockpit.conversation
    chosen = conversation.chosen if conversation.has_focus else None
    block = chosen.id if chosen is not None else agent.last_block
    if not block:
        app.say("Nothing was done here yet: there is nothing to revert", "warning")
        return
    turn = chosen is None or chosen.tool is None

    def done(said: str | None) -> None:
        if said:
            app.say(said)

    await app.push_screen(RevertScreen(agent.id, block, turn=turn), done)


async def worktrees(app: TungstenApp) -> None:
    """Show the worktrees of the focused agent's repository, and files that several changed."""
    if app.screen is app.cockpit and app.known:
        from tui.screens.worktrees import WorktreesScreen

        agent = app.focused_agent
        await app.push_screen(WorktreesScreen(agent.directory if agent else str(app.directory)))
