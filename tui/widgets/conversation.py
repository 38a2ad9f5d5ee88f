"""The focused agent's conversation; only what is visible is laid out.

The view is anchored to a row of a block, not to a distance from the top, so heights above it need
not be known and nothing moves under the reader's eyes when they change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tui import actions
from tui.text import Piece, fit, strip_of, wrap
from tui.widgets.keys_in_order import KeysInOrder
from tui.widgets.lines import Lines

if TYPE_CHECKING:
    from textual.events import Click, MouseScrollDown, MouseScrollUp

    from tui.theme import Paint
    from tui.transcript import Entry, Transcript

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


class Conversation(KeysInOrder, Lines, can_focus=True):
    """Blocks from top to end, with a mark on the chosen one while it has the keyboard."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(action.keys), action.action, action.description, show=False, id=action.id)
        for action in actions.of(actions.CONVERSATION)
    ]

    class TopReached(Message):
        """The view is at the oldest block that is here."""

    def _write_elsewhere(self, character: str) -> bool:
        write = getattr(self.screen, "type_into_prompt", None)
        return write is not None and bool(write(character))

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._transcript: Transcript | None = None
        self._empty: Empty | None = None
        self._waits: Sequence[tuple[str, str]] = ()
        self._pending = False
        self._rows: list[tuple[int, int]] = []
        self._draw: Callable[..., list[Strip]] | None = None

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
            return _draw_empty(empty, width, height, paint) if empty is not None else []
        if self._draw is None:
            # Markdown and colours are only needed once there is something to say.
            from tui.widgets.blocks import draw

            self._draw = draw
        queued = self._waiting_rows(width, paint)
        room = max(1, height - len(queued))
        strips = self._visible(transcript, width, room, paint)
        if transcript.follow or len(strips) + len(queued) <= height:
            strips += queued
        return self._with_place(strips, transcript, width, height, paint)

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
                self._forget_far(transcript.top[0])
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
        self._forget_far(transcript.top[0])
        return strips

    def _strips(self, index: int, width: int, paint: Paint) -> list[Strip]:
        transcript = self._transcript
        assert transcript is not None
        assert self._draw is not None
        entries = transcript.entries
        entry = entries[index]
        unfolded = entry.id in transcript.unfolded
        chosen = self.has_focus and entry.id == transcript.chosen
        # Folded blocks in a row belong together; whatever follows them gets its distance.
        after = entries[index + 1].kind if index + 1 < len(entries) else ""
        spaced = _folds(entry) and not unfolded and after not in {"tool", "thinking"}
        part = transcript.parts.get(entry.id, 0)
        key = (entry.version, width, paint, unfolded, chosen, spaced, part)
        if entry.drawn_for != key:
            entry.drawn = self._draw(
                entry, width, paint, unfolded=unfolded, chosen=chosen, part=part
            )
            if spaced:
                entry.drawn.append(Strip.blank(width, paint.blank))
            entry.drawn_for = key
        return entry.drawn

    def _forget_far(self, index: int) -> None:
        """Keep memory bounded: only drawings near the view stay."""
        entries = self._transcript.entries if self._transcript is not None else []
        if len(entries) <= KEPT:
            return
        for far in (index - KEPT // 2, index + KEPT // 2):
            for entry in entries[max(0, far - 20) : max(0, far + 20)]:
                if abs(entries[index].id - entry.id) > KEPT // 4:
                    entry.drawn, entry.drawn_for, entry.markdown = [], (), None

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

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Scroll."""
        event.stop()
        self.scroll(-WHEEL)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Scroll."""
        event.stop()
        self.scroll(WHEEL)

    def on_click(self, event: Click) -> None:
        """Choose the block under the mouse; a block that is chosen already unfolds."""
        transcript = self._transcript
        if transcript is None or not 0 <= event.y < len(self._rows):
            return
        index, row = self._rows[event.y]
        entry = transcript.entries[index]
        again = transcript.chosen == entry.id
        transcript.chosen = entry.id
        if _folds(entry) and row == 0 and (again or entry.id not in transcript.unfolded):
            self._toggle(entry)
        self.redraw()

    def on_focus(self) -> None:
        """Put the mark on the last visible block, unless one is chosen already."""
        transcript = self._transcript
        if transcript is not None and transcript.entries:
            visible = {transcript.entries[index].id for index, _ in self._rows}
            if transcript.chosen not in visible:
                last = self._rows[-1][0] if self._rows else len(transcript.entries) - 1
                transcript.chosen = transcript.entries[last].id
        self.redraw()

    def on_blur(self) -> None:
        """Take the mark away."""
        self.redraw()

    @property
    def has_blocks(self) -> bool:
        """Whether there is anything to choose, unfold or copy."""
        return self._transcript is not None and bool(self._transcript.entries)

    @property
    def chosen(self) -> Entry | None:
        """The block the keyboard is on."""
        transcript = self._transcript
        if transcript is None or transcript.chosen is None:
            return None
        index = transcript.find(transcript.chosen)
        if index < len(transcript.entries) and transcript.entries[index].id == transcript.chosen:
            return transcript.entries[index]
        return None

    def action_choose(self, step: int) -> None:
        """Choose the block above (-1) or below (1)."""
        transcript = self._transcript
        if transcript is None or not transcript.entries:
            return
        if transcript.chosen is None:
            self.on_focus()
            return
        index = transcript.find(transcript.chosen) + step
        if index < 0:
            self.scroll(-1)
            return
        index = min(index, len(transcript.entries) - 1)
        transcript.chosen = transcript.entries[index].id
        self._bring_into_view(index, step)

    def _bring_into_view(self, index: int, step: int) -> None:
        transcript = self._transcript
        assert transcript is not None
        width, height = self.size
        visible = [row for row, (number, _) in enumerate(self._rows) if number == index]
        tall = len(self._strips(index, width, self.paint)) if self._draw is not None else 0
        if len(visible) >= min(tall, height):
            self.redraw()
            return
        if step < 0 or tall >= height:
            transcript.top = (index, 0)
            transcript.follow = False
            self.redraw()
            return
        # Below the view: scroll until its last row is the last one.
        top, room = index, height - tall
        while top > 0 and room > 0:
            top -= 1
            room -= len(self._strips(top, width, self.paint))
        transcript.top = (top, -room if room < 0 else 0)
        transcript.follow = False
        self.redraw()

    def action_fold(self) -> None:
        """Unfold the chosen block, or fold it."""
        entry = self.chosen
        if entry is not None and _folds(entry):
            self._toggle(entry)
            transcript = self._transcript
            if transcript is not None:
                self._bring_into_view(transcript.find(entry.id), 1)
            self.redraw()

    def action_fold_all(self) -> None:
        """Unfold every block that can be folded; fold all when all are unfolded."""
        transcript = self._transcript
        if transcript is None:
            return
        ids = {entry.id for entry in transcript.entries if entry.kind == "tool"}
        transcript.unfolded = set() if ids <= transcript.unfolded else ids | transcript.unfolded
        self.redraw()

    def action_turn(self, step: int) -> None:
        """Show the next part of the chosen block, or the one before, where it is very long."""
        entry, transcript = self.chosen, self._transcript
        if entry is None or transcript is None:
            return
        from tui.widgets.blocks import parts

        last = parts(entry, entry.id in transcript.unfolded) - 1
        part = min(last, max(0, transcript.parts.get(entry.id, 0) + step))
        if part != transcript.parts.get(entry.id, 0):
            transcript.parts[entry.id] = part
            transcript.top, transcript.follow = (transcript.find(entry.id), 0), False
            self.redraw()

    def action_copy(self) -> None:
        """Copy the chosen block's text through the terminal (OSC 52)."""
        entry = self.chosen
        if entry is not None:
            from tui.widgets.blocks import copied

            self.app.copy_to_clipboard(copied(entry))
            self.app.notify("copied")

    def action_page(self, step: int) -> None:
        """Move by a page."""
        self.scroll(step * max(1, self.size.height - 2))

    def action_top(self) -> None:
        """Go to the oldest block that is here."""
        transcript = self._transcript
        if transcript is not None and transcript.entries:
            transcript.top, transcript.follow = (0, 0), False
            transcript.chosen = transcript.entries[0].id
            self.redraw()
            self.post_message(self.TopReached())

    def action_tail(self) -> None:
        """Go to the end and follow it."""
        transcript = self._transcript
        if transcript is not None and transcript.entries:
            transcript.follow = True
            transcript.chosen = transcript.entries[-1].id
            self.redraw()

    def _toggle(self, entry: Entry) -> None:
        transcript = self._transcript
        assert transcript is not None
        transcript.unfolded ^= {entry.id}


def _folds(entry: Entry) -> bool:
    return entry.kind in {"tool", "thinking"}


def _draw_empty(empty: Empty, width: int, height: int, paint: Paint) -> list[Strip]:
    room = max(10, min(width - 4, 64))
    style = paint.bad if empty.problem else paint.strong
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
