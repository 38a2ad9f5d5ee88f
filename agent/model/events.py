"""What a model's turn looks like while it streams in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Block: TypeAlias = dict[str, Any]
"""A content block exactly as the Messages API sends it: a JSON object, keys in received order."""


@dataclass(frozen=True, slots=True)
class TurnUsage:
    """Tokens of one request, as the endpoint reported them.

    The three input figures are disjoint (Messages API: total input is their sum).
    `cache_write_1h` is the part of `cache_write` that was written with the one-hour lifetime.
    """

    input_tokens: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output_tokens: int = 0
    cache_write_1h: int = 0

    def __add__(self, other: TurnUsage) -> TurnUsage:
        return TurnUsage(
            self.input_tokens + other.input_tokens,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
            self.output_tokens + other.output_tokens,
            self.cache_write_1h + other.cache_write_1h,
        )

    @property
    def context_tokens(self) -> int:
        """How much of the context window the conversation fills after this turn."""
        return self.input_tokens + self.cache_read + self.cache_write + self.output_tokens


@dataclass(frozen=True, slots=True)
class BlockStarted:
    """A content block begins; `block` is its first, mostly empty form."""

    index: int
    block: Block


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text of a text block."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """More text of a thinking block."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class InputDelta:
    """More of a tool input's JSON text; never to be acted on before the message has ended."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class BlockEnded:
    """A content block is complete.

    `broken_input` holds the received text when a tool input is not a JSON object (cut off by
    `max_tokens`, or malformed); `block["input"]` is then `{}` so that the block can be sent back,
    and the tool must not run.
    """

    index: int
    block: Block
    broken_input: str | None = None


@dataclass(frozen=True, slots=True)
class Retrying:
    """The request starts over after `delay` seconds: everything since its beginning is void."""

    attempt: int
    delay: float
    reason: str


@dataclass(frozen=True, slots=True)
class MessageEnded:
    """The message is whole: `message_stop` was received.

    `message` is the assistant message with all its blocks, fields in received order.
    `broken_inputs` maps the ids of tool uses that must not run to the text received for their
    input.
    """

    message: dict[str, Any]
    stop_reason: str
    usage: TurnUsage
    broken_inputs: Mapping[str, str] = field(default_factory=dict)


StreamEvent: TypeAlias = (
    BlockStarted | TextDelta | ThinkingDelta | InputDelta | BlockEnded | Retrying | MessageEnded
)
