"""Keeps stray writes to the standard error from the screen.

Textual paints on the standard error. Whatever else is written there, by a C library or by a child
process, would land between the app's own cells; it goes to a log file instead. Textual's own stream
is UTF-8 whatever the locale or PYTHONIOENCODING say: its frames are made of lines that ASCII lacks.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from agent.files.regular_file import open_regular

LARGEST = 1_000_000
"""Bytes of an old log that are kept."""


@contextlib.contextmanager
def guarded_stderr(log: Path) -> Iterator[None]:
    """Give Textual a UTF-8 stream of its own, and send descriptor 2 to `log`, until the end.

    Descriptor 2 stays when the log can't be written: an app with a stray line is better than none.
    """
    original, current = sys.__stderr__, sys.stderr
    screen = os.dup(2)
    # Half of a surrogate pair, as in an undecodable file name, must not end the writing thread.
    painted = os.fdopen(screen, "w", encoding="utf-8", errors="replace")
    with contextlib.suppress(OSError):
        descriptor = _opened(log)
        os.dup2(descriptor, 2)
        os.close(descriptor)
    # Python's own name follows, so that what the app prints when it ends is seen.
    sys.__stderr__ = sys.stderr = painted  # type: ignore[misc]
    try:
        yield
    finally:
        sys.__stderr__ = original  # type: ignore[misc]
        sys.stderr = current
        painted.flush()
        os.dup2(screen, 2)
        painted.close()


def _opened(log: Path) -> int:
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LARGEST:
        log.unlink()
    return open_regular(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
