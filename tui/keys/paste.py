"""A paste arrives whole, as text, whatever it holds; and Esc is a key of its own.

Textual 8.2 (`textual/_xterm_parser.py`) goes on looking for escape sequences inside a bracketed
paste. One it does not know, such as a colour, it gives out again as keys, up to 32 characters of
what follows with it: pasted text then opens screens, moves the cursor, and could decide a gate.

So what stands between the marks of a paste loses its control characters before that parser sees it.

The same parser takes whatever comes within a tenth of a second after Escape for Alt with it: who
presses Esc and types on loses Esc and a letter. A terminal writes Alt with a letter at once, so
both come in one read; a person needs longer for two keys. Escape that came by itself is therefore
the key when the next character comes more than `TOGETHER` later. Three things cannot be had, since
the bytes are the same: Esc and a letter that something on the way joined, as a tmux around the app
does with those that come within its `escape-time` (`tungsten doctor` looks at it); a letter struck
within `TOGETHER`; and `[` or `O` right behind Esc, with which the terminal's own keys begin.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from textual import constants
from textual._time import get_time
from textual._xterm_parser import BRACKETED_PASTE_END as END
from textual._xterm_parser import BRACKETED_PASTE_START as START
from textual._xterm_parser import XTermParser
from textual.message import Message

KEY = 2
"""Characters at the beginning of a mark that are a key by themselves: Escape, or Alt with `[`."""

MARK_SECONDS = 1.0
"""How long the rest of a mark may be on its way once more than that came."""

TOGETHER = 0.01
"""Seconds between Escape and what belongs to it, at most: tmux's own `escape-time` (tmux 3.5)."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ESCAPE = "\x1b"
_GOES_ON = "[O"
"""What follows Escape in the sequences of keys (ECMA-48: CSI and SS3)."""


class WholePastes(XTermParser):
    """Textual's parser of what a terminal sends: text inside a paste, Esc before other keys."""

    def __init__(self, debug: bool = False) -> None:
        self._pasting = False
        self._held = ""
        """The beginning of a mark, whose rest has not come yet."""
        self._held_since = self._held_until = 0.0
        self._let_go = ""
        """What was held in vain, until anything else comes."""
        super().__init__(debug)

    def feed(self, data: str) -> Iterable[Message]:
        """Parse what came, in pieces of any size; nothing ends the stream."""
        if not data:
            if self._held and not self._pasting:
                yield from super().feed(self._held)
            yield from super().feed("")
            return
        apart = get_time() - self._held_since >= TOGETHER
        if self._held == _ESCAPE and apart and not self._pasting and data[0] not in _GOES_ON:
            yield from self._release()
        if self._let_go and data.startswith(START[len(self._let_go) :]):
            # Nobody types these so fast: the mark of a paste was torn apart on its way.
            data = START[: len(self._let_go)] + data
        data, self._held, self._let_go = self._held + data, "", ""
        if _ESCAPE not in data and not self._pasting:
            yield from super().feed(data)
            return
        while data:
            mark = END if self._pasting else START
            at = self._end(data) if self._pasting else data.find(START)
            if at < 0:
                kept = _begun(data, mark)
                data, self._held = data[: len(data) - kept], data[len(data) - kept :]
                wait = MARK_SECONDS if kept > KEY else constants.ESCAPE_DELAY
                self._held_since = get_time()
                self._held_until = self._held_since + wait
                yield from self._give(data)
                return
            yield from self._give(data[:at])
            yield from super().feed(mark)
            self._pasting = not self._pasting
            data = data[at + len(mark) :]

    def tick(self) -> Iterable[Message]:
        """Give out what only looked like the beginning of a paste."""
        if self._held and not self._pasting and get_time() >= self._held_until:
            yield from self._release()
        yield from super().tick()

    def _release(self) -> Iterable[Message]:
        held, self._held = self._held, ""
        self._let_go = held if len(held) <= KEY else ""
        yield from super().feed(held)
        if self._timeout_time is not None:
            # The parser would wait anew for what has been waited for already.
            self._timeout_time = 0.0
            yield from super().tick()

    def _give(self, data: str) -> Iterable[Message]:
        if self._pasting:
            data = _CONTROLS.sub("", data)
        if data:
            yield from super().feed(data)

    def _end(self, data: str) -> int:
        """Where the paste ends: a second end mark that came at once shows the first to be text."""
        at = data.find(END)
        while at >= 0:
            later = data.find(END, at + len(END))
            if later < 0 or 0 <= data.find(START, at + len(END)) < later:
                break
            at = later
        return at


def _begun(data: str, mark: str) -> int:
    """How many characters at the end of `data` are the beginning of a mark."""
    most = min(len(data), len(mark) - 1)
    return next((n for n in range(most, 0, -1) if data.endswith(mark[:n])), 0)
