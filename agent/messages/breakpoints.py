"""Where a request is marked for the prompt cache: copies get marks, stored messages never do.

A breakpoint stands only where a request ended and wrote the cache: at the end of a user message, or
of a system message behind it that stays; and at least `MARK_EVERY` blocks before the next one. So
the last entry that was written is found however many blocks came since: it is within reach of a
breakpoint, or at one.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.messages.sendable import ContentBlock, Message, clears

SYSTEM_CACHE = {"type": "ephemeral", "ttl": "1h"}
"""Tools and system never change within a session: worth the long time to live."""

TAIL_CACHE = {"type": "ephemeral"}
"""Messages grow with each request, minutes apart at most."""

MARK_EVERY = 15
"""Least blocks from one breakpoint of the conversation to the next. A breakpoint finds what an
earlier request wrote up to 19 blocks before it (prompt caching documentation, "lookback window"),
so between breakpoints this far apart no block is out of reach."""

MAX_MARKS = 3
"""Breakpoints on the conversation; the API takes four in all, and one is the system prompt's."""

ROLE = "tungsten-role"
"""Mark around a block that tells an agent its role: the same for all that have it."""


def with_breakpoint(system: list[ContentBlock]) -> list[ContentBlock]:
    """System blocks with a breakpoint on the last one."""
    return [*system[:-1], {**system[-1], "cache_control": SYSTEM_CACHE}] if system else system


def with_breakpoints(sent: Sequence[Message]) -> list[Message]:
    """Messages with breakpoints where this request ends, and where earlier ones ended.

    The first request has one more at the end of a role, which other agents with that role can read.
    """
    messages = list(sent)
    marked = 0
    since = MARK_EVERY
    for index in range(len(messages) - 1, -1, -1):
        behind = messages[index + 1] if index + 1 < len(messages) else None
        if since >= MARK_EVERY and _ends_request(sent[index], behind):
            messages[index] = _marked(sent[index])
            marked += 1
            since = 0
            if marked == MAX_MARKS:
                break
        since += len(sent[index]["content"])
    if sum(message["role"] != "system" for message in messages) == 1:
        return [_role_marked(message) for message in messages]
    return messages


def _ends_request(message: Message, behind: Message | None) -> bool:
    """Whether a request may have ended with a message, and its breakpoint stands there."""
    if message["role"] == "system":
        return bool(message["content"]) and not clears(message)
    stays = behind is not None and behind["role"] == "system" and not clears(behind)
    return message["role"] == "user" and not (stays and behind and behind["content"])


def _marked(message: Message) -> Message:
    content = message["content"]
    return {**message, "content": [*content[:-1], {**content[-1], "cache_control": TAIL_CACHE}]}


def _role_marked(message: Message) -> Message:
    content = message["content"]
    for index in range(len(content) - 2, -1, -1):
        block = content[index]
        if str(block.get("text", "")).startswith(f"<{ROLE} "):
            marked = {**block, "cache_control": TAIL_CACHE}
            return {**message, "content": [*content[:index], marked, *content[index + 1 :]]}
    return message
