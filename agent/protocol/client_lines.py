"""What a front end writes, line by line."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter

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
from agent.protocol.greeting import Hello
from agent.protocol.hosted import ExplainPane
from agent.protocol.wire import Wire

Command = Annotated[
    CreateAgent
    | Play
    | RecordPane
    | AdoptPane
    | AllowPane
    | DisallowPane
    | Recordings
    | ExportPlaybook
    | UseTool
    | AwaitUse
    | RenameAgent
    | StopAgent
    | ArchiveAgent
    | ResumeAgent
    | ListSessions
    | ListTurns
    | SearchSessions
    | ForkSession
    | ExportSession
    | SendPrompt
    | Hasten
    | Unqueue
    | Compact
    | Interrupt
    | RunAsPerson
    | PersonTyped
    | HoldKeyboard
    | Decide
    | SuggestRule
    | ExplainGate
    | ExplainPane
    | AlwaysAllow
    | Answer
    | SetMode
    | SetBudget
    | SetDayLimit
    | SetEffort
    | TrustDirectory
    | SetPaused
    | Configure
    | StartDemo
    | StopDemo
    | DreamNow
    | AskMemory
    | ReadDefaultMode
    | ReadTranscript
    | SearchTranscript
    | ReadUsage
    | ReadSentPrompts
    | PreviewRevert
    | Revert
    | Shutdown,
    Field(discriminator="type"),
]


LOOK_COMMANDS = frozenset(
    {
        "explain_pane",
        "list_sessions",
        "list_turns",
        "read_default_mode",
        "read_transcript",
        "read_usage",
        "search_sessions",
        "search_transcript",
    }
)
"""What a connection from inside an agent's pane may send."""


class CommandLine(Wire):
    """A command; `id` is chosen by the front end and comes back in its `Reply`."""

    type: Literal["command"] = "command"
    id: int
    command: Command


ClientLine = Annotated[Hello | CommandLine, Field(discriminator="type")]


CLIENT_LINE: TypeAdapter[Hello | CommandLine] = TypeAdapter(
    ClientLine, config=ConfigDict(defer_build=True)
)
