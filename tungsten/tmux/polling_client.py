"""The fallback where control mode cannot be had: a process per command, and looking for changes.

It does all that a `ControlClient` does, some thirty times slower, and hears of changes late: what
tmux would tell is found by comparing listings. Several commands are not one unit any more, but a
guarded one still is.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from tungsten.errors import (
    CommandFailed,
    ReplyLost,
    ServerGone,
    ServerSilent,
    TmuxMissing,
    taking_resources,
)
from tungsten.tmux import control_client
from tungsten.tmux.connection import insist
from tungsten.tmux.control_client import ControlClient, clean_environment
from tungsten.tmux.control_protocol import Notification, Reply, decode
from tungsten.tmux.pending import lasts, lines_of

LOOK_SECONDS = 0.05
"""Between two looks at what changed; each costs a process."""

_LISTING = "\t".join(
    (
        "#{window_id}",
        "#{window_width}x#{window_height}",
        # The edited line is reported here, without a new name.
        "#{pane_path}",
        "#{window_name}",
    )
)
_NOT_THERE = ("no server running", "error connecting")
_ENDED = ("server exited", "lost server")


class PollingClient(ControlClient):
    """Drives a server without a connection of its own. Made by `connect`."""

    atomic = False

    def __init__(self, socket: Path, tmux: str) -> None:
        self.closed = asyncio.Event()
        self.name = f"polling-{os.getpid()}"
        self.reason = ""
        self.version = ""
        self._socket = socket
        self._command = [tmux, "-u", "-N", "-S", str(socket)]
        self._subscribers: list[Callable[[Notification], None]] = []
        self._known: dict[str, tuple[str, str, str]] | None = None
        self._running: set[asyncio.subprocess.Process] = set()
        self._looking: asyncio.Task[None] | None = None

    @classmethod
    async def connect(
        cls,
        socket: Path,
        *,
        tmux: str = "tmux",
        session: str | None = None,
        no_output: bool = True,
        read_only: bool = False,
    ) -> PollingClient:
        """Look for the server at `socket`; no output is ever sent to this kind of client.

        Raises:
            ServerGone: nothing listens there, or the session does not exist.
            TmuxMissing: there is no tmux.
        """
        client = cls(socket, tmux)
        try:
            if session is not None:
                await client.command("has-session", "-t", f"={session}")
            client.version = (await client.command("display-message", "-p", "#{version}"))[0]
        except (CommandFailed, IndexError) as error:
            raise ServerGone(getattr(error, "message", "")) from None
        client._looking = asyncio.create_task(client._look())
        return client

    async def command(self, *argv: str) -> list[str]:
        """Run one tmux command; see `ControlClient.command`."""
        return lines_of(argv, await self._run(argv))

    async def pipeline(self, commands: Sequence[Sequence[str]]) -> list[list[str] | CommandFailed]:
        """Run several commands, one after the other; see `ControlClient.pipeline`."""
        outcomes: list[list[str] | CommandFailed] = []
        for argv in commands:
            try:
                outcomes.append(lines_of(argv, await self._run(argv)))
            except CommandFailed as error:
                outcomes.append(error)
            except ServerGone as error:
                # The ones before it have run.
                raise ReplyLost(error.reason) if outcomes else error from None
        return outcomes

    async def guarded(
        self, argv: Sequence[str], tail: str, target: str
    ) -> tuple[list[str] | CommandFailed, str]:
        """Run one command and expand a format right after it; see `ControlClient.guarded`."""
        guard = secrets.token_hex(12) + " "
        reply = await self._run(argv, ("display-message", "-p", "-t", target, guard + tail))
        if not reply.ok or not reply.lines or not reply.lines[-1].startswith(guard):
            return CommandFailed(argv, " ".join(reply.lines)), ""
        return reply.lines[:-1], reply.lines[-1][len(guard) :]

    def call(self, *argv: str) -> list[str]:
        """Run one command and block until it has ended; see `ControlClient.call`."""
        if self.closed.is_set():
            raise ServerGone()
        try:
            with taking_resources():
                done = subprocess.run(
                    self._argv(argv),
                    capture_output=True,
                    env=clean_environment(),
                    timeout=_patience(argv),
                )
        except subprocess.TimeoutExpired:
            raise ServerSilent(self._socket) from None
        return lines_of(argv, self._reply(done.returncode, done.stdout, done.stderr))

    async def close(self) -> None:
        """Stop looking, and end what still runs."""
        self._subscribers.clear()
        self.abort()
        if self._looking is not None:
            await asyncio.gather(self._looking, return_exceptions=True)

    def abort(self) -> None:
        """Stop at once; see `ControlClient.abort`."""
        self.closed.set()
        if self._looking is not None:
            self._looking.cancel()
        for process in tuple(self._running):
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    # -- inside ------------------------------------------------------------------------------

    def _argv(self, *commands: Sequence[str]) -> list[str]:
        words = list(self._command)
        for number, argv in enumerate(commands):
            words += [";"] if number else []
            # A `;` at the end of a word would end the command.
            words += [f"{word[:-1]}\\;" if word.endswith(";") else word for word in argv]
        return words

    async def _run(self, *commands: Sequence[str]) -> Reply:
        if self.closed.is_set():
            raise ServerGone()
        try:
            with taking_resources():
                process = await asyncio.create_subprocess_exec(
                    *self._argv(*commands),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=clean_environment(),
                )
        except FileNotFoundError:
            raise TmuxMissing(self._command[0]) from None
        self._running.add(process)
        try:
            async with asyncio.timeout(_patience(*commands)):
                printed, said = await process.communicate()
        except TimeoutError:
            await _end(process)
            raise ServerSilent(self._socket) from None
        except asyncio.CancelledError:
            await _end(process)
            raise
        finally:
            self._running.discard(process)
        if self.closed.is_set():
            raise ReplyLost()
        return self._reply(process.returncode or 0, printed, said)

    def _reply(self, status: int, printed: bytes, said: bytes) -> Reply:
        if status == 0:
            return Reply(decode(printed).removesuffix("\n").split("\n") if printed else [], True)
        message = decode(said).strip()
        if message.startswith(_NOT_THERE + _ENDED):
            self.closed.set()
            self.reason = message
            raise ReplyLost(message) if message.startswith(_ENDED) else ServerGone(message)
        return Reply([message], False)

    async def _look(self) -> None:
        with contextlib.suppress(ServerGone, TmuxMissing):
            while True:
                listed = await insist(lambda: self._run(("list-windows", "-a", "-F", _LISTING)))
                if listed.ok:
                    self._compare(listed.lines)
                await asyncio.sleep(LOOK_SECONDS)

    def _compare(self, listed: list[str]) -> None:
        windows = {}
        for line in listed:
            window_id, size, path, name = (*line.split("\t", 3), "", "", "")[:4]
            windows[window_id] = (size, path, name)
        known, self._known = self._known, windows
        if known is None:
            return
        for window_id, (size, path, name) in windows.items():
            before = known.get(window_id)
            if before is None or before[1:] != (path, name):
                self._tell("window-renamed", f"{window_id} {name}")
            if before is not None and before[0] != size:
                self._tell("layout-change", f"{window_id} {size}")
        for window_id in known.keys() - windows.keys():
            self._tell("window-close", window_id)
        if known.keys() != windows.keys():
            self._tell("sessions-changed", "")

    def _tell(self, name: str, rest: str) -> None:
        for subscriber in tuple(self._subscribers):
            subscriber(Notification(name, rest))


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a tmux client at once."""
    # tmux gives its pipes to the server, and one that was stopped does not close them.
    process._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001
    await process.wait()


def _patience(*commands: Sequence[str]) -> float | None:
    """Give the seconds that tmux may take to answer commands; None for as long as it likes."""
    return None if any(map(lasts, commands)) else control_client.SILENT_SECONDS
