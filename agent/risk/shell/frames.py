"""Where a scan is: one frame for everything that is open, instead of recursion."""

from __future__ import annotations

from dataclasses import dataclass, field

from agent.risk.shell.syntax import RUN, Command, Group, Part, Redirect, Script, Word

MAX_FOUND = 70_000
"""Commands in one text; what judges them gives up earlier."""

LIST, DOUBLE, PARAM, ARITH, HEREDOC = range(5)


(
    AT_COMMAND,
    AT_ARGUMENT,
    AFTER_COMPOUND,
    FOR_NAME,
    FOR_IN,
    FOR_WORDS,
    CASE_WORD,
    CASE_IN,
    CASE_PATTERN,
    FUNCTION_NAME,
    CONDITION,
) = range(11)


@dataclass(slots=True)
class Frame:
    """Something that is open: a list of commands, a quote, an expansion, a here-document."""

    mode: int
    closer: str
    start: int
    parts: list[Part]
    quoted: bool = False
    end: int = 0
    saved_end: int = 0
    group: Group | None = None
    outer_group: Group | None = None
    compounds: list[Group] = field(default_factory=list)
    state: int = AT_COMMAND
    command: Command | None = None
    word_start: int = -1
    word_quoted: bool = False
    redirect: Redirect | None = None
    heredocs: list[Redirect] = field(default_factory=list)
    reading: bool = False
    stage: int = 0
    pipe: tuple[int, int] | None = None
    piped: bool = False
    joiner: str = ";"
    ready: bool = False
    need: bool = False
    function: str | None = None
    words: list[Word] = field(default_factory=list)
    name: str = ""
    operator: str = ""
    depth: int = 0
    resume: int = 0
    steps: int = 0
    base: int = 0
    redirect_body: Redirect | None = None


class Reader:
    """The state of one scan, and what every part of it needs."""

    def __init__(self, text: str, max_work: int, max_depth: int) -> None:
        self.text = text
        self.pos = 0
        self.end = len(text)
        self.script = Script(text)
        self.max_work = max_work
        self.max_depth = max_depth
        self.frames: list[Frame] = []
        self.group: Group | None = None
        self.depth = 0
        self.not_arithmetic: set[int] = set()

    def _error(self, reason: str, at: int) -> None:
        if len(self.script.errors) < 20:
            self.script.errors.append((reason, at))

    def _push(self, frame: Frame) -> None:
        self.frames.append(frame)

    def _fresh(self, f: Frame) -> None:
        """Expect a command that nothing feeds."""
        f.state = AT_COMMAND
        f.ready = False
        f.pipe = None
        f.piped = False
        f.joiner = ";"
        f.outer_group = None
        f.stage = len(self.script.commands)

    def _new_command(self, f: Frame, start: int, kind: str = "simple") -> Command:
        return Command(self.group, start, f.pipe, f.piped, f.joiner, kind, self.depth)

    def _end_command(self, f: Frame) -> None:
        command = f.command
        if command is None:
            return
        f.command = None
        f.ready = True
        f.need = False
        commands = self.script.commands
        commands.append(command)
        if len(commands) > MAX_FOUND:
            self.max_work = 0
        self.script.steps.append((RUN, command))

    def _owner(self) -> Command | None:
        """The command whose words are being read."""
        for frame in reversed(self.frames):
            if frame.mode == LIST:
                if frame.reading:
                    return None
                if frame.command is None and frame.state == AT_COMMAND and frame.closer != "array":
                    frame.command = self._new_command(frame, frame.word_start)
                if frame.command is not None:
                    return frame.command
                if frame.closer != "array":
                    return None
        return None
