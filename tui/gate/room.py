"""How much of the screen a gate takes, and how its parts share that."""

from __future__ import annotations

from dataclasses import dataclass

from textual.geometry import Region, Size

WIDEST = 116
"""Cells. Long commands read better broken at this width than across a very wide screen."""
WIDEST_SIDES = 200
"""Cells of a dialog that shows a diff in two columns."""
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


def width_on(room: int, *, widest: int = WIDEST) -> int:
    """Cells that the dialog is wide where there are `room` of them."""
    return widest if room - widest >= 2 * LEAST_SIDE else max(20, room)


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the screen a gate may be.

    Attributes:
        area: What it may cover.
        folded: Whether it has to leave most of that to be seen, too.
        on_top: Whether it then lies at the upper end.
    """

    area: Region
    folded: bool = False
    on_top: bool = False


def place_beside(screen: Size, pane: Region, cursor: int, least: int) -> Place:
    """Where a gate covers nothing of what a person types in a pane, or not where they type.

    Args:
        screen: its size.
        pane: where the pane is on it.
        cursor: the row of its cursor on the screen.
        least: cells that a gate needs in order to be read.
    """
    # Without the line that divides them.
    beside = Region(0, 0, pane.x - 1, screen.height)
    if beside.width >= least:
        return Place(beside)
    return Place(screen.region, folded=True, on_top=cursor >= screen.height // 2)


def is_tiny(screen: Size) -> bool:
    """Whether facts have no place of their own."""
    return screen.height < LOWEST


def share(place: Place, *, width: int, text: int, facts: int, keys: int, entry: int) -> Room:
    """Take as much room as a gate needs, in the middle of where it may be.

    Args:
        place: where that is.
        width: cells that it is wide.
        text: rows that the text would take whole.
        facts: rows of the facts.
        keys: rows of the keys.
        entry: rows of what is being written, 0 when nothing is.
    """
    area = place.area
    tiny = is_tiny(area.size)
    x = max(0, area.x + (area.width - width) // 2)
    if place.folded:
        height = 4 + keys
        # Over the prompt and what is below it: the end of a pane is where things happen.
        y = area.y if place.on_top else area.bottom - height
        return Room(width, height, x, max(0, y), 1, 0 if tiny else facts)
    fixed = (3 if tiny else 6) + keys + ((entry if tiny else entry + 1) if entry else 0)
    room = max(2, area.height - (2 if area.height > 26 else 0) - fixed)
    shown_facts = 0 if tiny else min(facts, max(2, room - min(text, max(3, room // 2))))
    shown_text = max(1, min(text, room - shown_facts))
    height = fixed + shown_facts + shown_text
    y = area.y + (area.height - height) // 2
    return Room(width, height, x, max(0, y), shown_text, shown_facts)
