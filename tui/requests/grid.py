"""Requests about the grid of all terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.app import TungstenApp


async def grid(app: TungstenApp) -> None:
    """Show all terminals at once; from there, go into the chosen one."""
    if app.screen is not app.cockpit:
        return
    if app.cockpit.choices.grid:
        await zoom(app)
    else:
        await app.cockpit.open_grid()
        app.show_agents()


async def zoom(app: TungstenApp) -> None:
    """Leave the grid for the agent and the terminal that are chosen there."""
    agent, pane = app.focused_agent, app.cockpit.terminal.pane
    app.cockpit.close_grid()
    if agent is not None and pane is not None:
        app.show_pane(agent.id, pane.pane_id)


async def leave_grid(app: TungstenApp) -> None:
    """Leave the grid for what was looked at before."""
    if app.cockpit.grid is None:
        return
    agent_id, pane_id = app.cockpit.grid.came_from
    agent = next((agent for agent in app.agents if agent.id == agent_id), None)
    if agent is not None:
        panes = {pane.pane_id for pane in agent.panes}
        if pane_id in panes:
            app.choose_pane(agent_id, pane_id)
        else:
            app.look_at(agent_id)
    app.cockpit.close_grid()


async def open_waiting(app: TungstenApp) -> None:
    """Open the gate of the agent that is looked at, or its question."""
    agent = app.focused_agent
    if agent is None:
        return
    gates = [gate for gate in app.state.gates if gate.agent_id == agent.id]
    if gates and app.gates is not None:
        app.gates.open(min(gates, key=lambda gate: (gate.opened_at, gate.id)).id)
    elif app.question is not None:
        from tui.screens.question import QuestionScreen

        await app.push_screen(QuestionScreen(app.question))
    elif gates:
        app.say("This app may look, but not decide", "warning")
    else:
        app.say(f"{agent.name} waits for nothing from you")
