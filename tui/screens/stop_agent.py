"""Stopping an agent: asked first, and reported only when its processes are really gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.gate.host import send
from tui.screens.confirm import ConfirmScreen

if TYPE_CHECKING:
    from agent.protocol.agents import AgentSummary


class StopAgentScreen(ConfirmScreen):
    """Stops an agent, and goes away with True when it has really stopped."""

    def __init__(self, agent: AgentSummary, workers: int = 0) -> None:
        self._agent_id = agent.id
        panes = sum(1 for pane in agent.panes if not pane.dead)
        ends = {0: "", 1: " and what runs in its terminal"}.get(
            panes, f" and what runs in its {panes} terminals"
        )
        if workers:
            ends += " and its worker" if workers == 1 else f" and its {workers} workers"
        super().__init__(
            f"Stop {agent.name}?",
            f"This ends its turn{ends}. The session stays: a prompt goes on with it.",
            verb="stop it",
            during="Stopping: waiting until its processes are gone …",
            perform=self._stop,
        )

    async def _stop(self) -> str:
        from agent.protocol.commands.agents import StopAgent

        _, problem = await send(self, StopAgent(agent_id=self._agent_id))
        return problem
