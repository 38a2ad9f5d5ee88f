"""What the app shows: the engine's state, agents and conversations, drafts, and a line to say.

Knows nothing of how the state gets here; `tui.app` does.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from textual.css.query import NoMatches
from textual.reactive import Reactive
from textual.screen import Screen

from agent.agents.tree import in_tree
from tui.conversation import empty_states
from tui.conversation.transcript import Transcript
from tui.drawing.arrangement import Choices
from tui.gate.keyboard import KeyboardApp
from tui.keys import actions
from tui.loading import CONNECTION, PANE, load
from tui.prompt.drafts import InterfaceState, draft_key, layout_key
from tui.screens.cockpit import CockpitScreen
from tui.surroundings.attended import Attendance
from tui.themes import themes
from tui.themes.theme import DARK, DARK_PANES, LIGHT, LIGHT_PANES
from tui.unknown import nothing_known, remembered_pane

if TYPE_CHECKING:
    from textual.await_complete import AwaitComplete
    from textual.events import Event, Key, Paste
    from textual.message import Message
    from textual.timer import Timer

    from agent.paths import Paths
    from agent.protocol.agents import AgentSummary
    from agent.protocol.gates import Question
    from agent.protocol.snapshot import Snapshot
    from tui.gate.dialog import GateDialog
    from tui.preferences import Preferences
    from tui.surroundings.terminal_status import TerminalStatus
    from tui.terminal.pane_view import PaneView

SAVE_DELAY = 0.2
"""Seconds between the last change of a draft and its way to the disk."""

MESSAGE_SECONDS = {"information": 5.0, "warning": 10.0, "error": 30.0}
"""How long the footer says something, at most; errors go with the next key after a moment."""

READ_SECONDS = 1.5
"""Keys pressed sooner don't take a message away: it may have appeared under flying fingers."""

BREATH_SECONDS = 0.001
"""Pause between two pieces of what is loaded after the first frame."""

ECHO_SECONDS = 0.02
"""How long a key may take from the keyboard to the screen; nothing is loaded meanwhile."""


class FrontEnd(KeyboardApp[None]):
    """An app that shows one engine's state in a cockpit."""

    ansi_theme_dark = Reactive(DARK_PANES, init=False)
    ansi_theme_light = Reactive(LIGHT_PANES, init=False)

    def __init__(
        self,
        paths: Paths,
        now: Callable[[], float],
        directory: Path,
        preferences: Preferences,
    ) -> None:
        super().__init__()
        self.preferences = preferences
        self.paths = paths
        self.now = now
        self.directory = directory
        self.state: Snapshot = nothing_known(paths)
        self.known = False
        """Whether the engine has said what there is."""
        self.may_decide = True
        self.attendance = Attendance(os.environ)
        self.transcripts: dict[str, Transcript] = {}
        self.memory = InterfaceState(paths.interface_state)
        self.took_back = self.memory.take_back()
        """Whether drafts hold what was sent without an answer before the app ended."""
        self.took_edited = self.memory.take_edited()
        """Whether Up finds what stood in an editor when the app was killed."""
        self.focused_id: str = str(self.memory.get("focused", ""))
        self._place = 0
        """Where the focused agent stands in the list, or stood."""
        self.problem = ""
        self._said_over: tuple[str, Literal["information", "warning", "error"]] | None = None
        """What is said over a dialog, where the footer is not seen."""
        self.told_of_environment = ""
        """What was last said of an engine that was started with other variables."""
        self.setup_offered = False
        """Whether the person has been asked for a model without wanting to be."""
        self.terminal_status: TerminalStatus | Literal[False] | None = None
        """Tells the terminal what agents do; False where it does not want to know."""
        self.called: set[str] = set()
        """Agents that wait in their own terminal and for which the person was called."""
        self.gates: GateDialog | None = None
        self._opening = False
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        themes.wear(self, themes.chosen(self))
        if not preferences.animations:
            self.animation_level = "none"
        self._chosen_panes: dict[str, str] = {}
        """The pane that is shown of an agent, where the person chose one; else it is the newest."""
        self._saving: Timer | None = None
        self._hushing: Timer | None = None
        self._ticking: Timer | None = None
        self._said_at = 0.0
        self._typed_at = 0.0
        self._lent = (-math.inf, False)
        """From when to when another program last had the terminal, on the clock of events."""
        self.last_key = ("", 0.0)
        """The key pressed last and when, in seconds that never go backwards; a click is no key."""
        self.escaped_overlay_at = -math.inf
        """When Esc was last pressed for something that lay over the cockpit."""
        self.interrupt_asked = ("", -math.inf)
        """The agent about which was said that another Esc interrupts it, and when."""
        self.looser_asked = ("", -math.inf)
        """The agent and mode about which was said that another press sets it, and when."""
        self.key_waits = False
        """Whether a key was typed that has not been painted yet."""
        self._early: list[Event] | None = []
        """Keys and pastes from before the first frame; Textual would pass them over."""

    def get_default_screen(self) -> Screen[Any]:
        """The cockpit is the first thing there is."""
        return CockpitScreen()

    @property
    def cockpit(self) -> CockpitScreen:
        """The cockpit, whatever screen lies over it."""
        screen = self.screen_stack[0]
        assert isinstance(screen, CockpitScreen)
        return screen

    def pop_screen(self) -> AwaitComplete:
        """Leave the top screen; what was to happen after its next refresh happens after ours.

        Textual keeps the callbacks of `call_after_refresh`, whichever widget asks, with the screen
        on top, and forgets them when that screen goes (8.2, `MessagePump._on_invoke_later`). A
        conversation that changed under a closing dialog would never be drawn again.
        """
        leaving = self.screen
        left = super().pop_screen()
        # Textual has no public way to these.
        waiting, leaving._callbacks = leaving._callbacks, []  # noqa: SLF001
        for callback, sender in waiting:
            if sender is not leaving and leaving not in getattr(sender, "ancestors", ()):
                self.screen._invoke_later(callback, sender)  # noqa: SLF001
        if self._said_over is not None and self.screen is self.cockpit:
            self.clear_notifications()
            # What a screen says as it goes is put up by a message that is still on its way.
            self.call_later(self.clear_notifications)
            said, self._said_over = self._said_over, None
            self.say(*said)
        return left

    def _handle_exception(self, error: Exception) -> None:
        """Pass over a part that is not found while the app closes as it was told to.

        A screen that is opened meanwhile is given none (Textual 8.2, `Widget.mount_all`), and the
        app would end with an error that nobody made.
        """
        if not (self._exit and isinstance(error, NoMatches)):
            super()._handle_exception(error)

    async def _on_message(self, message: Message) -> None:
        """Pass over what our own widgets still say while the app closes: nothing shows it."""
        if self.screen_stack or not type(message).__module__.startswith("tui."):
            await super()._on_message(message)

    # What is shown

    @property
    def agents(self) -> tuple[AgentSummary, ...]:
        """Agents on the list, in its order: workers below their coordinator."""
        return tuple(in_tree(agent for agent in self.state.agents if not agent.archived))

    @property
    def focused_agent(self) -> AgentSummary | None:
        """The agent whose conversation is shown; the one that follows it when it is gone."""
        agents = self.agents
        place = next((n for n, agent in enumerate(agents) if agent.id == self.focused_id), None)
        if place is not None:
            self._place = place
        return agents[min(self._place, len(agents) - 1)] if agents else None

    @property
    def question(self) -> Question | None:
        """What the focused agent asks."""
        return self.question_of(self.focused_agent)

    def question_of(self, agent: AgentSummary | None) -> Question | None:
        """What an agent asks."""
        if agent is None:
            return None
        return next((one for one in self.state.questions if one.agent_id == agent.id), None)

    def written_to(self, agent_id: str) -> AgentSummary | None:
        """The agent that a prompt was written to; the one that follows it when it is gone."""
        found = (agent for agent in self.agents if agent.id == agent_id)
        return next(found, self.focused_agent)

    def put_back(self, agent: AgentSummary | None, text: str) -> None:
        """Put what could not be sent before what is written to that agent meanwhile."""
        looked_at = self.focused_agent
        if agent is None or looked_at is None or agent.id == looked_at.id:
            self.cockpit.prompt.put_back(text)
        else:
            self.memory.put_before(draft_key(agent.id), text)
            self.save_soon()

    def show_all(self) -> None:
        """Show everything anew."""
        self.show_agents()
        self.show_conversation()
        if self.known:
            self.show_dream()
            self.sync_gates()

    def show_agents(self) -> None:
        """Show the list, the status line, the terminal and the prompt's label anew."""
        cockpit, state, agent = self.cockpit, self.state, self.focused_agent
        if not self.known:
            # What leads on from a first try that failed stands there.
            cockpit.footer.redraw()
            return
        cockpit.agents.show(self.agents, agent.id if agent is not None else "", self.now())
        cockpit.status.show(
            state,
            agent,
            self.now(),
            look_only=not self.may_decide,
            unattended=self.attendance.waived,
        )
        cockpit.show_agent(agent, self.question)
        panes = agent.panes if agent is not None else ()
        if panes and agent is not None:
            index = self._shown_pane(agent)
            position = f"{index + 1} of {len(panes)}" if len(panes) > 1 else ""
            alone = cockpit.arrangement.conversation is None
            hint = f"{actions.shown('view.conversation')} conversation" if alone else ""
            cockpit.terminal.show(panes[index], position, hint)
        else:
            cockpit.terminal.show(None, absence=empty_states.no_terminal(agent))
        if cockpit.grid is not None and cockpit.choices.grid:
            cockpit.grid.follow()
        cockpit.footer.redraw()
        self._tell_screens("agents_changed")
        self._tick()

    def _tell_screens(self, change: str) -> None:
        """Tell the screens over the cockpit of a change, by their method of that name, if any."""
        for screen in self.screen_stack[1:]:
            follow = getattr(screen, change, None)
            # One that has just been opened has no parts yet; it begins with what is known then.
            if callable(follow) and screen.is_mounted:
                follow()

    def _shown_pane(self, agent: AgentSummary) -> int:
        """Index of the pane that is shown of an agent with panes."""
        chosen = self._chosen_panes.get(agent.id)
        ids = [pane.pane_id for pane in agent.panes]
        return ids.index(chosen) if chosen in ids else len(ids) - 1

    def show_dream(self) -> None:
        """Show AutoDream anew, in the sidebar and wherever else it is looked at."""
        self.cockpit.show_dream(self.state.dream)
        self._tell_screens("dream_changed")

    async def open_remembered_pane(self) -> None:
        """Show the pane that was shown last, before the engine has said what there is."""
        kept = remembered_pane(self.memory.get("pane"))
        seen = self.cockpit.arrangement.terminal is not None
        if kept is None or not seen or not self.paths.tmux_socket.is_socket():
            return
        await load(CONNECTION, self.give_way)
        same = asyncio.create_task(self._is_server(kept.server))
        try:
            await load(PANE, self.give_way)
            await self.cockpit.terminal.open()
            if await same:
                self.cockpit.terminal.show(kept.summary)
            self.cockpit.settle()
        finally:
            same.cancel()

    async def _is_server(self, server: str) -> bool:
        """Say whether the tmux server is still the one in which a pane had its id."""
        from tui.terminal.connection import connection
        from tungsten.errors import TerminalError

        try:
            live = await connection(self).view(str(self.paths.tmux_socket))
        except TerminalError:
            return False
        return live.server == server

    def on_pane_view_shown(self, message: PaneView.Shown) -> None:
        """Remember the pane, so that it is live at once next time."""
        pane = self.cockpit.terminal.pane
        if pane is not None and pane.pane_id == message.pane_id:
            self.memory.set("pane", [pane.pane_id, pane.title, message.server])
            self.save_soon()

    def show_conversation(self) -> None:
        """Show the focused agent's conversation."""
        if self.cockpit.choices.grid:
            # Nobody sees it, and each step from tile to tile would read another one.
            return
        view = self.cockpit.conversation
        agent = self.focused_agent
        if self.problem:
            view.show(None, empty=empty_states.no_engine(self.problem))
        elif agent is not None:
            transcript = self.transcript(agent.id)
            waits = [("after this step", text) for text in agent.steering]
            waits += [("queued", text) for text in agent.queued]
            view.show(transcript, empty=empty_states.nothing_said(agent), waits=waits)
            if not transcript.loaded and not transcript.loading:
                self.read_transcript(agent.id)
        elif self.known:
            view.show(None, empty=empty_states.no_agents(self.state))
        else:
            view.show(None)

    def transcript(self, agent_id: str) -> Transcript:
        """The conversation of an agent as far as it is here."""
        return self.transcripts.setdefault(agent_id, Transcript())

    def read_transcript(self, agent_id: str, before: int | None = None) -> None:
        """Ask for an agent's conversation, or for what came before a block."""
        raise NotImplementedError

    def sync_gates(self) -> None:
        """Let dialog and inbox follow what waits; the dialog is made for the first gate."""
        if self.gates is not None:
            self.gates.sync()
        elif self.state.gates and self.may_decide and not self._opening:
            self._opening = True
            self.run_worker(self._open_dialog(), group="gates", exit_on_error=False)
        self._tell_screens("sync")

    async def _open_dialog(self) -> None:
        from tui.gate.dialog import GateDialog

        dialog = GateDialog(clock=self.now)
        await self.cockpit.mount(dialog)
        self.gates = dialog
        dialog.sync()

    def _tick(self) -> None:
        """Draw ages anew just when one of them changes."""
        if self._ticking is not None:
            self._ticking.stop()
            self._ticking = None
        changes = (self.cockpit.agents.next_change(), self.cockpit.status.next_change())
        delay = min((change for change in changes if change is not None), default=None)
        if delay is not None:
            self._ticking = self.set_timer(max(0.05, delay), self._age)

    @property
    def _is_shown(self) -> bool:
        """Whether the cockpit has its parts: not while the app closes, when a timer may be over.

        Textual 8.2 (`App._close_all`) takes the screens off the stack after their parts.
        """
        return self.is_running and bool(self.screen_stack)

    def _age(self) -> None:
        if not self._is_shown:
            return
        agent = self.focused_agent
        self.cockpit.agents.show(self.agents, agent.id if agent is not None else "", self.now())
        if self.cockpit.grid is not None and self.cockpit.choices.grid:
            self.cockpit.grid.redraw()
        self.cockpit.status.age(self.now())
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

    # Keys: looking

    def _in_turn(self, look: Callable[..., None], *arguments: int) -> None:
        """Look at another agent once the prompt has what was typed before that key.

        A busy app gets several keys at once; each then waits where the focus is, but for those that
        mean something everywhere: what was written to one agent would reach the other.
        """
        prompt = self.cockpit.prompt
        if prompt.has_focus:
            prompt.call_later(look, *arguments)
        else:
            look(*arguments)

    def action_next_agent(self) -> None:
        """Look at the next agent, around the end."""
        self._in_turn(self._step_agent, 1)

    def action_previous_agent(self) -> None:
        """Look at the agent before."""
        self._in_turn(self._step_agent, -1)

    def _step_agent(self, step: int) -> None:
        agents, agent = self.agents, self.focused_agent
        if agent is not None:
            self.look_at(agents[(agents.index(agent) + step) % len(agents)].id)

    def action_choose_agent(self, number: int) -> None:
        """Look at agent 1 to 9."""
        self._in_turn(self._choose_agent, number)

    def _choose_agent(self, number: int) -> None:
        if number <= len(self.agents):
            self.look_at(self.agents[number - 1].id)

    def action_next_waiting(self) -> None:
        """Look at the agent that has waited longest."""
        self._in_turn(self._look_at_waiting)

    def _look_at_waiting(self) -> None:
        waiting = [agent for agent in self.agents if agent.state == "waiting"]
        if waiting:
            self.look_at(min(waiting, key=lambda agent: agent.since).id)
        else:
            self.say("Nobody waits for you.")

    def action_next_pane(self) -> None:
        """Show the focused agent's next pane."""
        agent = self.focused_agent
        if agent is not None and agent.panes:
            following = (self._shown_pane(agent) + 1) % len(agent.panes)
            self._chosen_panes[agent.id] = agent.panes[following].pane_id
            self.show_agents()

    def show_pane(self, agent_id: str, pane_id: str | None) -> bool:
        """Bring one pane of an agent into view, or just the agent; False when it has none such."""
        self.look_at(agent_id)
        agent = self.focused_agent
        panes = [pane.pane_id for pane in agent.panes] if agent is not None else []
        if agent is None or agent.id != agent_id or pane_id not in panes:
            return False
        self._chosen_panes[agent.id] = str(pane_id)
        self.cockpit.reveal_terminal()
        self.show_agents()
        return True

    def choose_pane(self, agent_id: str, pane_id: str) -> None:
        """Look at an agent and one of its panes, in whatever shows panes now."""
        self._chosen_panes[agent_id] = pane_id
        if agent_id == self.focused_id:
            self.show_agents()
        else:
            self.look_at(agent_id)

    def follow_newest_panes(self) -> None:
        """Go on to newer panes where the one that was chosen is the newest."""
        for agent in self.state.agents:
            if agent.panes and self._chosen_panes.get(agent.id) == agent.panes[-1].pane_id:
                del self._chosen_panes[agent.id]

    def decided_apart(self, gate_id: str, *, refused: bool = False) -> None:
        """Let the gate dialog know who decides a gate that may stand in it."""
        if self.gates is not None:
            self.gates.decided_apart(gate_id, refused=refused)

    async def approval_problem(self, ago: float) -> str:
        """Say in one line why an approval can't be a person's; empty when it can."""
        return await self.attendance.problem(ago)

    def pane_seen(self) -> None:
        """Give the layout back that `show_pane` changed."""
        if self.cockpit.hide_terminal():
            self.show_agents()

    def action_redraw(self) -> None:
        """Draw the whole screen anew."""
        self.refresh(repaint=True, layout=True)
        self.screen.refresh()

    # Saying something in the footer

    def say(
        self,
        text: str,
        level: Literal["information", "warning", "error"] = "information",
        *,
        in_the_footer: bool = False,
    ) -> None:
        """Show one line for a while.

        Args:
            text: the line.
            level: how much it matters.
            in_the_footer: it can wait until the footer is seen, and lies over no other screen.
        """
        if not self.screen_stack:
            return
        if in_the_footer and self.screen is not self.cockpit:
            self._said_over = (text, level)
            if self._hushing is not None:
                self._hushing.stop()
            return
        self._said_at = time.monotonic()
        if self.screen is self.cockpit:
            self.cockpit.footer.say(text, level)
        else:
            # The footer is not seen now; it takes over with the dialog's end.
            self._said_over = (text, level)
            super().notify(text, severity=level, timeout=MESSAGE_SECONDS[level], markup=False)
        if self._hushing is not None:
            self._hushing.stop()
        self._hushing = self.set_timer(MESSAGE_SECONDS[level], self._hush)

    def _hush(self) -> None:
        self._said_over = None
        if self._is_shown:
            self.cockpit.footer.hush()

    async def take_early_keys(self) -> None:
        """Type what was typed before the first frame: into the prompt, if anything lies over it."""
        early, self._early = self._early or [], None
        keep = getattr(self.screen, "keep", None)
        for event in early:
            if keep is None:
                await super().on_event(event)
            else:
                keep(event)

    def taken_back(self, *, keep_text: bool = False) -> None:
        """Told when another program had the terminal: what was typed so far was meant for it.

        With `keep_text` what it left unread is written into the prompt; no key does anything.
        """
        self._lent = (time.monotonic(), keep_text)

    async def give_way(self) -> None:
        """Let the screen do what it has to, and a key that was just typed appear."""
        await asyncio.sleep(BREATH_SECONDS)
        left = self._typed_at + ECHO_SECONDS - time.monotonic()
        if left > 0:
            await asyncio.sleep(left)

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
        """Let a message go with the next key; keep what is typed before there is a prompt."""
        from textual.events import Key, MouseDown, MouseEvent, Paste

        if isinstance(event, MouseEvent) and event.time < self._lent[0]:
            return
        if self._early is not None and isinstance(event, Key | Paste) and not event.is_forwarded:
            self._early.append(event)
            return
        if isinstance(event, Key) and not event.is_forwarded:
            self._typed_at = time.monotonic()
            self.key_waits = True
            if self.screen_stack and self._typed_at - self._said_at > READ_SECONDS:
                self.cockpit.footer.hush()
                if self._said_over is not None:
                    # What lies over another screen hides its keys.
                    self.clear_notifications()
        elif isinstance(event, MouseDown):
            self.last_key = ("", event.time)
        await super().on_event(event)

    def turn_of(self, event: Key | Paste) -> bool:
        """Remember the key that is carried out now; pass over what another program was to get."""
        from textual.events import Key

        until, keep_text = self._lent
        if event.time < until:
            if keep_text and not (isinstance(event, Key) and not event.is_printable):
                # Nothing else: what has come up meanwhile was not seen when it was typed.
                self.cockpit.prompt.take_text(event)
            return True
        if isinstance(event, Key):
            self.last_key = (event.key, event.time)
            if event.key == "escape" and self._overlaid:
                self.escaped_overlay_at = event.time
        return False

    @property
    def _overlaid(self) -> bool:
        """Whether something lies over the cockpit that Esc is for."""
        if not self.screen_stack:
            return False
        gate = self.gates is not None and self.gates.gate is not None
        cockpit = self.cockpit
        return (
            gate or self.screen is not cockpit or cockpit.prompt.menu_open or cockpit.choices.grid
        )

    # Drafts and layout

    def draft(self) -> Any:
        """The draft for the focused agent."""
        return self.memory.get(draft_key(self.focused_id))

    @property
    def has_draft(self) -> bool:
        """Whether something stands in the prompt, which the next key may belong to."""
        cockpit = self.cockpit
        return bool(cockpit.prompt.text) and not cockpit.choices.grid

    def look_first(self, agent_id: str) -> None:
        """Look at an agent where none was looked at; what is written is for it from now on."""
        if self.focused_id == "":
            self.memory.set(draft_key(""), None)
        self.focused_id = agent_id
        self.memory.set("focused", agent_id)
        if self.cockpit.prompt.text:
            self.keep_draft()
        else:
            self.cockpit.prompt.put_draft(self.draft())
        self.save_soon()

    def keep_draft(self) -> None:
        """Remember what stands in the prompt."""
        self.memory.set(draft_key(self.focused_id), self.cockpit.prompt.draft())

    async def on_prompt_edited(self) -> None:
        """Keep the draft, and let the prompt grow."""
        self.keep_draft()
        self.save_soon()
        await self.cockpit.follow_prompt()

    def on_unmount(self) -> None:
        """Write what is not on the disk yet, however the app ends."""
        with contextlib.suppress(OSError):
            self.memory.save()
        if self.terminal_status:
            self.terminal_status.end()

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
            where = f": {error.filename}" if error.filename else ""
            self.say(
                f"The draft stands in the prompt alone, make room: {error.strerror}{where}", "error"
            )

    def remembered_choices(self) -> Choices:
        """Read the layout the person left in this project, or elsewhere last."""
        kept = self.memory.get(layout_key(self.directory)) or self.memory.get("layout")
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
        """Keep the layout: of this project, and as what others begin with."""
        kept = {"split": choices.split, "alone": choices.alone, "sidebar": choices.sidebar}
        self.memory.set("layout", kept)
        self.memory.set(layout_key(self.directory), kept)
        self.save_soon()
        self.cockpit.footer.redraw()
