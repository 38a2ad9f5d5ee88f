"""The lines of `tungsten ls`: each agent's state, name and what it is doing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from agent.tree import in_tree
from tungsten.printable import one_line

if TYPE_CHECKING:
    from agent.protocol.agents import AgentSummary


NAME, LONGEST_NAME = 20, 34
"""Cells of the column of names, at least and at most."""
INDENT = 2
"""Cells that a worker stands to the right of its coordinator."""


def listing(agents: Iterable[AgentSummary], width: int | None = None) -> list[str]:
    """Write one line for each agent, workers below their coordinator.

    Args:
        agents: Who is listed.
        width: Cells that a line may have; None writes all of what an agent is doing.
    """
    if width is not None:
        # Brings Textual along, which a program that reads this need not wait for.
        from tui.text import fit
    agents = tuple(agents)
    names = {agent.id: one_line(agent.name) for agent in agents}
    longest = max(len(name) for name in names.values()) if names else 0
    column = min(LONGEST_NAME, max(NAME, longest + INDENT))
    lines = []
    for agent in in_tree(agents):
        walled = "walled  " if agent.wall else ""
        name, activity = names[agent.id], one_line(agent.activity)
        if agent.parent is not None:
            of = names.get(agent.parent, "an agent that is archived")
            name, walled = f"{' ' * INDENT}{name}", f"{walled}worker of {of}  "
        line = f"{agent.state.value:<8} {name:<{column}} {walled}{activity}".rstrip()
        lines.append(line if width is None else fit(line, width))
    return lines
