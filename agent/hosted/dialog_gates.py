"""Dialogs of one hosted agent, each asked about once: at the gate, or as a question.

A permission goes the way of every action: it is judged, runs by policy or waits for the person.
What then happens is one key in the agent's own dialog. Where the person answers in the pane, what
waits in the inbox is withdrawn; whoever comes second changes nothing and is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from agent.actions import Action, AllowDialog, AnswerDialog, RunCommand
from agent.errors import AgentError
from agent.hosted.answering import NOTHING, Answering, Seen, named
from agent.hosted.dialog import is_about
from agent.hosted.profile import Meaning, Profile
from agent.hosted.screen_rules import Offered, ScreenMatch
from agent.hosted.status import RESTING, Kind
from agent.protocol.agents import AgentState
from agent.protocol.conversation import BlockKind, ToolCall, ToolStatus
from agent.protocol.events import Notice
from agent.steps.perform import MAX_LOOKS
from agent.steps.steps import Effect, Elsewhere, NotRun, Outcome, Step, TakenBack
from memory.errors import StorageError
from tungsten.errors import TerminalError
from tungsten.outcome import ForIdle

if TYPE_CHECKING:
    from agent.agents.live_agent import LiveAgent

log = logging.getLogger("agent.agents")

DIALOG = "dialog"
"""Name of the tool in blocks that show what a dialog asked, and begin of their ids."""

IN_ITS_PANE = "answered in its pane"
"""Why what waits in the inbox does no more."""

ENDED = "its program has ended"

GONE = f"its dialog was gone before its key; {NOTHING}"

SHOWS_SECONDS = 5.0
"""How long an agent may take to show the dialog of what its hook asked about before."""

HOOK_SECONDS = 2.0
"""How long a dialog waits for its agent's hook: Claude Code's comes a third of a second after its
dialog is on the screen, and later on a busy machine."""

ANSWERED_SECONDS = 3.0
"""How long a dialog may stand after its hook was answered."""

QUIET_SECONDS = 0.3
"""A dialog that still stands when its pane was quiet for so long was not answered there."""


@dataclass(eq=False, slots=True)
class _Open:
    """A dialog that stands in a pane, and how it is being answered."""

    seen: Seen
    task: asyncio.Task[None] | None = None
    hooked: bool = False
    """What the agent's hook asks stands for it in the inbox."""
    step: Step | None = None


class DialogGates:
    """Asks about the dialogs of one agent's panes.

    Args:
        agent: the agent.
        profile: tells what its screens show.
        say: gives it a prompt: what the person says to a denial.
        gone: told when a dialog is seen to be gone, and no other stands in its place.
        only_by_person: why no key is pressed without the person; empty: mode and rules count.
    """

    def __init__(
        self,
        agent: LiveAgent,
        profile: Profile,
        say: Callable[[str], Awaitable[None]],
        gone: Callable[[], None],
        *,
        only_by_person: str = "",
    ) -> None:
        self._agent = agent
        self._say = say
        self._gone = gone
        self._only_by_person = only_by_person
        self._answering = Answering(agent.panes, profile)
        self._open: dict[str, _Open] = {}
        self._shown = asyncio.Event()
        self._answered: dict[str, tuple[str, float]] = {}
        """What a hook last answered in a pane, and when, by the loop's clock."""
        self._unheard: set[str] = set()
        """Panes whose hook was waited for in vain."""
        self._tasks: set[asyncio.Task[None]] = set()

    # What is seen -------------------------------------------------------------------------------

    def looked(self, pane_id: str, shown: ScreenMatch) -> None:
        """Take note of a pane's screen at rest."""
        if shown.state is AgentState.WAITING:
            self._spawn(self._look(pane_id))
            return
        self._now(pane_id, None)
        services = self._agent.services
        if shown.state in RESTING and services.hook_asks(self._agent.id, pane_id):
            # Its dialog may have come and gone between two looks.
            self._spawn(services.hook_answered(self._agent, pane_id, None))

    async def _look(self, pane_id: str, *, anew: bool = False) -> None:
        expected = False
        try:
            seen = await self._answering.look(pane_id)
        except (AgentError, TerminalError):
            seen = None
        if not anew and seen is not None:
            expected = await self.hook_expected(pane_id)
        self._now(pane_id, seen, hook_expected=expected)

    async def hook_expected(self, pane_id: str) -> bool:
        """Whether the agent's hook may yet ask about what its dialog in a pane is about."""
        unheard = pane_id in self._unheard
        return await self._agent.services.hook_expected(self._agent, pane_id, unheard)

    def _now(self, pane_id: str, seen: Seen | None, *, hook_expected: bool = False) -> None:
        standing = self._open.get(pane_id)
        ours = standing is not None and self._answering.pressed(standing.seen)
        self._answering.saw(pane_id, None if seen is None else seen.dialog)
        if standing is not None:
            if seen is not None and _same(standing.seen, seen):
                return
            del self._open[pane_id]
            if not ours:
                self._dismiss(standing, IN_ITS_PANE)
            if seen is None or (standing.hooked and not self._is_hooked(seen)):
                # What its hook said was of the one before; of its end it may say nothing.
                self._gone()
        if seen is not None:
            self._begin(seen, hook_expected=hook_expected)

    def _begin(self, seen: Seen, *, hook_expected: bool) -> None:
        opened = self._open[seen.pane_id] = _Open(seen)
        self._shown.set()
        opened.hooked = self._is_hooked(seen)
        text, at = self._answered.get(seen.pane_id, ("", 0.0))
        loop = asyncio.get_running_loop()
        rest = at + ANSWERED_SECONDS - loop.time()
        if not opened.hooked and rest > 0 and is_about(seen.dialog, text, seen.cwd):
            # It is about to go away. If it does not, it is another one that looks the same.
            opened.hooked = True
            loop.call_later(rest, self._look_anew, opened)
        if opened.hooked:
            return
        if seen.dialog.kind is Kind.PERMISSION and hook_expected:
            loop.call_later(HOOK_SECONDS, self._hook_is_silent, opened)
        elif seen.dialog.kind in (Kind.PERMISSION, Kind.QUESTION):
            opened.task = self._spawn(self._ask(opened))

    def _is_hooked(self, seen: Seen) -> bool:
        """Whether the agent's hook asks about what a dialog is about."""
        asked = self._agent.services.hook_asks(self._agent.id, seen.pane_id)
        return any(is_about(seen.dialog, text, seen.cwd) for text in asked)

    def _hook_is_silent(self, opened: _Open) -> None:
        pane_id = opened.seen.pane_id
        if self._open.get(pane_id) is opened and not opened.hooked:
            self._unheard.add(pane_id)
            opened.task = self._spawn(self._ask(opened))

    def _dismiss(self, opened: _Open, why: str) -> None:
        """Take back what is asked about a dialog."""
        if opened.hooked:
            seen, answered = opened.seen, self._agent.services.hook_answered
            about = partial(is_about, seen.dialog, cwd=seen.cwd)
            self._spawn(answered(self._agent, seen.pane_id, about))
        elif opened.task is not None and not opened.task.done():
            gate = None if opened.step is None else self._agent.performer.gates.of_step(opened.step)
            if gate is None:
                opened.task.cancel()
            else:
                # Which ends the task, too.
                self._spawn(self._withdraw(gate, why))

    async def _withdraw(self, gate_id: str, why: str) -> None:
        try:
            await self._agent.services.gates.withdraw(gate_id, why, self._agent.id)
        except StorageError as error:
            log.warning("%s", error)

    # What its hook asks -------------------------------------------------------------------------

    def hook_asks(self, pane_id: str, text: str) -> None:
        """Take note that the agent's hook asks: its item in the inbox stands for the dialog."""
        opened = self._open.get(pane_id)
        if opened is None or opened.hooked:
            return
        if not is_about(opened.seen.dialog, text, opened.seen.cwd):
            return
        if not self._answering.pressed(opened.seen):
            self._dismiss(opened, "its hook asks about this")
            opened.hooked = True

    def hook_is_over(self, pane_id: str, text: str, *, answered: bool) -> None:
        """Take note that it asks no more; a dialog that was not answered is then asked about."""
        opened = self._open.get(pane_id)
        if answered:
            loop = asyncio.get_running_loop()
            self._answered[pane_id] = (text, loop.time())
            if opened is not None and opened.hooked:
                loop.call_later(ANSWERED_SECONDS, self._look_anew, opened)
        if opened is not None and opened.hooked and not answered:
            self._spawn(self._once_quiet(opened))

    def _look_anew(self, opened: _Open) -> None:
        pane_id = opened.seen.pane_id
        if self._open.get(pane_id) is opened and not self._answering.pressed(opened.seen):
            del self._open[pane_id]
            # Its hook has had its time.
            self._spawn(self._look(pane_id, anew=True))

    async def _once_quiet(self, opened: _Open) -> None:
        # A dialog that was just answered in its pane is about to go away.
        pane_id = opened.seen.pane_id
        with contextlib.suppress(AgentError, TerminalError):
            pane = await self._agent.panes.seen(pane_id)
            await pane.wait(ForIdle(QUIET_SECONDS), SHOWS_SECONDS)
        self._look_anew(opened)

    async def answer(self, pane_id: str, text: str, means: Meaning, message: str = "") -> Effect:
        """Press the key that answers the dialog about what a hook asked and let go of.

        Once the dialog is gone, `message` is given to the agent, if there is one.

        Raises:
            NotRun: nothing was pressed; says why.
            TakenBack, AgentError, TerminalError: as `Answering.press`.
        """
        try:
            async with asyncio.timeout(SHOWS_SECONDS):
                while pane_id not in self._open:
                    self._shown.clear()
                    await self._shown.wait()
        except TimeoutError:
            pass
        except asyncio.CancelledError as cancelled:
            raise TakenBack from cancelled
        opened = self._open.get(pane_id)
        if opened is None:
            raise NotRun(f"its dialog does not stand in its pane; {NOTHING}")
        if not opened.seen.dialog.is_for(text):
            raise NotRun(f"its dialog does not show just this: answer in its pane; {NOTHING}")
        answer = opened.seen.dialog.answer(means)
        if answer is None:
            raise NotRun(f"no one key of its dialog does this: answer in its pane; {NOTHING}")
        effect = await self._press(opened.seen, answer)
        if effect.ok and message:
            await self._say_why(message)
        return effect

    # Asking -------------------------------------------------------------------------------------

    async def _ask(self, opened: _Open) -> None:
        permission = opened.seen.dialog.kind is Kind.PERMISSION
        tool_use_id = f"{DIALOG}_{uuid.uuid4().hex[:16]}"
        conversation = self._agent.conversation
        title = " ".join((opened.seen.dialog.command or opened.seen.dialog.text).split())[:300]
        block_id = conversation.open(
            BlockKind.TOOL, tool=ToolCall(tool_use_id=tool_use_id, name=DIALOG, title=title)
        )
        try:
            if permission:
                outcome = await self._permission(opened, tool_use_id, block_id)
            else:
                outcome = await self._question(opened, tool_use_id)
        except asyncio.CancelledError:
            if self._agent.closing:
                raise
            outcome = Outcome(ToolStatus.INTERRUPTED, IN_ITS_PANE, decision=IN_ITS_PANE)
        except StorageError as error:
            outcome = Outcome(ToolStatus.FAILED, str(error))
        await self._agent.show_outcome(block_id, outcome)
        if outcome.status is ToolStatus.DENIED:
            await self._deny(opened.seen, outcome.message)

    async def _permission(self, opened: _Open, tool_use_id: str, block_id: int) -> Outcome:
        seen = opened.seen
        allow, deny = seen.dialog.answer("allow_once"), seen.dialog.answer("deny")
        if allow is None:
            return Outcome(ToolStatus.FAILED, "no one key allows this once: answer in its pane")
        doubt = self._only_by_person or seen.dialog.doubt
        if not seen.cwd:
            doubt = doubt or "it cannot be told in which directory it is"

        async def press() -> Effect:
            return await self._press(seen, allow)

        how = Elsewhere(
            Path(seen.cwd) if seen.cwd else self._agent.directory,
            seen.pane_id,
            "bash",
            press,
            presses=named(allow),
            deny_presses=named(deny) if deny is not None else "",
            fixed="its dialog takes a command only as it stands there",
        )
        by_person = False

        def progress(fields: dict[str, object]) -> None:
            nonlocal by_person
            by_person |= fields.get("status") is ToolStatus.GATED
            self._agent.conversation.change_tool(block_id, **fields)

        outcome = Outcome(ToolStatus.FAILED, NOTHING)
        for _ in range(MAX_LOOKS):
            action: Action = RunCommand(seen.dialog.command, "")
            if doubt:
                action = AllowDialog(seen.dialog.text, doubt)
            opened.step = Step(action, how, title=" ".join(action.text.split())[:300])
            try:
                outcome = await self._agent.performer.perform(
                    opened.step, tool_use_id=tool_use_id, progress=progress
                )
            except TakenBack:
                # Before anybody was asked it is no matter of theirs.
                if by_person and not self._agent.closing:
                    self._tell(f"approved, but {GONE}")
                raise
            if outcome.status in (ToolStatus.DENIED, ToolStatus.DONE):
                return outcome
            self._tell(outcome.text)
            if self._open.get(seen.pane_id) is not opened or self._answering.pressed(seen):
                return outcome
            # It stands there still, and nothing was pressed: now in any case the person decides.
            doubt = f"it could not be answered: {outcome.text}"
        return outcome

    async def _deny(self, seen: Seen, message: str) -> None:
        deny = seen.dialog.answer("deny")
        if deny is None:
            self._tell("no one key of its dialog denies: answer in its pane")
            return
        try:
            outcome = await self._answer_by(seen, deny, denies=True)
        except asyncio.CancelledError:
            if not self._agent.closing:
                self._tell(f"denied, but {GONE}")
            raise
        if outcome.status is not ToolStatus.DONE:
            self._tell(outcome.text)
        elif message:
            await self._say_why(message)

    async def _say_why(self, message: str) -> None:
        try:
            await self._say(message)
        except (AgentError, TerminalError) as error:
            self._tell(f"denied, and your message was not given to it: {error}")

    async def _question(self, opened: _Open, tool_use_id: str) -> Outcome:
        seen = opened.seen
        answers = [each for each in seen.dialog.answers if each.label and each.acts_alone]
        offered = {each.label: each for each in answers}
        if not offered:
            return Outcome(ToolStatus.FAILED, "no key answers this: answer in its pane")
        agent = self._agent
        text = "\n".join(line.strip() for line in seen.dialog.text.split("\n"))
        while True:
            await agent.asking(text)
            try:
                said = await agent.services.questions.ask(
                    agent.id,
                    agent.name,
                    text,
                    tuple(offered),
                    tool_use_id=tool_use_id,
                    closing=lambda: agent.closing,
                )
            finally:
                await agent.asking(None)
            answer = offered.get(said.strip())
            if answer is None:
                self._tell("its question takes only one of its answers: choose one of them")
                continue
            outcome = await self._answer_by(seen, answer, denies=False)
            if outcome.status is not ToolStatus.DONE:
                self._tell(outcome.text)
                return outcome
            return replace(outcome, decision=f"you chose {answer.label}")

    async def _answer_by(self, seen: Seen, answer: Offered, *, denies: bool) -> Outcome:
        """Press a key by which nothing happens that would have to be decided."""

        async def press() -> Effect:
            return await self._press(seen, answer)

        cwd = Path(seen.cwd) if seen.cwd else self._agent.directory
        action = AnswerDialog(answer.label or answer.key, denies=denies, shown=seen.dialog.text)
        step = Step(action, Elsewhere(cwd, seen.pane_id, "bash", press), title=action.text)
        tool_use_id = f"{DIALOG}_{uuid.uuid4().hex[:16]}"
        return await self._agent.performer.perform(step, tool_use_id=tool_use_id)

    async def _press(self, seen: Seen, answer: Offered) -> Effect:
        effect = await self._answering.press(seen, answer)
        standing = self._open.get(seen.pane_id)
        if effect.ok and standing is not None and _same(standing.seen, seen):
            # The same dialog may be asked about anew before anybody saw that this one was gone.
            del self._open[seen.pane_id]
            self._gone()
            self._spawn(self._look(seen.pane_id))
        return effect

    def _tell(self, text: str) -> None:
        self._agent.services.hub.publish(
            Notice(level="warning", text=f"{self._agent.name}: {text}")
        )

    # Beginning and end --------------------------------------------------------------------------

    @property
    def asks(self) -> bool:
        """Whether the person is asked about a dialog that stands there."""
        return any(opened.task is not None for opened in self._open.values())

    async def end(self, why: str = ENDED) -> None:
        """Take back what is asked, as the program has ended, or is not watched any more."""
        standing, self._open = tuple(self._open.values()), {}
        for opened in standing:
            gate = None if opened.step is None else self._agent.performer.gates.of_step(opened.step)
            if gate is not None:
                await self._withdraw(gate, why)
        await self.close()

    async def close(self) -> None:
        """Ask no more; what is asked stays in the journal."""
        # A denial's message may be what ends the program: that task must not wait for itself.
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._open.clear()

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=f"{self._agent.id} dialog")
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a dialog could not be asked about", exc_info=error)


async def recover(agent: LiveAgent) -> None:
    """Close what an earlier engine asked; a dialog that stands there still is asked anew."""
    for block_id in agent.conversation.unfinished(DIALOG).values():
        outcome = Outcome(ToolStatus.INTERRUPTED, "the engine ended; its dialog stood on")
        await agent.show_outcome(block_id, outcome)


def _same(one: Seen, other: Seen) -> bool:
    return (one.dialog.fingerprint, one.pid) == (other.dialog.fingerprint, other.pid)
