"""What a person says to an agent, and how soon it is heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.agents.model_agent import ModelAgent
from agent.protocol.commands.agents import SetEffort
from agent.protocol.commands.prompts import Compact, Hasten, Interrupt, SendPrompt, Unqueue

if TYPE_CHECKING:
    from agent.agents.agents import Agents


async def send_prompt(agents: Agents, command: SendPrompt) -> None:
    """Say something to an agent."""
    agent = agents.live.get(command.agent_id)
    if isinstance(agent, ModelAgent):
        await agent.prompt(command.text, command.when)
    else:
        await agent.prompt(command.text)


async def hasten(agents: Agents, command: Hasten) -> None:
    """Have an agent hear sooner what is queued."""
    await agents.live.of_kind(ModelAgent, command.agent_id).hasten(command.when)


async def unqueue(agents: Agents, command: Unqueue) -> dict[str, Any]:
    """Take the queued prompts back."""
    return {"texts": await agents.live.get(command.agent_id).unqueue()}


async def compact(agents: Agents, command: Compact) -> None:
    """Have a conversation go on from a summary of itself."""
    await agents.live.of_kind(ModelAgent, command.agent_id).compact()


async def set_effort(agents: Agents, command: SetEffort) -> dict[str, Any]:
    """Change the effort of an agent's next turns."""
    agent = agents.live.of_kind(ModelAgent, command.agent_id)
    return {"told": await agent.set_effort(command.level)}


async def interrupt(agents: Agents, command: Interrupt) -> None:
    """Stop what an agent is doing."""
    await agents.live.get(command.agent_id).interrupt()
