"""Requests about terminals: the keyboard, attaching, recordings, the person's own panes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from agent.protocol.commands.panes import RecordPane
from tui.conversation.empty_states import no_terminal
from tui.keys import actions
from tui.requests.sending import beside, send

if TYPE_CHECKING:
    from agent.panes.recordings import Kept
    from agent.protocol.agents import AgentSummary
    from tui.app import TungstenApp


async def take_keyboard(app: TungstenApp) -> None:
    """Give the keyboard to the pane; make it visible first."""
    cockpit = app.cockpit
    view = cockpit.terminal.view
    if view is None or cockpit.terminal.pane is None or not app.known:
        app.say(f"There is no terminal. {no_terminal(app.focused_agent)}", "warning")
        return
    if cockpit.choices.grid and cockpit.grid is not None:
        cockpit.grid.action_type()
    elif cockpit.arrangement.terminal is None:
        cockpit.reveal_terminal(for_keys=True)
        app.show_agents()
        app.call_after_refresh(view.take_keyboard_soon)
    else:
        view.take_keyboard_soon()


async def attach(app: TungstenApp) -> None:
    """Suspend the app and attach real tmux to the pane."""
    pane = app.cockpit.terminal.pane
    if pane is None or not app.known:
        app.say(f"There is no terminal. {no_terminal(app.focused_agent)}", "warning")
        return
    if pane.socket:
        app.say("This pane is in your own tmux: attach to it there", "warning")
        return
    from tui.terminal.attach import AttachFailed
    from tui.terminal.attach import attach as attach_pane

    try:
        attach_pane(app, app.state.engine.tmux_socket, pane.pane_id)
    except AttachFailed as error:
        app.say(str(error), "error")
    app.taken_back()
    app.action_redraw()


async def record(app: TungstenApp) -> None:
    """Record the pane that is shown, or end its recording."""
    agent, pane = app.focused_agent, app.cockpit.terminal.pane
    if agent is None or pane is None or not app.known:
        app.say(f"There is no terminal. {no_terminal(app.focused_agent)}", "warning")
        return
    await _record(app, agent, pane.pane_id, on=not pane.recording)


@beside
async def _record(app: TungstenApp, agent: AgentSummary, pane_id: str, *, on: bool) -> None:
    command = RecordPane(agent_id=agent.id, pane_id=pane_id, on=on)
    if await send(app, command) is None:
        return
    key = actions.shown("pane.recordings")
    begun = f"{pane_id} is recorded from now on; /record ends that"
    app.say(begun if on else f"{pane_id} is no longer recorded; {key} plays what was")


async def recordings(app: TungstenApp) -> None:
    """Show recordings of terminals, and play the chosen one."""
    from tui.screens.recordings import RecordingsScreen

    async def chosen(kept: Kept | None) -> None:
        if kept is None:
            return
        from tui.screens.recording import RecordingScreen

        mask, running = not kept.masked, kept.running
        await app.push_screen(
            RecordingScreen(kept.path, mask=mask, title=kept.title, running=running)
        )

    agent = app.focused_agent
    agent_id = agent.id if agent is not None else ""
    if app.screen is app.cockpit:
        await app.push_screen(
            RecordingsScreen(app.paths.recordings, agent_id, clock=app.now), chosen
        )


async def own_panes(app: TungstenApp) -> None:
    """Show the panes of the person's own tmux servers."""
    if app.screen is app.cockpit and app.known:
        from tui.screens.own_panes import OwnPanesScreen

        def done(adopted: str | None) -> None:
            if adopted:
                app.look_at(adopted)

        await app.push_screen(
            OwnPanesScreen(
                app.focused_agent,
                own_pane=os.environ.get("TMUX_PANE", ""),
                profiles=app.paths.profiles,
            ),
            done,
        )
