# ruff: noqa: E501, RUF001 - tables and patterns read better unbroken
"""Password prompts, yes-or-no questions, and programs that no model knows."""

from __future__ import annotations

import re

from agent.risk.assessment import Assessment, Context, Risk
from agent.risk.evaluate import evaluate
from agent.risk.foregrounds.model import Model
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
