"""An agent that thinks: prompts become turns of its loop, one at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from agent.agents.live_agent import LiveAgent, PromptEmpty, log
from agent.agents.services import Services
from agent.context.compaction import Compaction
from agent.context.instructions import Instructions
from agent.context.shared_prefix import Going
from agent.context.turn_text import (
    one_line,
    shown_prompt,
    spoken,
    user_turn,
)
from agent.errors import AgentError
from agent.messages.sendable import Message, effort_message
from agent.model import prices
from agent.model.client import ModelClient
from agent.model.endpoint import Endpoint
from agent.model.events import TurnUsage
from agent.model.thinking import Level, Setting
from agent.panes.panes import DirectoryGone
from agent.protocol.agents import AgentState
from agent.protocol.commands.prompts import COORDINATE, When
from agent.protocol.conversation import BlockKind
from agent.sessions.session import Session, SessionDamaged
from agent.steps.recovery import recover
from agent.turns.asking import Asking
from agent.turns.loop import Finish, Loop, said
from agent.turns.steering import Said, stored
from agent.turns.tool_uses import ToolUses
from agent.turns.turn_context import TurnContext
from agent.usage.budget import BudgetSpent
from memory.errors import StorageError
from memory.sessions import SessionRecord
from tungsten.errors import TerminalError

MAX_PROMPT = 1_000_000
"""Characters of one prompt: as much as the largest context windows take."""

READ_ANEW = "; the conversation is then read anew once, at full price"

MAX_QUEUED = 2 * MAX_PROMPT
"""Characters of all prompts that wait together."""


class PromptTooLong(AgentError):
    """More was said than a model could take in."""


def check_prompt(text: str) -> None:
    """Find out, before anything is made for it, whether a prompt can be taken.

    Raises:
        PromptTooLong: says what to do instead.
    """
    if len(text) > MAX_PROMPT:
        raise PromptTooLong(
            f"The prompt has {len(text):,} characters, {MAX_PROMPT:,} are possible: put it into a "
            "file and name the file."
        )


class ModelAgent(LiveAgent):
    """A conversation with a model."""

    def __init__(self, record: SessionRecord, session: Session, services: Services) -> None:
        super().__init__(record, session, services)
        conversation, database = self.conversation, services.database
        asking = Asking(
            self,
            session,
            conversation,
            lambda: services.models.client(demo=self.demo),
            services.config,
        )
        tools = ToolUses(
            self,
            session=session,
            conversation=conversation,
            performer=self.performer,
            panes=self.panes,
            outputs=self.outputs,
            questions=services.questions,
            workers=self.workers,
            database=database,
            memory=self.memory,
            asking=asking,
        )
        self.loop = Loop(
            self,
            session=session,
            conversation=conversation,
            database=database,
            memory=self.memory,
            asking=asking,
            tools=tools,
            compaction=Compaction(session, conversation, services.prompts, self, asking),
        )
        self.context = TurnContext(self, asking)
        self._turn: asyncio.Task[None] | None = None
        self._breakable = False
        """Whether the turn's task can be cancelled: it is not about to end by itself."""
        self._goes_on = False
        """Whether the turn is to end for something that the person wants heard now."""
        self._window_asked = ""
        """The model of which the endpoint was asked how large its context window is."""
        self._starting = asyncio.Lock()

    @property
    def busy(self) -> bool:
        """Whether a turn runs."""
        return self._turn is not None and not self._turn.done()

    # Thinking -----------------------------------------------------------------------------------

    @property
    def thinking(self) -> Setting:
        """Whether it thinks, as its session was born."""
        kept = self.record.extra.get("thinking")
        return kept if kept in ("auto", "on", "off") else ""

    @property
    def effort(self) -> str:
        """The effort that its session was born with; empty: the model's own."""
        return str(self.record.extra.get("effort", ""))

    @property
    def effort_from_now_on(self) -> str:
        """The effort of its next turn; empty: the model's own."""
        return str(self.record.extra.get("effort_wanted") or self.session.effort() or self.effort)

    def _changed_effort(self) -> list[Message]:
        """The message that a turn begins with where its effort is another than that before."""
        wanted = self.effort_from_now_on
        return [effort_message(wanted)] if wanted != (self.session.effort() or self.effort) else []

    async def set_effort(self, level: Level) -> str:
        """Change the effort of its next turns.

        Returns:
            One line for the person: from when on, and what that costs.

        Raises:
            EffortNotTaken: its model does not take that; says what it takes.
        """
        if self.session.damaged:
            raise SessionDamaged(self._activity)
        keeps_cache = await self.loop.asking.check_effort(level)
        async with self._starting:
            begun = bool(self.session.messages)
            await self.save_extra(**{"effort_wanted" if begun else "effort": level})
        self.publish()
        anew = begun and not keeps_cache and bool(self._changed_effort())
        return f"effort {level} from your next prompt on{READ_ANEW if anew else ''}"

    # Prompts ------------------------------------------------------------------------------------

    async def prompt(self, text: str, when: When = "after_turn") -> None:
        """Start a turn, or keep what the person says until it may be heard.

        Args:
            text: what is said.
            when: it is heard where a turn runs: see `agent.turns.steering`.

        Raises:
            AgentError, StorageError: it could not be taken; nothing was changed.
        """
        if not text.strip():
            raise PromptEmpty("There is nothing to say: the prompt is empty.")
        if self.session.damaged:
            raise SessionDamaged(self._activity)
        check_prompt(text)
        if self.record.parent is not None and COORDINATE.match(text):
            raise AgentError(
                f"{self.name} is a worker, and workers have none: ask its coordinator."
            )
        async with self._starting:
            if not self.busy:
                await self._begin([*self._waiting, text])
                return
            if sum(map(len, self._waiting)) + len(text) > MAX_QUEUED:
                raise PromptTooLong(
                    "Too much waits already: let the agent take what is queued first."
                )
            if when == "after_turn":
                await self._queue([*self.queued, text], self.steering)
                return
            await self._queue(self.queued, [*self.steering, Said.of(text)])
            turn = self._break_off() if when == "now" else None
        if turn is not None:
            await asyncio.wait({turn})

    async def hasten(self, when: When) -> None:
        """Have what is queued heard sooner.

        Raises:
            AgentError, StorageError: it could not be done; nothing was changed.
        """
        if self.session.damaged:
            raise SessionDamaged(self._activity)
        async with self._starting:
            if not self._waiting:
                raise PromptEmpty("Nothing is queued.")
            if not self.busy:
                await self._begin(self._waiting)
                return
            await self._queue([], [*self.steering, *map(Said.of, self.queued)])
            turn = self._break_off() if when == "now" else None
        if turn is not None:
            await asyncio.wait({turn})

    def _break_off(self) -> asyncio.Task[None] | None:
        """Have the turn end, and go on with what the person just said; gives what to wait for."""
        turn, self._goes_on = self._turn, True
        if turn is not None and self._breakable:
            turn.cancel()
        return turn

    async def hear(self) -> None:
        """Append what the person said since the last request, but not behind half an answer."""
        async with self._starting:
            last = self.session.last_said()
            if not self.steering or last is None or last["role"] != "user":
                return
            texts = [each.text for each in self.steering]
            pictures = await self.context.pictures(texts)
            roles = await self.context.roles(texts)
            said = user_turn(texts, "", (), roles, pictures=pictures.blocks)
            ids = [each.id for each in self.steering]
            await self.session.append_turn([{"role": "user", "content": said}], ids, within=True)
            await self._queue(self.queued)
            for text in texts:
                await self.conversation.add(BlockKind.USER, shown_prompt(text))
            for line in pictures.lines:
                await self.conversation.add(BlockKind.NOTICE, line)

    async def unqueue(self) -> list[str]:
        """Give back what waits to be heard."""
        async with self._starting:
            taken, self._goes_on = self._waiting, False
            await self._queue([])
        return taken

    @property
    def _waiting(self) -> list[str]:
        """All that waits to be heard, what is to be heard first in front."""
        return [*(each.text for each in self.steering), *self.queued]

    async def _queue(self, texts: Sequence[str], sooner: Sequence[Said] = ()) -> None:
        """Keep what waits for the end of the turn, and what is heard within it."""
        await self.save_extra(queued=list(texts), queue_held=False, **stored(sooner))
        self.queued, self.queue_held, self.steering = list(texts), False, list(sooner)
        self.publish()

    async def _begin(self, prompts: Sequence[str], left: Sequence[str] = ()) -> None:
        """Begin a turn with prompts; `left` stays queued."""
        if not self.directory.is_dir():
            raise DirectoryGone(
                f"{self.directory} does not exist any more: create it again, or archive this agent."
            )
        await self.read_usage()
        roles = await self.context.roles(prompts)
        found = await self.context.read_instructions()
        await self.context.announce_tools()
        await self.loop.tools.settle()
        told, behind = await self.context.instructed(found, self.session.instructions_sha256())
        recalled, count = await self.memory.begin_turn(prompts)
        pictures = await self.context.pictures(prompts)
        said = user_turn(prompts, told, self.notes, roles, recalled, pictures.blocks)
        await self.session.append_turn(
            [*self._changed_effort(), {"role": "user", "content": said}, *behind],
            [each.id for each in self.steering],
        )
        await self.take_notes()
        for text in prompts:
            await self.conversation.add(BlockKind.USER, shown_prompt(text))
        if count:
            what = "a memory" if count == 1 else f"{count} memories"
            await self.conversation.add(BlockKind.NOTICE, f"Recalled {what} for this turn.")
        for line in (*pictures.lines, *found.notes):
            await self.conversation.add(BlockKind.NOTICE, line)
        if self.steering or self.queued != list(left):
            await self._queue(left)
        await self._start(self.loop.run())

    async def compact(self) -> None:
        """Have the conversation go on from a summary: now, or before a running turn's next request.

        Raises:
            AgentError, StorageError: it cannot be done; nothing was changed.
        """
        if self.session.damaged:
            raise SessionDamaged(self._activity)
        async with self._starting:
            if self.busy:
                self.loop.compaction.wanted = True
                return
            self.loop.compaction.check()
            await self.read_usage()
            await self._start(self.loop.compact())

    async def begin_queued(self) -> None:
        """Start a turn with what waits, if something does and none runs."""
        async with self._starting:
            if self.queued and not self.busy and not self.queue_held:
                await self._begin(self._waiting)

    async def _start(self, work: Coroutine[Any, Any, Finish]) -> None:
        try:
            await self.become(AgentState.WORKING, "starting")
        except BaseException:
            work.close()
            raise
        self._breakable, self._goes_on = True, False
        self._turn = asyncio.create_task(self._take_turn(work), name=f"{self.id} turn")
        # A task that is cancelled before its first step never runs, so it could not say how it
        # ended and the agent would seem to work for ever.
        await asyncio.sleep(0)

    # Turns --------------------------------------------------------------------------------------

    async def _take_turn(self, work: Coroutine[Any, Any, Finish]) -> None:
        over_budget = False
        try:
            finish = await self._breakably(work)
            if self.loop.compaction.wanted:
                # Asked for after the turn's last request, whose finish stays.
                self.loop.compaction.wanted = False
                try:
                    await self.loop.compact()
                except AgentError as error:
                    await self._say(BlockKind.NOTICE, f"Not compacted: {one_line(error)}")
        except asyncio.CancelledError:
            if self.closing:
                raise
            finish = Finish(AgentState.IDLE, "interrupted")
            waits = " What is queued waits for you." if self._waiting else ""
            told = "Interrupted, to hear this:" if self._goes_on else f"Interrupted.{waits}"
            await self._say(BlockKind.NOTICE, told)
        except (AgentError, StorageError, TerminalError) as error:
            finish = Finish(AgentState.FAILED, one_line(error))
            over_budget = isinstance(error, BudgetSpent)
            await self._say(BlockKind.ERROR, one_line(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the person is told
            log.exception("a turn of %s failed", self.id)
            text = f"Tungsten itself failed ({type(error).__name__}): see the engine's log."
            finish = Finish(AgentState.FAILED, text)
            await self._say(BlockKind.ERROR, text)
        try:
            async with self._starting:
                if over_budget is not bool(self.record.extra.get("over_budget")):
                    await self.save_extra(over_budget=over_budget)
                if self.steering and not self._goes_on:
                    # The turn ended first: it is heard with what follows.
                    await self._queue(self._waiting)
                if finish.state is AgentState.IDLE and self.queued and not self._goes_on:
                    # Who interrupts wants it to stop, not to go on with something else.
                    await self.save_extra(queue_held=True)
                    self.queue_held = True
                heard = self._goes_on and not self.steering
                if finish.state is not AgentState.DONE and not heard:
                    await self.session.stop(finish.state, finish.activity)
                await self.become(finish.state, finish.activity)
                if heard:
                    # Just before the turn broke off.
                    await self._start(self.loop.run())
                elif self._goes_on:
                    await self._begin([each.text for each in self.steering], list(self.queued))
                elif self.queued and finish.state is AgentState.DONE:
                    await self._begin(self.queued)
                else:
                    await self.services.fleet.rested(self)
        except (AgentError, StorageError) as error:
            await self._say(BlockKind.ERROR, one_line(error))
            if self._state is AgentState.WORKING:
                # Nothing works any more, also where that cannot be stored.
                with contextlib.suppress(StorageError):
                    await self.become(AgentState.FAILED, one_line(error))

    async def _breakably(self, work: Coroutine[Any, Any, Finish]) -> Finish:
        try:
            return await work
        finally:
            # From here on it ends, and must be let do so.
            self._breakable = False

    async def _say(self, kind: BlockKind, text: str) -> None:
        try:
            await self.conversation.add(kind, text)
        except StorageError as error:
            log.warning("%s", error)

    async def interrupt(self) -> None:
        """Stop the running turn; a person's own command goes on only if there is a turn.

        What is queued stays so until the person says something, or takes it back.
        """
        turn, self._goes_on = self._turn, False
        if turn is not None and not turn.done():
            turn.cancel()
            await asyncio.wait({turn})
            return
        await super().interrupt()

    async def halt(self) -> None:
        """End the turn, and begin none with the queued prompts."""
        if self._waiting:
            await self._queue([])
        await self.interrupt()

    async def stop(self) -> None:
        """End the turn without starting the queued prompts, then everything else."""
        await self.halt()
        await super().stop()

    async def close(self) -> None:
        """End all tasks without tidying up."""
        await self.interrupt()
        await LiveAgent.interrupt(self)

    # What the loop asks and tells ---------------------------------------------------------------

    def going(self, model: str) -> AbstractAsyncContextManager[Going]:
        """Wait for the first of the workers that share a prefix, so that the others read it."""
        if self.record.parent is None or not model:
            return contextlib.nullcontext(Going())
        return self.services.shared_prefixes.going(f"{self.record.parent} {model}")

    async def in_force(self) -> tuple[Instructions, Sequence[str]]:
        """Project instructions as they are on disk, and facts told before that still count."""
        return await self.context.in_force()

    async def instructed(self, found: Instructions, known: str) -> tuple[str, list[Message]]:
        """Say project instructions: as text within a user message, or as messages behind it."""
        return await self.context.instructed(found, known)

    async def work(self, activity: str) -> None:
        """Show what the turn is doing."""
        await self.become(AgentState.WORKING, activity)

    async def may_ask(self, model: str, endpoint: Endpoint) -> None:
        """Return when the budgets allow one more request."""
        await self.services.budgets.ask(self.record, model, endpoint)

    async def began(self, model: str, usage: TurnUsage, endpoint: Endpoint) -> None:
        """Count what a request has used although it may never end."""
        await self.services.budgets.began(self.id, model, usage, endpoint)
        await self.read_usage()
        self.publish()

    async def used(self, model: str, answered: str, usage: TurnUsage, endpoint: Endpoint) -> None:
        """Count what a request consumed."""
        await self.services.budgets.record(self.id, model, answered, usage, endpoint)
        self.context_tokens = usage.context_tokens
        if self.context_window is None:
            self.context_window = await asyncio.to_thread(prices.context_window, model)
        await self.save_extra(
            context_tokens=self.context_tokens, context_window=self.context_window
        )
        await self.read_usage()
        self.publish()

    def _finished(self) -> Finish:
        """How the last turn ended, where an earlier engine did not come to store that."""
        if self.session.stopped:
            state, reason = self.session.why_stopped()
            return Finish(AgentState(state), reason)
        last = self.session.last_said()
        return Finish(AgentState.DONE, (last and said(last["content"])) or "done")

    async def learn_window(self, client: ModelClient, model: str) -> None:
        """Find out once how large the context window is: from settings, a list or the endpoint."""
        if self._window_asked == model:
            return
        self._window_asked = model
        window = client.endpoint.context_window
        known = self.context_window if self.record.extra.get("window_of") == model else None
        if known is not None and window in (None, known):
            return
        if window is None:
            window = await asyncio.to_thread(prices.context_window, model)
        if window is None:
            window = (await client.capabilities(model)).context_window
        self.context_window = window
        await self.save_extra(context_window=window, window_of=model)
        self.publish()

    async def compacted(self, tokens: int) -> None:
        """Show how much of the context is filled now, until the endpoint says it exactly."""
        self.context_tokens = tokens
        await self.save_extra(context_tokens=tokens)
        self.publish()

    # After a restart ----------------------------------------------------------------------------

    async def resume(self) -> None:
        """Find the panes, show what was not shown yet, and go on with a turn that was running."""
        await super().resume()
        await self.context.read_instructions()
        await self.context.announce_tools()
        await self.conversation.catch_up()
        if any(each.id in self.session.heard for each in self.steering):
            left = [each for each in self.steering if each.id not in self.session.heard]
            await self._queue(self.queued, left)
        if self.queued and self.session.owes_reply():
            last = self.session.last_said()
            said = {block.get("text") for block in last["content"]} if last else set()
            left_over = [text for text in self.queued if spoken(text) not in said]
            await self._queue(left_over, self.steering)
        pending = self.session.unanswered()
        if (pending and not self.session.stopped) or self.session.owes_reply():
            recovered = await recover(
                self.services.database, self.id, [use["id"] for use in pending]
            )
            await self._start(self.loop.run(recovered))
            return
        if self._state in (AgentState.WORKING, AgentState.WAITING):
            finish = self._finished()
            await self.become(finish.state, finish.activity)
        async with self._starting:
            if self._waiting and not self.queue_held:
                await self._begin(self._waiting)
