# ruff: noqa: E501, RUF001 - tables and patterns read better unbroken
"""Shell prompts, here and on another machine: lines with history and continuation."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import replace

from agent.risk.arguments import wordlist
from agent.risk.assessment import Assessment, Context, Risk
from agent.risk.evaluate import Evaluator
from agent.risk.evaluation.deception import deception
from agent.risk.evaluation.findings import State
from agent.risk.foregrounds.model import UNKNOWN_LINE, Model, line_on_screen
from agent.risk.foregrounds.own_bindings import acts_in_vi, bindings, puts_unseen, unbound
from agent.risk.foregrounds.read_back import Shown
from agent.risk.history import expand_history
from agent.risk.keys import Stroke, canonical
from agent.risk.line_editor import COMPLETES, Line
from agent.risk.shell.scanner import scan
from agent.risk.shell.syntax import Command


class Prompt(Model):
    """A program with a line editor."""

    prompt = r"^.*?[$#%❯➜] ?"
    more = r"^> "
    pastes_whole = True
    """A line end inside of a paste does not submit."""

    completed: bool
    """The line is not known, but only for what keys that complete words have put there."""

    quoted: bool
    """The last key takes the next one as it is."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        line, pending = line_on_screen(context, self.prompt, self.more)
        self.line = Line(history=list(context.history) if context.recalls else [])
        self.pending = pending
        if line is None:
            self.line.known = False
        else:
            self.line.before = line
        self.escape = False
        self.completed = self.quoted = False
        self.shown = Shown(line.rstrip()) if context.read_back and line and line.strip() else None

    def reopened(self) -> None:
        """A fresh prompt."""
        super().reopened()
        self.line.clear()
        self.pending = ""

    def fork(self) -> Model:
        """The same program, with a line of its own."""
        other = copy.copy(self)
        other.line = self.line.copy()
        other.shown = None
        return other

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Edit the line; judge it at the key that submits it."""
        line = self.line
        if self.shown is not None:
            self.shown.feed(stroke)
        if self.escape:
            self.escape = False
            if stroke.kind == "text":
                answer = self._key("M-" + stroke.text[0])
                if len(stroke.text) > 1:
                    line.insert(stroke.text[1:])
                return answer
            if stroke.kind == "key":
                if stroke.text == "Enter":
                    # bash has nothing bound to that: the line stays, and what comes joins it.
                    line.known = False
                    return self.enter()
                # Escape before a key that is itself a sequence leaves the rest of it as text.
                answer = self._key(canonical("M-" + stroke.text))
                line.known = line.known and stroke.text == "BSpace"
                return answer
        if stroke.kind == "paste":
            return self._pasted(re.sub(r"\r\n?", "\n", stroke.text))
        if stroke.kind == "text":
            answer = self._acts(stroke.text[0]) if line.prefix and not line.searching else None
            self.completed = self.completed and not line.prefix
            self.quoted = False
            line.insert(stroke.text)
            return answer
        name = stroke.text
        if name == "Escape" and not line.searching:
            self.escape = True
            return None
        if name == "C-x" and not line.prefix and not line.searching:
            line.prefix = "C-x"
            return None
        if line.prefix == "C-x" and name == "C-e":
            line.clear()
            return Assessment(
                Risk.HIGH, ("opens an editor whose text is run when it closes",), "runs edited text"
            )
        if name in ("Enter", "C-o"):
            # C-j ends a search and leaves the line there; C-o puts the entry after the one that
            # was run on the next line.
            left = name == "C-o" or (line.searching and stroke.given == "C-j")
            line.accept()
            answer = self.enter()
            line.known = line.known and not left
            return answer
        if name == "C-c":
            line.abandon()
            self.pending = ""
            return None
        if name == "C-d" and line.known and not line.text:
            return self.end()
        if name == "C-z":
            return self.suspend()
        return self._key(name)

    def _key(self, name: str) -> Assessment | None:
        """An editing key; one that may submit the line, or run what stands in it, is judged so."""
        answer = self._acts(name)
        told = self.line.known or self.completed
        completes = name in COMPLETES and not self.line.prefix
        self.line.key(name)
        self.quoted = name == "C-v" and not completes
        if completes or name != "BSpace":
            self.completed = completes and told
        return answer

    def _acts(self, name: str) -> Assessment | None:
        line = self.line
        if name in COMPLETES and not line.prefix:
            if self.quoted:
                return None
            if line.known or self.completed:
                # What is completed is a word; only what stands in it to be expanded can act.
                return self._if_submitted(name) if _EXPANDS.search(line.text) else None
            return UNKNOWN_LINE
        if not line.may_submit(name):
            return None
        if line.prefix and name in ("e", "E"):
            return _PLAYS
        if not line.known or (line.counted and line.text.strip()):
            return UNKNOWN_LINE
        return self._if_submitted(name)

    def _if_submitted(self, name: str) -> Assessment | None:
        """The worst of what the line may do at a key that may submit it."""
        text = self.line.text
        if not text.strip() and not self.pending:
            return None
        texts = {text}
        if name == "M-#" and isinstance(self, Shell):
            # It makes a comment of the line; where there is one it may take the mark away.
            texts = {"#" + text}
            if text.lstrip().startswith("#"):
                texts.add(text.lstrip().lstrip("#"))
        worst: Assessment | None = None
        for each in sorted(texts):
            trial = self.fork()
            assert isinstance(trial, Prompt)
            answer = trial.submit(each)
            if answer is not None and (worst is None or answer.risk > worst.risk):
                worst = answer
        return worst

    def _pasted(self, text: str) -> Assessment | None:
        if self.pastes_whole:
            self.line.insert(text)
            return None
        worst: Assessment | None = None
        first, *others = text.split("\n")
        self.line.insert(first)
        for other in others:
            answer = self.enter()
            if answer is not None and (worst is None or answer.risk > worst.risk):
                worst = answer
            self.line.insert(other)
        return worst

    def suspend(self) -> Assessment | None:
        """C-z: the shell may be next."""
        self.stopped = True
        return None

    def end(self) -> Assessment | None:
        """C-d on an empty line ends the program."""
        self.closed = True
        return Assessment(Risk.MEDIUM, ("ends the program",), "ends the program")

    def enter(self) -> Assessment | None:
        """The line is submitted."""
        line = self.line
        shown, self.shown = self.shown, None
        if not line.known and shown is not None:
            told = shown.line()
            if told is not None:
                line.before, line.after, line.known = told, "", True
        if not line.known:
            self.sure = False
            line.clear()
            return UNKNOWN_LINE
        continued = bool(self.pending)
        answer = self.submit(line.text)
        self._note(line.text, continued=continued)
        line.clear()
        return answer

    def _note(self, text: str, *, continued: bool) -> None:
        """Keep a submitted line as history; one that other lines continue is kept in some form."""
        if not continued and (text.strip() or self.pending):
            self.line.history.append(None if self.pending else text)

    def submit(self, text: str) -> Assessment | None:
        """Judge a submitted line."""
        raise NotImplementedError


_EXPANDS = re.compile(r"[$`(]")
"""Text in which something may be expanded as it is completed."""

_OWN_KEY = Assessment(
    Risk.HIGH,
    ("presses a key whose meaning cannot be known: only a person's own settings give it one",),
    "cannot be known",
)
_PLAYS = Assessment(Risk.HIGH, ("plays keys that were recorded before",), "plays recorded keys")

_INCOMPLETE = re.compile(
    r"not closed|has no body|is missing at the end|stands at the end|is not complete"
)


_INTERACTIVE = frozenset(
    wordlist("""python python3 ipython psql mysql sqlite3 mariadb pgcli mycli litecli node irb vim vi nvim view nano less man more ssh mosh
    mongosh mongo cqlsh lua php R julia ghci top htop redis-cli gdb lldb sftp ftp lftp pry iex""")
)
_ONE_OPERAND = frozenset(["sqlite3", "ssh", "mosh", "litecli"])
"""With more than one operand they run what the others say, and end."""

_SCRIPT_TAKING = frozenset(
    ["python", "python3", "node", "php", "lua", "julia", "irb", "ruby", "iex"]
)
_EDITING = frozenset(["vim", "vi", "nvim", "view", "nano"])
_PAGED = re.compile(
    r"\s*(?:git\s+(?:-\S+\s+)*(?:log|diff|show|blame|reflog|branch|tag|stash\s+(?:list|show)|help|grep|shortlog)"
    r"|journalctl|systemctl(?:\s+-\S+)*\s+(?:status|list-\S+|show|cat)|loginctl|aws|gh|bat|delta)\b[^|>&;]*"
)
_WRITES_MESSAGE = re.compile(
    r"\s*git\s+(?:commit(?!.*\s(?:-\w*[mFC]|--message|--file|--no-edit|--fixup|--reuse-message|--dry-run))|rebase\s+(?:-i|--interactive)|tag\s+-a(?!.*\s-m))\b[^|>&;]*"
)
_READS_TERMINAL = re.compile(
    r"\s*(?:cat(?:\s+-)?|tee(?:\s+-a)?\s+[\w./~-]+)\s*(?:>>?\s*[\w./~-]+)?\s*"
)


_OTHERS_WORDS = re.compile(
    r"\s*(?:[\\.]|(?:import|from|use|using|let|const|var|q|pass|class|def|del|print|puts|require)\b)"
)
"""Lines of Python, databases and others that look like commands of a shell."""

_REPEATING = frozenset(["zsh", "ksh", "mksh"])
"""Shells in which `r` runs an earlier line again."""


class Shell(Prompt):
    """A shell prompt: the line is shell text, earlier lines leave variables, aliases and `cd`.

    Args:
        context: where it runs.
        name: which shell, as far as that changes what its lines mean.
    """

    prompt = r"^(?:\((?:reverse-)?i-search\)`[^'\n]*': |➜ {1,2}\S+ git:\([^)]*\) (?:✗ )?|➜ {2}\S+ $|[\w.-]+@\S+ \S+> ?|[^\n]*?[$#%❯➜λ»▶](?: |$))"

    def __init__(self, context: Context, name: str = "bash") -> None:
        super().__init__(context)
        self.name = name
        self.pastes_whole = name not in ("sh", "dash", "ash", "busybox")
        self.state: State | None = None
        self.files: dict[str, str | None] = {}
        self.submitted = False
        self.own = bindings(name, context.home)
        self.commanding = False
        """Escape came: letters may be commands, in the vi mode of a line editor."""
        if context.history:
            self._remember(context.history)

    def _remember(self, history: Sequence[str]) -> None:
        """Earlier lines may have set variables, aliases and functions; the directory is known."""
        evaluator = Evaluator(self.context)
        evaluator.remember(history)
        self.state = evaluator.state
        self.files = evaluator.files

    def feed(self, stroke: Stroke) -> Assessment | None:
        """As any prompt; what keys mean besides is for the person's own settings to say."""
        answer = self._meant(stroke)
        return super().feed(stroke) if answer is None else answer

    def _meant(self, stroke: Stroke) -> Assessment | None:
        """What a person's settings may make of a stroke, beyond what the model of the line knows."""
        if stroke.kind == "text":
            if self.own.letters:
                return _OWN_KEY
            if self.commanding:
                acts = acts_in_vi(stroke.text, first=self.escape)
                self.commanding = acts is False
                self.line.known = self.line.known and not self.own.vi
                return UNKNOWN_LINE if acts else None
        elif stroke.kind == "key":
            if stroke.text == "Escape" and not self.line.searching:
                self.commanding = True
                self.line.known = self.line.known and not self.own.vi
            elif stroke.text in ("Enter", "C-c"):
                self.commanding = False
            elif self.own.keys and stroke.text != "BSpace":
                return _OWN_KEY
        return None

    def _key(self, name: str) -> Assessment | None:
        line = self.line
        unseen = puts_unseen(self.name, name, line.before, line.after)
        answer = super()._key(name)
        if unseen:
            line.known = self.completed = False
        return answer

    def _acts(self, name: str) -> Assessment | None:
        if unbound(name, prefix=self.line.prefix):
            return _OWN_KEY
        return super()._acts(name)

    def suspend(self) -> Assessment | None:
        """C-z does nothing at a prompt."""
        return None

    def end(self) -> Assessment | None:
        """C-d ends the shell, or a here-document, which is then given to its command."""
        if self.pending:
            evaluator = self._evaluator()
            evaluator.tolerant = True
            evaluator.run(self.pending)
            self.pending = ""
            return evaluator.assessment()
        self.closed = True
        return Assessment(Risk.MEDIUM, ("ends the shell",), "ends the shell")

    def _note(self, text: str, *, continued: bool) -> None:
        history = self.line.history
        if re.search(r"\b(?:history|fc)\s+-", text):
            # It changes the history itself.
            history[:] = [None]
            return
        if text[:1].isspace() or self.pending or continued:
            # Whether and how a shell keeps such a line is for its settings to say.
            if text.strip() and not continued:
                history.append(None)
            return
        if history and history[-1] == text:
            history[-1] = None
        super()._note(text, continued=False)

    def submit(self, text: str) -> Assessment | None:
        """Judge the line, together with the lines it continues."""
        self.sure = False
        if not self.pending and not text.strip():
            return None
        expanded = expand_history(text, self.line.history)
        again = self.name in _REPEATING and re.match(r"\s*r(?:\s|$)", text)
        if expanded is None or again:
            self.pending = ""
            return UNKNOWN_LINE
        if expanded != text:
            self.line.before, self.line.after = expanded, ""
        evaluator = self._evaluator()
        whole = self.pending + evaluator.plain(expanded)
        odd = deception(whole)
        if odd is not None:
            return Assessment(Risk.HIGH, (odd[0],), "runs deceptive text")
        script = scan(whole)
        if script.errors and all(_INCOMPLETE.search(reason) for reason, _ in script.errors):
            # Nothing runs yet; what is already dangerous need not wait for the rest.
            self.pending = whole + "\n"
            if "<<" in whole:
                return None
            evaluator.tolerant = True
            evaluator.run(whole)
            answer = evaluator.assessment()
            return answer if answer.risk is Risk.HIGH else None
        self.pending = ""
        before, self.submitted = self.submitted, True
        if before and whole.strip() == "q":
            # So one leaves what the line before has opened; it is no program of the shell's.
            return Assessment(Risk.MEDIUM, ("no rule knows q",), "leaves a program")
        self.sure = not script.errors and expanded == text and not _OTHERS_WORDS.match(text)
        evaluator.run(whole)
        self.state = evaluator.state
        self.files = evaluator.files
        if script.commands and script.commands[-1].words:
            self._starts(script.commands[-1], whole, alone=len(script.commands) == 1)
        return evaluator.assessment()

    def _evaluator(self) -> Evaluator:
        """One that knows what the earlier lines left."""
        typed = tuple(line for line in self.line.history if line)
        evaluator = Evaluator(replace(self.context, foreground=self.name, history=typed))
        if self.state is not None:
            evaluator.state = self.state.copy()
            evaluator.expander.variables = evaluator.state.variables
        evaluator.files.update(self.files)
        evaluator.writings.extend(self.files)
        return evaluator

    def _starts(self, last: Command, whole: str, *, alone: bool) -> None:
        """Tell which program reads what is typed next."""
        words = [w.text or "" for w in last.words]
        program = words[0].rpartition("/")[2]
        redirected = bool(last.redirects)
        if program in ("fg",) or re.fullmatch(r"%[\d+%-]?", words[0]):
            self.opens = "fg"
        elif program in ("exit", "logout") and alone:
            self.closed = True
        elif alone and _WRITES_MESSAGE.fullmatch(whole):
            # Which editor it is, is for the settings; vim's keys are judged more closely than others'.
            self.opens, self.may_fail = "vim", True
        elif alone and _READS_TERMINAL.fullmatch(whole):
            self.child = TerminalInput(self, whole)
        elif alone and _PAGED.fullmatch(whole):
            self.may_page = True
        elif program in _INTERACTIVE and not redirected:
            operands = [w for w in words[1:] if not w.startswith("-")]
            inline = any(
                w in ("-c", "-e", "-m", "--version", "--help", "--eval", "-r", "-E")
                for w in words[1:3]
            )
            if inline or (program in _SCRIPT_TAKING and len(words) > 1 and "-i" not in words):
                return
            if program in _ONE_OPERAND and len(operands) > 1:
                return
            if program in ("redis-cli", "mongosh") and operands:
                return
            self.opens = program
            # It may also have ended at once: no such database, no such file.
            self.may_fail = program not in _EDITING


class TerminalInput(Model):
    """`cat > notes`: what is typed is a program's input, until C-d."""

    def __init__(self, shell: Shell, command: str) -> None:
        super().__init__(shell.context)
        self.shell = shell
        self.command = command
        self.typed = ""
        self.row = ""

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Gather lines; at the end judge the command as if they were its here-document."""
        if stroke.kind != "key":
            self.row += stroke.text
            return None
        name = stroke.text
        if name == "Enter":
            self.typed += self.row + "\n"
            self.row = ""
        elif name == "BSpace":
            self.row = self.row[:-1]
        elif name == "C-u":
            self.row = ""
        elif name == "C-w":
            self.row = re.sub(r"\S*\s*$", "", self.row)
        elif name == "C-d" and self.row:
            self.typed += self.row
            self.row = ""
        elif name in ("C-d", "C-c", "C-z", "C-\\"):
            self.closed = True
            mark = "END"
            while mark in self.typed:
                mark += "_"
            return self.shell.submit(f"{self.command} <<'{mark}'\n{self.typed}\n{mark}")
        return None


class Remote(Shell):
    """A shell on another machine; `~` at the start of a line talks to ssh itself."""

    def __init__(self, context: Context) -> None:
        super().__init__(replace(context, project=None, cwd=context.home))

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
