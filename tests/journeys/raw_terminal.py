"""The app in a pseudo-terminal whose every byte is ours: what is typed, and what comes back."""

from __future__ import annotations

import fcntl
import os
import re
import struct
import termios
import time
from pathlib import Path

import pyte

from benchmarks.pty_program import PtyProgram
from tests.journeys.person import PROGRAM, Person

_UNREAD = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]")
"""Sequences that set what a terminal reports, which pyte would write onto its screen."""
_PERHAPS_MORE = re.compile(rb"\x1b(\[[<>=?0-9;]*)?$")

MOST_OUTPUT = 200_000
"""Bytes of what was written that are kept, for whoever looks at the end of it."""


class RawTerminal(PtyProgram):
    """The program of a person, without a tmux around it.

    Args:
        person: Whose home and environment; also who ends what is left.
    """

    def __init__(self, person: Person, columns: int = 120, rows: int = 40) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._half = b""
        super().__init__([str(PROGRAM)], columns=columns, rows=rows, environment=person.environment)
        os.set_blocking(self.fd, False)

    def read(self, timeout: float) -> bool:
        """Take what is there, and draw it."""
        before = len(self.output)
        some = super().read(timeout)
        data = self._half + bytes(self.output[before:])
        more = _PERHAPS_MORE.search(data)
        cut = more.start() if more else len(data)
        self._half = data[cut:]
        self._stream.feed(_UNREAD.sub(b"", data[:cut]))
        if len(self.output) > MOST_OUTPUT:
            del self.output[: -MOST_OUTPUT // 2]
        return some

    def send(self, data: bytes) -> None:
        """Type bytes; what is painted meanwhile is read, so that neither waits for the other."""
        while data:
            try:
                data = data[os.write(self.fd, data) :]
            except BlockingIOError:
                self.read(0.05)
            except OSError:
                # It has ended; whoever looks for that finds it.
                return

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size; the kernel tells the program."""
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self._screen.columns, self._screen.lines

    def row(self, number: int) -> str:
        """A row of the screen as it is now."""
        cells = self._screen.buffer[number]
        # A cell that the character before it reaches into is empty.
        return "".join(cells[column].data for column in range(self._screen.columns))

    @property
    def text(self) -> str:
        """What the screen shows."""
        return "\n".join(self.row(number).rstrip() for number in range(self._screen.lines))

    def until_shown(self, pattern: str, timeout: float = 5.0) -> bool:
        """Wait for a regular expression on the screen; says whether it came."""
        end = time.monotonic() + timeout
        while not re.search(pattern, self.text):
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.read(min(left, 0.1))
        return True

    def exit_status(self) -> int | None:
        """How the program ended; None while it runs."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None


def few_programs(directory: Path, names: tuple[str, ...]) -> str:
    """Make a PATH with a few programs: whatever is typed at random into a shell finds no other."""
    directory.mkdir()
    for name in names:
        found = next(
            path for place in os.environ["PATH"].split(":") if (path := Path(place) / name).exists()
        )
        (directory / name).symlink_to(found)
    return str(directory)
