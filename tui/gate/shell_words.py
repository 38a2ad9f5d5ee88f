"""What the words of shell text are, for their colours: a help for the eye and no judgement.

Text is read word by word, without its structure, so odd text is coloured oddly; what is dangerous
in it is marked by what judged it, whatever its colour.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

WordKind = Literal["program", "string", "variable", "operator", "comment"]

_WORDS = re.compile(
    r"""(?P<comment>(?:(?<=[\s;&|()])|\A)\#[^\n]*)
    |(?P<string>'[^']*'|\$'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")
    |(?P<variable>\$(?:\w+|\{[^{}\n]*\}|[@*\#?$!-]))
    |(?P<into>\d*(?:>>|>\||<<<|<<-?|[<>])&?)
    |(?P<operator>\$?\(+|`|[|&;)]+|\n)
    |(?P<word>(?:\\.|[^\s'"$|&;<>()`\\])+)""",
    re.X | re.S,
)
_LEADING = frozenset(
    ["if", "then", "elif", "else", "do", "while", "until", "!", "{", "time", "coproc"]
)
_CLOSING = frozenset(["fi", "done", "esac", "}", "in", "for", "case", "select", "function"])
_ASSIGNS = re.compile(r"[A-Za-z_]\w*\+?=")


def shell_words(text: str) -> Iterator[tuple[int, int, WordKind]]:
    """Tell the parts of a text that have a colour, in their order, as half-open offsets."""
    leads, into = True, False
    for match in _WORDS.finditer(text):
        kind, start, end = match.lastgroup, match.start(), match.end()
        if kind == "word":
            word = match[0]
            if into:
                into = False
            elif leads and word in _LEADING:
                yield start, end, "operator"
            elif leads and word in _CLOSING:
                leads = False
                yield start, end, "operator"
            elif leads and not _ASSIGNS.match(word):
                leads = False
                yield start, end, "program"
        elif kind == "operator":
            leads = match[0] not in (")", "`")
            if match[0] != "\n":
                yield start, end, "operator"
        elif kind == "into":
            into = True
            yield start, end, "operator"
        elif kind == "comment":
            yield start, end, "comment"
        elif kind == "string" or kind == "variable":
            before = text[start - 1 : start]
            if into:
                into = False
            elif leads and before != "=":
                leads = False
            yield start, end, "string" if kind == "string" else "variable"
