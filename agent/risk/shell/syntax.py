"""What shell text consists of: words and their parts, redirections, commands, groups, scripts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

UNKNOWN = "\0"
"""Stands for text that only running the command would tell."""


LITERAL, QUOTED, VARIABLE, PARAMETER, SUBSTITUTION, PROCESS, NUMBER, TILDE, HISTORY, ARRAY = range(
    10
)


class Part(NamedTuple):
    """A piece of a word. Which fields matter depends on `kind`."""

    kind: int
    text: str = ""
    quoted: bool = False
    group: Group | None = None
    operator: str = ""
    inner: tuple[Part, ...] = ()
    words: tuple[Word, ...] = ()


class Word(NamedTuple):
    """A word before expansion; `text` is set when it is one plain literal."""

    start: int
    end: int
    text: str | None
    parts: tuple[Part, ...] = ()
    quoted: bool = False


@dataclass(slots=True)
class Redirect:
    """A redirection; here-documents carry `body` (its parts) instead of a target."""

    operator: str
    fd: str
    start: int
    end: int = 0
    target: Word | None = None
    body: tuple[Part, ...] | None = None


@dataclass(slots=True, eq=False)
class Group:
    """What commands stand in: a compound, a subshell, a function body or a substitution.

    `first` and `last` are the half-open range of its commands in `Script.commands`.
    """

    kind: str
    parent: Group | None
    first: int
    last: int = 0
    start: int = 0
    function: str = ""
    pipe: tuple[int, int] | None = None
    fed_by: Command | None = None
    redirects: list[Redirect] = field(default_factory=list)
    depth: int = 0
    number: int = 0
    phase: str = ""
    variable: str = ""
    conditional: bool = False


class Command:
    """A simple command: assignments, words, redirects, and what feeds it.

    `depth` says how many substitutions it stands in.
    """

    __slots__ = (
        "assigns",
        "counted",
        "depth",
        "end",
        "group",
        "joiner",
        "kind",
        "pipe",
        "piped",
        "redirects",
        "start",
        "words",
    )  # fmt: skip

    def __init__(
        self,
        group: Group | None,
        start: int,
        pipe: tuple[int, int] | None,
        piped: bool,
        joiner: str,
        kind: str,
        depth: int,
    ) -> None:
        self.group = group
        self.start = self.end = start
        self.words: list[Word] = []
        self.assigns: list[Word] = []
        self.redirects: list[Redirect] = []
        self.pipe = pipe
        self.piped = piped
        self.joiner = joiner
        self.kind = kind
        self.depth = depth
        self.counted: Part | None = None
        """The expression of `(( … ))`."""


OPEN, CLOSE, RUN = 0, 1, 2


@dataclass(slots=True)
class Script:
    """Everything found in one text: `steps` are in the order in which bash would meet them."""

    text: str
    commands: list[Command] = field(default_factory=list)
    steps: list[tuple[int, Group | Command]] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    errors: list[tuple[str, int]] = field(default_factory=list)
    parameters: list[tuple[Part, int, int]] = field(default_factory=list)
    """Expansions that set a variable or read their value once more, and where they stand."""
    coprocesses: list[tuple[str, int, int]] = field(default_factory=list)
    """Names that coprocesses take, and where they stand."""
    background: list[tuple[int, int]] = field(default_factory=list)
    """Half-open ranges of commands that `&` lets run on beside what follows."""
    work: int = 0
    exhausted: bool = False


_SIMPLE_ESCAPES = {
    "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
    "v": "\v", "\\": "\\", "'": "'", '"': '"', "?": "?",
}  # fmt: skip


_ESCAPE = re.compile(
    r"\\(?:([abeEfnrtv\\'\"?])|([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})"
    r"|U([0-9A-Fa-f]{1,8})|c(.))",
    re.S,
)


def ansi_c(text: str) -> str:
    r"""Decode what stands between `$'` and `'` (also what `echo -e` and `printf` decode)."""

    def decode(match: re.Match[str]) -> str:
        simple, octal, hexadecimal, short, long, control = match.groups()
        if simple:
            return _SIMPLE_ESCAPES[simple]
        if octal:
            return chr(int(octal, 8) & 0xFF)
        if control:
            return chr(ord(control[0]) & 0x1F)
        value = int(hexadecimal or short or long, 16)
        return chr(value) if value < 0x110000 and not 0xD800 <= value < 0xE000 else "\ufffd"

    return _ESCAPE.sub(decode, text) if "\\" in text else text


def literal(word: Word) -> str:
    """Dequote a word without expanding anything (here-document delimiters)."""
    if word.text is not None:
        return word.text
    pieces = []
    for part in word.parts:
        if part.kind in (LITERAL, QUOTED):
            pieces.append(part.text)
        elif part.kind == TILDE:
            pieces.append("~" + part.text)
        elif part.kind == VARIABLE:
            pieces.append("$" + part.text)
        else:
            pieces.append(UNKNOWN)
    return "".join(pieces)
