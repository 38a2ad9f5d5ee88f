"""A program in a pseudo-terminal of its own, watched byte by byte, as a terminal would."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


class PtyProgram:
    """Starts `argv` in a pseudo-terminal and tells when something appears in its output."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.started = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            size = struct.pack("HHHH", rows, columns, 0, 0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, size)
            variables = dict(os.environ, TERM="xterm-256color", COLORTERM="truecolor")
            variables.pop("TMUX", None)
            variables.update(environment or {})
            os.execvpe(argv[0], list(argv), variables)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.output = bytearray()

    def until(self, marker: bytes, *, after: int = 0, timeout: float = 60.0) -> float:
        """Seconds from the start until `marker` has been written at or behind offset `after`."""
        deadline = time.perf_counter() + timeout
        while self.output.find(marker, after) < 0:
            if not self.read(deadline - time.perf_counter()):
                tail = bytes(self.output[-400:])
                raise TimeoutError(f"{marker!r} did not appear; the last output was {tail!r}")
        return time.perf_counter() - self.started

    def read(self, timeout: float) -> bool:
        """Take what is there, waiting at most `timeout` seconds; False when nothing came."""
        ready, _, _ = select.select([self.fd], [], [], max(0.0, timeout))
        if not ready:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.output += data
        return bool(data)

    def settle(self, quiet: float) -> None:
        """Read until nothing has come for `quiet` seconds."""
        while self.read(quiet):
            pass

    def drain(self, seconds: float) -> None:
        """Read for a while, as a terminal does that somebody looks at."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.read(left)

    def write(self, data: bytes) -> None:
        os.write(self.fd, data)

    def resident_bytes(self) -> int:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self) -> float:
        """Processor time of all its threads, in the kernel's own nanoseconds."""
        spent = 0
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                spent += int((task / "schedstat").read_text().split()[0])
        return spent / 1e9

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        with contextlib.suppress(OSError):
            os.close(self.fd)

    def __enter__(self) -> PtyProgram:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def drain(programs: Sequence[PtyProgram], seconds: float) -> None:
    """Read from several for a while."""
    end = time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        ready, _, _ = select.select([program.fd for program in programs], [], [], left)
        for program in programs:
            if program.fd in ready:
                program.read(0)
