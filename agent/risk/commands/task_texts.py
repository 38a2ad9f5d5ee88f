# ruff: noqa: E501 - patterns read better unbroken
"""Reads the settings in which runners keep their tasks: TOML, JSON and the everyday part of YAML."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

MAX_DEPTH = 40
"""Levels of nesting that are read."""


MAX_LINES = 400
"""Lines of one flow collection that are read."""


class Unreadable(ValueError):
    """The text is not in the form, or uses a part of it that is not read here."""


def parsed(text: str, form: str) -> Any:
    """The data of a file of settings.

    Raises:
        Unreadable: it is not in that form.
    """
    try:
        if form == "toml":
            return tomllib.loads(text)
        if form == "json":
            return json.loads(re.sub(r"(?m)^[ \t]*//.*$", "", text))
        return _Yaml(text).document()
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from None


class _Yaml:
    """Block mappings and lists, plain, quoted and block text, and flow collections of one line.

    An anchor is passed over, for what it names is read where it stands; an alias is text.
    """

    def __init__(self, text: str) -> None:
        self.lines = text.expandtabs().splitlines()
        self.at = 0

    def document(self) -> Any:
        found = self.node(0, 0) if self.peek() >= 0 else None
        if self.peek() >= 0:
            raise Unreadable("the text goes on where nothing may stand")
        return found

    def peek(self) -> int:
        """Columns before the next line that says something; -1 at the end."""
        while self.at < len(self.lines):
            line = self.lines[self.at]
            bare = line.strip()
            if bare and bare[0] != "#" and bare not in ("---", "...") and bare[0] != "%":
                return len(line) - len(line.lstrip())
            self.at += 1
        return -1

    def node(self, least: int, depth: int) -> Any:
        column = self.peek()
        if column < least:
            return None
        if depth > MAX_DEPTH:
            raise Unreadable("too deep")
        line = self.lines[self.at].strip()
        if line.startswith("- ") or line == "-":
            return self.listed(column, depth)
        if _KEY.match(line):
            return self.mapped(column, depth)
        self.at += 1
        return self.value(line, column - 1, depth)

    def listed(self, column: int, depth: int) -> list[Any]:
        found = []
        while self.peek() == column:
            line = self.lines[self.at]
            bare = line.strip()
            if not (bare.startswith("- ") or bare == "-"):
                break
            rest = bare[1:].strip()
            if not rest or rest[0] == "#":
                self.at += 1
                found.append(self.node(column + 1, depth + 1))
                continue
            inner = len(line) - len(line.lstrip(" -")) if rest[0] != "-" else column + 2
            if _KEY.match(rest) or rest.startswith("- "):
                self.lines[self.at] = " " * inner + line[inner:]
                found.append(self.node(inner, depth + 1))
            else:
                self.at += 1
                found.append(self.value(rest, column, depth + 1))
        return found

    def mapped(self, column: int, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self.peek() == column:
            match = _KEY.match(self.lines[self.at].strip())
            if match is None:
                break
            key = (match[1] or "").strip("\"'")
            rest = self.lines[self.at].strip()[match.end() :].strip()
            self.at += 1
            known = key in found
            found[f"{key}\0{len(found)}" if known else key] = self.value(rest, column, depth + 1)
        return found

    def value(self, rest: str, column: int, depth: int) -> Any:
        rest = re.sub(r"^(?:[&!][^\s,\[\]{}]*\s*)+", "", rest)
        if not rest or rest[0] == "#":
            inner = self.peek()
            if inner == column and self.lines[self.at].strip().startswith("-"):
                return self.listed(column, depth)
            return self.node(column + 1, depth)
        if _BLOCK.fullmatch(rest):
            return self.block(column, folded=rest[0] == ">")
        for _ in range(MAX_LINES):
            if rest[0] not in "\"'[{" or _closed(rest) or self.at >= len(self.lines):
                break
            rest += " " + self.lines[self.at].strip()
            self.at += 1
        if rest[0] in "[{\"'":
            found, end = _flow(rest, 0, depth)
            after = rest[end:].strip()
            if after and after[0] != "#":
                raise Unreadable("something stands behind a value")
            return found
        rest = re.sub(r"\s#.*$", "", rest)
        while self.peek() > column:
            rest += " " + re.sub(r"\s#.*$", "", self.lines[self.at].strip())
            self.at += 1
        return rest

    def block(self, column: int, *, folded: bool) -> str:
        kept: list[str] = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.strip() and len(line) - len(line.lstrip()) <= column:
                break
            kept.append(line.strip())
            self.at += 1
        # Folded, lines become one; read both ways, what stands at a line's beginning counts, too.
        return " ".join(kept) + "\n" + "\n".join(kept) if folded else "\n".join(kept)


_KEY = re.compile(
    r"(\"[^\"]*\"|'[^']*'|(?:[^\s\"'\[\]{}#&*!|>%@`-]|-[^\s:])"
    r"(?:[^:#]|:(?!\s|$)|(?<!\s)#){0,200}?|<<)[ ]{0,20}:(?=\s|$)"
)
_BLOCK = re.compile(r"[|>][+-]?\d?[+-]?(?:\s+#.*)?")


def _closed(text: str) -> bool:
    try:
        _flow(text, 0, 0)
    except ValueError:
        return False
    return True


def _flow(text: str, at: int, depth: int) -> tuple[Any, int]:
    """A quoted text or a flow collection from `at` on, and where it ends."""
    if depth > MAX_DEPTH:
        raise Unreadable("too deep")
    at = _blank(text, at)
    first = text[at : at + 1]
    if first == "'":
        match = re.compile(r"'((?:[^']|'')*)'").match(text, at)
        if match is None:
            raise Unreadable("a quote is not closed")
        return match[1].replace("''", "'"), match.end()
    if first == '"':
        match = re.compile(r'"((?:\\.|[^"\\])*)"', re.S).match(text, at)
        if match is None:
            raise Unreadable("a quote is not closed")
        return _unescaped(match[1]), match.end()
    if first in ("[", "{"):
        closes = "]" if first == "[" else "}"
        items: list[Any] = []
        pairs: dict[str, Any] = {}
        at = _blank(text, at + 1)
        while text[at : at + 1] != closes:
            if at >= len(text):
                raise Unreadable("a bracket is not closed")
            found, at = _flow(text, at, depth + 1)
            at = _blank(text, at)
            if text[at : at + 1] == ":":
                value, at = _flow(text, at + 1, depth + 1)
                pairs[str(found)] = value
            else:
                items.append(found)
            at = _blank(text, at)
            if text[at : at + 1] == ",":
                at = _blank(text, at + 1)
            elif text[at : at + 1] != closes:
                raise Unreadable("a list goes on without a comma")
        return (pairs if first == "{" else items), at + 1
    match = re.compile(r"(?:[^,\[\]{}:]|:(?!\s))*").match(text, at)
    if match is None or not match[0]:
        raise Unreadable("a value is missing")
    return match[0].strip(), match.end()


def _blank(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "e": "\x1b", "_": "\xa0"}


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        if match[1]:
            return chr(min(int(match[1][1:], 16), 0x10FFFF))
        return _ESCAPES.get(match[2], match[2])

    return re.sub(
        r"\\(?:(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|(.))", one, text, flags=re.S
    )
