"""Real tmux servers of a test's own: one as the private server, one as the person's terminal."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PATIENCE = 20.0
"""Seconds after which a thing that should appear is held to be missing."""


class Tmux:
    """One tmux server, driven through its command line."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.environment = {
            name: value for name, value in os.environ.items() if name not in {"TMUX", "TMUX_PANE"}
        }

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-u", "-f", "/dev/null", "-S", str(self.socket), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        return done.stdout.rstrip("\n")

    def start(self, command: str, *, width: int = 100, height: int = 30) -> str:
        """Start a session; returns its pane."""
        size = ["-x", str(width), "-y", str(height)]
        pane = self.run("new-session", "-d", "-P", "-F", "#{pane_id}", *size, command)
        self.run("set-option", "-g", "status", "off")
        self.run("set-option", "-g", "remain-on-exit", "on")
        self.run("set-option", "-g", "escape-time", "0")
        return pane

    def screen(self, pane: str) -> str:
        return self.run("capture-pane", "-p", "-t", pane)

    def keys(self, pane: str, *keys: str) -> None:
        self.run("send-keys", "-t", pane, *keys)

    def wait_for(self, pane: str, text: str | Callable[[str], bool]) -> str:
        # Words go to the next line where there is no room, which differs with the paths in them.
        wanted = " ".join(text.split()) if isinstance(text, str) else ""
        seen = text if callable(text) else lambda screen: wanted in " ".join(screen.split())
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            screen = self.screen(pane)
            if seen(screen):
                return screen
            time.sleep(0.05)
        raise AssertionError(f"{text!r} never appeared on:\n{self.screen(pane)}")

    def wait_until_dead(self, pane: str) -> None:
        """Wait for a program's end; tmux before 3.5 may miss it until it looks once more."""
        until = time.monotonic() + PATIENCE
        # How it ended may be known later than that it did; only then does tmux write of it.
        how = "#{pane_dead}#{pane_dead_status}#{pane_dead_signal}"
        while len(self.run("display-message", "-p", "-t", pane, how)) < 2:
            assert time.monotonic() < until, f"the program of {pane} does not end"
            os.kill(int(self.run("display-message", "-p", "#{pid}")), signal.SIGCHLD)
            time.sleep(0.05)

    def kill(self) -> None:
        self.run("kill-server")


@pytest.fixture
def directory() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="tg-", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def private(directory: Path) -> Iterator[Tmux]:
    server = Tmux(directory / "private.sock")
    yield server
    server.kill()


@pytest.fixture
def outer(directory: Path) -> Iterator[Tmux]:
    server = Tmux(directory / "outer.sock")
    yield server
    server.kill()


@pytest.fixture
def python() -> str:
    return sys.executable
