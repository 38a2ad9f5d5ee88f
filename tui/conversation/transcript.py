"""Conversations as the app holds them: blocks in order, with what was drawn of each.

Kept apart from the widgets so that an agent's conversation stays ready while another one is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tui.conversation.folding import Folding

if TYPE_CHECKING:
    from textual.strip import Strip

    from agent.protocol.conversation import Block, ToolCall
    from tui.conversation.search import Search
    from tui.widgets.inline_pictures import Inline


OWN_COMMAND = "person"
"""What the engine calls a tool use that is a shell command of the person's own."""


class Entry:
    """One block; `version` grows with every change, so that a drawing can be told to be old.

    `found` holds the rows of its drawing in which sought words stand; `pictures` those that it
    names, once they were read (`tui.widgets.inline_pictures`).
    """

    __slots__ = (
        "at",
        "drawn",
        "drawn_for",
        "found",
        "id",
        "kind",
        "markdown",
        "pictures",
        "streaming",
        "text",
        "tool",
        "version",
    )

    def __init__(self, block: Block) -> None:
        self.id = block.id
        self.version = 0
        self.drawn: list[Strip] = []
        self.drawn_for: tuple[object, ...] = ()
        self.found: list[int] = []
        self.markdown: object | None = None
        self.pictures: tuple[Inline, ...] = ()
        self.replace(block)

    def replace(self, block: Block) -> None:
        """Take over a fuller version of the block."""
        self.kind: str = block.kind
        self.at = block.at
        self.streaming = block.streaming
        self.tool: ToolCall | None = block.tool
        self.text = block.text
        self.version += 1

    def append(self, text: str) -> None:
        """Take over streamed text."""
        self.text += text
        self.version += 1


class Transcript:
    """An agent's conversation, or the part of it that has been read from the engine.

    Attributes:
        entries: Blocks by growing id.
        loaded: Whether the engine was asked; events alone don't make a conversation.
        top: Where the view begins: index of an entry and a row of it.
        follow: Whether the view keeps to the end.
        folding: Which blocks are unfolded.
        parts: Which part of a very long block is shown, by its id; the first where nothing is said.
        chosen: Id of the block the keyboard is on.
        marked: Id of the block where the marked range begins that ends at the chosen one.
        search: Words that are sought in it.
    """

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.loaded = False
        self.loading = False
        self.top = (0, 0)
        self.follow = True
        self.folding = Folding()
        self.parts: dict[int, int] = {}
        self.chosen: int | None = None
        self.marked: int | None = None
        self.search: Search | None = None

    def put(self, block: Block) -> None:
        """Add a block, or replace the one with its id."""
        entries = self.entries
        if not entries or block.id > entries[-1].id:
            entries.append(Entry(block))
            self._count(entries[-1])
            return
        index = self.find(block.id)
        if index < len(entries) and entries[index].id == block.id:
            entries[index].replace(block)
        else:
            entries.insert(index, Entry(block))
            if index <= self.top[0] and not self.follow:
                self.top = (self.top[0] + 1, self.top[1])
        self._count(entries[index])

    def _count(self, entry: Entry) -> None:
        # What still streams is counted once it is whole: not anew with each word.
        if self.search is not None and not entry.streaming:
            self.search.count(entry)

    def extend(self, block_id: int, text: str) -> None:
        """Append streamed text to a block; a block that isn't known is passed over."""
        index = self.find(block_id)
        if index < len(self.entries) and self.entries[index].id == block_id:
            self.entries[index].append(text)

    def load(self, blocks: Iterable[Block]) -> None:
        """Take over what the engine read; blocks that events already brought stay as they are."""
        known = {entry.id for entry in self.entries}
        new = [block for block in blocks if block.id not in known]
        if self.entries and new and new[-1].id < self.entries[0].id:
            # A page of what came before, in one piece.
            self.entries[:0] = [Entry(block) for block in new]
            if not self.follow:
                self.top = (self.top[0] + len(new), self.top[1])
        else:
            for block in new:
                self.put(block)
        self.loaded = True

    def take_over(self, blocks: list[Block]) -> None:
        """Let what the engine read now replace what was heard; older blocks stay."""
        for block in blocks:
            self.put(block)
        self.loaded = True

    def find(self, block_id: int) -> int:
        """Return the index of the first entry whose id is not below `block_id`."""
        low, high = 0, len(self.entries)
        while low < high:
            middle = (low + high) // 2
            if self.entries[middle].id < block_id:
                low = middle + 1
            else:
                high = middle
        return low

    def entry(self, block_id: int | None) -> Entry | None:
        """Give a block by its id; None where it is not here."""
        if block_id is None:
            return None
        index = self.find(block_id)
        here = index < len(self.entries) and self.entries[index].id == block_id
        return self.entries[index] if here else None

    def range(self) -> list[Entry]:
        """The marked blocks in order, else the chosen one."""
        if self.chosen is None:
            return []
        begin = self.chosen if self.marked is None else self.marked
        first, last = sorted((begin, self.chosen))
        return [each for each in self.entries[self.find(first) :] if each.id <= last]

    def prompts(self) -> list[str]:
        """What the person said, oldest first."""
        return [entry.text for entry in self.entries if entry.kind == "user"]

    def runs_own_command(self) -> bool:
        """Whether a shell command of the person's own runs, or waits to."""
        return any(
            entry.tool is not None
            and entry.tool.name == OWN_COMMAND
            and entry.tool.status in {"gated", "running"}
            for entry in self.entries
        )

    @property
    def first_id(self) -> int | None:
        """Id of the oldest block that is here."""
        return self.entries[0].id if self.entries else None
