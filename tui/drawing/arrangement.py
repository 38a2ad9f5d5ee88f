"""Where the areas of the cockpit lie: one pure function of the terminal's size and a few choices.

wide (≥ 100 columns)                       narrow
agents │ conversation │ terminal           agents in one line
       │              │                    conversation (or terminal, or one above the other)
dream  │──────────────┴─────────           ──────────────
       │ prompt                            prompt
status                                     status
keys                                       keys

The grid of all terminals takes the place of everything but the last two rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, WidgetPlacement
from textual.layouts.vertical import VerticalLayout
from textual.widget import Widget

SMALLEST = Size(60, 16)
"""Below it only a line saying so is shown."""

WIDE = 100
"""Columns from which agents and AutoDream have a column of their own."""

STACKED = 40
"""Rows from which a narrow screen shows conversation and terminal one above the other."""

DREAM_ROWS = 8
"""A line, the title, three gates, and three rows for why there is no dream now."""

RESULT_ROWS = 2
"""Rows more for what the last dream did, with the key that shows it."""

PROMPT_ROWS = 10
"""Most rows the prompt grows to."""

Alone = Literal["", "conversation", "terminal"]


@dataclass(frozen=True, slots=True)
class Choices:
    """What the person chose about the layout.

    Attributes:
        split: Share of the conversation, 0.2 to 0.8.
        alone: The side that has all the room, if one has.
        sidebar: Whether agents and AutoDream have their column where there is room for it.
        prompt_rows: Rows of text in the prompt.
        menu_rows: Rows of the menu of commands above it.
        dream: Whether there is anything to show of AutoDream.
        dreamt: Whether there is a dream whose result has rows of its own.
        message_rows: Rows of what there is to say; more than one take the place of the status line.
        grid: Whether all terminals are shown in tiles, and nothing beside them.
        program: Whether all there is to see is in the terminal, which then goes first.
    """

    split: float = 0.5
    alone: Alone = ""
    sidebar: bool = True
    prompt_rows: int = 1
    menu_rows: int = 0
    dream: bool = True
    dreamt: bool = False
    message_rows: int = 1
    grid: bool = False
    program: bool = False


class Arrangement(NamedTuple):
    """Regions of a cockpit; an area that isn't shown is None.

    `agents` is one row high on a narrow screen. `menu` is where the prompt offers commands.
    `conversation_title` and `rule`, above the prompt, are one row each; the terminal draws its
    title itself. `sidebar_line` and `split_line` are columns one cell wide.
    """

    agents: Region | None = None
    dream: Region | None = None
    conversation_title: Region | None = None
    conversation: Region | None = None
    terminal: Region | None = None
    sidebar_line: Region | None = None
    split_line: Region | None = None
    rule: Region | None = None
    menu: Region | None = None
    prompt: Region | None = None
    status: Region | None = None
    footer: Region | None = None
    grid: Region | None = None


def arrange(size: Size, choices: Choices) -> Arrangement:
    """Divide a terminal of `size` (columns, rows) among the areas."""
    width, height = size
    if width < SMALLEST.width or height < SMALLEST.height:
        return Arrangement()
    footer = Region(0, height - 1, width, 1)
    status: Region | None = Region(0, height - 2, width, 1)
    if choices.message_rows > 1:
        status, footer = None, Region(0, height - 2, width, 2)
    bottom = height - 2
    if choices.grid:
        grid = Region(0, 0, width, bottom)
        return Arrangement(status=status, footer=footer, grid=grid)
    least_prompt = 2 if height >= 30 else 1
    rows = max(least_prompt, min(choices.prompt_rows, PROMPT_ROWS, height // 3))
    dream = sidebar_line = None
    left = top = 0
    if width >= WIDE and choices.sidebar:
        column = max(26, min(40, width * 23 // 100))
        dream_rows = (
            DREAM_ROWS + RESULT_ROWS * choices.dreamt if choices.dream and bottom >= 22 else 0
        )
        agents = Region(0, 0, column, bottom - dream_rows)
        if dream_rows:
            dream = Region(0, bottom - dream_rows, column, dream_rows)
        sidebar_line = Region(column, 0, 1, bottom)
        left = column + 1
    else:
        agents = Region(0, 0, width, 1)
        top = 1
    room = width - left
    prompt = Region(left + 3, bottom - rows, room - 4, rows)
    rule = Region(left, bottom - rows - 1, room, 1)
    menu_rows = min(choices.menu_rows, max(1, rule.y - top - 2))
    menu = Region(left, rule.y - menu_rows, room, menu_rows) if choices.menu_rows else None
    body = Region(left, top, room, bottom - rows - 1 - top)
    areas = _divide(body, width >= WIDE, choices)
    return Arrangement(
        agents=agents,
        dream=dream,
        sidebar_line=sidebar_line,
        rule=rule,
        menu=menu,
        prompt=prompt,
        status=status,
        footer=footer,
        **areas,
    )


def _divide(body: Region, wide: bool, choices: Choices) -> dict[str, Region]:
    """Share the body between conversation and terminal, each with a title row of its own."""
    alone = choices.alone
    if not alone and not wide and body.height < STACKED - 6:
        alone = "terminal" if choices.program else "conversation"
    if alone == "terminal":
        return {"terminal": body}
    if alone == "conversation":
        title, conversation = body.split_horizontal(1)
        return {"conversation_title": title, "conversation": conversation}
    if wide:
        share = round((body.width - 1) * choices.split)
        share = max(20, min(body.width - 21, share))
        first = Region(body.x, body.y, share, body.height)
        line = Region(first.right, body.y, 1, body.height)
        second = Region(line.right, body.y, body.width - share - 1, body.height)
    else:
        share = max(5, min(body.height - 5, round(body.height * choices.split)))
        first, second = body.split_horizontal(share)
        line = None
    title, conversation = first.split_horizontal(1)
    areas = {"conversation_title": title, "conversation": conversation, "terminal": second}
    return areas if line is None else {**areas, "split_line": line}


class AreaLayout(VerticalLayout):
    """Places the cockpit's areas by their ids; everything else is laid out as on any screen."""

    name = "areas"

    def __init__(self) -> None:
        self.choices = Choices()

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """Place each child in the region named like its id; without a region it is not shown."""
        # By the size asked for: while a resize is under way, the screen's own is still the old one.
        areas = arrange(size, self.choices)._asdict()
        placements: ArrangeResult = []
        others: list[Widget] = []
        for child in children:
            if child.id not in areas:
                others.append(child)
            elif (region := areas[child.id]) is not None:
                placements.append(WidgetPlacement(region, NULL_OFFSET, NULL_SPACING, child))
        if others:
            placements += super().arrange(parent, others, size, greedy)
        return placements
