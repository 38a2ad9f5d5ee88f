"""What a front end and the engine say to each other: a snapshot, events and commands.

The wire is a Unix stream socket that carries one JSON object a line, UTF-8. A front end speaks
first (`Hello`), the engine answers `Welcome` (which holds a `Snapshot`, unless the front end could
be caught up from the sequence number it named) or `Refused`, and from then on the engine sends
`Event` lines and one `Reply` for each `CommandLine`. Times are seconds since the epoch.

Every model is frozen and refuses unknown fields: both ends are one version of one program, and
`Welcome.protocol` is compared before anything else is read.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

PROTOCOL = 8
"""Raised with every incompatible change of the models in this module."""

MAX_LINE_BYTES = 16 * 1024 * 1024
"""Longest line either end accepts; a longer one closes the connection."""

SHORT_ID = 6
"""Characters of an id that are shown to a person, and are enough to name a session by."""

COORDINATE = re.compile(r"/coordinate\s+(?=\S)")
"""How a prompt begins whose task an agent is to split among workers; the rest is the task."""


class Wire(BaseModel):
    """Base of everything on the wire.

    Validators are built when first used: a front end starts without those of the commands.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class AgentState(StrEnum):
    """What an agent is doing, in the words the person sees."""

    WORKING = "working"
    WAITING = "waiting"
    IDLE = "idle"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Mode(StrEnum):
    """How much runs without a person; see the table in docs/risk.md."""

    PLAN = "plan"
    CAREFUL = "careful"
    STANDARD = "standard"


class RiskLevel(StrEnum):
    """Risk of an action, decided in code by `agent.risk`."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


DecidedBy: TypeAlias = Literal["policy", "person", "nobody"]
"""Who decided: the rules, a person, or nobody, because no person was there to be asked."""


class Usage(Wire):
    """Tokens and money of some requests; the three kinds of input are disjoint.

    `cost` is in US dollars, of the requests whose price is known, and None when that is none.
    """

    requests: int = 0
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = 0.0
    unpriced: int = 0
    """Requests to models without a known price."""

    @property
    def sent(self) -> int:
        """All input tokens, whether the cache had them or not."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens

    @property
    def tokens(self) -> int:
        """All tokens, input and output."""
        return self.sent + self.output_tokens

    @property
    def cache_hit_ratio(self) -> float | None:
        """Which part of the input was read from the cache; None without any input."""
        return self.cache_read_tokens / self.sent if self.sent else None

    @property
    def price(self) -> Literal["priced", "partly priced", "unpriced"]:
        """Whether `cost` is that of all requests, of some, or of none."""
        if not self.unpriced:
            return "priced"
        return "partly priced" if self.unpriced < self.requests else "unpriced"


class Budget(Wire):
    """How much a session and its workers may use, from its beginning; None means no limit.

    It is checked before each request to a model, so the last one may go beyond it.
    """

    requests: int | None = Field(default=None, ge=0)
    tokens: int | None = Field(default=None, ge=0)
    """Of every kind: read from the cache and written to it, too."""
    dollars: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    minutes: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Of the clock, while it waits for a person as well."""


class UsageOf(Wire):
    """What one thing used: a session, an agent, a day or a model."""

    id: str
    name: str
    model: str = ""
    parent: str | None = None
    archived: bool = False
    usage: Usage
    context_tokens: int = 0
    context_window: int | None = None


class UsageReport(Wire):
    """What was used since the first session; see `agent.usage_report`."""

    today: Usage = Usage()
    total: Usage = Usage()
    day_limit: Budget = Budget()
    session_limit: Budget = Budget()
    sessions: tuple[UsageOf, ...] = ()
    """Those that work for nobody, with what their workers used; newest first."""
    agents: tuple[UsageOf, ...] = ()
    """Each by itself, workers too; newest first."""
    days: tuple[UsageOf, ...] = ()
    """Local days by date, the last first."""
    models: tuple[UsageOf, ...] = ()
    """By their ids, the most tokens first."""


class PaneSummary(Wire):
    """One tmux pane of an agent; `pane_id` is tmux's own (`%3`)."""

    pane_id: str
    title: str = ""
    width: int = 80
    height: int = 24
    dead: bool = False
    exit_status: int | None = None
    recording: bool = False
    """Whether what it prints is being recorded."""


class AllowedPane(Wire):
    """A pane of the person's own tmux server that an agent may use; `pane_id` is `own:%3`, say.

    `tmux_id` and `pid` are what that server says, `socket` is where it listens.
    """

    pane_id: str
    socket: str
    tmux_id: str
    pid: int
    program: str = ""
    directory: str = ""


class InstructionFile(Wire):
    """A project instruction file in force (AGENTS.md, CLAUDE.md); tokens are estimated."""

    path: str
    tokens: int


class AgentSummary(Wire):
    """All that a list of agents shows about one of them."""

    id: str
    name: str
    directory: str
    kind: Literal["model", "command", "playbook", "mcp"] = "model"
    """Where its steps come from: a model, one program, a playbook, another program over MCP."""
    model: str = ""
    mode: Mode = Mode.STANDARD
    state: AgentState = AgentState.IDLE
    activity: str = ""
    """One line: what it does now, or why it waits, finished or failed."""
    since: float
    """When it entered `state`."""
    created_at: float
    archived: bool = False
    paused: bool = False
    demo: bool = False
    parent: str | None = None
    panes: tuple[PaneSummary, ...] = ()
    allowed_panes: tuple[AllowedPane, ...] = ()
    """Panes of the person's own that it may use."""
    queued: tuple[str, ...] = ()
    """Prompts that wait for the running turn to end."""
    usage: Usage = Usage()
    budget: Budget = Budget()
    over_budget: bool = False
    """Whether its last turn ended because a budget was spent."""
    context_tokens: int = 0
    context_window: int | None = None
    branch: str | None = None
    instructions: tuple[InstructionFile, ...] = ()
    wall: bool = False
    """Whether its panes stand behind a wall."""
    last_block: int = 0


class SessionSummary(AgentSummary):
    """A session of any time: what a list of agents shows, and what tells it from its namesakes."""

    prompt: str = ""
    """Its first prompt in one line, shortened; empty when nothing was said."""
    used_at: float = 0.0
    """When something was last said or done in it, 0 when unknown."""


class ToolStatus(StrEnum):
    """Where a tool use stands."""

    PREPARING = "preparing"
    GATED = "gated"
    HELD = "held"
    """Decided; it waits until a person gives the keyboard of its pane back."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    DENIED = "denied"
    INTERRUPTED = "interrupted"
    UNKNOWN = "unknown"


class ToolCall(Wire):
    """A tool use as a conversation shows it."""

    tool_use_id: str
    name: str
    title: str
    """One line without the tool's name, for instance the command."""
    input_json: str = ""
    status: ToolStatus = ToolStatus.PREPARING
    risk: RiskLevel | None = None
    decision: str = ""
    """Who let it through or stopped it: `ran (LOW)`, `approved by you`, `denied by you: …`."""
    reasons: tuple[str, ...] = ()
    result: str = ""
    exit_status: int | None = None
    seconds: float | None = None
    diff: str = ""
    """Unified diff of a file change, empty otherwise."""
    pane_id: str | None = None


class BlockKind(StrEnum):
    """Kinds of conversation block."""

    USER = "user"
    ASSISTANT = "assistant"
    THINKING = "thinking"
    TOOL = "tool"
    NOTICE = "notice"
    ERROR = "error"


class Block(Wire):
    """One block of a conversation; `id` grows by one per agent and never changes."""

    id: int
    kind: BlockKind
    at: float
    text: str = ""
    streaming: bool = False
    tool: ToolCall | None = None


class Span(Wire):
    """A dangerous part of `Gate.text`, as half-open character offsets."""

    start: int
    end: int
    reason: str = ""


class Gate(Wire):
    """A decision that waits for a person."""

    id: str
    agent_id: str
    agent_name: str
    opened_at: float
    risk: RiskLevel
    action: str
    """What kind of action: `run_command`, `type_keys`, `write_file`, …"""
    text: str
    """The whole command, keys or path: exactly what will happen, never shortened."""
    spans: tuple[Span, ...] = ()
    reasons: tuple[str, ...] = ()
    effect: str = ""
    cwd: str = ""
    pane_id: str | None = None
    foreground: str = ""
    intent: str = ""
    """The agent's own words for why; data, never approval."""
    diff: str = ""
    actor: Literal["agent", "person"] = "agent"
    replaces: str = ""
    """Id of the gate whose command the person changed into this one."""
    original: str = ""
    """What the agent asked for, where the person changed it."""


class Question(Wire):
    """A question an agent asks the person."""

    id: str
    agent_id: str
    agent_name: str
    asked_at: float
    text: str
    options: tuple[str, ...] = ()


class DreamGate(Wire):
    """One of AutoDream's three gates, computed from real data."""

    name: Literal["idle", "gap", "sessions"]
    open: bool
    value: float
    needed: float
    unit: str
    text: str
    """As the sidebar shows it, for instance `19 h of 24`."""


class DreamStatus(Wire):
    """AutoDream at a glance."""

    mode: Literal["off", "recall", "manual", "auto"] = "auto"
    gates: tuple[DreamGate, ...] = ()
    phase: Literal["waiting", "ready", "orient", "gather", "consolidate", "prune"] = "waiting"
    """The last four are those of a dream that runs."""
    progress: float = 0.0
    """Which part of a running dream is done, 0 to 1."""
    why_not: str = ""
    last_dream_at: float | None = None
    last_result: str = ""
    """What the last dream did, in a few words, and when; empty when there was none."""


class Setup(Wire):
    """Whether a model can be reached, and how."""

    provider: Literal["none", "anthropic", "endpoint", "demo"] = "none"
    base_url: str = ""
    model: str = ""
    problem: str = ""
    """One line with the way out; empty when all is well."""


class DemoStatus(Wire):
    """The running demo, if any."""

    directory: str
    state: Literal["running", "paused", "done", "failed", "stopped"]
    text: str = ""


class EngineInfo(Wire):
    """Who answers."""

    version: str
    pid: int
    epoch: str
    """New with each engine process; sequence numbers are only comparable within one epoch."""
    started_at: float
    tmux_socket: str
    directory: str = ""
    environment: dict[str, str] = {}
    """Digests of the variables that chose its model; see `agent.variables`."""


class Snapshot(Wire):
    """Everything a front end shows, except conversations, as of event `seq`."""

    seq: int
    engine: EngineInfo
    setup: Setup = Setup()
    agents: tuple[AgentSummary, ...] = ()
    gates: tuple[Gate, ...] = ()
    questions: tuple[Question, ...] = ()
    dream: DreamStatus = DreamStatus()
    usage_today: Usage = Usage()
    demo: DemoStatus | None = None
    paused: bool = False


# Events: engine → front end ---------------------------------------------------------------------


class AgentChanged(Wire):
    """An agent appeared, or anything in its summary changed."""

    type: Literal["agent_changed"] = "agent_changed"
    agent: AgentSummary


class AgentRemoved(Wire):
    """An agent is gone from the list for good."""

    type: Literal["agent_removed"] = "agent_removed"
    agent_id: str


class BlockChanged(Wire):
    """A conversation block appeared, or was replaced by this fuller one."""

    type: Literal["block_changed"] = "block_changed"
    agent_id: str
    block: Block


class BlockDelta(Wire):
    """Text to append to a streaming block."""

    type: Literal["block_delta"] = "block_delta"
    agent_id: str
    block_id: int
    text: str


class GateOpened(Wire):
    """An action waits for the person."""

    type: Literal["gate_opened"] = "gate_opened"
    gate: Gate


class GateClosed(Wire):
    """A gate was decided, or is no longer needed."""

    type: Literal["gate_closed"] = "gate_closed"
    gate_id: str
    agent_id: str
    outcome: Literal["approved", "denied", "withdrawn"]
    text: str = ""


class QuestionAsked(Wire):
    """An agent asks the person something."""

    type: Literal["question_asked"] = "question_asked"
    question: Question


class QuestionClosed(Wire):
    """A question was answered or withdrawn."""

    type: Literal["question_closed"] = "question_closed"
    question_id: str
    agent_id: str


class DreamChanged(Wire):
    """AutoDream's gates or phase changed."""

    type: Literal["dream_changed"] = "dream_changed"
    dream: DreamStatus


class UsageChanged(Wire):
    """Today's totals changed."""

    type: Literal["usage_changed"] = "usage_changed"
    usage_today: Usage


class SetupChanged(Wire):
    """The model in use, or its reachability, changed."""

    type: Literal["setup_changed"] = "setup_changed"
    setup: Setup


class DemoChanged(Wire):
    """The demo started, paused or ended."""

    type: Literal["demo_changed"] = "demo_changed"
    demo: DemoStatus | None


class PausedChanged(Wire):
    """All agents were paused or let go."""

    type: Literal["paused_changed"] = "paused_changed"
    paused: bool


class ActionReported(Wire):
    """What headless output prints: one action with its risk, decision and outcome."""

    type: Literal["action_reported"] = "action_reported"
    agent_id: str
    agent_name: str
    action: str
    text: str
    risk: RiskLevel
    decision: Literal["ran", "approved", "denied", "refused"]
    by: DecidedBy
    outcome: Literal["started", "ok", "failed", "not run", "unknown"]
    reasons: tuple[str, ...] = ()
    exit_status: int | None = None
    seconds: float | None = None


class Notice(Wire):
    """One clear line for the person, not tied to a conversation."""

    type: Literal["notice"] = "notice"
    level: Literal["information", "warning", "error"]
    text: str


class EngineStopping(Wire):
    """The engine is about to close this connection."""

    type: Literal["engine_stopping"] = "engine_stopping"
    reason: str


Event = Annotated[
    AgentChanged
    | AgentRemoved
    | BlockChanged
    | BlockDelta
    | GateOpened
    | GateClosed
    | QuestionAsked
    | QuestionClosed
    | DreamChanged
    | UsageChanged
    | SetupChanged
    | DemoChanged
    | PausedChanged
    | ActionReported
    | Notice
    | EngineStopping,
    Field(discriminator="type"),
]


# Commands: front end → engine -------------------------------------------------------------------


class CreateAgent(Wire):
    """Start an agent. `command` makes it a program in a pane instead of a model.

    Result: `{"agent_id": str}`.
    """

    type: Literal["create_agent"] = "create_agent"
    name: str = ""
    directory: str
    model: str = ""
    command: str = ""
    prompt: str = ""
    mode: Mode | None = None
    """None: careful in a directory that is not trusted yet, standard otherwise."""
    kind: Literal["model", "mcp"] = "model"
    """`mcp`: no model; another program gives it its steps with `UseTool`."""
    wall: bool | None = None
    """Whether its panes stand behind a wall; None: as the settings say."""
    budget: Budget = Budget()


class Play(Wire):
    """Play a playbook as a session of its own; `source` is the YAML, `file` names it in errors.

    Result: `{"agent_id": str}`. Each step becomes a tool block whose `tool_use_id` begins with
    `step-N-`. While no person's app is connected, what needs a person is denied at once.
    """

    type: Literal["play"] = "play"
    name: str = ""
    directory: str
    source: str = Field(max_length=256 * 1024)
    file: str = "playbook"
    mode: Mode = Mode.STANDARD
    wall: bool | None = None
    """Whether its panes stand behind a wall; None: as the settings say."""
    record: bool = False
    """Whether every pane is recorded; `Recordings` gives the files."""


class RecordPane(Wire):
    """Record one of an agent's panes from now on, or no longer."""

    type: Literal["record_pane"] = "record_pane"
    agent_id: str
    pane_id: str
    on: bool


class AllowPane(Wire):
    """Let an agent use a pane of the person's own tmux server, as long as its program runs.

    Args:
        socket: where that server listens.
        tmux_id: the pane, as that server calls it.
        pid: the program that the person saw in it.

    Result: `{"pane_id": str}`, by which the agent knows it.
    """

    type: Literal["allow_pane"] = "allow_pane"
    agent_id: str
    socket: str
    tmux_id: Annotated[str, Field(pattern=r"^%\d+$")]
    pid: int


class DisallowPane(Wire):
    """Take such a pane back."""

    type: Literal["disallow_pane"] = "disallow_pane"
    agent_id: str
    pane_id: str


class Recordings(Wire):
    """End the recordings of an agent's panes.

    Result: `{"paths": [str, …]}`, all that it has, in the order of its panes, secrets masked.
    """

    type: Literal["recordings"] = "recordings"
    agent_id: str


class ExportPlaybook(Wire):
    """Write the terminal steps of a session, archived or not, as a playbook.

    Result: `{"source": str}`.
    """

    type: Literal["export_playbook"] = "export_playbook"
    agent_id: str


class UseTool(Wire):
    """Have an agent of kind `mcp` use one of its tools, through the gate.

    Result: `{"use_id", "status", "text", "risk", "decision", "exit_status", "pane_id", "picture"}`
    as soon as it has ended, at the latest after `patience` seconds: then `status` is `gated` (it
    waits for a person) or `running`, and `AwaitUse` tells more.
    """

    type: Literal["use_tool"] = "use_tool"
    agent_id: str
    name: str
    input: dict[str, JsonValue] = {}
    patience: float = Field(default=30.0, ge=0, le=3600)


class AwaitUse(Wire):
    """Wait further for a tool use; the result is that of `UseTool`."""

    type: Literal["await_use"] = "await_use"
    agent_id: str
    use_id: str
    patience: float = Field(default=30.0, ge=0, le=3600)


class RenameAgent(Wire):
    """Give an agent another name."""

    type: Literal["rename_agent"] = "rename_agent"
    agent_id: str
    name: str


class StopAgent(Wire):
    """End an agent's turn and its panes; the reply comes when its processes are gone."""

    type: Literal["stop_agent"] = "stop_agent"
    agent_id: str


class ArchiveAgent(Wire):
    """Stop an agent and take it off the list; its session stays on disk."""

    type: Literal["archive_agent"] = "archive_agent"
    agent_id: str


class ResumeAgent(Wire):
    """Bring an archived or stopped agent's session back."""

    type: Literal["resume_agent"] = "resume_agent"
    agent_id: str


class ListSessions(Wire):
    """Result: `{"sessions": [SessionSummary, …]}`, archived ones too, the last used first."""

    type: Literal["list_sessions"] = "list_sessions"


class SendPrompt(Wire):
    """Say something to an agent; queued while a turn runs. See `COORDINATE`."""

    type: Literal["send_prompt"] = "send_prompt"
    agent_id: str
    text: str


class Unqueue(Wire):
    """Take the queued prompts back. Result: `{"texts": [str, …]}`."""

    type: Literal["unqueue"] = "unqueue"
    agent_id: str


class Compact(Wire):
    """Have a conversation go on from a summary of itself: at once, or before the next request."""

    type: Literal["compact"] = "compact"
    agent_id: str


class Interrupt(Wire):
    """Stop the running turn; the transcript stays valid, and what is queued waits.

    `Unqueue` gives that back; the next `SendPrompt` takes it along.
    """

    type: Literal["interrupt"] = "interrupt"
    agent_id: str


class RunAsPerson(Wire):
    """`!command`: an action whose actor is a person; passes the gate like any other."""

    type: Literal["run_as_person"] = "run_as_person"
    agent_id: str
    command: str


class PersonTyped(Wire):
    """A person typed into a pane directly; the agent is told at its next turn."""

    type: Literal["person_typed"] = "person_typed"
    agent_id: str
    pane_id: str


class HoldKeyboard(Wire):
    """A person has the keyboard of a pane from now on, or with `on` false no longer.

    Meanwhile its agent types nothing there. The end of a connection gives back what it holds.
    """

    type: Literal["hold_keyboard"] = "hold_keyboard"
    agent_id: str
    pane_id: str
    on: bool


class Decide(Wire):
    """Answer a gate. Single use; refused when the gate is already closed."""

    type: Literal["decide"] = "decide"
    gate_id: str
    decision: Literal["approve", "deny"]
    message: str = ""
    by: Literal["person", "nobody"] = "person"
    """`nobody`: the front end denies by itself, as no person is there; it can approve nothing."""
    edited: str = ""
    """With `approve`: the command to take instead. Nothing runs yet: it is judged, and a new gate
    about it, which `replaces` this one, waits for a decision of its own."""


class SuggestRule(Wire):
    """Ask what rule would let a gate's action run without asking, and what it would have spared.

    Result: `{"rule", "why_not", "spared", "asked"}`: a rule for the project's allow list, or one
    line that says why there is none; how many of the last `asked` questions in this project it
    would have answered. With `rule`, that one is tried instead.
    """

    type: Literal["suggest_rule"] = "suggest_rule"
    gate_id: str
    rule: str = Field(default="", max_length=4_000)


class AlwaysAllow(Wire):
    """Approve a MEDIUM gate once, and keep a rule that lets such actions run in its project.

    Refused, with nothing decided, when the rule would not let this very action run.
    Result: `{"file": str}`, where the rule is kept.
    """

    type: Literal["always_allow"] = "always_allow"
    gate_id: str
    rule: str = Field(max_length=4_000)


class Answer(Wire):
    """Answer an agent's question."""

    type: Literal["answer"] = "answer"
    question_id: str
    text: str


class SetMode(Wire):
    """Change how much an agent may do without a person."""

    type: Literal["set_mode"] = "set_mode"
    agent_id: str
    mode: Mode


class SetBudget(Wire):
    """Put a budget in the place of an agent's; it counts from its next request to the model."""

    type: Literal["set_budget"] = "set_budget"
    agent_id: str
    budget: Budget


class TrustDirectory(Wire):
    """Remember that the person trusts (or no longer trusts) a directory."""

    type: Literal["trust_directory"] = "trust_directory"
    directory: str
    trusted: bool


class SetPaused(Wire):
    """Hold every agent before its next step, or let them go."""

    type: Literal["set_paused"] = "set_paused"
    paused: bool


class Configure(Wire):
    """Choose the model: a key, an endpoint, or the built-in demo model.

    The choice is checked against the endpoint before it is kept. Result: `{"setup": Setup}`.
    """

    type: Literal["configure"] = "configure"
    provider: Literal["anthropic", "endpoint", "demo"]
    api_key: str = ""
    base_url: str = ""
    model: str = ""


class StartDemo(Wire):
    """Run the demo job. `pace` 1 is meant to be watched, 0 is as fast as it goes.

    Result: `{"directory": str, "agents": [agent_id, …]}`.
    """

    type: Literal["start_demo"] = "start_demo"
    pace: float = 1.0
    keep: str = ""
    """Directory to leave the repository in; empty: temporary, removed at the end."""


class StopDemo(Wire):
    """End the demo and clean up."""

    type: Literal["stop_demo"] = "stop_demo"


class DreamNow(Wire):
    """Begin a dream, whatever the gates say. Its phases come as events, its end as a notice."""

    type: Literal["dream_now"] = "dream_now"


class AskMemory(Wire):
    """Look at memories and dreams, or change them; `request` is one of `agent.memory_protocol`.

    The result is the one that is described there.
    """

    type: Literal["ask_memory"] = "ask_memory"
    request: dict[str, JsonValue]


class ReadTranscript(Wire):
    """Result: `{"blocks": [Block, …], "seq": int}`, the last `limit` ones before `before`.

    Oldest first. They hold every event up to number `seq`: of the events of this agent, only those
    after it are still to be applied to them.
    """

    type: Literal["read_transcript"] = "read_transcript"
    agent_id: str
    before: int | None = None
    limit: int = 200


class ReadUsage(Wire):
    """Add up what was used. Result: `{"report": UsageReport}`."""

    type: Literal["read_usage"] = "read_usage"


class Shutdown(Wire):
    """Stop the engine. Sessions stay on disk; `panes` also ends the private tmux server."""

    type: Literal["shutdown"] = "shutdown"
    panes: bool = False


Command = Annotated[
    CreateAgent
    | Play
    | RecordPane
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
    | SendPrompt
    | Unqueue
    | Compact
    | Interrupt
    | RunAsPerson
    | PersonTyped
    | HoldKeyboard
    | Decide
    | SuggestRule
    | AlwaysAllow
    | Answer
    | SetMode
    | SetBudget
    | TrustDirectory
    | SetPaused
    | Configure
    | StartDemo
    | StopDemo
    | DreamNow
    | AskMemory
    | ReadTranscript
    | ReadUsage
    | Shutdown,
    Field(discriminator="type"),
]

LOOK_COMMANDS = frozenset({"list_sessions", "read_transcript", "read_usage"})
"""What a connection from inside an agent's pane may send."""


# Framing ----------------------------------------------------------------------------------------


class Hello(Wire):
    """First line of a front end."""

    type: Literal["hello"] = "hello"
    protocol: int = PROTOCOL
    version: str
    client: str = "app"
    epoch: str = ""
    resume_after: int | None = None
    """Last event seen in `epoch`; None asks for a snapshot."""


class Welcome(Wire):
    """The engine accepts; `snapshot` is None when `Hello.resume_after` could be honoured."""

    type: Literal["welcome"] = "welcome"
    protocol: int = PROTOCOL
    version: str
    epoch: str
    may_decide: bool
    snapshot: Snapshot | None = None


class Refused(Wire):
    """The engine closes the connection after this line."""

    type: Literal["refused"] = "refused"
    protocol: int = PROTOCOL
    version: str
    text: str


class EventLine(Wire):
    """An event with its sequence number: consecutive within an epoch, starting at 1."""

    type: Literal["event"] = "event"
    seq: int
    event: Event


class CommandLine(Wire):
    """A command; `id` is chosen by the front end and comes back in its `Reply`."""

    type: Literal["command"] = "command"
    id: int
    command: Command


class Reply(Wire):
    """What became of a command. `error` is one line for the person, empty on success."""

    type: Literal["reply"] = "reply"
    id: int
    error: str = ""
    result: dict[str, JsonValue] = {}


ServerLine = Annotated[Welcome | Refused | EventLine | Reply, Field(discriminator="type")]
ClientLine = Annotated[Hello | CommandLine, Field(discriminator="type")]

_DEFERRED = ConfigDict(defer_build=True)

SERVER_LINE: TypeAdapter[Welcome | Refused | EventLine | Reply] = TypeAdapter(
    ServerLine, config=_DEFERRED
)
CLIENT_LINE: TypeAdapter[Hello | CommandLine] = TypeAdapter(ClientLine, config=_DEFERRED)
