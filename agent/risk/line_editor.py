# ruff: noqa: E501 - tables and patterns read better unbroken
"""A model of the line that a person would see while keys arrive: readline's editing keys.

A line that the keys alone do not tell (completion, undo, a history that is not known) is marked as
unknown: only the screen can tell. Every key here is one of tmux's key names; see `keys.py` in the
same room.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from agent.risk.arguments import wordlist

_IGNORED = frozenset(
    ["C-l", "C-g", "C-Space", "C-@", "M-Space", "C-\\", "C-z", "FocusIn", "FocusOut"]
)
_KEEPS_END = frozenset(["Tab", "Up", "Down", "C-p", "C-n"])
"""Keys after which the cursor is at the end of the line if it was there before."""

_COUNT = re.compile(r"M-(\d)")
COMPLETES = frozenset(["Tab", "BTab"])
"""Keys that complete the word at the cursor; zsh expands what stands in it, too."""

_EDITS_UNTOLD = frozenset(
    wordlist(
        "Up Down C-p C-n M-. M-_ C-r C-s C-x C-y M-y C-_ C-/ C-7 C-v C-] M-C-] C-M-] IC PPage NPage M-- M-r M-&"
    )
)
"""Keys that edit, move or look something up, and nothing else, beside those that are modelled."""

_EDITS_AFTER_PREFIX = frozenset(wordlist("C-g C-x C-u BSpace ( )"))
"""The same after C-x."""
_MAX_COUNT = 999
_RING = 10
"""Pieces that readline's kill ring holds (DEFAULT_MAX_KILLS in its kill.c)."""

_PLAIN_WORDS = re.compile(r"[\w\s./~:@%+=,-]*", re.ASCII)
"""Text that the shell splits into words at blanks alone."""


@dataclass(slots=True)
class Line:
    """A line being edited.

    Attributes:
        before: what stands before the cursor.
        after: what stands at and after it.
        known: False once the line cannot be told from the keys any more.
        history: earlier lines, oldest first; None for one that cannot be told. Going back
            further than that is unknown.
        kills: what was killed, newest last; None for a piece that cannot be told.
    """

    before: str = ""
    after: str = ""
    known: bool = True
    history: list[str | None] = field(default_factory=list)
    kills: list[str | None] = field(default_factory=list)
    prefix: str = ""
    _at: int | None = None
    _draft: str = ""
    _originals: dict[int, str | None] = field(default_factory=dict)
    """What entries of the history were before they were edited and left."""
    _chained: bool | None = False
    """Whether the last key killed; None when text came since: read at once, the row goes on."""
    _yanked: tuple[int, int] | None = None
    """Length of what the last key yanked, and its place in the ring counted from the end."""
    _argument: tuple[int, int] | None = None
    """Length of the argument that the last key took, and the entry it came from."""
    _count: str = ""
    _search: str | None = None
    """What is looked for in the history, during a search."""
    _edge: str = ""
    """Where the cursor is in a line that is not known: at its `start` or `end`."""
    _adrift: bool = False
    """Which entry of the history the line came from is not known."""

    @property
    def text(self) -> str:
        """The whole line."""
        return self.before + self.after

    def copy(self) -> Line:
        """The same line, to be edited apart from this one."""
        return replace(
            self,
            history=list(self.history),
            kills=list(self.kills),
            _originals=dict(self._originals),
        )

    def clear(self) -> None:
        """A fresh, empty line."""
        self.before = self.after = self.prefix = self._draft = self._count = ""
        self.known = True
        self._at = self._search = self._yanked = self._argument = None
        self._chained = self._adrift = False
        self._edge = ""

    def abandon(self) -> None:
        """C-c: a fresh line; what edited entries are now is not known."""
        for at in {*self._originals, *(() if self._at is None else (self._at,))}:
            self.history[at] = None
        self._originals.clear()
        self.clear()

    def insert(self, text: str) -> None:
        """Text arrives; after C-x its first letter is half of a key."""
        if self._search is not None:
            self._search += text
            self._find(again=False)
            return
        if self.prefix:
            self.prefix = ""
            self.known = False
        if self._count and text:
            digits = re.match(r"\d*", text)
            self._count += digits[0] if digits else ""
            text = text[len(digits[0]) if digits else 0 :]
            if not text:
                return
            self.before += text[0] * self._number()
            text = text[1:]
        self.before += text
        self._edge = "" if self._edge == "start" else self._edge
        self._chained = None if self._chained is not False else False
        self._yanked = self._argument = None

    def key(self, name: str) -> None:
        """An editing key arrives; keys that submit are not for here."""
        if self._search is not None:
            self._searched(name)
            return
        if self.prefix:
            prefix, self.prefix = self.prefix, ""
            if prefix == "C-x":
                self.known = self.known and name == "C-g"
                return
        count = _COUNT.fullmatch(name)
        if count:
            self._count += count[1]
            self._chained = None if self._chained is not False else False
            return
        if not self.known and self._emptied(name):
            return
        known, at_end = self.known, not self.after
        if self._count:
            self._repeated(name, self._number())
        else:
            self._once(name)
        if known and not self.known and at_end and name in _KEEPS_END:
            self._edge = "end"

    def _emptied(self, name: str) -> bool:
        """Killing all of a line leaves an empty one, whatever it was."""
        if self._count:
            self._edge = ""
        if name in ("C-e", "End"):
            self._edge = "end"
        elif name in ("C-a", "Home"):
            self._edge = "start"
        elif (name, self._edge) in (("C-u", "end"), ("C-k", "start")):
            self.before = self.after = ""
            self.kills = [*self.kills, None][-_RING:]
            self.known, self._adrift, self._edge, self._chained = True, True, "", True
            return True
        elif name not in _KEEPS_END or self._edge != "end":
            self._edge = ""
        return False

    def may_submit(self, name: str) -> bool:
        """A key may submit the line, or run something of it, as it stands."""
        return may_submit(name, after_prefix=self.prefix == "C-x")

    @property
    def counted(self) -> bool:
        """A numeric argument waits for the next key."""
        return bool(self._count)

    @property
    def searching(self) -> bool:
        """Text that arrives is looked for in the history."""
        return self._search is not None

    def accept(self) -> None:
        """The line is about to be submitted: a search ends with what it found."""
        self._search = None
        self.known = self.known and not self.prefix and not self._count
        if self._at in self._originals:
            # An entry that is submitted is afterwards what it was before any change.
            self.history[self._at] = self._originals.pop(self._at)

    def _number(self) -> int:
        number = int(self._count[:9])
        self._count = ""
        if number > _MAX_COUNT:
            self.known = False
        return min(number, _MAX_COUNT)

    def _repeated(self, name: str, number: int) -> None:
        if name in ("BSpace", "C-h", "DC", "C-d", "C-?"):
            # With a number, what is deleted is killed.
            back = name in ("BSpace", "C-h", "C-?")
            at = max(len(self.before) - number, 0)
            text = self.before[at:] if back else self.after[:number]
            if back:
                self.before = self.before[:at]
            else:
                self.after = self.after[number:]
            self._kill(text, forward=not back)
        elif (
            name in _MOVES_BY_COUNT
            or name in ("M-d", "M-BSpace", "C-w", "C-M-h", "M-C-h")
            or name in ("Up", "C-p", "Down", "C-n")
        ):
            for _ in range(number):
                self._once(name)
        else:
            self.known = False

    def _once(self, name: str) -> None:
        argument, self._argument = self._argument, None
        yanked, self._yanked = self._yanked, None
        move = _MOVES.get(name)
        if move is not None:
            move(self)
        elif name in _KILLS:
            text, forward = _KILLS[name](self)
            self._kill(text, forward=forward)
            return
        elif name == "C-y":
            self._yank(1)
        elif name == "M-y":
            if yanked is not None and self.kills:
                self.before = self.before[: len(self.before) - yanked[0]]
                self._yank(yanked[1] % len(self.kills) + 1)
            elif not self.kills:
                self.known = False
        elif name in ("Up", "C-p"):
            self._recall(-1)
        elif name in ("Down", "C-n"):
            self._recall(1)
        elif name in ("M-.", "M-_"):
            self._last_argument(argument)
        elif name == "C-r" and self.known and not self.text and self._at is None:
            self._search = ""
        elif name == "C-x":
            self.prefix = name
        elif name in _IGNORED:
            pass
        else:
            self.known = False
        self._chained = False

    def _kill(self, text: str, *, forward: bool) -> None:
        """Kills in a row make one piece, as in readline; killing nothing is no kill."""
        if not text:
            self._chained = False
            return
        if self._chained is False or not self.kills:
            self.kills = [*self.kills, text][-_RING:]
        else:
            last = self.kills[-1]
            doubtful = self._chained is None or last is None
            joined = (last or "") + text if forward else text + (last or "")
            self.kills[-1] = None if doubtful else joined
        self._chained = True

    def _yank(self, back: int) -> None:
        text = self.kills[-back] if self.kills else ""
        if text is None:
            self.known = False
            text = ""
        self.before += text
        self._yanked = (len(text), back)

    def _recall(self, step: int) -> None:
        if self._adrift:
            self.known = False
            return
        if self._at is None:
            if step > 0:
                return
            self._draft = self.text
            at = len(self.history) - 1
        else:
            # readline keeps what was done to an entry when it is left.
            if self.history[self._at] != self.text:
                self._originals.setdefault(self._at, self.history[self._at])
                self.history[self._at] = self.text
            at = self._at + step
        if at < 0:
            self.known = False
            return
        if at >= len(self.history):
            self._at = None
            self.before, self.after = self._draft, ""
            return
        self._at = at
        entry = self.history[at]
        self.known = self.known and entry is not None
        self.before, self.after = entry or "", ""

    def jump(self, to: int | None) -> None:
        """Go to the end of the history (None), or to its beginning, which is not known."""
        if to is not None:
            self.known = False
        elif self._at is not None:
            self._recall(len(self.history) - self._at)

    def _last_argument(self, before: tuple[int, int] | None) -> None:
        """Take the last word of the entry before the one that stands on the line; again, older."""
        if self._adrift:
            self.known = False
            return
        entry = (len(self.history) if self._at is None else self._at) - 1
        if before is not None:
            self.before = self.before[: len(self.before) - before[0]]
            entry = before[1] - 1
        text = (self.history[entry] if entry >= 0 else None) or ""
        words = text.split() if _PLAIN_WORDS.fullmatch(text) else []
        if not words:
            self.known = False
            return
        self.before += words[-1]
        self._argument = (len(words[-1]), entry)

    def _searched(self, name: str) -> None:
        """A key during a search backwards through the history."""
        if name == "C-r":
            self._find(again=True)
            return
        self._search = None
        self.known = name == "C-g"
        if self.known:
            self.before = self.after = ""
            self._at = None

    def _find(self, *, again: bool) -> None:
        """Go to the newest entry that holds what is looked for, or to the next older one."""
        at = (len(self.history) if self._at is None else self._at) - (1 if again else 0)
        if not self._search or not self.known:
            self.known = False
            return
        for place in range(min(at, len(self.history) - 1), -1, -1):
            text = self.history[place]
            found = -1 if text is None else text.rfind(self._search)
            if text is None or found >= 0:
                self.known = text is not None
                self._at = place
                self.before, self.after = (text or "")[:found], (text or "")[found:]
                return
        self.known = False


def _word_back(line: Line) -> int:
    """Where the word before the cursor starts, for letters and digits."""
    return len(line.before) - _word_length(line, line.before[::-1])


def _word_end(line: Line) -> int:
    """Where the word after the cursor ends."""
    return _word_length(line, line.after)


def _word_length(line: Line, text: str) -> int:
    match = re.match(r"[^A-Za-z0-9\u0080-\U0010ffff]*[A-Za-z0-9]*", text)
    end = match.end() if match else 0
    if not text[end : end + 1].isascii():
        # What is a letter there is for the locale to say.
        line.known = False
    return end


def _back_word(line: Line) -> None:
    start = _word_back(line)
    line.before, line.after = line.before[:start], line.before[start:] + line.after


def _forward_word(line: Line) -> None:
    end = _word_end(line)
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
    end = _word_end(line)
    word = line.after[:end]
    if how == "capitalize":
        word = re.sub(r"[A-Za-z0-9]+", lambda m: m[0].capitalize(), word)
    else:
        word = word.upper() if how == "upper" else word.lower()
    line.before, line.after = line.before + word, line.after[end:]


def _transpose_words(line: Line) -> None:
    """Swap the word at or after the cursor with the one before it.

    Behind the last word, all that follows goes with it.
    """
    text = line.text
    if not text.isascii():
        line.known = False
        return
    at = len(line.before)
    end = at + _word_length(line, text[at:])
    start = end - _word_length(line, text[:end][::-1])
    first = start - _word_length(line, text[:start][::-1])
    first_end = first + _word_length(line, text[first:])
    if first == start or start < first_end:
        return
    line.before = text[:first] + text[start:end] + text[first_end:start] + text[first:first_end]
    line.after = text[end:]


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
    start = _word_back(line)
    text, line.before = line.before[start:], line.before[:start]
    return text, False


def _kill_word(line: Line) -> tuple[str, bool]:
    end = _word_end(line)
    text, line.after = line.after[:end], line.after[end:]
    return text, True


_MOVES: dict[str, Callable[[Line], None]] = {
    "C-a": _home, "Home": _home, "C-e": _end, "End": _end, "C-b": _left, "Left": _left,
    "C-f": _right, "Right": _right, "M-b": _back_word, "M-f": _forward_word,
    "C-Left": _back_word, "C-Right": _forward_word, "M-Left": _back_word, "M-Right": _forward_word,
    "BSpace": _backspace, "C-h": _backspace, "C-?": _backspace, "DC": _delete, "C-d": _delete,
    "C-t": _transpose, "M-t": _transpose_words, "M-<": lambda line: line.jump(0), "M->": lambda line: line.jump(None), "M-u": lambda line: _case(line, "upper"), "M-\\": _squeeze,
    "M-l": lambda line: _case(line, "lower"), "M-c": lambda line: _case(line, "capitalize"),
}  # fmt: skip
_MOVES_BY_COUNT = frozenset(
    ["C-b", "Left", "C-f", "Right", "M-b", "M-f", "C-Left", "C-Right", "M-Left", "M-Right"]
)
_KILLS: dict[str, Callable[[Line], tuple[str, bool]]] = {
    "C-k": _kill_end, "C-u": _kill_start, "C-w": _kill_blank_word, "M-BSpace": _kill_word_back,
    "C-M-h": _kill_word_back, "M-d": _kill_word, "M-C-h": _kill_word_back,
}  # fmt: skip


def may_submit(name: str, *, after_prefix: bool = False) -> bool:
    """A key of a line editor is not known to only edit, move or complete.

    What is bound to such a key may submit the line (insert-comment, accept-and-hold), run what
    stands in it (shell-expand-line) or play a macro.

    Args:
        name: tmux's canonical name of the key; a letter after C-x.
        after_prefix: C-x came right before it.
    """
    if after_prefix:
        return name not in _EDITS_AFTER_PREFIX
    return not (
        name in _MOVES
        or name in _KILLS
        or name in _IGNORED
        or name in COMPLETES
        or name in _EDITS_UNTOLD
        or _COUNT.fullmatch(name)
    )
