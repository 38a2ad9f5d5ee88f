"""Lines of the agents' shells that have not ended, and the files that these run from.

A line has not ended while its shell shows no prompt, or while a process lives that the line
started: a job in the background, a server, what was given a session of its own. Whether one does
is asked of the system when it matters, and by the time at which processes started, so nothing is
watched meanwhile.

What it cannot tell: a process that left its session, its parents and the tmux server behind (on
Linux none does while the server lives, see `agent.engine.peer`) is not found, and its line counts
as over.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from agent.risk import Context
from agent.risk.assessment import Assessment, RunningLine

SLACK = 1.5
"""Seconds by which the times of processes may be off: the system counts from a rounded boot."""

MAX_LINES = 200
"""Lines that are kept at most; the oldest is forgotten, since each may be judged anew."""


NOTHING = RunningLine("", Context(Path("/"), Path("/"), None), ())


@dataclass(slots=True, eq=False)
class Begun:
    """A line that was given to a shell.

    Attributes:
        shell: the pane's first process.
        line: what is judged.
        since: when it was given, by `_clock`.
        until: when the shell was at its prompt again; None before.
        processes: those of its processes that lived when it was last asked, with their beginnings.
    """

    shell: int
    line: RunningLine
    since: float
    until: float | None = None
    processes: frozenset[tuple[int, float]] = frozenset()


class RunningLines:
    """All lines that may still run, of every agent of an engine."""

    def __init__(self) -> None:
        self._lines: list[Begun] = []

    def begin(
        self, shell: int, command: str, context: Context, found: Assessment, *, at: float = 0.0
    ) -> Begun | None:
        """Note that a shell is given a line; the one before it is over then.

        Args:
            shell: the pane's first process.
            command: the line.
            context: where it was judged.
            found: what was found; without files that it reads, or directories that it deletes
                later, there is nothing to note.
            at: when that was in seconds since the epoch, for lines of an earlier engine; now by
                default.

        Returns:
            What `over` and `forget` are told; None when nothing was noted.
        """
        now = _clock() - (max(0.0, time.time() - at) if at else 0.0)
        for begun in self._lines:
            if begun.shell == shell and begun.until is None:
                begun.until = now
        if not (found.reads or found.removes):
            return None
        named = [str(path) for path, _ in found.reads if "\0" not in str(path)]
        reads = dict.fromkeys((*named, *(os.path.realpath(path) for path in named)))
        # Its own past stays: aliases and variables decide what it runs.
        removes = dict.fromkeys((*found.removes, *map(os.path.realpath, found.removes)))
        kept = replace(context, running=(), screen="")
        line = RunningLine(command, kept, tuple(reads), tuple(removes), _loaded(found))
        begun = Begun(shell, line, now)
        self._lines.append(begun)
        del self._lines[:-MAX_LINES]
        return begun

    def over(self, begun: Begun) -> None:
        """Note that the shell is at its prompt again."""
        begun.until = begun.until or _clock()

    def prompted(self, shell: int) -> None:
        """Note that a shell is at its prompt: the line that it was given last is over."""
        for begun in self._lines:
            if begun.shell == shell:
                self.over(begun)

    def started_since(self, shell: int, at: float) -> bool:
        """Say whether anything lives that a shell may have started since a time of the past."""
        since = _clock() - max(0.0, time.time() - at)
        return any(_of(Begun(shell, NOTHING, since, _clock()), _processes()))

    def forget(self, begun: Begun) -> None:
        """Note that the line was not given after all."""
        with contextlib.suppress(ValueError):
            self._lines.remove(begun)

    @property
    def any(self) -> bool:
        """Whether any line may still run."""
        return bool(self._lines)

    def now(self) -> tuple[RunningLine, ...]:
        """Give the lines that still run. Asks the system, which takes some milliseconds."""
        asked = [begun for begun in self._lines if begun.until is not None]
        gone = [begun for begun in asked if not _lives(begun.processes)]
        if gone:
            table = _processes()
            for begun in gone:
                begun.processes = frozenset(_of(begun, table))
                if not begun.processes:
                    self.forget(begun)
        pids = {begun.shell for begun in self._lines if begun.until is None}
        ended = {pid for pid in pids if _process(pid) is None}
        self._lines = [b for b in self._lines if b.until is not None or b.shell not in ended]
        return tuple(begun.line for begun in self._lines)


def _loaded(found: Assessment) -> frozenset[str]:
    """What is read already, under the names by which it is read and where these lead."""
    return frozenset((*found.loaded, *map(os.path.realpath, found.loaded)))


class _Process(NamedTuple):
    """What the system says of a process; `began` by `_clock`."""

    parent: int
    session: int
    began: float


_PROC = Path("/proc/self/stat").exists()
_STATE, _PARENT, _SESSION, _STARTED = 0, 1, 3, 19
"""Fields of /proc/PID/stat, counted from the one after the name (proc(5))."""


def _process(pid: int) -> _Process | None:
    """Look at a process; None when it is gone, or has only not been waited for."""
    if not _PROC:
        return _elsewhere(pid)
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - for each of all processes
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    if len(fields) <= _STARTED or fields[_STATE] in (b"Z", b"X"):
        return None
    began = int(fields[_STARTED]) / os.sysconf("SC_CLK_TCK")
    return _Process(int(fields[_PARENT]), int(fields[_SESSION]), began)


def _clock() -> float:
    """The time by which processes are told when they started."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if _PROC else time.time()


def _elsewhere(pid: int) -> _Process | None:
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return _Process(process.ppid(), os.getsid(pid), process.create_time())
    except (psutil.Error, OSError):
        return None


def _processes() -> dict[int, _Process]:
    """All processes that are there."""
    import psutil

    pids = (int(n) for n in os.listdir("/proc") if n.isdecimal()) if _PROC else psutil.pids()  # noqa: PTH208
    found = ((pid, _process(pid)) for pid in pids)
    return {pid: process for pid, process in found if process is not None}


def _of(begun: Begun, table: dict[int, _Process]) -> Iterable[tuple[int, float]]:
    """The processes that a line started and that live."""
    shell = table.get(begun.shell)
    server = shell.parent if shell is not None else -1
    assert begun.until is not None
    for pid, process in table.items():
        if pid == begun.shell or process.began < begun.since - SLACK:
            continue
        child, above = pid, process.parent
        while above not in (begun.shell, server) and above in table and above > 1:
            child, above = above, table[above].parent
        first = table[child]
        if above == begun.shell:
            # What the shell itself starts later belongs to a later line.
            if first.began <= begun.until + SLACK:
                yield pid, process.began
        elif process.session == begun.shell:
            yield pid, process.began
        elif above == server and server > 1 and first.began <= begun.until + SLACK:
            # Orphaned, or given a session of its own; shells of other panes are younger or older.
            if first.session == child and _is_shell_of_pane(child):
                continue
            yield pid, process.began


def _is_shell_of_pane(pid: int) -> bool:
    """The first process of another pane: a session leader that has a terminal."""
    import psutil

    try:
        return psutil.Process(pid).terminal() is not None
    except psutil.Error:
        return False


def _lives(processes: frozenset[tuple[int, float]]) -> bool:
    return any(
        (process := _process(pid)) is not None and process.began == began
        for pid, began in processes
    )
