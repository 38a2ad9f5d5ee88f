"""Unified diffs whose cost is bounded, whatever the lines are: they come from files of anybody."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from itertools import takewhile

MOST_LINES = 4_000
"""Lines up to which `difflib` looks for the smallest difference; its worst time grows with their
cube, and is some tenths of a second here."""

CONTEXT = 3
"""Unchanged lines around a change, as diff(1) has it."""


def unified(before: Sequence[str], after: Sequence[str], old: str, new: str) -> Iterator[str]:
    """The lines of a unified diff, nothing where both are the same.

    Of longer files everything from the first changed line to the last is one change.

    Args:
        before: lines with their ends.
        after: what they become.
        old: what the one side is called.
        new: what the other is.
    """
    if max(len(before), len(after)) <= MOST_LINES:
        yield from difflib.unified_diff(before, after, old, new)
        return
    same = _alike(before, after)
    if same == len(before) == len(after):
        return
    behind = _alike(before[same:][::-1], after[same:][::-1])
    first, end, new_end = max(0, same - CONTEXT), len(before) - behind, len(after) - behind
    kept = before[first:same], before[end : end + CONTEXT]
    around = len(kept[0]) + len(kept[1])
    yield f"--- {old}\n"
    yield f"+++ {new}\n"
    counts = around + end - same, around + new_end - same
    # A range of no lines is named by the line before it.
    starts = (first + bool(count) for count in counts)
    ranges = [f"{start},{count}" for start, count in zip(starts, counts, strict=True)]
    yield f"@@ -{ranges[0]} +{ranges[1]} @@\n"
    for sign, lines in (
        (" ", kept[0]),
        ("-", before[same:end]),
        ("+", after[same:new_end]),
        (" ", kept[1]),
    ):
        yield from (sign + line for line in lines)


def _alike(before: Sequence[str], after: Sequence[str]) -> int:
    """How many first lines are the same."""
    pairs = zip(before, after, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
