"""What changed on a screen between two pictures of it: as little as tells all of it.

Lines above the screen are no part of it; a picture without them is meant throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from tungsten.screen.frame import Frame

_FACTS = tuple(each.name for each in fields(Frame) if each.name != "lines")


@dataclass(frozen=True, slots=True)
class Change:
    """What makes one picture of a pane of the next.

    Attributes:
        scrolled: by how many lines the text moved up; the lines that left at the top are not told.
        rows: the lines that are not as they were, by their place from 0, with SGR sequences.
        facts: all else that is not as it was, by its name in `Frame`: cursor, size, title, …
    """

    scrolled: int
    rows: Mapping[int, str]
    facts: Mapping[str, Any]

    def __bool__(self) -> bool:
        return bool(self.scrolled or self.rows or self.facts)

    def applied(self, before: Frame | None) -> Frame:
        """Give the picture that the change was found with, from the one before it."""
        known = {} if before is None else {name: getattr(before, name) for name in _FACTS}
        facts = {**known, **self.facts}
        lines = [] if before is None else list(before.lines[self.scrolled :])
        lines = [*lines, *[""] * facts["height"]][: facts["height"]]
        for row, line in self.rows.items():
            lines[row] = line
        return Frame(lines=tuple(lines), **facts)


def between(before: Frame | None, after: Frame) -> Change:
    """Find what changed from one picture of a pane to a later one; all of it, from none."""
    facts = {name: getattr(after, name) for name in _FACTS}
    if before is None:
        return Change(0, _rows((), after.lines), facts)
    facts = {name: value for name, value in facts.items() if value != getattr(before, name)}
    moved = after.history_size - before.history_size
    rows, scrolled = _rows(before.lines, after.lines), 0
    if 0 < moved < before.height and "width" not in facts:
        shifted = _rows(before.lines[moved:], after.lines)
        if len(shifted) < len(rows):
            rows, scrolled = shifted, moved
    return Change(scrolled, rows, facts)


def _rows(before: tuple[str, ...], after: tuple[str, ...]) -> dict[int, str]:
    return {
        row: line
        for row, line in enumerate(after)
        if line != (before[row] if row < len(before) else "")
    }
