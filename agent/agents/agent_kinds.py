"""Which kind of live agent a session's record is for."""

from __future__ import annotations

from agent.agents.command_agent import CommandAgent
from agent.agents.live_agent import Kind, LiveAgent, kind_of
from agent.agents.model_agent import ModelAgent
from agent.agents.services import Services
from agent.mcp.mcp_agent import McpAgent
from agent.playbook.player import PlaybookAgent
from agent.sessions.session import Session
from memory.sessions import SessionRecord

KINDS: dict[Kind, type[LiveAgent]] = {
    "model": ModelAgent,
    "command": CommandAgent,
    "playbook": PlaybookAgent,
    "mcp": McpAgent,
}


def live_agent(record: SessionRecord, session: Session, services: Services) -> LiveAgent:
    """Make the live agent of a session; nothing of it begins by that."""
    if record.kind == "command" and record.extra.get("profile"):
        if record.extra.get("adopted"):
            from agent.hosted.adopted_agent import AdoptedAgent

            return AdoptedAgent(record, session, services)
        from agent.hosted.hosted_agent import HostedAgent

        return HostedAgent(record, session, services)
    return KINDS[kind_of(record)](record, session, services)
