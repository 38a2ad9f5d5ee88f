"""Python, SQL and other prompts that collect a statement before they run it."""

from __future__ import annotations

import re

from agent.risk import python_code, sql
from agent.risk.assessment import Assessment, Context, Risk
from agent.risk.commands.script_code import code
from agent.risk.evaluate import evaluate
from agent.risk.foregrounds.model import call_in
from agent.risk.foregrounds.shells import Prompt


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
        evaluator, call = call_in(self.context, "python")
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
            evaluator, call = call_in(self.context, self.language)
            call.writes(stripped.split()[-1]) if stripped.startswith(".save") else call.high(
                "runs a file"
            ) if stripped.startswith(".load") else call.low()
            return evaluator.assessment()
        self.pending = (self.pending + text + "\n")[-4_000:]
        evaluator, call = call_in(self.context, self.language)
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
        evaluator, call = call_in(self.context, self.dialect)
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
