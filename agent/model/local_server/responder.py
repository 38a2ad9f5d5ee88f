"""What stands behind a local server: anything that answers a request with a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class ResponderMessage:
    """An answer, before it becomes wire events.

    `content` holds content blocks of the Messages API; a `tool_use` without an `id` is given one.
    `stop_reason` empty means `tool_use` when there is one among them, else `end_turn`. `delay` is
    the pause in seconds before each piece of text (about a word), `think` the one before the first.
    """

    content: Sequence[Mapping[str, Any]]
    stop_reason: str = ""
    delay: float = 0.0
    think: float = 0.0


class Responder(Protocol):
    """Answers requests; called once for each that passed validation."""

    async def respond(self, request: dict[str, Any]) -> ResponderMessage:
        """Answer one request body."""
        ...
