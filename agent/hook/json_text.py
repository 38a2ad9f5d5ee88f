"""JSON settings files of other programs, changed in one place with every other byte left alone.

Comments (`//`, `/* */`) and a comma behind the last value are taken as they are, since some of
these programs take them: who reads such a file says whether it may hold them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

_SPACE = re.compile(r"(?:[ \t\r\n]|//[^\n]*|/\*.*?\*/)*", re.S)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.S)
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_WORD = re.compile(r"[-+.\w]+")

MAX_DEPTH = 100


class NotJson(ValueError):
    """The text is no JSON, or no JSON that can be changed; says where and why."""


@dataclass(slots=True)
class Node:
    """A value and where it stands: `text[start:end]`. `names` are the keys of an object."""

    kind: Literal["object", "array", "value"]
    start: int
    end: int
    value: Any = None
    names: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    """Where each member begins: its key, in an object."""
    nodes: list[Node] = field(default_factory=list)

    def member(self, name: str) -> Node | None:
        """The value of a key, None without it."""
        return self.nodes[self.names.index(name)] if name in self.names else None

    def plain(self) -> Any:
        """The value, as `json.loads` gives it."""
        if self.kind == "object":
            return {name: node.plain() for name, node in zip(self.names, self.nodes, strict=True)}
        if self.kind == "array":
            return [node.plain() for node in self.nodes]
        return self.value


def parse(text: str) -> Node:
    """Read a text with the places of everything in it.

    Raises:
        NotJson: it is none, or names a key twice.
    """
    reader = _Reader(text)
    root = reader.value(reader.space(1 if text.startswith("\ufeff") else 0), 0)
    at = reader.space(root.end)
    if at != len(text):
        raise reader.wrong(at, "there is more behind its end")
    return root


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text

    def wrong(self, at: int, why: str) -> NotJson:
        return NotJson(f"line {self.text.count(chr(10), 0, at) + 1}: {why}")

    def space(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return at if found is None else found.end()

    def value(self, at: int, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self.wrong(at, "it is nested too deeply")
        character = self.text[at : at + 1]
        if character == "{":
            return self._many("object", at, depth)
        if character == "[":
            return self._many("array", at, depth)
        found = (_STRING if character == '"' else _WORD).match(self.text, at)
        if found is None:
            raise self.wrong(at, "a value is missing")
        try:
            return Node("value", at, found.end(), json.loads(found.group()))
        except ValueError as error:
            raise self.wrong(at, f"{found.group()[:20]} is no value") from error

    def _many(self, kind: Literal["object", "array"], at: int, depth: int) -> Node:
        node, closing = Node(kind, at, at), "}" if kind == "object" else "]"
        at = self.space(at + 1)
        while self.text[at : at + 1] != closing:
            start = at
            if kind == "object":
                found = _STRING.match(self.text, at)
                if found is None:
                    raise self.wrong(at, "a key is missing")
                name = json.loads(found.group())
                if name in node.names:
                    raise self.wrong(at, f'the key "{name}" is there twice')
                at = self.space(found.end())
                if self.text[at : at + 1] != ":":
                    raise self.wrong(at, "a colon is missing")
                at = self.space(at + 1)
                node.names.append(name)
            child = self.value(at, depth + 1)
            node.starts.append(start)
            node.nodes.append(child)
            at = self.space(child.end)
            if self.text[at : at + 1] == ",":
                at = self.space(at + 1)
            elif self.text[at : at + 1] != closing:
                raise self.wrong(at, f'a comma or "{closing}" is missing')
        node.end = at + 1
        return node


# Changing ----------------------------------------------------------------------------------------


def added(text: str, node: Node, value: Any, name: str | None = None) -> str:
    """The text with one more member at the end of an object (of that name) or array."""
    line_end = "\r\n" if "\r\n" in text else "\n"
    unit = _unit(text)
    outer = _indent(text, node.start)
    leads = bool(node.starts) and _leads(text, node.starts[-1])
    inner = _indent(text, node.starts[-1]) if leads else outer + unit
    written = json.dumps(value, indent=unit, ensure_ascii=False).replace("\n", f"\n{inner}")
    if name is not None:
        written = f"{json.dumps(name)}: {written}"
    written = written.replace("\n", line_end)
    closing = node.end - 1
    last = len(text[:closing].rstrip(" \t\r\n"))
    comma = ""
    if node.nodes:
        end = node.nodes[-1].end
        if "," not in _uncommented(text[end:closing]):
            text = f"{text[:end]},{text[end:]}"
            last, closing = last + 1, closing + 1
        else:
            # As it was: whoever writes a comma behind the last value means it.
            comma = ","
    tail = "" if "\n" in text[last:closing] else f"{line_end}{outer}"
    return f"{text[:last]}{line_end}{inner}{written}{comma}{tail}{text[last:]}"


def removed(text: str, node: Node, index: int) -> str:
    """The text without one member of an object or array, and without the comma that parted it."""
    start, end, closing = node.starts[index], node.nodes[index].end, node.end - 1
    if index + 1 < len(node.nodes):
        return text[:start] + text[node.starts[index + 1] :]
    before = node.nodes[index - 1].end if index else node.start + 1
    between, behind = text[before:start], text[end:closing]
    if "," in _uncommented(behind):
        behind = _without_comma(behind)
    elif index:
        between = _without_comma(between)
    return text[:before] + between.rstrip(" \t\r\n") + behind + text[closing:]


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """What stands outside of comments, character by character, with its place."""
    at = 0
    while at < len(text):
        found = _COMMENT.match(text, at)
        if found is not None:
            at = found.end()
            continue
        yield at, text[at]
        at += 1


def _uncommented(text: str) -> str:
    return "".join(character for _, character in _pieces(text))


def _without_comma(text: str) -> str:
    at = next(at for at, character in _pieces(text) if character == ",")
    return text[:at] + text[at + 1 :]


def _leads(text: str, at: int) -> bool:
    """Whether a place is the first in its line that is no space."""
    return not text[text.rfind("\n", 0, at) + 1 : at].strip() and "\n" in text[:at]


def _indent(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 :]
    found = re.match(r"[ \t]*", line)
    return "" if found is None else found.group()


def _unit(text: str) -> str:
    found = re.search(r"\{[ \t]*\r?\n([ \t]+)\"", text)
    return "  " if found is None else found[1]
