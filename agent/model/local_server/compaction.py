"""Compaction on demand, by the rules of its documentation ("Compaction on demand").

A request with `compaction` is answered with one signed block and no reply. Later requests carry it
first, exactly as it came, and name the beta.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from agent.messages.compaction_block import BETA, MAX_INSTRUCTIONS
from agent.model.local_server.errors import invalid
from agent.model.local_server.models import ServedModel
from agent.model.local_server.rules import blocks_of

_COUNTS = (
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
)
_ONLY_FOR_REPLIES = ("context_management", "stop_sequences")


class CompactionSeal:
    """Signs summaries, and checks those that come back."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def check(self, body: Mapping[str, Any], model: ServedModel, betas: Iterable[str]) -> None:
        """Check a request that asks for a summary or carries one.

        Raises:
            ApiError: a documented rule is broken.
        """
        on = BETA in betas
        if body.get("compaction") is not None:
            self._check_request(body, model, on=on)
        found = [
            (number, position, block)
            for number, message in enumerate(body["messages"])
            for position, block in enumerate(blocks_of(message["content"]))
            if block["type"] == "compaction"
        ]
        for number, position, block in found:
            place = f"messages.{number}.content.{position}"
            if not on:
                raise invalid(f"{place}: Input tag 'compaction' found is not one of those expected")
            if len(found) > 1:
                raise invalid(f"{place}: only one `compaction` block with content may be sent")
            if (number, position) != (0, 0) or body["messages"][0]["role"] == "system":
                raise invalid(f"{place}: a `compaction` block must come first in `messages`")
            signature = str(block.get("signature") or "")
            if not hmac.compare_digest(signature, self._signature(block.get("content"))):
                raise invalid(f"{place}: Invalid `signature` in `compaction` block")

    def _check_request(self, body: Mapping[str, Any], model: ServedModel, *, on: bool) -> None:
        if not on:
            raise invalid(f"compaction: requires anthropic-beta: {BETA}")
        if not model.compaction:
            raise invalid(f"compaction: '{model.id}' does not support compaction")
        for name in _ONLY_FOR_REPLIES:
            if body.get(name):
                raise invalid(f"{name}: cannot be combined with `compaction`")
        if (body.get("tool_choice") or {}).get("type") in ("any", "tool"):
            raise invalid("tool_choice: cannot be combined with `compaction`")
        if len(body["compaction"].get("instructions") or "") > MAX_INSTRUCTIONS:
            raise invalid(f"compaction.instructions: at most {MAX_INSTRUCTIONS} characters")

    def block(self, content: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """What is answered for a summary: one block, or nothing where no text was written."""
        blocks = list(content)
        text = "".join(str(block["text"]) for block in blocks if block["type"] == "text")
        if not text or any(block["type"] == "tool_use" for block in blocks):
            return []
        return [{"type": "compaction", "content": text, "signature": self._signature(text)}]

    def _signature(self, text: object) -> str:
        return hmac.new(self._key, str(text).encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def usage_of(usage: dict[str, Any]) -> dict[str, Any]:
    """The usage of such a request: nothing at the top, all of it as one iteration."""
    counts = {name: usage[name] for name in _COUNTS}
    iteration = {"type": "compaction", **counts, "cache_creation": usage["cache_creation"]}
    nothing = {**dict.fromkeys(_COUNTS, 0), "cache_creation": None}
    return {**usage, **nothing, "iterations": [iteration]}
