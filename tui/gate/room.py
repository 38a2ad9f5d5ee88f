"""How much of the screen a gate takes, and how its parts share that."""

from __future__ import annotations

from dataclasses import dataclass

from textual.geometry import Size

WIDEST = 116
"""Cells. Long commands read better broken at this width than across a very wide screen."""
LEAST_SIDE = 12
"""Cells beside the dialog below which it takes them, too: no word of the cockpit is whole there."""
LOWEST = 16
"""Rows below which a screen is tiny: facts then follow the text instead of having a place."""


@dataclass(frozen=True, slots=True)
class Room:
    """Sizes in cells; `x` and `y` are where the dialog begins on the screen."""

    width: int
    height: int
    x: int
    y: int
    text: int
    facts: int


def width_on(screen: Size) -> int:
    """Cells that the dialog is wide on a screen."""
    return WIDEST if screen.width - WIDEST >= 2 * LEAST_SIDE else max(20, screen.width)


def is_tiny(screen: Size) -> bool:
    """Whether facts have no place of their own."""
    return screen.height < LOWEST


def share(screen: Size, *, text: int, facts: int, keys: int, entry: int, folded: bool) -> Room:
    """Take as much room as a gate needs, in the middle of the screen.

    Args:
        screen: its size.
        text: rows that the text would take whole.
        facts: rows of the facts.
        keys: rows of the keys.
        entry: rows of what is being written, 0 when nothing is.
        folded: to the bottom, so that the pane can be seen.
    """
    tiny = is_tiny(screen)
    width = width_on(screen)
    x = max(0, (screen.width - width) // 2)
    fixed = (3 if tiny else 6) + keys + ((entry if tiny else entry + 1) if entry else 0)
    room = max(2, screen.height - (2 if screen.height > 26 else 0) - fixed)
    shown_facts = 0 if tiny else min(facts, max(2, room - min(text, max(3, room // 2))))
    shown_text = max(1, min(text, room - shown_facts))
    height = fixed + shown_facts + shown_text
    y = (screen.height - height) // 2
    if folded:
        shown_text = 1
        height = 4 + keys
        # Over the prompt and what is below it: the end of a pane is where things happen.
        y = screen.height - height
    return Room(width, height, x, max(0, y), shown_text, shown_facts)
