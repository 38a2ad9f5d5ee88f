"""vim: its modes, and the keys that make it run, save or replay something."""

from __future__ import annotations

import re

from agent.risk.assessment import Assessment, Context, Risk
from agent.risk.evaluation.name_lists import names_of
from agent.risk.foregrounds.model import UNKNOWN_LINE, Model, call_in, last_row
from agent.risk.foregrounds.vim_commands import Buffer, expression, filtered, judge, saved
from agent.risk.keys import Stroke
from agent.risk.line_editor import Line

_OPENED = re.compile(r'^"([^"]+)"(?: \[[^\]]*\])* (?:\d+L\b|\d+ lines?\b|\[New)|^"([^"]+)" \[New')
_REPLAYED = Assessment(Risk.HIGH, ("replays keys that cannot be known",), "replays a macro")
_CALLS = Assessment(
    Risk.HIGH, ("calls a function that cannot be known",), "calls a function of the editor"
)
_HANDS_OVER = Assessment(
    Risk.HIGH, ("hands what stands in the text to another program",), "opens what the text names"
)
_WINDOW = Assessment(
    Risk.HIGH,
    ("opens a window whose lines are run as commands",),
    "runs a line that cannot be known",
)


class Vim(Model):
    """vim: inserted text is data; `:` commands, filters and macros act."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        last = last_row(context.screen)
        self.mode = "insert" if re.match(r"-- (?:INSERT|REPLACE|VISUAL INSERT)", last) else "normal"
        self.visual = bool(re.match(r"-- (?:VISUAL|SELECT)", last)) and self.mode == "normal"
        self.waiting = ""
        self.recording = last.startswith("recording @")
        self.line = Line()
        self.kind = ":"
        self.inserts = False
        """The search that is being typed is the end of a change."""
        opened = _OPENED.match(last)
        self.buffer = Buffer(context, (opened[1] or opened[2]) if opened else "")
        if re.match(r"^[:/?]\S*", last) and context.line is None:
            self.mode, self.kind = "line", last[0]
            self.line.before = last[1:]

    def fork(self) -> Model:
        """The same editor, with a line and a buffer of its own."""
        other = super().fork()
        assert isinstance(other, Vim)
        other.line, other.buffer = self.line.copy(), self.buffer.copy()
        return other

    def reopened(self) -> None:
        """Reads again, in normal mode."""
        super().reopened()
        self.mode, self.visual, self.waiting = "normal", False, ""

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Follow the modes."""
        if stroke.kind == "key":
            return self._key(stroke.text)
        if stroke.kind == "paste" and self.mode == "insert" and "\x1b" not in stroke.text:
            self.buffer.typed += stroke.text
            return None
        # Without bracketed paste the text arrives as typed keys.
        worst: Assessment | None = None
        for c in stroke.text:
            name = {"\n": "Enter", "\r": "Enter", "\x1b": "Escape"}.get(c)
            answer = self._char(c) if name is None else self._key(name)
            if answer is not None and (worst is None or answer.risk > worst.risk):
                worst = answer
        return worst

    def _key(self, name: str) -> Assessment | None:
        if self.mode == "line":
            return self._line_key(name)
        waiting, self.waiting = self.waiting, ""
        if self.mode == "insert":
            if name in ("Escape", "C-c", "C-o"):
                self.mode = "normal"
            elif name == "C-r":
                self.waiting = "register"
            elif name == "Enter":
                self.buffer.typed += "\n"
            return None
        if name == "C-z":
            self.stopped = True
        elif name == "C-w":
            self.waiting = "window"
        elif name == "C-v":
            self.visual = True
        elif name in ("Escape", "C-c"):
            self.visual = False
        elif waiting.startswith("change"):
            self.mode = "insert"
        elif waiting.startswith("!"):
            self._open("!")
        return None

    def _line_key(self, name: str) -> Assessment | None:
        line = self.line
        if name == "Enter":
            return self._entered()
        if name in ("Escape", "C-c") or (name == "BSpace" and not line.text and line.known):
            self.mode = "normal"
            line.clear()
        elif name in ("C-b", "Home"):
            line.key("Home")
        elif name == "C-w":
            # Unlike a shell, vim takes letters and signs apart.
            line.before = re.sub(r"(?:\w+|[^\w\s]+)?\s*$", "", line.before)
        elif name in ("C-e", "End", "Left", "Right", "BSpace", "C-u", "DC"):
            line.key(name)
        else:
            line.known = False
        return None

    def _entered(self) -> Assessment | None:
        line, kind = self.line, self.kind
        text, known = line.text, line.known
        line.clear()
        self.mode = "insert" if kind == "=" and self.buffer.inserting else "normal"
        if kind in "/?":
            self.mode = "insert" if self.inserts else "normal"
            return None
        if not known:
            return UNKNOWN_LINE
        if kind == "!":
            return filtered(self.context, text)
        if kind == "=":
            return expression(self.context, text)
        answer = judge(self.buffer, text)
        if self.buffer.inserts:
            self.mode, self.buffer.inserts = "insert", False
        self._left()
        return answer

    def _left(self) -> None:
        """A command may have closed the editor; it refuses to where changes would be lost."""
        if self.buffer.stops:
            self.stopped, self.buffer.stops = True, False
        if self.buffer.windows < 1:
            self.closed = True
            self.may_stay = self.buffer.changed and not self.buffer.forced
            self.buffer.windows = 1

    def _char(self, c: str) -> Assessment | None:
        if self.mode == "line":
            self.line.insert(c)
            return None
        waiting, self.waiting = self.waiting, ""
        if self.mode == "insert":
            self.buffer.changed = True
            self.buffer.typed += c
            if waiting == "register" and c == "=":
                self.buffer.inserting = True
                self._open("=")
            return None
        if not waiting:
            return self._visual(c) if self.visual else self._normal(c)
        return self._awaited(waiting, c)

    def _awaited(self, waiting: str, c: str) -> Assessment | None:
        """The rest of a command of several keys."""
        if waiting == "macro":
            return _REPLAYED
        if waiting == "record" and c in ":/?":
            return _WINDOW
        if waiting == "record":
            # Anything but a register: what was meant was the end of a recording.
            self.recording = c.isalnum() or c == '"'
            return None if self.recording else self._normal(c)
        if waiting == "Z":
            self.buffer.windows -= 1
            self.buffer.forced = c == "Q"
            self._left()
            return saved(self.buffer) if c == "Z" else None
        if waiting == "window":
            return self._opened_file() if c in "fF" else self._awaited("any", c)
        if waiting == "any":
            if c == ":":
                self._open(":")
        elif waiting == "quote":
            if c == "=":
                self.buffer.inserting = False
                self._open("=")
        elif waiting == "g":
            return self._after_g(c)
        elif waiting == "!":
            if c.isdigit():
                self.waiting = "!"
            elif c in "gaift'`[]":
                self.waiting = "!more"
            elif c in "/?":
                self._open("!")
                self.line.known = False
            else:
                self._open("!")
        elif waiting == "!more":
            self._open("!")
        else:
            self._moved(waiting, c)
        return None

    def _opened_file(self) -> Assessment | None:
        """`gf` opens the file whose name stands under the cursor: perhaps one that was typed."""
        evaluator, call = call_in(self.context, "vim")
        for name in names_of(evaluator, self.buffer.typed):
            call.reads(name)
        call.medium("opens a file that stands in the text")
        self.buffer.file = ""
        return evaluator.assessment()

    def _after_g(self, c: str) -> Assessment | None:
        if c == "@":
            return _CALLS
        if c == "x":
            return _HANDS_OVER
        if c in "fF":
            return self._opened_file()
        if c in "iIR":
            self.mode = "insert"
        elif c == "Q":
            self._open(":")
        elif c in "vhH":
            self.visual = True
        elif c in "?~uUqwJ":
            self.waiting = "motion"
        elif c in "r'`":
            self.waiting = "any"
        return None

    def _moved(self, waiting: str, c: str) -> None:
        """The motion of an operator, which `waiting` names; with `+` the second key of one."""
        change = waiting.startswith("change")
        if waiting.endswith("+"):
            self.mode = "insert" if change else "normal"
        elif c in "/?":
            self.inserts = change
            self._open(c, inserts=change)
        elif c.isdigit() and c != "0":
            self.waiting = waiting
        elif c in "iaftFTg'`[]z\"":
            self.waiting = waiting + "+"
        elif c == ":":
            self._open(":")
        elif change:
            self.mode = "insert"

    def _visual(self, c: str) -> Assessment | None:
        """Keys while text is selected: `i` and `a` go on, `!` filters at once."""
        if c in "iafFtTr'`\"[]zg":
            self.waiting = {"g": "g", '"': "quote"}.get(c, "any")
        elif c == "!":
            self.visual = False
            self._open("!")
        elif c in ":/?":
            self.visual = c != ":" and self.visual
            self._open(c)
        elif c in "cCsSRIA":
            self.visual, self.mode = False, "insert"
        elif c in "dDxXyYpPJuU~<>=":
            self.visual = False
            self.buffer.changed = True
        elif c in "@q":
            return self._normal(c)
        return None

    def _normal(self, c: str) -> Assessment | None:
        if c in "iIaAoOsSCR":
            self.mode = "insert"
        elif c in ":/?":
            self._open(c)
        elif c in "vV":
            self.visual = True
        elif c in "xXDpPJ~.u":
            self.buffer.changed = True
        elif c == "Q":
            self._open(":")
            self.line.known = False
        elif c in "cdy<>=":
            self.buffer.changed = True
            self.waiting = "change" if c == "c" else "motion"
        elif c in "!gZ":
            self.waiting = c
        elif c == "q" and self.recording:
            self.recording = False
        elif c in "@q":
            self.waiting = "macro" if c == "@" else "record"
        elif c == '"':
            self.waiting = "quote"
        elif c in "rfFtTmz'`[]":
            self.waiting = "any"
        return None

    def _open(self, kind: str, *, inserts: bool = False) -> None:
        self.mode = "line"
        self.kind = kind
        self.inserts = inserts
        self.line.clear()
