"""A person at a terminal: types into a real tmux in which the real program runs, and reads it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
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

from agent.engine.start import kill
from agent.paths import Paths

PROGRAM = Path(sys.executable).parent / "tungsten"
PATIENCE = 30.0
"""Seconds a person waits for something to appear before the journey fails."""

GLANCE = 0.5
"""Seconds after which the screen is looked at again though nothing was printed: its size may change
what it shows."""


AT_THE_SHELL = r"(?m)^person\$\s*\Z"
"""The shell's prompt, and nothing after it."""


class GaveUp(AssertionError):
    """What was waited for did not appear; shows the screen as it was."""


@functools.cache
def keys() -> dict[str, str]:
    """The keys of the program, in tmux's names by action id, as the program itself lists them."""
    done = subprocess.run(
        [str(PROGRAM), "keys", "--json"], capture_output=True, text=True, check=True, timeout=30
    )
    return {row["id"]: row["key"] for row in json.loads(done.stdout)}


class Person:
    """One person, one terminal, one TUNGSTEN_HOME.

    The program runs in a tmux (`tmux`), which the person looks at through a real client. What they
    press is typed into that client's terminal (`emulator`, the pane of another tmux): tmux sees a
    client that types, as it does not with `send-keys` to the program's own pane.
    """

    def __init__(self, columns: int = 120, rows: int = 40, **environment: str) -> None:
        # Sockets live below it, so its path must be short.
        self.root = Path(tempfile.mkdtemp(prefix="tg-", dir="/tmp"))
        self.home = self.root / "t"
        self.columns, self.rows = columns, rows
        self.socket = self.root / "outer.sock"
        self.around = self.root / "around.sock"
        self.user_home = self.root / "home"
        self.user_home.mkdir()
        (self.user_home / ".bashrc").write_text("PS1='person$ '\n")
        self.temporary = self.root / "tmp"
        self.temporary.mkdir()
        self.variables = {
            "TUNGSTEN_HOME": str(self.home),
            "HOME": str(self.user_home),
            "TMPDIR": str(self.temporary),
            "TERM": "tmux-256color",
            "LANG": "C.UTF-8",
            "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}",
            **environment,
        }
        self.project = self.user_home / "project"
        self.project.mkdir()
        (self.project / "README.md").write_text("# A project\n")
        for words in ("init -q -b main", "add .", "commit -q -m begin"):
            self.git(self.project, *words.split())
        self.tmux(
            *("new-session", "-d", "-x", str(columns), "-y", str(rows)),
            *("-c", str(self.project), "bash --noprofile"),
        )
        # What tells that the screen may show something else, without a process for every look.
        self.printed = self.root / "printed"
        self.printed.touch()
        self.tmux("pipe-pane", "-t", "%0", f"exec cat > {self.printed}")
        options = ("status off", "set-titles off", "focus-events on", "escape-time 0")
        for option in options:
            self.tmux("set-option", "-g", *option.split())
        attach = shlex.join(["tmux", "-u", "-S", str(self.socket), "attach-session"])
        self.emulator(
            *("new-session", "-d", "-x", str(columns), "-y", str(rows)),
            f"exec env -u TMUX -u TMUX_PANE {attach}",
        )
        for option in options:
            self.emulator("set-option", "-g", *option.split())
        self.when(lambda: self.attached, "the client")

    @property
    def environment(self) -> dict[str, str]:
        """What programs of this person find in their environment."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TMUX", "ANTHROPIC_", "XDG_", "GIT_"))
        }
        return inherited | self.variables

    # Hands ----------------------------------------------------------------------------------

    def tmux(self, *words: str) -> str:
        """Give a command to the tmux in which the program runs."""
        return self._ask(self.socket, *words)

    def emulator(self, *words: str) -> str:
        """Give a command to the terminal that the person sits at."""
        return self._ask(self.around, *words)

    def _ask(self, socket: Path, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-f", "/dev/null", "-S", str(socket), *words],
            env=self.environment,
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
        self.emulator("send-keys", "-l", "--", _argument(text))

    def press(self, *names: str) -> None:
        """Press keys by tmux's names, or by the ids of actions (`agent.next`)."""
        known = keys()
        self.emulator("send-keys", *(known.get(name, name) for name in names))

    def paste(self, text: str) -> None:
        self.emulator("set-buffer", "--", text)
        self.emulator("paste-buffer", "-p")

    def do(self, line: str) -> None:
        """Type a line and press Enter once it is on the screen."""
        self.type(line)
        self.wait(re.escape(line[-12:]))
        self.press("Enter")

    def approve(self, *, risk: str = "HIGH") -> None:
        """Wait until the gate dialog takes keys, then approve with the key it names."""
        key = "A" if risk == "HIGH" else "a"
        self.wait(rf"(?s){risk} .*\b{key} approve")
        self.press(key)

    def deny(self) -> None:
        """Wait until the gate dialog takes keys, then deny."""
        self.wait(r"\bd (deny|do not run it)")
        self.press("d")

    def quit(self) -> None:
        """Close the app and be back at the shell."""
        self.press("app.quit")
        self.wait(AT_THE_SHELL)

    def resize(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.emulator("resize-window", "-x", str(columns), "-y", str(rows))

    @property
    def attached(self) -> bool:
        """Whether this person's one client is at the tmux of the program."""
        return self.tmux("list-clients", "-F", "x").count("x") == 1

    # Eyes -----------------------------------------------------------------------------------

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", "%0")

    def sees(self, pattern: str) -> bool:
        return re.search(pattern, self.screen()) is not None

    def wait(self, pattern: str, timeout: float = PATIENCE) -> str:
        """Wait for a regular expression on the screen; returns the screen."""
        return self.until(lambda screen: re.search(pattern, screen), pattern, timeout)

    def wait_gone(self, pattern: str, timeout: float = PATIENCE) -> str:
        return self.until(lambda screen: not re.search(pattern, screen), f"no {pattern}", timeout)

    def changed(self, before: str) -> str:
        return self.until(lambda screen: screen != before, "a change")

    def until(self, condition: Callable[[str], Any], what: str, timeout: float = PATIENCE) -> str:
        deadline = time.monotonic() + timeout
        printed, looked, screen = -1, 0.0, ""
        while True:
            before, printed = printed, self.printed.stat().st_size
            if printed != before or time.monotonic() - looked > GLANCE:
                looked, screen = time.monotonic(), self.screen()
            if condition(screen):
                return screen
            if time.monotonic() > deadline:
                raise GaveUp(f"waited for {what}; the screen shows:\n{screen}\n{self.engine_log()}")
            time.sleep(0.05)

    def settle(self, quiet: float = 0.7, timeout: float = 10.0) -> str:
        """Wait until the screen has not changed for `quiet` seconds; clocks on it may tick."""
        still = re.compile(r"\d+")
        deadline = time.monotonic() + timeout
        screen, since = "", time.monotonic()
        while time.monotonic() < deadline:
            now = self.screen()
            if still.sub("", now) != still.sub("", screen):
                since = time.monotonic()
            elif time.monotonic() - since > quiet:
                break
            screen = now
            time.sleep(0.05)
        return screen

    def engine_log(self) -> str:
        log = self.home / "data" / "engine.log"
        return f"engine log:\n{log.read_text()[-3000:]}" if log.exists() else "no engine log"

    def git(self, directory: Path, *words: str) -> str:
        done = subprocess.run(
            ["git", "-c", "user.name=Person", "-c", "user.email=person@example.invalid", *words],
            cwd=directory,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
        return done.stdout.strip()

    def settings(self, text: str) -> None:
        """Write the settings file."""
        self.home.mkdir(exist_ok=True)
        (self.home / "config.toml").write_text(text)

    # The machine ----------------------------------------------------------------------------

    def command(self, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run the program beside the terminal, without a screen."""
        return subprocess.run(
            [str(PROGRAM), *arguments],
            env=self.environment,
            cwd=self.project if self.project.is_dir() else self.user_home,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def python(self, module: str, *arguments: str) -> str:
        """Run a module as a program beside the terminal; gives what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            env=self.environment,
            cwd=self.user_home,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout

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

    def agents(self) -> dict[str, dict[str, Any]]:
        """What `tungsten ls --json` says, by name."""
        done = self.command("ls", "--json")
        assert done.returncode == 0, done.stderr
        return {agent["name"]: agent for agent in json.loads(done.stdout)}

    def private_tmux(self, *words: str) -> str:
        """Ask the agents' own tmux server."""
        done = subprocess.run(
            ["tmux", "-S", str(self.home / "run" / "tmux.sock"), *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        return done.stdout if done.returncode == 0 else ""

    def kill_app(self) -> None:
        """kill -9 of the app, as the out-of-memory killer would."""
        apps = [p for p in self.processes("bin/tungsten") if "agent.engine" not in p.cmdline()]
        assert apps
        for process in apps:
            process.send_signal(signal.SIGKILL)
        for process in apps:
            process.wait(10)

    def when(self, condition: Callable[[], Any], what: str, timeout: float = PATIENCE) -> None:
        """Wait for something that does not show on the screen."""
        self.until(lambda _: condition(), what, timeout)

    def leave(self) -> None:
        """End everything this person started; fails when something will not end."""
        paths = Paths(self.home, self.home / "data", self.home / "run")
        with contextlib.suppress(Exception):
            asyncio.run(kill(paths, panes=True))
        for server in (self.emulator, self.tmux):
            with contextlib.suppress(Exception):
                server("kill-server")
        left = self.processes()
        deadline = time.monotonic() + PATIENCE
        while (alive := [each for each in left if _lives(each)]) and time.monotonic() < deadline:
            time.sleep(0.02)
        for process in alive:
            process.kill()
        shutil.rmtree(self.root, ignore_errors=True)
        assert not alive, f"still running after kill-engine: {alive}"


def _argument(text: str) -> str:
    """Keep tmux from taking a semicolon at the end for the end of its command."""
    return f"{text[:-1]}\\;" if text.endswith(";") else text


def _lives(process: psutil.Process) -> bool:
    """Whether a process runs; where nobody reaps orphans, ended ones stay as zombies."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
