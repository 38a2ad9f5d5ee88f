"""The app: holds what the engine says, shows it, and carries out what the person asks for.

Only what the first frame needs is imported with this module. The protocol, the connection and all
screens but the cockpit come after it has been painted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from tui import actions
from tui.arrangement import Choices
from tui.drafts import InterfaceState, draft_key
from tui.gate.keyboard import KeyboardApp
from tui.screens.cockpit import CockpitScreen
from tui.theme import DARK, LIGHT
from tui.transcript import Transcript
from tui.widgets.agent_list import AgentList
from tui.widgets.conversation import Conversation, Empty
from tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from textual.events import AppBlur, AppFocus, Event
    from textual.timer import Timer

    from agent.client import EngineClient
    from agent.paths import Paths
    from agent.protocol import AgentSummary, Command, Question, Snapshot
    from tui.connection import Connected, Connection, ConnectionFailed
    from tui.gate.dialog import GateDialog
    from tui.widgets.command_menu import CommandMenu

SAVE_DELAY = 0.2
"""Seconds between the last change of a draft and its way to the disk."""

MESSAGE_SECONDS = {"information": 5.0, "warning": 10.0, "error": 30.0}
"""How long the footer says something, at most; errors go with the next key after a moment."""

READ_SECONDS = 1.5
"""Keys pressed sooner don't take a message away: it may have appeared under flying fingers."""


class TungstenApp(KeyboardApp[None]):
    """The full-screen app, one front end of the engine.

    Args:
        paths: Where the engine and this app's own state are.
        connect: Takes the place of `EngineClient.connect`.
        first: Makes a command to send as soon as the engine answers.
        now: The clock, seconds since the epoch.
        directory: Where agents start when the person names no other directory.
    """

    CSS_PATH = "app.tcss"
    TITLE = "Tungsten"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            ",".join(action.keys),
            action.action,
            action.description,
            show=False,
            priority=True,
            id=action.id,
        )
        for action in map(
            actions.by_id, ("app.quit", "app.help", "app.palette", "gate.inbox", "app.retry")
        )
    ]

    def __init__(
        self,
        paths: Paths,
        *,
        connect: Callable[..., Awaitable[EngineClient]] | None = None,
        first: Callable[[], Command] | None = None,
        now: Callable[[], float] = time.time,
        directory: Path | None = None,
    ) -> None:
        super().__init__()
        self.paths = paths
        self.now = now
        self.directory = directory or Path.cwd()
        self.state: Snapshot | None = None
        self.may_decide = True
        self.transcripts: dict[str, Transcript] = {}
        self.memory = InterfaceState(paths.interface_state)
        self.focused_id: str = str(self.memory.get("focused", ""))
        self.problem = ""
        self.gates: GateDialog | None = None
        self.connection: Connection | None = None
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name
        self._connect = connect
        self._first = first
        self._pane_index: dict[str, int] = {}
        self._saving: Timer | None = None
        self._hushing: Timer | None = None
        self._ticking: Timer | None = None
        self._said_at = 0.0
        self.ready = asyncio.Event()
        """Set when the first state of the engine is on the screen."""

    def get_default_screen(self) -> Screen[Any]:
        """The cockpit is the first thing there is."""
        return CockpitScreen()

    @property
    def cockpit(self) -> CockpitScreen:
        """The cockpit, whatever screen lies over it."""
        screen = self.screen_stack[0]
        assert isinstance(screen, CockpitScreen)
        return screen

    # Start and end

    def run(self, **options: Any) -> None:
        """Run in this process's terminal until the person quits."""
        from tui.stderr_guard import guarded_stderr

        with guarded_stderr(self.paths.data / "app.log"):
            super().run(**options)

    def on_mount(self) -> None:
        """Paint first; everything else follows."""
        self.call_after_refresh(self._after_first_frame)

    def _after_first_frame(self) -> None:
        self.run_worker(self._stay_connected(), group="engine", exit_on_error=False)

    async def _stay_connected(self) -> None:
        # In a thread: importing must not keep a typed key from the screen.
        module = await asyncio.to_thread(_import_the_rest)
        self.connection = module(self, self.paths, self._connect)
        await self.connection.run()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Say what went wrong in the background instead of ending the app for it."""
        if event.state is not WorkerState.ERROR:
            return
        error = event.worker.error
        if event.worker.group == "engine":
            self.fail(f"The connection to the engine broke: {error}")
        elif not _was_shown(error):
            self.say(f"That went wrong: {type(error).__name__}: {error}", "error")

    async def action_quit(self) -> None:
        """Close the app; agents keep working in the engine."""
        self.keep_draft()
        self.save_now()
        self.exit(message=_farewell(self.agents))

    # The line to the engine

    async def engine_request(self, command: Command) -> dict[str, Any]:
        """Send a command and return its result.

        Raises:
            AgentError: it was refused or could not be sent; its text is one line for the person.
        """
        if self.connection is None:
            from agent.errors import EngineGone

            raise EngineGone("The engine is not there yet; nothing was sent. Try again in a moment")
        return await self.connection.send(command)

    async def engine_send(self, command: Command) -> dict[str, Any]:
        """As `engine_request`, and show the error before raising it."""
        from agent.errors import AgentError

        try:
            return await self.engine_request(command)
        except AgentError as error:
            if self.screen is self.cockpit:
                # Dialogs show it in their own line.
                self.say(str(error), "error")
            raise

    async def on_connected(self, message: Connected) -> None:
        """Show the engine's state; after a break that was caught up, what is shown still holds."""
        from tui import reception

        self.problem = ""
        self.may_decide = message.welcome.may_decide
        await reception.connected(self, message.welcome)
        if self._first is not None:
            first, self._first = self._first, None
            self.run_worker(self._send_first(first()), exit_on_error=False)
        self.ready.set()

    async def _send_first(self, command: Command) -> None:
        result = await self.engine_send(command)
        agent_id = result.get("agent_id")
        if isinstance(agent_id, str):
            self.look_at(agent_id)

    def on_events_arrived(self) -> None:
        """Take over all that has arrived."""
        from tui import reception

        if self.connection is not None:
            reception.drain(self, self.connection.arrived)

    def on_connection_lost(self) -> None:
        """Say that the engine died and comes back."""
        if self.screen_stack:
            self.cockpit.status.say("engine stopped; restarting…", problem=True)

    def on_connection_failed(self, message: ConnectionFailed) -> None:
        """Stop, say why, and offer the way out."""
        self.fail(message.text)

    def fail(self, text: str) -> None:
        """Show that there is no engine, and the keys that lead on."""
        self.problem = text
        if not self.screen_stack:
            return
        self.cockpit.status.say("no engine", problem=True)
        self.show_all()

    def action_retry(self) -> None:
        """Try to reach the engine again."""
        if self.problem and self.connection is not None:
            self.problem = ""
            self.cockpit.status.say("connecting…")
            self.connection.try_again()
            self.show_all()

    # What is shown

    @property
    def agents(self) -> tuple[AgentSummary, ...]:
        """Agents on the list, in its order."""
        state = self.state
        if state is None:
            return ()
        return tuple(agent for agent in state.agents if not agent.archived)

    @property
    def focused_agent(self) -> AgentSummary | None:
        """The agent whose conversation is shown."""
        agents = self.agents
        return next((a for a in agents if a.id == self.focused_id), agents[0] if agents else None)

    @property
    def question(self) -> Question | None:
        """What the focused agent asks."""
        agent, state = self.focused_agent, self.state
        if agent is None or state is None:
            return None
        return next((asked for asked in state.questions if asked.agent_id == agent.id), None)

    def show_all(self) -> None:
        """Show everything anew."""
        self.show_agents()
        self.show_conversation()
        state = self.state
        if state is not None:
            self.cockpit.dream.show(state.dream)
            self.sync_gates()

    def show_agents(self) -> None:
        """Show the list, the status line, the terminal and the prompt's label anew."""
        cockpit, state, agent = self.cockpit, self.state, self.focused_agent
        if state is None:
            return
        cockpit.agents.show(self.agents, agent.id if agent is not None else "", self.now())
        cockpit.status.show(state, agent)
        cockpit.show_agent(agent, self.question)
        panes = agent.panes if agent is not None else ()
        if panes and agent is not None:
            index = self._pane_index.get(agent.id, len(panes) - 1) % len(panes)
            position = f"{index + 1} of {len(panes)}" if len(panes) > 1 else ""
            cockpit.terminal.show(panes[index], position)
        else:
            cockpit.terminal.show(None)
        cockpit.footer.redraw()
        self._tick()

    def show_conversation(self) -> None:
        """Show the focused agent's conversation."""
        view = self.cockpit.conversation
        agent = self.focused_agent
        if self.problem:
            keys = ((actions.label("f5"), "try again"), (actions.label("ctrl+q"), "quit"))
            view.show(None, empty=Empty("No engine", (self.problem,), keys, problem=True))
        elif agent is not None:
            transcript = self.transcript(agent.id)
            view.show(transcript, empty=_nothing_said(agent), queued=agent.queued)
            if not transcript.loaded and not transcript.loading:
                self.read_transcript(agent.id)
        elif self.state is not None:
            view.show(None, empty=_no_agents(self.state))

    def transcript(self, agent_id: str) -> Transcript:
        """The conversation of an agent as far as it is here."""
        return self.transcripts.setdefault(agent_id, Transcript())

    def read_transcript(self, agent_id: str, before: int | None = None) -> None:
        """Ask the engine for an agent's conversation, or for what came before a block."""
        from tui import reception

        self.transcript(agent_id).loading = True
        self.run_worker(reception.read_transcript(self, agent_id, before), exit_on_error=False)

    def sync_gates(self) -> None:
        """Let dialog and inbox follow what waits."""
        if self.gates is not None:
            self.gates.sync()
        for screen in self.screen_stack[1:]:
            if callable(follow := getattr(screen, "sync", None)):
                follow()

    def _tick(self) -> None:
        """Draw ages anew just when one of them changes."""
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        delay = self.cockpit.agents.next_change()
        if delay is not None:
            self._ticking = self.set_timer(max(0.05, delay), self._age)

    def _age(self) -> None:
        if not self.screen_stack:
            return
        agent = self.focused_agent
        self.cockpit.agents.show(self.agents, agent.id if agent is not None else "", self.now())
        self._ticking = None
        self._tick()

    def look_at(self, agent_id: str) -> None:
        """Focus another agent; each keeps its own draft."""
        if agent_id == self.focused_id:
            return
        self.keep_draft()
        self.focused_id = agent_id
        self.memory.set("focused", agent_id)
        self.cockpit.prompt.put_draft(self.draft())
        self.cockpit.prompt.set_history(self.transcript(agent_id).prompts())
        self.save_soon()
        self.show_agents()
        self.show_conversation()

    # Saying something in the footer

    def say(
        self, text: str, level: Literal["information", "warning", "error"] = "information"
    ) -> None:
        """Show one line for a while."""
        if not self.screen_stack:
            return
        self._said_at = time.monotonic()
        self.cockpit.footer.say(text, level)
        if self.screen is not self.cockpit:
            super().notify(text, severity=level, markup=False)
        if self._hushing is not None:
            self._hushing.stop()
        self._hushing = self.set_timer(MESSAGE_SECONDS[level], self.cockpit.footer.hush)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: Literal["information", "warning", "error"] = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a notice the way the app shows all of them."""
        self.say(f"{title}: {message}" if title else message, severity)

    async def on_event(self, event: Event) -> None:
        """Let a message go with the key that follows it."""
        from textual.events import Key

        if (
            isinstance(event, Key)
            and not event.is_forwarded
            and self.screen_stack
            and time.monotonic() - self._said_at > READ_SECONDS
        ):
            self.cockpit.footer.hush()
        await super().on_event(event)

    # Drafts and layout

    def draft(self) -> Any:
        """The draft for the focused agent."""
        return self.memory.get(draft_key(self.focused_id))

    def keep_draft(self) -> None:
        """Remember what stands in the prompt."""
        self.memory.set(draft_key(self.focused_id), self.cockpit.prompt.draft())

    async def on_prompt_edited(self) -> None:
        """Keep the draft, and let the prompt grow."""
        self.keep_draft()
        self.save_soon()
        await self.cockpit.follow_prompt()

    def save_soon(self) -> None:
        """Write drafts and layout shortly."""
        if self._saving is None:
            self._saving = self.set_timer(SAVE_DELAY, self.save_now)

    def save_now(self) -> None:
        """Write drafts and layout."""
        self._saving = None
        try:
            self.memory.save()
        except OSError as error:
            self.say(f"The draft can't be kept: {error.strerror}: {error.filename}", "error")

    def remembered_choices(self) -> Choices:
        """Read the layout the person left."""
        kept = self.memory.get("layout")
        if not isinstance(kept, dict):
            return Choices()
        split = kept.get("split")
        alone = kept.get("alone")
        return Choices(
            split=min(0.8, max(0.2, split)) if isinstance(split, int | float) else 0.5,
            alone=alone if alone in {"conversation", "terminal"} else "",
            sidebar=kept.get("sidebar") is not False,
        )

    def remember_choices(self, choices: Choices) -> None:
        """Keep the layout."""
        kept = {"split": choices.split, "alone": choices.alone, "sidebar": choices.sidebar}
        self.memory.set("layout", kept)
        self.save_soon()
        self.cockpit.footer.redraw()

    # The prompt

    async def on_prompt_submitted(self, message: Prompt.Submitted) -> None:
        """Do what the prompt says."""
        from tui import requests

        await requests.submit(self, message.text)

    async def on_prompt_unqueue(self) -> None:
        """Put the queued prompts back into the prompt."""
        from tui import requests

        await requests.unqueue(self)

    def on_prompt_scroll(self, message: Prompt.Scroll) -> None:
        """Page through the conversation while writing."""
        self.cockpit.conversation.action_page(message.pages)

    async def on_prompt_menu_key(self, message: Prompt.MenuKey) -> None:
        """Move in the menu of commands, or take its choice."""
        menu = self.cockpit.menu
        if menu is None:
            return
        match message.key:
            case "up":
                menu.move(-1)
            case "down":
                menu.move(1)
            case "escape":
                self.cockpit.close_menu()
            case "tab" | "enter":
                await self._take_command(menu.chosen, run=message.key == "enter")
            case _:
                pass

    async def on_command_menu_picked(self, message: CommandMenu.Picked) -> None:
        """Take a clicked command."""
        await self._take_command(message.action, run=True)

    async def _take_command(self, chosen: actions.ActionKey | None, *, run: bool) -> None:
        from tui import requests

        if chosen is None:
            return
        if run and (not chosen.argument or self.cockpit.prompt.text == f"/{chosen.slash}"):
            self.cockpit.close_menu()
            await requests.submit(self, f"/{chosen.slash}")
        else:
            self.cockpit.prompt.put_draft(f"/{chosen.slash} ")

    # What happens in the cockpit

    def on_agent_list_chosen(self, message: AgentList.Chosen) -> None:
        """Look at the clicked agent."""
        self.look_at(message.agent_id)

    def on_conversation_top_reached(self) -> None:
        """Read what came before."""
        agent = self.focused_agent
        if agent is None:
            return
        transcript = self.transcript(agent.id)
        first = transcript.first_id
        if first is not None and first > 1 and not transcript.loading:
            self.read_transcript(agent.id, before=first)

    def on_conversation_fold_changed(self) -> None:
        """Nothing to keep yet: what is unfolded lives as long as the app."""

    def on_app_focus(self, event: AppFocus) -> None:
        """The terminal has the person's eyes again."""

    def on_app_blur(self, event: AppBlur) -> None:
        """From now on a bell says that someone waits."""

    # Keys: looking

    def action_next_agent(self) -> None:
        """Look at the next agent, around the end."""
        self._step_agent(1)

    def action_previous_agent(self) -> None:
        """Look at the agent before."""
        self._step_agent(-1)

    def _step_agent(self, step: int) -> None:
        agents, agent = self.agents, self.focused_agent
        if agent is not None:
            self.look_at(agents[(agents.index(agent) + step) % len(agents)].id)

    def action_choose_agent(self, number: int) -> None:
        """Look at agent 1 to 9."""
        if number <= len(self.agents):
            self.look_at(self.agents[number - 1].id)

    def action_next_waiting(self) -> None:
        """Look at the agent that has waited longest."""
        waiting = [agent for agent in self.agents if agent.state == "waiting"]
        if waiting:
            self.look_at(min(waiting, key=lambda agent: agent.since).id)
        else:
            self.say("Nobody waits for you.")

    def action_next_pane(self) -> None:
        """Show the focused agent's next pane."""
        agent = self.focused_agent
        if agent is not None and agent.panes:
            index = self._pane_index.get(agent.id, len(agent.panes) - 1)
            self._pane_index[agent.id] = (index + 1) % len(agent.panes)
            self.show_agents()

    def show_pane(self, agent_id: str, pane_id: str | None) -> None:
        """Look at one pane of an agent."""
        self.look_at(agent_id)
        agent = self.focused_agent
        if agent is not None:
            for index, pane in enumerate(agent.panes):
                if pane.pane_id == pane_id:
                    self._pane_index[agent.id] = index
            self.show_agents()

    def action_redraw(self) -> None:
        """Draw the whole screen anew."""
        self.refresh(repaint=True, layout=True)
        self.screen.refresh()

    async def action_ask(self, name: str) -> None:
        """Carry out a function of `tui.requests`."""
        from tui import requests

        await getattr(requests, name)(self)


def _import_the_rest() -> type[Connection]:
    from tui import reception, requests
    from tui.connection import Connection

    assert reception is not None
    assert requests is not None
    return Connection


def _farewell(agents: Sequence[AgentSummary]) -> str | None:
    """Say what goes on without the app."""
    working = sum(agent.state == "working" for agent in agents)
    waiting = sum(agent.state == "waiting" for agent in agents)
    parts = []
    if working:
        parts.append(f"{working} {'agent keeps' if working == 1 else 'agents keep'} working")
    if waiting:
        parts.append(f"{waiting} {'waits' if waiting == 1 else 'wait'} for you")
    return f"{', '.join(parts)}. `tungsten` comes back to them." if parts else None


def _was_shown(error: BaseException | None) -> bool:
    from agent.errors import AgentError

    return isinstance(error, AgentError)


def _nothing_said(agent: AgentSummary) -> Empty:
    if agent.kind == "command":
        return Empty(
            "A program in a pane",
            ("This agent has no model: it is the program on the right.",),
            ((actions.label("ctrl+t"), "type into it"),),
        )
    return Empty(
        f"{agent.name} is ready",
        ("Say what to do below. It works in a real terminal that you see here.",),
        (
            (actions.label("ctrl+n"), "start another agent"),
            ("!", "run a shell command of your own in its terminal"),
        ),
    )


def _no_agents(state: Snapshot) -> Empty:
    if state.setup.provider == "none":
        return Empty(
            "No model yet",
            ("Tungsten needs a model for its agents. A built-in demo model works offline.",),
            (("/model", "choose one"), ("/demo", "watch three agents at work")),
        )
    return Empty(
        "No agents yet",
        ("Say below what to do, and an agent starts on it in this directory.",),
        (
            (actions.label("ctrl+n"), "start an agent elsewhere, or any program"),
            (actions.label("ctrl+r"), "take up an old session"),
            ("/demo", "watch three agents at work"),
            (actions.label("f1"), "every key"),
        ),
    )


__all__ = ["Conversation", "TungstenApp"]
