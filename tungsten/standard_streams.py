"""The standard streams of a process that was started without them, as by `>&-` at a shell."""

from __future__ import annotations

import os
import sys


def open_missing() -> None:
    """Give this process the standard streams that it has not, before a file takes their number.

    What is then written to the terminal in good faith, by a library or a program that is started,
    would go into that file: a database, or the engine's socket.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is not None:
            continue
        try:
            os.fstat(number)
        except OSError:
            found = os.open(os.devnull, os.O_RDWR)
            if found != number:
                os.dup2(found, number)
                os.close(found)
            os.set_inheritable(number, True)
        mode = "w" if number else "r"
        stream = os.fdopen(number, mode, encoding="utf-8", errors="replace", closefd=False)
        setattr(sys, name, stream)
