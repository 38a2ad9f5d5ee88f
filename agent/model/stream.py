"""The accumulator: wire events of one streamed response in, whole content blocks out.

The SDK's own accumulator rebuilds blocks through typed models, which drops the order of keys and
guesses at truncated tool input; a session needs the bytes it will have to send back. This one
works on the JSON objects themselves. It is pure: no clock, no network.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from agent.model.events import (
    Block,
    BlockEnded,
    BlockStarted,
    InputDelta,
    MessageEnded,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
    TurnUsage,
)

MAX_DEPTH = 100
"""Levels of nesting in one event. No tool's input comes near, and what is deeper could not be read
back from the disk by a program that stands deeper in its own calls."""

MAX_TOKENS = 10**12
"""Counts of tokens above this are nonsense and count as not said."""


class ProtocolViolated(Exception):
    """The events do not form a message; the response counts for nothing."""


class Accumulator:
    """Builds one message from the `data` objects of its server-sent events.

    Feed every event in order. `ended` turns true with `message_stop`; a stream that stops before
    that was cut off, however cleanly its connection was closed.
    """

    def __init__(self) -> None:
        self.ended = False
        self.started = False
        self._message: dict[str, Any] = {}
        self._blocks: dict[int, Block] = {}
        self._open: set[int] = set()
        self._inputs: dict[int, list[str]] = {}
        self._broken: dict[str, str] = {}

    @property
    def has_content(self) -> bool:
        """Whether any block has begun, so that a restart has something to take back."""
        return bool(self._blocks)

    @property
    def usage(self) -> TurnUsage:
        """What the response has said so far that was used."""
        return read_usage(self._message.get("usage") or {})

    def feed(self, data: Mapping[str, Any]) -> Iterator[StreamEvent]:
        """Take one event's JSON object; yield what it means.

        Raises:
            ProtocolViolated: the event is impossible at this point.
        """
        kind = data.get("type")
        if not _is_shallow(data):
            raise ProtocolViolated("an event nested too deeply")
        try:
            if kind == "message_start":
                self._start(data)
            elif kind == "content_block_start":
                yield self._start_block(data)
            elif kind == "content_block_delta":
                yield from self._add(data)
            elif kind == "content_block_stop":
                yield self._end_block(data["index"])
            elif kind == "message_delta":
                self._merge(data)
            elif kind == "message_stop":
                yield from self._end()
        except (KeyError, TypeError, AttributeError) as error:
            raise ProtocolViolated(f"malformed {kind} event") from error

    def _start(self, data: Mapping[str, Any]) -> None:
        if self.started:
            raise ProtocolViolated("a second message_start")
        self.started = True
        self._message = dict(data["message"])
        self._message["content"] = []
        self._message["usage"] = dict(self._message.get("usage") or {})

    def _start_block(self, data: Mapping[str, Any]) -> BlockStarted:
        index = data["index"]
        if not self.started or self.ended or index in self._blocks:
            raise ProtocolViolated(f"content block {index} begins out of place")
        block = dict(data["content_block"])
        _check_block(block)
        self._blocks[index] = block
        self._open.add(index)
        return BlockStarted(index, dict(block))

    def _add(self, data: Mapping[str, Any]) -> Iterator[StreamEvent]:
        index = data["index"]
        if index not in self._open:
            raise ProtocolViolated(f"a delta for content block {index}, which is not open")
        block, delta = self._blocks[index], data["delta"]
        kind = delta.get("type")
        if kind == "text_delta":
            block["text"] = block.get("text", "") + delta["text"]
            yield TextDelta(index, delta["text"])
        elif kind == "input_json_delta":
            self._inputs.setdefault(index, []).append(delta["partial_json"])
            if delta["partial_json"]:
                yield InputDelta(index, delta["partial_json"])
        elif kind == "thinking_delta":
            block["thinking"] = block.get("thinking", "") + delta["thinking"]
            yield ThinkingDelta(index, delta["thinking"])
        elif kind == "citations_delta":
            block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
        else:
            # signature_delta, compaction_delta and kinds newer than this program: each names the
            # block's own field and gives its whole value.
            block.update((key, value) for key, value in delta.items() if key != "type")
            _check_block(block)

    def _end_block(self, index: int) -> BlockEnded:
        if index not in self._open:
            raise ProtocolViolated(f"content block {index} ends but is not open")
        self._open.discard(index)
        block = self._blocks[index]
        broken = None
        if index in self._inputs or block.get("type") == "tool_use":
            broken = self._finish_input(index, block)
        block = self._blocks[index] = _writable(block)
        return BlockEnded(index, block, broken)

    def _finish_input(self, index: int, block: Block) -> str | None:
        """Parse the collected input of a tool use; return its text when it is not an object."""
        text = "".join(self._inputs.pop(index, ()))
        # Without pieces it is what the block began with, as some servers send it.
        value = block.setdefault("input", {})
        if text:
            try:
                # The halves of a character may have come in two pieces.
                whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
                value = json.loads(whole, parse_constant=_refuse_constant)
            except (ValueError, RecursionError):
                value = None
        if _is_input(value):
            block["input"] = value
            return None
        text = text or json.dumps(value)
        block["input"] = {}
        self._broken[str(block.get("id", index))] = text
        return text

    def _merge(self, data: Mapping[str, Any]) -> None:
        if not self.started:
            raise ProtocolViolated("message_delta before message_start")
        self._message.update(data.get("delta") or {})
        for key, value in data.items():
            if key not in ("type", "delta", "usage"):
                self._message[key] = value
        # Counts in message_delta are cumulative and replace earlier ones; null means "not said".
        said = {key: value for key, value in (data.get("usage") or {}).items() if value is not None}
        self._message["usage"].update(said)

    def _end(self) -> Iterator[StreamEvent]:
        if not self.started or self.ended:
            raise ProtocolViolated("message_stop out of place")
        for index in sorted(self._open):
            if index in self._inputs or self._blocks[index].get("type") == "tool_use":
                raise ProtocolViolated(f"message_stop inside content block {index}")
            yield self._end_block(index)
        content = [self._blocks[index] for index in sorted(self._blocks)]
        ids = [block["id"] for block in content if block["type"] == "tool_use"]
        if len(set(ids)) < len(ids):
            raise ProtocolViolated("two tool uses with one id")
        self.ended = True
        self._message["content"] = content
        yield MessageEnded(
            self._message,
            str(self._message.get("stop_reason") or ""),
            read_usage(self._message["usage"]),
            dict(self._broken),
        )


_GROWS = {"text": "text", "thinking": "thinking"}
"""The field that deltas add to, by kind of block; some servers leave it out while it is empty."""


def _check_block(block: Block) -> None:
    """Refuse a block that could neither be used nor sent back, before it is kept for good.

    Raises:
        ProtocolViolated: a field that its kind needs is missing or is not text.
    """
    kind = block.get("type")
    if not isinstance(kind, str):
        raise ProtocolViolated("a content block without a type")
    grows = _GROWS.get(kind)
    if grows is not None and block.get(grows) is None:
        block[grows] = ""
    needed = ("id", "name") if kind == "tool_use" else (grows,) if grows else ()
    for name in needed:
        value = block.get(name)
        if not isinstance(value, str) or not (value or name == grows):
            raise ProtocolViolated(f"a {kind} block without {name}")


def _is_input(value: object) -> bool:
    """Whether it is an object that can be stored, sent back and read again as it is."""
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and _is_shallow(value)


def _writable(block: Block) -> Block:
    """The block, fit to be stored and sent back: with its surrogates joined or replaced.

    Raises:
        ProtocolViolated: a number in it is none that JSON has, as 1e999 is none.
    """
    try:
        json.dumps(block, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        return {joined_surrogates(key): _joined(value) for key, value in block.items()}
    except ValueError as error:
        raise ProtocolViolated(f"a block that is not JSON ({error})") from error
    return block


def _joined(value: Any) -> Any:
    if isinstance(value, str):
        return joined_surrogates(value)
    if isinstance(value, dict):
        return {joined_surrogates(key): _joined(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_joined(item) for item in value]
    return value


def _is_shallow(value: object) -> bool:
    """Whether a JSON value is nested no deeper than `MAX_DEPTH`."""
    level = [value]
    for _ in range(MAX_DEPTH):
        inner: list[object] = []
        for each in level:
            if isinstance(each, dict):
                inner.extend(each.values())
            elif isinstance(each, list):
                inner.extend(each)
        if not inner:
            return True
        level = inner
    return False


def read_usage(usage: Mapping[str, Any]) -> TurnUsage:
    """Read a Messages API `usage` object; what is missing or null counts as 0.

    What a compaction took is told apart from the rest, and not within it (`BetaUsage.iterations`).
    """
    iterations = usage.get("iterations")
    found = _read_usage(usage)
    for each in iterations if isinstance(iterations, list) else ():
        if isinstance(each, dict) and each.get("type") == "compaction":
            more = _read_usage(each)
            found = TurnUsage(
                found.input_tokens + more.input_tokens,
                found.cache_read + more.cache_read,
                found.cache_write + more.cache_write,
                found.output_tokens + more.output_tokens,
                found.cache_write_1h + more.cache_write_1h,
            )
    return found


def _read_usage(usage: Mapping[str, Any]) -> TurnUsage:
    by_lifetime = usage.get("cache_creation")
    one_hour = by_lifetime.get("ephemeral_1h_input_tokens") if isinstance(by_lifetime, dict) else 0
    return TurnUsage(
        input_tokens=_count(usage.get("input_tokens")),
        cache_read=_count(usage.get("cache_read_input_tokens")),
        cache_write=_count(usage.get("cache_creation_input_tokens")),
        output_tokens=_count(usage.get("output_tokens")),
        cache_write_1h=_count(one_hour),
    )


def joined_surrogates(text: str) -> str:
    r"""Join surrogate pairs that arrived in two deltas; a lone half becomes U+FFFD.

    JSON may spell a character beyond the basic plane as two `\u` escapes. Split over two strings
    they decode to two halves that no UTF-8 encoder accepts.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _count(value: object) -> int:
    return value if isinstance(value, int) and 0 < value <= MAX_TOKENS else 0


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
