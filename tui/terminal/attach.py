"""Real tmux on a pane: the app steps aside, and comes back when the person detaches."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import termios
import threading
import tty
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

from textual.app import SuspendNotSupported

from tui.keys import actions
from tungsten.tmux.orphans import bound

if TYPE_CHECKING:
    from textual.app import App

DETACH_KEY = actions.tmux_name(actions.by_id("pane.return").keys[0])
"""Bound without a prefix on the private server, so that it also works when the app runs inside
tmux, whose own prefix would never reach the inner client."""
_STATUS = (
    ("status", "on"),
    ("status-position", "bottom"),
    ("status-style", "reverse"),
    ("status-left-length", "200"),
    ("status-left", f" {DETACH_KEY} returns to Tungsten  ·  what you type here is not gated "),
    ("status-right", " #{session_name} "),
    ("window-status-format", ""),
    ("window-status-current-format", ""),
)

RESET = (
    # Cursor keys and keypad, scroll region, character set, mouse, focus, pastes; the main screen,
    # the cursor, plain text: what tmux 3.3a sets on an xterm (its tty.c, `tty_stop_tty`).
    b"\033[?1l\033>\033[r\033(B\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?1005l"
    b"\033[?1004l\033[?2004l\033[?1049l\033[?25h\033[m"
)
"""A tmux server takes back itself what it set on a terminal, unless it was killed."""

END_SECONDS = 2.0
"""How long a tmux client that is told to end may take; it waits for its server, which may hang."""


class AttachFailed(Exception):
    """tmux could not be attached; the text is one line for the person."""


def attach(app: App[Any], socket: str, pane_id: str, *, tmux: str = "tmux") -> None:
    """Suspend the app and attach the terminal to a pane until the person detaches.

    Blocks: the app must neither draw nor read keys meanwhile. Agents work on in the engine.

    Raises:
        AttachFailed: there is no tmux or no such pane, or the app can't be suspended here.
    """
    program = shutil.which(tmux)
    if program is None:
        raise AttachFailed("tmux was not found: install it, then try again")
    server = _Server(program, socket)
    status: int | None = None
    try:
        # First of all, so that what is typed meanwhile waits for the client.
        with app.suspend(), _typed_ahead():
            session, window = server.place(pane_id)
            if session:
                status = _lend(server, session, window)
    except SuspendNotSupported:
        raise AttachFailed("attaching needs a terminal: it can't be done here") from None
    if status is None:
        raise AttachFailed("that terminal is gone: the agent opens another with its next command")
    if status != 0:
        raise AttachFailed("tmux could not attach to that terminal: its server may be gone")


@contextlib.contextmanager
def _typed_ahead() -> Iterator[None]:
    """Keep what is typed for the client that comes; drop what it left.

    As a line of its own the terminal would show it, and take `^C` for a signal to the app. What is
    typed behind the key that detaches was meant for the pane, so the app must not have it.
    """
    try:
        before = termios.tcgetattr(0)
    except termios.error:
        yield
        return
    tty.setraw(0, termios.TCSANOW)
    try:
        yield
    finally:
        with contextlib.suppress(termios.error):
            termios.tcsetattr(0, termios.TCSANOW, before)
            termios.tcflush(0, termios.TCIFLUSH)


def _lend(server: _Server, session: str, window: str) -> int:
    """Attach a client to a window, with a row that names the way back; return its exit status."""
    before = server.show_status(session)
    server.run("bind-key", "-n", DETACH_KEY, "detach-client")
    for name, value in _STATUS:
        server.run("set-option", "-t", session, name, value)
    # The app gives panes a fixed size; the person's terminal decides while it is attached.
    server.run("set-option", "-w", "-t", window, "window-size", "latest")
    try:
        status = server.attach(f"{session}:{window}")
        if status != 0:
            with contextlib.suppress(OSError):
                os.write(0, RESET)
        return status
    finally:
        for name, _ in _STATUS:
            server.run("set-option", "-u", "-t", session, name)
        if before:
            server.run("set-option", "-t", session, "status", before)
        server.run("unbind-key", "-n", DETACH_KEY)


class _Server:
    """tmux's own command line, as little of it as attaching needs."""

    def __init__(self, program: str, socket: str) -> None:
        self._command = [program, "-u", "-N", "-S", socket]
        self._hangs = False
        # The app may itself run in a pane: without these tmux would refuse to nest.
        self._environment = {
            name: value for name, value in os.environ.items() if name not in {"TMUX", "TMUX_PANE"}
        }

    def ask(self, *arguments: str) -> str:
        """Run a tmux command and return what it prints; empty when it fails or hangs."""
        if self._hangs:
            return ""
        try:
            done = subprocess.run(
                [*self._command, *arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
                timeout=END_SECONDS,
            )
        except subprocess.TimeoutExpired:
            self._hangs = True
            return ""
        return done.stdout.strip() if done.returncode == 0 else ""

    def run(self, *arguments: str) -> None:
        """Run a tmux command; one that fails leaves things as they were."""
        self.ask(*arguments)

    def place(self, pane_id: str) -> tuple[str, str]:
        """Find the ids of a pane's own session and window, both empty when it is gone.

        Sessions that only watch hold links to its window; tmux may take one of them for its own.
        """
        from tungsten.tmux.watch import SESSION_PREFIX

        form = "#{pane_id} #{session_id} #{window_id} #{session_name}"
        for line in self.ask("list-panes", "-a", "-F", form).splitlines():
            pane, session, window, name = line.split(" ", 3)
            if pane == pane_id and not name.startswith(SESSION_PREFIX):
                return session, window
        return "", ""

    def show_status(self, session: str) -> str:
        """Return the session's own `status` option, empty when it has none."""
        if DETACH_KEY in self.ask("show-options", "-v", "-t", session, "status-left"):
            # Left by an app that was killed while attached.
            return ""
        return self.ask("show-options", "-v", "-t", session, "status")

    def attach(self, window: str) -> int:
        """Hand the terminal to a tmux client until it ends; return its exit status.

        A client draws on its standard input; all it writes to its standard output is how it ended
        (`[detached …]`), which would stay in the person's scrollback.
        """
        # Killed at once, the app must not leave a client behind that takes the shell's keys.
        client = subprocess.Popen(
            bound([*self._command, "attach-session", "-t", window]),
            env=self._environment,
            stdout=subprocess.DEVNULL,
        )
        with ending_on_signals(client):
            return client.wait()


@contextlib.contextmanager
def ending_on_signals(client: subprocess.Popen[bytes]) -> Iterator[None]:
    """End a client with what asks the app to end, which is done once the app has its turn again."""
    killing = threading.Timer(END_SECONDS, client.kill)
    killing.daemon = True
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)}

    def handle(number: int, frame: FrameType | None) -> None:
        client.terminate()
        if killing.ident is None:
            killing.start()
        usual = before[signal.Signals(number)]
        if callable(usual):
            usual(number, frame)

    for number in before:
        signal.signal(number, handle)
    try:
        yield
    finally:
        killing.cancel()
        for number, usual in before.items():
            signal.signal(number, usual)
