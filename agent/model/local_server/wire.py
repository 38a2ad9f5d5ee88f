"""A message as the events of a streamed response, and as one JSON object."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

from agent.model.local_server.cache import InputUsage, estimate
from agent.model.local_server.responder import ResponderMessage

_PIECES = re.compile(r"\s*\S+\s*$|\s*\S+|\s+")
"""Text is streamed in words with the white space before them."""

INPUT_PIECE = 48
"""Characters of tool input in one delta."""

Damage: TypeAlias = Literal["", "truncated", "malformed"]
"""What a tool input may suffer: its second half is missing, or it is whole and no JSON."""


def message(answer: ResponderMessage, model: str, usage: InputUsage) -> dict[str, Any]:
    """Build the API's Message object."""
    content = with_ids(answer.content)
    wants_tool = any(block["type"] == "tool_use" for block in content)
    return {
        "id": "msg_" + secrets.token_hex(12),
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": answer.stop_reason or ("tool_use" if wants_tool else "end_turn"),
        "stop_sequence": None,
        "usage": usage.usage(sum(estimate(block) for block in content)),
    }


def events(whole: Mapping[str, Any], *, damage: Damage = "") -> Iterator[dict[str, Any]]:
    """Yield the streamed form of a message, `ping` among it.

    Args:
        whole: the Message object.
        damage: to the last tool input. One that is truncated stops the message for `max_tokens`.
    """
    opened = {**whole, "content": [], "stop_reason": None}
    opened["usage"] = {**whole["usage"], "output_tokens": 1}
    yield {"type": "message_start", "message": opened}
    yield {"type": "ping"}
    for index, block in enumerate(whole["content"]):
        last = index == len(whole["content"]) - 1
        yield {"type": "content_block_start", "index": index, "content_block": _emptied(block)}
        for delta in _deltas(block, damage if last else ""):
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {
            "stop_reason": "max_tokens" if damage == "truncated" else whole["stop_reason"],
            "stop_sequence": whole["stop_sequence"],
        },
        "usage": {
            name: whole["usage"][name]
            for name in ("output_tokens", "iterations")
            if name in whole["usage"]
        },
    }
    yield {"type": "message_stop"}


def encode(event: Mapping[str, Any]) -> bytes:
    """One server-sent event."""
    return f"event: {event['type']}\ndata: {compact(event)}\n\n".encode()


def compact(value: object) -> str:
    """JSON without spaces, ASCII only, as nothing in it can then break a line."""
    return json.dumps(value, separators=(",", ":"))


def with_ids(content: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give each tool use that has no id yet one."""
    return [
        {**block, "id": "toolu_" + secrets.token_hex(12)}
        if block["type"] == "tool_use" and not block.get("id")
        else dict(block)
        for block in content
    ]


def _emptied(block: Mapping[str, Any]) -> dict[str, Any]:
    empty = {"text": "", "thinking": "", "signature": "", "input": {}}
    streamed = _STREAMED.get(block["type"], ())
    return {key: empty[key] if key in streamed else value for key, value in block.items()}


_STREAMED = {"text": ("text",), "thinking": ("thinking", "signature"), "tool_use": ("input",)}


def _deltas(block: Mapping[str, Any], damage: Damage) -> Iterator[dict[str, Any]]:
    if block["type"] == "text":
        for piece in _PIECES.findall(block["text"]):
            yield {"type": "text_delta", "text": piece}
    elif block["type"] == "thinking":
        for piece in _PIECES.findall(block["thinking"]):
            yield {"type": "thinking_delta", "thinking": piece}
        yield {"type": "signature_delta", "signature": block.get("signature", "")}
    elif block["type"] == "tool_use":
        text = json.dumps(block["input"], ensure_ascii=False)
        if damage == "truncated":
            text = text[: len(text) // 2]
        elif damage == "malformed":
            # As models write it that take it for the notation of a programming language.
            text = text.replace('"', "", 2)
        yield {"type": "input_json_delta", "partial_json": ""}
        for start in range(0, len(text), INPUT_PIECE):
            yield {"type": "input_json_delta", "partial_json": text[start : start + INPUT_PIECE]}
