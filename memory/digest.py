"""Digests of what was said: the exact text, and the text without the marks that move.

A prompt cache is keyed by content; `cache_control` marks only say where it is cut and move from
request to request. So two digests stand beside each row: one of the exact bytes, and one of the
canonical form, which is the same JSON without those marks.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

_VERBATIM = frozenset({"input", "input_schema"})
"""Keys whose value belongs to a tool or its caller, where `cache_control` would be plain data."""


def sha256(text: str) -> str:
    """SHA-256 of `text` in UTF-8, hex; a lone surrogate counts as three bytes."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def canonical(payload: str) -> str:
    """Give the JSON text `payload` compact, in its own order, without `cache_control` marks.

    Text that is no JSON, or nests too deeply to be parsed, is its own canonical form.
    """
    try:
        return json.dumps(
            without_cache_control(json.loads(payload)), ensure_ascii=False, separators=(",", ":")
        )
    except (ValueError, RecursionError):
        return payload


def without_cache_control(value: Any) -> Any:
    """Copy parsed JSON without `cache_control` in messages, content blocks, tools and system."""
    if isinstance(value, dict):
        return {
            key: item if key in _VERBATIM else without_cache_control(item)
            for key, item in value.items()
            if key != "cache_control"
        }
    if isinstance(value, list):
        return [without_cache_control(item) for item in value]
    return value


def canonical_sha256(payload: str) -> str:
    """Digest of the canonical form of `payload`, hex."""
    return sha256(canonical(payload))


def first_prefix(system_json: str, tools_json: str) -> str:
    """Where the rolling prefix of a session starts: its tools and system prompt, hex."""
    return sha256(f"{canonical_sha256(tools_json)}\n{canonical_sha256(system_json)}")


def next_prefix(prefix: str, role: str, digest: str) -> str:
    """Roll the prefix over one more row with canonical digest `digest`, hex."""
    return sha256(f"{prefix}\n{role}\n{digest}")
