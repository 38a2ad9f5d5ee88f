"""Dialogs of one hosted agent, each asked about once: at the gate, or as a question.

A permission goes the way of every action: it is judged, runs by policy or waits for the person.
What then happens is one key in the agent's own dialog. Where the person answers in the pane, what
waits in the inbox is withdrawn; whoever comes second changes nothing and is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agent.actions import Action, AllowDialog, AnswerDialog, RunCommand
from agent.effects import NotRun
from agent.errors import AgentError
from agent.hosted.answering import NOTHING, Answering, Seen, named
from agent.hosted.dialog import Dialog
from agent.hosted.profile import Meaning, Profile
from agent.hosted.screen_rules import Offered, ScreenMatch
from agent.hosted.status import Kind
from agent.perform import MAX_LOOKS
from agent.protocol.agents import AgentState
from agent.protocol.conversation import BlockKind, ToolCall, ToolStatus
from agent.protocol.events import Notice
from agent.steps import Effect, Elsewhere, Outcome, Step
from memory.errors import StorageError
from tungsten.errors import TerminalError

if TYPE_CHECKING:
    from agent.live_agent import LiveAgent

log = logging.getLogger("agent.agents")

DIALOG = "dialog"
"""Name of the tool in blocks that show what a dialog asked, and begin of their ids."""

IN_ITS_PANE = "answered in its pane"
"""Why what waits in the inbox does no more."""

ENDED = "its program has ended"

SHOWS_SECONDS = 5.0
"""How long an agent may take to show the dialog of what its hook asked about before."""

_DRAWN = re.compile(r"[\s\u2500-\u259f]+")


@dataclass(eq=False, slots=True)
class Claim:
    """What a hook has asked about and let go of, so that it is answered by key.

    Its own item in the inbox stands for the dialog, too.

    Attributes:
        pane_id: where the dialog will stand.
        command: what it asks about, whole and exact.
        gone: told why the item is no longer needed, once.
        shown: set when the dialog stands there, or will not be this one's.
        seen: the dialog; None where there is none (any more).
    """

    pane_id: str
    command: str
    gone: Callable[[str], None]
    shown: asyncio.Event = field(default_factory=asyncio.Event)
    seen: Seen | None = None


@dataclass(eq=False, slots=True)
class _Open:
    """A dialog that stands in a pane, and how it is being answered."""

    seen: Seen
    task: asyncio.Task[None] | None = None
    claim: Claim | None = None
    step: Step | None = None


class DialogGates:
    """Asks about the dialogs of one agent's panes.

    Args:
        agent: the agent.
        profile: tells what its screens show.
        say: gives it a prompt: what the person says to a denial.
    """

    def __init__(
        self, agent: LiveAgent, profile: Profile, say: Callable[[str], Awaitable[None]]
    ) -> None:
        self._agent = agent
        self._say = say
        self._answering = Answering(agent.panes, profile)
        self._open: dict[str, _Open] = {}
        self._claims: dict[str, Claim] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    # What is seen -------------------------------------------------------------------------------

    def looked(self, pane_id: str, shown: ScreenMatch) -> None:
        """Take note of a pane's screen at rest."""
        if shown.state is AgentState.WAITING:
            self._spawn(self._look(pane_id))
        else:
            self._now(pane_id, None)

    async def _look(self, pane_id: str) -> None:
        try:
            seen = await self._answering.look(pane_id)
        except (AgentError, TerminalError):
            seen = None
        self._now(pane_id, seen)

    def _now(self, pane_id: str, seen: Seen | None) -> None:
        standing = self._open.get(pane_id)
        ours = standing is not None and self._answering.pressed(standing.seen)
        self._answering.saw(pane_id, None if seen is None else seen.dialog)
        if standing is not None:
            if seen is not None and _same(standing.seen, seen):
                return
            del self._open[pane_id]
            if not ours:
                self._dismiss(standing, IN_ITS_PANE)
        if seen is not None:
            self._begin(seen)

    def _begin(self, seen: Seen) -> None:
        claim = self._claims.get(seen.pane_id)
        opened = self._open[seen.pane_id] = _Open(seen)
        if claim is not None and seen.dialog.kind is Kind.PERMISSION:
            if _is_about(seen.dialog, claim.command):
                opened.claim, claim.seen = claim, seen
                claim.shown.set()
                return
            self._let_go(claim, "its dialog shows something else")
        if seen.dialog.kind in (Kind.PERMISSION, Kind.QUESTION):
            opened.task = self._spawn(self._ask(opened))

    def _dismiss(self, opened: _Open, why: str) -> None:
        """Take back what is asked about a dialog."""
        if opened.claim is not None:
            self._let_go(opened.claim, why)
        elif opened.task is not None and not opened.task.done():
            gate = None if opened.step is None else self._agent.performer.gate_of(opened.step)
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

    # What a hook let go of ----------------------------------------------------------------------

    def claim(self, pane_id: str, command: str, gone: Callable[[str], None]) -> Claim:
        """Have the dialog that will ask about a command answered by `answer`, and by nothing else.

        There is no second item in the inbox about it. `gone` is told when there is nothing to
        answer any more: it was answered in its pane, or the dialog is about something else.
        """
        earlier = self._claims.get(pane_id)
        if earlier is not None:
            self._let_go(earlier, "its agent asks about something else by now")
        claim = self._claims[pane_id] = Claim(pane_id, command, gone)
        opened = self._open.get(pane_id)
        if opened is not None and opened.claim is None and _is_about(opened.seen.dialog, command):
            self._dismiss(opened, "its hook asks about this")
            opened.claim, claim.seen = claim, opened.seen
            claim.shown.set()
        return claim

    async def answer(self, claim: Claim, means: Meaning) -> Effect:
        """Press the key that answers a claimed dialog, once it stands there.

        Raises:
            NotRun: nothing was pressed; says why.
            AgentError, TerminalError: as `Answering.press`.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SHOWS_SECONDS):
                await claim.shown.wait()
        if claim.seen is None:
            raise NotRun(f"its dialog does not stand in its pane; {NOTHING}")
        answer = claim.seen.dialog.answer(means)
        if answer is None:
            raise NotRun(f"no one key of its dialog does this: answer in its pane; {NOTHING}")
        effect = await self._press(claim.seen, answer)
        self._claims.pop(claim.pane_id, None)
        return effect

    def release(self, claim: Claim) -> None:
        """Let go of a claim; a dialog that stands there still is asked about as any other."""
        if self._claims.get(claim.pane_id) is not claim:
            return
        del self._claims[claim.pane_id]
        opened = self._open.get(claim.pane_id)
        if (
            opened is not None
            and opened.claim is claim
            and not self._answering.pressed(opened.seen)
        ):
            self._begin(opened.seen)

    def _let_go(self, claim: Claim, why: str) -> None:
        if self._claims.get(claim.pane_id) is claim:
            del self._claims[claim.pane_id]
        claim.seen = None
        claim.shown.set()
        claim.gone(why)

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
        doubt = seen.dialog.doubt
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
        )
        outcome = Outcome(ToolStatus.FAILED, NOTHING)
        for _ in range(MAX_LOOKS):
            action: Action = RunCommand(seen.dialog.command, "")
            if doubt:
                action = AllowDialog(seen.dialog.text, doubt)
            opened.step = Step(action, how, title=" ".join(action.text.split())[:300])
            outcome = await self._agent.performer.perform(
                opened.step,
                tool_use_id=tool_use_id,
                progress=lambda fields: self._agent.conversation.change_tool(block_id, **fields),
            )
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
        outcome = await self._answer_by(seen, deny, denies=True)
        if outcome.status is not ToolStatus.DONE:
            self._tell(outcome.text)
        elif message:
            try:
                await self._say(message)
            except (AgentError, TerminalError) as error:
                self._tell(f"denied, and your message was not given to it: {error}")

    async def _question(self, opened: _Open, tool_use_id: str) -> Outcome:
        seen = opened.seen
        offered = {each.label: each for each in seen.dialog.answers if each.label}
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

    async def end(self) -> None:
        """Take back what is asked, as the program has ended."""
        standing, self._open = tuple(self._open.values()), {}
        for opened in standing:
            if opened.claim is not None:
                self._let_go(opened.claim, ENDED)
            elif opened.step is not None:
                gate = self._agent.performer.gate_of(opened.step)
                if gate is not None:
                    await self._withdraw(gate, ENDED)
        for claim in tuple(self._claims.values()):
            self._let_go(claim, ENDED)
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


def _is_about(dialog: Dialog, command: str) -> bool:
    """Whether a dialog shows the whole of a command, however it is broken into lines."""
    sought = _DRAWN.sub("", command)
    return bool(sought) and sought in _DRAWN.sub("", dialog.text)
