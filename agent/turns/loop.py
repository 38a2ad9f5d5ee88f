"""The loop: ask the model, use the tools it names, tell it the results, until it is done.

A tool is used only after the whole message that names it has arrived with `stop_reason` tool_use.
At every await the turn may be cancelled (the person pressed Esc): what was under way is then
closed so that the transcript stays valid, and the cancellation goes on. When the engine itself
ends, nothing is tidied up: the next engine finds everything as after a crash and goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from agent.context.compaction import BY_HAND, Compaction, Compacts
from agent.context.turn_text import CUT_OFF, note
from agent.memories.remembering import AgentMemory
from agent.messages.sendable import ContentBlock
from agent.model.errors import ContextTooLong
from agent.protocol.agents import AgentState
from agent.protocol.conversation import BlockKind
from agent.sessions.conversation import Conversation
from agent.sessions.plain import plain_line
from agent.sessions.session import Session, text_block
from agent.steps.recovery import Recovered
from agent.turns.asking import Asking, AskingOwner, TurnFailed
from agent.turns.evidence import Evidence, so_far, was_told
from agent.turns.repeats import Repeats
from agent.turns.tool_uses import ToolOwner, ToolUses
from memory.database import Database

MAX_CUT_OFF = 3
"""Messages in a row that may hit the output limit before the turn is given up."""

MAX_PAUSES = 10
"""Times in a row that the endpoint may say pause_turn."""


@dataclass(frozen=True, slots=True)
class Finish:
    """How a turn ended; `activity` is the line shown beside the agent's name."""

    state: AgentState
    activity: str


class LoopOwner(ToolOwner, AskingOwner, Compacts, Protocol):
    """The agent whose turn it is."""

    async def hear(self) -> None:
        """Append what the person said since the last request, if it may be heard now."""


class Loop:
    """One agent's turns.

    Attributes:
        asking: sends its requests.
        tools: uses what the model names.
        compaction: makes room in its context.
    """

    def __init__(
        self,
        owner: LoopOwner,
        *,
        session: Session,
        conversation: Conversation,
        database: Database,
        memory: AgentMemory,
        asking: Asking,
        tools: ToolUses,
        compaction: Compaction,
    ) -> None:
        self._owner = owner
        self._session = session
        self._conversation = conversation
        self._database = database
        self._memory = memory
        self.asking = asking
        self.tools = tools
        self.compaction = compaction
        self._evidence = Evidence()
        self._repeats = Repeats()

    async def run(self, recovered: Mapping[str, Recovered] | None = None) -> Finish:
        """Take the turn to its end, from wherever the transcript stands.

        Args:
            recovered: what the journal knows of tool uses that an earlier engine began.

        Raises:
            AgentError, StorageError: the turn failed; the transcript is valid.
            asyncio.CancelledError: the person interrupted; the transcript is valid.
        """
        cut_off = pauses = 0
        self._repeats = Repeats()
        self._evidence = await so_far(self._session, self._database)
        uses = self._session.unanswered()
        if uses:
            await self._use_tools(uses, recovered or {})
        made_room = False
        while True:
            await self.compaction.in_time()
            await self._owner.hold()
            await self._owner.hear()
            try:
                ended = await self.asking.request()
            except ContextTooLong:
                if made_room or not self.compaction.possible:
                    raise
                made_room = True
                await self.compaction.make_room("the endpoint takes no more")
                continue
            content = ended.message["content"]
            if ended.stop_reason == "refusal":
                # Sent back, a refused message would only be refused again.
                await self._session.append_event({"type": "refused", "message": ended.message})
                await self._conversation.add(
                    BlockKind.ERROR, "The model refused to answer. Say it another way."
                )
                return Finish(AgentState.FAILED, "the model refused to answer")
            uses = [block for block in content if block.get("type") == "tool_use"]
            whole = ended.stop_reason == "tool_use"
            await self._session.hold(
                [use["id"] for use in uses if not whole or use["id"] in ended.broken_inputs]
            )
            if content:
                await self._session.append_assistant(content)
                await self._memory.cites(content)
            match ended.stop_reason:
                case "tool_use" if uses:
                    cut_off = pauses = 0
                    made_room = False
                    await self._use_tools(uses, {})
                    if repeated := self._repeats.end():
                        raise TurnFailed(repeated)
                case "max_tokens":
                    cut_off += 1
                    if cut_off > MAX_CUT_OFF:
                        await self.tools.close(uses, CUT_OFF)
                        raise TurnFailed(
                            "The model keeps hitting the output limit: raise max_tokens in "
                            "config.toml, or ask for less at once."
                        )
                    await self._continue_cut_off(uses)
                case "pause_turn":
                    pauses += 1
                    if pauses > MAX_PAUSES:
                        raise TurnFailed("The endpoint keeps pausing the turn: try again later.")
                case "model_context_window_exceeded":
                    await self.tools.close(uses, CUT_OFF)
                    if made_room or not self.compaction.possible:
                        raise TurnFailed(
                            "The conversation fills the model's context: /fork goes on from an "
                            "earlier turn, /new begins anew."
                        )
                    made_room = True
                    await self.compaction.make_room("the model's context is full")
                case _:
                    # end_turn, stop_sequence, and whatever an endpoint calls its end.
                    await self.tools.close(uses, "the message ended without stop_reason tool_use")
                    if self._evidence.failed is None:
                        return Finish(AgentState.DONE, said(content) or "done")
                    if was_told(self._session):
                        finish = self._evidence.finish()
                        await self._conversation.add(BlockKind.ERROR, finish)
                        return Finish(AgentState.DONE, finish)
                    await self._session.append_user([note([self._evidence.told()])])
                    await self._conversation.add(
                        BlockKind.NOTICE, f"{self._evidence.finish()}. The agent was told."
                    )

    async def compact(self) -> Finish:
        """Compact the conversation while no turn is under way.

        Raises:
            NothingToCompact, NoSummary, ModelError: it was not done; nothing was changed.
        """
        await self.tools.settle()
        await self.compaction.make_room(BY_HAND, idle=True)
        return Finish(AgentState.DONE, "compacted")

    async def _continue_cut_off(self, uses: list[ContentBlock]) -> None:
        if uses:
            await self.tools.close(uses, CUT_OFF)
        else:
            await self._session.append_user([text_block(CUT_OFF)])
        await self._conversation.add(
            BlockKind.NOTICE, "The answer hit the output limit; the model goes on."
        )

    async def _use_tools(
        self, uses: list[ContentBlock], recovered: Mapping[str, Recovered]
    ) -> None:
        """Use the tools of one message and append their results, whatever happens."""
        outcomes = await self.tools.use(uses, recovered)
        told = ""
        for use in uses:
            self._evidence.take(use, outcomes[use["id"]])
            self._repeats.take(use, outcomes[use["id"]])
            told = self._repeats.note() or told
        await self.tools.answer(uses, outcomes, told)


def said(content: list[ContentBlock]) -> str:
    """The last text of a message that says something, as one plain line."""
    texts = [str(block.get("text", "")) for block in content if block.get("type") == "text"]
    return next(filter(None, map(plain_line, reversed(texts))), "")
