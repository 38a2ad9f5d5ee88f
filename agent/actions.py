"""What an agent can do to the world: the actions that the gate judges and that nothing goes around.

An action is a plain description. It is judged (`agent.risk`), decided (`agent.gates.gate`) and
carried out (`agent.steps.perform`), always in that order and always the same object. `digest` binds
a decision to the exact bytes that were judged.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from memory.versions import MemoryType, Scope, Source

Actor = Literal["agent", "person"]


@dataclass(frozen=True, slots=True)
class Action:
    """Base of all actions; `kind` is the word used in the journal and on the wire."""

    kind: ClassVar[str] = "action"

    @property
    def text(self) -> str:
        """What happens, whole, as the person reads it."""
        raise NotImplementedError

    def digest(self) -> str:
        """SHA-256 over the kind and every field, hex."""
        payload = json.dumps([self.kind, asdict(self)], ensure_ascii=False, default=str)
        return hashlib.sha256(payload.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class RunCommand(Action):
    """Run a shell command line in a pane that shows a shell prompt."""

    kind: ClassVar[str] = "run_command"
    command: str
    pane_id: str

    @property
    def text(self) -> str:
        """The command line."""
        return self.command


@dataclass(frozen=True, slots=True)
class TypeKeys(Action):
    """Send keys to a pane. An item is literal text unless it is exactly a tmux key name."""

    kind: ClassVar[str] = "type_keys"
    keys: tuple[str, ...]
    pane_id: str

    @property
    def text(self) -> str:
        """The keys, one item after the other."""
        return " ".join(self.keys)


@dataclass(frozen=True, slots=True)
class OpenPane(Action):
    """Open one more pane for an agent, with a shell in `cwd`."""

    kind: ClassVar[str] = "open_pane"
    cwd: Path

    @property
    def text(self) -> str:
        """The directory."""
        return str(self.cwd)


@dataclass(frozen=True, slots=True)
class ClosePane(Action):
    """Close one of the agent's own panes and end what runs in it."""

    kind: ClassVar[str] = "close_pane"
    pane_id: str

    @property
    def text(self) -> str:
        """The pane."""
        return self.pane_id


@dataclass(frozen=True, slots=True)
class ReadScreen(Action):
    """Look at one of the agent's own panes, or wait for something to appear on it."""

    kind: ClassVar[str] = "read_screen"
    pane_id: str

    @property
    def text(self) -> str:
        """The pane."""
        return self.pane_id


@dataclass(frozen=True, slots=True)
class ReadFile(Action):
    """Read a file, list a directory or search below it; `path` is absolute and resolved."""

    kind: ClassVar[str] = "read_file"
    path: Path

    @property
    def text(self) -> str:
        """The path."""
        return str(self.path)


@dataclass(frozen=True, slots=True)
class WriteFile(Action):
    """Create or replace a file with `content`, if its bytes still have digest `before`.

    `before` is the SHA-256 (hex) of the file as judged, or empty when there was none.
    """

    kind: ClassVar[str] = "write_file"
    path: Path
    content: str
    before: str = ""
    diff: str = ""

    @property
    def text(self) -> str:
        """The path."""
        return str(self.path)


@dataclass(frozen=True, slots=True)
class StartWorker(Action):
    """Start a worker: another agent that works on `brief` in `directory`.

    Attributes:
        worker_id: the id that its session gets, so that one start makes one worker at most.
        ceiling: LOW, MEDIUM or HIGH; what it does above that goes to the person.
        worktree: top of the git work tree that is made for it first, on the new `branch`; None
            where it works in a directory that is there.
        budget: its limits as JSON, empty without.
    """

    kind: ClassVar[str] = "start_worker"
    worker_id: str
    name: str
    brief: str
    ceiling: str
    directory: Path
    worktree: Path | None = None
    branch: str = ""
    budget: str = ""

    @property
    def text(self) -> str:
        """What it may do and where, then its brief, whole."""
        lines = [f"{self.name}: up to {self.ceiling}, in {self.directory}"]
        if self.worktree is not None:
            lines.append(f"makes the git work tree {self.worktree} on the new branch {self.branch}")
        if self.budget:
            lines.append(f"budget {self.budget}")
        return "\n".join([*lines, "", self.brief])


@dataclass(frozen=True, slots=True)
class MessageWorker(Action):
    """Tell one of the agent's own workers something; it goes on with it."""

    kind: ClassVar[str] = "message_worker"
    worker_id: str
    name: str
    message: str

    @property
    def text(self) -> str:
        """To whom, and all of it."""
        return f"to {self.name}:\n{self.message}"


@dataclass(frozen=True, slots=True)
class StopWorker(Action):
    """End one of the agent's own workers and what runs in its panes."""

    kind: ClassVar[str] = "stop_worker"
    worker_id: str
    name: str

    @property
    def text(self) -> str:
        """Its name."""
        return self.name


@dataclass(frozen=True, slots=True)
class RemoveWorktree(Action):
    """Remove a worker's own git work tree, and its branch, if nothing there would be lost."""

    kind: ClassVar[str] = "remove_worktree"
    path: Path
    branch: str

    @property
    def text(self) -> str:
        """The directory."""
        return str(self.path)


@dataclass(frozen=True, slots=True)
class Remember(Action):
    """Save a memory for later sessions; `project` is None where it is about the person."""

    kind: ClassVar[str] = "remember"
    fact: str
    type: MemoryType
    scope: Scope
    project: Path | None
    source: Source
    quote: str = ""
    verify: str = ""
    confirms: str = ""
    """Id of a memory that was found to hold."""
    contradicts: str = ""
    """Id of a memory that was found not to hold."""

    @property
    def text(self) -> str:
        """What is remembered."""
        return self.fact


@dataclass(frozen=True, slots=True)
class SearchMemory(Action):
    """Look up what was remembered about a project and the person."""

    kind: ClassVar[str] = "search_memory"
    query: str
    project: Path

    @property
    def text(self) -> str:
        """What is looked for."""
        return self.query


@dataclass(frozen=True, slots=True)
class PatchFiles(Action):
    """Change several files at once, as a patch says; paths are absolute.

    `paths` are made or changed, `removed` deleted; `patch` is what was given, as it was.
    """

    kind: ClassVar[str] = "patch_files"
    paths: tuple[str, ...]
    removed: tuple[str, ...]
    patch: str

    @property
    def text(self) -> str:
        """One line for each file."""
        return "\n".join(
            [*(f"change {path}" for path in self.paths), *(f"delete {p}" for p in self.removed)]
        )


@dataclass(frozen=True, slots=True)
class FetchUrl(Action):
    """Read a page of the web."""

    kind: ClassVar[str] = "fetch_url"
    url: str

    @property
    def text(self) -> str:
        """The address."""
        return self.url


@dataclass(frozen=True, slots=True)
class SearchWeb(Action):
    """Ask a search engine of the web."""

    kind: ClassVar[str] = "search_web"
    query: str

    @property
    def text(self) -> str:
        """What is looked for."""
        return self.query


@dataclass(frozen=True, slots=True)
class CallTool(Action):
    """Use a tool of another program whose effect no rule knows; `input` is what it is given."""

    kind: ClassVar[str] = "call_tool"
    tool: str
    input: str

    @property
    def text(self) -> str:
        """The tool, and all that it is given."""
        return f"{self.tool} {self.input}".strip()


@dataclass(frozen=True, slots=True)
class AllowDialog(Action):
    """Let a hosted agent do what its dialog asks about, which the screen does not tell for sure.

    Where the dialog tells the command exactly, the action is that command.
    """

    kind: ClassVar[str] = "allow_dialog"
    shown: str
    doubt: str

    @property
    def text(self) -> str:
        """The dialog as it stands on the screen, whole."""
        return self.shown


@dataclass(frozen=True, slots=True)
class AnswerDialog(Action):
    """Give a hosted agent's dialog an answer that lets nothing happen: no, or the person's own."""

    kind: ClassVar[str] = "answer_dialog"
    answer: str
    denies: bool
    shown: str

    @property
    def text(self) -> str:
        """The answer, as the dialog calls it."""
        return self.answer


KINDS: dict[str, type[Action]] = {
    kind.kind: kind
    for kind in (
        *(RunCommand, TypeKeys, OpenPane, ClosePane, ReadScreen, ReadFile, WriteFile),
        *(StartWorker, MessageWorker, StopWorker, RemoveWorktree),
        *(Remember, SearchMemory),
        *(PatchFiles, FetchUrl, SearchWeb, CallTool),
        *(AllowDialog, AnswerDialog),
    )
}
"""Every kind of action by its word."""


def written(action: Action) -> dict[str, Any]:
    """Write an action as a JSON object, so that it can be read back."""
    fields = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in asdict(action).items()
    }
    return {"kind": action.kind, **fields}


def read(value: Mapping[str, Any]) -> Action:
    """Read back what `written` wrote: the same action with the same digest.

    Raises:
        ValueError: it is no action of this version.
    """
    fields = dict(value)
    kind = KINDS.get(str(fields.pop("kind", "")))
    if kind is None:
        raise ValueError(f"there is no action {value.get('kind')!r}")
    for name in ("path", "cwd", "directory", "worktree", "project"):
        if fields.get(name) is not None:
            fields[name] = Path(fields[name])
    for name in ("keys", "paths", "removed"):
        if name in fields:
            fields[name] = tuple(fields[name])
    try:
        return kind(**fields)
    except TypeError as error:
        raise ValueError(str(error)) from error
