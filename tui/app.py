"""The app: keeps in touch with the engine, and carries out what the person asks for.

Only what the first frame needs is imported with this module. The protocol, the connection and all
screens but the cockpit come after it has been painted.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.events import AppFocus, Key
from textual.worker import Worker, WorkerState

from tui.drawing.light_strip import make_strips_light
from tui.first_start import without_model
from tui.front_end import FrontEnd
from tui.keys import actions
from tui.keys.keyboard import let_alt_be_keys
from tui.loading import ENGINE, load
from tui.no_plugins import without_plugins
from tui.preferences import Preferences
from tui.surroundings.terminal_guard import TerminalGuard
from tui.terminal.connection import connection as pane_connection
from tui.terminal.driver import Driver
from tui.widgets.agent_list import AgentList
from tui.widgets.prompt import Prompt, When
from tungsten import program

if TYPE_CHECKING:
    from textual.events import Event
    from textual.message import Message

    from agent.engine.client import EngineClient
    from agent.paths import Paths
    from agent.protocol.agents import AgentSummary
    from agent.protocol.client_lines import Command
    from tui.connection import Connected, Connection, ConnectionFailed
    from tui.terminal.connection import TerminalsAnswer
    from tui.widgets.conversation import Conversation
    from tui.widgets.row_list import RowList


class TungstenApp(FrontEnd):
    """The full-screen app, one front end of the engine.

    Args:
        paths: Where the engine and this app's own state are.
        connect: Takes the place of `EngineClient.connect`.
        first: Makes a command to send as soon as the engine answers.
        now: The clock, seconds since the epoch.
        directory: Where agents start when the person names no other directory.
        preferences: What the settings say of the app.
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
        for action in actions.ACTIONS
        if action.keys and action.id in actions.EVERYWHERE
    ]

    def __init__(
        self,
        paths: Paths,
        *,
        connect: Callable[..., Awaitable[EngineClient]] | None = None,
        first: Callable[[], Command] | None = None,
        now: Callable[[], float] = time.time,
        directory: Path | None = None,
        preferences: Preferences | None = None,
    ) -> None:
        super().__init__(paths, now, directory or Path.cwd(), preferences or Preferences())
        let_alt_be_keys()
        make_strips_light()
        self.connection: Connection | None = None
        self._connect = connect
        self._first = first
        self._running_loop: asyncio.AbstractEventLoop | None = None
        self._guard = TerminalGuard()
        self.ready = asyncio.Event()
        """Set when the first state of the engine is on the screen."""
        self._silent = False
        """Whether the engine was last said to hang."""
        self._still = False
        """Whether the tmux server does not answer."""
        self._heard = asyncio.Event()
        """Set when the engine has answered, or cannot be had."""
        self.refused_keys = ""
        """What of the person's key map is not in force, in one line; told once."""

    # Start and end

    def get_driver_class(self) -> type[Driver]:
        """Read the terminal by a driver of our own."""
        return Driver

    def run(self, **options: Any) -> None:
        """Run in this process's terminal until the person quits."""
        from tui.surroundings.signals import leaving_on_signals
        from tui.surroundings.stderr_guard import guarded_stderr

        # Nothing is let go of before the first state is shown; looking for it costs a tenth.
        gc.disable()
        try:
            with (
                guarded_stderr(self.paths.data / "app.log"),
                leaving_on_signals(self._save_for_good, self._leave),
            ):
                return super().run(**options)
        finally:
            self._guard.end()
            gc.enable()

    def _save_for_good(self) -> None:
        if self.screen_stack:
            self.keep_draft()
        self.memory.save()

    def _leave(self, status: int) -> bool:
        """Close the app as quitting does, from a signal's handler; False before it has begun."""
        if self._running_loop is None:
            return False
        # In its turn: a handler may interrupt anything.
        self._running_loop.call_soon_threadsafe(self._quit, status)
        return True

    async def on_mount(self) -> None:
        """Paint first; everything else follows."""
        self._running_loop = asyncio.get_running_loop()
        # Back from the background, the terminal shows what others wrote meanwhile.
        self.app_suspend_signal.subscribe(self, lambda _: self._guard.tell(set_up=False))
        self.app_resume_signal.subscribe(self, self._resumed)
        await self._offer_models()
        self.call_after_refresh(self._after_first_frame)

    def _resumed(self, _app: object) -> None:
        self._guard.tell(set_up=True)
        self.screen.refresh(layout=True)

    def _continued(self) -> None:
        """Take back a terminal that others had while the app was stopped."""
        if self._driver is not None and self.return_code is None:
            self._driver.suspend_application_mode()
            self._driver.resume_application_mode()
            self.action_redraw()

    async def _offer_models(self) -> None:
        """Make the choice of a model the first thing there is, where nothing goes without one."""
        seen = self.memory.get("focused") or self.memory.get("pane")
        if seen or not without_model(self.paths, os.environ):
            return
        first = self._first() if self._first is not None else None
        # The demo brings its own.
        if first is None or first.type == "create_agent":
            from tui.model_setup import offer

            self.setup_offered = True
            await offer(self, first)

    async def _after_first_frame(self) -> None:
        await self.take_early_keys()
        if not self.is_headless:
            with contextlib.suppress(OSError):
                self._guard.begin(os.ttyname(0))
            if self._driver is not None:
                from tui.surroundings.signals import drawing_when_continued

                drawing_when_continued(self._driver, self._continued)
        self.run_worker(self._stay_connected(), group="engine", exit_on_error=False)

    async def _stay_connected(self) -> None:
        await self.open_remembered_pane()
        without_plugins()
        await load(ENGINE, self.give_way)
        from tui.connection import Connection

        self.connection = Connection(self, self.paths, self._connect)
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
        self._quit(0)

    def action_help_quit(self) -> None:
        """Say how the app is closed, where Ctrl+C has nothing to copy or to empty."""
        self.say(f"{actions.shown('app.quit')} closes the app; agents keep working")

    def _quit(self, status: int) -> None:
        if self.return_code is not None:
            # Once more, while it closes: the screens may be gone by now.
            return
        if self.screen_stack:
            self.keep_draft()
        self.save_now()
        self.exit(return_code=status, message=_farewell(self.agents))

    # The line to the engine

    async def engine_request(self, command: Command) -> dict[str, Any]:
        """Send a command and return its result.

        Raises:
            AgentError: it was refused or could not be sent; its text is one line for the person.
        """
        if not self.known:
            await self._heard.wait()
        if self.problem:
            from agent.errors import EngineGone

            raise EngineGone(
                f"There is no engine, so nothing was sent. {actions.shown('app.retry')} "
                "tries again to reach one"
            )
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

        if self.problem or self._silent:
            self.problem, self._silent = "", False
            self._hush()
            self.clear_notifications()
        self.may_decide = message.welcome.may_decide
        first = self._first() if self._first is not None else None
        self._first = None
        await reception.connected(self, message.welcome, first)
        self._say_still()
        self.ready.set()
        self._heard.set()
        if self.refused_keys:
            self.say(self.refused_keys, "warning")
            self.refused_keys = ""
        self.call_after_refresh(self._started)

    def send_first(self, command: Command) -> None:
        """Send what the app was opened for, and look at the agent it makes."""
        self.run_worker(self._send_first(command), exit_on_error=False)

    def _started(self) -> None:
        if not gc.isenabled():
            # What has been loaded stays: it need never be looked through again.
            gc.freeze()
            gc.enable()

    async def _send_first(self, command: Command) -> None:
        result = await self.engine_send(command)
        agents = result.get("agents") or [result.get("agent_id")]
        if isinstance(agents, list) and isinstance(agents[0], str):
            self.look_at(agents[0])

    def on_events_arrived(self) -> None:
        """Take over all that has arrived."""
        from tui import reception

        if self.connection is not None:
            reception.drain(self, self.connection.arrived)
        pane_connection(self).look(self)

    def read_transcript(self, agent_id: str, before: int | None = None) -> None:
        """Ask the engine for an agent's conversation, or for what came before a block."""
        from tui import reception

        self.transcript(agent_id).loading = True
        self.run_worker(reception.read_transcript(self, agent_id, before), exit_on_error=False)

    async def on_event(self, event: Event) -> None:
        """When the person does something, see whether what is shown is there still.

        While there is no engine, look for another one.
        """
        if isinstance(event, Key | AppFocus):
            if self.problem and self.connection is not None:
                self.connection.look()
            pane_connection(self).look(self)
        await super().on_event(event)

    def on_connection_lost(self) -> None:
        """Say that the engine died and comes back."""
        if self.screen_stack:
            self.cockpit.status.say("engine stopped; restarting…", problem=True)

    def on_engine_silent(self) -> None:
        """Say that the engine hangs, and the way out."""
        if self.screen_stack and not self.problem:
            self._silent = True
            self.cockpit.status.say(
                f"engine does not answer: `{program.command()} kill-engine` ends it", problem=True
            )
            self.say(
                "The engine does not answer. If it stays so, run `tungsten kill-engine` in another "
                "terminal: sessions, panes and what you typed are kept",
                "error",
            )

    def on_engine_answers(self) -> None:
        """Take back that it hangs."""
        if self._silent and self.screen_stack:
            self._silent = False
            self.cockpit.status.say("")
            self.say("The engine answers again.")
            self._say_still()

    def on_terminals_silent(self) -> None:
        """Say that the terminals stand still, and the way out."""
        self._still = True
        self._say_still()

    def on_terminals_answer(self, message: TerminalsAnswer) -> None:
        """Take back that they do."""
        self._still = False
        if self.screen_stack and not self.problem and not self._silent:
            self.cockpit.status.say("")
            if not message.ended:
                self.say("The terminals answer again.")

    def _say_still(self) -> None:
        # Without an engine, that is what is said.
        if self._still and self.screen_stack and not self.problem and not self._silent:
            self.cockpit.status.say("terminals stand still: tmux does not answer", problem=True)
            self.say(
                "The terminals stand still: their tmux does not answer. If it stays so, "
                f"`{program.command()} kill-engine --panes` ends it; sessions are kept",
                "error",
            )

    def on_connection_failed(self, message: ConnectionFailed) -> None:
        """Stop, say why, and offer the way out."""
        self._started()
        self.fail(message.text)

    def fail(self, text: str) -> None:
        """Show that there is no engine, and the keys that lead on."""
        self._started()
        self.problem = text
        self._heard.set()
        if not self.screen_stack:
            return
        if self.setup_offered and not self.known:
            from tui.model_setup import withdraw

            # Why there is no engine must be seen; it is offered again when there is one.
            self.setup_offered = False
            withdraw(self)
        if self.known:
            from tui import reception

            reception.withdraw(self)
        self.cockpit.status.say("no engine", problem=True)
        self.show_all()
        if self.screen is not self.cockpit:
            self.say(f"No engine: {actions.shown('app.retry')} tries again. {text}", "error")

    def action_retry(self) -> None:
        """Try to reach the engine again."""
        if self.problem and self.connection is not None:
            self.problem = ""
            self._heard.clear()
            self.cockpit.status.say("connecting…")
            self.connection.try_again()
            self.show_all()

    # The prompt

    async def on_prompt_submitted(self, message: Prompt.Submitted) -> None:
        """Do what the prompt says, without keeping the keyboard waiting for the engine."""
        text = message.text
        # A command is done here and now, and is nothing to come back to.
        if text.startswith("/") and not text.startswith("//"):
            work = self._submit(text, message.when, message.agent_id)
            self.run_worker(work, group="prompt", exit_on_error=False)
            return
        number = self.memory.sent(message.agent_id, text)
        # With the draft that it was until now, so that it is never there twice.
        self.keep_draft()
        self.save_now()
        work = self._submit_kept(text, message.when, number, message.agent_id)
        self.run_worker(work, group="prompt", exit_on_error=False)

    async def _submit_kept(self, text: str, when: When, number: int, agent_id: str) -> None:
        # Cancelled, as by the end of the app, it stays kept: nobody knows what became of it.
        await self._submit(text, when, agent_id)
        self.memory.answered(number)
        self.keep_draft()
        self.save_soon()

    async def _submit(self, text: str, when: When, agent_id: str) -> None:
        if not self.known and not self.problem:
            # Before the engine has answered, nobody knows which agent is meant.
            self.say("Waiting for the engine; then this is sent.")
            await self.ready.wait()
            self.cockpit.footer.hush()
        from tui import requests

        await requests.submit(self, text, when, agent_id)

    async def on_prompt_hasten(self, message: Prompt.Hasten) -> None:
        """Have the focused agent hear sooner what is queued."""
        from tui import requests

        await requests.hasten(self, message.when)

    async def on_prompt_unqueue(self) -> None:
        """Put the queued prompts back into the prompt."""
        from tui import requests

        await requests.unqueue(self)

    def on_prompt_scroll(self, message: Prompt.Scroll) -> None:
        """Page through the conversation while writing."""
        self.cockpit.conversation.action_page(message.pages)

    async def on_prompt_menu_key(self, message: Prompt.MenuKey) -> None:
        """Move in the menu, or take its choice."""
        if self.cockpit.offers is not None:
            await self.cockpit.offers.key(
                message.key, message.text, message.completing, message.line
            )

    def on_row_list_picked(self, message: RowList.Picked) -> None:
        """Take a clicked row of the menu."""
        if self.cockpit.offers is not None:
            self.cockpit.offers.picked(message.row_id)

    # What happens in the cockpit

    def on_agent_list_chosen(self, message: AgentList.Chosen) -> None:
        """Look at the clicked agent."""
        self.look_at(message.agent_id)

    def on_conversation_search_wanted(self, message: Conversation.SearchWanted) -> None:
        """Have the engine look through all of the conversation."""
        self._look_through("find", message)

    def on_conversation_match_wanted(self, message: Conversation.MatchWanted) -> None:
        """Read back as far as a place that was found."""
        self._look_through("to_match", message)

    def on_conversation_prompt_wanted(self, message: Conversation.PromptWanted) -> None:
        """Read back as far as the prompt before."""
        self._look_through("to_prompt", message)

    def _look_through(self, name: str, message: Message) -> None:
        from tui.conversation import reading_back

        agent = self.focused_agent
        if agent is not None:
            work = getattr(reading_back, name)(self.cockpit.conversation, message, agent.id)
            self.run_worker(work, group="conversation", exit_on_error=False)

    def on_conversation_open_wanted(self, message: Conversation.OpenWanted) -> None:
        """Open what a block names."""
        from tui.conversation.opening import offer

        agent = self.focused_agent
        if agent is not None:
            work = offer(self, message.entry, agent.directory)
            self.run_worker(work, group="opening", exclusive=True, exit_on_error=False)

    def on_conversation_pictures_wanted(self, message: Conversation.PicturesWanted) -> None:
        """Show the pictures that a block names."""
        if (agent := self.focused_agent) is not None:
            work = self.cockpit.conversation.show_pictures(message.entry, agent.directory)
            self.run_worker(work, group="opening", exit_on_error=False)

    def on_block_view_top_reached(self) -> None:
        """Read what came before."""
        agent = self.focused_agent
        if agent is None:
            return
        transcript = self.transcript(agent.id)
        first = transcript.first_id
        if first is not None and first > 1 and not transcript.loading:
            self.read_transcript(agent.id, before=first)

    # Keys

    async def action_ask(self, name: str) -> None:
        """Carry out a function of `tui.requests`."""
        from tui import requests

        await getattr(requests, name)(self)


def _farewell(agents: Sequence[AgentSummary]) -> str | None:
    """Say what goes on without the app."""
    working = sum(agent.state == "working" for agent in agents)
    waiting = sum(agent.state == "waiting" for agent in agents)
    parts = []
    if working:
        parts.append(f"{working} {'agent keeps' if working == 1 else 'agents keep'} working")
    if waiting:
        parts.append(f"{waiting} {'waits' if waiting == 1 else 'wait'} for you")
    if not agents:
        return None
    if not parts:
        parts.append(f"{len(agents)} {'agent stays' if len(agents) == 1 else 'agents stay'}")
    said, command = ", ".join(parts), program.command()
    return f"{said}: `{command}` comes back, `{command} kill-engine` ends the engine."


def _was_shown(error: BaseException | None) -> bool:
    from agent.errors import AgentError

    return isinstance(error, AgentError)
