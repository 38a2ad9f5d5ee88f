"""Which part of an engine carries out which command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import JsonValue

from agent.errors import CommandRefused
from agent.protocol.client_lines import Command
from agent.protocol.commands.engine import (
    AskMemory,
    Configure,
    DreamNow,
    Shutdown,
    StartDemo,
    StopDemo,
)
from agent.protocol.commands.limits import SetDayLimit
from agent.protocol.commands.sessions import ExportSession, SearchSessions
from memory.errors import StorageError
from tungsten.errors import TerminalError

if TYPE_CHECKING:
    from agent.engine.engine_parts import Parts


async def carry_out(command: Command, parts: Parts) -> dict[str, JsonValue]:
    """Hand a command to the part that it is for.

    Raises:
        AgentError: it was not done; the text is one line for the person.
    """
    try:
        match command:
            case Configure():
                setup = await parts.models.configure(command)
                return {"setup": setup.model_dump(mode="json")}
            case StartDemo(pace=pace, keep=keep):
                return await parts.demo.start(pace, keep)
            case StopDemo():
                await parts.demo.stop()
                return {}
            case DreamNow():
                parts.dream.begin()
                return {}
            case AskMemory():
                from agent.memories import memory_requests

                return await memory_requests.carry_out(command, parts)
            case SearchSessions():
                from agent.sessions import session_search

                return await session_search.carry_out(command, parts.database)
            case ExportSession():
                from agent.sessions import session_export

                return await session_export.carry_out(command, parts.database)
            case SetDayLimit(limit=limit):
                from agent.usage import day_limit

                return {"file": str(await day_limit.change(parts, limit))}
            case Shutdown():
                raise CommandRefused("Only an engine process can be shut down.")
            case _:
                from agent.commands import for_agents

                return await for_agents.carry_out(command, parts.agents)
    except (TerminalError, StorageError) as error:
        raise CommandRefused(str(error)) from error
