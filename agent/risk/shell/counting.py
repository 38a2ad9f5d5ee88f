"""What bash takes for a number: expressions, indexes of arrays, the ends of slices.

The text of a variable is an expression of its own there, and a command in an index of it is run.
What the text itself was given (`$1`, the environment) is taken for the number that it is meant to
be; what comes from a file, a read or a program's output is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from agent.risk.shell.numbers import doubtful, names
from agent.risk.shell.syntax import (
    ARRAY,
    LITERAL,
    NUMBER,
    PARAMETER,
    QUOTED,
    SUBSTITUTION,
    UNKNOWN,
    VARIABLE,
    Part,
    Word,
)

if TYPE_CHECKING:
    from agent.risk.shell.expand import Variables

MAX_NAMED = 256
"""Characters of a value that is looked at as an expression."""

MAX_INDEXES = 4
"""Indexes in each other that are followed; what is in more of them counts as unknown text."""

MAX_PASTED = 24
"""Texts that are tried of an expression whose names are put together from values."""

_PASTED = re.compile(r"[\w}]\$[\w{]|\$\{\w+\}\w")
_SIMPLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_SLICE = re.compile(r":(?![-+=?])")
_DEFAULT = re.compile(r":?[-=+]")


class Counting:
    """Tells what is counted with; a part of the expander, whose attributes it uses."""

    variables: Variables
    counting: Callable[[str], None]
    loose: Callable[[], None]
    indexes = 0
    """Indexes and slices in each other that are being counted."""

    def _values(self, part: Part) -> tuple[str, ...]:
        raise NotImplementedError

    def joined(self, parts: tuple[Part, ...]) -> tuple[str, ...]:
        """Possible values of parts that are not split."""
        raise NotImplementedError

    def count(self, text: str, inner: tuple[Part, ...] = ()) -> None:
        """Something is taken for a number; `counting` is told what may be other text."""
        if UNKNOWN in text:
            self.counting("an expression")
            return
        waiting = [name for way in self._pasted(text) for name in names(way)]
        seen: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            values = self.variables.get(name)
            given = name in self.variables.given
            if values is None or given:
                self.loose()
            for value in values or ():
                if self._unsure(value, given=given):
                    self.counting(name)
                    return
                # A value is an expression, too.
                if len(value) <= MAX_NAMED:
                    waiting.extend(names(value.replace(UNKNOWN, " ")))
                elif any(c.isalpha() for c in value):
                    self.counting(name)
                    return
        for part in inner:
            if part.kind in (VARIABLE, PARAMETER) and (
                part.text in self.variables.given or self.variables.get(part.text) is None
            ):
                self.loose()
                break
        found = self.doubted(inner)
        if found:
            self.counting(found)
            return
        for part in inner:
            if part.kind == NUMBER:
                self.count("", part.inner)

    def count_word(self, word: Word) -> None:
        """A word is taken for a number as a whole, as those of `let` are."""
        if word.text is None:
            self.count_parts(word.parts)
        else:
            self.count(word.text)

    def count_parts(self, parts: tuple[Part, ...]) -> None:
        """What some parts expand to is taken for a number."""
        for way in self.joined(parts):
            self.count(way.replace(UNKNOWN, " "))
        self.count("", parts)

    def doubted(self, parts: Iterable[Part]) -> str:
        """What may be anything but a number in some parts, by its name; empty for nothing."""
        for part in parts:
            kind = part.kind
            if kind == SUBSTITUTION:
                if any(doubtful(value) for value in self._values(part)):
                    return "what a command prints"
            elif kind == VARIABLE or (kind == PARAMETER and not self._counts_up(part)):
                if part.text == "__unknown":
                    # So the text of `eval` says where something unknown stood.
                    return "a value"
                given = part.text in self.variables.given
                if self.variables.get(part.text) is not None and any(
                    self._unsure(value, given=given) for value in self._values(part)
                ):
                    return part.text
                if part.inner and _DEFAULT.match(part.inner[0].text):
                    found = self.doubted(part.inner)
                    if found:
                        return found
            elif kind == ARRAY:
                for word in part.words:
                    found = self.doubted(word.parts)
                    if found:
                        return found
        return ""

    def subscript(self, part: Part) -> tuple[str, ...] | None:
        """The index of an element and the ends of a slice: `${a[i]}`, `${a:from:length}`.

        Returns the value where it is not to be looked for any more, None where it is. What stands
        inside is expanded here alone, so that the time stays linear however deep it goes.
        """
        operator, inner = part.operator, part.inner
        literal = operator[-1:] == "]"
        opens = bool(inner) and not literal and inner[0].text[:1] == "["
        opens = opens and inner[0].kind == LITERAL
        slices = bool(inner) and _SLICE.match(inner[0].text) is not None
        if not (literal or opens or slices):
            return None
        if self.indexes >= MAX_INDEXES:
            self.counting("an index in many others")
            return (UNKNOWN,)
        self.indexes += 1
        try:
            self._index(part, counts=part.text not in self.variables.keyed, opens=opens)
        finally:
            self.indexes -= 1
        plain = all(piece.kind in (LITERAL, QUOTED) for piece in inner)
        return (UNKNOWN,) if opens or (slices and not plain) else None

    def _index(self, part: Part, *, counts: bool, opens: bool) -> None:
        operator, inner = part.operator, part.inner
        if operator[-1:] == "]":
            index = operator[operator.index("[") + 1 : -1]
            if counts and not index.isdigit() and index not in ("@", "*"):
                self.count(index)
        elif opens:
            taken, inner = indexing(inner)
            if counts:
                self.count_parts(taken)
            else:
                self.joined(taken)
        if inner and _SLICE.match(inner[0].text):
            self.count_parts(inner)
        elif opens:
            self.joined(inner)

    def _counts_up(self, part: Part) -> bool:
        """A length, the indexes of an array, names of variables: none holds a command."""
        operator = part.operator
        if operator in ("![@]", "![*]"):
            return part.text not in self.variables.keyed
        listing = operator == "!" and bool(part.inner) and part.inner[0].text in ("*", "@")
        return listing or operator[:1] == "#"

    def _unsure(self, value: str, *, given: bool) -> bool:
        return doubtful(value.replace(UNKNOWN, "x") if given else value)

    def _pasted(self, text: str) -> Iterable[str]:
        """An expression as it is after its variables stand in it, where they make up a name."""
        if "$" not in text or not _PASTED.search(text):
            return (text,)
        known = [self.variables.get(m[1] or m[2]) or ("",) for m in _SIMPLE.finditer(text)]
        ways = min(max(map(len, known), default=1), MAX_PASTED)
        return [text, *(self._filled(text, way) for way in range(ways))]

    def _filled(self, text: str, way: int) -> str:
        def value(match: re.Match[str]) -> str:
            values = self.variables.get(match[1] or match[2]) or (" ",)
            return values[way % len(values)].replace(UNKNOWN, " ")

        return _SIMPLE.sub(value, text)


def indexing(parts: tuple[Part, ...]) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Take parts that start with `[` apart: what stands in the index, and what follows it."""
    taken: list[Part] = []
    depth = 0
    for at, part in enumerate(parts):
        if part.kind == LITERAL:
            start = 0 if taken or depth else 1
            for place, c in enumerate(part.text):
                depth += (c == "[") - (c == "]")
                if c == "]" and depth <= 0:
                    taken.append(part._replace(text=part.text[start:place]))
                    rest = part.text[place + 1 :]
                    behind = parts[at + 1 :]
                    return tuple(taken), ((part._replace(text=rest), *behind) if rest else behind)
            taken.append(part._replace(text=part.text[start:]))
        else:
            taken.append(part)
    return tuple(taken), ()
