"""The prefix of a request: what a prompt cache compares, byte for byte.

A cache reads a request as its tools, then the system prompt, then the messages (prompt caching
documentation, "Cache prefixes are created in the following order"). Written in this order, compact
and without `cache_control`, and left open at the end, the prefix of a later request of the same
conversation begins with the whole of an earlier one. Where it does not, the cache is lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import takewhile
from typing import Any

from agent.messages.compaction_block import SUMMARY, TASK

SHOWN = 60
"""Characters shown of each of two texts from where they part."""

_SECTION = re.compile(r"^Instructions from (?P<path>.+):$", re.MULTILINE)
_INSTRUCTIONS = "<project-instructions"
_NOTE = "<tungsten-note>"
_MEMORY = "<tungsten-memory>"
_ROLE = "<tungsten-role "
_BEGINNING = (f"<{SUMMARY}>", f"<{TASK}>")


@dataclass(frozen=True, slots=True)
class PrefixBlock:
    """A tool, a block of the system prompt or a block of a message, as it stands in a prefix."""

    start: int
    """Its first byte, counted from 0."""

    text: str
    """Its JSON."""

    place: str
    """Where it stands, for instance `message 3, block 1`; all numbers count from 1."""

    origin: str
    """What put it there, in words."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first byte at which two prefixes differ, and whose it is.

    `was` and `now` are the two texts from this byte on, cut; empty when that is not known.
    """

    byte: int
    place: str
    origin: str
    was: str = ""
    now: str = ""

    def as_json(self) -> dict[str, Any]:
        """As an object to be stored or printed."""
        return asdict(self)


def serialise(value: object) -> str:
    """Write JSON the way every row and request is written: insertion order, compact, UTF-8.

    A lone surrogate (which UTF-8 cannot hold) makes the whole text ASCII with escapes. Two that
    make a character are written as that character, which is what they are read back as.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return text


def prefix(
    tools: Iterable[Mapping[str, Any]],
    system: Iterable[Mapping[str, Any]],
    messages: Iterable[Mapping[str, Any]],
) -> str:
    """Write the prefix of a request; the blocks must be without `cache_control`."""
    head = f'{{"tools":{serialise(list(tools))},"system":{serialise(list(system))},"messages":['
    listed = list(messages)
    whole = json.dumps(listed, ensure_ascii=False, separators=(",", ":"))[1:-1]
    try:
        whole.encode()
    except UnicodeEncodeError:
        # Only the message with the surrogate is written with escapes, as it is stored.
        whole = ",".join(map(serialise, listed))
    return head + whole


def blocks(text: str) -> list[PrefixBlock]:
    """Take a prefix apart into its blocks, in order."""
    request = json.loads(text + "]}")
    found = []
    start = len('{"tools":[')
    for number, tool in enumerate(request["tools"], 1):
        written = serialise(tool)
        name = tool.get("name", number)
        found.append(PrefixBlock(start, written, f"tool {name}", f"the definition of {name}"))
        start += len(written.encode()) + 1
    start += len('],"system":[') - bool(request["tools"])
    for number, block in enumerate(request["system"], 1):
        written = serialise(block)
        found.append(
            PrefixBlock(start, written, f"system prompt, block {number}", "the system prompt")
        )
        start += len(written.encode()) + 1
    start += len('],"messages":[') - bool(request["system"])
    return [*found, *message_blocks(request["messages"], start)]


def message_blocks(
    messages: Iterable[Mapping[str, Any]], start: int, first: int = 1
) -> Iterator[PrefixBlock]:
    """Take messages apart into their blocks.

    Args:
        messages: with their content as lists of blocks.
        start: byte at which the first of them begins.
        first: number of the first of them.
    """
    uses: dict[str, str] = {}
    for number, message in enumerate(messages, first):
        at = start + len(f'{{"role":"{message["role"]}","content":[')
        for position, block in enumerate(message["content"], 1):
            written = serialise(block)
            if block.get("type") == "tool_use":
                uses[str(block.get("id"))] = _use(block)
            yield PrefixBlock(
                at,
                written,
                f"message {number}, block {position}",
                _origin(str(message["role"]), block, uses),
            )
            at += len(written.encode()) + 1
        start += len(serialise(message).encode()) + 1


def difference(was: str, now: str) -> Difference:
    """Find the first byte at which two prefixes differ, and name its block.

    `now` is meant to begin with `was`; where it ends too early, the byte is its end.
    """
    pairs = zip(was, now, strict=False)
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    byte = len(now[:shared].encode())
    before, after = _at(blocks(was), byte), _at(blocks(now), byte)
    block = after or before
    origin = block.origin if block else "the end of the request"
    if before and after:
        origin = _files(before, after) or origin
    return Difference(
        byte,
        block.place if block else "its end",
        origin,
        was[shared : shared + SHOWN],
        now[shared : shared + SHOWN],
    )


def _at(found: list[PrefixBlock], byte: int) -> PrefixBlock | None:
    """The block that a byte belongs to; the byte may also stand right before or behind one."""
    best = None
    for block in found:
        if block.start > byte + len('},{"role":"assistant","content":['):
            break
        best = block
        if byte <= block.start + len(block.text.encode()):
            break
    return best


def _files(before: PrefixBlock, after: PrefixBlock) -> str:
    """Which instruction files differ between two versions of a block, empty when it has none."""
    was, now = _sections(before.text), _sections(after.text)
    if not was or not now:
        return ""
    changed = [path for path in {**was, **now} if was.get(path) != now.get(path)]
    return f"project instructions: {', '.join(changed)}" if changed else ""


def _sections(text: str) -> dict[str, str]:
    said = str(json.loads(text).get("text", ""))
    if not said.startswith(_INSTRUCTIONS):
        return {}
    parts = _SECTION.split(said)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _origin(role: str, block: Mapping[str, Any], uses: Mapping[str, str]) -> str:
    kind = block.get("type")
    text = str(block.get("text", ""))
    if role == "assistant":
        match kind:
            case "tool_use":
                return f"the model's use of {_use(block)}"
            case "text" | "thinking":
                return f"the model's {kind}"
            case _:
                return f"a block of the model, {kind}"
    if kind == "tool_result":
        return f"the result of {uses.get(str(block.get('tool_use_id')), 'a tool')}"
    if text.startswith(_INSTRUCTIONS):
        files = list(_sections(serialise(block)))
        return f"project instructions: {', '.join(files) or 'the reminder that they are unchanged'}"
    if role == "system":
        return "a system message"
    if text.startswith(_NOTE):
        return f"an announcement: {_line(text.removeprefix(_NOTE).lstrip())}"
    if text.startswith(_MEMORY):
        return "memories that were recalled"
    if text.startswith(_ROLE):
        return "a role that the agent was given"
    if text.startswith(_BEGINNING):
        return "what took the place of the compacted conversation"
    if kind == "text":
        return f"what the person said: {_line(text)}"
    return f"an attachment, {kind}"


def _use(block: Mapping[str, Any]) -> str:
    value = block.get("input")
    given = value if isinstance(value, dict) else {}
    words = [str(given[key]) for key in ("path", "command") if key in given]
    return " ".join([str(block.get("name")), *map(_line, words)])


def _line(text: str) -> str:
    line = text.splitlines()[0] if text.splitlines() else ""
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
