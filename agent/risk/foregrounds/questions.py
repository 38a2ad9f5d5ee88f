# ruff: noqa: E501, RUF001 - tables and patterns read better unbroken
"""Password prompts, yes-or-no questions, and programs that no model knows."""

from __future__ import annotations

import re
from dataclasses import replace

from agent.risk.assessment import Assessment, Context, Risk
from agent.risk.evaluate import evaluate
from agent.risk.foregrounds.model import Model, call_in, last_row
from agent.risk.foregrounds.shells import Shell
from agent.risk.keys import Stroke


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


_ASKS = re.compile(
    r"(?:[\[(](?:y(?:es)?|no?)\s*[/,|][^\])\n]{1,60}[\])]|\(y\)|\[y\]|\(yes\)|\by or n\b|\by/n\b)[\s:?>.]*$"
    r"|^(?:rm|mv|cp|ln|unzip|rsync): .*\? *$|\bEnter a value: *$"
    r"|^\W*(?:are you (?:absolutely )?sure|do you (?:really )?want|do you really|proceed|continue|really|overwrite|delete|remove|confirm)\b[^$#%❯>]*[?:] *$",
    re.I,
)


def asks(screen: str) -> bool:
    """The last row of a screen is a question to be answered with yes or no."""
    return _ASKS.search(last_row(screen)) is not None


_DANGEROUS_QUESTION = re.compile(
    r"delet|remov|destroy|overwrit|drop|\bformat\w*\s+(?:the\s+|your\s+)?(?:disk|drive|partition|volume|/dev)|eras|purg|\bforc|publish|permanent|\blos[es]|discard"
    r"|reset|uninstall|trust|authentic|\bpush\w*\b.*\b(?:image|registry|docker|hub|tags?)|\bmirror"
    r"|fingerprint|sudo|\broot\b(?! director)|irrevers|undone|undo|deploy|wipe|truncat|terminat|kill|\ballow|grant|replac|are you (?:absolutely )?sure"
    r"|\bapply\b(?!.*\b(?:fix|patch|format|suggest|hunk))|\bprod\b|production|reboot|shut ?down|revoke|upgrade the following|\bdisk\b(?! space)|partition|\bdata\b|charge|\bpay"
    r"|merge|execut|run (?:this|the following)|cannot be|clobber|prune|unlink|migrat|\bupload|\bsend\b|transfer|confirm delet|to confirm|release|rollback|roll back|credential|secret|\brisks?\b|\bkey\b",
    re.I,
)


_HARMLESS_QUESTION = re.compile(
    r"save (?:modified|changes|your|file)|is this ok|ok to proceed|need to install the following packages|use (?:typescript|eslint|tailwind|git)|would you like to"
    r"|display all \d+|continue\?|proceed\?|proceed \(|initiali[sz]e|(?:package|project|app) name|show|view|open|recommended|retry|try again|another|help|keep|telemetry|quit|exit|create|generate|already running"
    r"|\brun\b.*\b(?:tests?|lint\w*|build|formatter|checks?|type)\b|(?:un)?stage this hunk|stash this hunk|this hunk|snapshots?|install (?:the )?(?:dependencies|missing|packages?|following)|npm install|pip install"
    r"|^\s*(?:version|description|entry point|test command|git repository|keywords|author|license|type)\s*:|\bcommit\b|rebuild|\bbuild\b|compile|\bformat\b|\bfix(?:es)?\b|\bport\b|reload|restart the (?:dev )?server|\bpush\b|\bfetch\b|\bpull\b"
    r"|\bupdate (?:snapshots?|dependencies|lockfile)|download",
    re.I | re.M,
)


_NO = frozenset(
    ["n", "no", "q", "quit", "c", "cancel", "abort", "?", "h", "help", "d", "s", "skip"]
)
_YES = re.compile(r"(?i)\s*(?:y|yes|a|all|o|ok|j|ja|oui|sure|\d)\s*")
_ABOUT_FILES = re.compile(r"(?i)overwrit\w*|replac\w*|delet\w*|remov\w*|clean\w*|clear\w*")
_PATH = re.compile(
    r"['\"`‘“]([^'\"`’”\n]+)['\"`’”]|(?<![\w/.~])((?:~|\.{0,2}/)?[\w.@+-]*(?:/[\w.@+-]*)+|[\w-]+\.[A-Za-z]\w{0,6}|~|node_modules|dist|build|target|__pycache__)(?![\w/])"
)


class Confirm(Model):
    """A question: a yes has the risk of what it confirms.

    A longer answer is judged as a line for the shell, too, which may be the one that reads it.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.typed = ""
        self.answered = False
        self.after = Shell(replace(context, screen="", line=""))
        rows = [row for row in context.screen.splitlines() if row.strip()][-14:]
        start, self.command = 0, ""
        for number, row in enumerate(rows):
            given = re.match(r"^[^\n]{0,80}?[$#%❯➜] (\S.*)$", row)
            if given and number < len(rows) - 1:
                start, self.command = number + 1, given[1]
        self.question = "\n".join(rows[start:])

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Anything that may be a yes is judged by the question."""
        if self.answered:
            return self._afterwards(stroke)
        if stroke.kind == "key":
            if stroke.text in ("C-c", "C-d", "Escape", "C-z"):
                self.closed = True
                return None
            if stroke.text in ("BSpace", "C-u", "C-w"):
                self.typed = self.typed[:-1] if stroke.text == "BSpace" else ""
                return None
            if stroke.text == "Enter":
                answer = self._answer(self.typed)
                if self.typed.strip().lower() not in _NO and not _YES.fullmatch(self.typed):
                    self.after.line.clear()
                    self.after.line.insert(self.typed)
                    run = self.after.enter()
                    answer = run if run is not None and run.risk is Risk.HIGH else answer
                self.typed = ""
                # Hunk after hunk is asked about in the same words.
                self.answered = not re.search(r"this hunk", self.question)
                return answer
            return self.yes()
        self.typed += stroke.text
        typed = self.typed.strip().lower()
        return None if any(word.startswith(typed) for word in _NO) else self.yes()

    def _answer(self, typed: str) -> Assessment | None:
        if typed.strip().lower() in _NO:
            return None
        if not typed.strip() and re.search(
            r"[\[(](?:y(?:es)?/N(?:o)?|y/n/?\w*/N)[\])]", self.question
        ):
            return None
        return self.yes()

    def _afterwards(self, stroke: Stroke) -> Assessment | None:
        """Another question may follow, or the shell: what is a yes to the one, the other runs."""
        yes = (
            stroke.kind == "key"
            and stroke.text == "Enter"
            and _YES.fullmatch(self.after.line.text) is not None
        )
        answer = self.after.feed(stroke)
        return _UNKNOWN if yes else answer

    def yes(self) -> Assessment:
        """What a yes to the question on the screen comes to."""
        question = self.question
        if not question:
            return _UNKNOWN
        if self.command:
            confirmed = evaluate(self.command, replace(self.context, screen="", line=""))
            found = confirmed.assessment()
            if found.risk is Risk.HIGH:
                return found
        asked = question.rpartition("\n")[2]
        files = self._files(asked)
        if files is not None:
            return files
        if "this hunk" in asked and not re.search(r"(?i)discard", asked):
            return _ANSWERS
        if _DANGEROUS_QUESTION.search(question):
            reason = "says yes to something dangerous"
            return Assessment(Risk.HIGH, (reason,), reason)
        return _ANSWERS if _HARMLESS_QUESTION.search(question) else _UNKNOWN

    def _files(self, asked: str) -> Assessment | None:
        """A question about files that it names is judged by them."""
        about = _ABOUT_FILES.search(asked)
        rest = _ABOUT_FILES.sub("", asked)
        if not about or _DANGEROUS_QUESTION.search(rest.replace("are you sure", "")):
            return None
        paths = [
            match[1] or match[2] for match in _PATH.finditer(re.sub(r"^(?:rm|mv|cp):", "", rest))
        ]
        paths = [path for path in paths if not re.fullmatch(r"(?i)y/n|n/y|yes/no|y/n/.*", path)]
        if not paths:
            return None
        evaluator, call = call_in(self.context, "rm")
        for path in paths:
            if about[0].lower().startswith(("overwrit", "replac")):
                call.writes(path)
            else:
                call.deletes(
                    path, recursive="." not in path.rpartition("/")[2] or "directory" in asked
                )
        call.medium("answers a question", "answers a question")
        return evaluator.assessment()


_ANSWERS = Assessment(Risk.MEDIUM, ("answers a question",), "answers a question")
_UNKNOWN = Assessment(
    Risk.HIGH, ("says yes to something unknown",), "says yes to something unknown"
)


class Questioned(Model):
    """A prompt whose last row asks something: read by whoever asked, or by the prompt itself."""

    def __init__(self, prompt: Model, context: Context) -> None:
        super().__init__(context)
        self.prompt = prompt
        self.confirm = Confirm(context)

    def feed(self, stroke: Stroke) -> Assessment | None:
        """The worse of both readings."""
        asked = None if self.confirm.closed else self.confirm.feed(stroke)
        typed = self.prompt.feed(stroke)
        for name, value in (
            ("closed", False), ("stopped", False), ("opens", ""), ("child", None), ("may_fail", False),
            ("may_page", False),
        ):  # fmt: skip
            setattr(self, name, getattr(self.prompt, name))
            setattr(self.prompt, name, value)
        if asked is None or (typed is not None and typed.risk >= asked.risk):
            return typed
        return asked


class Other(Model):
    """A program without a model: what submits is HIGH, leaving is not."""

    def __init__(self, context: Context, name: str) -> None:
        super().__init__(context)
        self.name = name
        self.before = ""

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Enter (or a pasted line end) makes an unknown program act."""
        before, self.before = self.before, stroke.text
        if "emacs" in self.name and (
            (before, stroke.text) in {("C-x", "C-e"), ("C-x", "e")}
            or stroke.text in ("C-M-x", "M-C-x", "F4")
        ):
            return Assessment(Risk.HIGH, ("evaluates text of the buffer",), "runs edited text")
        if stroke.kind == "key" and stroke.text in ("C-c", "C-d", "C-z"):
            self.closed = True
            return None
        if stroke.kind == "paste" and not re.search(r"[\r\n]", stroke.text):
            return None
        if (stroke.kind == "key" and stroke.text == "Enter") or stroke.kind == "paste":
            return Assessment(
                Risk.HIGH,
                (f"what {self.name or 'the program'} does with this cannot be known",),
                "cannot be known",
            )
        return Assessment(Risk.MEDIUM, (f"types into {self.name or 'a program'}",))
