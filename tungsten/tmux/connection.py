"""A connection that outlives its clients: when one ends and the server does not, another attaches.

A control client is a process of its own: it can be killed or detached, or the session end that it
is attached to. tmux itself reads what was written to a client, and once the end of one is seen
here, the server has let go of it: what it has not run by then it never will. So a command whose
reply was lost happened before that, or never does. It is sent again only where twice is as good as
once; of any other the outcome is said to be unknown.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from tungsten.errors import (
    CommandFailed,
    OutcomeUnknown,
    ReplyLost,
    ServerGone,
    ServerSilent,
    TerminalError,
)
from tungsten.tmux import orphans
from tungsten.tmux.control_client import ControlClient
from tungsten.tmux.control_protocol import Notification

T = TypeVar("T")

ATTEMPTS = 3
_PAUSE = 0.02
"""How often to try to attach anew, and by how many seconds the pauses between grow."""

SETTLE_SECONDS = 0.25
"""How long no client of this process may have ended at a socket before another attaches there.

Clients often end together, and tmux tells every control client of each that leaves, which kills the
server while one attaches (`still`).
"""

RENEWALS = 10
WITHIN = 10.0
"""So many clients may end in so many seconds; a server that ends them all is given up."""

RENEW_SECONDS = 20.0
"""How long commands wait for a new client at most; it takes a third of a second."""

_IDENTITY = "#{pid} #{start_time}"
_NO_SESSION = ("can't find session", "no sessions")

_ended_at: dict[Path, float] = {}
"""When a client of this process last ended, by its socket, on the monotonic clock."""

_READS = frozenset(
    {
        "has-session",
        "list-clients",
        "list-panes",
        "list-sessions",
        "list-windows",
        "show-buffer",
        "show-environment",
        "show-hooks",
        "show-options",
    }
)
_PRINTING = frozenset({"capture-pane", "display-message"})
_SETTING = frozenset({"set-hook", "set-option"})


def repeatable(argv: Sequence[str]) -> bool:
    """Whether a tmux command does no more when it runs twice: it reads, or sets something."""
    name, *words = argv
    if name in _PRINTING:
        return "-p" in words
    if name == "resize-window":
        return words[:1] == ["-t"] and words[2::2] == ["-x", "-y"]
    if name in _SETTING:
        return _sets(words)
    return name in _READS


def _sets(words: Sequence[str]) -> bool:
    """Whether an option or hook is set or unset; without a value it would be toggled."""
    at, flags = 0, ""
    while at < len(words) and words[at].startswith("-"):
        flags += words[at][1:]
        at += 2 if words[at].endswith("t") else 1
    # Appending, running, and refusing what is set already are not the same twice.
    return not set(flags) & set("aoR") and ("u" in flags or len(words) - at >= 2)


class Connection(ControlClient):
    """What stays connected to one server for as long as that lives. Made by `connect`.

    Every method waits while a new client attaches, at most `RENEW_SECONDS`. `ServerGone` and
    `closed` are said when the server has ended or takes no client any more.

    Attributes:
        server: tells this server from every other that listened at the same socket.
    """

    def __init__(
        self,
        client: ControlClient,
        server: str,
        socket: Path,
        tmux: str,
        attach: Callable[[], Awaitable[ControlClient]],
    ) -> None:
        self.closed = asyncio.Event()
        self.reason = ""
        self.server = server
        self._socket = socket
        self._tmux = tmux
        self._attach_anew = attach
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._subscribers: list[Callable[[Notification], None]] = []
        self._on_renewed: list[Callable[[], None]] = []
        self._ends: deque[float] = deque(maxlen=RENEWALS)
        self._use(client)

    @classmethod
    async def connect(
        cls,
        socket: Path,
        *,
        tmux: str = "tmux",
        session: str | None = None,
        no_output: bool = True,
        read_only: bool = False,
        make_session: Callable[[], Awaitable[None]] | None = None,
    ) -> Connection:
        """Attach to the server at `socket`; see `ControlClient.connect`.

        Args:
            socket: the server's socket.
            tmux: the program.
            session: the session to attach to.
            no_output: ask tmux not to send what panes print.
            read_only: let the clients change nothing.
            make_session: makes the session anew when a new client does not find it any more.
        """

        async def attach() -> ControlClient:
            return await ControlClient.connect(
                socket, tmux=tmux, session=session, no_output=no_output, read_only=read_only
            )

        async def attach_anew() -> ControlClient:
            try:
                return await attach()
            except ServerGone as error:
                if make_session is None or not error.reason.startswith(_NO_SESSION):
                    raise
            await make_session()
            return await attach()

        client = await attach()
        try:
            server = await _identity(client)
        except BaseException:
            await client.close()
            raise
        return cls(client, server, socket, tmux, attach_anew)

    @property
    def client(self) -> ControlClient:
        """The client that is used now, or that ended last."""
        return self._client

    async def command(self, *argv: str) -> list[str]:
        """Run one tmux command; see `ControlClient.command`.

        Raises:
            CommandFailed: tmux refused it.
            OutcomeUnknown: its reply was lost, and twice would be more than once.
            ServerGone: the server ended.
            ServerSilent: it does not answer; what it was told may still happen.
        """
        return await self._through([argv], lambda client: client.command(*argv))

    async def pipeline(self, commands: Sequence[Sequence[str]]) -> list[list[str] | CommandFailed]:
        """Run several commands; see `ControlClient.pipeline`.

        Raises:
            OutcomeUnknown: replies were lost, and twice would be more than once.
            ServerGone: the server ended.
            ServerSilent: it does not answer; what it was told may still happen.
        """
        return await self._through(commands, lambda client: client.pipeline(commands))

    async def guarded(
        self, argv: Sequence[str], tail: str, target: str
    ) -> tuple[list[str] | CommandFailed, str]:
        """Run one command and expand a format right after it; raises as `pipeline` does."""
        return await self._through([argv], lambda client: client.guarded(argv, tail, target))

    def call(self, *argv: str) -> list[str]:
        """Run one command and block until its reply is there; raises as `command` does.

        While a new client attaches, which takes the loop, it runs by a process of its own.
        """
        if threading.get_ident() != self._thread:
            return asyncio.run_coroutine_threadsafe(self.command(*argv), self._loop).result()
        lost = False
        if not self._client.closed.is_set():
            try:
                return self._client.call(*argv)
            except ReplyLost:
                lost = True
            except ServerGone:
                pass
        if self.closed.is_set():
            raise ServerGone(self.reason)
        # Imported here: hardly ever needed.
        from tungsten.tmux.polling_client import PollingClient

        plain = PollingClient(self._socket, self._tmux)
        if plain.call("display-message", "-p", _IDENTITY) != [self.server]:
            raise ServerGone()
        if lost and not repeatable(argv):
            raise OutcomeUnknown(argv[0])
        return plain.call(*argv)

    def subscribe(self, callback: Callable[[Notification], None]) -> Callable[[], None]:
        """Hear every notification, of later clients too; gives the function that ends it.

        What tmux would have told meanwhile is told by nobody: see `on_renewed`.
        """
        return _listed(self._subscribers, callback)

    def on_renewed(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call after each new client, to find what was missed; gives the function that ends it."""
        return _listed(self._on_renewed, callback)

    async def close(self) -> None:
        """Detach. The server and its panes stay."""
        self.closed.set()
        self._following.cancel()
        # It may be closing what it has just attached.
        await asyncio.gather(self._following, return_exceptions=True)
        self._forget()
        await self._client.close()

    def abort(self) -> None:
        """End the connection at once, also where the server does not answer; what waits fails."""
        self.reason = "it does not answer"
        self.closed.set()
        self._following.cancel()
        self._renewed.set()
        self._client.abort()

    # -- inside ------------------------------------------------------------------------------

    async def _through(
        self, commands: Sequence[Sequence[str]], send: Callable[[ControlClient], Awaitable[T]]
    ) -> T:
        while True:
            client = self._client
            if client.closed.is_set() or self.closed.is_set():
                client = await self._attached_client()
            try:
                return await send(client)
            except ReplyLost:
                again = all(repeatable(argv) for argv in commands)
            except ServerGone:
                # It was not sent.
                again = True
            await self._attached_client()
            if not again:
                raise OutcomeUnknown(", ".join(dict.fromkeys(argv[0] for argv in commands)))

    async def _attached_client(self) -> ControlClient:
        """Give the client that is attached, once there is one."""
        while self._client.closed.is_set() and not self.closed.is_set():
            await self._renewed.wait()
        if self.closed.is_set():
            raise ServerGone(self.reason)
        return self._client

    def _use(self, client: ControlClient) -> None:
        self._client = client
        self.atomic = client.atomic
        self.name = client.name
        self.version = client.version
        client.subscribe(self._tell)
        # One for each client: who waits for the next must not see the flag of an earlier one.
        self._renewed = asyncio.Event()
        self._following = asyncio.create_task(self._follow(client, self._renewed))

    async def _follow(self, client: ControlClient, renewed: asyncio.Event) -> None:
        """When this client has ended, go on with another or not at all."""
        try:
            await client.closed.wait()
            _ended_at[self._socket] = time.monotonic()
            async with asyncio.timeout(RENEW_SECONDS):
                another = await self._another(client.reason)
        except (TerminalError, OSError) as error:
            self.reason = getattr(error, "reason", "") or client.reason
            self.closed.set()
            self._forget()
        else:
            self._use(another)
            for callback in tuple(self._on_renewed):
                callback()
        finally:
            # Whatever kept it from going on, nobody waits for that in vain.
            if self._client is client:
                self.closed.set()
            renewed.set()

    async def _another(self, reason: str) -> ControlClient:
        """Attach anew to the same server.

        Raises:
            ServerGone: it has ended, or lets nobody attach for long.
            TerminalError: tmux itself is gone.
        """
        gone = ServerGone(reason)
        now = time.monotonic()
        if len(self._ends) == RENEWALS and now - self._ends[0] < WITHIN:
            raise ServerGone("it ends every client that attaches")
        self._ends.append(now)
        with orphans.end_of(int(self.server.partition(" ")[0])) as ended:
            await self._settled(ended)
            for attempt in range(1, ATTEMPTS + 1):
                if ended.is_set():
                    break
                try:
                    client = await self._attach_anew()
                    server = await self._identity_or_close(client)
                except ServerGone as error:
                    gone = error
                    # It may be on its way out.
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(ended.wait(), _PAUSE * attempt)
                    continue
                if server == self.server:
                    return client
                await client.close()
                break
        raise gone

    async def _settled(self, ended: asyncio.Event) -> None:
        """Wait until others have left that were ended together with this client."""
        while (at := _ended_at[self._socket] + SETTLE_SECONDS) > time.monotonic():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), at - time.monotonic())
                return

    async def _identity_or_close(self, client: ControlClient) -> str:
        try:
            return await _identity(client)
        except BaseException:
            await client.close()
            raise

    def _tell(self, notification: Notification) -> None:
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(notification)
            except Exception as error:  # noqa: BLE001
                what = {"message": "a subscriber failed", "exception": error}
                self._loop.call_exception_handler(what)

    def _forget(self) -> None:
        self._subscribers.clear()
        self._on_renewed.clear()


async def at_least_once(client: ControlClient, *argv: str) -> list[str]:
    """Run a command of which the caller knows that twice does no harm, until its reply came.

    Raises:
        CommandFailed: tmux refused it, which may be since it had run before.
        ServerGone: the server ended.
    """
    while True:
        # As often as there are new clients at most.
        with contextlib.suppress(OutcomeUnknown):
            return await client.command(*argv)


async def insist(work: Callable[[], Awaitable[T]]) -> T:
    """Do what harms nobody when it is done again, until the server answers or has ended.

    For work that nobody waits for: when a server that was stopped goes on, so does this.
    """
    while True:
        # Not a busy loop: each attempt waits `SILENT_SECONDS` for an answer.
        with contextlib.suppress(ServerSilent):
            return await work()


async def _identity(client: ControlClient) -> str:
    return " ".join(await client.command("display-message", "-p", _IDENTITY))


def _listed(callbacks: list[T], callback: T) -> Callable[[], None]:
    callbacks.append(callback)

    def remove() -> None:
        with contextlib.suppress(ValueError):
            callbacks.remove(callback)

    return remove
