"""What a judgement keeps: findings, feeds, what a shell remembers, and the budgets."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from agent.risk.assessment import Risk
from agent.risk.shell.expand import Variables
from agent.risk.shell.syntax import UNKNOWN

MAX_TEXT = 1_500_000
"""Characters of one text that are read; more is HIGH."""


MAX_SCANNED = 4_000_000
"""Characters read in all, with everything nested."""


MAX_COMMANDS = 60_000


MAX_MEANINGS = 8
"""Texts of one alias that are followed; one with more may be anything."""


MAX_NESTING = 24
"""How deep wrappers may carry wrappers."""


MAX_SECONDS = 0.8
"""Processor time one judgement may take (seconds of this thread), without its longest stretch."""


MAX_FILE_BYTES = 262_144
"""Bytes of a script that are read; a longer one cannot be judged."""


OPAQUE = "what runs cannot be known from the text"


@dataclass(slots=True)
class Finding:
    """One thing a command does."""

    risk: Risk
    reason: str
    effect: str
    start: int
    end: int
    depth: int
    command: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One command that was found in a text, for a person to read.

    Attributes:
        depth: How many other commands it is within.
        text: Its words.
        risk: Its own.
        why: Reasons for that.
        joiner: What stands between it and the command before (`&&`, `|`), if anything does.
    """

    depth: int
    text: str
    risk: Risk
    why: tuple[str, ...] = ()
    joiner: str = ""


@dataclass(slots=True)
class Feed:
    """What a command reads on standard input: `none`, `text`, `unknown`, `remote`, `file`."""

    kind: str
    text: str = ""
    paths: tuple[str, ...] = ()


class Stopwatch:
    """The processor time that a judgement takes.

    The longest stretch between two looks is left out: a virtual machine that was stopped meanwhile
    is charged to whoever was running, and says nothing of the text. Text that is slow to judge is
    so in more than one stretch.
    """

    def __init__(self) -> None:
        self._looked = time.thread_time()
        self._total = self._longest = 0.0

    def over(self) -> bool:
        """Look at the clock: whether `MAX_SECONDS` are used up."""
        now = time.thread_time()
        stretch, self._looked = now - self._looked, now
        self._total += stretch
        self._longest = max(self._longest, stretch)
        return self._total - self._longest > MAX_SECONDS


class Spent(Exception):
    """A budget is used up; the message says which."""


@dataclass(slots=True)
class State:
    """What a shell would remember: variables, directory, aliases, functions."""

    variables: Variables
    cwd: str
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Every text that a name may stand for."""
    functions: dict[str, bool] = field(default_factory=dict)
    """Functions, and whether they are sure to be there when they are called."""
    runners: frozenset[str] = frozenset()
    """Functions that do nothing with their arguments but run them."""
    counters: frozenset[str] = frozenset()
    """Functions that count with what they are given."""
    passing: dict[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    """Functions that hand their arguments on, and the words that they put before them."""
    moves: dict[str, str] = field(default_factory=dict)
    """Functions that change the directory, and where they lead."""
    settled: frozenset[str] = frozenset()
    """Aliases that earlier lines of an interactive shell made: they are sure to apply."""
    remotes: frozenset[str] = frozenset()
    """Names that were given to repositories on other machines, by their agent."""
    homes: frozenset[tuple[str, str]] = frozenset()
    """Directories in which programs look for their settings, with the variable that says so."""
    left: str = ""
    """The directory before the last `cd`, when that may not have worked or was in a subshell."""
    unfinished: str = ""
    """Earlier lines that were no complete shell, and may still be waiting for the rest."""

    def name(self, alias: str, text: str) -> None:
        """An alias gets a text; what it stood for before may still apply."""
        texts = tuple(dict.fromkeys((*self.aliases.get(alias, ()), text)))
        self.aliases[alias] = texts if len(texts) <= MAX_MEANINGS else (*texts[:8], UNKNOWN)

    def join(self, other: State) -> None:
        """Take what another reading of the same lines would have left as possible too."""
        self.variables.join(other.variables)
        for alias, texts in other.aliases.items():
            for text in texts:
                self.name(alias, text)
        for function, sure in other.functions.items():
            self.functions[function] = sure and self.functions.get(function, False)
        self.moves.update(other.moves)
        self.runners |= other.runners
        self.counters |= other.counters
        for function, words in other.passing.items():
            self.passing[function] = (*self.passing.get(function, ()), *words)
        self.settled &= other.settled
        self.remotes |= other.remotes
        self.homes |= other.homes

    def copy(self) -> State:
        """What a subshell starts with."""
        return State(
            self.variables.copy(),
            self.cwd,
            dict(self.aliases),
            dict(self.functions),
            self.runners,
            self.counters,
            dict(self.passing),
            dict(self.moves),
            self.settled,
            self.remotes,
            self.homes,
            self.left,
            self.unfinished,
        )


def shown(text: str) -> str:
    """Text for a person: unknown pieces as `…`, one line, bounded."""
    text = text.replace(UNKNOWN, "…").replace("\n", " ")
    return text if len(text) <= 120 else text[:117] + "…"


def quote(text: str) -> str:
    """Quote for the shell; unknown pieces stay unknown."""
    if UNKNOWN in text:
        return "$__unknown"
    return "'" + text.replace("'", "'\\''") + "'"
