"""Which part of an engine carries out which command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import JsonValue

from agent.errors import CommandRefused
from agent.protocol.client_lines import Command
from agent.protocol.commands.adopt import AdoptPane
from agent.protocol.commands.agents import (
    ArchiveAgent,
    CreateAgent,
    ListSessions,
    ReadDefaultMode,
    RenameAgent,
    ResumeAgent,
    SetBudget,
    SetEffort,
    SetMode,
    SetPaused,
    StopAgent,
)
from agent.protocol.commands.engine import (
    AskMemory,
    Configure,
    DreamNow,
    ReadUsage,
    Shutdown,
    StartDemo,
    StopDemo,
)
from agent.protocol.commands.explain import ExplainGate
from agent.protocol.commands.gates import AlwaysAllow, Answer, Decide, SuggestRule, TrustDirectory
from agent.protocol.commands.history import ReadSentPrompts
from agent.protocol.commands.isolation import PreviewRevert, Revert
from agent.protocol.commands.limits import SetDayLimit
from agent.protocol.commands.panes import (
    AllowPane,
    DisallowPane,
    HoldKeyboard,
    PersonTyped,
    Recordings,
    RecordPane,
    RunAsPerson,
)
from agent.protocol.commands.prompts import (
    Compact,
    Hasten,
    Interrupt,
    ReadTranscript,
    SendPrompt,
    Unqueue,
)
from agent.protocol.commands.sessions import (
    ExportSession,
    ForkSession,
    ListTurns,
    SearchSessions,
)
from agent.protocol.commands.steps import AwaitUse, ExportPlaybook, Play, UseTool
from agent.protocol.commands.transcripts import SearchTranscript
from agent.protocol.hosted import ExplainPane
from agent.sent_prompts import sent_prompts
from memory.errors import StorageError
from tungsten.errors import TerminalError

if TYPE_CHECKING:
    from agent.agents import Agents
    from agent.engine_parts import Parts


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
                from agent import memory_requests

                return await memory_requests.carry_out(command, parts)
            case SearchSessions():
                from agent import session_search

                return await session_search.carry_out(command, parts.database)
            case ExportSession():
                from agent import session_export

                return await session_export.carry_out(command, parts.database)
            case SetDayLimit(limit=limit):
                from agent import day_limit

                return {"file": str(await day_limit.change(parts, limit))}
            case Shutdown():
                raise CommandRefused("Only an engine process can be shut down.")
            case _:
                return await _by_agents(command, parts.agents)
    except (TerminalError, StorageError) as error:
        raise CommandRefused(str(error)) from error


async def _by_agents(command: Command, agents: Agents) -> dict[str, JsonValue]:
    match command:
        case CreateAgent():
            return {"agent_id": await agents.create(command)}
        case Play():
            return {"agent_id": await agents.play(command)}
        case Recordings():
            return await agents.recordings(command)
        case ExportPlaybook():
            return await agents.export_playbook(command)
        case UseTool():
            return await agents.use_tool(command)
        case AwaitUse():
            return await agents.await_use(command)
        case ListSessions():
            return await agents.list_sessions(command)
        case ListTurns():
            return await agents.list_turns(command)
        case ForkSession():
            return await agents.fork(command)
        case ReadDefaultMode():
            return await agents.read_default_mode(command)
        case ReadTranscript():
            return await agents.read_transcript(command)
        case SearchTranscript():
            return await agents.search_transcript(command)
        case ReadUsage():
            return await agents.read_usage()
        case ReadSentPrompts():
            prompts = await sent_prompts(agents.services.database)
            return {"prompts": [prompt.model_dump(mode="json") for prompt in prompts]}
        case PreviewRevert() | Revert():
            return await agents.revert(command)
        case SuggestRule():
            return await agents.suggest_rule(command)
        case ExplainGate():
            return await agents.explain_gate(command)
        case ExplainPane():
            return agents.explain_pane(command)
        case AlwaysAllow():
            return await agents.always_allow(command)
        case AdoptPane():
            return await agents.adopt_pane(command)
        case AllowPane():
            return await agents.allow_pane(command)
        case DisallowPane():
            await agents.disallow_pane(command)
        case Unqueue():
            return await agents.unqueue(command)
        case RecordPane():
            await agents.record_pane(command)
        case RenameAgent():
            await agents.rename(command)
        case StopAgent():
            await agents.stop(command)
        case ArchiveAgent():
            await agents.archive(command)
        case ResumeAgent():
            await agents.resume(command)
        case SendPrompt():
            await agents.send_prompt(command)
        case Hasten():
            await agents.hasten(command)
        case Compact():
            await agents.compact(command)
        case SetEffort():
            return await agents.set_effort(command)
        case Interrupt():
            await agents.interrupt(command)
        case RunAsPerson():
            await agents.run_as_person(command)
        case PersonTyped():
            await agents.person_typed(command)
        case HoldKeyboard():
            agents.hold_keyboard(command)
        case Decide():
            await agents.decide(command)
        case Answer():
            await agents.answer(command)
        case SetMode():
            await agents.set_mode(command)
        case SetBudget():
            return await agents.set_budget(command)
        case SetPaused():
            await agents.set_paused(command)
        case TrustDirectory():
            await agents.trust_directory(command)
        case _:
            raise CommandRefused(f"The engine does not know how to do {command.type}.")
    return {}
