"""Who reads the keys of a pane, so that they can be judged for that program and no other.

A program may carry any name: a shell copied to `./less` is no pager. Names are believed only of
programs that an agent cannot have put there, and only while they read.
"""

from __future__ import annotations

from pathlib import Path

from agent.risk.foregrounds.questions import asks
from tungsten.programs.foreground import EDITORS, PAGERS, REPLS, SHELLS, Foreground
from tungsten.screen.frame import Frame

UNKNOWN = "unknown program"
"""A name that no model of keys knows: whatever submits is HIGH."""

QUESTION_ROWS = 14
"""Rows that a question and what it is about may take."""

_SCRATCH = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path("/private/tmp"))  # noqa: S108
_MULTIPLEXERS = frozenset({"tmux", "screen", "SCREEN", "zellij", "byobu", "abduco", "dtach"})
_KEYED = SHELLS | EDITORS | PAGERS | REPLS


def reader_name(foreground: Foreground, project: Path | None) -> str:
    """Give the name under which keys for a foreground program are judged.

    A program that does not read now leaves keys to whoever reads next, so it has no name here.
    """
    if foreground.kind in ("unknown", "dead"):
        return UNKNOWN
    if foreground.kind == "command" and _plain(foreground.name) in _KEYED:
        return UNKNOWN
    program = _program(foreground.pid)
    if program is None:
        return foreground.name
    if _plain(program.name) in SHELLS and _plain(foreground.name) not in SHELLS:
        return UNKNOWN
    places = [place for place in (*_SCRATCH, project) if place is not None]
    return UNKNOWN if any(program.is_relative_to(place) for place in places) else foreground.name


def shows_further_panes(foreground: Foreground) -> bool:
    """Say whether a program is a terminal multiplexer: what keys do in it cannot be judged.

    tmux calls its client `tmux: client`.
    """
    program = _program(foreground.pid)
    names = {foreground.name.partition(":")[0], "" if program is None else program.name}
    return not names.isdisjoint(_MULTIPLEXERS)


def standing(frame: Frame) -> str:
    """What stands where keys for a program would go, so that they answer this and nothing else.

    That is the row of the cursor; where the program asks something, the rows that say what, too.
    """
    screen = frame.text
    if asks(screen):
        return "\n".join([row for row in screen.splitlines() if row.strip()][-QUESTION_ROWS:])
    rows = screen.split("\n")[max(len(frame.lines) - frame.height, 0) :]
    return rows[frame.cursor_y] if frame.cursor_y < len(rows) else ""


def _program(pid: int) -> Path | None:
    try:
        return Path(str(Path(f"/proc/{pid}/exe").readlink()).removesuffix(" (deleted)"))
    except OSError:
        return None


def _plain(name: str) -> str:
    return name.lstrip("-").rstrip("0123456789.") or name
