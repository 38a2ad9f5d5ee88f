"""less and man: `!`, `|`, `s` and `:e`."""

from __future__ import annotations

import re

from agent.risk.assessment import Assessment, Context, Risk
from agent.risk.foregrounds.model import UNKNOWN_LINE, Model, call_in
from agent.risk.keys import Stroke
from agent.risk.line_editor import Line

_MOVES = frozenset("jkdubfgGnNhF0123456789 ")
_ACTS = frozenset("!|#:/?&svq")
_EDITS = frozenset(["BSpace", "DC", "Left", "Right", "Home", "End"])


class Pager(Model):
    """less and man: looking is free; `!`, `|`, `s` and `:e` act.

    Args:
        context: where it runs.
        doubtful: it may not have started, so only what looks as if meant for it counts.
    """

    def __init__(self, context: Context, *, doubtful: bool = False) -> None:
        super().__init__(context)
        self.doubtful = doubtful
        self.foreign = False
        """The rest of a line that a pager would hardly be given."""
        self.mode = ""
        self.line = Line()
        self.waiting = ""
        rows = context.screen.rstrip().splitlines()
        last = rows[-1] if rows else ""
        if last.startswith("!") and context.line is None:
            self.mode = "!"
            self.line.before = last[1:]

    def fork(self) -> Model:
        """The same pager, with a line of its own."""
        other = super().fork()
        assert isinstance(other, Pager)
        other.line = self.line.copy()
        return other

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
        if self.doubtful and not self.waiting and (self.foreign or c not in _MOVES | _ACTS):
            self.foreign = True
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
        elif c == "E":
            self._open("e")
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
        self.foreign = False
        if not self.mode:
            if name == "C-z":
                self.stopped = True
            elif name == "C-x":
                self.waiting = "C-x"
            elif name == "C-v" and self.waiting == "C-x":
                self.waiting = ""
                self._open("e")
            return None
        line, mode = self.line, self.mode
        if mode == "option" and name != "Enter" and not line.text.startswith("--"):
            return None
        if name in ("C-c", "Escape", "C-g") or (name == "BSpace" and not line.text and line.known):
            self.mode = ""
            return None
        if name != "Enter":
            # Its own line editor, with fewer keys than readline's.
            if name in _EDITS:
                line.key(name)
            elif name != "C-u":
                line.known = False
            elif line.known:
                line.clear()
            return None
        self.mode = ""
        evaluator, call = call_in(self.context, "less")
        if mode in ("pattern",):
            return None
        if not line.known:
            return UNKNOWN_LINE
        text = line.text.strip()
        if mode == "!":
            if text.startswith("!"):
                call.high("runs again what the pager ran last", "runs a line that cannot be known")
            elif text:
                call.shell(text.replace("%", "shown-file"))
            else:
                call.high("opens a shell inside the pager")
        elif mode == "e":
            if "`" in text:
                call.opaque("opens a file whose name another command prints")
            call.reads(text)
        elif mode == "save":
            call.writes(text)
        elif mode == "option":
            if re.search(r"^--?(?:o|O|k|log-file|LOG-FILE|lesskey|T|tag)", text):
                call.high("has the pager write or read settings")
            elif "!" in text or "|" in text:
                call.high("has the pager run something")
        return evaluator.assessment()
