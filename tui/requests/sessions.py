"""Requests about sessions of any time: look, resume, fork, export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.requests.sending import focused

if TYPE_CHECKING:
    from tui.app import TungstenApp
    from tui.screens.fork import Forked


async def sessions(app: TungstenApp) -> None:
    """Show sessions of all time, and look at the chosen one."""
    from tui.screens.sessions import SessionsScreen

    def chosen(found: str | Forked | None) -> None:
        if isinstance(found, str):
            app.look_at(found)
        else:
            _look_at_fork(app, found)

    await app.push_screen(SessionsScreen(clock=app.now), chosen)


async def fork(app: TungstenApp) -> None:
    """Fork the focused agent's session, at the turn of the chosen block if one is chosen."""
    agent = focused(app)
    if agent is None or app.screen is not app.cockpit:
        return
    from tui.screens.fork import ForkScreen

    conversation = app.cockpit.conversation
    chosen = conversation.chosen if conversation.has_focus else None
    screen = ForkScreen(
        agent.id, agent.name, chosen.id if chosen is not None else None, clock=app.now
    )
    await app.push_screen(screen, lambda forked: _look_at_fork(app, forked))


def _look_at_fork(app: TungstenApp, forked: Forked | None) -> None:
    if forked is None:
        return
    app.look_at(forked.agent_id)
    prompt = app.cockpit.prompt
    if forked.prompt and prompt.text != forked.prompt:
        prompt.put_back(forked.prompt)
    app.cockpit.set_focus(prompt)


async def export_session(app: TungstenApp) -> None:
    """Write the focused agent's session as Markdown."""
    agent = focused(app)
    if agent is None or app.screen is not app.cockpit:
        return
    from tui.screens.export_session import ExportSession

    def written(told: str | None) -> None:
        if told:
            app.say(told)

    await app.push_screen(ExportSession(agent.id, agent.name), written)
