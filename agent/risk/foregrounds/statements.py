"""Python, SQL and other prompts that collect a statement before they run it."""

from __future__ import annotations

import re
from dataclasses import replace

from agent.risk import python_code, sql
from agent.risk.assessment import Assessment, Context, Risk
from agent.risk.commands.script_code import code
from agent.risk.evaluate import evaluate
from agent.risk.evaluation.call import Call
from agent.risk.foregrounds.model import call_in
from agent.risk.foregrounds.shells import Prompt
from agent.risk.shell.syntax import UNKNOWN


class PythonPrompt(Prompt):
    """Python's prompt: lines make statements; names live on from one to the next."""

    prompt = r"^(?:>>> ?|In \[\d+\]: ?)"
    more = r"^(?:\.\.\. ?|\s+\.\.\.: ?)"

    def __init__(self, context: Context, *, magic: bool = False) -> None:
        super().__init__(context)
        self.source = "\n".join(context.history)
        self.magic = magic

    def submit(self, text: str) -> Assessment | None:
        """Judge a statement when its last line is there."""
        stripped = text.strip()
        if not self.pending:
            if not stripped:
                return None
            if re.fullmatch(r"(?:exit|quit)(?:\(\s*\d*\s*\))?|raise SystemExit", stripped):
                self.closed = True
                return None
            if stripped.startswith(("!", "%", "?")) or (self.magic and _MAGIC.search(stripped)):
                if stripped.startswith("%%"):
                    self.pending = text + "\n"
                    return None if not _RUNS_CELL.match(stripped) else self._magic(stripped)
                return self._magic(stripped)
        elif self.pending.startswith("%%"):
            return self._cell(text)
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
        assigned = re.match(r"^[\w, ]+=\s*(?=[!%])", text)
        text = text[assigned.end() :] if assigned else text
        shell = re.match(r"^(?:!!?|%(?:sx|system)\s+)(.*)$", text, re.S)
        if shell:
            # A name in braces or after `$` is Python's, so what it holds is unknown here.
            told = re.sub(r"\{[^{}]*\}", UNKNOWN, shell[1])
            return evaluate(told, self.context).assessment()
        if text.startswith("%cd"):
            self.context = replace(
                self.context, cwd=self.context.cwd / _tilde(text[3:].strip(), self.context)
            )
        timed = re.match(r"^%(?:timeit|time|prun)\s+(?:-\w+\s*\d*\s+)*(.*)$", text)
        if timed:
            return self._judge(timed[1] + "\n")
        if _LOOKS.match(text):
            return Assessment(Risk.MEDIUM, ("runs a helper of the prompt",))
        return Assessment(Risk.HIGH, ("runs something that cannot be known",))

    def _cell(self, text: str) -> Assessment | None:
        """A cell that starts with `%%` and ends with an empty line."""
        self.pending += text + "\n"
        head, _, body = self.pending.partition("\n")
        kind = head[2:].split()[0] if head[2:].split() else ""
        if kind in ("bash", "sh", "script", "!", "system", "sx"):
            found = evaluate(body, self.context).assessment()
            if not text.strip():
                self.pending = ""
            return found if found.risk is Risk.HIGH or not text.strip() else None
        if text.strip():
            return None
        self.pending = ""
        if kind in ("time", "timeit", "capture", "prun"):
            return self._judge(body)
        if kind in ("writefile", "file"):
            evaluator, call = call_in(self.context, "python")
            call.writes(head.split()[-1])
            return evaluator.assessment()
        if kind in ("markdown", "latex", "html", "svg"):
            return None
        return Assessment(Risk.HIGH, ("runs something that cannot be known",))

    def _judge(self, statement: str) -> Assessment:
        evaluator, call = call_in(self.context, "python")
        if python_code.parsed(statement) is None:
            python_code.judge(call, statement)
            return evaluator.assessment()
        _database(call, statement)
        reader = python_code.Reader(call)
        reader.learn(self.source)
        reader.judge(statement)
        return evaluator.assessment()


_MAGIC = re.compile(r"^[\w.\[\]'\"]+\?\??$|^[\w, ]+=\s*[!%]")
_RUNS_CELL = re.compile(r"%%(?:!|sx|system)")
_LOOKS = re.compile(
    r"%(?:matplotlib|pwd|ls|who|whos|history|hist|config|precision|reset_selective|load_ext|reload_ext|autoreload|cd|lsmagic|quickref"
    r"|pinfo2?|pdoc|pdef|pycat|psource|pprint|xmode|colors|doctest_mode|automagic|env\s*$|notebook|debug\s*$|pdb|dirs|bookmark|page)\b|\?|[\w.\[\]'\"]+\?"
)


def _tilde(path: str, context: Context) -> str:
    path = path.strip("'\"") or "~"
    return str(context.home) + path[1:] if path.startswith("~") else path


class PdbPrompt(PythonPrompt):
    """Python's debugger: its own commands, and Python statements."""

    prompt = r"^(?:\(Pdb\+*\) ?|ipdb> ?)"
    more = r"^\.\.\. ?"

    def submit(self, text: str) -> Assessment | None:
        """Judge a debugger's command, or the Python that it is given."""
        line = text.strip()
        if self.pending or not line:
            return super().submit(text) if self.pending else None
        if re.fullmatch(r"q(?:uit)?|exit", line):
            self.closed = True
            return None
        shown = re.match(r"(?:p|pp|whatis|display|source)\s+(.+)$", line)
        if shown:
            return super().submit(shown[1])
        stops = re.match(r"(?:b|break|tbreak|condition)\b[^,]*(?:,\s*(.+))?$", line)
        if stops:
            return super().submit(stops[1]) if stops[1] else None
        if _PDB_COMMAND.fullmatch(line):
            return None
        return super().submit(line.removeprefix("!").strip())


_PDB_COMMAND = re.compile(
    r"(?:h|help|w|where|bt|d|down|u|up|cl|clear|disable|enable|ignore|s|step|n|next|r|return|unt|until|c|cont|continue|l|list|ll|longlist"
    r"|a|args|rv|retval|j|jump|undisplay|interact)(?:\s+[\w.:, /]*)?"
)


def _finished(whole: str, last: str, *, blank: bool) -> bool:
    """A prompt would run `whole` now: complete, and a block ended by an empty line."""
    import codeop
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            complete = codeop.compile_command(whole[:-1], "<prompt>", "single")
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

    prompt = (
        r"^(?:> ?|irb\([^)]*\)[^>]*> ?|\[\d+\] pry\([^)]*\)> ?|php > ?"
        r"|(?:Prelude[\w. ]*|iex\(\d+\)|[\w.-]+)> ?)"
    )
    more = r"^(?:\.\.\.+ ?|\+ ?|irb\([^)]*\)[^*]*\* ?)"
    pastes_whole = False

    def __init__(self, context: Context, language: str) -> None:
        super().__init__(context)
        self.shell_like = language == "pry"
        self.language = "ruby" if self.shell_like else language
        self.before = "\n".join(context.history)
        """Earlier lines, as a call may span lines and its names may be made in others."""

    def submit(self, text: str) -> Assessment | None:
        """Judge a line with those before it."""
        stripped = text.strip()
        if not stripped:
            return None
        if re.fullmatch(
            r"\.exit|:q(?:uit)?|exit(?:\(\))?|quit(?:\(\))?|q\(.*\)|process\.exit\(\d*\)|System\.halt(?:\(\d*\))?",
            stripped,
        ):
            self.closed = True
            return None
        evaluator, call = call_in(self.context, self.language)
        if self.language == "node" and re.match(r"^\.(?:editor|load|save)\b", stripped):
            if stripped.startswith(".load"):
                call.high("runs a file")
            elif stripped.startswith(".save"):
                call.writes(stripped.split()[-1])
            return evaluator.assessment()
        if self._left_language(call, stripped):
            return evaluator.assessment()
        self.before = (self.before + "\n" + text)[-4_000:]
        found = _RUNS_WORDS.search(stripped)
        if found:
            # The program and its arguments, as far as they are written out.
            words = re.findall(r"[\"']((?:\\.|[^\"'\\])*)[\"']", stripped[found.end() :])
            call.run(words) if words else call.opaque("runs something that cannot be known")
        if (
            re.search(r"\bsource\(\s*[\"']|\bsys\.source\(|\bload\(\s*[\"']", stripped)
            and self.language == "R"
        ):
            call.high("runs a file")
        if _DELETES_UNTOLD.search(text):
            call.opaque(f"{self.language} code deletes paths that cannot be known")
        _database(call, text)
        code(call, self.before.strip("\n") + "\n", self.language)
        return evaluator.assessment()

    def _left_language(self, call: Call, line: str) -> bool:
        """Lines that are not the language's own: `;ls` in julia, `:!ls` in ghci, `.ls` in pry."""
        escape = {"julia": r"^;(.*)$", "haskell": r"^:!(.*)$", "ruby": r"^\.(?=[\w/~])(.*)$"}
        pattern = escape.get(self.language)
        told = re.match(pattern, line) if pattern else None
        if told and (self.language != "ruby" or self.shell_like):
            call.shell(told[1].strip()) if told[1].strip() else call.high("opens a shell")
            return True
        if self.language == "haskell" and line.startswith(":"):
            if re.match(
                r"^:(?:def|script|cmd|e(?:dit)?|set\s+(?:editor|prompt-function|-F|-pgm\w*)|run|main)\b",
                line,
            ):
                call.high("runs something that cannot be known")
            else:
                call.medium("gives the prompt a command")
            return True
        if self.language == "julia" and line.startswith("]"):
            call.medium("manages packages")
            return True
        if self.shell_like and re.match(r"^(?:edit|shell-mode|play|gem-\w+|reload-code)\b", line):
            call.high("runs something that cannot be known")
            return True
        return False


_EMPTIES = re.compile(
    r"\.(?:delete_all|destroy_all)\b(?!\()|\.(?:delete_all|destroy_all)\(\s*\)|\.objects(?:\.all\(\))?\.delete\(\)"
    r"|\.query\([\w.]+\)\.delete\(\)|\.deleteMany\(\s*(?:\{\s*\})?\s*\)|\b(?:drop_table|drop_database|drop_all|dropTable|dropDatabase|flushall|flushdb)\b"
)
_QUERY = re.compile(
    r"\.(?:execute|executescript|exec|query|raw|exec_query|select_all|\$(?:execute|query)Raw\w*)\s*\(?\s*(?:text\()?([\"'`])(.*?)\1",
    re.S,
)


def _database(call: Call, text: str) -> None:
    """Calls that reach a database from another language's prompt."""
    found = _EMPTIES.search(text)
    if found and not re.search(r"\bwhere\b|\.filter\(", text[: found.start()]):
        call.high("empties or drops a table", "database: empties or drops a table")
    for match in _QUERY.finditer(text):
        problem = sql.statement_risk(match[2], "psql")
        if problem:
            call.high(problem, f"database: {problem}")


_DELETES_UNTOLD = re.compile(
    r"\b(?:File\.(?:delete|unlink)|FileUtils\.rm\w*|fs\.(?:unlink|rm|rmdir)(?:Sync)?|os\.remove|unlink|file\.remove|File\.rm\w*!?)"
    r"\s*\(?\s*[A-Za-z_$@]"
)
_RUNS_WORDS = re.compile(
    r"\bSystem\.(?:cmd|shell)!?\s*\(|\bPort\.open\s*\(|:os\.cmd\s*\(|\bos:cmd\s*\(|\b(?:callProcess|rawSystem|readProcess|spawnProcess|callCommand|readCreateProcess|proc)\b"
    r"|\bscala\.sys\.process|\bProcess\s*\(\s*[\"'S]|\bnew\s+Deno\.Command\s*\(|\bBun\.(?:spawn|spawnSync|\$)"
)


class SqlPrompt(Prompt):
    """A database prompt: statements end with `;`, client commands with their line."""

    prompt = r"^(?:[\w.@-]*[=!^]?[*!?]?[>#] ?|sqlite> ?|(?:mysql|MariaDB)[^>]*> ?|[\w.@:-]+> ?)"
    more = r"^(?:\s*(?:->|'>|\">|`>) ?|\s*\.\.\.> ?|[\w.-]*[-'\"(*$]\*?[>#] ?)"
    pastes_whole = False

    def __init__(self, context: Context, dialect: str) -> None:
        super().__init__(context)
        self.dialect = dialect
        self.delimiter = ";"
        self.variables: dict[str, str] = {}

    def submit(self, text: str) -> Assessment | None:
        """Judge every statement that this line completes."""
        evaluator, call = call_in(self.context, self.dialect)
        stripped = text.strip()
        if self.dialect == "mongo":
            sql.judge(call, stripped, "mongo")
            code(call, stripped, "node")
            return evaluator.assessment()
        if re.fullmatch(r"(?:\\q|exit|quit|\.quit|\.exit)\s*;?", stripped):
            self.closed = True
            return None
        if self.dialect == "mysql" and not self.pending.strip():
            delimiter = re.match(r"(?i)(?:delimiter|\\d)\s+(\S+)", stripped)
            if delimiter:
                self.delimiter = delimiter[1]
                return None
            if re.match(r"(?i)(?:use|help|status|\\[susr])\b", stripped) and ";" not in stripped:
                call.low()
                return evaluator.assessment()
            left = re.match(
                r"(?i)(system|source|pager|tee|edit|\\[!.PTe])(?=[\s\"'/]|$)\s*(.*)$", stripped
            )
            if left:
                self._client(call, left[1].lower(), left[2].rstrip(";").strip())
                return evaluator.assessment()
        if self.dialect == "psql":
            text = self._interpolated(text)
            stripped = text.strip()
        if stripped.startswith(("\\", ".")) or re.search(r"\\[!goGwei]", stripped):
            self._backslash(call, text, stripped)
        if self.delimiter != ";":
            text = text.replace(self.delimiter, ";")
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
            if self.dialect == "sqlite" and not stripped.startswith("."):
                for path in sql.written(finished):
                    call.writes(path)
            for body in _bodies(finished):
                problem = sql.statement_risk(body, self.dialect)
                if problem:
                    call.high(problem, f"database: {problem}")
        return evaluator.assessment()

    def _client(self, call: Call, command: str, rest: str) -> None:
        """What mysql's client does itself."""
        if command in ("system", "\\!"):
            call.shell(rest) if rest else call.high("opens a shell")
        elif command in ("source", "\\."):
            call.high("runs a file of statements")
        elif command in ("pager", "\\p"):
            call.shell(rest) if rest else call.low()
        elif command == "tee" and rest:
            call.writes(rest)
        else:
            call.high("leaves the database client")

    def _interpolated(self, text: str) -> str:
        """Psql puts the value of `:name` into a statement, whatever it is."""
        made = re.match(r"\s*\\set\s+(\w+)\s+(.*)$", text, re.S)
        if made:
            self.variables[made[1]] = made[2].strip().strip("'").replace("''", "'")
            return text
        return re.sub(r"(?<!:):[\"']?(\w+)[\"']?", lambda m: self.variables.get(m[1], m[0]), text)

    def _backslash(self, call: Call, text: str, stripped: str) -> None:
        problem = sql.statement_risk(text, self.dialect)
        if not problem and re.search(r"\\gexec", stripped):
            problem = "runs what a query answers"
        if not problem and self.dialect == "sqlite":
            for path in sql.written(stripped):
                call.writes(path)
        if not problem:
            match = re.match(
                r"^\\(?:o|g|copy\b.*?\bto|w|lo_export\s+\d+)\s+'?([^\s'|]+)", stripped, re.I
            )
            if match:
                call.writes(match[1])
            match = re.search(r"\\(?:g|gx|w)\s+'?([^\s'|(]+)", stripped)
            if match and self.dialect == "psql":
                call.writes(match[1])
            match = re.match(r"^\\(?:copy\b.*?\bfrom|lo_import)\s+'?([^\s'|]+)", stripped, re.I)
            if match:
                call.reads(match[1])
        if problem:
            call.high(problem, f"database: {problem}")


_PREPARED = re.compile(
    r"(?is)\bprepare\s+[\w\"]+\s*(?:\([^)]*\))?\s+(?:as|from)\s+['\"]?(.*?)(?:['\"]?\s*;|$)"
    r"|\bexplain\s+(?:\([^)]*\banalyze\b[^)]*\)|(?:analyze|verbose)\s+)\s*(?:verbose\s+)?(.*?)(?:;|$)"
    r"|\$(\w*)\$(.*?)\$\3\$"
)


def _bodies(text: str) -> list[str]:
    """Statements inside of others that run them now or later."""
    found = [match[1] or match[2] or match[4] or "" for match in _PREPARED.finditer(text)]
    return [
        re.sub(r"(?i)\b(?:begin|then|else|loop|declare|execute)\b", ";", body) for body in found
    ]
