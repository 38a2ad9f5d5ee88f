"""One private tmux server: started or adopted, its panes known, its end noticed."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tungsten import new_session
from tungsten.errors import (
    CommandFailed,
    DirectoryMissing,
    OutcomeUnknown,
    PaneGone,
    ServerGone,
    ServerSilent,
    TerminalError,
    TmuxMissing,
    taking_resources,
)
from tungsten.new_session import OPTION
from tungsten.outcome import PaneInfo, exit_status
from tungsten.pane import Pane
from tungsten.shell import pieces, shells
from tungsten.shell.command_line import START_SECONDS
from tungsten.tmux import environment as environments
from tungsten.tmux import orphans, private_server
from tungsten.tmux.connection import Connection, insist
from tungsten.tmux.control_protocol import Notification
from tungsten.tmux.idle_session import HOME_SESSION
from tungsten.tmux.server import Server
from tungsten.tmux.wait_for import WaitChannel
from tungsten.tmux.watch import Watch, orphaned_hooks
from tungsten.wall import Wall

if TYPE_CHECKING:
    from tungsten.programs.listening import Listener

_EXPLANATIONS = 20
_EXPLANATION_PAUSE = 0.02
"""How often to ask for a dead pane's exit status, and by how many seconds the pauses between grow.

That is 4 s in all: busy machines take their time.
"""

END_SECONDS = 5.0
"""How long a server that was told to end may take; it writes nothing to disk."""

CLOSE_SECONDS = 2.0
"""How long to try to take away what we made there; what stays rings for nobody."""

_RECONCILING = frozenset({"unlinked-window-close", "window-close", "sessions-changed"})
_RENAMING = frozenset({"unlinked-window-renamed", "window-renamed"})

_LISTING = "\t".join(
    (
        "#{pane_id}",
        "#{window_id}",
        "#{pane_pid}",
        "#{pane_dead}",
        "#{pane_dead_status}",
        "#{pane_dead_signal}",
        f"#{{{OPTION}}}",
        "#{window_name}",
    )
)


@dataclass(frozen=True, slots=True)
class PaneDied:
    """A pane's program ended; its last screen stays. The status is a shell's `$?`."""

    pane_id: str
    status: int | None


@dataclass(frozen=True, slots=True)
class PaneClosed:
    """A pane does not exist any more."""

    pane_id: str


@dataclass(frozen=True, slots=True)
class ServerEnded:
    """The tmux server ended, and all panes with it; open another Terminal."""


TerminalEvent = PaneDied | PaneClosed | ServerEnded


class Terminal:
    """A private tmux server and the panes we made in it. Made by `open`; belongs to one loop.

    Attributes:
        server: libtmux's view of it.
        client: the connection that everything uses; it outlives the tmux client of the moment.
        socket: where the server listens.
    """

    def __init__(self, socket: Path, tmux: str, client: Connection) -> None:
        self.socket = socket
        self.client = client
        self.server = Server(client, socket, tmux=tmux)
        self._tmux = tmux
        self._panes: dict[str, Pane] = {}
        self._dead: set[str] = set()
        self._unexplained: set[str] = set()
        self._explaining: set[str] = set()
        self._followed: dict[int, int] = {}
        self._server_pid = 0
        self._subscribers: list[Callable[[TerminalEvent], None]] = []
        self._channel: WaitChannel | None = None
        # Hooks of one name form an array: each Terminal takes a place of its own in it.
        self._hook = f"pane-died[{secrets.randbelow(2**30) + 1}]"
        self._watching: asyncio.Task[Watch] | None = None
        self._listening: Listener | None = None
        self._listening_lock = asyncio.Lock()
        self._reconciling = False
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(
        cls,
        socket: Path,
        *,
        environment: Mapping[str, str] | None = None,
        tmux: str = "tmux",
    ) -> Terminal:
        """Start the server at `socket`, or adopt it with all its panes if it runs.

        The server outlives this process. A new one gets `environment` (this process's own if
        None) without secrets; an adopted one keeps what it was started with.

        Raises:
            TmuxMissing: there is no tmux.
            TmuxTooOld: it is older than 3.2.
            SocketUnsafe: others may enter the socket's directory.
            ResourcesExhausted: the system starts no more processes.
            ServerGone: the server cannot be started or reached.
            ServerSilent: it is there and does not answer.
        """
        program = shutil.which(tmux)
        if program is None:
            raise TmuxMissing(tmux)
        private_server.own(socket.parent)
        given = os.environ if environment is None else environment
        with taking_resources():
            client = await private_server.reach(socket, program, environments.scrub(given))
        terminal = cls(socket, program, client)
        try:
            await terminal._adopt()
        except BaseException:
            await terminal.close()
            raise
        return terminal

    async def new_pane(
        self,
        *,
        name: str,
        cwd: Path,
        command: str | None = None,
        width: int = 120,
        height: int = 40,
        environment: Mapping[str, str] | None = None,
        shell: str = "bash",
        ssh: Sequence[str] = (),
        wall: Wall | None = None,
    ) -> Pane:
        """Open a pane in a tmux session of its own; cancelled, it leaves none behind.

        Args:
            name: what to call the session; characters that tmux could misread are replaced.
            cwd: where it starts.
            command: a shell command line to run instead of an interactive shell.
            width: columns.
            height: lines.
            environment: further variables for this pane alone.
            shell: which shell, by name; see `shells.Name`.
            ssh: instead, an ssh command line up to the destination; the shell is bash there.
            wall: what to put around it; see `tungsten.wall`.

        Raises:
            DirectoryMissing: `cwd` is not a directory.
            DirectoryUnwritable: there is no room beside the socket.
            OutcomeUnknown: the connection broke, and it cannot be told whether there is a pane.
            ResourcesExhausted: this process may open no more files.
            ServerGone: the server ended.
            ServerSilent: it does not answer; the pane is closed again if it is made later.
            TerminalError: there is no such shell.
        """
        if not os.path.isdir(cwd):  # noqa: ASYNC240, PTH112
            raise DirectoryMissing(cwd)
        making = asyncio.create_task(
            self._make_pane(name, cwd, command, (width, height), environment, shell, ssh, wall)
        )
        try:
            # What tmux was asked for cannot be taken back before it has said what it made.
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            self.spawn(_unmade(making))
            raise

    async def _make_pane(
        self,
        name: str,
        cwd: Path,
        command: str | None,
        size: tuple[int, int],
        environment: Mapping[str, str] | None,
        shell: str,
        ssh: Sequence[str],
        wall: Wall | None,
    ) -> Pane:
        listener = self._listening
        listening = listener.expects if listener is not None and command is not None else ""
        wanted = new_session.Wanted(
            name, cwd, command, size, environment or {}, shell, ssh, wall, listening
        )
        made = await new_session.make(self.client, self.socket.parent, wanted, later=self.spawn)
        if made.linked and listener is not None:
            listener.linked(made.window_id)
        pane = Pane(self, made.pane_id, made.window_id, made.nonce, made.shell)
        self._panes[pane.id] = pane
        pane.walled = wall is not None
        kind = f"shell {made.nonce} {made.shell}" if made.nonce else f"program  {made.shell}"
        kind += " wall" if pane.walled else ""
        await self.client.pipeline([("set-option", "-p", "-t", pane.id, OPTION, kind)])
        # What it said or did before it was known here.
        await self._reconcile()
        return pane

    async def panes(self) -> tuple[PaneInfo, ...]:
        """Describe all panes that are ours, dead ones included, oldest first.

        Raises:
            ServerGone: the server ended.
        """
        await self._reconcile()
        infos = []
        for pane in tuple(self._panes.values()):
            with contextlib.suppress(PaneGone):
                infos.append(await pane.info())
        return tuple(infos)

    async def beside(self, pane_id: str) -> dict[str, int]:
        """Give the panes that a person opened in the tmux session of one of ours.

        Returns:
            the first process of each, by its id; nothing where there is no such pane.

        Raises:
            ServerGone: the server ended.
        """
        form = f"#{{session_name}}\t#{{pane_id}}\t#{{pane_pid}}\t#{{{OPTION}}}"
        listed = (await self.client.pipeline([("list-panes", "-a", "-F", form)]))[0]
        rows = [line.split("\t") for line in ([] if isinstance(listed, CommandFailed) else listed)]
        # Windows are linked into sessions of ours as well, beside those of other panes.
        theirs = [row for row in rows if len(row) == 4 and not new_session.is_internal(row[0])]
        sessions = {session for session, found, _, _ in theirs if found == pane_id}
        return {
            found: int(pid)
            for session, found, pid, option in theirs
            if session in sessions and not option
        }

    def pane(self, pane_id: str) -> Pane:
        """Give the handle on a pane; if there is none of that name, its methods raise PaneGone."""
        known = self._panes.get(pane_id)
        return Pane(self, pane_id, "", "") if known is None else known

    def subscribe(self, callback: Callable[[TerminalEvent], None]) -> Callable[[], None]:
        """Hear of panes and the server ending; gives the function that ends it."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._subscribers.remove(callback)

        return unsubscribe

    async def watch(self) -> Watch:
        """Give the watch that tells when windows print, made at first use.

        Raises:
            ServerGone: the server ended.
        """
        if self._watching is None or _failed(self._watching):
            opening = Watch.open(self.client, self.socket, tmux=self._tmux)
            self._watching = asyncio.create_task(opening)
            # Who asks for it hears of its failure; without one nobody needs to.
            self._watching.add_done_callback(_failed)
        # Shielded: who stops waiting for one pane must not end the watch of all.
        return await asyncio.shield(self._watching)

    async def listener(self) -> Listener:
        """Give what hears what panes print, made at first use.

        Raises:
            ServerGone: the server ended.
        """
        # Imported here: only hosted agents are listened to.
        from tungsten.programs.listening import Listener

        async with self._listening_lock:
            if self._listening is None:
                self._listening = await Listener.open(self.client, self.socket, tmux=self._tmux)
            return self._listening

    async def kill_server(self) -> None:
        """End the server and everything in it; its process is gone when this returns.

        One that does not do so within `END_SECONDS` is ended by the system, and its programs hear
        of it as of a hangup: it was stopped, or waits for a client that it cannot get rid of.
        """
        with orphans.end_of(self._server_pid) as gone:
            # The process of that number is the server for as long as the connection stands.
            known = not self.client.closed.is_set() or orphans.is_server(self._server_pid)
            try:
                async with asyncio.timeout(END_SECONDS):
                    await self._tell_to_end()
                    await self.client.closed.wait()
                    # Until then a new server's first client could still reach the old one.
                    if orphans.TOLD:
                        await gone.wait()
            except TimeoutError:
                told = orphans.TOLD or not self.client.closed.is_set()
                if known and told and not gone.is_set():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(self._server_pid, signal.SIGKILL)
                    if orphans.TOLD:
                        with contextlib.suppress(TimeoutError):
                            await asyncio.wait_for(gone.wait(), END_SECONDS)
        await self.close()

    async def _tell_to_end(self) -> None:
        try:
            await self.client.command("kill-server")
        except (OutcomeUnknown, ServerGone, ServerSilent):
            # The connection may be all that is gone.
            argv = [self._tmux, "-S", str(self.socket), "kill-server"]
            run = functools.partial(subprocess.run, timeout=END_SECONDS)
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(run, argv, capture_output=True, check=False)

    async def close(self) -> None:
        """Let go of the server, which goes on without us; one that was stopped holds up nothing."""
        self._subscribers.clear()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for pid in tuple(self._followed):
            self._unfollow(pid)
        limit = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._give_up)
        try:
            if self._watching is not None:
                await asyncio.wait([self._watching])
                if not _failed(self._watching):
                    with contextlib.suppress(TerminalError):
                        await self._watching.result().close()
            if self._listening is not None:
                await self._listening.close()
            if self._channel is not None:
                with contextlib.suppress(ServerGone, ServerSilent):
                    await self.client.pipeline([("set-hook", "-gu", self._hook)])
                await self._channel.close()
            await self.client.close()
        finally:
            limit.cancel()
        for pane in self._panes.values():
            pane.close()

    def _give_up(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
        if self._listening is not None:
            self._listening.abort()
        self.client.abort()

    # -- inside ------------------------------------------------------------------------------

    async def _adopt(self) -> None:
        self._channel = await WaitChannel.open(
            self.socket,
            HOME_SESSION,
            self._reconcile,
            tmux=self._tmux,
            make_session=functools.partial(private_server.make_home, self.socket, self._tmux),
        )
        _, hooks = await self.client.pipeline(
            [("set-hook", "-g", self._hook, self._channel.ring), ("show-hooks", "-g", "pane-died")]
        )
        if left := orphaned_hooks(hooks):
            await self.client.pipeline([("set-hook", "-gu", each) for each in left])
        self.client.subscribe(self._notified)
        self.client.on_renewed(self._reconcile_soon)
        self.spawn(self._await_end())
        self._server_pid = int((await self.client.command("display-message", "-p", "#{pid}"))[0])
        pids = await self.client.command("list-clients", "-F", "#{client_pid}")
        await orphans.reap([int(pid) for pid in pids])
        _forget_notes(self.socket.parent)
        pieces.forget_orphans(self.socket.parent)
        await self._reconcile()

    def _notified(self, notification: Notification) -> None:
        if notification.name in _RENAMING:
            window_id, _, name = notification.rest.partition(" ")
            for pane in self._panes.values():
                if pane.window_id == window_id:
                    pane.shell.renamed(name)
        elif notification.name in _RECONCILING:
            self._reconcile_soon()

    def _reconcile_soon(self) -> None:
        if not self._reconciling:
            self._reconciling = True
            self.spawn(self._reconcile_quietly())

    async def _reconcile_quietly(self) -> None:
        self._reconciling = False
        with contextlib.suppress(ServerGone):
            await insist(self._reconcile)

    async def _reconcile(self) -> None:
        """Compare the panes we know with those that are there, and tell the differences."""
        known = dict(self._panes)
        listed = (await self.client.pipeline([("list-panes", "-a", "-F", _LISTING)]))[0]
        seen = set()
        for line in [] if isinstance(listed, CommandFailed) else listed:
            fields = line.split("\t", 7)
            if len(fields) != 8 or fields[0] in seen:
                continue
            if not fields[6]:
                # One of ours is known a moment before tmux is told that it is.
                if fields[0] in known:
                    seen.add(fields[0])
                continue
            pane_id, window_id, pid, dead, status, killed, kind, window_name = fields
            seen.add(pane_id)
            pane = self._panes.get(pane_id)
            if pane is None:
                _, nonce, shell = (*kind.split(" "), "", "bash")[:3]
                pane = self._panes[pane_id] = Pane(self, pane_id, window_id, nonce, shell)
                pane.walled = kind.endswith(" wall")
            pane.shell.renamed(window_name)
            if dead != "1":
                self._follow(pane_id, int(pid))
            # tmux marks a pane dead when its terminal closes and learns the status just after.
            code = exit_status(status, killed)
            known_dead = dead == "1" and (code is not None or pane_id in self._unexplained)
            if dead == "1" and not known_dead and pane_id not in self._explaining:
                self._explaining.add(pane_id)
                self.spawn(self._explain(pane_id))
            if known_dead and pane_id not in self._dead:
                self._dead.add(pane_id)
                pane.shell.died(code)
                self._tell(PaneDied(pane_id, code))
        for pane_id in known.keys() - seen:
            lost = self._panes.pop(pane_id, None)
            if lost is not None:
                self._dead.discard(pane_id)
                self._unexplained.discard(pane_id)
                self._explaining.discard(pane_id)
                lost.close()
                self._tell(PaneClosed(pane_id))

    def _follow(self, pane_id: str, pid: int) -> None:
        """Notice the end of a pane's process ourselves: tmux before 3.5 may miss it."""
        if pid in self._followed or not hasattr(os, "pidfd_open"):
            return
        try:
            fd = os.pidfd_open(pid)
        except OSError:
            return
        self._followed[pid] = fd
        asyncio.get_running_loop().add_reader(fd, self._ended, pane_id, pid)

    def _ended(self, pane_id: str, pid: int) -> None:
        self._unfollow(pid)
        self._explaining.add(pane_id)
        self.spawn(self._explain(pane_id))

    def _unfollow(self, pid: int) -> None:
        fd = self._followed.pop(pid)
        asyncio.get_running_loop().remove_reader(fd)
        os.close(fd)

    async def _explain(self, pane_id: str) -> None:
        """Have tmux collect the exit status that it may have missed."""
        with contextlib.suppress(ServerGone, ProcessLookupError, PermissionError):
            for attempt in range(1, _EXPLANATIONS + 1):
                await insist(self._reconcile)
                if pane_id in self._dead or pane_id not in self._panes:
                    return
                os.kill(self._server_pid, signal.SIGCHLD)
                await asyncio.sleep(_EXPLANATION_PAUSE * attempt)
            self._unexplained.add(pane_id)
            await insist(self._reconcile)

    async def _await_end(self) -> None:
        await self.client.closed.wait()
        for pane in self._panes.values():
            pane.close()
        self._tell(ServerEnded())

    def _tell(self, event: TerminalEvent) -> None:
        for subscriber in tuple(self._subscribers):
            subscriber(event)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Run something beside everything else, until it ends or this lets go of the server."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _unmade(making: asyncio.Task[Pane]) -> None:
    """Close a pane that nobody waits for any more, once it is there."""
    with contextlib.suppress(TerminalError, OSError):
        await (await making).kill()


def _failed(task: asyncio.Task[Watch]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def _forget_notes(directory: Path) -> None:
    """Remove what shells that never started did not read."""
    for note in directory.glob(".*.note"):
        with contextlib.suppress(OSError):
            if time.time() - note.stat().st_mtime > START_SECONDS:
                shells.forget(note)
