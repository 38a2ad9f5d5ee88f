"""One persistent `tmux -C` client on an asyncio loop: every command travels through it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path

from tungsten.errors import (
    CommandFailed,
    ReplyLost,
    ServerGone,
    ServerSilent,
    TerminalError,
    TmuxMissing,
    TmuxTooOld,
    taking_resources,
)
from tungsten.tmux import orphans, still
from tungsten.tmux.control_protocol import Notification, Parser, Reply, command_line
from tungsten.tmux.nonce import nonce
from tungsten.tmux.pending import NESTING, TEXTLESS, Pending, lasts, lines_of

MINIMUM_VERSION = (3, 2)
"""The oldest tmux with client flags (`attach -f no-output`) and `ignore-size`."""

CONNECT_SECONDS = 15.0
"""How long a server may take to attach a client; it takes a few milliseconds."""

ANSWER_SECONDS = 2.0
"""How long a server may take to answer a plain client before it counts as gone."""

SILENT_SECONDS = 30.0
"""How long commands wait while tmux says nothing at all; the busiest answers within one."""

_WHOLE_SECONDS = 1.0
"""How long an attach that nobody wants any more may take to its end."""

_letting_go: set[asyncio.Task[None]] = set()
"""Held here, since a loop holds its tasks only weakly."""

_ATTACHES = 2
_READ = 1 << 16


def clean_environment() -> dict[str, str]:
    """Copy this process's environment without what ties a tmux client to an outer server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TMUX")}


def parse_version(text: str) -> tuple[int, int]:
    """Read `3.3a`, `next-3.5` or `master` as (major, minor); what has no number is new."""
    digits = text.removeprefix("next-").removeprefix("openbsd-")
    major, _, rest = digits.partition(".")
    minor = "".join(character for character in rest if character.isdigit())
    return (int(major), int(minor or 0)) if major.isdigit() else (99, 0)


def _answers(tmux: str, socket: Path, session: str | None) -> bool:
    """Say whether the server does what a plain client asks."""
    argv = [tmux, "-S", str(socket), "has-session"]
    argv += [] if session is None else ["-t", f"={session}"]
    try:
        done = subprocess.run(
            argv, capture_output=True, env=clean_environment(), timeout=ANSWER_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


async def _whole(attaching: Coroutine[None, None, ControlClient]) -> ControlClient:
    """Attach to the end even when cancelled, and then let go.

    A control client that is killed while it says who it is takes the server with it (tmux 3.3a:
    `control_stop` frees what `control_start` has not made yet).
    """
    task = asyncio.create_task(attaching)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        # Whoever is cancelled once more does not wait for it, but it is let go all the same.
        letting_go = asyncio.create_task(_let_go(task))
        _letting_go.add(letting_go)
        letting_go.add_done_callback(_letting_go.discard)
        await asyncio.shield(letting_go)
        raise


async def _let_go(attaching: asyncio.Task[ControlClient]) -> None:
    await asyncio.wait({attaching}, timeout=_WHOLE_SECONDS)
    if not attaching.done():
        # The server was stopped: by now all that the client says of itself waits there.
        attaching.cancel()
        await asyncio.wait({attaching})
    if not attaching.cancelled() and attaching.exception() is None:
        await attaching.result().close()


class ControlClient:
    """A control-mode client attached to one session of one tmux server.

    Made by `connect`. Not thread-safe but for `call`, which any thread may use. Its end fails what
    was sent with ReplyLost, and what was not with plain ServerGone; `Connection` goes on after it.

    Attributes:
        atomic: whether nothing else happens between the commands of one pipeline.
        closed: set once the connection has ended, for whatever reason.
        name: tmux's name of this client.
        reason: why it ended, as tmux says it; empty if it does not.
        version: the server's version, as tmux says it.
    """

    atomic = True

    def __init__(self, process: subprocess.Popen[bytes], socket: Path) -> None:
        if process.stdin is None or process.stdout is None:
            raise TypeError("the tmux client needs pipes")
        self.closed = asyncio.Event()
        self.name = f"client-{process.pid}"
        self.version = ""
        self._socket = socket
        self._process = process
        self._stdin = process.stdin.fileno()
        self._stdout = process.stdout.fileno()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._attached: asyncio.Future[None] = self._loop.create_future()
        self._parser = Parser()
        self._pending: deque[Pending] = deque()
        self._unsent = bytearray()
        self._full = False
        """Whether the pipe to tmux took no more, so that the loop tells when it does."""
        self._given = 0
        self._written = 0
        self._silent_since = 0.0
        """Since when there has been something to answer and tmux has said nothing."""
        self._watchdog: asyncio.TimerHandle | None = None
        self._subscribers: list[Callable[[Notification], None]] = []
        self.reason = ""
        self._ended = False
        os.set_blocking(self._stdin, False)
        os.set_blocking(self._stdout, False)
        self._loop.add_reader(self._stdout, self._readable)

    @classmethod
    async def connect(
        cls,
        socket: Path,
        *,
        tmux: str = "tmux",
        session: str | None = None,
        no_output: bool = True,
        read_only: bool = False,
    ) -> ControlClient:
        """Attach to the server at `socket`.

        Where control mode cannot be had though the server answers, it is a `PollingClient`.

        Args:
            socket: the server's socket.
            tmux: the program.
            session: the session to attach to, by exact name; the latest one if None.
            no_output: ask tmux not to send what panes print; can't be changed later, since
                toggling it wedges tmux 3.3a.
            read_only: let this client change nothing.

        Raises:
            ResourcesExhausted: the system starts no more processes.
            ServerGone: nothing listens there, or the session does not exist.
            ServerSilent: it is there and does not answer.
            TmuxMissing: there is no tmux.
            TmuxTooOld: the server is older than 3.2.
        """
        if shutil.which(tmux) is None:
            raise TmuxMissing(tmux)
        # A server on its way out fails once; one that knows no control mode does so again.
        for _ in range(_ATTACHES):
            try:
                return await _whole(
                    cls._attach(socket, tmux, session, no_output=no_output, read_only=read_only)
                )
            except ServerGone as error:
                gone = error
                if not await asyncio.to_thread(_answers, tmux, socket, session):
                    raise
        # Imported here: hardly ever needed, and it builds on this module.
        from tungsten.tmux.polling_client import PollingClient

        try:
            return await PollingClient.connect(socket, tmux=tmux, session=session)
        except ServerGone:
            raise gone from None

    @classmethod
    async def _attach(
        cls, socket: Path, tmux: str, session: str | None, *, no_output: bool, read_only: bool
    ) -> ControlClient:
        async with still.turn(socket):
            return await cls._attach_now(
                socket, tmux, session, no_output=no_output, read_only=read_only
            )

    @classmethod
    async def _attach_now(
        cls, socket: Path, tmux: str, session: str | None, *, no_output: bool, read_only: bool
    ) -> ControlClient:
        flags = ["ignore-size"]
        if no_output:
            flags.append("no-output")
        if read_only:
            flags.append("read-only")
        # Without -N (tmux 3.2) it would start a server where there is none.
        argv = [tmux, "-u", "-N", "-S", str(socket), "-C", "attach-session", "-f", ",".join(flags)]
        if session is not None:
            argv += ["-t", f"={session}"]
        try:
            with taking_resources():
                process = subprocess.Popen(  # noqa: ASYNC220
                    orphans.bound(argv),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    bufsize=0,
                    env={**clean_environment(), orphans.OWNER: str(os.getpid())},
                    start_new_session=True,
                )
        except FileNotFoundError:
            raise TmuxMissing(tmux) from None
        client = cls(process, socket)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                # A command sent earlier would run before the client is attached to its session.
                await client._attached
                client.version = (await client.command("display-message", "-p", "#{version}"))[0]
        except TimeoutError:
            client._end("closed")
            raise ServerSilent(socket) from None
        except (TerminalError, asyncio.CancelledError, IndexError):
            client._end("closed")
            raise
        if parse_version(client.version) < MINIMUM_VERSION:
            client._end("closed")
            raise TmuxTooOld(client.version)
        return client

    async def command(self, *argv: str) -> list[str]:
        """Run one tmux command; gives the lines it printed.

        Raises:
            CommandFailed: tmux refused it.
            ServerGone: the connection has ended.
            ServerSilent: tmux has said nothing for `SILENT_SECONDS`; the connection stays.
        """
        if still.loud(argv):
            async with still.turn(self._socket):
                return lines_of(argv, await self._post(argv, self._future()))
        return lines_of(argv, await self._post(argv, self._future()))

    async def pipeline(self, commands: Sequence[Sequence[str]]) -> list[list[str] | CommandFailed]:
        """Run several commands, sent in one write; one refused does not stop the rest.

        Raises:
            ServerGone: the connection has ended.
            ServerSilent: see `command`.
        """
        if any(still.loud(argv) for argv in commands):
            async with still.turn(self._socket):
                return await self._pipeline(commands)
        return await self._pipeline(commands)

    async def _pipeline(self, commands: Sequence[Sequence[str]]) -> list[list[str] | CommandFailed]:
        futures = [self._future() for _ in commands]
        self._write_all(list(zip(commands, futures, strict=True)))
        outcomes: list[list[str] | CommandFailed] = []
        for argv, future in zip(commands, futures, strict=True):
            try:
                outcomes.append(lines_of(argv, await future))
            except CommandFailed as error:
                outcomes.append(error)
            except ServerGone as error:
                # The ones before it have run.
                raise ReplyLost(error.reason) if outcomes else error from None
        return outcomes

    async def guarded(
        self, argv: Sequence[str], tail: str, target: str
    ) -> tuple[list[str] | CommandFailed, str]:
        """Run one command and expand the format `tail` right after it, as one unit.

        Returns:
            what the command printed, and the expanded format in the context of `target`.
        """
        guard = nonce(12) + " "
        future = self._future()
        after = ("display-message", "-p", "-t", target, guard + tail)
        self._enqueue(argv, future, guard, self._given)
        self._send(command_line(argv) + command_line(after))
        reply = await future
        if reply.ok:
            return reply.lines, reply.tail
        return CommandFailed(argv, " ".join(reply.lines)), reply.tail

    def call(self, *argv: str) -> list[str]:
        """Run one command and block until its reply is there.

        On the loop's own thread the connection is read here until the reply came; other replies
        that arrive meanwhile reach their owners. Other threads go through the loop.

        Raises:
            CommandFailed: tmux refused it.
            ServerGone: the connection has ended.
            ServerSilent: see `command`.
        """
        if threading.get_ident() != self._thread:
            return asyncio.run_coroutine_threadsafe(self.command(*argv), self._loop).result()
        if still.loud(argv):
            with still.turn_blocking(self._socket):
                return self._call(argv)
        return self._call(argv)

    def _call(self, argv: Sequence[str]) -> list[str]:
        pending = self._write_all([(argv, None)])[0]
        patience = None if any(lasts(each.argv) for each in self._pending) else SILENT_SECONDS
        while pending.reply is None and pending.failure is None:
            readable, writable = self._ready(patience)
            if writable:
                self._flush()
            if readable:
                self._read(at_once=False)
            elif not writable:
                pending.fail(ServerSilent(self._socket))
        return pending.lines()

    def subscribe(self, callback: Callable[[Notification], None]) -> Callable[[], None]:
        """Hear every notification, on the loop; gives the function that ends it."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._subscribers.remove(callback)

        return unsubscribe

    async def close(self) -> None:
        """Detach. The server and its panes stay."""
        if not self._ended:
            try:
                async with still.turn(self._socket):
                    self._end("closed")
            finally:
                # Cancelled while waiting for its turn, too.
                self._end("closed")
        await asyncio.sleep(0)

    def abort(self) -> None:
        """End the connection at once, also where the server does not answer; what waits fails."""
        self._end("it does not answer")

    def _future(self) -> asyncio.Future[Reply]:
        return self._loop.create_future()

    async def _post(self, argv: Sequence[str], future: asyncio.Future[Reply]) -> Reply:
        self._write_all([(argv, future)])
        return await future

    def _write_all(
        self, commands: Sequence[tuple[Sequence[str], asyncio.Future[Reply] | None]]
    ) -> list[Pending]:
        wire = bytearray()
        # Lines first: a word that cannot be written must leave nothing half announced.
        lines = [command_line(argv) for argv, _ in commands]
        entries = []
        for (argv, future), line in zip(commands, lines, strict=True):
            guard = "" if argv[0] in TEXTLESS else nonce(12)
            begin = self._given + len(wire)
            if argv[0] == NESTING:
                self._enqueue(argv, None, "", begin)
            entries.append(self._enqueue(argv, future, guard, begin))
            wire += line
            if guard:
                wire += b"display-message -p " + guard.encode() + b"\n"
        self._send(bytes(wire))
        return entries

    def _enqueue(
        self, argv: Sequence[str], future: asyncio.Future[Reply] | None, guard: str, begin: int
    ) -> Pending:
        if self._ended:
            raise ServerGone(self.reason)
        if not self._pending:
            self._silent_since = self._loop.time()
        if self._watchdog is None:
            self._watchdog = self._loop.call_later(SILENT_SECONDS, self._look_for_silence)
        pending = Pending(argv, future, begin)
        self._pending.append(pending)
        self._parser.expect(guard.encode() or None)
        return pending

    def _ready(self, seconds: float | None) -> tuple[bool, bool]:
        """Block until tmux has said something, or takes what waits; at most so long."""
        # Unlike select(2) it takes files of any number.
        poll = select.poll()
        poll.register(self._stdout, select.POLLIN)
        if self._unsent:
            poll.register(self._stdin, select.POLLOUT)
        found = {fd for fd, _ in poll.poll(None if seconds is None else seconds * 1000)}
        return self._stdout in found, self._stdin in found

    def _look_for_silence(self) -> None:
        """Give up what a server that was stopped does not answer, and stay in step with it.

        The replies are told to nobody when they come: they are still counted.
        """
        self._watchdog = None
        if self._ended or not self._pending:
            return
        rest = self._silent_since + SILENT_SECONDS - self._loop.time()
        if rest <= 0 and not self._ready(0.0)[0]:
            for pending in self._pending:
                if lasts(pending.argv):
                    break
                pending.fail(ServerSilent(self._socket))
            return
        # Something was said since, or was not read yet: this process may have been stopped itself.
        again = max(rest, 0.0) or SILENT_SECONDS
        self._watchdog = self._loop.call_later(again, self._look_for_silence)

    def _send(self, data: bytes) -> None:
        self._unsent += data
        self._given += len(data)
        if len(self._unsent) == len(data):
            self._flush()

    def _flush(self) -> None:
        try:
            while self._unsent:
                written = os.write(self._stdin, self._unsent)
                del self._unsent[:written]
                self._written += written
        except BlockingIOError:
            self._loop.add_writer(self._stdin, self._flush)
            self._full = True
            return
        except OSError:
            # The reader sees the end and everything tmux said before it.
            self._unsent.clear()
        if self._full:
            self._full = False
            self._loop.remove_writer(self._stdin)

    def _readable(self) -> None:
        self._read(at_once=True)

    def _read(self, *, at_once: bool) -> None:
        if self._ended:
            return
        try:
            data = os.read(self._stdout, _READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end(self._stderr() or self.reason)
            return
        self._silent_since = self._loop.time()
        for event in self._parser.feed(data):
            if isinstance(event, Reply):
                self._pending.popleft().resolve(event)
                # Who waits for it goes on later, and must not hear first of what came after it.
                at_once = False
                continue
            if event.name == "session-changed" and not self._attached.done():
                self._attached.set_result(None)
            elif event.name in ("exit", "error"):
                self.reason = event.rest or self.reason
            for subscriber in tuple(self._subscribers):
                if at_once:
                    self._call_now(subscriber, event)
                else:
                    self._loop.call_soon(subscriber, event)

    def _call_now(self, subscriber: Callable[[Notification], None], event: Notification) -> None:
        try:
            subscriber(event)
        except Exception as error:  # noqa: BLE001
            # What else was read must reach its owners all the same.
            what = {"message": "a subscriber failed", "exception": error}
            self._loop.call_exception_handler(what)

    def _stderr(self) -> str:
        pipe = self._process.stderr
        if pipe is None:
            return ""
        os.set_blocking(pipe.fileno(), False)
        said = pipe.read() or b""
        return said.decode("utf-8", "replace").strip().rpartition("\n")[2]

    def _end(self, reason: str) -> None:
        if self._ended:
            return
        self._ended = True
        self.reason = reason
        if self._watchdog is not None:
            self._watchdog.cancel()
        self._loop.remove_reader(self._stdout)
        self._loop.remove_writer(self._stdin)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.kill()
        self._process.wait()
        if not self._attached.done():
            self._attached.set_exception(ServerGone(reason))
            self._attached.exception()
        for pending in self._pending:
            # tmux reads from the pipe itself: what is in it may have been read.
            sent = pending.begin < self._written
            pending.fail(ReplyLost(reason) if sent else ServerGone(reason))
        self._pending.clear()
        self.closed.set()
        self._subscribers.clear()
