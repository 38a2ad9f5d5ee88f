"""Keeps the interpreter's lock from being held for long while a long text is judged.

Python changes threads between two of its own instructions, never inside one call into C. Two such
calls grow with the text: a search through all of it, and the collector's walk over everything that
was allocated (80 ms in the middle of 10,000 commands). Even so CPython 3.11 was seen not to change
for 250 ms while 10,000 commands were judged, where its interval is 5 ms; so the lock is let go on
purpose now and then.
"""

from __future__ import annotations

import gc
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

CHUNK = 100_000
"""Characters searched in one call (about 2 ms)."""

_lock = threading.Lock()
_pausing = 0


@contextmanager
def uncollected() -> Iterator[None]:
    """No cycle collection while a text is judged; whoever judges a long one frees what it made.

    Not for a short text either: a walk over all that an engine holds takes the time of thousands of
    commands, and would be charged to the text in whose midst it falls.
    """
    global _pausing
    with _lock:
        if _pausing == 0 and not gc.isenabled():
            paused = False
        else:
            paused = True
            _pausing += 1
            gc.disable()
    try:
        yield
    finally:
        if paused:
            with _lock:
                _pausing -= 1
                if _pausing == 0:
                    gc.enable()


def search(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Search a long text piece by piece, for patterns of one character."""
    if len(text) <= CHUNK:
        return pattern.search(text)
    for at in range(0, len(text), CHUNK):
        # One more, because a pattern may look at what follows.
        found = pattern.search(text, at, at + CHUNK + 1)
        if found is not None and found.start() < at + CHUNK:
            return found
    return None


def breathe() -> None:
    """Let another thread have the interpreter, if one waits for it."""
    time.sleep(0)
