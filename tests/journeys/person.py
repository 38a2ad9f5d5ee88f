"""A person at a terminal: types into a real tmux in which the real program runs, and reads it."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

PROGRAM = Path(sys.executable).parent / "tungsten"
PATIENCE = 45.0
"""Seconds a person waits for something to appear before the journey fails."""


class GaveUp(AssertionError):
    """What was waited for did not appear; shows the screen as it was."""


class Person:
    """One person, one terminal (an outer tmux server), one TUNGSTEN_HOME."""

    def __init__(self, columns: int = 120, rows: int = 40, **environment: str) -> None:
        # Sockets live below it, so its path must be short.
        self.root = Path(tempfile.mkdtemp(prefix="tg-", dir="/tmp"))
        self.home = self.root / "t"
        self.columns, self.rows = columns, rows
        self.socket = self.root / "outer.sock"
        self.user_home = self.root / "home"
        self.user_home.mkdir()
        (self.user_home / ".bashrc").write_text("PS1='person$ '\n")
        self.variables = {
            "TUNGSTEN_HOME": str(self.home),
            "HOME": str(self.user_home),
            "TERM": "tmux-256color",
            "LANG": "C.UTF-8",
            "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}",
            **environment,
        }
        self.tmux(
            "new-session", "-d", "-x", str(columns), "-y", str(rows), "bash --noprofile"
        )  # fmt: skip
        for option in ("status off", "set-titles off", "focus-events on", "escape-time 0"):
            self.tmux("set-option", "-g", *option.split())

    # Hands ----------------------------------------------------------------------------------

    def tmux(self, *words: str) -> str:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TMUX", "ANTHROPIC_", "XDG_"))
        } | self.variables
        done = subprocess.run(
            ["tmux", "-f", "/dev/null", "-S", str(self.socket), *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        if done.returncode != 0:
            raise RuntimeError(f"tmux {words[0]}: {done.stderr.strip()}")
        return done.stdout

    def start(self, *arguments: str) -> None:
        """Type the program's name at the shell, as a person does."""
        self.type(shlex.join([str(PROGRAM), *arguments]))
        self.press("Enter")

    def type(self, text: str) -> None:
        self.tmux("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def resize(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    # Eyes -----------------------------------------------------------------------------------

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def sees(self, pattern: str) -> bool:
        return re.search(pattern, self.screen()) is not None

    def wait(self, pattern: str, timeout: float = PATIENCE) -> str:
        """Wait for a regular expression on the screen; returns the screen."""
        return self.until(lambda screen: re.search(pattern, screen), pattern, timeout)

    def wait_gone(self, pattern: str, timeout: float = PATIENCE) -> str:
        return self.until(lambda screen: not re.search(pattern, screen), f"no {pattern}", timeout)

    def until(self, condition: Callable[[str], Any], what: str, timeout: float = PATIENCE) -> str:
        deadline = time.monotonic() + timeout
        while True:
            screen = self.screen()
            if condition(screen):
                return screen
            if time.monotonic() > deadline:
                raise GaveUp(f"waited for {what}; the screen shows:\n{screen}\n{self.engine_log()}")
            time.sleep(0.05)

    def engine_log(self) -> str:
        log = self.home / "data" / "engine.log"
        return f"engine log:\n{log.read_text()[-3000:]}" if log.exists() else "no engine log"

    # The machine ----------------------------------------------------------------------------

    def command(self, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run the program beside the terminal, without a screen."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TMUX", "ANTHROPIC_", "XDG_"))
        } | self.variables
        return subprocess.run(
            [str(PROGRAM), *arguments],
            env=environment,
            cwd=self.user_home,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def processes(self, *words: str) -> list[psutil.Process]:
        """Processes of this home whose command line holds all `words`."""
        found = []
        for process in psutil.process_iter():
            try:
                line = " ".join(process.cmdline())
                ours = str(self.home) in line or (
                    process.environ().get("TUNGSTEN_HOME") == str(self.home)
                )
            except psutil.Error:
                continue
            if ours and all(word in line for word in words):
                found.append(process)
        return found

    def engine(self) -> psutil.Process:
        found = self.processes("agent.engine")
        assert len(found) == 1, found
        return found[0]

    def kill_app(self) -> None:
        """kill -9 of the app, as the out-of-memory killer would."""
        apps = [p for p in self.processes("bin/tungsten") if "agent.engine" not in p.cmdline()]
        assert apps
        for process in apps:
            process.send_signal(signal.SIGKILL)
        for process in apps:
            process.wait(10)

    def leave(self) -> None:
        """End everything this person started; fails when something will not end."""
        with contextlib.suppress(Exception):
            self.command("kill-engine", "--panes")
        with contextlib.suppress(Exception):
            self.tmux("kill-server")
        left = self.processes()
        _, alive = psutil.wait_procs(left, timeout=5)
        for process in alive:
            process.kill()
        shutil.rmtree(self.root, ignore_errors=True)
        assert not alive, f"still running after kill-engine: {alive}"
