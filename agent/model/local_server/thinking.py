"""Thinking blocks bound to what stood before them, as those of current models are.

A signature is an HMAC over everything before the block and the block's own text, so a request whose
earlier bytes changed is refused, as the real API refuses it, unless it asks to have such blocks
dropped ("Prefix checks on thinking blocks" in its documentation).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any

from agent.model.local_server.cache import without_marks
from agent.model.local_server.errors import invalid
from agent.model.local_server.rules import blocks_of

Block = Mapping[str, Any]

BETA = "thinking-binding-controls-2026-08-01"
"""What lets a request have blocks dropped, and told of."""

MISMATCH = (
    "Invalid `signature` in `thinking` block. The block is bound to a different conversation. "
    "Remove the block, or set `thinking.block_binding.prefix_mismatch_behavior` to "
    f'"drop_block". This setting requires the `{BETA}` value in the `anthropic-beta` header.'
)
REASON = "prefix_binding_mismatch"


class ThinkingSeal:
    """Signs the thinking blocks of answers, and checks those that come back."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def check(self, body: Mapping[str, Any]) -> list[dict[str, str]]:
        """Check every thinking block of a request.

        Returns:
            The blocks that are left out, as `input_transformations` tells of them: a request may
            ask for that instead of being refused.

        Raises:
            ApiError: something before one of them, or its own text, is not what it was.
        """
        before = self._head(body)
        dropped = []
        for number, message in enumerate(body["messages"]):
            for position, block in enumerate(blocks_of(message["content"])):
                path = f"messages.{number}.content.{position}"
                if block["type"] == "thinking" and not hmac.compare_digest(
                    block["signature"].encode(), self._signature(before, block).encode()
                ):
                    if not _drops(body):
                        raise invalid(f"{path}: {MISMATCH}")
                    dropped.append({"type": "thinking_dropped", "path": path, "reason": REASON})
                _add(before, message["role"], block)
            _add_settings(before, message)
        return dropped

    def sign(self, body: Mapping[str, Any], content: Iterable[Block]) -> list[dict[str, Any]]:
        """Give an answer's blocks, with the signatures of its thinking blocks in place."""
        before = self._head(body)
        for message in body["messages"]:
            for block in blocks_of(message["content"]):
                _add(before, message["role"], block)
            _add_settings(before, message)
        signed = []
        for block in map(dict, content):
            if block["type"] == "thinking":
                block["signature"] = self._signature(before, block)
            _add(before, "assistant", block)
            signed.append(block)
        return signed

    def _head(self, body: Mapping[str, Any]) -> hmac.HMAC:
        before = hmac.new(self._key, digestmod=hashlib.sha256)
        for tool in body.get("tools", ()):
            _add(before, "tool", tool)
        for block in blocks_of(body.get("system") or []):
            _add(before, "system", block)
        return before

    def _signature(self, before: hmac.HMAC, block: Block) -> str:
        sealed = before.copy()
        sealed.update(str(block["thinking"]).encode("utf-8", "replace"))
        return sealed.hexdigest()


def without(body: Mapping[str, Any], dropped: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    """A request as the model sees it, without the blocks that were dropped."""
    paths = {each["path"] for each in dropped}
    messages = []
    for number, message in enumerate(body["messages"]):
        content = [
            block
            for position, block in enumerate(blocks_of(message["content"]))
            if f"messages.{number}.content.{position}" not in paths
        ]
        messages.append({**message, "content": content})
    return {**body, "messages": messages} if paths else dict(body)


def _drops(body: Mapping[str, Any]) -> bool:
    binding = (body.get("thinking") or {}).get("block_binding") or {}
    return binding.get("prefix_mismatch_behavior") == "drop_block"


def _add_settings(before: hmac.HMAC, message: Mapping[str, Any]) -> None:
    """What a system message says beside its text: also one that is cleared is part of it all."""
    if message["role"] == "system":
        said = [message.get("clear_at"), message.get("output_config")]
        before.update(json.dumps(said).encode())


def _add(before: hmac.HMAC, role: str, block: Block) -> None:
    bare, _ = without_marks(block)
    before.update(json.dumps([role, bare], ensure_ascii=False).encode("utf-8", "replace"))
