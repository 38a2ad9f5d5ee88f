"""A unified diff as two columns: what stood there on the left, what will on the right.

Nothing is left out or shortened: long lines are broken within their column, and whatever is no part
of a hunk stands across both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TypeAlias

from rich.cells import cell_len

from tui.gate.exact import Kind, Part, Row, in_kind, wrapped

LEAST_WIDTH = 120
"""Columns of a window from which a diff has two columns, about fifty for each."""

BETWEEN = " │ "

MOST_PAIRS = 900
"""Pairs of lines of one change that are compared with each other."""

_Line: TypeAlias = tuple[int | None, str]
"""A line's number, where it is known, and its text."""

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def has_two_sides(diff: str) -> bool:
    """Whether lines go as well as come: a file that is new, or goes, has one side only."""
    lines = diff.split("\n")
    removed = any(line.startswith("-") and not line.startswith("---") for line in lines)
    return removed and any(line.startswith("+") and not line.startswith("+++") for line in lines)


@dataclass(slots=True)
class _Side:
    """One side of a hunk as far as it is read: the next line's number, and how many are left."""

    number: int | None = None
    left: int = 0
    lines: list[_Line] = field(default_factory=list)
    """Changed lines that have not been laid out."""

    def take(self) -> int | None:
        number = self.number
        if number is not None:
            self.number = number + 1
            self.left -= 1
        return number


def lay_out_sides(diff: str, width: int, *, within: bool = False) -> list[Row]:
    """Break a unified diff into rows of two columns.

    Args:
        diff: Shown whole.
        width: In cells, of both columns together.
        within: It begins in the middle of a hunk, whose line numbers are not known then.
    """
    lines = diff.rstrip("\n").split("\n")
    numbers = [max(map(int, found.group(1, 3))) for line in lines if (found := _HUNK.match(line))]
    digits = len(str(max(numbers, default=0) + len(lines)))
    half = max(digits + 3 + 8, (width - len(BETWEEN)) // 2)
    layout = _Columns(digits, half)
    old, new = _Side(), _Side()
    rows: list[Row] = []

    def flush() -> None:
        for one, other in _paired(old.lines, new.lines):
            rows.extend(layout.changed(one, other))
        old.lines.clear()
        new.lines.clear()

    for line in lines:
        hunk = _HUNK.match(line)
        inside = within or old.left > 0 or new.left > 0
        if hunk and not (old.left > 0 or new.left > 0):
            flush()
            within = False
            old.number, new.number = int(hunk[1]), int(hunk[3])
            old.left, new.left = int(hunk[2] or 1), int(hunk[4] or 1)
            rows += layout.across(line, "hunk")
        elif inside and line.startswith("-"):
            if new.lines:
                flush()
            old.lines.append((old.take(), line[1:]))
        elif inside and line.startswith("+"):
            new.lines.append((new.take(), line[1:]))
        elif inside and line[:1] in {" ", ""}:
            flush()
            rows += layout.pair((old.take(), line[1:]), (new.take(), line[1:]))
        else:
            flush()
            rows += layout.across(line, "hunk")
    flush()
    return rows


def _paired(
    old: Sequence[_Line], new: Sequence[_Line]
) -> Iterator[tuple[_Line | None, _Line | None]]:
    """Put lines beside those that come in their place: in their order, the most alike together."""
    if len(old) == len(new) or len(old) * len(new) > MOST_PAIRS:
        yield from zip_longest(old, new)
        return
    rows, columns = len(old), len(new)
    # How much is alike at best from a pair on; a pair is a little better than two single lines.
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    gain = [[_likeness(one[1], other[1]) + 0.01 for other in new] for one in old]
    for at in reversed(range(rows)):
        for to in reversed(range(columns)):
            paired = gain[at][to] + best[at + 1][to + 1]
            best[at][to] = max(paired, best[at + 1][to], best[at][to + 1])
    at = to = 0
    while at < rows or to < columns:
        if at == rows or (to < columns and best[at][to] == best[at][to + 1]):
            yield None, new[to]
            to += 1
        elif to == columns or best[at][to] == best[at + 1][to]:
            yield old[at], None
            at += 1
        else:
            yield old[at], new[to]
            at, to = at + 1, to + 1


def _likeness(one: str, other: str) -> float:
    """Which part of two lines is alike at their beginning and end, 0 to 1."""
    start = _alike(one, other)
    end = _alike(one[start:][::-1], other[start:][::-1])
    return (start + end) / max(len(one), len(other), 1)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Lays lines out beside each other.

    Attributes:
        digits: Cells of a line number.
        half: Cells of one column with its numbers.
    """

    digits: int
    half: int

    def across(self, line: str, kind: Kind) -> list[Row]:
        """Lay out a line that belongs to no side."""
        return wrapped(in_kind(line, kind), 2 * self.half + len(BETWEEN))

    def pair(self, one: _Line, other: _Line) -> list[Row]:
        """Lay out a line that stays."""
        return self._beside(
            self._column(one[0], in_kind(one[1], "kept"), Part("  ", "kept")),
            self._column(other[0], in_kind(other[1], "kept"), Part("  ", "kept")),
        )

    def changed(self, one: _Line | None, other: _Line | None) -> list[Row]:
        """Lay out a line that goes beside the one that comes in its place, or a single one."""
        before, after = one[1] if one else "", other[1] if other else ""
        start = end = 0
        if one and other:
            start = _alike(before, after)
            end = _alike(before[start:][::-1], after[start:][::-1])
        left: list[Row] = []
        right: list[Row] = []
        if one:
            goes = list(_changed(before, start, end, "removed"))
            left = self._column(one[0], goes, Part("- ", "removed"))
        if other:
            comes = list(_changed(after, start, end, "added"))
            right = self._column(other[0], comes, Part("+ ", "added"))
        return self._beside(left, right)

    def _column(self, number: int | None, parts: list[Part], sign: Part) -> list[Row]:
        """Number a line, and say what becomes of it, not by its colour alone."""
        room = self.half - self.digits - 3
        name = "" if number is None else str(number)
        rows = []
        for index, row in enumerate(wrapped(parts, room, words=True)):
            shown = (name if index == 0 else "").rjust(self.digits)
            mark = sign if index == 0 else Part("  ", "kept")
            rows.append((Part(f"{shown} ", "continued"), mark, *row))
        return rows

    def _beside(self, left: list[Row], right: list[Row]) -> list[Row]:
        rows: list[Row] = []
        for one, other in zip_longest(left, right, fillvalue=()):
            used = sum(cell_len(part.text) for part in one)
            gap = Part(" " * (self.half - used), "text")
            rows.append((*one, gap, Part(BETWEEN, "continued"), *other))
        return rows


def _changed(line: str, start: int, end: int, kind: Kind) -> Iterator[Part]:
    """A line of which `start` characters at its beginning and `end` at its end stay.

    Where nothing stays, or all but a few characters of it goes, marking the rest says nothing.
    """
    until = len(line) - end
    strong: Kind = "removed_part" if kind == "removed" else "added_part"
    if start + end < len(line) / 3:
        strong = kind
    for text, look in ((line[:start], kind), (line[start:until], strong), (line[until:], kind)):
        if text:
            yield from in_kind(text, look)


def _alike(one: str, other: str) -> int:
    """How many characters two lines begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
