"""Words marked in lines that are drawn already: also across a wrapped line's end.

Cells are never moved. A mark begins and ends between what a person sees as characters: an accent, a
skin tone or a joined emoji stays with what it belongs to.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from agent.sessions.finding import LONGEST, SIGNS, joined

Spans = list[tuple[int, int, int]]
"""Where one occurrence stands: row, first character, and the one behind it; a span a row."""

BROKEN, ENDED = "\ue000", "\ue001"
"""Stand for the end of a row that was wrapped, and of one that ends by itself, while searching."""

NEARLY = 3
"""Cells at a row's end that may be free though it was wrapped within a word: margin, a wide one."""

_SIGNS = "▏▎│•"

_EDGES = f"[ {_SIGNS}]*"
"""What is drawn before the text of a row that goes on."""

_JOINS = "\u200d"


@lru_cache(maxsize=4)
def drawn_pattern(words: str) -> re.Pattern[str] | None:
    """Compile what finds words in drawn rows that are joined by `BROKEN` and `ENDED`.

    A row's end stands for a space; of a row that is full, for nothing as well.
    """
    parts = words[:LONGEST].split()
    if not parts:
        return None
    gaps = [f"(?:[{BROKEN}{ENDED}]{_edges(part[0])}|\\s)++" for part in parts[1:]]
    return re.compile(joined([_broken(part) for part in parts], gaps), re.IGNORECASE)


def _edges(character: str) -> str:
    """What is drawn before a character in a row that goes on, up to the first such one."""
    return f"[ {_SIGNS.replace(character, '')}]*+"


def _broken(part: str) -> str:
    """Write what finds a part also where a row breaks it; signs of Markdown alone are never broken.

    Only one reading of it is possible at each place.
    """
    if re.fullmatch(SIGNS + "+", part):
        return re.escape(part)
    return re.escape(part[0]) + "".join(
        f"(?:{BROKEN}{_edges(character)})?+{re.escape(character)}" for character in part[1:]
    )


def occurrences(strips: Sequence[Strip], words: str, margin: int) -> list[Spans]:
    """Find words in the rows of a block, of which each begins with a margin of so many cells."""
    sought = drawn_pattern(words)
    if sought is None:
        return []
    rows = [strip.text for strip in strips]
    begins: list[int] = []
    joined: list[str] = []
    at = 0
    for drawn, strip in zip(rows, strips, strict=True):
        text = drawn[margin:].rstrip()
        begins.append(at)
        full = margin + cell_len(text) >= strip.cell_length - NEARLY
        joined.append(text + (BROKEN if full else ENDED))
        at += len(joined[-1])
    found: list[Spans] = []
    row = 0
    for match in sought.finditer("".join(joined)):
        while row + 1 < len(begins) and begins[row + 1] <= match.start():
            row += 1
        spans: Spans = []
        number = row
        while number < len(begins) and begins[number] < match.end():
            first = max(match.start() - begins[number], 0)
            last = min(match.end() - begins[number], len(joined[number]) - 1)
            if number > row:
                # What is drawn before the text of a row that goes on is no part of it.
                first = len(joined[number]) - len(re.sub(f"^{_EDGES}", "", joined[number]))
            if first < last:
                span = whole(rows[number], first + margin, last + margin)
                spans.append((number, *span))
            number += 1
        if spans:
            found.append(spans)
    return found


def whole(text: str, first: int, end: int) -> tuple[int, int]:
    """Widen a stretch of text to what a person sees as characters."""
    while 0 < first < len(text) and _belongs(text, first):
        first -= 1
    while 0 < end < len(text) and _belongs(text, end):
        end += 1
    return first, end


def _belongs(text: str, index: int) -> bool:
    """Whether the character at an index belongs to the one before it (UAX #29, in its outlines)."""
    here, before = text[index], text[index - 1]
    if here.isascii():
        return False
    if _is_flag(here) and _is_flag(before):
        flags = 0
        while flags < index and _is_flag(text[index - 1 - flags]):
            flags += 1
        return flags % 2 == 1
    return (
        here == _JOINS
        or before == _JOINS
        or unicodedata.category(here) in ("Mn", "Me", "Mc")
        or "\U0001f3fb" <= here <= "\U0001f3ff"
    )


def _is_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def marked(
    strips: Sequence[Strip], found: Sequence[Spans], style: Style, current: int, strong: Style
) -> list[Strip]:
    """Mark what was found in drawn rows; the one of number `current` stands out."""
    rows: dict[int, list[tuple[int, int, Style]]] = {}
    for number, spans in enumerate(found):
        for row, first, end in spans:
            rows.setdefault(row, []).append((first, end, strong if number == current else style))
    return [
        _mark(strip, rows[number]) if number in rows else strip
        for number, strip in enumerate(strips)
    ]


def _mark(strip: Strip, spans: Sequence[tuple[int, int, Style]]) -> Strip:
    segments: list[Segment] = []
    begin = 0
    for segment in strip:
        text, end = segment.text, begin + len(segment.text)
        cuts = {0, len(text)}
        for first, last, _ in spans:
            cuts |= {min(max(edge - begin, 0), len(text)) for edge in (first, last)}
        pieces = [text[left:right] for left, right in pairwise(sorted(cuts))]
        if sum(map(cell_len, pieces)) != segment.cell_length:
            # What the terminal draws as one is not taken apart.
            pieces = [text]
        for at, piece in zip(accumulate(map(len, pieces), initial=begin), pieces, strict=False):
            laid = [style for first, last, style in spans if first < at + len(piece) and at < last]
            plain = segment.style or Style.null()
            segments.append(Segment(piece, plain + laid[-1] if laid else plain))
        begin = end
    return Strip(segments, strip.cell_length)
