"""Sessions, archived ones among them: listed, read, searched and forked."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.agents.agent_directory import DirectoryUnusable, usable_directory
from agent.agents.agent_kinds import live_agent
from agent.agents.default_mode import default_mode
from agent.protocol.agents import Mode, SessionSummary
from agent.protocol.commands.agents import ListSessions
from agent.protocol.commands.prompts import ReadTranscript
from agent.protocol.commands.sessions import ForkSession, ListTurns
from agent.protocol.commands.transcripts import SearchTranscript
from agent.protocol.conversation import BlockKind
from agent.sessions import fork
from agent.sessions.conversation import Conversation, first_prompt
from agent.sessions.session import Session
from agent.sessions.session_turns import turns
from memory.sessions import Glance

if TYPE_CHECKING:
    from agent.agents.agents import Agents


async def list_sessions(agents: Agents, command: ListSessions) -> dict[str, Any]:
    """Give every session, archived ones among them, the last used first."""
    summaries = []
    glances = await agents.services.database.sessions.glances()
    for record in await agents.services.database.sessions.list():
        agent = agents.live.find(record.id)
        if agent is None:
            session = Session(record.id, [], [], agents.services.database)
            agent = live_agent(record, session, agents.services)
            await agent.read_usage()
        glance = glances.get(record.id, Glance())
        summaries.append(
            SessionSummary(
                **dict(agent.summary()),
                prompt=first_prompt(glance.first) or record.command,
                forked_from=record.forked_from or "",
                used_at=glance.last_at or record.created_at,
            )
        )
    summaries.sort(key=lambda summary: summary.used_at, reverse=True)
    return {"sessions": [summary.model_dump(mode="json") for summary in summaries]}


async def list_turns(agents: Agents, command: ListTurns) -> dict[str, Any]:
    """Give the turns of a session at which it can be forked, also of an archived one.

    Raises:
        AgentUnknown: there is no such session.
        NotForked: it cannot be forked at all; says why, and what can be done.
    """
    record = await agents.live.record(command.agent_id)
    fork.check(record)
    rows = await agents.services.database.sessions.rows(record.id)
    found = {"turns": [fork.told(turn).model_dump(mode="json") for turn in turns(rows)]}
    try:
        await asyncio.to_thread(usable_directory, record.directory)
    except DirectoryUnusable:
        place = await asyncio.to_thread(fork.instead, record)
        return {**found, "gone": record.directory, "instead": str(place)}
    return found


async def fork_session(agents: Agents, command: ForkSession) -> dict[str, Any]:
    """Begin a new agent with what was said in another session up to a turn.

    Raises:
        AgentUnknown: there is no such session.
        NotForked: it cannot be forked there; says why, and what can be done.
        SessionDamaged: its transcript is not what was written.
        DirectoryUnusable: its directory is gone, or the one that is given is none.
    """
    database = agents.services.database
    agent = agents.live.find(command.agent_id)
    origin = agent.record if agent is not None else await agents.live.record(command.agent_id)
    fork.check(origin)
    place = command.directory or origin.directory
    directory = await asyncio.to_thread(usable_directory, place)
    await Session.open(database, origin)
    found = turns(await database.sessions.rows(origin.id))
    turn, last = fork.place(found, command, origin.name)
    elsewhere = str(directory) if command.directory else ""
    if elsewhere:
        origin = fork.moved(origin, directory)
    if (agent is None or elsewhere) and origin.mode == Mode.STANDARD:
        trusted_as = Path(origin.extra.get("project") or origin.directory)
        origin = replace(origin, mode=await default_mode(agents.services, trusted_as))
    async with agents.creation.naming:
        record = fork.record_of(
            origin,
            uuid.uuid4().hex[:12],
            agents.live.free_name(directory, f"{origin.name}-fork"),
            last,
            agents.services.clock(),
        )
        begun = await agents.creation.begin(record)
    where = f"{'before' if command.before else 'after'} turn {turn.number} of {len(found)}"
    await database.journal.append(
        fork.FORKED, begun.id, {"from": origin.id, "turn": turn.number, "rows": last}
    )
    await begun.conversation.add(BlockKind.NOTICE, fork.told_person(origin, where, elsewhere))
    await begun.note(fork.told_agent(origin.name, elsewhere))
    begun.publish()
    prompt = "\n\n".join(turn.prompts) if command.before else ""
    return {"agent_id": begun.id, "prompt": prompt}


async def read_transcript(agents: Agents, command: ReadTranscript) -> dict[str, Any]:
    """Give blocks of a conversation, also of an archived one."""
    conversation = await _conversation(agents, command.agent_id)
    agents.services.hub.flush()
    blocks = conversation.page(command.before, command.limit)
    return {
        "blocks": [block.model_dump(mode="json") for block in blocks],
        "seq": agents.services.hub.seq,
    }


async def search_transcript(agents: Agents, command: SearchTranscript) -> dict[str, Any]:
    """Find words in all of a conversation, also of an archived one."""
    conversation = await _conversation(agents, command.agent_id)
    return {"matches": [list(match) for match in await conversation.find(command.words)]}


async def _conversation(agents: Agents, agent_id: str) -> Conversation:
    agent = agents.live.find(agent_id)
    if agent is not None:
        return agent.conversation
    record = await agents.live.record(agent_id)
    session = await Session.for_reading(agents.services.database, record)
    return Conversation(record.id, session, agents.services.hub, agents.services.clock)
