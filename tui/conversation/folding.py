"""Which blocks of a conversation are unfolded: one by one, and by kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.conversation.transcript import Entry

TOOLS, THINKING, DIFFS, RESULTS = "tools", "thinking", "diffs", "results"

KEYS = {"z": TOOLS, "t": THINKING, "d": DIFFS, "r": RESULTS}
"""What a key means once the person wants to fold by kind."""

WHOLE = frozenset({"whole"})
FOLDED: frozenset[str] = frozenset()


def can_fold(entry: Entry) -> bool:
    """Say whether a block has a folded form."""
    return entry.kind in {"tool", "thinking"}


class Folding:
    """What a person unfolded in one conversation.

    What is said of one block goes before what is said of its kind; that counts for blocks that
    come later, too.

    Attributes:
        kinds: Kinds that are unfolded: `TOOLS`, `THINKING`, `DIFFS`, `RESULTS`.
        unfolded: Ids of blocks that are shown whole.
        folded: Ids of blocks that are shown as a line though their kind is unfolded.
    """

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.unfolded: set[int] = set()
        self.folded: set[int] = set()

    def shown(self, entry: Entry) -> frozenset[str]:
        """What of a block is shown below its line: `WHOLE`, `FOLDED`, or diff and result apart."""
        if entry.id in self.unfolded:
            # Of a block without a folded form, the pictures that it names.
            return WHOLE
        if entry.id in self.folded or not can_fold(entry):
            return FOLDED
        if entry.kind == "thinking":
            return WHOLE if THINKING in self.kinds else FOLDED
        if TOOLS in self.kinds:
            return WHOLE
        tool = entry.tool
        there = {DIFFS: tool is not None and tool.diff, RESULTS: tool is not None and tool.result}
        return frozenset(kind for kind, text in there.items() if text and kind in self.kinds)

    def toggle(self, entry: Entry) -> None:
        """Fold a block of which anything is shown, else show it whole."""
        if self.shown(entry):
            self.unfolded.discard(entry.id)
            if self.shown(entry):
                self.folded.add(entry.id)
        else:
            self.folded.discard(entry.id)
            if not self.shown(entry):
                self.unfolded.add(entry.id)

    def toggle_kind(self, kind: str) -> bool:
        """Unfold all of a kind, or fold all; says whether they are unfolded now.

        What was said of single blocks is no longer in force.
        """
        self.kinds ^= {kind}
        self.unfolded.clear()
        self.folded.clear()
        return kind in self.kinds
