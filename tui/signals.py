"""Leaving on a signal: the terminal is given back as it was, and drafts are kept.

Agents live in the engine and do not notice.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import termios
from collections.abc import Callable, Iterator
from types import FrameType

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def leaving_on_signals(save: Callable[[], None], leave: Callable[[int], bool]) -> Iterator[None]:
    """Leave an app in order when a signal asks for it.

    A terminal that has gone away can't be given back, and writing to it would block for ever:
    then drafts are written and the process ends at once.

    Args:
        save: Writes what would be lost. Called from the signal's handler.
        leave: Ends the app soon, with this exit status; False when it isn't running yet.
    """

    def handle(number: int, _frame: FrameType | None) -> None:
        # As shells report it.
        status = 128 + number
        if not _terminal_is_there():
            with contextlib.suppress(Exception):
                save()
            os._exit(status)
        if not leave(status):
            sys.exit(status)

    before = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _terminal_is_there() -> bool:
    try:
        termios.tcgetattr(sys.stdin.fileno())
    except (OSError, ValueError, termios.error):
        return False
    return True
