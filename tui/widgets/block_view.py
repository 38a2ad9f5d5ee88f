"""Blocks from top to end, of which only what is visible is laid out.

The view is anchored to a row of a block, not to a distance from the top, so heights above it need
not be known and nothing moves under the reader's eyes when they change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style
from textual.message import Message
from textual.strip import Strip

from tui.conversation.folding import can_fold
from tui.drawing.text import Piece, fit, strip_of, wrap
from tui.widgets.keys_in_order import KeysInOrder
from tui.widgets.lines import Lines

if TYPE_CHECKING:
    from textual.events import MouseScrollDown, MouseScrollUp

    from tui.conversation.search import Search
    from tui.conversation.transcript import Entry, Transcript
    from tui.themes.theme import Paint

WHEEL = 3
"""Rows a turn of the wheel scrolls."""

KEPT = 600
"""Blocks whose drawing is kept; the others are drawn again when they are scrolled to."""


@dataclass(frozen=True, slots=True)
class Empty:
    """What is shown when there is no conversation: a title, sentences, and keys that lead on."""

    title: str
    lines: tuple[str, ...] = ()
    keys: tuple[tuple[str, str], ...] = ()
    problem: bool = False


class BlockView(KeysInOrder, Lines, can_focus=True):
    """Draws a conversation and scrolls it; `Conversation` does the rest."""

    class TopReached(Message):
        """The view is at the oldest block that is here."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._transcript: Transcript | None = None
        self._empty: Empty | None = None
        self._waits: Sequence[tuple[str, str]] = ()
        self._pending = False
        self._rows: list[tuple[int, int]] = []
        self._draw: Callable[..., list[Strip]] | None = None
        self._kept: dict[Entry, None] = {}

    @property
    def transcript(self) -> Transcript | None:
        """The conversation that is shown."""
        return self._transcript

    def show(
        self,
        transcript: Transcript | None,
        *,
        empty: Empty | None = None,
        waits: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Show a conversation; `empty` instead, while it has no blocks.

        Args:
            transcript: what was said.
            empty: what stands there while nothing was.
            waits: prompts that wait to be heard, each behind the word for when that is.
        """
        if transcript is not self._transcript:
            # Until it is drawn, no row shows any of its blocks.
            self._rows = []
        self._transcript, self._empty, self._waits = transcript, empty, waits
        self.changed()

    def changed(self) -> None:
        """Draw soon: many changes within one refresh become one drawing."""
        if not self._pending:
            self._pending = True
            self.call_after_refresh(self._redraw_soon)

    def _redraw_soon(self) -> None:
        self._pending = False
        self.redraw()

    # Drawing

    def draw(self, width: int, height: int) -> list[Strip]:
        """Lay out the visible blocks."""
        paint = self.paint
        self._rows = []
        transcript = self._transcript
        if transcript is None or not transcript.entries:
            empty = self._empty
            return draw_empty(empty, width, height, paint) if empty is not None else []
        if self._draw is None:
            # Markdown and colours are only needed once there is something to say.
            from tui.widgets.blocks import draw

            self._draw = draw
        below = self._below(width, paint)[: max(0, height - 1)]
        waiting = self._waiting_rows(width, paint)
        room = max(1, height - len(waiting) - len(below))
        strips = self._visible(transcript, width, room, paint)
        if transcript.follow or len(strips) + len(waiting) + len(below) <= height:
            strips += waiting
        strips = self._with_place(strips, transcript, width, height - len(below), paint)
        if below:
            blank = Strip.blank(width, paint.blank)
            strips = strips[: height - len(below)]
            strips += [blank] * (height - len(below) - len(strips)) + below
        return strips

    def _below(self, width: int, paint: Paint) -> list[Strip]:
        """Rows that stand below the blocks."""
        return []

    @property
    def room(self) -> int:
        """Rows that blocks can have, where nothing is queued."""
        return max(1, self.size.height - len(self._below(self.size.width, self.paint)))

    def _visible(
        self, transcript: Transcript, width: int, height: int, paint: Paint
    ) -> list[Strip]:
        entries = transcript.entries
        last = len(entries) - 1
        if not transcript.follow:
            index, row = transcript.top
            index = min(index, last)
            strips: list[Strip] = []
            rows: list[tuple[int, int]] = []
            skip = min(row, max(0, len(self._strips(index, width, paint)) - 1))
            transcript.top = (index, skip)
            while index <= last and len(strips) < height:
                drawn = self._strips(index, width, paint)
                strips += drawn[skip:]
                rows += [(index, number) for number in range(skip, len(drawn))]
                skip = 0
                index += 1
            if len(strips) >= height:
                self._rows = rows[:height]
                return strips[:height]
            transcript.follow = True
        strips, rows = [], []
        index = last
        while index >= 0 and len(strips) < height:
            drawn = self._strips(index, width, paint)
            strips = drawn + strips
            rows = [(index, number) for number in range(len(drawn))] + rows
            index -= 1
        strips, rows = strips[-height:], rows[-height:]
        self._rows = rows
        transcript.top = rows[0] if rows else (0, 0)
        return strips

    def _strips(self, index: int, width: int, paint: Paint) -> list[Strip]:
        transcript = self._transcript
        assert transcript is not None
        assert self._draw is not None
        entries = transcript.entries
        entry = entries[index]
        shown = transcript.folding.shown(entry)
        chosen = self.has_focus and entry.id == transcript.chosen
        marked = transcript.marked is not None and self._in_range(entry.id, transcript)
        # Folded blocks in a row belong together; whatever follows them gets its distance.
        after = entries[index + 1].kind if index + 1 < len(entries) else ""
        spaced = can_fold(entry) and not shown and after not in {"tool", "thinking"}
        part = transcript.parts.get(entry.id, 0)
        sought, current = "", -1
        search = transcript.search
        if search is not None:
            sought = search.words
            if search.current is not None and search.current.block_id == entry.id:
                current = search.current.number
        key = (entry.version, width, paint, shown, chosen, marked, spaced, part, sought, current)
        if entry.drawn_for != key:
            entry.drawn = self._draw(
                entry, width, paint, shown=shown, chosen=chosen, marked=marked, part=part
            )
            entry.found = []
            if search is not None and sought:
                entry.drawn = self._with_matches(entry, search, entry.drawn, paint)
            if spaced:
                entry.drawn.append(Strip.blank(width, paint.blank))
            entry.drawn_for = key
            self._keep(entry)
        return entry.drawn

    def _with_matches(
        self, entry: Entry, search: Search, strips: list[Strip], paint: Paint
    ) -> list[Strip]:
        from tui.conversation.search import part_of
        from tui.widgets.blocks import INDENT, PART
        from tui.widgets.highlight import marked, occurrences

        found = occurrences(strips, search.words, INDENT)
        entry.found = [spans[0][0] for spans in found]
        current = -1
        if search.current is not None and search.current.block_id == entry.id and found:
            _, number, _ = part_of(entry, search.current, search.words, PART)
            current = min(number, len(found) - 1)
            # The place that is looked at comes first.
            entry.found = [entry.found[current], *entry.found]
        # What is faint cannot be read on that ground.
        every = Style(color=paint.text.color, bgcolor=paint.rule.color, underline=True)
        return marked(strips, found, every, current, paint.focus + Style(reverse=True))

    @staticmethod
    def _in_range(block_id: int, transcript: Transcript) -> bool:
        marked, chosen = transcript.marked, transcript.chosen
        if marked is None or chosen is None:
            return False
        return min(marked, chosen) <= block_id <= max(marked, chosen)

    def _keep(self, entry: Entry) -> None:
        """Keep memory bounded: what was drawn longest ago is forgotten."""
        self._kept.pop(entry, None)
        self._kept[entry] = None
        while len(self._kept) > KEPT:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            oldest.drawn, oldest.drawn_for, oldest.markdown = [], (), None

    def _waiting_rows(self, width: int, paint: Paint) -> list[Strip]:
        rows = []
        for when, text in self._waits[:3]:
            line = fit(" ".join(text[: 4 * width].split()), width - len(when) - 6)
            pieces: list[Piece] = [(f"  {when} ", paint.faint), (line, paint.muted)]
            rows.append(strip_of(pieces, width, paint.blank))
        if len(self._waits) > 3:
            more = f"  and {len(self._waits) - 3} more"
            rows.append(strip_of([(more, paint.faint)], width, paint.blank))
        return rows

    def _with_place(
        self, strips: list[Strip], transcript: Transcript, width: int, height: int, paint: Paint
    ) -> list[Strip]:
        """Mark the place in a long conversation at its right edge while it isn't at its end."""
        if transcript.follow or not strips:
            return strips
        share = transcript.top[0] / max(1, len(transcript.entries) - 1)
        thumb = min(len(strips) - 1, round(share * (height - 1)))
        mark = strip_of([("▐", paint.muted)], 1)
        strips[thumb] = Strip.join([strips[thumb].crop(0, width - 1), mark])
        return strips

    # Moving

    def scroll(self, rows: int) -> None:
        """Move the view by rows; reaching the end follows it again."""
        transcript = self._transcript
        if transcript is None or not transcript.entries or self._draw is None:
            return
        width = self.size.width
        paint = self.paint
        index, row = transcript.top
        row += rows
        while row < 0 and index > 0:
            index -= 1
            row += len(self._strips(index, width, paint))
        while index < len(transcript.entries) - 1 and row >= (
            tall := len(self._strips(index, width, paint))
        ):
            row -= tall
            index += 1
        at_top = row < 0 or (index, row) == (0, 0)
        transcript.top = (index, max(0, row))
        if rows < 0:
            transcript.follow = False
        self.redraw()
        if rows < 0 and at_top:
            self.post_message(self.TopReached())

    def bring_row(self, index: int, row: int, above: int) -> None:
        """Show a row of a block with so many rows above it, and leave the end."""
        transcript = self._transcript
        if transcript is None or self._draw is None:
            return
        while row < above and index > 0:
            above -= row
            index -= 1
            row = len(self._strips(index, self.size.width, self.paint))
        transcript.top, transcript.follow = (index, max(0, row - above)), False
        self.redraw()

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Scroll."""
        event.stop()
        self.scroll(-WHEEL)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Scroll."""
        event.stop()
        self.scroll(WHEEL)


def draw_empty(empty: Empty, width: int, height: int, paint: Paint) -> list[Strip]:
    """Draw it in the middle of so many cells, at a third of their rows."""
    room = max(10, min(width - 4, 64))
    style = paint.bad + Style(bold=True) if empty.problem else paint.strong
    lines: list[list[Piece]] = wrap([(empty.title, style)], room)
    for text in empty.lines:
        lines += [[], *wrap([(text, paint.muted)], room)]
    if empty.keys:
        lines.append([])
        widest = max(cell_len(key) for key, _ in empty.keys)
        for key, meaning in empty.keys:
            gap = " " * (widest - cell_len(key) + 2)
            first, *rest = wrap([(meaning, paint.text)], room - widest - 2)
            lines.append([(key, paint.focus), (gap, paint.blank), *first])
            lines += [[(" " * (widest + 2), paint.blank), *line] for line in rest]
    left = max(2, (width - room) // 2)
    top = max(0, (height - len(lines)) // 3)
    blank = Strip.blank(width, paint.blank)
    drawn = [strip_of([(" " * left, paint.blank), *line], width, paint.blank) for line in lines]
    return [blank] * top + drawn
