"""Who reads the keys of a pane, so that they can be judged for that program and no other.

A program may carry any name: a shell copied to `./less` is no pager. Names are believed only of
programs that an agent cannot have put there, and only while they read.
"""

from __future__ import annotations

from pathlib import Path

from tungsten.foreground import EDITORS, PAGERS, REPLS, SHELLS, Foreground

UNKNOWN = "unknown program"
"""A name that no model of keys knows: whatever submits is HIGH."""

_SCRATCH = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path("/private/tmp"))  # noqa: S108
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


def _program(pid: int) -> Path | None:
    try:
        return Path(str(Path(f"/proc/{pid}/exe").readlink()).removesuffix(" (deleted)"))
    except OSError:
        return None


def _plain(name: str) -> str:
    return name.lstrip("-").rstrip("0123456789.") or name
