"""What gives a terminal back where the app was killed, beside a shell that has no turn."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

APP = """
import os, sys
from tui.surroundings.terminal_guard import TerminalGuard
TerminalGuard().begin(sys.argv[1])
print(os.getpid(), flush=True)
sys.stdin.read()
"""

PATIENCE = 30.0
MOMENT = 0.5
"""Seconds; longer than the other size stays for a shell that has its turn at once."""


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_the_other_size_stays_until_the_shell_has_had_its_turn() -> None:
    ours, terminal = os.openpty()
    shell = subprocess.Popen(
        ["bash", "-c", '"$@"; read -r', "bash", sys.executable, "-c", APP, os.ttyname(terminal)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert shell.stdin is not None
    assert shell.stdout is not None

    def rows() -> int:
        return os.get_terminal_size(ours).lines

    try:
        before = rows()
        app = int(shell.stdout.readline())
        shell.send_signal(signal.SIGSTOP)
        os.kill(app, signal.SIGKILL)
        until(lambda: rows() == before + 1)
        time.sleep(MOMENT)
        assert rows() == before + 1
        shell.send_signal(signal.SIGCONT)
        until(lambda: rows() == before)
    finally:
        shell.kill()
        shell.communicate()
        os.close(ours)
        os.close(terminal)
