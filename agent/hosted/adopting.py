"""Takes a program that the person runs in their own tmux among the agents, after their yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.commands.agents import archive
from agent.errors import AgentError
from agent.protocol.commands.adopt import AdoptPane
from agent.protocol.commands.agents import ArchiveAgent, CreateAgent

if TYPE_CHECKING:
    from agent.agents.agents import Agents


async def adopt(agents: Agents, command: AdoptPane) -> str:
    """Make an agent of what runs in a pane, and give its id.

    Raises:
        AgentError: it cannot be; says why, and nothing is left of it.
    """
    from agent.hosted.adopted_agent import Adopted, AdoptedAgent

    wanted = Adopted(socket=command.socket, pane_id=command.tmux_id, pid=command.pid)
    create = CreateAgent(
        name=command.name, directory=command.directory, profile=command.profile, wall=False
    )
    extra = {"adopted": wanted.model_dump()}
    agent_id = await agents.creation.create(create, wanted=command.profile, extra=extra)
    agent = agents.live.find(agent_id)
    if isinstance(agent, AdoptedAgent) and agent.refused is not None:
        await archive(agents, ArchiveAgent(agent_id=agent_id))
        raise AgentError(str(agent.refused)) from agent.refused
    return agent_id
