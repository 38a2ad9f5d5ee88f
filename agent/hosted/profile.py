"""What is known of one kind of agent: a TOML file that a person can read, change and add to.

Shipped ones are beside this module, in `profiles/`; the person's are in `profiles/` beside their
`config.toml`, and one of the same name takes the place of a shipped one. docs/hosted.md tells how
to write one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from enum import StrEnum
from re import _parser  # type: ignore[attr-defined]
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from agent.hosted.status import Kind
from agent.protocol.agents import AgentState
from agent.settings.settings import Settings, Texts

NAME = r"[a-z][a-z0-9_-]{0,31}"
"""What profiles and rules may be called."""

SETTLES_SECONDS = 0.5
"""How long a dialog must have stood before a key answers it, unless a rule says otherwise: agents
draw a dialog first and begin to read its keys a little later."""

SIGNS = ("working", "cleared")
"""What can show that a prompt was submitted."""

KEY = re.compile(
    r"[!-~]|Space|Enter|Escape|Tab|BTab|BSpace|Up|Down|Left|Right|Home|End|PPage|NPage"
    r"|F([1-9]|1[0-2])|(?=.)(C-|M-|S-){1,2}([!-~]|Up|Down|Left|Right|Enter|Tab|Space)"
)
"""One key, by tmux's name for it (tmux(1), KEY BINDINGS)."""


def _list(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    if _nests(_parser.parse(text)):
        # Lines come from any program: one that is made for it would take it forever to match.
        raise ValueError(
            "repeats what repeats, as (a+)+ does, and may take forever: write the outer one "
            "possessive, as (?:a+)++"
        )
    return text


MANY = 16
"""Repetitions up to which one within another costs little."""


def _nests(parsed: Any, repeated: bool = False) -> bool:
    """Whether a parsed pattern has a repetition within one that tries all its ways."""
    if not isinstance(parsed, tuple | list | _parser.SubPattern):
        return False
    if isinstance(parsed, tuple) and len(parsed) == 2 and str(parsed[0]) in _REPEATS:
        _, most, body = parsed[1]
        often = int(most) > MANY
        return (often and repeated) or _nests(body, repeated or (often and _gives_back(parsed)))
    return any(_nests(each, repeated) for each in parsed)


def _gives_back(parsed: Any) -> bool:
    return str(parsed[0]) != "POSSESSIVE_REPEAT"


_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})


def _key(text: str) -> str:
    if not KEY.fullmatch(text):
        raise ValueError("must name exactly one key, as tmux does: 1, y, Enter, Escape, C-c")
    return text


def _state(value: object) -> object:
    return _one_of(AgentState, value)


def _kind(value: object) -> object:
    return _one_of(Kind, value)


def _one_of(words: type[StrEnum], value: object) -> object:
    if isinstance(value, str) and value in set(words):
        return words(value)
    raise ValueError(f"must be one of {', '.join(words)}")


def _sign(value: str) -> str:
    if value not in SIGNS:
        raise ValueError(f"must be one of {', '.join(SIGNS)}")
    return value


Pattern = Annotated[str, AfterValidator(_pattern)]
"""A regular expression (Python's `re`), looked for in single lines."""

Patterns = Annotated[tuple[Pattern, ...], BeforeValidator(_list)]
Key = Annotated[str, AfterValidator(_key)]
Keys = Annotated[tuple[Key, ...], BeforeValidator(_list)]
Said = Annotated[AgentState, BeforeValidator(_state)]
Waited = Annotated[Kind, BeforeValidator(_kind)]

Meaning = Literal["allow_once", "allow_always", "deny", "other"]
"""What an answer does: allows this one thing, allows it from now on, refuses it, or else."""


class Answer(Settings):
    """One way to answer a dialog: exactly one key."""

    key: Key
    """The key, by tmux's name."""

    means: Meaning
    """What it does."""

    pattern: Pattern
    """The line of the dialog that offers it; without such a line the answer is not offered.

    A group named `label` is what it is called there; else the whole line is.
    """

    acts_alone: bool = True
    """Whether this key alone answers: nothing has to follow it, and nothing may."""


class Region(Settings):
    """Which lines of the screen a rule looks at."""

    lines: int | None = Field(default=None, ge=1, le=500)
    """Only so many of the lowest lines that hold text; all of the screen unless given."""

    begins: Pattern = ""
    """The first line: the lowest that matches. A rule without such a line does not match."""

    ends: Pattern = ""
    """The last line: the next below `begins` that matches, or without that the lowest. A rule
    without such a line does not match."""

    bottom: bool = False
    """Whether no text may stand below the last line of the region."""


class Asks(Settings):
    """How the command that a dialog asks about is told from its screen, exactly or not at all."""

    heading: Pattern
    """The region's first line that holds text, if it asks about a command and nothing else."""

    command: Pattern
    """The line that shows it, with a group named `text`. It is known only where just one line can
    be it, with room left behind it."""

    between: Pattern = ""
    """It stands alone between the only two lines that look like this. Without it, `beside` counts.
    """

    beside: Patterns = ()
    """What the other lines of the region look like, those that offer answers and empty ones aside.
    A line that none of them matches may belong to the command, which is then not known."""


class Rule(Settings):
    """How one state looks on the screen."""

    name: str = Field(pattern=f"^{NAME}$")
    """What it is called when it is explained."""

    state: Said
    """The state that the screen shows."""

    kind: Waited | None = None
    """What is waited for; with `waiting` only, and there it must be given."""

    region: Region = Region()
    """Where it looks."""

    all: Patterns = ()
    """Each of them must be found in some line there."""

    any: Patterns = ()
    """One of them must be found, if there are any."""

    none: Patterns = ()
    """None of them may be found."""

    title: Pattern = ""
    """The terminal's title must match, if given."""

    cursor: Literal["any", "inside", "outside", "parked"] = "any"
    """Whether the cursor must stand within the region, outside, or where a program leaves one that
    it does not show: behind the cell that it drew last, or behind the end of a line."""

    cursor_line: Pattern = ""
    """The line with the cursor must match, if given: what other programs print moves the cursor."""

    answers: Annotated[tuple[Answer, ...], BeforeValidator(_list)] = ()
    """How the dialog can be answered."""

    asks: Asks | None = None
    """How to tell what command a permission is for; without it, that is never known for sure."""

    changing: Patterns = ()
    """What may change in the region while it is the same dialog, such as a clock."""

    settles: float = Field(default=SETTLES_SECONDS, ge=0, le=10)
    """Seconds for which the dialog must have stood unchanged before a key is pressed into it."""

    @model_validator(mode="after")
    def _whole(self) -> Rule:
        if (self.state is AgentState.WAITING) != (self.kind is not None):
            raise ValueError('needs a kind with state = "waiting", and only there')
        if self.answers and self.state is not AgentState.WAITING:
            raise ValueError('has answers, which only state = "waiting" can have')
        bounded = self.region.begins or self.region.ends
        if not (self.all or self.any or bounded or self.title):
            raise ValueError("matches every screen: give it all, any, title or region.begins")
        return self


class Telling(Settings):
    """What a title or a notification tells."""

    pattern: Pattern
    """What it looks like."""

    state: Said
    """The state that it tells."""

    kind: Waited | None = None
    """What is waited for; with `waiting` only."""

    @model_validator(mode="after")
    def _whole(self) -> Telling:
        if (self.state is AgentState.WAITING) != (self.kind is not None):
            raise ValueError('needs a kind with state = "waiting", and only there')
        return self

    def matches(self, text: str) -> bool:
        """Whether it is what this text tells."""
        return re.search(self.pattern, text) is not None


class Process(Settings):
    """How the program is recognised among others."""

    names: Texts = ()
    """Names of its program, or of the script that an interpreter runs, without directory."""

    arguments: Patterns = ()
    """Or a pattern that one of its arguments matches, such as a package's path."""


class Prompt(Settings):
    """How a prompt is given to it, and how it is known to have been taken."""

    paste: bool = True
    """Whether the text is pasted in brackets, if the program asks for those; else it is typed."""

    submit: Key = "Enter"
    """The key that submits."""

    confirmed_by: Annotated[tuple[Literal["working", "cleared"], ...], BeforeValidator(_list)] = (
        "working",
    )
    """What shows that it was submitted: the agent works, or the text is gone from `input`."""

    input: Pattern = ""
    """A line of its input field, with a group named `text`: what stands in it."""

    field: Region = Region()
    """Where that is, if what it looks like stands elsewhere, too: with it, a field in which no line
    matches `input` is empty. A first screen may look otherwise."""

    settles: float = Field(default=0.0, ge=0, le=10)
    """Seconds for which it takes a key behind a paste for a part of that; then it submits."""


class Versions(Settings):
    """The versions whose screens the rules were recorded with."""

    recorded: Texts = ()
    """Such as `2.1.40`."""

    command: Texts = ()
    """What prints the version, as a program and its arguments."""

    pattern: Pattern = r"(?P<version>\d+(?:\.\d+)+)"
    """Where the version is in what it prints."""


class Profile(Settings):
    """One kind of agent."""

    name: str = Field(pattern=f"^{NAME}$")
    """What it is called: also the name of its file."""

    title: str = Field(min_length=1, max_length=60)
    """What a person calls it."""

    process: Process = Process()
    """How it is recognised."""

    start: str = Field(min_length=1)
    """The command line that starts it."""

    resume: str = ""
    """The command line that goes on with its last conversation; empty: it cannot.

    `{command}` in it is the command line that it was started with.
    """

    prompt: Prompt = Prompt()
    """How it is spoken to."""

    interrupt: Keys = ("Escape",)
    """The keys that stop what it does."""

    hook: str = ""
    """The hook adapter that belongs to it; empty: none."""

    hook_hold: float | None = Field(default=None, ge=0, le=3600)
    """Seconds for which its hook waits for the person before its own prompt has to do; as its
    adapter says unless given: 1 for Codex, whose screen waits, 3600 for the others."""

    versions: Versions = Versions()
    """What its rules were recorded with."""

    titles: Annotated[tuple[Telling, ...], BeforeValidator(_list)] = ()
    """What its terminal title tells (OSC 0 and 2); the first that matches counts."""

    notifications: Annotated[tuple[Telling, ...], BeforeValidator(_list)] = ()
    """What its notifications tell (OSC 9, 99 and 777)."""

    cost: Pattern = ""
    """A line of its screen that names what its conversation has cost, with a group named `cost`: US
    dollars. The lowest such line counts."""

    rules: Annotated[tuple[Rule, ...], BeforeValidator(_list)] = ()
    """What its screens tell."""

    def cost_on(self, lines: Sequence[str]) -> float | None:
        """What a screen says that its conversation has cost; None where it says nothing."""
        if not self.cost:
            return None
        said = (re.search(self.cost, line) for line in reversed(lines))
        found = next(filter(None, said), None)
        try:
            cost = math.nan if found is None else float((found["cost"] or "").replace(",", ""))
        except ValueError:
            return None
        return cost if math.isfinite(cost) else None

    @model_validator(mode="after")
    def _names_cost(self) -> Profile:
        if self.cost and "cost" not in re.compile(self.cost).groupindex:
            raise ValueError("cost needs a group named cost: (?P<cost>[0-9.]+)")
        return self
