"""The floor: bash in a bare pseudo-terminal, nothing between it and us.

Its prompt begins with an unguessable word, a number and the exit status, so the end of a command is
known from the same bytes that a terminal would draw. Nothing can know it sooner.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import secrets
import select
import signal
import struct
import termios
from collections.abc import Mapping

_PIECE = 1 << 16


class RawShell:
    """One bash at its prompt; `run` types a line and returns once the next prompt is there."""

    def __init__(
        self, environment: Mapping[str, str], *, columns: int = 120, rows: int = 40
    ) -> None:
        nonce = secrets.token_hex(8)
        self._prompt = re.compile(rb"\x1bk%b;(\d+);(\d+)\x1b\\" % nonce.encode())
        self._count = 0
        variables = {name: value for name, value in environment.items() if name != "TMUX"}
        variables["TERM"] = "xterm-256color"
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], variables)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        # Split, so that the line's own echo does not look like a prompt.
        half, rest = nonce[:8], nonce[8:]
        prompt = rf"PS1='\[\ek{half}''{rest};$((++n));$?\e\\\]\$ '"
        os.write(self._fd, b"n=0; " + prompt.encode() + b"\r")
        self._until_prompt()

    def run(self, line: str) -> tuple[int, int]:
        """Run one line; gives its exit status and how many bytes it wrote."""
        os.write(self._fd, line.encode() + b"\r")
        return self._until_prompt()

    def _until_prompt(self) -> tuple[int, int]:
        tail = b""
        size = 0
        while True:
            select.select([self._fd], [], [])
            data = os.read(self._fd, _PIECE)
            size += len(data)
            # Only what is new is searched, or a long output would slow the floor down.
            tail = tail[-64:] + data
            for found in self._prompt.finditer(tail):
                if int(found[1]) > self._count:
                    self._count = int(found[1])
                    return int(found[2]), size

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._fd)
