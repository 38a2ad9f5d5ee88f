"""Words that are sought in a conversation: where they stand, and which place is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from agent.sessions import finding

if TYPE_CHECKING:
    from tui.conversation.transcript import Entry


class Match(NamedTuple):
    """One place: a block by its id, and which of the places in it, from 0."""

    block_id: int
    number: int


class Search:
    """A search in one conversation.

    Attributes:
        words: What is sought.
        typing: Whether the words are still being written.
        matches: How often the words stand in each block that has them, by its id; None until the
            engine, which knows all blocks, has said so.
        current: The place that is looked at.
        problem: Why nothing was found out, in one line.
        reading: Whether blocks are being read that are not here yet.
        opened: Id of a block that was unfolded for a place in it, to be folded again after.
        around: Said where the last step went around an end; empty otherwise.
    """

    def __init__(self, words: str = "") -> None:
        self.words = words
        self.typing = True
        self.matches: dict[int, int] | None = None
        self.current: Match | None = None
        self.problem = ""
        self.reading = False
        self.opened: int | None = None
        self.around = ""

    @property
    def total(self) -> int:
        """How many places are known."""
        return sum((self.matches or {}).values())

    @property
    def position(self) -> int:
        """The number of the current place among all, from 1; 0 where there is none."""
        if self.current is None or self.matches is None:
            return 0
        before = sum(times for each, times in self.matches.items() if each < self.current.block_id)
        return before + self.current.number + 1

    def count(self, entry: Entry) -> None:
        """Count anew in a block that came or changed."""
        sought = finding.pattern(self.words)
        if self.matches is None or sought is None:
            return
        times = finding.count(entry, sought)
        if times:
            self.matches[entry.id] = times
        else:
            self.matches.pop(entry.id, None)
        if self.current is not None and self.current.block_id == entry.id:
            number = min(self.current.number, times - 1)
            self.current = Match(entry.id, number) if times else None

    def nearest(self, block_id: int) -> Match | None:
        """The last place that is not below a block; else the first below it."""
        ids = sorted(self.matches or {})
        above = [each for each in ids if each <= block_id]
        if above:
            return Match(above[-1], (self.matches or {})[above[-1]] - 1)
        return Match(ids[0], 0) if ids else None

    def step(self, step: int, block_id: int | None) -> Match | None:
        """The next place (1) or the one before (-1), around the ends.

        Seen from a block that the person chose since, where that is another one.
        """
        matches = self.matches or {}
        ids = sorted(matches)
        self.around = ""
        if not ids:
            return None
        here = self.current
        if here is not None and (block_id is None or block_id == here.block_id):
            number = here.number + step
            if 0 <= number < matches.get(here.block_id, 0):
                return Match(here.block_id, number)
            block_id = here.block_id
        start = ids[0] if block_id is None else block_id
        if step > 0:
            following = next((each for each in ids if each > start), None)
            if following is None:
                self.around = "on from the top"
            return Match(ids[0] if following is None else following, 0)
        before = next((each for each in reversed(ids) if each < start), None)
        if before is None:
            before, self.around = ids[-1], "on from the end"
        return Match(before, matches[before] - 1)


def part_of(entry: Entry, match: Match, words: str, most: int) -> tuple[int, int, int]:
    """Find a place in a block that is shown in parts of at most `most` characters.

    Returns:
        the part, the number of the place among those in that part, and which of the block's
        `finding.texts` it is in.
    """
    from tui.drawing.text import cuts

    sought = finding.pattern(words)
    if sought is None:
        return 0, 0, 0
    texts = finding.texts(entry)
    # What a tool does stands before its title, and in no part of it.
    before_title = len(finding.verb(entry.tool.name)) + 1 if entry.tool is not None else 0
    skipped = (before_title, *[0] * (len(texts) - 1))
    ends = [
        [end for _, end in cuts(text[skip:], most)]
        for text, skip in zip(texts, skipped, strict=True)
    ]

    def part(place: finding.Place) -> int:
        offset = place.offset - skipped[place.text]
        return next((n for n, end in enumerate(ends[place.text]) if offset < end), 0)

    found = list(finding.places(entry, sought))
    if not found:
        return 0, 0, 0
    place = found[min(match.number, len(found) - 1)]
    here = part(place)
    before = sum(1 for each in found if part(each) == here and each < place)
    return here, before, place.text
