"""Simulated prompt cache and token counts: what a request would cost at the real API.

Tokens are estimated as one per four bytes of compact JSON, rounded up, and for images by
their size; the point is that figures are plausible and repeatable, not that they are exact. The
cache follows the documented rules (platform.claude.com, "Prompt caching"):

* Prefixes are made in the order tools, system, messages, for one model.
* Only a breakpoint writes, one entry, of the prefix that ends with its block.
* Reading looks backwards from each breakpoint, the last one first, at 20 positions, the
  breakpoint's own among them, for what an earlier request wrote. Neighbouring `tool_use` blocks
  are one position, and so are neighbouring `tool_result` blocks.
* What is shorter than the model's least length is not cached, without an error.
* An entry lives 5 minutes or an hour, from the start of the request that wrote or last read it,
  and can be read once that request is being answered.
* `tool_choice`, thinking, effort and whether there are images are part of what messages follow;
  an effort within the conversation is part of what follows it.
* A system message that a later user message has cleared is no part of the prefix, and no token.
* Up to the longest hit tokens are read; from there to the last breakpoint of an hour they are
  written for an hour, from there to the last breakpoint for 5 minutes; the rest is neither.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.model.local_server import images
from agent.model.local_server.models import ServedModel
from agent.model.local_server.rules import blocks_of
from agent.model.local_server.system_messages import is_turn_scoped, rendered

BYTES_PER_TOKEN = 4
LOOKBACK = 20
"""Positions that a breakpoint looks at, its own among them (API documentation)."""

LIFETIMES = {"5m": 300.0, "1h": 3600.0}
MAX_ENTRIES = 4096
TURN_SCOPED = "system, for this turn"
"""Role of what no breakpoint may stand on."""

JOINED = ("tool_use", "tool_result")
"""Kinds of blocks of which neighbours count as one position."""


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


@dataclass(frozen=True, slots=True)
class Reading:
    """What one request reads, and the entries that it writes once it is answered."""

    usage: InputUsage
    began: float
    entries: tuple[tuple[bytes, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Position:
    """The end of a block: what lies before it and with it.

    `number` counts as the look-back does; `mark` is the lifetime of a breakpoint here, or empty.
    """

    digest: bytes
    tokens: int
    number: int
    mark: str


def estimate(value: object) -> int:
    """Estimate the tokens of a JSON value."""
    sources: list[Mapping[str, Any]] = []
    text = _compact(value)
    if '"image"' in text:
        text = _compact(_without_images(value, sources))
    words = -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)
    return words + sum(map(images.tokens, sources))


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


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

    def read(self, body: Mapping[str, Any], model: ServedModel) -> Reading:
        """Divide the input of a request that begins now into read, written and fresh."""
        now = self._clock()
        positions = list(_positions(body, model))
        marks = [index for index, position in enumerate(positions) if position.mark]
        hit = self._longest_hit(marks, positions, now)
        read = positions[hit].tokens if hit >= 0 else 0
        entries = []
        if hit >= 0:
            entries.append((positions[hit].digest, self._expiry[positions[hit].digest][1]))
        written = {"5m": 0, "1h": 0}
        done = read
        for position in (positions[index] for index in marks):
            if position.tokens < model.min_cacheable:
                continue
            if position.tokens > done:
                written[position.mark] += position.tokens - done
                done = position.tokens
            entries.append((position.digest, LIFETIMES[position.mark]))
        total = positions[-1].tokens if positions else 0
        usage = InputUsage(total - done, read, written["5m"], written["1h"])
        return Reading(usage, now, tuple(entries))

    def answered(self, reading: Reading) -> InputUsage:
        """Remember what a request wrote, now that its answer begins."""
        for digest, lifetime in reading.entries:
            expires, known = self._expiry.pop(digest, (0.0, 0.0))
            if expires > reading.began:
                lifetime = max(lifetime, known)
            self._expiry[digest] = (reading.began + lifetime, lifetime)
        while len(self._expiry) > MAX_ENTRIES:
            del self._expiry[next(iter(self._expiry))]
        return reading.usage

    def count(self, body: Mapping[str, Any], model: ServedModel) -> InputUsage:
        """Take a request that is answered at once."""
        return self.answered(self.read(body, model))

    def _longest_hit(self, marks: list[int], positions: list[Position], now: float) -> int:
        for mark in reversed(marks):
            last = positions[mark].number
            for index in range(mark, -1, -1):
                if positions[index].number <= last - LOOKBACK:
                    break
                if self._expiry.get(positions[index].digest, (0.0, 0.0))[0] > now:
                    return index
        return -1


def _positions(body: Mapping[str, Any], model: ServedModel) -> Iterator[Position]:
    digest = hashlib.sha256(model.id.encode())
    tokens = number = 0
    before = ""
    sections: list[tuple[str, Any]] = [("tool", tool) for tool in body.get("tools", ())]
    sections += [("system", block) for block in blocks_of(body.get("system") or [])]
    head = len(sections)
    efforts: dict[int, str] = {}
    for message in rendered(body["messages"]):
        role = TURN_SCOPED if is_turn_scoped(message) else message["role"]
        if message["role"] == "system" and message.get("output_config"):
            efforts[len(sections)] = str(message["output_config"].get("effort"))
        if message["content"]:
            sections += [(role, block) for block in blocks_of(message["content"])]
    last = _last_markable(sections)
    for index, (role, block) in enumerate(sections):
        if index == head:
            digest.update(_settings(body, sections, model).encode())
        if index in efforts:
            digest.update(json.dumps(["effort", efforts[index]]).encode())
        bare, mark = without_marks(block)
        digest.update(json.dumps([role, bare], ensure_ascii=False).encode("utf-8", "replace"))
        tokens += estimate(bare)
        kind = bare.get("type", "") if index >= head else ""
        number += not (kind in JOINED and kind == before)
        before = kind
        if index == last and body.get("cache_control"):
            mark = body["cache_control"].get("ttl", "5m")
        yield Position(digest.digest(), tokens, number, mark)


def _last_markable(sections: list[tuple[str, Any]]) -> int:
    """Where the breakpoint of the whole request stands: on the last block that can have one."""
    unmarkable = ("thinking", "redacted_thinking")
    for at in reversed(range(len(sections))):
        role, block = sections[at]
        if role != TURN_SCOPED and block.get("type") not in unmarkable:
            return at
    return -1


def _settings(body: Mapping[str, Any], sections: list[tuple[str, Any]], model: ServedModel) -> str:
    """What invalidates the messages, and not what stands before them, when it changes."""
    with_images = any(
        part.get("type") == "image"
        for _, block in sections
        for part in (block, *(block["content"] if isinstance(block.get("content"), list) else ()))
    )
    effort = (body.get("output_config") or {}).get("effort") or model.default_effort
    return json.dumps([body.get("tool_choice"), body.get("thinking"), effort, with_images])


def without_marks(block: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
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
