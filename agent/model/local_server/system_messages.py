"""System messages within a conversation: where they may stand, and what the model sees of them.

Rules and words are those of "Mid-conversation system messages", "Turn-scoped system messages" and
"Per-message effort" in the API's documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from agent.messages.sendable import CLEAR_BETA, EFFORT_BETA
from agent.model.local_server.errors import invalid
from agent.model.local_server.models import ServedModel

Message = Mapping[str, Any]

TURN_SCOPED = "(clear_at: 'next_user_message')"


def check(messages: Sequence[Message], model: ServedModel, betas: Iterable[str]) -> None:
    """Apply the rules to messages that have the right shape.

    Raises:
        ApiError: the first rule that is broken.
    """
    switched_on = frozenset(betas)
    for number, message in enumerate(messages):
        if message["role"] == "system":
            _check_fields(f"messages.{number}", message, model, switched_on)
    at = 0
    for is_system, group in groupby(messages, key=lambda message: message["role"] == "system"):
        count = len(list(group))
        # Neighbours are judged together: beside one with content, an effort must fit, too.
        if is_system and any(message["content"] for message in messages[at : at + count]):
            _check_place(messages, at, at + count)
        at += count


def _check_fields(place: str, message: Message, model: ServedModel, betas: frozenset[str]) -> None:
    if "clear_at" in message and CLEAR_BETA not in betas:
        raise invalid(f"{place}.clear_at: Extra inputs are not permitted")
    if "output_config" in message and EFFORT_BETA not in betas:
        raise invalid(f"{place}.output_config: Extra inputs are not permitted")
    level = (message.get("output_config") or {}).get("effort")
    if (message["content"] or not level) and not model.system_messages:
        raise invalid("role 'system' is not supported on this model")
    if level is not None:
        if not model.effort_messages:
            raise invalid(
                "output_config.effort requires a model that supports per-turn effort; "
                "this model does not."
            )
        check_level(level, model, f"{place}.output_config.effort")
    if message.get("clear_at") == "next_user_message":
        _check_turn_scoped(place, message)


def _check_turn_scoped(place: str, message: Message) -> None:
    if message.get("output_config") is not None:
        raise invalid(
            f"{place}: output_config is not permitted on a turn-scoped system message {TURN_SCOPED}"
        )
    blocks = message["content"] if isinstance(message["content"], list) else []
    if any(block["type"] != "text" for block in blocks):
        raise invalid(
            f"{place}: a turn-scoped system message supports text blocks only {TURN_SCOPED}"
        )
    for position, block in enumerate(blocks):
        if block.get("cache_control"):
            raise invalid(
                f"{place}.content.{position}: cache_control is not permitted on a turn-scoped "
                f"system message {TURN_SCOPED}"
            )


def _check_place(messages: Sequence[Message], begin: int, end: int) -> None:
    if begin == 0:
        raise invalid(
            "messages.0: use the top-level 'system' parameter for the initial system prompt"
        )
    before = messages[begin - 1]
    if before["role"] != "user" and not _ends_in_server_result(before):
        raise invalid(f"messages.{begin}: role 'system' must immediately follow a 'user' message")
    if end < len(messages) and messages[end]["role"] != "assistant":
        raise invalid(
            f"messages.{end - 1}: role 'system' must be the last message or be followed by an "
            "'assistant' message"
        )


def _ends_in_server_result(message: Message) -> bool:
    content = message["content"]
    last = content[-1]["type"] if isinstance(content, list) and content else ""
    return last.endswith("_tool_result") and last != "tool_result"


def check_level(level: str, model: ServedModel, place: str) -> None:
    """Find out whether a model takes an effort.

    Raises:
        ApiError: it does not.
    """
    if not model.efforts:
        raise invalid("This model does not support the effort parameter.")
    if level not in model.efforts:
        raise invalid(
            f"{place}: '{level}' is not supported on this model. Supported levels: "
            f"{', '.join(model.efforts)}"
        )


def is_turn_scoped(message: Message) -> bool:
    """Whether a message is shown only until the next user message; a breakpoint skips it."""
    return message.get("clear_at") == "next_user_message"


def rendered(messages: Sequence[Message]) -> list[Message]:
    """Messages as the model sees them: without those that a later user message has cleared."""
    last = max((n for n, each in enumerate(messages) if each["role"] == "user"), default=-1)
    return [
        message
        for number, message in enumerate(messages)
        if number > last or not is_turn_scoped(message)
    ]
