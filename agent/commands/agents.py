"""Agents of the list: renamed, stopped, archived and resumed; how much they may do and use."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.actions import RemoveWorktree
from agent.agents.agent_directory import DirectoryUnusable
from agent.agents.agent_list import NameUnusable
from agent.agents.command_agent import CommandAgent
from agent.agents.default_mode import default_mode
from agent.agents.live_agent import LiveAgent
from agent.agents.model_agent import ModelAgent
from agent.agents.persons_actions import OWN
from agent.errors import AgentError
from agent.protocol.agents import AgentState, Mode
from agent.protocol.commands.agents import (
    ArchiveAgent,
    RenameAgent,
    ResumeAgent,
    SetBudget,
    StopAgent,
)
from agent.protocol.conversation import ToolStatus
from agent.protocol.events import AgentRemoved, Notice
from agent.sessions.session import Session
from agent.steps.steps import Step
from agent.usage.budget import stored
from agent.usage.usage_report import report

if TYPE_CHECKING:
    from agent.agents.agents import Agents


async def rename(agents: Agents, command: RenameAgent) -> None:
    """Give an agent another name."""
    agent = agents.live.get(command.agent_id)
    async with agents.creation.naming:
        name = agents.live.given_name(command.name, but=agent.id)
        if not name:
            raise NameUnusable("The name is empty: type one.")
        await agent.rename(name)


async def stop(agents: Agents, command: StopAgent) -> None:
    """End an agent's turn and panes, and its workers'; returns when the processes are gone."""
    await agents.stop_agent(agents.live.get(command.agent_id))


async def archive(agents: Agents, command: ArchiveAgent) -> None:
    """Stop an agent and take it off the list, its workers with it."""
    agent = agents.live.get(command.agent_id)
    await agents.stop_agent(agent)
    for each in (*agents.live.workers_of(agent.id), agent):
        await _remove_worktree(agents, each)
        await each.save(archived=True)
        agents.live.remove(each.id)
        agents.services.hub.publish(AgentRemoved(agent_id=each.id))
        for other in agents.services.overlaps.forget(each.id):
            if (met := agents.live.find(other)) is not None:
                met.publish()


async def _remove_worktree(agents: Agents, agent: LiveAgent) -> None:
    """Remove an archived worker's own work tree where nothing would be lost; else say so."""
    made = agent.own_worktree
    # Another agent's is kept: its session may be resumed there.
    if made is None or agent.record.parent is None or not made.path.is_dir():
        return
    step = Step(RemoveWorktree(made.path, made.branch), title=str(made.path), actor="person")
    outcome = await agent.performer.perform(step, tool_use_id=f"{OWN}{uuid.uuid4().hex[:16]}")
    if outcome.status is not ToolStatus.DONE:
        text = f"{made.path} stays, on branch {made.branch}: {outcome.text}"
        agents.services.hub.publish(Notice(level="warning", text=" ".join(text.split())))


async def resume(agents: Agents, command: ResumeAgent) -> None:
    """Bring an archived or stopped agent back, in no looser a mode than its directory has.

    Raises:
        AgentUnknown: there is no such session.
        SessionDamaged: its transcript cannot be continued.
        DirectoryUnusable: its directory is gone; nothing was changed.
    """
    agent = agents.live.find(command.agent_id)
    record = await agents.live.record(command.agent_id)
    if not await asyncio.to_thread(Path(record.directory).is_dir):
        raise DirectoryUnusable(
            f"{record.directory} does not exist any more: create it again, then resume."
        )
    if agent is None:
        await Session.open(agents.services.database, record)
        record = await agents.services.database.sessions.update(record.id, archived=False)
        agent = await agents.revive(record)
        if agent.mode is Mode.STANDARD:
            # As a job without a screen leaves it, also where the directory is not trusted.
            trusted_as = Path(record.extra.get("project") or record.directory)
            mode = await default_mode(agents.services, trusted_as, demo=agent.demo)
            await agents.set_mode(agent, mode)
    if isinstance(agent, CommandAgent):
        if agent.panes.first() is None:
            await agent.again()
    elif agent.panes.first() is None:
        await agent.panes.open()
        if agent.state is AgentState.IDLE:
            await agent.become(AgentState.IDLE, "")
    agent.publish()


async def set_budget(agents: Agents, command: SetBudget) -> dict[str, Any]:
    """Change how much an agent and its workers may use.

    Returns:
        `{"spent": str}`: why that is too little for a further request; empty when it is not.
    """
    agent = agents.live.get(command.agent_id)
    await agent.save_extra(**stored(command.budget))
    agent.publish()
    spent = ""
    if isinstance(agent, ModelAgent):
        # Without a model there is nothing yet to say of its price; the next prompt says that.
        with contextlib.suppress(AgentError):
            client = await agents.services.models.client(demo=agent.demo)
            spent = await agents.services.budgets.spent(agent.record, agent.model, client.endpoint)
    return {"spent": spent}


async def read_usage(agents: Agents) -> dict[str, Any]:
    """Add up what was used."""
    services = agents.services
    found = await report(services.database, services.budgets.limits, services.clock())
    return {"report": found.model_dump(mode="json")}
