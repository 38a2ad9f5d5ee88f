# ruff: noqa: SIM102 - tables and patterns read better unbroken
"""vim: modes, `:` commands, filters and macros."""

from __future__ import annotations

import re

from agent.risk.assessment import Assessment, Context, Risk
from agent.risk.commands.editors import vim_command
from agent.risk.foregrounds.model import UNKNOWN_LINE, Model, call_in
from agent.risk.keys import Stroke
from agent.risk.line_editor import Line

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
                return UNKNOWN_LINE
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
        evaluator, call = call_in(self.context, "vim")
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
