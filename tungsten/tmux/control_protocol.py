"""tmux control mode without input or output: bytes in, replies and notifications out.

A reply is framed by `%begin TIME NUMBER FLAGS` and `%end` or `%error` with the same three fields,
but tmux escapes nothing inside, so a pane may print a line that looks like an end. A reply that
can hold text from a pane is therefore guarded: the command is followed, in the same write, by a
`display-message -p` of an unguessable word, and the reply reaches up to the last matching end
before that word. The pane's text was fixed before the word left this process.
"""

from __future__ import annotations

import functools
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

_PLAIN = re.compile(rb"[A-Za-z0-9_/.:@%+=,-]+\Z")
_SPECIAL = re.compile(rb'[\x00-\x1f\x7f"$\\~]')
_OWN = b"1"


def quote(word: str) -> bytes:
    """Write one word so that tmux's command parser reads back exactly these characters.

    Raises:
        ValueError: the word holds NUL, which no tmux command can carry.
    """
    return _quote_known(word) if len(word) <= _SHORT else _quote(word)


def _quote(word: str) -> bytes:
    raw = word.encode("utf-8", "surrogateescape")
    if _PLAIN.match(raw):
        return raw
    if b"\0" in raw:
        raise ValueError("a tmux command cannot carry the character NUL")
    return b'"' + _SPECIAL.sub(_escape, raw) + b'"'


_SHORT = 400
_quote_known = functools.lru_cache(maxsize=512)(_quote)
"""Formats and options are the same with each command; what is typed leaves the cache again."""


def _escape(match: re.Match[bytes]) -> bytes:
    character = match[0]
    if character in b'"$\\':
        return b"\\" + character
    return b"\\%03o" % character[0]


def command_line(argv: Sequence[str]) -> bytes:
    """Write one command as one line, newline included; a `;` is always literal."""
    if not argv:
        raise ValueError("a tmux command needs at least its name")
    return b" ".join([quote(word) for word in argv]) + b"\n"


def literal(text: str) -> str:
    """Protect text from tmux's format expansion, in which `#(command)` would run a program."""
    return text.replace("#", "##")


def decode(raw: bytes) -> str:
    """Read tmux's bytes as text; each byte that is not UTF-8 becomes a backslash escape."""
    return raw.decode("utf-8", "backslashreplace")


def _decode_all(lines: list[bytes]) -> list[str]:
    # At once: no character, broken ones included, reaches across a newline.
    return decode(b"\n".join(lines)).split("\n") if lines else []


@dataclass(frozen=True, slots=True)
class Notification:
    """Something tmux tells unasked, e.g. name `window-renamed` and rest `@3 build`."""

    name: str
    rest: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one of this client's commands, in order.

    Attributes:
        lines: the text, without line ends.
        ok: whether the command succeeded.
        tail: for a guarded reply, what followed the guard on its line.
    """

    lines: list[str]
    ok: bool
    tail: str = ""


class Parser:
    """Turns the bytes of a control-mode client into replies and notifications.

    `expect` must be called once per command, in the order in which they are written. However
    the bytes are cut into pieces, the same events come out.
    """

    def __init__(self) -> None:
        self._partial = b""
        self._expected: deque[bytes | None] = deque()
        self._end = b""
        self._error = b""
        self._own = False
        self._guard: bytes | None = None
        self._block: list[bytes] | None = None
        self._finished: Reply | None = None

    def expect(self, guard: bytes | None = None) -> None:
        """Announce a command; with `guard`, also the `display-message` that follows it."""
        self._expected.append(guard)

    def feed(self, data: bytes) -> list[Reply | Notification]:
        """Take bytes as they arrive; gives the events that are complete."""
        events: list[Reply | Notification] = []
        lines = (self._partial + data).split(b"\n") if self._partial else data.split(b"\n")
        self._partial = lines.pop()
        self._lines(lines, events)
        return events

    def _lines(self, lines: list[bytes], events: list[Reply | Notification]) -> None:
        for line in lines:
            block, guard = self._block, self._guard
            if block is None:
                self._outside(line, events)
            elif guard is not None:
                if line.startswith(guard) and block and block[-1].startswith(b"%begin "):
                    self._guarded(block, line, events)
                else:
                    block.append(line)
            elif line == self._end or line == self._error:
                self._close(block, line == self._end, events)
            else:
                block.append(line)

    def _close(self, block: list[bytes], ok: bool, events: list[Reply | Notification]) -> None:
        self._block = None
        if self._finished is not None:
            events.append(self._finished)
            self._finished = None
        elif self._own:
            events.append(Reply(_decode_all(block), ok))
        elif not ok:
            # What a client's own start failed with.
            events.append(Notification("error", decode(b" ".join(block))))

    def _outside(self, line: bytes, events: list[Reply | Notification]) -> None:
        if line.startswith(b"%begin "):
            self._begin(line)
            self._own = line.endswith(b" " + _OWN) and bool(self._expected)
            self._guard = self._expected.popleft() if self._own else None
        elif line.startswith(b"%"):
            name, _, rest = line[1:].partition(b" ")
            events.append(Notification(decode(name), decode(rest)))

    def _begin(self, line: bytes) -> None:
        fields = line[len(b"%begin") :]
        self._end = b"%end" + fields
        self._error = b"%error" + fields
        self._block = []

    def _guarded(self, held: list[bytes], line: bytes, events: list[Reply | Notification]) -> None:
        """Close a guarded reply: everything held up to its last end, then what came between."""
        guard = self._guard or b""
        begin = held.pop()
        last = len(held) - 1
        while last >= 0 and held[last] not in (self._end, self._error):
            last -= 1
        ok = last >= 0 and held[last] == self._end
        reply = Reply(_decode_all(held[: max(last, 0)]), ok, decode(line[len(guard) :]))
        self._guard = None
        self._block = None
        self._lines(held[last + 1 :], events)
        self._begin(begin)
        self._own = True
        self._finished = reply
