"""What the gate says about an action, and what it must know to say it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from agent.risk.rules import Rules


class Risk(IntEnum):
    """How bad it is if nobody looks: LOW reads, MEDIUM changes the project, HIGH needs a person."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


@dataclass(frozen=True, slots=True)
class Span:
    """A dangerous part of the judged text, as half-open character offsets."""

    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """The answer.

    Attributes:
        risk: the level.
        reasons: why, worst first, one clear line each; never empty for MEDIUM and HIGH.
        effect: what happens, in words for a person; empty when nothing changes.
        spans: the parts of the text that made it HIGH (or that a rule denied).
        denied_by: the user's deny rule that matched, None without one.
        asked_by: the user's ask rule that matched, or why everything asks; None without one.
        allowed: every command is covered by the user's allow rules (never lifts HIGH).
        reads: every file that was read to judge it, with the SHA-256 of what was read (of a file
            too long to be judged: of its beginning, its size and its time); empty where there was
            nothing to read yet.
        checks: a command tests, builds or lints, so its exit status says how the work stands.
        edits: a command is known to change files of the project.
        allowed_by: the allow rules that cover it; empty where it is not `allowed`.
        removes: directories that it deletes, or empties, only after something that takes time.
        loaded: of `reads`, what the programs that start at once have read whole by then.
        writes: files that it is known to make or change, but for what compilers make; the files of
            a copied directory that the agent made, too.
        fetches: directories whose contents it takes from elsewhere, or out of an archive.
    """

    risk: Risk
    reasons: tuple[str, ...] = ()
    effect: str = ""
    spans: tuple[Span, ...] = ()
    denied_by: str | None = None
    asked_by: str | None = None
    allowed: bool = False
    reads: tuple[tuple[Path, str], ...] = ()
    checks: bool = False
    edits: bool = False
    allowed_by: tuple[str, ...] = ()
    removes: tuple[str, ...] = ()
    loaded: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    fetches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeysAssessment(Assessment):
    """An assessment of keys; `hold_at` is the index of the first key withheld, None for none."""

    hold_at: int | None = None


@dataclass(frozen=True, slots=True)
class Paste:
    """A bracketed paste: its text is inserted, never executed, by programs that understand it."""

    text: str


@dataclass(frozen=True, slots=True)
class RunningLine:
    """A line of an agent's shell that has not ended, as far as it matters to what others do.

    Attributes:
        command: the line.
        context: where it was judged.
        reads: what it runs or takes options from: absolute paths, links followed and not, and
            patterns where only part of a path is known.
        removes: directories that it deletes or empties later, links followed and not.
        loaded: of `reads`, those that are read already and not once more.
    """

    command: str
    context: Context
    reads: tuple[str, ...]
    removes: tuple[str, ...] = ()
    loaded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Context:
    """Where an action would happen.

    Attributes:
        cwd: the pane's real working directory.
        home: the user's home directory.
        project: the trusted project's top directory; None when there is none.
        foreground: name of the program that would read keys (`bash`, `python`, `vim`, …).
        history: earlier lines of that shell, oldest first.
        recalls: these are the very lines that the shell's own history would bring back.
        forgotten: there were more earlier lines that matter than are kept.
        screen: the pane's visible text.
        own: Tungsten's own directories and sockets; touching them is self-approval.
        written: files the agent wrote or fetched since a person last looked.
        fetched: directories whose contents it took from elsewhere.
        running: lines of agents in this project that still run; writing what they run from is
            running it.
        rules: the user's rules.
        line: what already stands on the line being edited; None has it read off `screen` (an
            empty screen is an empty line).
        echo: False when the program reads without echo (a password prompt).
        read_back: the screen may also show what the keys made of the line before they submit it,
            so it tells what a completion or the history brought there.
    """

    cwd: Path
    home: Path
    project: Path | None
    foreground: str = "bash"
    history: tuple[str, ...] = ()
    screen: str = ""
    own: tuple[Path, ...] = ()
    written: frozenset[Path] = frozenset()
    fetched: frozenset[str] = frozenset()
    running: tuple[RunningLine, ...] = ()
    rules: Rules = field(default_factory=Rules)
    line: str | None = None
    echo: bool = True
    recalls: bool = True
    forgotten: bool = False
    read_back: bool = False
