"""An agent of another maker in a pane: its state by evidence, its prompts confirmed.

It is a program like any other, started through the gate; what it is doing is what its hook, its
terminal and its screen say.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Literal

from agent.agents.command_agent import CommandAgent
from agent.agents.services import Services
from agent.errors import AgentError
from agent.gates.gate import Binding, Decision
from agent.hook.spending import Transcript
from agent.hosted import dialog_gates
from agent.hosted.delivery import TAKES_PROMPTS, AtWork, NotDelivered, deliver
from agent.hosted.dialog_gates import ENDED, DialogGates, recover
from agent.hosted.drift import DriftAlarm
from agent.hosted.observer import Observer
from agent.hosted.profile import Profile
from agent.hosted.profile_files import ProfileUnknown, profile_files
from agent.hosted.screen_rules import Frame, ScreenMatch
from agent.hosted.status import NOTHING as NOTHING_SEEN
from agent.hosted.status import RESTING, Evidence, HostedState, Kind, Source
from agent.protocol.agents import AgentState, AgentSummary
from agent.protocol.conversation import BlockKind
from agent.protocol.gates import Gate
from agent.protocol.hosted import Hosted, Spent
from agent.sessions.session import Session
from memory.errors import StorageError
from memory.sessions import SessionRecord
from tungsten.errors import PaneDead, TerminalError
from tungsten.programs.listening import Heard
from tungsten.programs.program_status import QUERY

log = logging.getLogger("agent.agents")

MAX_QUEUED = 20
"""Prompts that may wait for an agent; more were sent by mistake."""

_OPERATORS = frozenset(";|&<>\n`$(){}")


class HostedAgent(CommandAgent):
    """A program with a profile.

    Attributes:
        observer: what is known of it; None while its program does not run.
        dialogs: asks about the dialogs that it shows; None while its program does not run.
        spent: what it tells of its own use; None where it tells nothing.
    """

    def __init__(self, record: SessionRecord, session: Session, services: Services) -> None:
        super().__init__(record, session, services)
        self.observer: Observer | None = None
        self.dialogs: DialogGates | None = None
        self.profile = self._read_profile()
        self._launching = False
        rested = self._state is AgentState.IDLE
        seen = record.activity and not record.extra.get("panes")
        if self._state is AgentState.WAITING or (rested and not seen):
            # Nothing was seen of it yet, or nothing since an earlier engine ended.
            self._state, self._activity = AgentState.UNKNOWN, NOTHING_SEEN.reason
        self._wait_id = ""
        """Id of the journal's entry on what it waits for, while it does."""
        self._passes_until: float | None = None
        """When its hook has had its time to answer what is seen to wait, by the loop's clock."""
        self._passing = False
        self._speaking = asyncio.Lock()
        self._alarm: DriftAlarm | None = None
        self.spent: Spent | None = None
        self._transcript: Transcript | None = None
        self._reading = asyncio.Lock()
        self._deafen: Callable[[], Awaitable[None]] | None = None
        """Ends listening to its pane."""

    only_by_person = ""
    """Why the keys of its dialogs are pressed by the person alone; empty: mode and rules count."""

    @property
    def hook_hold(self) -> float | None:
        """Seconds for which its hook waits, where its profile says so."""
        return self.profile.hook_hold

    def _read_profile(self) -> Profile:
        """How it is known; where its profile is gone, one that knows nothing."""
        name = str(self.record.extra.get("profile", ""))
        try:
            return profile_files(self.services.paths.profiles).now().get(name)
        except ProfileUnknown:
            return Profile(name="gone", title=name or "program", start=self.record.command)

    # What it is ---------------------------------------------------------------------------------

    @property
    def command(self) -> str:
        """The command line that starts it next: its profile's, where it goes on."""
        profile = self.profile
        started = self.record.command
        if not self.record.extra.get("resuming") or not profile.resume:
            return started
        if not _OPERATORS.isdisjoint(started):
            started = profile.start
        return profile.resume.replace("{command}", started)

    def summary(self) -> AgentSummary:
        """Everything that a list shows, with what it waits for and how that is known."""
        profile = self.profile
        found = self.observer.state() if self.observer is not None else None
        hosted = Hosted(profile=profile.name, title=profile.title)
        if found is not None:
            kind: Literal["", "permission", "question", "login", "other"] = (
                found.kind.value if found.kind is not None else ""
            )
            hosted = Hosted(
                profile=profile.name,
                title=profile.title,
                kind=kind,
                source=found.source or "",
                reason=found.reason,
                passing=self._passing and _is_seen(found),
            )
        hosted = hosted.model_copy(update={"spent": self.spent})
        return super().summary().model_copy(update={"hosted": hosted})

    @property
    def _runs(self) -> bool:
        return self.observer is not None or self._launching

    # Beginning and end --------------------------------------------------------------------------

    async def launch(self) -> None:
        """Run the program, through the gate."""
        self._launching = True
        await self.become(AgentState.UNKNOWN, NOTHING_SEEN.reason)
        await super().launch()

    async def _launch(
        self,
        tool_use_id: str,
        reopened: tuple[Gate, Binding] | None = None,
        decision: Decision | None = None,
    ) -> None:
        self._launching = True
        try:
            async with contextlib.AsyncExitStack() as stack:
                # What it asks its terminal the moment that it starts is to be heard.
                with contextlib.suppress(TerminalError):
                    listener = await (await self.services.terminal()).listener()
                    await stack.enter_async_context(listener.expecting())
                await super()._launch(tool_use_id, reopened, decision)
        finally:
            self._launching = False

    async def _pane_opened(self, pane_id: str) -> None:
        await super()._pane_opened(pane_id)
        if self._launching and self.observer is None:
            # At once: what it asks its terminal comes first of all.
            with contextlib.suppress(TerminalError):
                await self._watch(pane_id)

    async def _launched(self, title: str) -> None:
        self._launching = False
        pane_id = self.panes.first()
        await self.save_extra(ran=True)
        if self.observer is None and pane_id is not None:
            try:
                await self._watch(pane_id)
            except TerminalError as error:
                await self.become(AgentState.UNKNOWN, str(error))
        if self.observer is not None:
            await self._reflect(self.observer.state())

    async def _watch(self, pane_id: str) -> None:
        """Gather evidence of what runs in a pane."""
        await self._unwatch()
        self.profile = self._read_profile()
        pane = await self.panes.seen(pane_id)

        async def look() -> Frame | None:
            try:
                return Frame.of(await pane.capture_plain())
            except TerminalError:
                return None

        self._alarm = alarm = DriftAlarm(self)

        def dialog_gone() -> None:
            observer.waits_no_longer()

        self.dialogs = dialogs = DialogGates(
            self, self.profile, self._say, dialog_gone, only_by_person=self.only_by_person
        )

        def looked(shown: ScreenMatch, frame: Frame) -> None:
            self._look_for_cost(shown, frame)
            alarm.looked(shown, frame)
            dialogs.looked(pane_id, shown)
            # It may have said that it rests before it had drawn anything to type into.
            self._go_on_with_queue()

        observer = Observer(
            self.profile,
            look=look,
            answer=partial(self._answer_query, pane_id),
            changed=self._changed,
            looked=looked,
            clock=self.services.clock,
        )
        self.observer = observer
        try:
            self._deafen = await self._listen(pane_id, observer.printed)
        except TerminalError:
            await self._unwatch()
            raise
        # What it has drawn before that.
        observer.printed(())

    async def _listen(self, pane_id: str, heard: Heard) -> Callable[[], Awaitable[None]]:
        """Hear what a pane prints; gives what ends that."""
        pane = await self.panes.tmux(pane_id)
        listener = await (await self.services.terminal()).listener()
        await listener.add(pane_id, pane.window_id, heard)
        return partial(listener.remove, pane_id)

    async def _answer_query(self, pane_id: str) -> None:
        """Tell its program that its terminal knows OSC 7501."""
        with contextlib.suppress(AgentError, TerminalError):
            await (await self.panes.tmux(pane_id)).answer_terminal_query(QUERY)

    async def _unwatch(self, why: str = ENDED) -> None:
        observer, self.observer = self.observer, None
        if self._alarm is not None:
            self._alarm.close()
        dialogs, self.dialogs = self.dialogs, None
        if dialogs is not None:
            await (dialogs.close() if self.closing else dialogs.end(why))
        if observer is not None:
            await observer.close()
        deafen, self._deafen = self._deafen, None
        if deafen is not None and not self.closing:
            await deafen()

    async def _ended(self, status: int | None) -> None:
        await self._unwatch()
        if self._transcript is not None:
            # Some name what it has cost as they end.
            await self._read_on(self._transcript)
        await self._waits_no_longer()
        await super()._ended(status)

    async def again(self) -> None:
        """Start the program once more, to go on with its last conversation where it can."""
        await self.save_extra(resuming=bool(self.record.extra.get("ran")))
        await super().again()

    async def resume(self) -> None:
        """Take its pane up again where it still lives."""
        was_running = self._state not in (AgentState.DONE, AgentState.FAILED) and bool(
            self.record.extra.get("panes")
        )
        await super().resume()
        await recover(self)
        pane_id = self.panes.first()
        if pane_id is not None:
            await self._watch(pane_id)
            if self.observer is not None:
                await self.observer.look_now()
                await self._reflect(self.observer.state())
        elif was_running:
            dead = next(iter(self.panes.summaries), None)
            await self._ended(dead.exit_status if dead is not None else None)

    async def stop(self) -> None:
        """End the program; returns when its processes are gone."""
        await self._unwatch()
        await super().stop()
        await self._waits_no_longer()

    async def close(self) -> None:
        """Watch no more; the program goes on, and waits for nobody who could answer."""
        await self._unwatch()
        with contextlib.suppress(StorageError):
            await self._waits_no_longer()
        await super().close()

    # Its state ----------------------------------------------------------------------------------

    def hear(self, evidence: Evidence) -> None:
        """Take what a source outside its terminal says of it: its hook."""
        if self.observer is not None:
            self.observer.hear(evidence)

    def reads(self, transcript: Transcript) -> None:
        """Follow what it writes of its own use, from now on in this file."""
        if self._transcript is None or self._transcript.path != transcript.path:
            self._transcript = transcript
        self.spawn(self._read_on(self._transcript), "transcript")

    async def _read_on(self, transcript: Transcript) -> None:
        async with self._reading:
            news = await asyncio.to_thread(transcript.read_on)
        if news and transcript is self._transcript:
            spent = transcript.spent
            self._spends(Spent(tokens=spent.tokens, cost=spent.cost, source="transcript"))

    def _look_for_cost(self, shown: ScreenMatch, frame: Frame) -> None:
        cost = self.profile.cost_on(frame.lines)
        if cost is not None:
            self._spends(Spent(cost=cost, source="screen"))
        if self._transcript is not None and shown.state in RESTING:
            # It may have told its hook before it had written this.
            self.spawn(self._read_on(self._transcript), "transcript")

    def _spends(self, spent: Spent) -> None:
        if spent != self.spent:
            self.spent = spent
            self.publish()

    def keyboard_left(self) -> None:
        """Note that a person typed in its pane: what stopped it there may never be reported."""
        if self.observer is not None:
            self.observer.doubt()

    def _changed(self, found: HostedState) -> None:
        if self.observer is not None:
            self.spawn(self._reflect_now(), "state")

    async def _reflect_now(self) -> None:
        """Show the state as it is by now."""
        if self.observer is not None:
            self._passing = await self._may_pass(self.observer.state())
        if self.observer is not None:
            try:
                await self._reflect(self.observer.state())
            except StorageError as error:
                log.warning("%s", error)

    async def _may_pass(self, found: HostedState) -> bool:
        """Whether its hook may answer a permission that is seen, so that nobody is called for it.

        When the hook has had its time, the state is shown anew.
        """
        pane_id = self.panes.first()
        if not _is_seen(found) or self._waits or pane_id is None or self.dialogs is None:
            self._passes_until = None
            return False
        loop = asyncio.get_running_loop()
        if self._passes_until is None:
            expected = await self.dialogs.hook_expected(pane_id)
            seconds = dialog_gates.HOOK_SECONDS if expected else 0.0
            self._passes_until = loop.time() + seconds
            if expected:
                loop.call_later(seconds + 0.01, self._changed, found)
        return loop.time() < self._passes_until

    async def _reflect(self, found: HostedState) -> None:
        activity = found.reason
        if found.kind is not None:
            what = "dialog" if found.kind is Kind.OTHER else str(found.kind)
            reason = found.reason.rstrip(": ")
            activity = f"{what}: {reason}" if reason else what
        if found.state is not AgentState.WAITING:
            # First, as the time that it waited is added up anew when it no longer does.
            await self._waits_no_longer()
        await self.become(found.state, activity)
        asks = found.state is AgentState.WAITING and not (self._passing and _is_seen(found))
        if asks and not (self._wait_id or self._waits or self.closing):
            self._wait_id = uuid.uuid4().hex
            await self.services.database.journal.wait_began(
                self._wait_id, self.id, {"kind": found.kind, "source": found.source}
            )
        self._go_on_with_queue()

    async def waiting(self, gate: Gate | None, *, doing: str | None = None) -> None:
        """Note that one more gate waits, or one less; from then on the time counts by that."""
        await super().waiting(gate, doing=doing)
        if gate is not None:
            await self._waits_no_longer()

    async def asking(self, question: str | None) -> None:
        """Note that one more question waits, or one less; as with gates."""
        await super().asking(question)
        if question is not None:
            await self._waits_no_longer()

    async def _waits_no_longer(self) -> None:
        wait_id, self._wait_id = self._wait_id, ""
        if wait_id:
            await self.services.database.journal.wait_ended(wait_id, {})

    # Talking to it ------------------------------------------------------------------------------

    async def prompt(self, text: str) -> None:
        """Give it a prompt: at once where it takes one, once it does where it works or begins.

        Raises:
            AgentError: it did not reach it, or nothing shows that it did.
        """
        if not text.strip():
            return
        # In the prompt box one slash begins a command of Tungsten's: two are one for the agent.
        text = text[1:] if text.startswith("//") else text
        if self.panes.first() is None and not self._launching:
            raise AgentError(f"{self.name} has ended: resume it to start its program again.")
        state, drawn = self.state, self._drawn
        # One that has drawn is spoken to, though its start is not written down yet.
        asks = state is AgentState.WAITING and (drawn or not self._launching)
        if not asks and (not drawn or state is AgentState.WORKING):
            await self._say_later(text)
            return
        try:
            await self._deliver(text)
        except AtWork:
            # It began just now, and may be done by now.
            await self._say_later(text)
            self._go_on_with_queue()

    async def _say_later(self, text: str) -> None:
        if len(self.queued) >= MAX_QUEUED:
            raise AgentError(f"Too much waits for {self.name} already.")
        await self._queue([*self.queued, text])

    async def _say(self, text: str) -> None:
        """Give it a prompt once it has been looked at, as right after a dialog is answered."""
        if self.observer is not None:
            await self.observer.look_now()
        await self.prompt(text)

    async def unqueue(self) -> list[str]:
        """Give back what waits to be said."""
        texts = list(self.queued)
        await self._queue([])
        return texts

    async def _queue(self, texts: list[str]) -> None:
        self.queued = texts
        self.publish()
        await self.save_extra(queued=texts)

    def _go_on_with_queue(self) -> None:
        observer = self.observer
        if observer is None or not self.queued or not self._drawn:
            return
        if observer.state().state in TAKES_PROMPTS:
            self.spawn(self._send_queued(), "queued")

    @property
    def _drawn(self) -> bool:
        frame = self.observer.frame if self.observer is not None else None
        return frame is not None and any(frame.lines)

    async def _send_queued(self) -> None:
        """Say what waits; one that does not arrive is shown, so that it is not lost."""
        if self._speaking.locked() or not self.queued:
            return
        text, rest = self.queued[0], self.queued[1:]
        await self._queue(rest)
        try:
            await self._deliver(text)
        except AtWork:
            await self._queue([text, *self.queued])
            self._go_on_with_queue()
        except (AgentError, TerminalError) as error:
            await self.conversation.add(BlockKind.ERROR, f"{error}\n\nThis was to be said:\n{text}")

    async def _deliver(self, text: str) -> None:
        pane_id = self.panes.first()
        observer = self.observer
        if pane_id is None or observer is None:
            raise AgentError(f"{self.name} has ended: resume it to start its program again.")
        keyboard = self.panes.own(pane_id).keyboard

        async def allowed() -> None:
            if not keyboard.free.is_set():
                raise NotDelivered(f"You type in the terminal of {self.name}: leave it first.")

        async with self._speaking:
            await deliver(
                text,
                name=self.name,
                profile=self.profile,
                pane=await self.panes.seen(pane_id),
                observer=observer,
                clock=self.services.clock,
                allowed=allowed,
            )
        await self.conversation.add(BlockKind.USER, text)

    async def interrupt(self) -> None:
        """Withdraw what waits at the gate; else press what stops this kind of agent."""
        pane_id = self.panes.first()
        asks = self.dialogs is not None and self.dialogs.asks
        if (self._waits and not asks) or pane_id is None or self.observer is None:
            await super().interrupt()
            return
        with contextlib.suppress(PaneDead):
            await (await self.panes.seen(pane_id)).send_keys(*self.profile.interrupt)
        self.observer.doubt()


def _is_seen(found: HostedState) -> bool:
    """Whether it waits for a permission, and its hook has not said so."""
    return found.kind is Kind.PERMISSION and found.source is not Source.HOOK
