"""The order in which agents are listed: workers below their coordinator.

Apart from the protocol, as the app's first frame needs it before that is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.protocol.agents import AgentSummary


def in_tree(agents: Iterable[AgentSummary]) -> list[AgentSummary]:
    """Order agents as lists show them; otherwise they stay in the order they came in.

    A worker whose coordinator is not among them stands where it would stand alone.
    """
    listed = list(agents)
    known = {agent.id for agent in listed}
    below: dict[str | None, list[AgentSummary]] = {}
    for agent in listed:
        if agent.parent in known:
            below.setdefault(agent.parent, []).append(agent)
    return [
        each
        for agent in listed
        if agent.parent not in known
        for each in (agent, *below.get(agent.id, ()))
    ]
