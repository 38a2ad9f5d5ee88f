"""One step of an agent: the action, how it is carried out, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from agent.actions import Action, Actor
from agent.errors import AgentError
from agent.protocol.conversation import ToolStatus
from agent.protocol.gates import RiskLevel
from tungsten.pane import Until

LineSource: TypeAlias = Literal["lines", "names", "matches"]


class NotRun(AgentError):
    """The action cannot happen as things stand; nothing was done."""


class TakenBack(asyncio.CancelledError):
    """The action was called off before anything of it was done."""


@dataclass(frozen=True, slots=True)
class Run:
    """Run a command and wait for its end; `timeout` in seconds, None without limit."""

    timeout: float | None = 120


@dataclass(frozen=True, slots=True)
class Look:
    """Read a screen with `history` lines above it; `remark` is told first, where there is one.

    With `above`, only those lines: the last of them so many above the screen.
    """

    history: int = 0
    remark: str = ""
    above: int = 0


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for something on a pane; `described` names it in the result."""

    until: Until
    timeout: float
    described: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Draw a screen as a PNG file at `path`, and read it with `history` lines above it."""

    path: Path
    history: int = 0


@dataclass(frozen=True, slots=True)
class Lines:
    """Read `limit` lines of a file from line `offset` (from 1)."""

    offset: int = 1
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class Names:
    """List a directory."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Search below a directory, or in a file."""

    pattern: str
    glob: str = ""


@dataclass(frozen=True, slots=True)
class Plain:
    """Carry the action out; there is only one way."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another program carries it out, which waits to be told that it may.

    Attributes:
        cwd: the directory in which it would.
        pane_id: the pane in which that program runs; empty where it is not known.
        shell: the shell that it gives commands to.
        tell: tells it, and says how that went.
        presses: the key that this presses in its dialog, and what that is called there; empty
            where it is told otherwise.
        deny_presses: the same of a denial.
        instead: tells it another command, which it is to run in place of its own; None where it
            takes none.
        fixed: why it takes none, in words for the person.
    """

    cwd: Path
    pane_id: str
    shell: str
    tell: Callable[[], Awaitable[Effect]]
    presses: str = ""
    deny_presses: str = ""
    instead: Callable[[str], Awaitable[Effect]] | None = None
    fixed: str = ""


How: TypeAlias = Run | Look | Wait | Picture | Lines | Names | Matches | Plain | Elsewhere


@dataclass(frozen=True, slots=True)
class Step:
    """What one tool use (or one `!command`) comes to.

    Attributes:
        action: what is judged and decided.
        how: what does not matter for the decision.
        title: one line for the person, without the tool's name.
        intent: the agent's own words for why.
        diff: unified diff of a file change.
    """

    action: Action
    how: How = field(default_factory=Plain)
    title: str = ""
    intent: str = ""
    diff: str = ""
    actor: Actor = "agent"


@dataclass(frozen=True, slots=True)
class Effect:
    """What carrying out an action gave; `text` is whole and may hold secrets.

    `met` says whether what was waited for came; None where nothing was. `picture` is the file of a
    screen that was drawn, and the first line of `text` names it.
    """

    text: str
    ok: bool = True
    exit_status: int | None = None
    pane_id: str | None = None
    met: bool | None = None
    picture: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step, as the model and the person are told; `text` is masked and cut.

    `checks` and `edits` say of what was begun that it tests, builds or lints the work, and that it
    is known to change it.
    """

    status: ToolStatus
    text: str
    decision: str = ""
    risk: RiskLevel | None = None
    reasons: tuple[str, ...] = ()
    exit_status: int | None = None
    seconds: float | None = None
    pane_id: str | None = None
    met: bool | None = None
    picture: Path | None = None
    checks: bool = False
    edits: bool = False
    message: str = ""
    """What the person said when they denied it."""

    @property
    def is_error(self) -> bool:
        """Whether the model is told that it did not work.

        A command with an exit status other than 0 did work: its status is part of the result.
        """
        return self.status is not ToolStatus.DONE and self.exit_status is None


Progress: TypeAlias = Callable[[dict[str, object]], None]
"""Told of changed fields of a tool call while a step goes on."""
