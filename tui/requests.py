"""What the person asks for: each function sends a command, or opens the screen that asks more."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from agent.budget_words import amount
from agent.errors import AgentError
from agent.protocol.agents import Mode
from agent.protocol.commands.agents import (
    ArchiveAgent,
    CreateAgent,
    RenameAgent,
    SetBudget,
    SetEffort,
    SetMode,
    SetPaused,
)
from agent.protocol.commands.engine import DreamNow, StartDemo, StopDemo
from agent.protocol.commands.gates import Answer, TrustDirectory
from agent.protocol.commands.panes import RecordPane, RunAsPerson
from agent.protocol.commands.prompts import COORDINATE, Compact, Interrupt, SendPrompt, Unqueue
from agent.protocol.usage import Budget
from tui import actions
from tui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from agent.protocol.agents import AgentSummary
    from agent.protocol.client_lines import Command
    from agent.recordings import Kept
    from tui.app import TungstenApp

P = ParamSpec("P")
Request = Callable[Concatenate["TungstenApp", P], Coroutine[Any, Any, None]]

MODES = (Mode.PLAN, Mode.CAREFUL, Mode.STANDARD)
"""From the strictest to the loosest."""

MEANING = {
    Mode.PLAN: "looks, changes nothing",
    Mode.CAREFUL: "asks before anything above LOW",
    Mode.STANDARD: "asks before HIGH",
}

AFTER_OVERLAY_SECONDS = 1.0
"""How soon an Esc may follow one that closed something, and still be one too many."""

AGAIN_SECONDS = 3.0
"""How long a second press counts as the answer to what the first one made the app say."""


def _beside(request: Request[P]) -> Request[P]:
    """Let a request wait for the engine beside the app, which goes on taking keys and painting."""

    async def begun(app: TungstenApp, /, *arguments: P.args, **options: P.kwargs) -> None:
        async def work() -> None:
            await request(app, *arguments, **options)

        app.run_worker(work(), group="requests", exit_on_error=False)

    functools.update_wrapper(begun, request)
    return begun


async def submit(app: TungstenApp, text: str) -> None:
    """Do what stood in the prompt; put it back when that can't be done."""
    prompt = app.cockpit.prompt
    coordinated = COORDINATE.match(text) is not None
    if not coordinated and _is_slash_command(text):
        await _slash(app, text.strip())
        return
    agent = app.focused_agent
    question = app.question
    command: Command
    if text.startswith("!"):
        line = text[1:].strip()
        if not line:
            return
        if agent is None:
            app.say("A shell command needs an agent's terminal: start an agent first", "warning")
            prompt.put_back(text)
            return
        command = RunAsPerson(agent_id=agent.id, command=line)
    elif question is not None and not coordinated:
        command = Answer(question_id=question.id, text=_option(text.strip(), question.options))
    elif _lacks_model(app, agent):
        from tui.model_setup import ask

        # It stays where it was written, and is sent by the person once there is a model.
        prompt.put_back(text)
        await ask(app, said="There is no model yet. What you wrote stays in the prompt.")
        return
    elif agent is None:
        command = CreateAgent(directory=str(app.directory), prompt=text)
    elif agent.kind == "command":
        app.say(f"{agent.name} is a program: {actions.label('ctrl+t')} types into it", "warning")
        prompt.put_back(text)
        return
    else:
        command = SendPrompt(agent_id=agent.id, text=text)
    if coordinated and _asks_demo_model(app, agent):
        app.say("The demo model cannot coordinate workers: /model chooses one that can", "warning")
        prompt.put_back(text)
        return
    app.cockpit.conversation.action_tail()
    result = await send(app, command)
    if result is None:
        prompt.put_back(text)
    elif isinstance(agent_id := result.get("agent_id"), str):
        app.look_at(agent_id)


def _is_slash_command(text: str) -> bool:
    return text.startswith("/") and not text.startswith("//") and "\n" not in text.strip()


def _lacks_model(app: TungstenApp, agent: AgentSummary | None) -> bool:
    """Say whether a prompt for this agent, or for a new one, would find no model."""
    without = app.known and app.state.setup.provider == "none"
    return without and (agent is None or (agent.kind == "model" and not agent.demo))


def _asks_demo_model(app: TungstenApp, agent: AgentSummary | None) -> bool:
    if agent is not None and (agent.demo or agent.kind != "model"):
        return agent.demo
    return app.known and app.state.setup.provider == "demo"


async def send(app: TungstenApp, command: Command) -> dict[str, Any] | None:
    """Send a command; None when it failed, which the person has then been told."""
    try:
        return await app.engine_send(command)
    except AgentError:
        return None


def _option(text: str, options: tuple[str, ...]) -> str:
    """Let a number stand for the option it numbers."""
    if text.isdecimal() and 1 <= int(text) <= len(options):
        return options[int(text) - 1]
    return text


async def _slash(app: TungstenApp, text: str) -> None:
    name, _, argument = text[1:].partition(" ")
    argument = argument.strip()
    action = actions.by_slash(name)
    if action is None:
        app.say(f"There is no /{name}: / alone lists all commands; // sends a slash", "warning")
        app.cockpit.prompt.put_back(text)
        return
    if argument:
        match action.id:
            case "agent.rename":
                await rename(app, argument)
                return
            case "agent.mode":
                await set_mode(app, argument)
                return
            case "agent.budget":
                await set_budget(app, argument)
                return
            case "app.memories":
                await set_memory_mode(app, argument)
                return
            case "app.remember":
                await remember_text(app, argument)
                return
            case "agent.effort":
                await set_effort(app, argument)
                return
            case _:
                pass
    elif action.id == "agent.mode":
        await show_modes(app)
        return
    await app.run_action(action.action, app.cockpit)


def _focused(app: TungstenApp) -> AgentSummary | None:
    agent = app.focused_agent
    if agent is None:
        app.say("There is no agent yet", "warning")
    return agent


@_beside
async def unqueue(app: TungstenApp) -> None:
    """Put the queued prompts back into the prompt."""
    agent = app.focused_agent
    if agent is not None:
        await _unqueue(app, agent)


async def _unqueue(app: TungstenApp, agent: AgentSummary) -> bool:
    result = await send(app, Unqueue(agent_id=agent.id))
    texts = result.get("texts") if result is not None else None
    if not isinstance(texts, list) or not texts:
        return False
    prompt = app.cockpit.prompt
    prompt.put_back("\n\n".join(map(str, texts)) + ("\n" if prompt.text else ""))
    return True


async def interrupt(app: TungstenApp) -> None:
    """Interrupt the focused agent's turn; from another area, go back to the prompt first."""
    prompt = app.cockpit.prompt
    if app.cockpit.focused is not prompt:
        app.cockpit.set_focus(prompt)
        return
    agent = app.focused_agent
    own = agent is not None and app.transcript(agent.id).runs_own_command()
    if agent is not None and (own or agent.state in {"working", "waiting"}):
        if not _one_escape_too_many(app, agent):
            await _interrupt(app, agent)
    elif prompt.text:
        app.say(f"{actions.label('ctrl+c')} empties the prompt")


def _one_escape_too_many(app: TungstenApp, agent: AgentSummary) -> bool:
    """Whether an Esc is rather for something else; what another one does is said then.

    Esc also puts off and closes. One that was pressed for what has just gone must not end a turn,
    nor one for a gate that waits, which would be withdrawn.
    """
    key, at = app.last_key
    if key != "escape":
        return False
    asked, asked_at = app.interrupt_asked
    app.interrupt_asked = ("", asked_at)
    if asked == agent.id and at - asked_at <= AGAIN_SECONDS:
        return False
    waits = any(gate.agent_id == agent.id for gate in app.state.gates)
    if not waits and at - app.escaped_overlay_at > AFTER_OVERLAY_SECONDS:
        return False
    app.interrupt_asked = (agent.id, at)
    also = ", and what waits for your decision is withdrawn" if waits else ""
    app.say(f"Esc again interrupts {agent.name}{also}")
    return True


@_beside
async def _interrupt(app: TungstenApp, agent: AgentSummary) -> None:
    if await send(app, Interrupt(agent_id=agent.id)) is None:
        return
    now = app.focused_agent
    back = now is not None and now.id == agent.id and now.queued and await _unqueue(app, now)
    app.say(f"{agent.name}: interrupted" + (", the queue is back in the prompt" if back else ""))


async def begin_rename(app: TungstenApp) -> None:
    """Ask for another name for the focused agent."""
    agent = _focused(app)
    if agent is None:
        return
    from tui.screens.confirm import RenameScreen

    async def answered(name: str | None) -> None:
        if name is not None:
            await _rename(app, agent, name)

    await app.push_screen(RenameScreen(agent.name), answered)


async def rename(app: TungstenApp, name: str) -> None:
    """Give the focused agent another name."""
    agent = _focused(app)
    if agent is not None:
        await _rename(app, agent, name)


@_beside
async def _rename(app: TungstenApp, agent: AgentSummary, name: str) -> None:
    await send(app, RenameAgent(agent_id=agent.id, name=name))


async def next_mode(app: TungstenApp) -> None:
    """Go on to the next mode; to one in which more runs without the person, at a second press."""
    agent = _focused(app)
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
    key = actions.label(actions.by_id("agent.mode").keys[0])
    app.say(f"{key} again: {agent.name} goes on in {following} ({MEANING[following]})", "warning")


async def show_modes(app: TungstenApp) -> None:
    """Say which modes there are, and how to change to another."""
    agent = _focused(app)
    if agent is None:
        return
    others = " · ".join(f"{mode}: {MEANING[mode]}" for mode in MODES)
    app.say(f"{agent.name} is in {agent.mode}. Type /mode and one of: {others}")


@_beside
async def set_mode(app: TungstenApp, name: str) -> None:
    """Change how much the focused agent may do without the person."""
    agent = _focused(app)
    if agent is None:
        return
    if name not in set(MODES):
        app.say(f"There is no mode {name}: plan, careful or standard", "warning")
        return
    mode = Mode(name)
    if await send(app, SetMode(agent_id=agent.id, mode=mode)) is not None:
        app.say(f"{agent.name}: {mode} ({MEANING[mode]})")


LIMITS = ("dollars", "requests", "tokens", "minutes")
"""What a budget can limit."""


def said(budget: Budget) -> str:
    """Say what an agent may use."""
    values = [(name, getattr(budget, name)) for name in LIMITS]
    limits = [amount(name, value) for name, value in values if value is not None]
    return f"may use {', '.join(limits)} in all" if limits else "no budget of its own"


async def budget(app: TungstenApp) -> None:
    """Say what the focused agent may use, and how to change it."""
    agent = _focused(app)
    if agent is None:
        return
    app.say(
        f"{agent.name}: {said(agent.budget)}. Type /budget and for instance: dollars 5 · tokens off"
    )


async def set_budget(app: TungstenApp, text: str) -> None:
    """Change the focused agent's budget: `dollars 5 requests 100`, `dollars off`, `off`."""
    agent = _focused(app)
    if agent is None:
        return
    limits = agent.budget.model_dump()
    words = text.replace("$", " ").replace(",", "").lower().split()
    if words == ["off"]:
        words = [word for name in LIMITS for word in (name, "off")]
    try:
        for name, value in zip(words[::2], words[1::2], strict=True):
            if name not in LIMITS:
                raise ValueError(name)
            limits[name] = None if value == "off" else float(value)
        wanted = Budget.model_validate(limits)
    except ValueError:
        app.say(f"Not a budget: say {', '.join(LIMITS)} and a number, or off", "warning")
        app.cockpit.prompt.put_back(f"/budget {text}")
        return
    await _set_budget(app, agent, wanted)


@_beside
async def _set_budget(app: TungstenApp, agent: AgentSummary, wanted: Budget) -> None:
    result = await send(app, SetBudget(agent_id=agent.id, budget=wanted))
    if result is None:
        return
    if spent := str(result.get("spent", "")):
        app.say(f"{agent.name}: {said(wanted)}. {spent}", "warning")
        return
    goes_on = "; tell it what to go on with" if agent.over_budget else ""
    app.say(f"{agent.name}: {said(wanted)}{goes_on}")


EFFORTS = ("low", "medium", "high", "xhigh", "max")
"""From least to most."""


async def effort(app: TungstenApp) -> None:
    """Say how much trouble the focused agent takes, and let the person name another level."""
    agent = _focused(app)
    if agent is None:
        return
    now = f"takes effort {agent.effort}" if agent.effort else "takes its model's own effort"
    app.say(f"{agent.name} {now}. Type /effort and one of: {' · '.join(EFFORTS)}")


@_beside
async def set_effort(app: TungstenApp, text: str) -> None:
    """Change how much trouble the focused agent takes."""
    agent = _focused(app)
    if agent is None:
        return
    level = next((each for each in EFFORTS if each == text.lower()), None)
    if level is None:
        app.say(f"There is no effort {text}: {', '.join(EFFORTS)}", "warning")
        app.cockpit.prompt.put_back(f"/effort {text}")
        return
    command = SetEffort.model_validate({"agent_id": agent.id, "level": level})
    if (result := await send(app, command)) is not None:
        app.say(f"{agent.name}: {result.get('told')}")


async def coordinate(app: TungstenApp) -> None:
    """Say what the command takes, and let the person write the task."""
    app.say("Type /coordinate and the task: the agent splits it among workers")
    if not app.cockpit.prompt.text:
        app.cockpit.prompt.begin("/coordinate ")


async def stop_agent(app: TungstenApp) -> None:
    """Stop the focused agent, and say when it has really stopped."""
    agent = _focused(app)
    if agent is None:
        return
    from tui.screens.stop_agent import StopAgentScreen

    def answered(stopped: bool | None) -> None:
        if stopped:
            app.say(f"{agent.name} has stopped")

    workers = sum(1 for other in app.agents if other.parent == agent.id)
    await app.push_screen(StopAgentScreen(agent, workers), answered)


@_beside
async def compact(app: TungstenApp) -> None:
    """Have the focused agent go on from a summary of its conversation."""
    agent = _focused(app)
    if agent is None:
        return
    if await send(app, Compact(agent_id=agent.id)) is not None and agent.state == "working":
        app.say(f"{agent.name}: compacts before its next step")


async def archive_agent(app: TungstenApp) -> None:
    """Take the focused agent off the list."""
    agent = _focused(app)
    if agent is None:
        return
    from tui.screens.confirm import ConfirmScreen

    async def archive() -> str:
        try:
            await app.engine_request(ArchiveAgent(agent_id=agent.id))
        except AgentError as error:
            return str(error)
        return ""

    def answered(done: bool | None) -> None:
        if done:
            app.say(f"{agent.name} is archived; {actions.label('ctrl+r')} finds it again")

    has_workers = any(other.parent == agent.id for other in app.agents)
    workers = ", and its workers with it" if has_workers else ""
    screen = ConfirmScreen(
        f"Archive {agent.name}?",
        f"This ends its turn and its terminals, and takes it off the list{workers}. "
        "The session stays; ^R resumes it.",
        verb="archive it",
        during="Stopping: waiting until its processes are gone …",
        perform=archive,
    )
    await app.push_screen(screen, answered)


@_beside
async def pause_all(app: TungstenApp) -> None:
    """Hold every agent before its next step, or let them go."""
    if app.known:
        pause = not app.state.paused
        if await send(app, SetPaused(paused=pause)) is not None:
            key = actions.label(actions.by_id("agents.pause").keys[0])
            held = f"Every agent holds before its next step; {key} lets them go on"
            app.say(held if pause else "The agents go on")


@_beside
async def trust(app: TungstenApp) -> None:
    """Trust the focused agent's directory."""
    agent = _focused(app)
    if agent is not None:
        command = TrustDirectory(directory=agent.directory, trusted=True)
        if await send(app, command) is not None:
            # Plan is left by the person alone: `Agents.trust_directory`.
            if agent.mode is Mode.PLAN:
                said = f"agents there go on in standard, new ones too; {agent.name} stays in plan"
            else:
                said = f"{agent.name} and other agents there go on in standard, new ones too"
            app.say(f"{agent.directory} is trusted: {said}")


@_beside
async def untrust(app: TungstenApp) -> None:
    """Trust the focused agent's directory no longer."""
    agent = _focused(app)
    if agent is not None:
        command = TrustDirectory(directory=agent.directory, trusted=False)
        if await send(app, command) is not None:
            app.say(f"{agent.directory} is trusted no longer: tungsten trust lists what still is")


async def change_theme(app: TungstenApp) -> None:
    """Change between the dark and the light theme, and remember which."""
    app.theme = LIGHT.name if app.theme == DARK.name else DARK.name
    app.memory.set("theme", app.theme)
    app.save_soon()
    app.show_all()


@_beside
async def demo(app: TungstenApp) -> None:
    """Run the demo and look at its first agent."""
    result = await send(app, StartDemo())
    agents = result.get("agents") if result is not None else None
    if isinstance(agents, list) and agents:
        app.look_at(str(agents[0]))


@_beside
async def stop_demo(app: TungstenApp) -> None:
    """End the demo."""
    runs = any(agent.demo for agent in app.agents)
    if await send(app, StopDemo()) is not None and not runs:
        app.say("No demo runs: /demo starts one")


@_beside
async def dream(app: TungstenApp) -> None:
    """Dream now, whatever the gates say."""
    if await send(app, DreamNow()) is not None:
        app.say("AutoDream puts memories in order; agents go on meanwhile")


@_beside
async def set_memory_mode(app: TungstenApp, name: str) -> None:
    """Change how much is remembered."""
    from agent.protocol.memory import MEANING, SetMemoryMode, asking

    mode = next((mode for mode in MEANING if mode == name.removesuffix(" only")), None)
    if mode is None:
        app.say(f"There is no mode {name} of memory: {', '.join(MEANING)}", "warning")
    elif await send(app, asking(SetMemoryMode(mode=mode))) is not None:
        app.say(f"Memory is {name}: {MEANING[mode]}")


async def remember(app: TungstenApp) -> None:
    """Let the person write what is to be remembered."""
    app.say("Type /remember and one fact, clear by itself: agents here are told it")
    if not app.cockpit.prompt.text:
        app.cockpit.prompt.begin("/remember ")


@_beside
async def remember_text(app: TungstenApp, text: str) -> None:
    """Remember what the person says, for the project at hand; a refused text stays."""
    from agent.protocol.memory import AddMemory, asking

    if await send(app, asking(AddMemory(text=text, directory=_directory(app)))) is None:
        if not app.cockpit.prompt.text:
            app.cockpit.prompt.put_back(f"/remember {text}")
        return
    key = actions.label(actions.by_id("app.memories").keys[0])
    app.say(f"Remembered for this project; {key} shows what is")


async def take_keyboard(app: TungstenApp) -> None:
    """Give the keyboard to the pane; make it visible first."""
    cockpit = app.cockpit
    view = cockpit.terminal.view
    if view is None or cockpit.terminal.pane is None or not app.known:
        app.say("There is no terminal yet: it opens with the first command", "warning")
        return
    if cockpit.arrangement.terminal is None:
        cockpit.reveal_terminal(for_keys=True)
        app.show_agents()
        app.call_after_refresh(view.take_keyboard_soon)
    else:
        view.take_keyboard_soon()


async def attach(app: TungstenApp) -> None:
    """Suspend the app and attach real tmux to the pane."""
    pane = app.cockpit.terminal.pane
    if pane is None or not app.known:
        app.say("There is no terminal yet: it opens with the first command", "warning")
        return
    from tui.terminal.attach import AttachFailed
    from tui.terminal.attach import attach as attach_pane

    try:
        attach_pane(app, app.state.engine.tmux_socket, pane.pane_id)
    except AttachFailed as error:
        app.say(str(error), "error")
    app.action_redraw()


async def record(app: TungstenApp) -> None:
    """Record the pane that is shown, or end its recording."""
    agent, pane = app.focused_agent, app.cockpit.terminal.pane
    if agent is None or pane is None or not app.known:
        app.say("There is no terminal yet: it opens with the first command", "warning")
        return
    await _record(app, agent, pane.pane_id, on=not pane.recording)


@_beside
async def _record(app: TungstenApp, agent: AgentSummary, pane_id: str, *, on: bool) -> None:
    command = RecordPane(agent_id=agent.id, pane_id=pane_id, on=on)
    if await send(app, command) is None:
        return
    key = actions.label(actions.by_id("pane.recordings").keys[0])
    begun = f"{pane_id} is recorded from now on; /record ends that"
    app.say(begun if on else f"{pane_id} is no longer recorded; {key} plays what was")


# Screens ----------------------------------------------------------------------------------------


async def help_screen(app: TungstenApp) -> None:
    """Show every key and command, and at a second press no longer."""
    from tui.screens.help import HelpScreen

    if isinstance(app.screen, HelpScreen):
        app.screen.dismiss(None)
    else:
        await app.push_screen(HelpScreen(getattr(app.screen, "KEYS", "")))


async def palette(app: TungstenApp) -> None:
    """Find an action or an agent by name; at a second press no longer."""
    from tui.palette import PaletteScreen

    if isinstance(app.screen, PaletteScreen):
        app.screen.dismiss(None)
    elif app.screen is app.cockpit:
        await app.push_screen(PaletteScreen(app.agents), lambda found: _found(app, found))


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

    if isinstance(app.screen, Inbox):
        app.screen.dismiss(None)
    elif not any(isinstance(screen, Inbox) for screen in app.screen_stack):
        await app.push_screen(Inbox(clock=app.now), chosen)


async def new_agent(app: TungstenApp) -> None:
    """Ask for a new agent's name, directory and model, and start it."""
    from tui.model_setup import in_use
    from tui.screens.new_agent import NewAgentScreen

    async def create(command: CreateAgent | None) -> None:
        if command is None:
            return
        if command.kind == "model" and not command.command and _lacks_model(app, None):
            from tui.model_setup import ask

            await ask(app, command, said="There is no model yet; the agent starts with one.")
        else:
            await _create(app, command)

    model = in_use(app.state.setup) or "none chosen yet" if app.known else ""
    await app.push_screen(NewAgentScreen(_directory(app), model=model), create)


def _directory(app: TungstenApp) -> str:
    """Where the person is at work: the focused agent's directory, unless that is the demo's."""
    agent = app.focused_agent
    return str(app.directory) if agent is None or agent.demo else agent.directory


@_beside
async def _create(app: TungstenApp, command: CreateAgent) -> None:
    result = await send(app, command)
    if result is not None and isinstance(agent_id := result.get("agent_id"), str):
        app.look_at(agent_id)


async def sessions(app: TungstenApp) -> None:
    """Show sessions of all time, and look at the chosen one."""
    from tui.screens.sessions import SessionsScreen

    def chosen(agent_id: str | None) -> None:
        if agent_id is not None:
            app.look_at(agent_id)

    await app.push_screen(SessionsScreen(clock=app.now), chosen)


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


async def usage(app: TungstenApp) -> None:
    """Show what was used."""
    from tui.screens.usage import UsageScreen

    if app.screen is app.cockpit:
        await app.push_screen(UsageScreen())


async def instructions(app: TungstenApp) -> None:
    """Show which instruction files the focused agent is told."""
    from tui.screens.instructions import InstructionsScreen

    agent = _focused(app)
    if agent is None:
        return
    if agent.kind == "command":
        app.say(f"{agent.name} is a program: it reads its own instructions", "warning")
    elif app.screen is app.cockpit:
        await app.push_screen(InstructionsScreen(agent))


async def own_panes(app: TungstenApp) -> None:
    """Show the panes of the person's own tmux servers."""
    if app.screen is app.cockpit and app.known:
        from tui.screens.own_panes import OwnPanesScreen

        await app.push_screen(
            OwnPanesScreen(app.focused_agent, own_pane=os.environ.get("TMUX_PANE", ""))
        )


async def memories(app: TungstenApp) -> None:
    """Show what agents remember."""
    if app.screen is not app.cockpit or not app.known:
        return
    from tui.screens.memories import MemoriesScreen

    def chosen(agent_id: str | None) -> None:
        if agent_id is not None:
            app.look_at(agent_id)

    await app.push_screen(MemoriesScreen(_directory(app), clock=app.now), chosen)


async def dreams(app: TungstenApp) -> None:
    """Show what dreams did."""
    if app.screen is app.cockpit and app.known:
        from tui.screens.dreams import DreamsScreen

        await app.push_screen(DreamsScreen(clock=app.now))


async def setup(app: TungstenApp) -> None:
    """Choose the model."""
    from tui.model_setup import ask

    await ask(app)
