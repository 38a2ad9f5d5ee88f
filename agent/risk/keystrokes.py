# ruff: noqa: E501, RUF001, SIM102 - tables and patterns read better unbroken
"""Judges keys for the program that will read them, at the key that makes it act.

Danger can be assembled: `rm -rf `, then `/`, then Enter. So each program has a model of what
stands on its line and of when it acts; the first key that would make something HIGH happen is
withheld (`hold_at`), with everything after it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from agent.risk import python_code, sql
from agent.risk.arguments import wordlist
from agent.risk.assessment import Assessment, Context, KeysAssessment, Paste, Risk
from agent.risk.commands.editors import vim_command
from agent.risk.commands.script_code import code
from agent.risk.evaluate import UNKNOWN, Call, Evaluator, State, deception, evaluate
from agent.risk.keys import Stroke, strokes
from agent.risk.line_editor import Line, expand_history
from agent.risk.scanner import scan

_FINE = Assessment(Risk.LOW)
_UNKNOWN_LINE = Assessment(
    Risk.HIGH,
    ("what stands on the line cannot be known from the keys",),
    "runs a line that cannot be known",
)

_SHELLS = frozenset(wordlist("bash sh zsh dash ksh fish shell ash mksh rbash"))
_PYTHONS = frozenset(
    wordlist("python python3 ipython pypy pypy3 ptpython bpython python2 ipython3")
)
_SQL = {
    "psql": "psql", "pgcli": "psql", "mysql": "mysql", "mariadb": "mysql", "mycli": "mysql",
    "sqlite3": "sqlite", "sqlite": "sqlite", "litecli": "sqlite", "duckdb": "sqlite", "cqlsh": "cql",
    "mongosh": "mongo", "mongo": "mongo",
}  # fmt: skip
_CODE = {
    "node": "node", "irb": "ruby", "pry": "ruby", "ruby": "ruby", "php": "php", "lua": "lua", "R": "R", "deno": "node",
    "bun": "node", "julia": "julia", "ghci": "haskell", "iex": "elixir", "scala": "scala", "ts-node": "node", "tsx": "node",
}  # fmt: skip
_EDITORS = frozenset(["vim", "vi", "nvim", "view", "ex", "vimdiff", "editor", "gvim"])
_PAGERS = frozenset(["less", "man", "more", "most", "pager", "git-log"])
_PASSWORDS = frozenset(wordlist("sudo-prompt password sudo su passwd ssh-password"))


def assess_keys(keys: Sequence[str | Paste], context: Context) -> KeysAssessment:
    """Judge keys sent to `context.foreground`. Never raises.

    Args:
        keys: an item is literal text unless it is exactly one of tmux's key names; CR and LF
            inside literal text submit; a `Paste` is a bracketed paste.
        context: `line` says what already stands on the line; None has it read off the screen.
    """
    try:
        return _assess(keys, context)
    except Exception as error:  # noqa: BLE001 - a fault of the judge must not let anything through
        reason = f"could not be analysed ({type(error).__name__})"
        return KeysAssessment(Risk.HIGH, (reason,), "cannot be known", hold_at=0)


def _assess(keys: Sequence[str | Paste], context: Context) -> KeysAssessment:
    worst = _FINE
    models: list[Model] = [model_for(context.foreground, context)]
    for stroke in strokes(keys):
        model = models[-1]
        answer = model.feed(stroke)
        if answer is not None:
            if answer.risk > worst.risk or answer.denied_by or (
                answer.asked_by and not worst.asked_by
            ):  # fmt: skip
                worst = answer
            if answer.risk is Risk.HIGH or answer.denied_by:
                return _held(answer, stroke.index)
        if model.opens:
            opened, model.opens = model.opens, ""
            models.append(model_for(opened, replace(context, screen="", line="", echo=True)))
        elif model.closed:
            if len(models) > 1:
                models.pop()
            else:
                models[-1] = Shell(replace(context, screen="", line=""))
    return KeysAssessment(
        worst.risk, worst.reasons, worst.effect, (), worst.denied_by, worst.asked_by, worst.allowed,
        worst.reads,
    )  # fmt: skip


def _held(answer: Assessment, index: int) -> KeysAssessment:
    return KeysAssessment(
        answer.risk, answer.reasons, answer.effect, (), answer.denied_by, answer.asked_by,
        answer.allowed, answer.reads, hold_at=index,
    )  # fmt: skip


class Model:
    """What a program does with keys. `opens` and `closed` tell that another one reads the next."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.opens = ""
        self.closed = False

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Take one event; an assessment when it makes the program act."""
        raise NotImplementedError


def model_for(foreground: str, context: Context) -> Model:
    """The model of a program by its name (or by the word for its kind)."""
    name = foreground.rpartition("/")[2].lstrip("-")
    bare = re.sub(r"(?<=[a-z])[\d.]+$", "", name)
    if not context.echo or name in _PASSWORDS:
        return Password(context)
    if name in _SHELLS or bare in _SHELLS:
        return Shell(context)
    if name in _PYTHONS or bare in _PYTHONS:
        return PythonPrompt(context)
    if name in _SQL:
        return SqlPrompt(context, _SQL[name])
    if name in _CODE:
        return CodePrompt(context, _CODE[name])
    if name in _EDITORS:
        return Vim(context)
    if name in ("nano", "pico"):
        return Nano(context)
    if name in _PAGERS:
        return Pager(context)
    if name in ("ssh", "mosh", "telnet"):
        return Remote(context)
    if name in ("confirm",):
        return Confirm(context)
    return Other(context, name)


def _screen_line(context: Context, prompt: str, more: str) -> tuple[str | None, str]:
    """The line and the earlier lines of an unfinished input, off the screen.

    Returns None as the line when the screen shows no prompt.
    """
    if context.line is not None:
        return context.line, ""
    rows = context.screen.rstrip().splitlines()
    if not rows:
        return "", ""
    pending: list[str] = []
    first = True
    line: str | None = None
    for row in reversed(rows[-40:]):
        match = re.match(prompt, row)
        if match:
            text = row[match.end() :]
            if first:
                return text, ""
            pending.append(text)
            return line, "\n".join(reversed(pending)) + "\n"
        match = re.match(more, row)
        if not match:
            return (None, "") if first else (line, "\n".join(reversed(pending)) + "\n")
        text = row[match.end() :]
        if first:
            line = text
            first = False
        else:
            pending.append(text)
    return line, ""


class Prompt(Model):
    """A program with a line editor."""

    prompt = r"^.*?[$#%>❯➜] ?"
    more = r"^> "

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        line, pending = _screen_line(context, self.prompt, self.more)
        self.line = Line(history=list(context.history))
        self.pending = pending
        if line is None:
            self.line.known = False
        else:
            self.line.before = line
        self.escape = False

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Edit the line; judge it at the key that submits it."""
        line = self.line
        if self.escape:
            self.escape = False
            if stroke.kind == "text":
                line.key("M-" + stroke.text[0])
                if len(stroke.text) > 1:
                    line.insert(stroke.text[1:])
                return None
            if stroke.kind == "key":
                if stroke.text == "Enter":
                    return self.enter()
                line.key("M-" + stroke.text)
                return None
        if stroke.kind in ("text", "paste"):
            line.insert(stroke.text)
            return None
        name = stroke.text
        if name == "Escape":
            self.escape = True
            return None
        if name == "C-x" and not line.prefix:
            line.prefix = "C-x"
            return None
        if line.prefix == "C-x" and name == "C-e":
            line.clear()
            return Assessment(
                Risk.HIGH, ("opens an editor whose text is run when it closes",), "runs edited text"
            )
        if name in ("Enter", "C-o"):
            return self.enter()
        if name == "C-c":
            line.clear()
            self.pending = ""
            return None
        if name == "C-d" and line.known and not line.text:
            return self.end()
        if name == "C-z":
            return self.suspend()
        line.key(name)
        return None

    def suspend(self) -> Assessment | None:
        """C-z: the shell may be next."""
        self.closed = True
        return None

    def end(self) -> Assessment | None:
        """C-d on an empty line ends the program."""
        self.closed = True
        return Assessment(Risk.MEDIUM, ("ends the program",), "ends the program")

    def enter(self) -> Assessment | None:
        """The line is submitted."""
        line = self.line
        if not line.known:
            line.clear()
            return _UNKNOWN_LINE
        text = line.text
        answer = self.submit(text)
        if text.strip():
            line.history.append(text)
        line.clear()
        return answer

    def submit(self, text: str) -> Assessment | None:
        """Judge a submitted line."""
        raise NotImplementedError


_INCOMPLETE = re.compile(
    r"not closed|has no body|is missing at the end|stands at the end|is not complete"
)
_INTERACTIVE = frozenset(
    wordlist("""python python3 ipython psql mysql sqlite3 mariadb pgcli mycli litecli node irb vim vi nvim view nano less man more ssh mosh
    mongosh mongo cqlsh lua php R julia ghci top htop""")
)


class Shell(Prompt):
    """A shell prompt: the line is shell text, earlier lines leave variables, aliases and `cd`."""

    prompt = r"^[^\n]*?[$#%❯➜](?: |$)"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.state: State | None = None
        self.files: dict[str, str | None] = {}
        if context.history:
            self._remember(context.history)

    def _remember(self, history: Sequence[str]) -> None:
        """Earlier lines may have set variables, aliases and functions; the directory is known."""
        evaluator = Evaluator(self.context)
        evaluator.remember(history)
        self.state = evaluator.state
        self.files = evaluator.files

    def suspend(self) -> Assessment | None:
        """C-z does nothing at a prompt."""
        return None

    def end(self) -> Assessment | None:
        """C-d ends the shell."""
        self.closed = True
        return Assessment(Risk.MEDIUM, ("ends the shell",), "ends the shell")

    def submit(self, text: str) -> Assessment | None:
        """Judge the line, together with the lines it continues."""
        if not self.pending and not text.strip():
            return None
        expanded = expand_history(text, self.line.history)
        if expanded is None:
            self.pending = ""
            return _UNKNOWN_LINE
        if expanded != text:
            self.line.before, self.line.after = expanded, ""
        whole = self.pending + expanded
        evaluator = Evaluator(self.context)
        if self.state is not None:
            evaluator.state = self.state.copy()
            evaluator.expander.variables = evaluator.state.variables
        evaluator.files.update(self.files)
        odd = deception(whole)
        if odd is not None:
            return Assessment(Risk.HIGH, (odd[0],), "runs deceptive text")
        script = scan(whole)
        if script.errors and all(_INCOMPLETE.search(reason) for reason, _ in script.errors):
            # Nothing runs yet; what is already dangerous need not wait for the rest.
            evaluator.tolerant = True
            evaluator.run(whole)
            self.pending = whole + "\n"
            answer = evaluator.assessment()
            return answer if answer.risk is Risk.HIGH else None
        self.pending = ""
        evaluator.run(whole)
        self.state = evaluator.state
        self.files = evaluator.files
        if script.commands and script.commands[-1].words:
            words = [w.text or "" for w in script.commands[-1].words]
            program = words[0].rpartition("/")[2]
            inline = any(w in ("-c", "-e", "-m", "--version", "--help") for w in words[1:3])
            if program in _INTERACTIVE and not inline and not script.commands[-1].redirects:
                if not (program.startswith(("python", "node", "php")) and len(words) > 1):
                    self.opens = program
            elif program in ("exit", "logout") and len(script.commands) == 1:
                self.closed = True
        return evaluator.assessment()


class Remote(Shell):
    """A shell on another machine; `~` at the start of a line talks to ssh itself."""

    def __init__(self, context: Context) -> None:
        super().__init__(replace(context, project=None, cwd=context.home))
        self.fresh = True

    def feed(self, stroke: Stroke) -> Assessment | None:
        """As a shell, with ssh's own escapes."""
        if stroke.kind == "text":
            text = self.line.text + stroke.text
            if re.match(r"^~[CR&#B]", text):
                return Assessment(
                    Risk.HIGH, ("gives ssh itself a command",), "opens ways through the connection"
                )
            if text.startswith("~."):
                self.closed = True
                return None
        return super().feed(stroke)


class PythonPrompt(Prompt):
    """Python's prompt: lines make statements; names live on from one to the next."""

    prompt = r"^(?:>>> ?|In \[\d+\]: ?)"
    more = r"^(?:\.\.\. ?|\s+\.\.\.: ?)"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.source = "\n".join(context.history)

    def submit(self, text: str) -> Assessment | None:
        """Judge a statement when its last line is there."""
        stripped = text.strip()
        if not self.pending:
            if not stripped:
                return None
            if re.fullmatch(r"(?:exit|quit)(?:\(\s*\d*\s*\))?|raise SystemExit", stripped):
                self.closed = True
                return None
            if stripped.startswith(("!", "%", "?")):
                return self._magic(stripped)
        whole = self.pending + text + "\n"
        if not _finished(whole, text, blank=not stripped):
            self.pending = whole
            return None
        self.pending = ""
        answer = self._judge(whole)
        if python_code.parsed(whole) is not None:
            self.source += "\n" + whole
        return answer

    def _magic(self, text: str) -> Assessment:
        if text.startswith(("!", "%sx ", "%system ")):
            return evaluate(
                text.lstrip("!").removeprefix("%sx ").removeprefix("%system "), self.context
            ).assessment()
        if re.match(
            r"%(?:time|timeit|matplotlib|pwd|ls|who|whos|history|config|precision|reset_selective)\b|\?",
            text,
        ):
            return Assessment(Risk.MEDIUM, ("runs a helper of the prompt",))
        return Assessment(Risk.HIGH, ("runs something that cannot be known",))

    def _judge(self, statement: str) -> Assessment:
        evaluator, call = _call(self.context, "python")
        if python_code.parsed(statement) is None:
            python_code.judge(call, statement)
            return evaluator.assessment()
        reader = python_code.Reader(call)
        reader.learn(self.source)
        reader.judge(statement)
        return evaluator.assessment()


def _finished(whole: str, last: str, *, blank: bool) -> bool:
    """A prompt would run `whole` now: complete, and a block ended by an empty line."""
    import codeop
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            complete = codeop.compile_command(whole.rstrip("\n"), "<prompt>", "single")
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        return True
    if complete is None:
        return False
    opened = whole.strip().partition("\n")[0].rstrip()
    if opened.endswith(":") or opened.startswith("@"):
        return blank or not last[:1].isspace()
    return True


def _call(context: Context, program: str) -> tuple[Evaluator, Call]:
    evaluator = Evaluator(context)
    evaluator.commands = 1
    evaluator.allowed = False
    return evaluator, Call(evaluator, [program], None, None, (0, 0), 0, strict=True)


class CodePrompt(Prompt):
    """Another language's prompt: each line is judged by what it calls."""

    prompt = r"^(?:> ?|irb\([^)]*\)[^>]*> ?|php > ?|[\w.-]+> ?)"
    more = r"^(?:\.\.\.+ ?|irb\([^)]*\)[^*]*\* ?)"

    def __init__(self, context: Context, language: str) -> None:
        super().__init__(context)
        self.language = language

    def submit(self, text: str) -> Assessment | None:
        """Judge a line with those before it, as a call may span lines."""
        stripped = text.strip()
        if not stripped:
            return None
        if re.fullmatch(r"\.exit|exit(?:\(\))?|quit(?:\(\))?|q\(\)|process\.exit\(\d*\)", stripped):
            self.closed = True
            return None
        if re.match(r"^\.(?:editor|load|save)\b", stripped) and self.language == "node":
            evaluator, call = _call(self.context, self.language)
            call.writes(stripped.split()[-1]) if stripped.startswith(".save") else call.high(
                "runs a file"
            ) if stripped.startswith(".load") else call.low()
            return evaluator.assessment()
        self.pending = (self.pending + text + "\n")[-4_000:]
        evaluator, call = _call(self.context, self.language)
        code(call, self.pending, self.language)
        return evaluator.assessment()


class SqlPrompt(Prompt):
    """A database prompt: statements end with `;`, client commands with their line."""

    prompt = r"^(?:[\w.-]*[=]?[>#] ?|sqlite> ?|(?:mysql|MariaDB)[^>]*> ?|[\w.@:-]+> ?)"
    more = r"^(?:\s*(?:->|'>|\">|`>) ?|\s*\.\.\.> ?|[\w.-]*[-'\"(*$][>#] ?)"

    def __init__(self, context: Context, dialect: str) -> None:
        super().__init__(context)
        self.dialect = dialect

    def submit(self, text: str) -> Assessment | None:
        """Judge every statement that this line completes."""
        evaluator, call = _call(self.context, self.dialect)
        stripped = text.strip()
        if self.dialect == "mongo":
            sql.judge(call, stripped, "mongo")
            return evaluator.assessment()
        if re.fullmatch(r"(?:\\q|exit|quit|\.quit|\.exit)\s*;?", stripped):
            self.closed = True
            return None
        if stripped.startswith(("\\", ".")) or re.search(r"\\[!goGwei]", stripped):
            problem = sql.statement_risk(text, self.dialect)
            if not problem and re.search(r"\\gexec", stripped):
                problem = "runs what a query answers"
            if not problem and self.dialect == "sqlite":
                match = re.match(
                    r"^\.(?:output|once|backup|save|dump|excel|clone|open)\s+(\S+)", stripped
                )
                if match and not match[1].startswith("-"):
                    call.writes(match[1])
            if not problem:
                match = re.match(r"^\\(?:o|g|copy\b.*?\bto|w)\s+'?([^\s'|]+)", stripped, re.I)
                if match:
                    call.writes(match[1])
            if problem:
                call.high(problem, f"database: {problem}")
        whole = self.pending + text + "\n"
        finished = whole
        if not re.search(r"\\[gG]\w*\s*$|^\s*(?:go|/)\s*$", stripped, re.I):
            cut = sql.last_statement_end(whole)
            finished, self.pending = whole[:cut], whole[cut:]
            if stripped.startswith(("\\", ".")) and not self.pending.strip().partition("\n")[2]:
                self.pending = ""
        else:
            self.pending = ""
        if finished.strip():
            sql.judge(call, finished, self.dialect)
        return evaluator.assessment()


class Password(Model):
    """A prompt without echo: a person types there, nobody else."""

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Any input is HIGH; giving up is not."""
        if stroke.kind == "key" and stroke.text in ("C-c", "C-d", "C-z"):
            self.closed = True
            return None
        return Assessment(
            Risk.HIGH,
            ("types into a password prompt",),
            "answers a password prompt; type it yourself",
        )


_DANGEROUS_QUESTION = re.compile(
    r"delet|remov|destroy|overwrit|drop|format|eras|purg|forc|push|publish|permanent|\blos[es]|discard|reset|uninstall|trust|authentic"
    r"|fingerprint|sudo|root|irrevers|undone|undo|deploy|wipe|truncat|terminat|kill|allow|grant|replac|are you (?:absolutely )?sure|apply|prod"
    r"|reboot|shut ?down|revoke|upgrade the following|disk|partition|data|charge|pay|merge|execute|run this|download|cannot be|clobber|prune|unlink|migrat|production|send|upload|transfer",
    re.I,
)
_HARMLESS_QUESTION = re.compile(
    r"save (?:modified|changes|your)|is this ok|ok to proceed|need to install the following packages|use (?:typescript|eslint|tailwind|git)|would you like to"
    r"|display all \d+|continue\?|proceed\?|initiali[sz]e|package name|show|view|open|recommended|retry|try again|another|help|keep|telemetry|quit|exit|create|generate|already running",
    re.I,
)


class Confirm(Model):
    """A question: a yes has the risk of what it confirms."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.typed = ""

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Anything that may be a yes is judged by the question."""
        if stroke.kind == "key":
            if stroke.text in ("C-c", "C-d", "Escape", "C-z"):
                self.closed = True
                return None
            if stroke.text in ("BSpace", "C-u", "C-w"):
                self.typed = self.typed[:-1] if stroke.text == "BSpace" else ""
                return None
            if stroke.text == "Enter":
                answer = self._answer(self.typed)
                self.typed = ""
                self.closed = True
                return answer
            return self._yes()
        self.typed += stroke.text
        if re.match(r"(?i)^\s*(?:n|no|q|quit|c|cancel|abort)?\s*$", self.typed):
            return None
        return self._yes()

    def _answer(self, typed: str) -> Assessment | None:
        if re.fullmatch(r"(?i)\s*(?:n|no|q|quit|c|cancel|abort)\s*", typed):
            return None
        if not typed.strip():
            tail = self._question()
            if re.search(r"[\[(](?:y(?:es)?/N(?:o)?|y/n/?\w*/N)[\])]", tail):
                return None
        return self._yes()

    def _question(self) -> str:
        rows = [row for row in self.context.screen.splitlines() if row.strip()]
        return "\n".join(rows[-12:])

    def _yes(self) -> Assessment:
        question = self._question()
        match = re.search(r"rm: remove [^'‘]*['‘](.+?)['’]\?", question)
        if match:
            return evaluate(
                "rm -- " + "'" + match[1].replace("'", "'\\''") + "'", self.context
            ).assessment()
        if not question or _DANGEROUS_QUESTION.search(question):
            reason = (
                "says yes to something dangerous" if question else "says yes to something unknown"
            )
            return Assessment(Risk.HIGH, (reason,), reason)
        if _HARMLESS_QUESTION.search(question):
            return Assessment(Risk.MEDIUM, ("answers a question",), "answers a question")
        return Assessment(
            Risk.HIGH, ("says yes to something unknown",), "says yes to something unknown"
        )


class Other(Model):
    """A program without a model: what submits is HIGH, leaving is not."""

    def __init__(self, context: Context, name: str) -> None:
        super().__init__(context)
        self.name = name
        self.typed = False

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Enter (or a pasted line end) makes an unknown program act."""
        if stroke.kind == "key" and stroke.text in ("C-c", "C-d", "C-z"):
            self.closed = True
            return None
        if self.name in ("top", "htop", "btop", "watch", "tail") and stroke.kind == "text":
            if re.search(r"[kKrRW]|F9", stroke.text) and self.name != "tail":
                return Assessment(Risk.HIGH, (f"has {self.name} end or change a process",))
            if stroke.text in ("q", "Q"):
                self.closed = True
            return None
        if stroke.kind == "paste" and "\n" not in stroke.text:
            return None
        if (stroke.kind == "key" and stroke.text == "Enter") or stroke.kind == "paste":
            return Assessment(
                Risk.HIGH,
                (f"what {self.name or 'the program'} does with this cannot be known",),
                "cannot be known",
            )
        return Assessment(Risk.MEDIUM, (f"types into {self.name or 'a program'}",))


_HANDED_OVER = re.compile(
    r"!\s*(?:\S*/)?(?:env\s+)?(?:\w*sh|python[\d.]*|perl|ruby|node|php|lua)\s*(?:-\s*)?$"
)


class Vim(Model):
    """vim: inserted text is data; `:` commands, filters and macros act."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        rows = context.screen.rstrip().splitlines()
        last = rows[-1] if rows else ""
        self.mode = "insert" if re.match(r"-- (?:INSERT|REPLACE|VISUAL INSERT)", last) else "normal"
        self.waiting = ""
        self.line = Line()
        self.kind = ":"
        if re.match(r"^[:/?]\S*", last) and context.line is None and rows:
            self.mode, self.kind = "line", last[0]
            self.line.before = last[1:]

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Follow the modes."""
        if stroke.kind == "key":
            return self._key(stroke.text)
        if stroke.kind == "paste" and self.mode != "line":
            # Without bracketed paste the text would arrive as typed keys.
            if self.mode == "insert":
                return None
        worst: Assessment | None = None
        for c in stroke.text:
            answer = self._key("Enter") if c == "\n" else self._char(c)
            if answer is not None and (worst is None or answer.risk > worst.risk):
                worst = answer
        return worst

    def _key(self, name: str) -> Assessment | None:
        if self.mode == "line":
            return self._line_key(name)
        if self.mode == "insert":
            if name in ("Escape", "C-c") or name == "C-o":
                self.mode = "normal"
            elif name == "C-r":
                self.waiting = "register"
            elif name == "C-z":
                self.closed = True
            return None
        if name == "C-z":
            self.closed = True
        elif name == "C-w":
            self.waiting = "any"
        elif name in ("Escape", "C-c"):
            self.waiting = ""
        return None

    def _line_key(self, name: str) -> Assessment | None:
        line = self.line
        if name == "Enter":
            self.mode = "normal"
            text, known = line.text, line.known
            line.clear()
            if self.kind in "/?":
                return None
            if not known:
                return _UNKNOWN_LINE
            return self._command(text)
        if name in ("Escape", "C-c") or (name == "BSpace" and not line.text and line.known):
            self.mode = "normal"
            line.clear()
        elif name in ("C-b", "Home"):
            line.key("Home")
        elif name in ("C-e", "End", "Left", "Right", "BSpace", "C-u", "C-w", "DC"):
            line.key(name)
        else:
            line.known = False
        return None

    def _char(self, c: str) -> Assessment | None:
        if self.mode == "line":
            self.line.insert(c)
            return None
        if self.mode == "insert":
            if self.waiting == "register":
                self.waiting = ""
                if c == "=":
                    self._open("=")
            return None
        waiting, self.waiting = self.waiting, ""
        if waiting == "any":
            if c == ":":
                self._open(":")
            return None
        if waiting == "macro":
            return Assessment(Risk.HIGH, ("replays keys that cannot be known",), "replays a macro")
        if waiting == "record":
            if c in ":/?":
                return Assessment(
                    Risk.HIGH,
                    ("opens a window whose lines are run as commands",),
                    "runs a line that cannot be known",
                )
            return None
        if waiting == "g":
            if c in "iI":
                self.mode = "insert"
            elif c == "Q":
                self._open(":")
            elif c in "?~uUqwJ":
                self.waiting = "motion"
            return None
        if waiting == "Z":
            self.closed = True
            return Assessment(Risk.MEDIUM, ("saves the file and leaves",), "saves the file")
        if waiting == "!":
            if c in "0123456789":
                self.waiting = "!"
            elif c in "gaift":
                self.waiting = "!more"
            else:
                self._open("!")
            return None
        if waiting == "!more":
            self._open("!")
            return None
        if waiting in ("change", "motion"):
            if c.isdigit():
                self.waiting = waiting
            elif c in "iaftFTg":
                self.waiting = waiting + "+"
            elif waiting == "change":
                self.mode = "insert"
            return None
        if waiting in ("change+", "motion+"):
            if waiting == "change+":
                self.mode = "insert"
            return None
        return self._normal(c)

    def _normal(self, c: str) -> Assessment | None:
        if c in "iIaAoOsSCR":
            self.mode = "insert"
        elif c in ":/?":
            self._open(c)
        elif c == "!":
            self.waiting = "!"
        elif c == "@":
            self.waiting = "macro"
        elif c == "q":
            self.waiting = "record"
        elif c == "c":
            self.waiting = "change"
        elif c in "dy<>=":
            self.waiting = "motion"
        elif c in "rfFtTmz'`\"[]":
            self.waiting = "any"
        elif c in "gZ":
            self.waiting = c
        elif c == "Q":
            self._open(":")
            self.line.known = False
        return None

    def _open(self, kind: str) -> None:
        self.mode = "line"
        self.kind = kind
        self.line.clear()

    def _command(self, text: str) -> Assessment | None:
        evaluator, call = _call(self.context, "vim")
        if self.kind == "!":
            call.shell(text)
        elif self.kind == "=":
            if re.search(r"system|shell|delete|writefile|libcall|eval|execute|job|term", text):
                call.high("has the editor run something")
        else:
            vim_command(call, text)
            for later in re.findall(r"\|\s*!(.*)", text):
                call.shell(later)
            if _HANDED_OVER.search(text):
                call.high("has another program run the text being edited")
            if re.match(r"^\s*(?:ec\w*|mes\w*)\b.*--\s*(?:INSERT|REPLACE|VISUAL)", text):
                call.high("makes the editor look as if text were typed into it")
            if re.match(r"^\s*(?:q|qa|wq|x|xa|wqa|cq|quit|exit)\w*!?\s*$", text):
                self.closed = True
            if re.match(r"^\s*(?:sus\w*|st|stop)!?\s*$", text):
                self.closed = True
            if re.match(r"^\s*(?:a|i|c)(?:ppend|nsert|hange)?!?\s*$", text):
                self.mode = "insert"
        return evaluator.assessment()


class Nano(Model):
    """nano: text is data; write-out, read and execute prompts act."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.mode = ""
        self.line = Line()
        screen = context.screen
        if re.search(r"File Name to Write|Write to File", screen):
            self.mode = "write"
        elif re.search(r"Command to execute", screen):
            self.mode = "execute"
        elif re.search(r"File to (?:insert|read)", screen, re.I):
            self.mode = "read"
        elif re.search(r"Save modified buffer", screen):
            self.mode = "save?"

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Follow the prompts."""
        if stroke.kind == "text" or stroke.kind == "paste":
            if self.mode == "save?":
                self.mode = ""
                if stroke.text[:1] in "yY":
                    self._open("write")
                    self.line.insert(stroke.text[1:])
                else:
                    self.closed = True
                return None
            if self.mode:
                self.line.insert(stroke.text)
            return None
        name = stroke.text
        if name == "C-z":
            self.closed = True
            return None
        if not self.mode:
            if name in ("C-o", "F3"):
                self._open("write")
            elif name in ("C-r", "F5", "IC"):
                self._open("read")
            elif name == "C-t":
                self._open("execute")
            elif name in ("C-x", "F2"):
                self._open("save?")
            elif name in ("C-w", "C-\\", "M-r", "C-_", "M-g", "C-/"):
                self._open("search")
            elif name == "C-s":
                return Assessment(Risk.MEDIUM, ("saves the file",), "saves the file")
            return None
        return self._prompt_key(name)

    def _open(self, mode: str) -> None:
        self.mode = mode
        self.line.clear()

    def _prompt_key(self, name: str) -> Assessment | None:
        line, mode = self.line, self.mode
        if name in ("C-c", "Escape"):
            self.mode = ""
            return None
        if name == "C-x" and mode in ("read", "execute"):
            self.mode = "execute" if mode == "read" else "read"
            return None
        if name == "C-x" and mode == "save?":
            return None
        if name != "Enter":
            if name in ("C-t", "Tab", "Up", "Down", "C-p", "C-n"):
                line.known = False
            elif name.startswith("M-"):
                pass
            else:
                line.key(name)
            return None
        self.mode = ""
        evaluator, call = _call(self.context, "nano")
        if mode in ("search", "save?"):
            return None
        if not line.known:
            return _UNKNOWN_LINE
        text = line.text
        if mode == "write":
            if text.strip():
                call.writes(text.strip().lstrip("|"))
                if text.strip().startswith("|"):
                    call.shell(text.strip()[1:])
            call.medium("saves the file", "saves the file")
        elif mode == "read":
            call.reads(text.strip())
        else:
            call.shell(text.strip().lstrip("|"))
        return evaluator.assessment()


class Pager(Model):
    """less and man: looking is free; `!`, `|`, `s` and `:e` act."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.mode = ""
        self.line = Line()
        self.waiting = ""
        rows = context.screen.rstrip().splitlines()
        last = rows[-1] if rows else ""
        if last.startswith("!") and context.line is None:
            self.mode = "!"
            self.line.before = last[1:]

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Follow the prompts."""
        if stroke.kind == "key":
            return self._key(stroke.text)
        for c in stroke.text:
            answer = self._key("Enter") if c == "\n" else self._char(c)
            if answer is not None and answer.risk > Risk.LOW:
                return answer
            if self.closed:
                return None
        return None

    def _char(self, c: str) -> Assessment | None:
        if self.mode:
            self.line.insert(c)
            return None
        waiting, self.waiting = self.waiting, ""
        if waiting == "|":
            self._open("!")
        elif waiting == ":":
            if c in "eE":
                self._open("e")
            elif c in "qQ":
                self.closed = True
        elif waiting in ("mark", "Z"):
            self.closed = waiting == "Z"
        elif c in "!#":
            self._open("!")
        elif c == "|":
            self.waiting = "|"
        elif c == ":":
            self.waiting = ":"
        elif c in "/?&":
            self._open("pattern")
        elif c in "sSoO":
            self._open("save")
        elif c in "-_+":
            self._open("option")
            self.line.insert(c)
        elif c in "m'M":
            self.waiting = "mark"
        elif c == "Z":
            self.waiting = "Z"
        elif c == "v":
            self.opens = "vim"
            return Assessment(Risk.MEDIUM, ("opens an editor",), "opens an editor")
        elif c in "qQ":
            self.closed = True
        return None

    def _open(self, mode: str) -> None:
        self.mode = mode
        self.line.clear()

    def _key(self, name: str) -> Assessment | None:
        if not self.mode:
            if name == "C-z":
                self.closed = True
            elif name == "C-x":
                self.waiting = ":"
            return None
        line, mode = self.line, self.mode
        if mode == "option" and name != "Enter" and not line.text.startswith("--"):
            return None
        if name in ("C-c", "Escape", "C-g") or (name == "BSpace" and not line.text and line.known):
            self.mode = ""
            return None
        if name != "Enter":
            line.key(name)
            return None
        self.mode = ""
        evaluator, call = _call(self.context, "less")
        if mode in ("pattern",):
            return None
        if not line.known:
            return _UNKNOWN_LINE
        text = line.text.strip()
        if mode == "!":
            if text:
                call.shell(text.replace("%", "shown-file"))
            else:
                call.high("opens a shell inside the pager")
        elif mode == "e":
            call.reads(text)
        elif mode == "save":
            call.writes(text)
        elif mode == "option":
            if re.search(r"^--?(?:o|O|k|log-file|LOG-FILE|lesskey|T|tag)", text):
                call.high("has the pager write or read settings")
            elif "!" in text or "|" in text:
                call.high("has the pager run something")
        return evaluator.assessment()


__all__ = ["UNKNOWN", "assess_keys", "model_for"]
