"""Memories in words: how one is told in a line, and all that is known of it as facts."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from agent.protocol.memory import SOURCES
from tui.drawing.text import Piece, age, clean, one_line, wrap
from tui.gate.words import short_path

if TYPE_CHECKING:
    from agent.protocol.memory import Remembered
    from tui.themes.theme import Paint

STATUSES = {
    "active": "agents are told it",
    "quarantined": "held back: no agent is told it until you accept it",
    "superseded": "another memory took its place",
    "merged": "another memory says it as well",
    "pruned": "set aside by a dream",
    "forgotten": "you had it forgotten",
    "redacted": "its text was removed for good",
}
"""What a status means."""

EVERYWHERE = "everywhere"
"""Where a memory holds that is about no project."""

HELD = {
    "injection": "it gives orders, or speaks in another's place",
    "secret": "a secret stands in it",
}
"""Why a dream held a memory back, by its reason."""

AUTHORS = {"person": "you", "agent": "an agent", "dream": "AutoDream", "import": "you, in a file"}
"""Who made a version."""


def place(memory: Remembered) -> str:
    """Which project a memory is about, shortly."""
    if memory.project is None:
        return EVERYWHERE
    return one_line(PurePath(memory.project).name or memory.project)


def held(memory: Remembered) -> str:
    """Why it is held back; empty when it is not."""
    return one_line(HELD.get(memory.held, memory.held))


def moment(at: float) -> str:
    """A moment in local time, to the minute; one that no calendar has is named as such."""
    try:
        then = datetime.fromtimestamp(at)
    except (ValueError, OverflowError, OSError):
        return "before the year 1" if at < 0 else "after the year 9999"
    return f"{then.day} {then:%b %Y, %H:%M}"


def facts(memory: Remembered, now: float) -> list[tuple[str, str]]:
    """What is known of a memory besides its text, as names and values."""
    project = memory.project
    where = "every project" if project is None else short_path(project, str(Path.home()))
    told = [
        ("held back", held(memory)),
        ("status", STATUSES.get(memory.status, memory.status)),
        ("about", f"{where} ({memory.type})"),
        ("source", SOURCES.get(memory.source, memory.source)),
        ("said", memory.quote and f"“{memory.quote}”"),
        ("learned", f"{moment(memory.created_at)}, {_ago(now - memory.created_at)}"),
        ("sure", _sure(memory, now)),
        ("pinned", "counts more than others" if memory.pinned else ""),
        ("doubt", memory.drift and f"{memory.drift}: {', '.join(memory.evidence)}"),
        ("to check", memory.verify),
        ("holds from", moment(memory.valid_from) if memory.valid_from is not None else ""),
        ("holds until", moment(memory.valid_to) if memory.valid_to is not None else ""),
        ("instead", memory.superseded_by or ""),
    ]
    return [(name, one_line(value)) for name, value in told if value]


def about(memory: Remembered, now: float, width: int, paint: Paint) -> list[list[Piece]]:
    """A memory's text, then its facts, in lines of at most `width` cells."""
    text = clean(memory.text) or "(its text was removed)"
    lines = wrap([(text, paint.strong)], width)
    lines.append([])
    for name, value in facts(memory, now):
        style = paint.attention if name in ("held back", "doubt") else paint.text
        first, *rest = wrap([(value, style)], max(8, width - 12))
        lines.append([(f"{name:<12}", paint.muted), *first])
        lines += ([(" " * 12, paint.blank), *line] for line in rest)
    return lines


def _ago(seconds: float) -> str:
    return "just now" if seconds < 60 else f"{age(seconds)} ago"


def _sure(memory: Remembered, now: float) -> str:
    told = f"{memory.confidence:.0%}"
    if memory.source == "user_stated":
        told += ", as what is true may change"
    if memory.confirmations:
        times = "once" if memory.confirmations == 1 else f"{memory.confirmations} times"
        told += f", confirmed {times}"
        if memory.last_confirmed_at is not None:
            told += f", last {_ago(now - memory.last_confirmed_at)}"
    return told
