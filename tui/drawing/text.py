"""Text as cells: fitting, wrapping, and the few ways Tungsten writes numbers.

Everything that comes from a model, a program or a file passes `clean` before it is drawn: an
escape sequence or a bidirectional override in it must never reach the person's terminal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.drawing.light_strip import LightStrip
from tungsten.screen.printable import clean as clean
from tungsten.screen.printable import one_line as one_line

if TYPE_CHECKING:
    from agent.protocol.usage import Usage

Piece = tuple[str, Style]
"""A run of text in one style."""

_WORDS = re.compile(r"\s+|[^\s]+")


STOPPED = "stopped"
"""What an agent did last whose panes the person has ended: it is idle, and has no terminal."""


def state_word(state: str, activity: str) -> str:
    """The word for what an agent does: its state, but of one that was stopped that it was."""
    return STOPPED if state == "idle" and activity == STOPPED else state


def behind(word: str, text: str) -> str:
    """What stands behind the word for a state: the text, without that word where it begins so.

    Who waits has what it waits for approved or not: there, too, the command stands first.
    """
    if word == "waiting":
        text = text.removeprefix("approve: ")
    rest = text[len(word) :]
    if text[: len(word)].lower() != word.lower() or rest[:1].isalnum():
        return text
    return rest.lstrip(" .,:;!-–—")


def retried(problem: str, key: str) -> str:
    """Say what is wrong and which key tries again; that it is to be done is said once."""
    if problem.endswith("try again"):
        return f"{problem} ({key})."
    return f"{problem} — {key} tries again."


def cuts(text: str, most: int) -> Iterator[tuple[int, int]]:
    """Cut a text into stretches of at most `most` characters, at line ends where there are any.

    Yields:
        Half-open offsets; at least one pair, and together all of the text.
    """
    start = 0
    while len(text) - start > most:
        line_end = text.rfind("\n", start + most // 2, start + most)
        end = line_end + 1 if line_end >= 0 else start + most
        yield start, end
        start = end
    yield start, len(text)


def clock(seconds: float) -> str:
    """Write a length of time as a player does: `0:07`, `12:30`, `1:02:03`."""
    minutes, second = divmod(max(0, int(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def fit(text: str, width: int) -> str:
    """Shorten a line to at most `width` cells, with `…` where something is missing."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def column(text: str, width: int) -> str:
    """Make a line exactly `width` cells wide, whatever its characters take: what follows aligns."""
    return set_cell_size(fit(text, width), max(0, width))


def fit_path(path: str, width: int) -> str:
    """Shorten a path to `width` cells, keeping its end."""
    if cell_len(path) <= width:
        return path
    if width <= 1:
        return fit(path, width)
    tail = path[-(width - 1) :]
    while cell_len(tail) > width - 1:
        tail = tail[1:]
    return "…" + tail


def strip_of(pieces: Iterable[Piece], width: int, fill: Style | None = None) -> Strip:
    """Draw one line of exactly `width` cells: cropped, or filled with blanks in style `fill`."""
    segments: list[Segment] = []
    left = width
    for text, style in pieces:
        if left <= 0:
            break
        cells = cell_len(text)
        if cells > left:
            text = set_cell_size(text, left)
            cells = left
        if cells:
            segments.append(Segment(text, style))
            left -= cells
    if left > 0:
        segments.append(Segment(" " * left, fill))
    return LightStrip(segments, width)


def between(left: list[Piece], right: list[Piece], width: int, fill: Style) -> Strip:
    """Draw one line with `left` at its beginning and `right` at its end; `left` gives way."""
    room = width - sum(cell_len(text) for text, _ in right)
    if room < 0:
        return strip_of(right, width, fill)
    pieces: list[Piece] = []
    for text, style in left:
        if room <= 0:
            break
        shown = fit(text, room)
        pieces.append((shown, style))
        room -= cell_len(shown)
        if shown != text:
            break
    if room > 0:
        pieces.append((" " * room, fill))
    return strip_of([*pieces, *right], width, fill)


def wrap(pieces: Iterable[Piece], width: int) -> list[list[Piece]]:
    """Break styled text into lines of at most `width` cells, at spaces where there are any.

    Line feeds in the text break lines too. A word longer than a line is cut.
    """
    width = max(1, width)
    lines: list[list[Piece]] = []
    line: list[Piece] = []
    used = 0
    # A word may be made of pieces in several styles, so it is collected before it is placed.
    word: list[Piece] = []
    word_cells = 0

    def place_word() -> None:
        nonlocal line, used, word, word_cells
        if not word:
            return
        if used + word_cells > width and used:
            _drop_trailing_space(line)
            lines.append(line)
            line, used = [], 0
        if word_cells > width:
            for text, style in word:
                for chunk in _cut(text, width, width - used):
                    if used + cell_len(chunk) > width:
                        lines.append(line)
                        line, used = [], 0
                    line.append((chunk, style))
                    used += cell_len(chunk)
        else:
            line.extend(word)
            used += word_cells
        word, word_cells = [], 0

    for text, style in pieces:
        for number, row in enumerate(text.split("\n")):
            if number:
                place_word()
                lines.append(line)
                line, used = [], 0
            for token in _WORDS.findall(row):
                if token.isspace():
                    place_word()
                    if used + len(token) <= width:
                        line.append((token, style))
                        used += len(token)
                    elif used:
                        _drop_trailing_space(line)
                        lines.append(line)
                        line, used = [], 0
                else:
                    word.append((token, style))
                    word_cells += cell_len(token)
    place_word()
    lines.append(line)
    return lines


def _cut(text: str, width: int, first: int) -> list[str]:
    if first <= 0 or first >= width:
        return chop_cells(text, width)
    head = set_cell_size(text, first)
    if not text.startswith(head):
        # A wide character at the edge was replaced by a blank.
        head = head[:-1]
    rest = text[len(head) :]
    return [*([head] if head else []), *(chop_cells(rest, width) if rest else [])]


def _drop_trailing_space(line: list[Piece]) -> None:
    while line and line[-1][0].isspace():
        line.pop()


def age(seconds: float) -> str:
    """Write a duration for a list: `now`, `42s`, `7m`, `3h`, `12d`."""
    if seconds < 1:
        return "now"
    if seconds < 60:
        return f"{int(seconds)}s"
    if seconds < 3_600:
        return f"{int(seconds // 60)}m"
    if seconds < 172_800:
        return f"{int(seconds // 3_600)}h"
    return f"{int(seconds // 86_400)}d"


def next_age_change(seconds: float) -> float:
    """Say in how many seconds `age(seconds)` will read differently."""
    for limit, unit in ((60, 1.0), (3_600, 60.0), (172_800, 3_600.0)):
        if seconds < limit:
            return unit - seconds % unit
    unit = 86_400.0
    return unit - seconds % unit


def duration(seconds: float) -> str:
    """Write how long something took: `0.4s`, `12s`, `3m 05s`."""
    if seconds < 10:
        return f"{seconds:.1f}s"
    if seconds < 60:
        return f"{seconds:.0f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m {rest:02d}s"


def count(number: int) -> str:
    """Write a number of tokens: `640`, `3.4k`, `96k`, `1.2M`."""
    if number < 1_000:
        return str(number)
    if number < 10_000:
        return f"{number / 1_000:.1f}k"
    if number < 999_500:
        return f"{number / 1_000:.0f}k"
    return f"{number / 1_000_000:.1f}M"


def size(number: int) -> str:
    """Write a number of bytes: `640 B`, `3.4 kB`, `96 kB`, `1.2 MB`."""
    if number < 1_000:
        return f"{number} B"
    if number < 999_500:
        return f"{number / 1_000:.1f} kB" if number < 10_000 else f"{number / 1_000:.0f} kB"
    return f"{number / 1_000_000:.1f} MB"


def money(dollars: float | None) -> str:
    """Write a cost in US dollars; that of a model without a known price reads `unpriced`."""
    if dollars is None:
        return "unpriced"
    return f"${dollars:.2f}" if dollars < 100 else f"${dollars:,.0f}"


def cost(usage: Usage) -> str:
    """Write what something cost; what is not known is said, never counted as nothing."""
    partly = usage.price == "partly priced"
    return f"{money(usage.cost)} + ?" if partly else money(usage.cost)


def home_path(path: str, home: str) -> str:
    """Write a path with `~` for the person's own directory."""
    if home and (path == home or path.startswith(home + "/")):
        return "~" + path[len(home) :]
    return path
