"""What a front end asks of memories and dreams: the requests that `AskMemory` carries.

A module of its own, so that an app that never opens those screens does not hold it. What comes back
is described with each request, as JSON; `Remembered`, `DreamOperation` and the others read it.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter

from agent.protocol.commands.engine import AskMemory
from agent.protocol.wire import Wire

View: TypeAlias = Literal["active", "held", "gone", "all"]
"""What is listed: what is recalled, what is held back, what is recalled no more, or all of it."""

Mode: TypeAlias = Literal["off", "recall", "manual", "auto"]

SOURCES = {
    "user_stated": "you said so",
    "tool_observed": "seen in a tool's output",
    "agent_inferred": "inferred by an agent",
}
"""Where a memory comes from, in words for the person."""

MEANING: dict[Mode, str] = {
    "off": "agents recall nothing and save nothing",
    "recall": "agents recall what is known, and save nothing",
    "manual": "agents recall and save; dreams begin when you say so",
    "auto": "agents recall and save; AutoDream begins by itself",
}
"""What each mode of memory does, in the order from least to most."""

TEXT = 4_000
"""As `memory.memories.MAX_CHARACTERS`."""

WORDS = 50
"""Words that a list is narrowed by at most: SQLite takes an expression of a thousand terms."""


def _path(text: str) -> str:
    if "\0" in text:
        raise ValueError("a path has no NUL character")
    if text and not text.startswith("/"):
        raise ValueError("a path begins with /")
    return text


Number: TypeAlias = Annotated[int, Field(ge=0, le=2**62)]
Word: TypeAlias = Annotated[str, Field(max_length=TEXT)]
Directory: TypeAlias = Annotated[str, Field(max_length=TEXT), AfterValidator(_path)]


class Remembered(Wire):
    """One memory as it is; the fields are those of `memory.versions.Memory`."""

    id: str
    text: str
    type: str
    scope: str
    project: str | None = None
    source: str
    session_id: str | None = None
    message: int | None = None
    quote: str = ""
    verify: str = ""
    confidence: float
    confirmations: int = 0
    last_confirmed_at: float | None = None
    created_at: float
    valid_from: float | None = None
    valid_to: float | None = None
    status: str
    pinned: bool = False
    superseded_by: str | None = None
    drift: str = ""
    evidence: tuple[str, ...] = ()
    version: int = 0
    held: str = ""
    """Why it is quarantined, if it is."""


class PastVersion(Wire):
    """One version: who made it, when and why; `memory` is None where it was redacted."""

    version: int
    at: float
    by: str
    reason: str
    memory: Remembered | None = None


class Origin(Wire):
    """The session a memory comes from."""

    id: str
    name: str
    directory: str
    archived: bool


class Uses(Wire):
    """How often a memory was used."""

    recalled: int = 0
    cited: int = 0
    confirmed: int = 0
    contradicted: int = 0


class Known(Wire):
    """Everything about one memory."""

    memory: Remembered
    uses: Uses = Uses()
    versions: tuple[PastVersion, ...] = ()
    origin: Origin | None = None


class PastDream(Wire):
    """One dream; `accepted` counts what the person looked at and left as it is."""

    id: int
    started_at: float
    ended_at: float | None = None
    outcome: str = ""
    """Empty while it runs."""
    summary: str = ""
    asked: str = ""
    """What a model was asked and what became of it; empty when none was."""
    operations: int = 0
    undone: int = 0
    accepted: int = 0
    proposals: int = 0


class Side(Wire):
    """A memory before or after, as far as a dream changes one."""

    id: str
    text: str
    status: str
    source: str = ""
    created_at: float = 0.0
    confirmations: int = 0


class DreamPart(Wire):
    """One change of one memory; a side is None where its text was redacted."""

    memory_id: str
    before: Side | None = None
    after: Side | None = None
    other: Side | None = None


class DreamOperation(Wire):
    """One operation of a dream, or a pair that it left open (`proposal`).

    `state` is `planned`, `applied`, `accepted`, `undone` of an operation, and `open`, `accepted`,
    `declined` or `settled` (otherwise) of a pair, whose two memories are the `before` of its parts;
    `gone` is the one of them that gave way.
    """

    number: int
    kind: Literal["merge", "supersede", "flag", "quarantine"]
    proposal: bool = False
    state: str
    reason: str = ""
    drift: str = ""
    evidence: tuple[str, ...] = ()
    likeness: float = 0.0
    gone: str = ""
    parts: tuple[DreamPart, ...] = ()


class ListMemories(Wire):
    """Result: `{"rows": [Remembered, …], "total": int, "counts": {status: int}}`, newest first.

    `words` must each stand in the text, the id or the project; at most `WORDS` of them.
    """

    type: Literal["list"] = "list"
    view: View = "active"
    words: tuple[Word, ...] = Field(default=(), max_length=WORDS)
    first: Number = 0
    count: int = Field(default=100, ge=1, le=500)


class SearchMemories(Wire):
    """Active memories that fit a question, best first. Result: `{"rows": [Remembered, …]}`."""

    type: Literal["search"] = "search"
    query: str = Field(max_length=TEXT)
    count: int = Field(default=100, ge=1, le=500)


class ReadMemory(Wire):
    """Result: `Known`."""

    type: Literal["read"] = "read"
    memory_id: str


class AddMemory(Wire):
    """Remember what the person says. Result: `{"memory": Remembered}`.

    `directory` is one in the project that it is about; empty: it holds everywhere.
    """

    type: Literal["add"] = "add"
    text: str = Field(max_length=2 * TEXT)
    directory: Directory = ""


class EditMemory(Wire):
    """Put another text in the place of that of `version`, from then on the person's.

    Refused when the memory is no longer at that version. Result: `{"memory": Remembered}`.
    """

    type: Literal["edit"] = "edit"
    memory_id: str
    version: Number
    text: str = Field(max_length=2 * TEXT)


class PinMemory(Wire):
    """Pin a memory, or no longer. Result: `{"memory": Remembered}`."""

    type: Literal["pin"] = "pin"
    memory_id: str
    on: bool


class ForgetMemory(Wire):
    """Have agents told of a memory no more. Result: `{"memory": Remembered}`."""

    type: Literal["forget"] = "forget"
    memory_id: str


class BringBackMemory(Wire):
    """Have agents told of it again; with `version`, as it was then. Result as `ForgetMemory`."""

    type: Literal["bring_back"] = "bring_back"
    memory_id: str
    version: Number | None = None


class RedactMemory(Wire):
    """Remove a text for good. Result: `{"memories", "versions", "rows", "entries"}`, all counts."""

    type: Literal["redact"] = "redact"
    memory_id: str


class ExportMemories(Wire):
    """Write one Markdown file each. Result: `{"files": int, "refused": [str, …]}`."""

    type: Literal["export"] = "export"
    directory: Directory = Field(min_length=1)


class ImportMemories(Wire):
    """Take in Markdown files. Result: `{"added", "changed", "unchanged", "refused": [str, …]}`."""

    type: Literal["import"] = "import"
    directory: Directory = Field(min_length=1)


class SetMemoryMode(Wire):
    """Change `[dream] mode`, at once and in `config.toml`. Result: `{"file": str}`."""

    type: Literal["mode"] = "mode"
    mode: Mode


class ListDreams(Wire):
    """Result: `{"dreams": [PastDream, …]}`, the latest first."""

    type: Literal["dreams"] = "dreams"
    count: int = Field(default=50, ge=1, le=500)


class ReadDream(Wire):
    """What a dream did, then what it left open.

    Result: `{"operations": [DreamOperation, …], "total": int}`, from row `first` on.
    """

    type: Literal["dream"] = "dream"
    dream_id: Number
    first: Number = 0
    count: int = Field(default=100, ge=1, le=500)


class PlanDream(Wire):
    """What a dream would do now; nothing is written down. Result as `ReadDream`."""

    type: Literal["plan"] = "plan"
    count: int = Field(default=500, ge=1, le=500)


class UndoDream(Wire):
    """Take back a dream, or one operation. Result: `{"undone": int}`."""

    type: Literal["undo"] = "undo"
    dream_id: Number
    operation: Number | None = None


class AcceptOperation(Wire):
    """Note that the person wants an operation as it is."""

    type: Literal["accept"] = "accept"
    dream_id: Number
    operation: Number


class SettleProposal(Wire):
    """Have one memory of a pair stay and the other give way; `stays` empty: leave both.

    Leaving both holds for these two texts in every later dream.
    """

    type: Literal["settle"] = "settle"
    dream_id: Number
    number: Number
    stays: str = ""


class ReopenProposal(Wire):
    """Take back what was decided about a pair."""

    type: Literal["reopen"] = "reopen"
    dream_id: Number
    number: Number


Request = Annotated[
    ListMemories
    | SearchMemories
    | ReadMemory
    | AddMemory
    | EditMemory
    | PinMemory
    | ForgetMemory
    | BringBackMemory
    | RedactMemory
    | ExportMemories
    | ImportMemories
    | SetMemoryMode
    | ListDreams
    | ReadDream
    | PlanDream
    | UndoDream
    | AcceptOperation
    | SettleProposal
    | ReopenProposal,
    Field(discriminator="type"),
]

REQUEST: TypeAdapter[Request] = TypeAdapter(Request, config=ConfigDict(defer_build=True))


def asking(request: Request) -> AskMemory:
    """A request as the command that carries it."""
    return AskMemory(request=request.model_dump(mode="json"))
