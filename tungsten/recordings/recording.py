"""Record a pane: from its screen as it is now, everything it prints and each new size.

tmux hands what a pane prints to a process of its own (`pipe-pane`). A control client that receives
`%output` would slow a program that prints much by more than half and could freeze it; the pipe
does neither, and goes on when the process that asked for it is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import secrets
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tungsten.errors import (
    CommandFailed,
    OutcomeUnknown,
    PaneDead,
    PaneGone,
    RecordingRefused,
    TerminalError,
)
from tungsten.recordings import asciicast
from tungsten.recordings.asciicast import Event, Header
from tungsten.screen.frame import TITLE
from tungsten.tmux.control_client import ControlClient
from tungsten.tmux.control_protocol import literal

OPTION = "@tungsten-recording"
"""Pane option that names the file a pane is recorded into."""

START_SECONDS = 15.0
"""How long a recorder may take to start; it takes a few hundredths of a second."""

_RECORDER = Path(__file__).with_name("recorder.py")

_STATE = (
    "pane_id",
    "pane_dead",
    "pane_dead_status",
    "pane_pipe",
    "pane_width",
    "pane_height",
    "cursor_x",
    "cursor_y",
    "cursor_flag",
    "alternate_on",
    "alternate_saved_x",
    "alternate_saved_y",
    "scroll_region_upper",
    "scroll_region_lower",
    "insert_flag",
    "wrap_flag",
    "origin_flag",
    "keypad_cursor_flag",
    "keypad_flag",
    "pane_tty",
    "default-terminal",
    "title",
)
_FORMAT = "\t".join([*(f"#{{{name}}}" for name in _STATE[:-1]), TITLE])


@dataclass(frozen=True, slots=True)
class PaneRecording:
    """A recording under way.

    Attributes:
        pane_id: the pane.
        path: the file.
        started: the monotonic clock's time at its second 0.
    """

    client: ControlClient
    pane_id: str
    path: Path
    started: float

    def typed(self, text: str) -> None:
        """Add what was typed as an input event; off unless someone calls this.

        Passwords are typed too: players do not show input, but the file holds it.

        Raises:
            RecordingRefused: it cannot be written.
        """
        event = Event(max(time.monotonic() - self.started, 0.0), asciicast.INPUT, text)
        _append(self.path, event.line())

    def mark(self, label: str) -> None:
        """Add a marker, a place that players can jump to; raises as `typed` does."""
        event = Event(max(time.monotonic() - self.started, 0.0), asciicast.MARKER, label)
        _append(self.path, event.line())

    async def stop(self) -> None:
        """End it and wait until the file is complete; quiet when it has ended already.

        Raises:
            ServerGone: the server ended, and the recording with it.
        """
        await stop(self.client, self.pane_id, self.path)


async def start(
    client: ControlClient, pane_id: str, path: Path, *, title: str = "", limit: int = 0
) -> PaneRecording:
    """Record a pane into a new file, readable by its owner only.

    The first event draws the screen as it is; what tmux does not tell of a screen (the pen's
    colour, tab stops) begins as in a fresh terminal.

    Args:
        client: a connection to the pane's server.
        pane_id: the pane.
        path: the file; must not exist.
        title: what the recording shows; the pane's own title if empty.
        limit: bytes after which it ends by itself; 0 for none.

    Raises:
        RecordingRefused: the file exists or cannot be written, the pane's output is piped
            already, or no recorder can be started.
        PaneDead: the pane's program has ended.
        PaneGone: there is no such pane.
        ServerGone: the server ended.
    """
    path = Path(os.path.abspath(path))  # noqa: ASYNC240, PTH100
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise RecordingRefused(f"{path} exists already. Record into another file.") from None
    except OSError as error:
        raise _unwritable(path, error) from error
    fifo = path.with_name(f".{secrets.token_hex(8)}.fifo")
    try:
        # The recorder waits for this lock, so that the head stands before its first line.
        fcntl.flock(file, fcntl.LOCK_EX)
        os.mkfifo(fifo, 0o600)
        recording = await _start(client, pane_id, path, file, fifo, title, limit)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _unwritable(path, error) from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        fifo.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            os.close(file)
    return recording


async def stop(client: ControlClient, pane_id: str, path: Path) -> None:
    """End the recording of a pane into `path` and wait until the file is complete.

    Raises:
        ServerGone: the server ended, and the recording with it.
    """
    await _end(client, pane_id, path)
    await asyncio.to_thread(_await_complete, path)


async def recordings(client: ControlClient) -> dict[str, Path]:
    """Say which panes of a server are being recorded, and into which files.

    Raises:
        ServerGone: the server ended.
    """
    form = f"#{{pane_id}}\t#{{pane_pipe}}\t#{{{OPTION}}}"
    listed = (await client.pipeline([("list-panes", "-a", "-F", form)]))[0]
    found = {}
    for line in [] if isinstance(listed, CommandFailed) else listed:
        pane_id, piped, path = line.split("\t", 2)
        if piped == "1" and path:
            found[pane_id] = Path(path)
    return found


async def _end(client: ControlClient, pane_id: str, path: Path) -> None:
    # Looked at again where the answer was lost: it may be somebody else's by then.
    while (await recordings(client)).get(pane_id) == path:
        with contextlib.suppress(OutcomeUnknown):
            (ended,) = await client.pipeline([("pipe-pane", "-t", pane_id)])
            if isinstance(ended, CommandFailed):
                # The pane's program has ended; tmux takes no pipe from it any more (3.3a).
                await asyncio.to_thread(_end_recorder, path)
            await client.pipeline([("set-option", "-pu", "-t", pane_id, OPTION)])


def _end_recorder(path: Path) -> None:
    # Imported here: slow, and only needed for panes that have ended.
    import psutil

    for process in psutil.process_iter(["cmdline"]):
        argv = process.info["cmdline"] or []
        if str(_RECORDER) in argv and str(path) in argv:
            with contextlib.suppress(psutil.Error):
                process.terminate()


def _unwritable(path: Path, error: OSError) -> RecordingRefused:
    return RecordingRefused(
        f"{path} cannot be written ({error.strerror}). Record into another file."
    )


async def _start(
    client: ControlClient,
    pane_id: str,
    path: Path,
    file: int,
    fifo: Path,
    title: str,
    limit: int,
) -> PaneRecording:
    asked = (await client.pipeline([("display-message", "-p", "-t", pane_id, _FORMAT)]))[0]
    state = _state(asked, pane_id)
    if state["pane_pipe"] == "1":
        raise RecordingRefused(f"What pane {pane_id} prints is piped already. Stop that first.")
    try:
        return await _piped(client, pane_id, path, file, fifo, title, limit, state)
    except BaseException:
        # Cancelled, too: a recorder nobody knows of would fill a file nobody finds.
        with contextlib.suppress(TerminalError):
            await asyncio.shield(_end(client, pane_id, path))
        raise


async def _piped(
    client: ControlClient,
    pane_id: str,
    path: Path,
    file: int,
    fifo: Path,
    title: str,
    limit: int,
    state: dict[str, str],
) -> PaneRecording:
    started = time.monotonic()
    command = [sys.executable, "-I", "-S", str(_RECORDER), str(path), state["pane_tty"], str(fifo)]
    command += [repr(started), state["pane_width"], state["pane_height"], str(limit)]
    # The screen and the pipe in one write: nothing is printed between them.
    piping = [
        ("display-message", "-p", "-t", pane_id, _FORMAT),
        ("capture-pane", "-e", "-p", "-J", "-t", pane_id),
        ("capture-pane", "-a", "-q", "-e", "-p", "-J", "-t", pane_id),
        ("pipe-pane", "-o", "-t", pane_id, _expanded("exec " + shlex.join(command))),
        ("set-option", "-p", "-t", pane_id, OPTION, str(path)),
    ]
    asked, shown, saved, piped, _ = await client.pipeline(piping)
    state = _state(asked, pane_id)
    if isinstance(piped, CommandFailed) or isinstance(shown, CommandFailed):
        raise RecordingRefused(f"Pane {pane_id} cannot be recorded: tmux refuses. Try again.")
    head = Header(
        width=int(state["pane_width"]),
        height=int(state["pane_height"]),
        timestamp=int(time.time()),
        title=title or state["title"],
        env={"TERM": state["default-terminal"]},
    )
    screen = _drawn(state, shown, [] if isinstance(saved, CommandFailed) else saved)
    drawing = (head.line() + Event(0.0, asciicast.OUTPUT, screen).line()).encode()
    while drawing:
        drawing = drawing[os.write(file, drawing) :]
    ready = _ready(fifo)
    fcntl.flock(file, fcntl.LOCK_UN)
    try:
        async with asyncio.timeout(START_SECONDS):
            await ready
    except TimeoutError:
        raise RecordingRefused(f"The recorder of pane {pane_id} did not start.") from None
    return PaneRecording(client, pane_id, path, started)


def _state(asked: list[str] | CommandFailed, pane_id: str) -> dict[str, str]:
    values = [] if isinstance(asked, CommandFailed) else "\n".join(asked).split("\t", 21)
    if len(values) != len(_STATE) or values[0] != pane_id:
        raise PaneGone(pane_id)
    state = dict(zip(_STATE, values, strict=True))
    if state["pane_dead"] == "1":
        status = state["pane_dead_status"]
        raise PaneDead(pane_id, int(status) if status.isdecimal() else None)
    return state


def _expanded(command: str) -> str:
    """Protect a command from the formats and the times that `pipe-pane` expands in it."""
    return literal(command).replace("%", "%%")


def _drawn(state: dict[str, str], shown: list[str], saved: list[str]) -> str:
    """Write what draws the screen as it is in a fresh terminal of the same size."""
    parts = []
    if state["alternate_on"] == "1":
        parts.append(_lines(saved))
        x, y = state["alternate_saved_x"], state["alternate_saved_y"]
        if x.isdecimal() and y.isdecimal() and int(y) < int(state["pane_height"]):
            parts.append(f"\x1b[{int(y) + 1};{int(x) + 1}H")
        parts.append("\x1b[?1049h")
    parts.append(_lines(shown))
    upper, lower = int(state["scroll_region_upper"]), int(state["scroll_region_lower"])
    if (upper, lower) != (0, int(state["pane_height"]) - 1):
        parts.append(f"\x1b[{upper + 1};{lower + 1}r")
    row = int(state["cursor_y"])
    if state["origin_flag"] == "1":
        parts.append("\x1b[?6h")
        row -= upper
    parts.append(f"\x1b[{row + 1};{int(state['cursor_x']) + 1}H")
    for flag, usual, sequence in (
        ("insert_flag", "0", "\x1b[4h"),
        ("wrap_flag", "1", "\x1b[?7l"),
        ("cursor_flag", "1", "\x1b[?25l"),
        ("keypad_cursor_flag", "0", "\x1b[?1h"),
        ("keypad_flag", "0", "\x1b="),
    ):
        if state[flag] != usual:
            parts.append(sequence)
    return "".join(parts)


def _lines(lines: list[str]) -> str:
    while lines and not lines[-1]:
        lines = lines[:-1]
    drawn = "\r\n".join(lines)
    if "\x0e" in drawn:
        # tmux writes line drawing as shifts to G1, which a fresh terminal has not set up.
        drawn = f"\x1b)0{drawn}\x1b)B"
    return f"\x1b[H\x1b[2J{drawn}\x1b[0m"


def _ready(fifo: Path) -> asyncio.Future[None]:
    """Give a future that is done when the recorder has begun."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)

    def readable() -> None:
        if not future.done():
            future.set_result(None)

    def done(_: asyncio.Future[None]) -> None:
        loop.remove_reader(reader)
        os.close(reader)

    loop.add_reader(reader, readable)
    future.add_done_callback(done)
    return future


def _append(path: Path, line: str) -> None:
    # One write to a file opened for appending stays whole beside the recorder's own.
    try:
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            os.write(file, line.encode())
        finally:
            os.close(file)
    except OSError as error:
        raise _unwritable(path, error) from error


def running(path: Path) -> bool:
    """Say whether a recording is still being written."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def _await_complete(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        finally:
            os.close(file)
