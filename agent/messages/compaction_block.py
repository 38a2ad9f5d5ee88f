"""The Messages API's own compaction block, and the text that stands for it elsewhere.

An endpoint that is asked to summarise a conversation answers with one such block, signed. Later
requests begin with it, exactly as it came, in the place of what it sums up ("Compaction on demand"
in the API's documentation; `BetaCompactionConfigParam` in the SDK).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BETA = "compact-2026-09-04"
"""Switches it on: for the request that asks for a summary, and for each that carries the block."""

MAX_INSTRUCTIONS = 16_384
"""Longest prompt of one's own for the summary, in characters. Source: the same documentation."""

SUMMARY = "conversation-summary"
TASK = "task-restated"


def section(name: str, text: str) -> str:
    """Text of ours within a user message; what it holds cannot end it early."""
    body = text.replace(f"</{name}", f"<\N{ZERO WIDTH SPACE}/{name}")
    return f"<{name}>\n{body}\n</{name}>"


def is_compacted(message: Mapping[str, Any]) -> bool:
    """Whether a message holds a compaction block."""
    return any(block.get("type") == "compaction" for block in message["content"])


def as_text(message: Mapping[str, Any]) -> dict[str, Any]:
    """The summary in such a message, as a user message that any endpoint takes."""
    texts = (str(b.get("content") or "") for b in message["content"] if b["type"] == "compaction")
    text = section(SUMMARY, "\n".join(texts))
    return {"role": "user", "content": [{"type": "text", "text": text}]}
