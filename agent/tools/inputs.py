"""The input of each tool, as the model must write it; unknown fields are errors."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_COMMAND = 50_000
"""Characters of a command line; what is longer belongs into a file. A line editor takes seconds for
them, and a person must read all of it at the gate."""

MAX_KEYS = 200
"""Most items of one `terminal_type`; more is better pasted as one item or written to a file."""

Pane = Annotated[
    str | None,
    Field(
        pattern=r"^(own\d*:)?%\d+$",
        description="Pane id such as %3. Default: your first pane.",
    ),
]
Why = Annotated[
    str,
    Field(max_length=300, description="One line: what you want to achieve. The person reads it."),
]


class ToolInput(BaseModel):
    """Base of all tool inputs."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TerminalOpen(ToolInput):
    """`terminal_open`."""


class TerminalRun(ToolInput):
    """`terminal_run`."""

    command: str = Field(
        min_length=1, max_length=MAX_COMMAND, description="The shell command line."
    )
    pane: Pane = None
    timeout: float = Field(
        default=120,
        gt=0,
        le=3600,
        description="Seconds to wait for its end. It goes on running after that.",
    )
    why: Why = ""


class TerminalType(ToolInput):
    """`terminal_type`."""

    pane: Pane = None
    keys: list[str] = Field(
        min_length=1,
        max_length=MAX_KEYS,
        description='Typed in order. An item that is exactly a tmux key name ("Enter", "Escape", '
        '"Up", "C-c", "M-x", "F1") presses that key; any other item is typed literally.',
    )
    why: Why = ""

    @model_validator(mode="after")
    def _short_enough(self) -> Self:
        if sum(map(len, self.keys)) > MAX_COMMAND:
            raise ValueError(f"more than {MAX_COMMAND} characters; write them to a file")
        return self


class TerminalRead(ToolInput):
    """`terminal_read`."""

    pane: Pane = None
    history: int = Field(default=0, ge=0, le=5000, description="Lines above the screen to include.")
    above: int = Field(
        default=0,
        ge=0,
        le=1_000_000_000,
        description="Only that history, the last line so many above the screen: further back.",
    )
    picture: bool = Field(default=False, description="With an image, for colours and layout.")

    @model_validator(mode="after")
    def _says_how_many(self) -> Self:
        if self.above and (self.picture or not self.history):
            raise ValueError("above needs history, the number of lines, and has no picture")
        return self


class TerminalWait(ToolInput):
    """`terminal_wait`: exactly one condition."""

    pane: Pane = None
    text: str | None = Field(
        default=None, min_length=1, description="Until this text is on the screen."
    )
    prompt: bool = Field(default=False, description="Until the shell prompt is back.")
    idle: float | None = Field(
        default=None, gt=0, le=60, description="Until the screen was quiet for so many seconds."
    )
    exit: bool = Field(default=False, description="Until the pane's program has ended.")
    timeout: float = Field(default=60, gt=0, le=3600, description="Seconds to wait at most.")

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        given = [self.text is not None, self.prompt, self.idle is not None, self.exit]
        if sum(given) != 1:
            raise ValueError("give exactly one of text, prompt, idle, exit")
        return self


class TerminalClose(ToolInput):
    """`terminal_close`."""

    pane: str = Field(pattern=r"^%\d+$", description="Pane id such as %3.")


class FileRead(ToolInput):
    """`file_read`."""

    path: str = Field(min_length=1, description="Relative to your directory, or absolute.")
    offset: int = Field(default=1, ge=1, description="First line, from 1.")
    limit: int = Field(default=1000, ge=1, le=5000, description="Number of lines.")


class FileWrite(ToolInput):
    """`file_write`."""

    path: str = Field(min_length=1, description="Relative to your directory, or absolute.")
    content: str = Field(description="The whole new content.")
    why: Why = ""


class FileEdit(ToolInput):
    """`file_edit`."""

    path: str = Field(min_length=1, description="Relative to your directory, or absolute.")
    old_text: str = Field(
        min_length=1, description="Text that is in the file exactly once, byte for byte."
    )
    new_text: str = Field(description="What takes its place.")
    why: Why = ""


class FileList(ToolInput):
    """`file_list`."""

    path: str = Field(default=".", min_length=1, description="Directory. Default: your own.")


class FileSearch(ToolInput):
    """`file_search`."""

    pattern: str = Field(min_length=1, description="Python regular expression, matched per line.")
    path: str = Field(default=".", min_length=1, description="Where. Default: your directory.")
    glob: str = Field(default="", description="Only files whose name matches, such as *.py.")


class AskPerson(ToolInput):
    """`ask_person`."""

    question: str = Field(min_length=1, max_length=2000, description="One clear question.")
    options: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        default=[], max_length=6, description="Answers to choose from, if there are few."
    )


MAX_BRIEF = 50_000
"""Characters of a worker's brief, or of a message to it; what is longer belongs into a file."""

Worker = Annotated[str, Field(min_length=1, description="Its name.")]


class WorkerStart(ToolInput):
    """`worker_start`."""

    name: str = Field(
        min_length=1, max_length=40, description="One or two words; a free one is given."
    )
    brief: str = Field(min_length=1, max_length=MAX_BRIEF, description="All that it must know.")
    risk: Literal["low", "medium", "high"] = Field(
        description="Its ceiling: the person is asked before each action above it."
    )
    directory: str = Field(default="", description="Within your project. Default: your own.")
    worktree: bool = Field(
        default=False, description="In a git work tree of its own, on the branch worker/NAME."
    )
    budget: dict[
        Literal["requests", "tokens", "dollars", "minutes"], Annotated[float, Field(gt=0)]
    ] = Field(default={}, description="Where it ends, if given.")


class WorkerMessage(ToolInput):
    """`worker_message`."""

    worker: Worker
    message: str = Field(min_length=1, max_length=MAX_BRIEF)


class WorkerWait(ToolInput):
    """`worker_wait`."""

    workers: list[Worker] = Field(default=[], max_length=64, description="Default: all of yours.")
    until: Literal["all", "any"] = "all"
    timeout: float = Field(default=3600, gt=0, le=86_400, description="Seconds to wait at most.")


class WorkerStop(ToolInput):
    """`worker_stop`."""

    worker: Worker


class WorkerReport(ToolInput):
    """`worker_report`."""

    worker: Worker


class MemorySave(ToolInput):
    """`memory_save`."""

    text: str = Field(min_length=1, max_length=1000, description="One fact, clear by itself.")
    type: Literal["user", "feedback", "project", "reference"] = "project"
    scope: Literal["user", "project"] = Field(
        default="project", description="user: holds in every project."
    )
    source: Literal["person", "tool", "inferred"] = Field(
        default="inferred", description="Who said so; person needs their words as quote."
    )
    quote: str = Field(default="", max_length=1000, description="The exact words.")
    verify: str = Field(default="", max_length=300, description="How to check it later.")
    confirms: str = Field(default="", max_length=40, description="Id of a memory this bears out.")
    contradicts: str = Field(default="", max_length=40, description="Id of one it refutes.")


class MemorySearch(ToolInput):
    """`memory_search`."""

    query: str = Field(min_length=1, max_length=1000, description="A question or words.")


INPUTS: dict[str, type[ToolInput]] = {
    "ask_person": AskPerson,
    "file_edit": FileEdit,
    "file_list": FileList,
    "file_read": FileRead,
    "file_search": FileSearch,
    "file_write": FileWrite,
    "memory_save": MemorySave,
    "memory_search": MemorySearch,
    "terminal_close": TerminalClose,
    "terminal_open": TerminalOpen,
    "terminal_read": TerminalRead,
    "terminal_run": TerminalRun,
    "terminal_type": TerminalType,
    "terminal_wait": TerminalWait,
    "worker_message": WorkerMessage,
    "worker_report": WorkerReport,
    "worker_start": WorkerStart,
    "worker_stop": WorkerStop,
    "worker_wait": WorkerWait,
}
"""Every tool by name, sorted: the order in which the model is told of them."""

READ_ONLY = frozenset(
    {
        *("file_list", "file_read", "file_search", "memory_search"),
        *("terminal_read", "worker_report", "worker_wait"),
    }
)
"""Tools whose uses within one message may run side by side."""
