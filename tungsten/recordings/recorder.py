"""The process that writes one pane's recording: what tmux pipes to it becomes asciicast lines.

tmux starts it (`pipe-pane`), so it lives as long as the pane is piped, whatever becomes of those
who asked for it, and the pane never waits for it. It is run by its path with nothing but the
standard library, hence imports nothing of ours.

Arguments: the recording, which exists and is locked until its head is written; the pane's
terminal, for its size; a FIFO to say on that writing has begun; the monotonic clock's time at
second 0 of the recording; its columns; its lines; the bytes that the file may have at most, 0 for
as many as there are. A recording that reaches them ends with a marker; the pane goes on.
"""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import json
import os
import select
import signal
import struct
import sys
import termios
import time

CHUNK = 1 << 16
"""Bytes per event at most, which bounds what this process holds."""

QUIET_SECONDS = 0.2
"""How long nothing comes once it is told to end, and how much work tmux does meanwhile: as soon as
it gets to run, it hands on what it still has."""


class Recorder:
    """Appends events to one file, each as a whole line or not at all."""

    def __init__(
        self, file: int, terminal: str, started: float, size: tuple[int, int], limit: int
    ) -> None:
        self._file = file
        self._limit = limit
        self._terminal = terminal
        self._started = started
        self._size = size
        # As asciinema does it: the format holds text, so other bytes become U+FFFD.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def run(self, source: int, told: int) -> None:
        """Record what `source` gives until it ends, or `told` is readable and nothing comes."""
        server = os.getppid()
        patience = worked = None
        while True:
            waiting = [source, told] if patience is None else [source]
            readable, _, _ = select.select(waiting, [], [], patience)
            if not readable:
                spent = _at_work(server)
                # It may have handed on the last of it just before it was looked at.
                readable, _, _ = select.select([source], [], [], 0)
                done = spent is None or (worked is not None and spent - worked >= QUIET_SECONDS)
                if done and not readable:
                    break
                worked = spent if worked is None else worked
                continue
            worked = None
            if source not in readable:
                patience = QUIET_SECONDS
                continue
            data = os.read(source, CHUNK)
            if not data:
                break
            now = time.monotonic()
            self._resized(now)
            self._append(now, "o", self._decoder.decode(data))
            if self._limit and os.fstat(self._file).st_size >= self._limit:
                self._append(now, "m", f"the recording ends here: it has {self._limit} bytes")
                return
        now = time.monotonic()
        self._append(now, "o", self._decoder.decode(b"", final=True))
        self._resized(now)

    def _resized(self, now: float) -> None:
        """Look at the terminal's size; a program prints for a new size only after it is set."""
        try:
            # Held for microseconds: an open terminal would keep its pane from ending.
            terminal = os.open(self._terminal, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:
            return
        try:
            raw = fcntl.ioctl(terminal, termios.TIOCGWINSZ, bytes(8))
        except OSError:
            return
        finally:
            os.close(terminal)
        lines, columns, _, _ = struct.unpack("HHHH", raw)
        if columns and lines and (columns, lines) != self._size:
            self._size = (columns, lines)
            self._append(now, "r", f"{columns}x{lines}")

    def _append(self, now: float, code: str, text: str) -> None:
        if not text:
            return
        event = [round(max(now - self._started, 0.0), 6), code, text]
        data = (json.dumps(event, ensure_ascii=False) + "\n").encode()
        length = os.fstat(self._file).st_size
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:
            if written:
                # A full disk must not leave half a line that others would be appended to.
                with contextlib.suppress(OSError):
                    os.ftruncate(self._file, length)
            raise


def _at_work(process: int) -> float | None:
    """Say how many seconds a process has had of the processor; None when it waits for something.

    tmux waits for a pipe that can be written when it has anything for it: while this one is empty
    and tmux sleeps, it has nothing. Where it wants to run and cannot (a machine that is very busy,
    a server that was stopped), it may have. None as well where the system does not tell.
    """
    try:
        with open(f"/proc/{process}/stat", "rb") as file:  # noqa: PTH123 - pathlib is slow to import
            state, *fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    if state not in (b"R", b"D", b"T", b"t"):
        return None
    return (int(fields[10]) + int(fields[11])) / os.sysconf("SC_CLK_TCK")


def main(
    path: str, terminal: str, ready: str, started: str, columns: str, lines: str, limit: str
) -> int:
    """Record standard input; gives the exit status."""
    # tmux 3.3a takes no pipe from a pane whose program has ended: then SIGTERM says so.
    told, telling = os.pipe()
    os.set_blocking(telling, False)
    signal.set_wakeup_fd(telling)
    signal.signal(signal.SIGTERM, lambda *_: None)
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    # Held to the end: who can take this lock knows that the recording is complete.
    fcntl.flock(file, fcntl.LOCK_EX)
    with contextlib.suppress(OSError):
        fifo = os.open(ready, os.O_WRONLY | os.O_NONBLOCK)
        os.write(fifo, b"1")
        os.close(fifo)
    size = (int(columns), int(lines))
    recorder = Recorder(file, terminal, float(started), size, int(limit))
    try:
        recorder.run(0, told)
    except OSError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
