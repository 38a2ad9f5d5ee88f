"""Indexes in the names of variables: builtins that are given a name count with what stands there.

Which of them do was tried with bash 5.2: `unset`, `test -v`, `printf -v`, `read`, `wait -p` and
`declare` look at an index once more after it was expanded, also in arrays with words for indexes.
`export` and `readonly` take no element.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agent.risk.arguments import wordlist
from agent.risk.shell.counting import indexing
from agent.risk.shell.syntax import ARRAY, LITERAL, QUOTED, UNKNOWN, Part, Word

if TYPE_CHECKING:
    from agent.risk.evaluation.call import Call
    from agent.risk.shell.expand import Expander

COUNTING = frozenset(
    wordlist(
        """let test [ printf read unset wait mapfile readarray getopts declare typeset local
        export readonly"""
    )
)
"""Builtins that take a word for a number, or the name of a variable."""

_DECLARING = frozenset(["declare", "typeset", "local"])
_AFTER = {"test": ("-v", "-R"), "[": ("-v", "-R"), "printf": ("-v",), "wait": ("-p",)}
_NAMED_LAST = {
    "read": frozenset(["-p", "-d", "-n", "-N", "-t", "-u", "-i"]),
    "mapfile": frozenset(["-d", "-n", "-O", "-s", "-u", "-C", "-c"]),
    "unset": frozenset[str](),
}
"""Builtins that take names behind their options; the options that have a value."""
_NAMED_LAST["readarray"] = _NAMED_LAST["mapfile"]
_ELEMENT = re.compile(r"[A-Za-z_]\w*\[(.*?)\]?", re.S)


def count_names(call: Call, program: str) -> None:
    """Judge the names that a builtin is given, and what it is given to count with."""
    command, expander = call.command, call.evaluator.expander
    if command is None:
        return
    words = command.words
    while words and words[0].text in ("builtin", "command"):
        words = words[1:]
    words = words[1:]
    if program == "let":
        for word in words:
            expander.count_word(word)
    elif program in _DECLARING:
        for word in words:
            if not (word.text or "").startswith(("-", "+")):
                count_index(expander, _before_equals(word))
    elif program in _AFTER:
        options = _AFTER[program]
        for at, word in enumerate(words[:-1]):
            if word.text in options:
                count_index(expander, words[at + 1])
    elif program == "getopts":
        for word in words[1:2]:
            count_index(expander, word)
    elif program in _NAMED_LAST:
        valued = _NAMED_LAST[program]
        if program == "unset" and any(word.text == "-f" for word in words):
            return
        for at, word in enumerate(words):
            if at and words[at - 1].text in valued:
                continue
            if not (word.text or "").startswith("-"):
                count_index(expander, word)


def count_index(expander: Expander, word: Word) -> None:
    """A word is the name of a variable: its index is counted with."""
    if word.text is not None:
        element = _ELEMENT.fullmatch(word.text)
        if element and element[1] not in ("@", "*"):
            expander.count(element[1])
        return
    for way in expander.joined(word.parts):
        element = _ELEMENT.fullmatch(way)
        if element:
            expander.count(element[1].replace(UNKNOWN, " "))
    expander.count("", word.parts)


def count_assigned(expander: Expander, name: str, word: Word, values: Sequence[str]) -> None:
    """An assignment counts with the index of an element, and with the value of an integer."""
    variables = expander.variables
    if name in variables.integers:
        for value in values:
            expander.count(value.replace(UNKNOWN, " "))
        expander.count("", word.parts)
    if name in variables.keyed:
        return
    if word.text is not None:
        if "[" in word.text:
            count_index(expander, _before_equals(word))
        return
    first = word.parts[0]
    if first.kind == LITERAL and "[" in first.text.partition("=")[0]:
        taken = first._replace(text="[" + first.text.partition("[")[2])
        expander.count_parts(indexing((taken, *word.parts[1:]))[0])
    for part in word.parts:
        for piece in part.words if part.kind == ARRAY else ():
            if piece.text is None and piece.parts[0].text[:1] == "[":
                expander.count_parts(indexing(piece.parts)[0])
            elif (piece.text or "").startswith("["):
                expander.count((piece.text or "")[1:].partition("]")[0])


def _before_equals(word: Word) -> Word:
    """A word up to its `=`."""
    if word.text is not None:
        return word._replace(text=word.text.partition("=")[0].removesuffix("+"))
    taken: list[Part] = []
    for part in word.parts:
        if part.kind in (LITERAL, QUOTED) and "=" in part.text:
            taken.append(part._replace(text=part.text.partition("=")[0].removesuffix("+")))
            break
        taken.append(part)
    return word._replace(parts=tuple(taken))
