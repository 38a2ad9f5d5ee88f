# ruff: noqa: E501, RUF001 - tables and patterns read better unbroken
"""Shell prompts, here and on another machine: lines with history and continuation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from agent.risk.arguments import wordlist
from agent.risk.assessment import Assessment, Context, Risk
from agent.risk.evaluate import Evaluator
from agent.risk.evaluation.deception import deception
from agent.risk.evaluation.findings import State
from agent.risk.foregrounds.model import UNKNOWN_LINE, Model, line_on_screen
from agent.risk.keys import Stroke
from agent.risk.line_editor import Line, expand_history
from agent.risk.shell.scanner import scan


class Prompt(Model):
    """A program with a line editor."""

    prompt = r"^.*?[$#%>❯➜] ?"
    more = r"^> "

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
                    # bash has nothing bound to that: the line stays, and what comes joins it.
                    line.known = False
                    return self.enter()
                # Escape before a key that is itself a sequence leaves the rest of it as text.
                line.known = line.known and stroke.text == "BSpace"
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
            line.known = line.known and not line.prefix
            answer = self.enter()
            # C-o puts the entry after the one that was run on the next line.
            line.known = line.known and name == "Enter"
            return answer
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
            return UNKNOWN_LINE
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
            return UNKNOWN_LINE
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
