"""Simulated prompt cache and token counts: what a request would cost at the real API.

Tokens are estimated as one per four bytes of compact JSON, rounded up, and for images by their
size; the point is that figures
are plausible and repeatable, not that they are exact. The cache follows the documented rules that
decide hits: an exact prefix up to a breakpoint, a look-back of 20 positions, a least length, and a
lifetime that a hit renews.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.model.local_server import images
from agent.model.local_server.models import ServedModel
from agent.model.local_server.rules import blocks_of

BYTES_PER_TOKEN = 4
LOOKBACK = 20
"""Positions before a breakpoint at which an earlier entry is still found (API documentation)."""

LIFETIMES = {"5m": 300.0, "1h": 3600.0}
MAX_ENTRIES = 4096


@dataclass(frozen=True, slots=True)
class InputUsage:
    """How the input of one request divides. Tokens."""

    fresh: int
    read: int
    written_5m: int = 0
    written_1h: int = 0

    @property
    def total(self) -> int:
        """All input tokens."""
        return self.fresh + self.read + self.written_5m + self.written_1h

    def usage(self, output_tokens: int) -> dict[str, Any]:
        """The API's `usage` object."""
        return {
            "input_tokens": self.fresh,
            "cache_creation_input_tokens": self.written_5m + self.written_1h,
            "cache_read_input_tokens": self.read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.written_5m,
                "ephemeral_1h_input_tokens": self.written_1h,
            },
            "output_tokens": output_tokens,
            "service_tier": "standard",
        }


def estimate(value: object) -> int:
    """Estimate the tokens of a JSON value."""
    sources: list[Mapping[str, Any]] = []
    text = json.dumps(_without_images(value, sources), ensure_ascii=False, separators=(",", ":"))
    words = -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)
    return words + sum(map(images.tokens, sources))


def _without_images(value: object, sources: list[Mapping[str, Any]]) -> object:
    """The value without its image blocks, whose sources are put into `sources`."""
    if isinstance(value, Mapping):
        if value.get("type") == "image" and isinstance(value.get("source"), Mapping):
            sources.append(value["source"])
            return None
        return {key: _without_images(item, sources) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_images(item, sources) for item in value]
    return value


class PromptCache:
    """Which prefixes are cached, until when."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._expiry: dict[bytes, tuple[float, float]] = {}

    def count(self, body: Mapping[str, Any], model: ServedModel) -> InputUsage:
        """Divide the input of a request into read, written and fresh, and remember its prefixes."""
        now = self._clock()
        positions = list(_positions(body, model))
        marks = [(index, mark) for index, (_, _, mark) in enumerate(positions) if mark]
        read_up_to = self._longest_hit([index for index, _ in marks], positions, now)
        read = positions[read_up_to][1] if read_up_to >= 0 else 0
        written = {"5m": 0, "1h": 0}
        done = read
        for index, lifetime in marks:
            digest, tokens, _ = positions[index]
            if tokens < model.min_cacheable:
                continue
            if tokens > done:
                written[lifetime] += tokens - done
                done = tokens
            self._remember(digest, now, LIFETIMES[lifetime])
        total = positions[-1][1] if positions else 0
        return InputUsage(total - done, read, written["5m"], written["1h"])

    def _longest_hit(
        self, marks: list[int], positions: list[tuple[bytes, int, str]], now: float
    ) -> int:
        for mark in reversed(marks):
            for index in range(mark, max(mark - LOOKBACK, -1), -1):
                expiry, lifetime = self._expiry.get(positions[index][0], (0.0, 0.0))
                if expiry > now:
                    self._remember(positions[index][0], now, lifetime)
                    return index
        return -1

    def _remember(self, digest: bytes, now: float, lifetime: float) -> None:
        self._expiry.pop(digest, None)
        self._expiry[digest] = (now + lifetime, lifetime)
        while len(self._expiry) > MAX_ENTRIES:
            del self._expiry[next(iter(self._expiry))]


def _positions(body: Mapping[str, Any], model: ServedModel) -> Any:
    """Yield (prefix digest, tokens up to here, lifetime of a breakpoint here or "")."""
    digest = hashlib.sha256(model.id.encode())
    tokens = 0
    last = None
    sections: list[tuple[str, Any]] = [("tool", tool) for tool in body.get("tools", ())]
    sections += [("system", block) for block in blocks_of(body.get("system") or [])]
    for message in body["messages"]:
        sections += [(message["role"], block) for block in blocks_of(message["content"])]
    for number, (role, block) in enumerate(sections):
        bare, lifetime = _without_marks(block)
        digest.update(json.dumps([role, bare], ensure_ascii=False).encode("utf-8", "replace"))
        tokens += estimate(bare)
        last = number == len(sections) - 1
        if last and body.get("cache_control"):
            lifetime = body["cache_control"].get("ttl", "5m")
        yield digest.digest(), tokens, lifetime


def _without_marks(block: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """A block without its breakpoints (they move and are no part of the prefix), and the mark."""
    bare = dict(block)
    mark = bare.pop("cache_control", None)
    inner = bare.get("content")
    if isinstance(inner, list):
        parts = []
        for part in inner:
            part = dict(part)
            mark = part.pop("cache_control", None) or mark
            parts.append(part)
        bare["content"] = parts
    return bare, mark.get("ttl", "5m") if mark else ""
