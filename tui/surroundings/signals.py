"""Leaving on a signal: the terminal is given back as it was, and drafts are kept.

Agents live in the engine and do not notice.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import termios
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.driver import Driver

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


def drawing_when_continued(driver: Driver, again: Callable[[], None]) -> None:
    """Take the terminal anew when the app goes on after a stop that it was not asked about.

    After SIGSTOP, another program had the terminal while it was set up for the app. Textual's own
    handler (8.2, `LinuxDriver._sigcont_application`) would then start a second reader and writer
    beside the first, and draw nothing; it stays in charge of stops that went through SIGTSTP.

    Args:
        driver: The running app's driver.
        again: Sets the terminal up and draws; called from the event loop, in the foreground only.
    """
    usual = signal.getsignal(signal.SIGCONT)
    loop = asyncio.get_running_loop()

    def handle(number: int, frame: FrameType | None) -> None:
        # Textual has no public way to these.
        in_order = getattr(driver, "_must_signal_resume", False)
        if in_order or not getattr(driver, "_auto_restart", True):
            if callable(usual):
                usual(number, frame)
        elif _in_foreground():
            loop.call_soon_threadsafe(again)

    signal.signal(signal.SIGCONT, handle)


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        # A terminal that nobody's jobs share.
        return True


def _terminal_is_there() -> bool:
    try:
        termios.tcgetattr(sys.stdin.fileno())
    except (OSError, ValueError, termios.error):
        return False
    return True
