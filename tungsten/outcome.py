"""What is said about a pane: how it is, how a command ended, what to wait for and what came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tungsten.screen.frame import Frame

Ended = Literal["prompt", "timeout", "pane_died", "interrupted", "incomplete"]


@dataclass(frozen=True, slots=True)
class PaneInfo:
    """What tmux knows about a pane.

    Attributes:
        exit_status: of the ended program; 128 + signal if a signal ended it; None if it lives.
    """

    id: str
    pid: int
    tty: str
    session: str
    title: str
    current_path: str
    current_command: str
    width: int
    height: int
    dead: bool
    exit_status: int | None
    in_mode: bool


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a command line ended.

    Attributes:
        exit_status: the shell's `$?`, or the program's own when the pane died; None if unknown.
        output: the exact text between the command line and the next prompt.
        seconds: from Enter until the end was known.
        frame: the screen then.
        ended: `prompt`: the shell is back. `interrupted`: it is back with status 130.
            `incomplete`: the shell wanted more text (an open quote, say); it was cancelled.
            `timeout`: still running. `pane_died`: the shell itself has ended. tmux discards what
            an ended program has printed and tmux not read yet, unless the pane is recorded; on a
            busy machine the end of the output may be missing then (tmux/tmux#506, up to 3.3a at
            least: `window_pane_destroy_ready` waits for a pane's output only if it is piped).
        truncated: whether the beginning of the output is missing.
        refused: the piece that `before_each` refused; it and all after it were skipped, and there
            is no exit status.
    """

    exit_status: int | None
    output: str
    seconds: float
    frame: Frame
    ended: Ended
    truncated: bool = False
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class ForText:
    """Until the screen's plain text matches a regular expression."""

    pattern: str


@dataclass(frozen=True, slots=True)
class ForPrompt:
    """Until the shell shows a prompt.

    Attributes:
        inside: whether the prompt of a program in it will do: a REPL, another shell, ssh.
    """

    inside: bool = False


@dataclass(frozen=True, slots=True)
class ForIdle:
    """Until nothing was printed for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ForExit:
    """Until the pane's program has ended."""


@dataclass(frozen=True, slots=True)
class ForBell:
    """Until a program rings the bell."""


Until = ForText | ForPrompt | ForIdle | ForExit | ForBell


@dataclass(frozen=True, slots=True)
class WaitResult:
    """How a wait ended.

    Attributes:
        met: whether what was waited for happened.
        ended: `met`, `timeout`, or `pane_died` when the program ended first.
        seconds: how long it took.
        frame: the screen then.
        match: the text that matched, for `ForText`.
    """

    met: bool
    ended: Literal["met", "timeout", "pane_died"]
    seconds: float
    frame: Frame
    match: str = ""


def exit_status(status: str, signal: str) -> int | None:
    """Read tmux's `pane_dead_status` and `pane_dead_signal` as a shell would report them."""
    if status.isdecimal():
        return int(status)
    return 128 + int(signal) if signal.isdecimal() else None
