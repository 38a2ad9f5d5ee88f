"""Steps that are given from outside: those of playbooks, and of programs over MCP."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.mcp.mcp_agent import McpAgent
from agent.playbook.export import MAX_EXPORTED, export
from agent.playbook.file import parse as parse_playbook
from agent.playbook.player import PlaybookAgent, record_of
from agent.protocol.commands.agents import CreateAgent
from agent.protocol.commands.steps import AwaitUse, ExportPlaybook, Play, UseTool
from agent.sessions.conversation import Conversation
from agent.sessions.session import Session

if TYPE_CHECKING:
    from agent.agents.agents import Agents


async def play(agents: Agents, command: Play) -> str:
    """Play a playbook as a session of its own and give its id.

    Raises:
        PlaybookError: it cannot be used; says in which line.
        DirectoryUnusable, NameUnusable: as for any agent.
    """
    playbook = await asyncio.to_thread(parse_playbook, command.source, command.file)
    create = CreateAgent(
        name=command.name,
        directory=command.directory,
        mode=command.mode,
        wall=command.wall,
    )
    wanted = playbook.name or Path(command.file).stem
    extra = record_of(command.source, command.file, record=command.record)
    agent_id = await agents.creation.create(create, kind="playbook", wanted=wanted, extra=extra)
    await agents.live.of_kind(PlaybookAgent, agent_id).launch()
    return agent_id


async def export_playbook(agents: Agents, command: ExportPlaybook) -> dict[str, Any]:
    """Write what a session did in its terminals as a playbook."""
    agent = agents.live.find(command.agent_id)
    record = agent.record if agent is not None else await agents.live.record(command.agent_id)
    if agent is not None:
        session = agent.session
    else:
        session = await Session.for_reading(agents.services.database, record)
    blocks = Conversation(record.id, session, agents.services.hub, agents.services.clock)
    return {"source": export(record, session, blocks.page(None, MAX_EXPORTED))}


async def use_tool(agents: Agents, command: UseTool) -> dict[str, Any]:
    """Have another program's agent use a tool."""
    return await agents.live.of_kind(McpAgent, command.agent_id).use(command)


async def await_use(agents: Agents, command: AwaitUse) -> dict[str, Any]:
    """Wait further for such a use."""
    return await agents.live.of_kind(McpAgent, command.agent_id).await_use(command)
