"""The focused agent's conversation: blocks are chosen, unfolded, marked, copied, sought, opened.

The view is anchored to a row of a block, not to a distance from the top, so heights above it need
not be known and nothing moves under the reader's eyes when they change.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tui.conversation.folding import KEYS, TOOLS, can_fold
from tui.drawing.text import Piece, between, fit_path, one_line
from tui.keys import actions
from tui.widgets.block_view import BlockView, Empty

if TYPE_CHECKING:
    from textual.events import Click, Key, Paste

    from tui.conversation.search import Match, Search
    from tui.conversation.transcript import Entry, Transcript
    from tui.themes.theme import Paint

__all__ = ["Conversation", "Empty"]


class Conversation(BlockView):
    """Blocks from top to end, with a mark on the chosen one while it has the keyboard."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(action.keys), action.action, action.description, show=False, id=action.id)
        for action in actions.of(actions.CONVERSATION)
    ]

    class SearchWanted(Message):
        """Words are written; where they stand in all of a conversation is to be found out."""

        def __init__(self, transcript: Transcript, search: Search) -> None:
            super().__init__()
            self.transcript = transcript
            self.search = search

    class PromptWanted(Message):
        """What was said before block `before` is to be read, as far back as the last prompt."""

        def __init__(self, transcript: Transcript, before: int) -> None:
            super().__init__()
            self.transcript = transcript
            self.before = before

    class MatchWanted(Message):
        """A place that was found is in a block that is not here."""

        def __init__(self, transcript: Transcript, search: Search, match: Match) -> None:
            super().__init__()
            self.transcript = transcript
            self.search = search
            self.match = match

    class OpenWanted(Message):
        """What a block names is to be opened."""

        def __init__(self, entry: Entry) -> None:
            super().__init__()
            self.entry = entry

    class PicturesWanted(Message):
        """A block was unfolded that may name pictures, which are to be read."""

        def __init__(self, entry: Entry) -> None:
            super().__init__()
            self.entry = entry

    class FoldingChanged(Message):
        """What the keys do that fold is another thing now: see `fold_labels`."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._asks_kind = False
        self._foldable: tuple[object, ...] = ()

    def redraw(self) -> None:
        """Draw anew, and tell when the keys that fold do something else than before."""
        super().redraw()
        entry, transcript = self.chosen, self._transcript
        foldable: tuple[object, ...] = ()
        if transcript is not None and entry is not None:
            shown = bool(transcript.folding.shown(entry))
            foldable = (entry.id, shown, TOOLS in transcript.folding.kinds)
        if foldable != self._foldable:
            self._foldable = foldable
            self.post_message(self.FoldingChanged())

    def _write_elsewhere(self, character: str) -> bool:
        write = getattr(self.screen, "type_into_prompt", None)
        return write is not None and bool(write(character))

    # Keys and the mouse

    async def _on_key(self, event: Key) -> None:
        taken = self._kind_chosen(event) or self._typed(event)
        taken = taken or (event.key == "escape" and self._ended())
        if taken:
            # Else Textual goes on to the keys of `KeysInOrder` by itself.
            event.stop()
            event.prevent_default()

    def on_paste(self, event: Paste) -> None:
        """Add what is pasted to the words that are being written."""
        search = self._search
        if search is not None and search.typing:
            event.stop()
            self._write(search, search.words + one_line(event.text))

    def on_click(self, event: Click) -> None:
        """Choose the block under the mouse; a block that is chosen already unfolds."""
        transcript = self._transcript
        if transcript is None or not 0 <= event.y < len(self._rows):
            return
        index, row = self._rows[event.y]
        entry = transcript.entries[index]
        again = transcript.chosen == entry.id
        transcript.chosen = entry.id
        if can_fold(entry) and row == 0 and (again or not transcript.folding.shown(entry)):
            transcript.folding.toggle(entry)
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
        """Take the mark away, and end what was being asked or written."""
        self._asks_kind = False
        transcript = self._transcript
        if transcript is not None and transcript.search is not None and transcript.search.typing:
            transcript.search = None
        self.redraw()

    # Choosing

    @property
    def has_blocks(self) -> bool:
        """Whether there is anything to choose, unfold or copy."""
        return self._transcript is not None and bool(self._transcript.entries)

    @property
    def takes_keys(self) -> bool:
        """Whether letters and Esc are for a search, a marked range or a question."""
        transcript = self._transcript
        return self._asks_kind or (
            transcript is not None and bool(transcript.search or transcript.marked is not None)
        )

    @property
    def chosen(self) -> Entry | None:
        """The block the keyboard is on."""
        transcript = self._transcript
        return transcript.entry(transcript.chosen) if transcript is not None else None

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
        width, height = self.size.width, self.room
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
        self.bring_row(index, tall - 1, height - 1)

    def action_turn(self, step: int) -> None:
        """Choose the person's next prompt (1) or the one before (-1), and show it at the top."""
        transcript = self._transcript
        if transcript is None or not transcript.entries:
            return
        entries = transcript.entries
        here = len(entries) if transcript.chosen is None else transcript.find(transcript.chosen)
        places = range(here + 1, len(entries)) if step > 0 else range(here - 1, -1, -1)
        index = next((each for each in places if entries[each].kind == "user"), None)
        if index is not None:
            transcript.chosen = entries[index].id
            transcript.top, transcript.follow = (index, 0), False
            self.redraw()
        elif step > 0:
            self.action_tail()
        elif entries[0].id > 1:
            self.post_message(self.PromptWanted(transcript, entries[0].id))
        else:
            self.action_top()

    def action_page(self, step: int) -> None:
        """Move by a page."""
        self.scroll(step * max(1, self.room - 2))

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

    # Folding

    @property
    def fold_labels(self) -> dict[str, str]:
        """What the keys that fold do now, by action; empty for a block that has one form only."""
        entry, transcript = self.chosen, self._transcript
        every, one = "unfold all", ""
        if transcript is not None and TOOLS in transcript.folding.kinds:
            every = "fold all"
        if transcript is not None and entry is not None:
            from tui.widgets.inline_pictures import names_pictures

            if transcript.folding.shown(entry):
                one = "fold"
            elif can_fold(entry) or names_pictures(entry):
                one = "unfold"
        return {"block.fold": one, "block.fold_all": every}

    def action_fold(self) -> None:
        """Unfold the chosen block, or fold it."""
        entry, transcript = self.chosen, self._transcript
        if entry is None or transcript is None:
            return
        from tui.widgets.inline_pictures import names_pictures

        pictures = names_pictures(entry)
        if pictures or can_fold(entry):
            transcript.folding.toggle(entry)
            self._bring_into_view(transcript.find(entry.id), 1)
        if pictures and transcript.folding.shown(entry):
            self.post_message(self.PicturesWanted(entry))

    async def show_pictures(self, entry: Entry, directory: str) -> None:
        """Draw the pictures that a block names below it."""
        from tui.widgets.inline_pictures import read

        colors = not self.app.no_color
        entry.pictures = await asyncio.to_thread(read, entry, directory, colors=colors)
        entry.version += 1
        transcript = self._transcript
        if transcript is None or transcript.entry(entry.id) is not entry:
            return
        if not entry.pictures and not can_fold(entry):
            transcript.folding.toggle(entry)
            self.app.notify("No picture is there that this block names", severity="warning")
        self._bring_into_view(transcript.find(entry.id), 1)

    def action_fold_kind(self, kind: str) -> None:
        """Unfold or fold all of a kind, also what comes later; see `tui.conversation.folding`."""
        if self._transcript is not None and self._transcript.entries:
            self._transcript.folding.toggle_kind(kind)
            self.redraw()

    def action_fold_kinds(self) -> None:
        """Ask by which kind, in the row below."""
        if self.has_blocks:
            self._asks_kind = True
            self.redraw()

    def _kind_chosen(self, event: Key) -> bool:
        """Take the key that names a kind; any other one leaves the question."""
        if not self._asks_kind:
            return False
        self._asks_kind = False
        kind = KEYS.get(event.key)
        if kind is not None:
            self.action_fold_kind(kind)
        self.redraw()
        return kind is not None or event.key == "escape"

    def action_part(self, step: int) -> None:
        """Show the next part of the chosen block, or the one before, where it is very long."""
        entry, transcript = self.chosen, self._transcript
        if entry is None or transcript is None:
            return
        from tui.widgets.blocks import parts

        last = parts(entry, transcript.folding.shown(entry)) - 1
        part = min(last, max(0, transcript.parts.get(entry.id, 0) + step))
        if part != transcript.parts.get(entry.id, 0):
            transcript.parts[entry.id] = part
            transcript.top, transcript.follow = (transcript.find(entry.id), 0), False
            self.redraw()

    # Marking, copying, opening

    def action_mark(self) -> None:
        """Mark from the chosen block on, as far as it moves; or mark nothing."""
        transcript = self._transcript
        if transcript is None or self.chosen is None:
            return
        transcript.marked = transcript.chosen if transcript.marked is None else None
        self.redraw()

    async def action_copy(self) -> None:
        """Copy the marked blocks, else the chosen one."""
        transcript = self._transcript
        entries = transcript.range() if transcript is not None else []
        if transcript is None or not entries:
            return
        from tui.surroundings.clipboard import copy
        from tui.widgets.blocks import copied
        from tungsten.screen.printable import counted

        text = "\n\n".join(copied(entry) for entry in entries)
        transcript.marked = None
        self.redraw()
        blocks = f"{counted(len(entries), 'block')}, " if len(entries) > 1 else ""
        lines = counted(text.count("\n") + 1, "line")
        where = await copy(self.app, text)
        self.app.notify(f"copied: {blocks}{lines}, {counted(len(text), 'character')}{where}")

    def action_open(self) -> None:
        """Open the diff of the chosen block, or a file that it names."""
        entry = self.chosen
        if entry is not None:
            self.post_message(self.OpenWanted(entry))

    # Searching

    @property
    def _search(self) -> Search | None:
        return self._transcript.search if self._transcript is not None else None

    def action_search(self) -> None:
        """Begin to write words that are sought; those of the last search stand there."""
        transcript = self._transcript
        if transcript is None or not transcript.entries:
            return
        from tui.conversation.search import Search

        self._fold_again()
        transcript.search = Search()
        self.redraw()

    def _typed(self, event: Key) -> bool:
        """Take a key for the words that are being written; False when it is not for them."""
        search = self._search
        if search is None or not search.typing:
            return False
        if event.key == "enter":
            self._begin(search)
        elif event.key == "escape":
            self._end_search()
        elif event.key == "backspace":
            if search.words:
                self._write(search, search.words[:-1])
            else:
                self._end_search()
        elif event.key == "ctrl+u":
            self._write(search, "")
        elif event.key == "ctrl+w":
            self._write(search, search.words.rstrip().rpartition(" ")[0])
        elif event.is_printable and event.character:
            self._write(search, search.words + event.character)
        else:
            return False
        return True

    def _write(self, search: Search, words: str) -> None:
        from agent.sessions.finding import LONGEST

        search.words = words[:LONGEST]
        self.redraw()

    def _begin(self, search: Search) -> None:
        if not search.words.strip() or self._transcript is None:
            self._end_search()
            return
        search.typing = False
        self.redraw()
        self.post_message(self.SearchWanted(self._transcript, search))

    def found(self, transcript: Transcript, search: Search) -> None:
        """Go to the place nearest to what is seen, now that all of them are known."""
        if transcript.search is not search:
            return
        self.redraw()
        if self._transcript is not transcript:
            return
        seen = self._rows[-1][0] if self._rows else len(transcript.entries) - 1
        match = search.nearest(transcript.entries[seen].id)
        if match is not None:
            self.look_at(match)

    def action_match(self, step: int) -> None:
        """Go to the next place (1) or the one before (-1); without a search, begin one."""
        transcript, search = self._transcript, self._search
        if search is None or transcript is None:
            self.action_search()
            return
        match = search.step(step, transcript.chosen)
        if match is not None:
            self.look_at(match)

    def look_at(self, match: Match) -> None:
        """Show a place that was found; a block that is not here is asked for first."""
        transcript, search = self._transcript, self._search
        if transcript is None or search is None:
            return
        entry = transcript.entry(match.block_id)
        if entry is None:
            search.reading = True
            self.redraw()
            self.post_message(self.MatchWanted(transcript, search, match))
            return
        from tui.conversation.search import part_of
        from tui.widgets.blocks import PART

        search.reading = False
        if search.opened != entry.id:
            self._fold_again()
        search.current = match
        transcript.chosen = entry.id
        part, _, text = part_of(entry, match, search.words, PART)
        # What a folded block shows is the beginning of its first text.
        if (
            can_fold(entry)
            and not transcript.folding.shown(entry)
            and (text or part or not self._places(entry))
        ):
            transcript.folding.toggle(entry)
            search.opened = entry.id
        transcript.parts[entry.id] = part
        index = transcript.find(entry.id)
        rows = self._places(entry)
        row = rows[0] if rows else 0
        if (index, row) in self._rows[: self.room]:
            self.redraw()
        else:
            self.bring_row(index, row, self.room // 3)

    def _places(self, entry: Entry) -> list[int]:
        """Rows of a block in which the words stand, that of the current place first."""
        transcript = self._transcript
        if transcript is None or self._draw is None:
            return []
        self._strips(transcript.find(entry.id), self.size.width, self.paint)
        return entry.found

    def _fold_again(self) -> None:
        """Fold the block that was unfolded for a place in it."""
        transcript, search = self._transcript, self._search
        if transcript is None or search is None:
            return
        entry = transcript.entry(search.opened)
        if entry is not None and transcript.folding.shown(entry):
            transcript.folding.toggle(entry)
        search.opened = None

    def _ended(self) -> bool:
        """End marking, else the search; False when there is neither."""
        transcript = self._transcript
        if transcript is None:
            return False
        if transcript.marked is not None:
            transcript.marked = None
        elif transcript.search is not None:
            transcript.search = None
        else:
            return False
        self.redraw()
        return True

    def _end_search(self) -> None:
        if self._transcript is not None:
            self._transcript.search = None
        self.redraw()

    # The row below the blocks

    def _below(self, width: int, paint: Paint) -> list[Strip]:
        transcript = self._transcript
        if transcript is None:
            return []
        left: list[Piece]
        if self._asks_kind:
            left, right = [(" fold", paint.focus)], "Esc"
            for key, kind in KEYS.items():
                unfolded = kind in transcript.folding.kinds
                left += [(f"  {key} ", paint.text), (kind, paint.muted)]
                left += [("*", paint.strong)] if unfolded else []
            if sum(cell_len(text) for text, _ in left) > width:
                left = left[1:]
        elif transcript.marked is not None:
            from tungsten.screen.printable import counted

            count = counted(len(transcript.range()), "block")
            left, right = [(f" {count} marked", paint.focus)], "↑↓ marks · y copies · Esc"
        elif transcript.search is not None:
            left, right = self._search_row(transcript.search, width, paint)
        else:
            return []
        used = sum(cell_len(text) for text, _ in left)
        # Where there is no room for both, what is there comes before what could be done.
        room = used + cell_len(right) + 3 <= width
        ends = [(f"  {right} ", paint.faint)] if right and room else []
        return [between(left, ends, width, paint.blank)]

    def _search_row(self, search: Search, width: int, paint: Paint) -> tuple[list[Piece], str]:
        words = fit_path(one_line(search.words), max(8, width // 2 - 4))
        left: list[Piece] = [(" / ", paint.focus), (words, paint.text)]
        if search.typing:
            left[1] = (fit_path(search.words, max(8, width - 28)), paint.text)
            return [*left, ("▌", paint.focus)], "Enter finds · Esc"
        if search.problem:
            return [*left, (f"  {search.problem}", paint.bad)], ""
        if search.matches is None:
            return [*left, ("  looking …", paint.muted)], "Esc"
        if not search.matches:
            return [*left, ("  not found", paint.attention)], "/ other words · Esc"
        position = search.position
        said = f"  {position} of {search.total}" if position else f"  {search.total} places"
        left.append((said, paint.strong))
        if search.around:
            left.append((f"  {search.around}", paint.attention))
        if search.reading:
            return [*left, ("  reading back …", paint.muted)], "Esc"
        return left, "n next · N before · Esc"
