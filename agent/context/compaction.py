"""Making room: a conversation that fills its context goes on from a summary of itself.

The endpoint writes the summary where it is known to do that; elsewhere the model is asked for one,
behind the very request that it would have been sent next, so that all of it is read from the cache.
What takes the place of the conversation is appended, and nothing is taken away: see
`Session.begin_anew`. When a window counts as full is known only where its size is; an endpoint
that refuses a request as too long says so itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from agent.context.instructions import Instructions, estimate_tokens
from agent.context.prompt_files import PromptFiles
from agent.context.summary import beginning, roles, task, tokens, told_in_short
from agent.context.turn_text import one_line
from agent.errors import AgentError
from agent.messages.compaction_block import BETA, MAX_INSTRUCTIONS, is_compacted, section
from agent.messages.prefix import serialise
from agent.messages.sendable import Message
from agent.model.errors import ContextTooLong, InvalidRequest
from agent.model.events import MessageEnded
from agent.protocol.conversation import BlockKind
from agent.sessions.conversation import Conversation, block_event
from agent.sessions.session import Session, text_block

FULL = 0.8
"""Part of the context window from which on room is made: the summary must still fit behind it."""

WORTH = 0.2
"""Least part of the window that must be gained; where the beginning alone fills it, nothing is."""

SHORTER = (2, 4, 8, 16)
"""Where not even the question for a summary fits: what part of the conversation is told then."""

AGAIN = 20
"""Messages that must have come before another try, where no summary came back."""

BY_HAND = "you asked for it"


class NoSummary(AgentError):
    """The conversation cannot be compacted: no summary came back."""


class NothingToCompact(AgentError):
    """The conversation has no more in it than its beginning."""


class Compacts(Protocol):
    """The agent whose conversation it is."""

    context_tokens: int
    """Tokens of the context that the last request and its answer filled."""

    context_window: int | None
    """How many there are; None where nobody says."""

    async def in_force(self) -> tuple[Instructions, Sequence[str]]:
        """Project instructions as they are on disk, and facts told before that still count."""

    async def instructed(self, found: Instructions, known: str) -> tuple[str, list[Message]]:
        """Say project instructions: as text within a user message, or as messages behind it."""

    async def compacted(self, tokens: int) -> None:
        """Told when the conversation was compacted, to about so many tokens in all."""


class Asks(Protocol):
    """Asks the model beside the conversation."""

    async def signer(self) -> tuple[str, str] | None:
        """Model and address of an endpoint that writes summaries itself; None where none does."""

    async def beside(
        self, messages: Sequence[Message], extra: Mapping[str, Any], *, follows: bool
    ) -> MessageEnded:
        """Ask with the conversation, where this `follows` it, and `messages` behind it."""


class Compaction:
    """Makes room in one conversation."""

    def __init__(
        self,
        session: Session,
        conversation: Conversation,
        prompts: PromptFiles,
        owner: Compacts,
        asks: Asks,
    ) -> None:
        self._session = session
        self._conversation = conversation
        self._prompts = prompts
        self._owner = owner
        self._asks = asks
        self.wanted = False
        """Whether the person wants room to be made before the next request."""
        self._failed_at = -AGAIN

    @property
    def possible(self) -> bool:
        """Whether there is anything behind the conversation's beginning."""
        return bool(self._since_beginning())

    async def in_time(self) -> None:
        """Make room before a request, where the window is nearly full or the person wants it.

        Where that fails, the request may still go well; the person is told.

        Raises:
            ModelError: the model could not be asked.
        """
        if not self.wanted and not self._due():
            return
        try:
            await self.make_room(BY_HAND if self.wanted else "the context is nearly full")
        except (NoSummary, NothingToCompact) as error:
            self._failed_at = len(self._session.messages)
            await self._conversation.add(BlockKind.NOTICE, f"Not compacted: {one_line(error)}")
        finally:
            self.wanted = False

    def _due(self) -> bool:
        filled, window = self._owner.context_tokens, self._owner.context_window
        if len(self._session.messages) < self._failed_at + AGAIN:
            return False
        if window is None or filled + tokens(self._session.unsent()) < FULL * window:
            return False
        return tokens(self._since_beginning()) >= WORTH * window

    def check(self) -> None:
        """Find out whether there is anything to compact.

        Raises:
            NothingToCompact: there is nothing behind the beginning.
        """
        if not self.possible:
            raise NothingToCompact("There is nothing to compact yet.")

    def _since_beginning(self) -> list[Message]:
        window = self._session.window
        begin = 2 if window and is_compacted(window[0]) else 1
        while begin < len(window) and window[begin]["role"] == "system":
            begin += 1
        return window[begin:]

    async def make_room(self, why: str, *, idle: bool = False) -> None:
        """Have a summary written and begin anew from it.

        Args:
            why: for the person.
            idle: no turn is under way, so the model is not to go on.

        Raises:
            NothingToCompact: there is nothing behind the beginning.
            NoSummary: none came back; nothing was changed.
            ModelError: the model could not be asked; nothing was changed.
        """
        session = self._session
        self.check()
        count = len(session.window)
        try:
            prompt = self._prompts.read("summary")
        except OSError as error:
            raise NoSummary(f"The prompt for summaries is unreadable: {one_line(error)}") from error
        signer = await self._asks.signer()
        signed = None if signer is None else await self._signed(prompt)
        summary = "" if signed is not None else await self._own(prompt)
        instructions, notes = await self._owner.in_force()
        text = task(session.messages, idle=idle)
        told, behind = await self._owner.instructed(instructions, "")
        begin = [beginning(summary, text, told, notes, roles(session.messages)), *behind]
        event: dict[str, Any] = {"why": why, "messages": count}
        if signed is not None:
            begin.insert(0, signed)
            event["by"] = signer
            summary = str(signed["content"][0].get("content") or "")
        told = f"Compacted ({why}): {count} messages went out of the model's context. This is what "
        told += "it goes on from; everything that was said stays here."
        block = self._conversation.draft(BlockKind.NOTICE, f"{told}\n\n{summary}")
        await session.begin_anew(event, begin, block_event(block), idle=idle)
        self._conversation.show(block)
        head = estimate_tokens(serialise([session.tools, session.system]))
        await self._owner.compacted(head + tokens(session.window))

    async def _signed(self, prompt: str) -> Message | None:
        """Ask the endpoint for its own summary; None where it gives none."""
        wanted = {"type": "summarize", "instructions": prompt[:MAX_INSTRUCTIONS]}
        try:
            ended = await self._asks.beside(
                [], {"compaction": wanted, "betas": [BETA]}, follows=True
            )
        except (ContextTooLong, InvalidRequest):
            return None
        content = ended.message["content"]
        if ended.stop_reason != "compaction" or len(content) != 1:
            return None
        message = {"role": "assistant", "content": content}
        return message if is_compacted(message) and content[0].get("content") else None

    async def _own(self, prompt: str) -> str:
        for messages, follows in self._questions(prompt):
            try:
                ended = await self._asks.beside(messages, {}, follows=follows)
            except ContextTooLong:
                continue
            texts = [b["text"] for b in ended.message["content"] if b.get("type") == "text"]
            text = "\n\n".join(texts).strip()
            if text and ended.stop_reason == "max_tokens":
                return f"{text}\n[cut off at the output limit]"
            if text and ended.stop_reason in ("end_turn", "stop_sequence"):
                return text
        raise NoSummary(
            "The conversation fills the model's context, and no summary of it came back: start a "
            "new agent, or one with a larger context."
        )

    def _questions(self, prompt: str) -> Iterator[tuple[list[Message], bool]]:
        yield [{"role": "user", "content": [text_block(prompt)]}], True
        whole = len(told_in_short(self._session.window, 2**62))
        for part in SHORTER:
            said = told_in_short(self._session.window, whole // part)
            told = section("conversation", said)
            yield [{"role": "user", "content": [text_block(told), text_block(prompt)]}], False
