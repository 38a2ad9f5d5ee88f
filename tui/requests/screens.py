"""Screens that are opened, and what concerns the whole app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.protocol.commands.engine import StartDemo, StopDemo
from tui.keys import actions
from tui.requests.sending import beside, focused, send

if TYPE_CHECKING:
    from tui.app import TungstenApp


async def help_screen(app: TungstenApp) -> None:
    """Show every key and command, and at a second press no longer."""
    from tui.screens.help import HelpScreen

    if isinstance(app.screen, HelpScreen):
        app.screen.dismiss(None)
    else:
        screen = HelpScreen(_here(app), over_cockpit=app.screen is app.cockpit)
        await app.push_screen(screen, lambda action: _found(app, action and f"action:{action}"))


def _here(app: TungstenApp) -> str:
    """The context whose keys mean something where the person is; empty for the prompt's."""
    cockpit = app.cockpit
    if app.screen is not cockpit:
        return str(getattr(app.screen, "KEYS", ""))
    if app.gates is not None and app.gates.gate is not None:
        return actions.GATE
    if cockpit.choices.grid:
        return actions.GRID
    if cockpit.conversation.has_focus:
        return actions.CONVERSATION
    view = cockpit.terminal.view
    return actions.PANE if view is not None and view.has_focus else ""


async def palette(app: TungstenApp) -> None:
    """Find an action or an agent by name; at a second press no longer."""
    from tui.screens.palette import PaletteScreen

    if isinstance(app.screen, PaletteScreen):
        app.screen.dismiss(None)
    elif _left_for(app, "app.palette"):
        pass
    elif app.screen is app.cockpit:
        await app.push_screen(PaletteScreen(app.agents), lambda found: _found(app, found))


def _left_for(app: TungstenApp, action_id: str) -> bool:
    """Whether the screen goes away and has an action done then, as tour and help do."""
    leave = getattr(app.screen, "leave_for", None)
    return leave is not None and bool(leave(action_id))


async def _found(app: TungstenApp, found: str | None) -> None:
    if found is None:
        return
    kind, _, name = found.partition(":")
    if kind == "agent":
        app.look_at(name)
    else:
        action = actions.by_id(name)
        here = action.context == actions.CONVERSATION
        await app.run_action(action.action, app.cockpit.conversation if here else app.cockpit)


async def inbox(app: TungstenApp) -> None:
    """Show what waits for a decision, and open what is chosen; at a second press no longer."""
    from tui.gate.inbox import Inbox

    def chosen(gate_id: str | None) -> None:
        if gate_id is not None and app.gates is not None:
            app.gates.open(gate_id)
            if app.screen is not app.cockpit:
                # What is written there must not be lost.
                app.say("The gate is open behind this: close what lies over it to see it")

    if isinstance(app.screen, Inbox):
        app.screen.dismiss(None)
    elif _left_for(app, "gate.inbox"):
        pass
    elif not any(isinstance(screen, Inbox) for screen in app.screen_stack):
        await app.push_screen(Inbox(clock=app.now), chosen)


async def usage(app: TungstenApp) -> None:
    """Show what was used."""
    from tui.screens.usage import UsageScreen

    if app.screen is app.cockpit:
        agent = app.focused_agent
        await app.push_screen(UsageScreen(agent.id if agent is not None else "", clock=app.now))


async def instructions(app: TungstenApp) -> None:
    """Show which instruction files the focused agent is told."""
    from tui.screens.instructions import InstructionsScreen

    agent = focused(app)
    if agent is None:
        return
    if agent.kind == "command":
        app.say(f"{agent.name} is a program: it reads its own instructions", "warning")
    elif app.screen is app.cockpit:
        await app.push_screen(InstructionsScreen(agent))


async def setup(app: TungstenApp) -> None:
    """Choose the model."""
    from tui.model_setup import ask

    await ask(app)


@beside
async def demo(app: TungstenApp) -> None:
    """Run the demo and look at its first agent."""
    result = await send(app, StartDemo())
    agents = result.get("agents") if result is not None else None
    if isinstance(agents, list) and agents:
        app.look_at(str(agents[0]))


@beside
async def stop_demo(app: TungstenApp) -> None:
    """End the demo."""
    runs = any(agent.demo for agent in app.agents)
    if await send(app, StopDemo()) is not None and not runs:
        app.say("No demo runs: /demo starts one")
