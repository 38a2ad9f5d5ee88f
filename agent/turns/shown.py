"""A message of the model while it streams in, shown as it grows."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from agent.messages.sendable import ContentBlock
from agent.model.events import (
    BlockEnded,
    BlockStarted,
    Retrying,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
)
from agent.protocol.conversation import BlockKind, ToolCall, ToolStatus
from agent.sessions.conversation import Conversation

SHOWN_INPUT = 4_000
"""Characters of one text of a tool input kept for the conversation."""


@dataclass(slots=True)
class Shown:
    """The blocks of one request while it streams in.

    When the request starts over, blocks that were shown are used again, so that nothing appears
    twice.
    """

    conversation: Conversation
    blocks: dict[int, int] = field(default_factory=dict)
    kinds: dict[int, BlockKind] = field(default_factory=dict)
    spare: list[int] = field(default_factory=list)
    notice: int | None = None

    def take(self, event: StreamEvent) -> None:
        """Show one event."""
        match event:
            case TextDelta(index=index, text=text) if text:
                self._extend(index, BlockKind.ASSISTANT, text)
            case ThinkingDelta(index=index, text=text) if text:
                self._extend(index, BlockKind.THINKING, text)
            case BlockStarted(index=index, block=block) if block.get("type") == "tool_use":
                self._place(index, BlockKind.TOOL, tool_call(block))
            case BlockEnded(index=index, block=block) if block.get("type") == "tool_use":
                self.conversation.change(self.blocks[index], tool=tool_call(block))
            case BlockEnded(index=index) if index in self.blocks:
                self.conversation.change(self.blocks[index], streaming=False)
            case Retrying(attempt=attempt, delay=delay, reason=reason):
                when = f"in {delay:.0f} s" if delay >= 1 else "now"
                said = reason.rstrip(".")
                self._start_over(f"{said}; trying again {when} (attempt {attempt + 1})")

    def _extend(self, index: int, kind: BlockKind, text: str) -> None:
        if index not in self.blocks:
            self._place(index, kind, None)
        self.conversation.extend(self.blocks[index], text)

    def _place(self, index: int, kind: BlockKind, tool: ToolCall | None) -> None:
        streaming = kind is not BlockKind.TOOL
        for position, spare in enumerate(self.spare):
            if self.kinds[spare] is kind:
                del self.spare[position]
                self.blocks[index] = spare
                self.conversation.change(spare, text="", streaming=streaming, tool=tool)
                return
        block_id = self.conversation.open(kind, tool=tool, streaming=streaming)
        self.blocks[index] = block_id
        self.kinds[block_id] = kind

    def _start_over(self, text: str) -> None:
        self.spare.extend(self.blocks.values())
        self.blocks.clear()
        if self.notice is None:
            self.notice = self.conversation.open(BlockKind.NOTICE, text)
        else:
            self.conversation.change(self.notice, text=text)

    async def store(self) -> None:
        """The message is whole: keep what is shown, empty what turned out not to be said."""
        for spare in self.spare:
            self.conversation.change(
                spare, kind=BlockKind.NOTICE, text="(broke off)", tool=None, streaming=False
            )
        finished = [
            block_id
            for block_id in self.blocks.values()
            if self.kinds[block_id] is not BlockKind.TOOL
        ]
        extra = [self.notice] if self.notice is not None else []
        await self.conversation.store(*extra, *self.spare, *finished)

    async def abandon(self) -> None:
        """The message will not become whole: keep what was shown of it."""
        for block_id in (*self.blocks.values(), *self.spare):
            if self.kinds[block_id] is BlockKind.TOOL:
                self.conversation.change_tool(block_id, status=ToolStatus.INTERRUPTED)
        extra = [self.notice] if self.notice is not None else []
        await self.conversation.store(*extra, *self.spare, *self.blocks.values())


def tool_call(use: ContentBlock) -> ToolCall:
    """Make what a conversation shows of a tool use, before it is checked."""
    value = use.get("input") or {}
    return ToolCall(
        tool_use_id=str(use.get("id", "")),
        name=str(use.get("name", "")),
        title=_raw_title(value),
        input_json=json.dumps(_shown_input(value), ensure_ascii=True) if value else "",
    )


def _shown_input(value: object) -> object:
    """Shorten long texts of a tool input; the diff and the gate show them whole."""
    if not isinstance(value, dict):
        return value
    return {
        key: f"{item[:SHOWN_INPUT]}…" if isinstance(item, str) and len(item) > SHOWN_INPUT else item
        for key, item in value.items()
    }


def _raw_title(value: object) -> str:
    """A title from a tool input that was not checked yet."""
    if isinstance(value, dict):
        for key in ("command", "path", "pattern", "question", "keys", "pane"):
            found = value.get(key)
            if found:
                text = " ".join(map(str, found)) if isinstance(found, list) else str(found)
                return " ".join(text.split())[:300]
    return ""
