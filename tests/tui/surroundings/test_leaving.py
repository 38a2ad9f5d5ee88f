"""However the app ends, the terminal is given back as it was and the draft is kept."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from agent.paths import Paths

HOST = Path(__file__).with_name("signal_host.py")
ROOT = Path(__file__).parents[3]
PATIENCE = 20.0
"""Seconds after which a thing that should happen is held to be missing."""

MODES = (1049, 1000, 1003, 1004, 1006, 2004)
"""Private modes that the app sets: alternate screen, mouse, focus, bracketed paste."""


class Terminal:
    """A terminal with the app in it, in a session of its own."""

    def __init__(self, paths: Paths, *arguments: str, **variables: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self.slave = slave
        self.before = termios.tcgetattr(slave)
        self.written = b""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
        environment |= variables
        self.process = subprocess.Popen(
            [sys.executable, str(HOST), str(paths.data.parent), *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )

    def read_until(self, text: bytes) -> None:
        deadline = time.monotonic() + PATIENCE
        while text not in self.written:
            assert time.monotonic() < deadline, self.written[-2000:]
            self._read(0.1)

    def _read(self, patience: float) -> bool:
        if not select.select([self.master], [], [], patience)[0]:
            return False
        self.written += os.read(self.master, 65_536)
        return True

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def ended(self) -> int:
        """Read on until the app has ended; returns its exit status."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "it did not end"
            self._read(0.05)
        while self._read(0):
            pass
        return self.process.returncode

    def guard(self) -> psutil.Process:
        """The process that waits for the app's death."""
        app = psutil.Process(self.process.pid)
        deadline = time.monotonic() + PATIENCE
        while not (found := [p for p in app.children() if p.name() == "sh"]):
            assert time.monotonic() < deadline, "there is no guard"
            self._read(0.05)
        # It has looked at the line settings once it waits with no child of its own.
        while found[0].children() or found[0].status() != psutil.STATUS_SLEEPING:
            self._read(0.05)
        return found[0]

    def modes_left(self) -> set[int]:
        """Private modes that were set last rather than reset."""
        return {
            mode
            for mode in MODES
            if self.written.rfind(f"\x1b[?{mode}h".encode())
            > self.written.rfind(f"\x1b[?{mode}l".encode())
        }

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        for descriptor in (self.master, self.slave):
            if descriptor >= 0:
                os.close(descriptor)


@pytest.fixture
def terminals(paths: Paths) -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def begin(terminals: list[Terminal], paths: Paths, *arguments: str, **variables: str) -> Terminal:
    terminal = Terminal(paths, *arguments, **variables)
    terminals.append(terminal)
    terminal.read_until(b"\x1b[?1049h")
    terminal.read_until(b"connecting")
    return terminal


def draft(paths: Paths) -> str:
    return json.dumps(json.loads(paths.interface_state.read_text()))


def test_alt_with_enter_starts_a_line(terminals: list[Terminal], paths: Paths) -> None:
    terminal = begin(terminals, paths)
    terminal.type("above\x1b\rbelow it")
    terminal.read_until(b"below it")
    terminal.process.send_signal(signal.SIGTERM)
    terminal.ended()
    assert "above\\nbelow it" in draft(paths)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_gives_the_terminal_back(
    terminals: list[Terminal], paths: Paths, number: signal.Signals
) -> None:
    terminal = begin(terminals, paths)
    terminal.type("half a sentence")
    terminal.read_until(b"sentence")
    terminal.process.send_signal(number)
    assert terminal.ended() == 128 + number
    assert terminal.modes_left() == set()
    assert b"\x1b[?25h" in terminal.written
    assert termios.tcgetattr(terminal.slave) == terminal.before
    assert "half a sentence" in draft(paths)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_a_killed_app_gives_the_terminal_back(
    terminals: list[Terminal], paths: Paths, number: signal.Signals
) -> None:
    terminal = begin(terminals, paths)
    terminal.type("half a sentence")
    terminal.read_until(b"sentence")
    guard = terminal.guard()
    assert terminal.modes_left() >= {1049, 1000, 2004}
    # Its whole process group, as a job is killed.
    os.killpg(terminal.process.pid, number)
    assert terminal.ended() == -number
    terminal.read_until(b"\x1b[?25h\x1b[0m")
    guard.wait(PATIENCE)
    assert terminal.modes_left() == set()
    assert termios.tcgetattr(terminal.slave)[3] & (termios.ECHO | termios.ICANON)


def test_the_guard_keeps_quiet_when_others_have_the_terminal_by_then(
    terminals: list[Terminal], paths: Paths
) -> None:
    terminal = begin(terminals, paths)
    guard = terminal.guard()
    changed = termios.tcgetattr(terminal.slave)
    changed[3] |= termios.ECHO
    termios.tcsetattr(terminal.slave, termios.TCSANOW, changed)
    terminal.process.kill()
    guard.wait(PATIENCE)
    assert termios.tcgetattr(terminal.slave) == changed


def test_the_guard_goes_with_the_app_and_says_nothing(
    terminals: list[Terminal], paths: Paths
) -> None:
    terminal = begin(terminals, paths)
    guard = terminal.guard()
    terminal.type("\x11")
    assert terminal.ended() == 0
    guard.wait(PATIENCE)
    # Textual gives the terminal back in another order.
    assert b"\x1b[?2026l\x1b[?1000l" not in terminal.written


def test_a_crash_gives_the_terminal_back_and_says_what_it_was(
    terminals: list[Terminal], paths: Paths
) -> None:
    terminal = begin(terminals, paths, "crash")
    terminal.type("x")
    assert terminal.ended() == 1
    assert terminal.modes_left() == set()
    assert termios.tcgetattr(terminal.slave) == terminal.before
    assert b"a mistake of ours" in terminal.written[terminal.written.rfind(b"\x1b[?1049l") :]


def test_an_app_that_was_stopped_takes_its_terminal_anew(
    terminals: list[Terminal], paths: Paths
) -> None:
    terminal = begin(terminals, paths)
    terminal.guard()
    app = psutil.Process(terminal.process.pid)
    threads = app.num_threads()
    ours = termios.tcgetattr(terminal.slave)
    for _ in range(2):
        app.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, app.pid, os.WSTOPPED)
        # As a shell leaves it, that writes its prompt and edits a line meanwhile.
        termios.tcsetattr(terminal.slave, termios.TCSANOW, terminal.before)
        terminal.written = b""
        app.send_signal(signal.SIGCONT)
        terminal.read_until(b"\x1b[?1049h")
        terminal.read_until(b"connecting")
        assert termios.tcgetattr(terminal.slave) == ours
    terminal.type("half a sentence")
    terminal.read_until(b"sentence")
    # One more may load something; a second reader and writer would be two.
    assert app.num_threads() < threads + 2
    terminal.type("\x11")
    assert terminal.ended() == 0
    assert terminal.modes_left() == set()
    assert termios.tcgetattr(terminal.slave) == terminal.before


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1:strict"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
)
@pytest.mark.parametrize("log", [True, False])
def test_the_screen_is_utf8_whatever_the_surroundings_say(
    terminals: list[Terminal], paths: Paths, variables: dict[str, str], log: bool
) -> None:
    if not log:
        (paths.data / "app.log").mkdir()
    terminal = begin(terminals, paths, **variables)
    terminal.read_until("connecting…".encode())
    terminal.type("größer")
    terminal.read_until("größer".encode()[-3:])
    terminal.type("\x11")
    assert terminal.ended() == 0
    assert terminal.modes_left() == set()
    assert termios.tcgetattr(terminal.slave) == terminal.before


def test_a_terminal_that_is_closed_ends_the_app_and_keeps_the_draft(
    terminals: list[Terminal], paths: Paths
) -> None:
    terminal = begin(terminals, paths)
    terminal.type("half a sentence")
    terminal.read_until(b"sentence")
    os.close(terminal.slave)
    os.close(terminal.master)
    terminal.slave = terminal.master = -1
    terminal.process.send_signal(signal.SIGHUP)
    terminal.process.wait(PATIENCE)
    assert "half a sentence" in draft(paths)
