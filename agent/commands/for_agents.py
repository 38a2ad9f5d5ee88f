"""Which function carries out which command that concerns agents; loaded with the agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import JsonValue

from agent.commands import gates, isolation, modes, panes, prompts, sessions, steps
from agent.commands.agents import archive, read_usage, rename, resume, set_budget, stop
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
from agent.protocol.commands.engine import ReadUsage
from agent.protocol.commands.explain import ExplainGate
from agent.protocol.commands.gates import AlwaysAllow, Answer, Decide, SuggestRule, TrustDirectory
from agent.protocol.commands.history import ReadSentPrompts
from agent.protocol.commands.isolation import PreviewRevert, Revert
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
from agent.protocol.commands.sessions import ForkSession, ListTurns
from agent.protocol.commands.steps import AwaitUse, ExportPlaybook, Play, UseTool
from agent.protocol.commands.transcripts import SearchTranscript
from agent.protocol.hosted import ExplainPane
from agent.sessions.sent_prompts import sent_prompts

if TYPE_CHECKING:
    from agent.agents.agents import Agents


async def carry_out(command: Command, agents: Agents) -> dict[str, JsonValue]:
    """Carry out a command that concerns agents.

    Raises:
        AgentError, StorageError, TerminalError: it was not done; the text is one line for the
            person.
    """
    match command:
        case CreateAgent():
            return {"agent_id": await agents.creation.create(command)}
        case Play():
            return {"agent_id": await steps.play(agents, command)}
        case Recordings():
            return await panes.recordings(agents, command)
        case ExportPlaybook():
            return await steps.export_playbook(agents, command)
        case UseTool():
            return await steps.use_tool(agents, command)
        case AwaitUse():
            return await steps.await_use(agents, command)
        case ListSessions():
            return await sessions.list_sessions(agents, command)
        case ListTurns():
            return await sessions.list_turns(agents, command)
        case ForkSession():
            return await sessions.fork_session(agents, command)
        case ReadDefaultMode():
            return await modes.read_default_mode(agents, command)
        case ReadTranscript():
            return await sessions.read_transcript(agents, command)
        case SearchTranscript():
            return await sessions.search_transcript(agents, command)
        case ReadUsage():
            return await read_usage(agents)
        case ReadSentPrompts():
            sent = await sent_prompts(agents.services.database)
            return {"prompts": [prompt.model_dump(mode="json") for prompt in sent]}
        case PreviewRevert() | Revert():
            return await isolation.revert(agents, command)
        case SuggestRule():
            return await gates.suggest_rule(agents, command)
        case ExplainGate():
            return await gates.explain_gate(agents, command)
        case ExplainPane():
            return panes.explain_pane(agents, command)
        case AlwaysAllow():
            return await gates.always_allow(agents, command)
        case AdoptPane():
            return await panes.adopt_pane(agents, command)
        case AllowPane():
            return await panes.allow_pane(agents, command)
        case DisallowPane():
            await panes.disallow_pane(agents, command)
        case Unqueue():
            return await prompts.unqueue(agents, command)
        case RecordPane():
            await panes.record_pane(agents, command)
        case RenameAgent():
            await rename(agents, command)
        case StopAgent():
            await stop(agents, command)
        case ArchiveAgent():
            await archive(agents, command)
        case ResumeAgent():
            await resume(agents, command)
        case SendPrompt():
            await prompts.send_prompt(agents, command)
        case Hasten():
            await prompts.hasten(agents, command)
        case Compact():
            await prompts.compact(agents, command)
        case SetEffort():
            return await prompts.set_effort(agents, command)
        case Interrupt():
            await prompts.interrupt(agents, command)
        case RunAsPerson():
            await panes.run_as_person(agents, command)
        case PersonTyped():
            await panes.person_typed(agents, command)
        case HoldKeyboard():
            panes.hold_keyboard(agents, command)
        case Decide():
            await gates.decide(agents, command)
        case Answer():
            await gates.answer(agents, command)
        case SetMode():
            await modes.set_mode(agents, command)
        case SetBudget():
            return await set_budget(agents, command)
        case SetPaused():
            await modes.set_paused(agents, command)
        case TrustDirectory():
            await modes.trust_directory(agents, command)
        case _:
            raise CommandRefused(f"The engine does not know how to do {command.type}.")
    return {}
