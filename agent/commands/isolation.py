"""What a step or a turn did to files, put back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.protocol.commands.isolation import PreviewRevert, Revert

if TYPE_CHECKING:
    from agent.agents.agents import Agents


async def revert(agents: Agents, command: PreviewRevert | Revert) -> dict[str, Any]:
    """Say what reverting a step or a turn would do, or do it."""
    from agent.isolation import reverting

    agent = agents.live.get(command.agent_id)
    if isinstance(command, Revert):
        return await reverting.carry_out(agent, command)
    return (await reverting.preview(agent, command)).model_dump(mode="json")
