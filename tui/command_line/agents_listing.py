"""The lines of `tungsten ls`: each agent's state, name and what it is doing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from agent.agents.tree import in_tree
from tungsten.screen.printable import one_line

if TYPE_CHECKING:
    from agent.protocol.agents import AgentSummary


NAME, LONGEST_NAME = 20, 34
"""Cells of the column of names, at least and at most."""
INDENT = 2
"""Cells that a worker stands to the right of its coordinator."""


DIRECTORY = 24
"""Cells of the column of directories, where there is a terminal to show one."""


def listing(agents: Iterable[AgentSummary], width: int | None = None) -> list[str]:
    """Write one line for each agent, workers below their coordinator.

    Args:
        agents: Who is listed.
        width: Cells that a line may have, below headings; None writes all of what an agent is
            doing, without headings: a program reads that.
    """
    agents = tuple(agents)
    names = {agent.id: one_line(agent.name) for agent in agents}
    longest = max(len(name) for name in names.values()) if names else 0
    column = min(LONGEST_NAME, max(NAME, longest + INDENT))
    rows = []
    for agent in in_tree(agents):
        walled = "walled  " if agent.wall else ""
        name, activity = names[agent.id], one_line(agent.activity)
        if agent.parent is not None:
            of = names.get(agent.parent, "an agent that is archived")
            name, walled = f"{' ' * INDENT}{name}", f"{walled}worker of {of}  "
        rows.append((agent, name, f"{walled}{activity}"))
    if width is None:
        return [
            f"{agent.state.value:<8} {name:<{column}} {does}".rstrip() for agent, name, does in rows
        ]
    return _for_a_terminal(rows, column, width) if rows else []


def _for_a_terminal(
    rows: list[tuple[AgentSummary, str, str]], column: int, width: int
) -> list[str]:
    # Brings Textual along, which a program that reads this need not wait for.
    from pathlib import Path

    from tui.drawing.text import fit, fit_path
    from tui.gate.words import short_path

    column = min(column, max(8, width - 9 - DIRECTORY - NAME))
    home = str(Path.home())
    told = [("STATE", "NAME", "DIRECTORY", "DOES")]
    for agent, name, does in rows:
        place = fit_path(short_path(one_line(agent.directory), home), DIRECTORY)
        told.append((agent.state.value, name, place, does))
    return [
        fit(
            f"{state:<8} {_cell(name, column, fit)} {_cell(place, DIRECTORY, fit)} {does}", width
        ).rstrip()
        for state, name, place, does in told
    ]


def _cell(text: str, cells: int, fit: Callable[[str, int], str]) -> str:
    from rich.cells import cell_len

    shown = fit(text, cells)
    return shown + " " * (cells - cell_len(shown))
