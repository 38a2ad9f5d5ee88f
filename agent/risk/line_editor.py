# ruff: noqa: E501 - tables and patterns read better unbroken
"""A model of the line that a person would see while keys arrive: readline's editing keys.

`None` as the text means that the line is no longer known (completion, searches, undo): only the
screen can tell. Every key here is one of tmux's key names; see `keys.py` in the same room.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agent.risk.arguments import wordlist

_UNKNOWN_KEYS = frozenset(
    wordlist("""Tab BTab C-i C-r C-s C-_ C-/ C-7 C-v C-q C-] M-y M-t M-& M-* M-? M-! M-/ M-~ M-$ M-@ M-{ M-g M-^ M-p M-n
    M-r M-< M-> C-M-e C-M-y C-M-h C-M-] M-- PPage NPage IC C-M-v""")
)
_IGNORED = frozenset(
    ["C-l", "C-g", "C-Space", "C-@", "M-Space", "C-\\", "C-z", "FocusIn", "FocusOut"]
)


@dataclass(slots=True)
class Line:
    """A line being edited.

    Attributes:
        before: what stands before the cursor.
        after: what stands at and after it.
        known: False once the line cannot be told from the keys any more.
        history: earlier lines, oldest first.
        complete: the history is all there is; going back further than it is unknown otherwise.
    """

    before: str = ""
    after: str = ""
    known: bool = True
    history: list[str] = field(default_factory=list)
    killed: str = ""
    prefix: str = ""
    at: int | None = None
    draft: str = ""
    chained: bool = False

    @property
    def text(self) -> str:
        """The whole line."""
        return self.before + self.after

    def clear(self) -> None:
        """A fresh, empty line."""
        self.before = self.after = self.prefix = self.draft = ""
        self.known = True
        self.at = None
        self.chained = False

    def insert(self, text: str) -> None:
        """Text arrives; after C-x its first letter is half of a key."""
        if self.prefix:
            self.prefix = ""
            self.known = False
        self.before += text
        self.chained = False

    def key(self, name: str) -> None:
        """An editing key arrives; keys that submit are not for here."""
        if self.prefix:
            prefix, self.prefix = self.prefix, ""
            if prefix == "C-x":
                self.known = self.known and name in ("C-x", "C-g")
                if name == "C-x":
                    self.before, self.after = "", self.text
                return
        killing = False
        move = _MOVES.get(name)
        if move is not None:
            move(self)
        elif name in _KILLS:
            text, forward = _KILLS[name](self)
            # Kills in a row make one piece, as in readline.
            # Killing nothing leaves what was killed before, and is no kill.
            if text and not self.chained:
                self.killed = ""
            self.killed = self.killed + text if forward else text + self.killed
            killing = bool(text)
        elif name == "C-y":
            self.before += self.killed
        elif name in ("Up", "C-p"):
            self._recall(-1)
        elif name in ("Down", "C-n"):
            self._recall(1)
        elif name in ("M-.", "M-_"):
            self._last_argument()
        elif name == "C-x":
            self.prefix = name
        elif name in _IGNORED:
            pass
        else:
            self.known = False
        self.chained = killing

    def _recall(self, step: int) -> None:
        if self.at is None:
            if step > 0:
                return
            self.draft = self.text
            at = len(self.history) - 1
        else:
            # readline keeps what was done to an entry when it is left.
            self.history[self.at] = self.text
            at = self.at + step
        if at < 0:
            self.known = False
            return
        if at >= len(self.history):
            self.at = None
            self.before, self.after = self.draft, ""
            return
        self.at = at
        self.before, self.after = self.history[at], ""

    def _last_argument(self) -> None:
        words = self.history[-1].split() if self.history else []
        if words:
            self.before += words[-1]
        else:
            self.known = False


def _word_back(text: str) -> int:
    """Where the word before the end of `text` starts, for letters and digits."""
    match = re.search(r"\w*\W*$", text.replace("_", "."))
    return match.start() if match else 0


def _back_word(line: Line) -> None:
    start = _word_back(line.before)
    line.before, line.after = line.before[:start], line.before[start:] + line.after


def _word_end(text: str) -> int:
    match = re.match(r"[^A-Za-z0-9\u0080-\uffff]*[A-Za-z0-9\u0080-\uffff]*", text)
    return match.end() if match else 0


def _forward_word(line: Line) -> None:
    end = _word_end(line.after)
    line.before, line.after = line.before + line.after[:end], line.after[end:]


def _home(line: Line) -> None:
    line.before, line.after = "", line.text


def _end(line: Line) -> None:
    line.before, line.after = line.text, ""


def _left(line: Line) -> None:
    if line.before:
        line.before, line.after = line.before[:-1], line.before[-1] + line.after


def _right(line: Line) -> None:
    if line.after:
        line.before, line.after = line.before + line.after[0], line.after[1:]


def _backspace(line: Line) -> None:
    line.before = line.before[:-1]


def _delete(line: Line) -> None:
    line.after = line.after[1:]


def _transpose(line: Line) -> None:
    if not line.before or len(line.text) < 2:
        return
    if line.after:
        line.before, line.after = line.before[:-1] + line.after[0] + line.before[-1], line.after[1:]
    else:
        line.before = line.before[:-2] + line.before[-1] + line.before[-2]


def _case(line: Line, how: str) -> None:
    end = _word_end(line.after)
    word = line.after[:end]
    if how == "capitalize":
        word = re.sub(r"[A-Za-z0-9]+", lambda m: m[0].capitalize(), word)
    else:
        word = word.upper() if how == "upper" else word.lower()
    line.before, line.after = line.before + word, line.after[end:]


def _squeeze(line: Line) -> None:
    line.before = line.before.rstrip(" \t")
    line.after = line.after.lstrip(" \t")


def _kill_end(line: Line) -> tuple[str, bool]:
    text, line.after = line.after, ""
    return text, True


def _kill_start(line: Line) -> tuple[str, bool]:
    text, line.before = line.before, ""
    return text, False


def _kill_blank_word(line: Line) -> tuple[str, bool]:
    match = re.search(r"[^ \t]*[ \t]*$", line.before)
    start = match.start() if match else 0
    text, line.before = line.before[start:], line.before[:start]
    return text, False


def _kill_word_back(line: Line) -> tuple[str, bool]:
    start = _word_back(line.before)
    text, line.before = line.before[start:], line.before[:start]
    return text, False


def _kill_word(line: Line) -> tuple[str, bool]:
    end = _word_end(line.after)
    text, line.after = line.after[:end], line.after[end:]
    return text, True


_MOVES: dict[str, Callable[[Line], None]] = {
    "C-a": _home, "Home": _home, "C-e": _end, "End": _end, "C-b": _left, "Left": _left,
    "C-f": _right, "Right": _right, "M-b": _back_word, "M-f": _forward_word,
    "C-Left": _back_word, "C-Right": _forward_word, "M-Left": _back_word, "M-Right": _forward_word,
    "BSpace": _backspace, "C-h": _backspace, "C-?": _backspace, "DC": _delete, "C-d": _delete,
    "C-t": _transpose, "M-u": lambda line: _case(line, "upper"), "M-\\": _squeeze,
    "M-l": lambda line: _case(line, "lower"), "M-c": lambda line: _case(line, "capitalize"),
}  # fmt: skip
_KILLS: dict[str, Callable[[Line], tuple[str, bool]]] = {
    "C-k": _kill_end, "C-u": _kill_start, "C-w": _kill_blank_word, "M-BSpace": _kill_word_back,
    "C-M-h": _kill_word_back, "M-d": _kill_word, "M-C-h": _kill_word_back,
}  # fmt: skip


def expand_history(text: str, history: Sequence[str]) -> str | None:
    """What `!!`, `!$`, `!word`, `^old^new` turn a line into; None when that cannot be known."""
    if text.startswith("^"):
        pieces = text[1:].split("^")
        if not history or len(pieces) < 2 or not pieces[0]:
            return None
        return history[-1].replace(pieces[0], pieces[1], 1) + "".join(pieces[2:])
    if "!" not in text:
        return text
    out: list[str] = []
    at = 0
    quoted = False
    while at < len(text):
        c = text[at]
        if c == "\\" and at + 1 < len(text):
            out.append(text[at : at + 2])
            at += 2
            continue
        if c == "'" and not quoted:
            close = text.find("'", at + 1)
            close = len(text) - 1 if close < 0 else close
            out.append(text[at : close + 1])
            at = close + 1
            continue
        if c == '"':
            quoted = not quoted
        if (
            c != "!"
            or at + 1 >= len(text)
            or text[at + 1] in " \t\n=("
            or (quoted and text[at + 1] == '"')
        ):
            out.append(c)
            at += 1
            continue
        match = _EVENT.match(text, at)
        if match is None:
            out.append(c)
            at += 1
            continue
        found = _event(match, history)
        if found is None:
            return None
        out.append(found)
        at = match.end()
    return "".join(out)


_EVENT = re.compile(
    r"!(?:(!)|(\$|\*|\^|:[\d$*^-]+)|-(\d+)|(\d+)|\?([^?\n]+)\??|([A-Za-z./_][^\s;&|()<>:'\"!]*))((?::[^\s;&|]+)?)"
)


def _event(match: re.Match[str], history: Sequence[str]) -> str | None:
    again, word, back, _number, _within, start, modifier = match.groups()
    if not history:
        return None
    event: str | None = None
    if again or word:
        event = history[-1]
    elif back:
        event = history[-int(back[:6])] if 0 < int(back[:6]) <= len(history) else None
    elif start:
        event = next((line for line in reversed(history) if line.startswith(start)), None)
    if event is None:
        return None
    words = event.split()
    designator = word or ""
    if modifier:
        designator = modifier[1:]
    if designator in ("", ":0-"):
        return event
    designator = designator.lstrip(":")
    if designator == "$":
        return words[-1] if words else ""
    if designator == "*":
        return " ".join(words[1:])
    if designator == "^":
        return words[1] if len(words) > 1 else ""
    if designator.isdigit():
        return words[int(designator)] if int(designator) < len(words) else None
    return None
