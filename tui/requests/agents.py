"""Requests about agents: new ones, their names, their modes, their ends, and whom to trust."""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from agent.errors import AgentError
from agent.protocol.agents import Mode
from agent.protocol.commands.agents import (
    ArchiveAgent,
    CreateAgent,
    RenameAgent,
    SetMode,
    SetPaused,
)
from agent.protocol.commands.gates import TrustDirectory
from tui.keys import actions
from tui.requests.sending import AGAIN_SECONDS, begin, beside, directory, focused, lacks_model, send
from tungsten.screen.printable import one_line

if TYPE_CHECKING:
    from agent.protocol.agents import AgentSummary
    from tui.app import TungstenApp

MODES = (Mode.PLAN, Mode.CAREFUL, Mode.STANDARD)
"""From the strictest to the loosest."""

MEANING = {
    Mode.PLAN: "looks, changes nothing",
    Mode.CAREFUL: "asks before anything above LOW",
    Mode.STANDARD: "asks before HIGH",
}


async def begin_rename(app: TungstenApp) -> None:
    """Ask for another name for the focused agent."""
    agent = focused(app)
    if agent is None:
        return
    from tui.screens.confirm import RenameScreen

    async def answered(name: str | None) -> None:
        if name is not None:
            await _rename(app, agent, name)

    await app.push_screen(RenameScreen(agent.name), answered)


async def rename(app: TungstenApp, name: str) -> None:
    """Give the focused agent another name."""
    agent = focused(app)
    if agent is not None:
        await _rename(app, agent, name)


@beside
async def _rename(app: TungstenApp, agent: AgentSummary, name: str) -> None:
    await send(app, RenameAgent(agent_id=agent.id, name=name))


async def next_mode(app: TungstenApp) -> None:
    """Go on to the next mode; to one in which more runs without the person, at a second press."""
    agent = focused(app)
    if agent is None:
        return
    now = MODES.index(agent.mode)
    following = MODES[(now + 1) % len(MODES)]
    wanted, asked_at = app.looser_asked
    at = monotonic()
    app.looser_asked = ("", asked_at)
    again = wanted == f"{agent.id} {following}" and at - asked_at <= AGAIN_SECONDS
    if MODES.index(following) < now or again:
        await set_mode(app, following)
        return
    app.looser_asked = (f"{agent.id} {following}", at)
    key = actions.shown("agent.mode")
    app.say(f"{key} again: {agent.name} goes on in {following} ({MEANING[following]})", "warning")


async def show_modes(app: TungstenApp) -> None:
    """Say which modes there are, and how to change to another."""
    agent = focused(app)
    if agent is None:
        return
    others = " · ".join(f"{mode}: {MEANING[mode]}" for mode in MODES)
    app.say(f"{agent.name} is in {agent.mode}. Type /mode and one of: {others}")


@beside
async def set_mode(app: TungstenApp, name: str) -> None:
    """Change how much the focused agent may do without the person."""
    agent = focused(app)
    if agent is None:
        return
    if name not in set(MODES):
        app.say(f"There is no mode {name}: plan, careful or standard", "warning")
        return
    mode = Mode(name)
    if await send(app, SetMode(agent_id=agent.id, mode=mode)) is not None:
        app.say(f"{agent.name}: {mode} ({MEANING[mode]})")


async def stop_agent(app: TungstenApp) -> None:
    """Stop the focused agent, and say when it has really stopped."""
    agent = focused(app)
    if agent is None:
        return
    from tui.screens.stop_agent import StopAgentScreen, is_adopted

    def answered(stopped: bool | None) -> None:
        if stopped:
            app.say(f"{agent.name} {'is let go' if is_adopted(agent) else 'has stopped'}")

    workers = sum(1 for other in app.agents if other.parent == agent.id)
    await app.push_screen(StopAgentScreen(agent, workers, clock=app.now), answered)


async def archive_agent(app: TungstenApp) -> None:
    """Take the focused agent off the list."""
    agent = focused(app)
    if agent is None:
        return
    from tui.screens.stop_agent import LET_GO, EndAgentScreen, is_adopted

    async def archive() -> str:
        try:
            await app.engine_request(ArchiveAgent(agent_id=agent.id))
        except AgentError as error:
            return str(error)
        return ""

    def answered(done: bool | None) -> None:
        if done:
            app.say(f"{agent.name} is archived; {actions.shown('agent.sessions')} finds it again")

    has_workers = any(other.parent == agent.id for other in app.agents)
    workers = ", and its workers with it" if has_workers else ""
    ends = f"This ends its turn and its terminals, and takes it off the list{workers}"
    screen = EndAgentScreen(
        agent,
        f"Archive {agent.name}?",
        f"{LET_GO if is_adopted(agent) else ends}. "
        f"The session stays; {actions.shown('agent.sessions')} resumes it.",
        verb="archive it",
        perform=archive,
        clock=app.now,
    )
    await app.push_screen(screen, answered)


@beside
async def pause_all(app: TungstenApp) -> None:
    """Hold every agent before its next step, or let them go."""
    if app.known:
        pause = not app.state.paused
        if await send(app, SetPaused(paused=pause)) is not None:
            key = actions.shown("agents.pause")
            held = f"Every agent holds before its next step; {key} lets them go on"
            app.say(held if pause else "The agents go on")


async def trust(app: TungstenApp) -> None:
    """Trust the focused agent's directory, once the person has seen what that means."""
    agent = focused(app)
    if agent is None:
        return
    from agent.files.git import repository_of
    from tui.screens.confirm import ConfirmScreen

    # Plan is left by the person alone: `Agents.trust_directory`.
    if agent.mode is Mode.PLAN:
        said = f"agents there go on in standard, new ones too; {agent.name} stays in plan"
    else:
        said = f"{agent.name} and other agents there go on in standard, new ones too"

    async def answered(sure: bool | None) -> None:
        if sure:
            await _trust(app, agent.directory, said)

    top = await asyncio.to_thread(repository_of, Path(agent.directory))
    apart = f" {one_line(str(top))}, whose worktree it is, stays as it is." if top else ""
    screen = ConfirmScreen(
        f"Trust {one_line(agent.directory)}?",
        f"Once trusted, {said}: what is MEDIUM runs there without you. "
        f"HIGH goes on waiting for you.{apart} /untrust takes it back.",
        verb="trust it",
    )
    await app.push_screen(screen, answered)


@beside
async def _trust(app: TungstenApp, directory: str, said: str) -> None:
    if await send(app, TrustDirectory(directory=directory, trusted=True)) is not None:
        app.say(f"{directory} is trusted: {said}")


@beside
async def untrust(app: TungstenApp) -> None:
    """Trust the focused agent's directory no longer."""
    agent = focused(app)
    if agent is not None:
        command = TrustDirectory(directory=agent.directory, trusted=False)
        if await send(app, command) is not None:
            app.say(f"{agent.directory} is trusted no longer: tungsten trust lists what still is")


async def new_agent(app: TungstenApp) -> None:
    """Ask for a new agent's name, directory and model, and start it."""
    from agent.hosted.profile_files import profile_files
    from tui.model_setup import in_use
    from tui.screens.new_agent import NewAgentScreen

    async def create(command: CreateAgent | None) -> None:
        if command is None:
            return
        if app.cockpit.focused is app.cockpit.conversation:
            # What is written next is for the new one.
            app.cockpit.action_focus_prompt()
        own = command.kind == "model" and not command.command and not command.profile
        if own and lacks_model(app, None):
            from tui.model_setup import ask

            await ask(app, command, said="There is no model yet; the agent starts with one.")
        else:
            await _create(app, command, empty=empty)

    empty = not app.cockpit.prompt.text
    model = in_use(app.state.setup) or "none chosen yet" if app.known else ""
    profiles = profile_files(app.paths.profiles).now()
    await app.push_screen(NewAgentScreen(directory(app), model=model, profiles=profiles), create)


@beside
async def _create(app: TungstenApp, command: CreateAgent, *, empty: bool) -> None:
    await begin(app, command, empty=empty)
