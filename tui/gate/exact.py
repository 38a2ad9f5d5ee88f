"""Text as it is: laid out for reading without hiding or shortening anything.

What a person approves must be what will happen. Characters that would not show, or that would
change the order or the look of others (controls, bidirectional marks, zero-width and unusual
spaces), are replaced by a visible stand-in; lines are broken at the edge, never cut.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Literal

from rich.cells import cell_len

from tui.drawing.text import cuts
from tui.gate.shell_words import WordKind, shell_words
from tungsten.screen import printable

Kind = (
    Literal["text", "marked", "stand_in", "continued"]
    | Literal["added", "added_part", "removed", "removed_part", "kept", "hunk"]
    | Literal["high", "medium"]
    | WordKind
)
PAGE = 32_768
"""Characters laid out at once; a plain one takes 0.03 µs, one that needs a stand-in 4 µs."""
CONTINUED = "↪ "
"""Begins a row that continues a line too long for the width."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a row in one style."""

    text: str
    kind: Kind


Row = tuple[Part, ...]


@lru_cache(4096)
def stand_in(character: str) -> str | None:
    """Return what to show instead of a character, or None when it shows as itself."""
    shown = printable.stand_in(character)
    if shown is None and unicodedata.category(character) not in {"Mn", "Me"}:
        # What would be drawn in no cell at all.
        return None if cell_len(character) else f"‹U+{ord(character):04X}›"
    return shown


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a text that is laid out at once: half-open offsets into what it is part of."""

    start: int
    end: int
    of: Literal["text", "diff", "tree"] = "text"


def pages(text: str, diff: str, tree: str = "") -> list[Page]:
    """Cut text, diff and tree into pages, at line ends where lines are not too long for that."""
    found = [Page(start, end) for start, end in cuts(text, PAGE)]
    if diff:
        found += [Page(start, end, "diff") for start, end in cuts(diff.rstrip("\n"), PAGE)]
    if tree:
        found += [Page(start, end, "tree") for start, end in cuts(tree, PAGE)]
    if len(found) == 1 + bool(diff) + bool(tree):
        # All are short: one page, one below the other.
        return [Page(0, len(text))]
    return found


def lay_out(
    text: str, spans: Iterable[tuple[int, int]], width: int, *, shell: bool = False
) -> list[Row]:
    """Break text into rows at most `width` cells wide.

    Args:
        text: Shown whole.
        spans: Half-open character offsets to mark; may overlap, or lie outside of the text.
        width: In cells; at least 8 is used.
        shell: It is shell text, whose words have colours where nothing is marked.
    """
    marked = _merge(spans, len(text))
    words = tuple(shell_words(text)) if shell else ()
    rows: list[Row] = []
    start = 0
    for line in text.split("\n"):
        rows += wrapped(_pieces(line, start, marked, words), max(8, width))
        start += len(line) + 1
    return rows


def lay_out_diff(diff: str, width: int) -> list[Row]:
    """Break a unified diff into rows, each line in the style of what it does."""
    rows: list[Row] = []
    for line in diff.rstrip("\n").split("\n"):
        kind: Kind = "kept"
        if line.startswith(("@@", "---", "+++")):
            kind = "hunk"
        elif line.startswith("+"):
            kind = "added"
        elif line.startswith("-"):
            kind = "removed"
        rows += wrapped(in_kind(line, kind), max(8, width))
    return rows


def lay_out_tree(tree: str, width: int) -> list[Row]:
    """Break what `tungsten risk explain` says into rows, the risk of each line as its colour."""
    rows: list[Row] = []
    for line in tree.split("\n"):
        kind: Kind = "text"
        if line.startswith("HIGH:") or line.endswith("← HIGH"):
            kind = "high"
        elif line.startswith("MEDIUM:") or line.endswith("← MEDIUM"):
            kind = "medium"
        elif line.lstrip().startswith("why:") or line == "commands:":
            kind = "hunk"
        rows += wrapped(in_kind(line, kind), max(8, width))
    return rows


def _merge(spans: Iterable[tuple[int, int]], length: int) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted((max(0, start), min(length, end)) for start, end in spans):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _coloured(
    start: int, end: int, offset: int, words: Sequence[tuple[int, int, WordKind]]
) -> Iterator[tuple[int, int, Kind]]:
    """Split a part of a line that is not marked where its words change their kind."""
    number = bisect_right(words, start + offset, key=itemgetter(1))
    while number < len(words) and words[number][0] < end + offset:
        word, after, kind = words[number]
        if word - offset > start:
            yield start, word - offset, "text"
        yield max(start, word - offset), min(end, after - offset), kind
        start = min(end, after - offset)
        number += 1
    if start < end:
        yield start, end, "text"


def _pieces(
    line: str,
    offset: int,
    marked: Sequence[tuple[int, int]],
    words: Sequence[tuple[int, int, WordKind]] = (),
) -> list[Part]:
    """Split one line where its look changes and where a stand-in is needed."""
    cuts: list[tuple[int, int, Kind]] = []
    at = 0
    for start, end in marked:
        start, end = max(0, start - offset), min(len(line), end - offset)
        if start >= end:
            continue
        cuts += _coloured(at, start, offset, words)
        cuts.append((start, end, "marked"))
        at = end
    cuts += _coloured(at, len(line), offset, words)
    parts: list[Part] = []
    for start, end, kind in cuts:
        plain_from = start
        for match in printable.UNPRINTABLE.finditer(line, start, end):
            shown = stand_in(match[0])
            if shown is None:
                continue
            if match.start() > plain_from:
                parts.append(Part(line[plain_from : match.start()], kind))
            parts.append(Part(shown, "marked" if kind == "marked" else "stand_in"))
            plain_from = match.end()
        if end > plain_from:
            parts.append(Part(line[plain_from:end], kind))
    return parts


def in_kind(line: str, kind: Kind) -> list[Part]:
    """One line in one look, but for the stand-ins in it."""
    return [
        Part(part.text, kind if part.kind == "text" else part.kind) for part in _pieces(line, 0, ())
    ]


def wrapped(parts: Iterable[Part], width: int, *, words: bool = False) -> list[Row]:
    """Break a line into rows of at most `width` cells; behind a space if one is near, for words."""
    rows: list[Row] = []
    row: list[Part] = []
    left = width
    for part in parts:
        at, text = 0, part.text
        if text and len(text) <= left and text.isascii():
            # Nearly all words of a command.
            row.append(part)
            left -= cell_len(text)
            continue
        while at < len(text):
            taken = _fitting(text, at, left)
            if words and at + taken < len(text):
                space = text.rfind(" ", at, at + taken) + 1
                if at + taken - space <= width // 3:
                    taken = max(0, space - at) or taken
            if taken:
                fitting = text[at : at + taken]
                row.append(Part(fitting, part.kind))
                left -= cell_len(fitting)
                at += taken
            if at < len(text):
                rows.append(tuple(row))
                row = [Part(CONTINUED, "continued")]
                left = width - len(CONTINUED)
    rows.append(tuple(row))
    return rows


def _fitting(text: str, at: int, width: int) -> int:
    """How many characters from `at` on fit into `width` cells."""
    head = text[at : at + width]
    if head.isascii():
        return len(head)
    used = 0
    for index in range(at, len(text)):
        used += cell_len(text[index])
        if used > width:
            return index - at
    return len(text) - at
