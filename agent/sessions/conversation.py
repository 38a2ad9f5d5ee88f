"""A session as the person sees it: blocks with numbers that never change.

A block is published while it grows and stored with the session once it is finished, so that it is
shown again exactly as it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import ValidationError

from agent.context.turn_text import shown_prompt, spoken
from agent.hub import Hub
from agent.messages.breakpoints import ROLE
from agent.messages.compaction_block import SUMMARY, TASK
from agent.protocol.conversation import Block, BlockKind, ToolCall, ToolStatus
from agent.protocol.events import BlockChanged, BlockDelta
from agent.protocol.server_lines import MAX_LINE_BYTES
from agent.sessions import finding
from agent.sessions.session import Session, clean

SHOWN_TEXT = 200_000
"""Characters of one block's text that are shown; the session itself holds all of it."""

PAGE_BYTES = MAX_LINE_BYTES // 2
"""What one page may come to as JSON, so that it fits into a line of the protocol."""

AT_ONCE = 200_000
"""Characters that are looked through before others have their turn: a few milliseconds."""

GLANCE = 160
"""Characters of a first prompt that a list of sessions gives."""

_KINDS = {"text": BlockKind.ASSISTANT, "thinking": BlockKind.THINKING}
_UNFINISHED = frozenset(
    {ToolStatus.PREPARING, ToolStatus.GATED, ToolStatus.HELD, ToolStatus.RUNNING}
)
OWN_SECTIONS = (
    "<project-instructions",
    "<tungsten-note>",
    "<tungsten-memory>",
    f"<{ROLE} ",
    f"<{SUMMARY}>",
    f"<{TASK}>",
)
"""How texts begin that are ours, among those that the person said."""


class Conversation:
    """The blocks of one agent."""

    def __init__(
        self, agent_id: str, session: Session, hub: Hub, clock: Callable[[], float]
    ) -> None:
        self.agent_id = agent_id
        self._session = session
        self._hub = hub
        self._clock = clock
        self._blocks: dict[int, Block] = {}
        self._pieces: dict[int, list[str]] = {}
        for event in session.events:
            if event.get("type") == "block":
                # What another version wrote may not fit; the rest is still worth showing.
                with contextlib.suppress(ValidationError):
                    block = Block.model_validate(event["block"])
                    self._blocks[block.id] = block
        self._last = max(self._blocks, default=0)

    @property
    def blocks(self) -> Iterable[Block]:
        """All blocks, oldest first."""
        return self._blocks.values()

    @property
    def last_block(self) -> int:
        """Number of the newest block, 0 before the first."""
        return self._last

    def page(self, before: int | None, limit: int) -> list[Block]:
        """Give the last `limit` blocks before number `before`, oldest first.

        Fewer when they are so long that they would not fit into one answer, but at least one.
        """
        self._join(*self._pieces)
        ids = sorted(each for each in self._blocks if before is None or each < before)
        room, found = PAGE_BYTES, list[Block]()
        for each in reversed(ids[max(0, len(ids) - max(0, limit)) :]):
            block = self._blocks[each]
            room -= len(block.model_dump_json())
            if room < 0 and found:
                break
            found.append(block)
        return found[::-1]

    async def find(self, words: str) -> list[tuple[int, int]]:
        """Find words in all blocks: the number of each that has them and how often, oldest first.

        A long conversation is looked through bit by bit, so that agents and front ends go on.
        """
        sought = finding.pattern(words)
        if sought is None:
            return []
        self._join(*self._pieces)
        found, looked = list[tuple[int, int]](), 0
        for block in sorted(self._blocks.values(), key=lambda block: block.id):
            if times := finding.count(block, sought):
                found.append((block.id, times))
            looked += sum(map(len, finding.texts(block)))
            if looked >= AT_ONCE:
                looked = 0
                await asyncio.sleep(0)
        return found

    def open(
        self,
        kind: BlockKind,
        text: str = "",
        *,
        tool: ToolCall | None = None,
        streaming: bool = False,
    ) -> int:
        """Show a new block and give its number."""
        block = self.draft(kind, text)
        self.show(block.model_copy(update={"streaming": streaming, "tool": tool}))
        return block.id

    def draft(self, kind: BlockKind, text: str) -> Block:
        """Number a block that is to be stored with something else, and then shown."""
        self._last += 1
        return Block(id=self._last, kind=kind, at=self._clock(), text=shortened(clean(text)))

    def extend(self, block_id: int, text: str) -> None:
        """Append streamed text."""
        text = clean(text)
        self._pieces.setdefault(block_id, []).append(text)
        self._hub.publish(BlockDelta(agent_id=self.agent_id, block_id=block_id, text=text))

    def change(self, block_id: int, **fields: Any) -> None:
        """Replace fields of a block."""
        self._join(block_id)
        before = self._blocks[block_id]
        block = before.model_copy(update=fields)
        if before.streaming and not block.streaming:
            block = block.model_copy(update={"text": shortened(block.text)})
        self.show(block)

    def change_tool(self, block_id: int, **fields: Any) -> None:
        """Replace fields of a block's tool call."""
        tool = self._blocks[block_id].tool
        assert tool is not None
        self.change(block_id, tool=tool.model_copy(update=fields))

    def note_changed(self, tool_use_id: str, count: int) -> None:
        """Show how many files a tool use changed, where it has a block."""
        if (block_id := self.tool_block(tool_use_id)) is not None:
            self.change_tool(block_id, changed=count)

    def tool_block(self, tool_use_id: str) -> int | None:
        """Find the block of a tool use."""
        for block in reversed(self._blocks.values()):
            if block.tool is not None and block.tool.tool_use_id == tool_use_id:
                return block.id
        return None

    def unfinished(self, *names: str) -> dict[str, int]:
        """Blocks of uses of tools that nothing is known to have become of, by their ids."""
        return {
            block.tool.tool_use_id: block.id
            for block in self._blocks.values()
            if block.tool is not None
            and block.tool.name in names
            and block.tool.status in _UNFINISHED
        }

    async def catch_up(self) -> None:
        """Show what the last message says and an earlier engine did not come to store."""
        last = self._session.last_said()
        if last is None:
            return
        said = [
            (_KINDS[block["type"]], block.get("text") or block.get("thinking") or "")
            for block in last["content"]
            if block["type"] in _KINDS
        ]
        if last["role"] == "user":
            said = [
                (BlockKind.USER, shown_prompt(text))
                for _, text in said
                if not text.startswith(OWN_SECTIONS)
            ]
        shown = {(block.kind, block.text) for block in self._blocks.values()}
        # A task to be coordinated is shown with the command in front of it, and said without.
        shown |= {(kind, spoken(text)) for kind, text in shown if kind is BlockKind.USER}
        for kind, text in said:
            if text and (kind, shortened(clean(text))) not in shown:
                await self.add(kind, text)

    async def add(self, kind: BlockKind, text: str) -> None:
        """Show and store a block that is whole from the start."""
        await self.store(self.open(kind, text))

    async def store(self, *block_ids: int) -> None:
        """Store blocks that are finished; a streaming one is closed first."""
        for block_id in block_ids:
            self._join(block_id)
            if self._blocks[block_id].streaming:
                self.change(block_id, streaming=False)
            await self._session.append_event(block_event(self._blocks[block_id]))

    def _join(self, *block_ids: int) -> None:
        """Put streamed pieces into their blocks: late, since a long text has thousands of them."""
        for block_id in block_ids:
            pieces = self._pieces.pop(block_id, None)
            if pieces:
                block = self._blocks[block_id]
                text = block.text + "".join(pieces)
                self._blocks[block_id] = block.model_copy(update={"text": text})

    def show(self, block: Block) -> None:
        """Show a block as it is now."""
        self._blocks[block.id] = block
        self._hub.publish(BlockChanged(agent_id=self.agent_id, block=block))


def block_event(block: Block) -> dict[str, Any]:
    """What is stored of a block that is finished."""
    return {"type": "block", "block": block.model_dump(mode="json", exclude_defaults=True)}


def first_prompt(payload: str) -> str:
    """What a person first said in a stored user message: one line, at most `GLANCE` characters.

    Empty when it cannot be read, or holds nothing of theirs.
    """
    try:
        texts = [block.get("text", "") for block in json.loads(payload)["content"]]
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""
    said = next((text for text in texts if text and not text.startswith(OWN_SECTIONS)), "")
    return " ".join(clean(shown_prompt(said)).split())[:GLANCE]


def shortened(text: str, limit: int = SHOWN_TEXT) -> str:
    """Give both ends of a text longer than `limit` characters, with a mark where it was cut."""
    if len(text) <= limit:
        return text
    left = len(text) - limit
    return f"{text[: limit // 2]}\n[… {left:,} characters not shown …]\n{text[-(limit // 2) :]}"
