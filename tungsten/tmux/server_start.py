"""Start a tmux server that keeps what its panes orphan: run as a program, Linux only.

A process whose parent has ended is given to process 1, and nothing tells any more where it came
from; so a program in a pane that forks twice, begins a session, empties its environment and gives
itself a terminal looks like a person's. This program makes itself the one that orphans below it are
given to (PR_SET_CHILD_SUBREAPER, prctl(2)) and becomes the server: an attribute that outlives exec
but not fork, so the server must not go to the background by itself (`-D`, tmux 3.2). What runs in a
pane then stays below the server for as long as that lives. tmux reaps every child it has, known or
not.

Usage: python -I -S server_start.py SOCKET TMUX ARGUMENT…
"""

from __future__ import annotations

import ctypes
import os
import sys
import time

# `socket` takes as long to import as Python does to start, and someone waits for a terminal.
from _socket import AF_UNIX, SOCK_STREAM, socket

_SET_CHILD_SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of linux/prctl.h."""

_SECONDS = 10.0
_PAUSE = 0.002


def main(path: str, argv: list[str]) -> int:
    """Start the server at `path` by `argv`; gives 0 once it answers, 1 when it does not."""
    if answers(path):
        return 0
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            # Whoever waits for this program's output must not wait for the server's.
            null = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(null, descriptor)
            library = ctypes.CDLL(None, use_errno=True)
            if library.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0:
                os.execv(argv[0], argv)  # noqa: S606 - a shell would only be in the way
        finally:
            os._exit(1)
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        if answers(path):
            return 0
        if os.waitpid(child, os.WNOHANG)[0]:
            break
        time.sleep(_PAUSE)
    return 1


def answers(path: str) -> bool:
    """Say whether anything listens on a Unix socket."""
    probe = socket(AF_UNIX, SOCK_STREAM)
    try:
        probe.connect(path)
    except OSError:
        return False
    finally:
        probe.close()
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
