"""One private tmux server: started or adopted, its panes known, its end noticed."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tungsten import environment as environments
from tungsten import orphans, pieces, server_start, shells, still
from tungsten.command_line import START_SECONDS
from tungsten.connection import Connection, insist
from tungsten.control_client import MINIMUM_VERSION, clean_environment, parse_version
from tungsten.control_protocol import Notification, literal
from tungsten.errors import (
    CommandFailed,
    DirectoryMissing,
    OutcomeUnknown,
    PaneGone,
    ServerGone,
    ServerSilent,
    SocketUnsafe,
    TerminalError,
    TmuxMissing,
    TmuxTooOld,
    taking_resources,
)
from tungsten.outcome import PaneInfo, exit_status
from tungsten.pane import Pane
from tungsten.server import Server
from tungsten.shells import Start
from tungsten.view import HOME_SESSION
from tungsten.wait_for import WaitChannel
from tungsten.wall import Wall
from tungsten.watch import Watch, orphaned_hooks

OPTION = "@tungsten"
"""Pane option of each pane that is ours: `shell NONCE NAME` or `program`, maybe with ` wall`."""

_ATTEMPTS = 8
_PAUSE = 0.02
"""How often to try to reach a server, and by how many seconds the pauses between grow."""

LEAVE_SECONDS = 0.5
"""How long each of these attempts waits for a server that is on its way out."""

_EXPLANATIONS = 20
"""How often to ask for a dead pane's exit status, 4 s in all: busy machines take their time."""

SILENT_SECONDS = 12.0
"""How long a tmux server may take to answer the first command; its keeper waits 10 s for it."""

END_SECONDS = 5.0
"""How long a server that was told to end may take; it writes nothing to disk."""

CLOSE_SECONDS = 2.0
"""How long to try to take away what we made there; what stays rings for nobody."""

_HOME = ("new-session", "-d", "-s", HOME_SESSION, "-x", "20", "-y", "2", "-n", "home", "true")
_CONFIG = Path(__file__).with_name("tmux.conf")
_UNSAFE = re.compile(r"[^\w-]+", re.ASCII)
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
        _own(socket.parent)
        given = os.environ if environment is None else environment
        with taking_resources():
            client = await _reach(socket, program, environments.scrub(given))
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
        nonce = "" if command is not None else secrets.token_hex(16)
        argv = ["new-session", "-d", "-P", "-F", "#{pane_id} #{window_id}"]
        argv += ["-x", str(size[0]), "-y", str(size[1]), "-c", literal(str(cwd))]
        for variable, value in (environment or {}).items():
            argv += ["-e", f"{variable}={value}"]
        program = ["env", "-u", "TMUX_PANE"]
        start: Start | None = None
        if command is not None:
            program += ["-u", "TMUX", "sh", "-c", command]
        elif ssh:
            shell = "bash"
            program += ["-u", "TMUX", *shells.remote(ssh)]
        else:
            start = shells.prepare(shell, nonce, self.socket.parent)
            # A start-up file that starts tmux where none is seen must see one.
            program += ["TMUX=/dev/null,0,0", *start.argv]
        try:
            if wall is not None:
                note = None if start is None else start.note
                program = list(wall.enclose(program, cwd, note))
            pane_id, window_id = await self._new_session(argv, name, program, nonce)
        except BaseException:
            if start is not None:
                start.forget()
            raise
        pane = Pane(self, pane_id, window_id, nonce, shell)
        self._panes[pane_id] = pane
        pane.walled = wall is not None
        kind = f"shell {nonce} {shell}" if nonce else f"program  {shell}"
        kind += " wall" if pane.walled else ""
        await self.client.pipeline([("set-option", "-p", "-t", pane_id, OPTION, kind)])
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
        theirs = [row for row in rows if len(row) == 4 and not _is_internal(row[0])]
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
        self.client.abort()

    # -- inside ------------------------------------------------------------------------------

    async def _adopt(self) -> None:
        self._channel = await WaitChannel.open(
            self.socket,
            HOME_SESSION,
            self._reconcile,
            tmux=self._tmux,
            make_session=functools.partial(_make_home, self.socket, self._tmux),
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

    async def _new_session(
        self, argv: list[str], name: str, program: list[str], nonce: str
    ) -> tuple[str, str]:
        wanted = _UNSAFE.sub("-", name).strip("-")[:40] or "pane"
        if _is_internal(wanted):
            wanted = f"pane-{wanted}"
        session = wanted
        while True:
            window = f"pane-{secrets.token_hex(6)}"
            try:
                printed = await self.client.command(*argv, "-n", window, "-s", session, *program)
            except CommandFailed as error:
                if "duplicate session" not in error.message:
                    raise
                session = f"{wanted}-{secrets.token_hex(3)}"
                continue
            except ServerSilent:
                self.spawn(self._unmake(session, window, nonce))
                raise
            except OutcomeUnknown:
                printed = await self._begun(session, window, nonce)
                if not printed:
                    continue
            pane_id, _, window_id = printed[0].partition(" ")
            return pane_id, window_id

    async def _unmake(self, session: str, window: str, nonce: str) -> None:
        """Close the pane that a server which was stopped makes for nobody once it goes on."""
        with contextlib.suppress(TerminalError):
            found = await insist(lambda: self._begun(session, window, nonce))
            for ids in found:
                await Pane(self, ids.partition(" ")[0], "", "").kill()

    async def _begun(self, session: str, window: str, nonce: str) -> list[str]:
        """Find the pane whose making was not answered; nothing if it was not made.

        Raises:
            OutcomeUnknown: what is there may be it or not.
        """
        form = f"#{{pane_id}} #{{window_id}}\t#{{{OPTION}}}\t#{{window_name}}"
        try:
            listed = await self.client.command("list-panes", "-s", "-t", f"={session}", "-F", form)
        except CommandFailed:
            return []
        for line in listed:
            ids, kind, name = line.split("\t", 2)
            if kind:
                # It is somebody else's, and ours was refused: as it will be again.
                return []
            # Its own name still, or what our shell has made of it.
            if name == window or (nonce and name.startswith(nonce)):
                return [ids]
        raise OutcomeUnknown("new-session")

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
                await asyncio.sleep(_PAUSE * attempt)
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


def _is_internal(session: str) -> bool:
    """Whether a tmux session holds no panes of its own but those that make it work."""
    return session == HOME_SESSION or session.startswith(f"{HOME_SESSION}-")


def _failed(task: asyncio.Task[Watch]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def _own(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = directory.stat()
    if status.st_uid != os.getuid():
        raise SocketUnsafe(directory, "belongs to another user")
    if status.st_mode & 0o077:
        raise SocketUnsafe(directory, "can be entered by others")


def _forget_notes(directory: Path) -> None:
    """Remove what shells that never started did not read."""
    for note in directory.glob(".*.note"):
        with contextlib.suppress(OSError):
            if time.time() - note.stat().st_mtime > START_SECONDS:
                shells.forget(note)


@functools.lru_cache(maxsize=8)
def _version(program: str) -> str:
    done = subprocess.run([program, "-V"], capture_output=True, text=True, check=False)
    return done.stdout.strip().removeprefix("tmux ")


async def _reach(socket: Path, program: str, environment: dict[str, str]) -> Connection:
    """Start or find the server and attach to it."""
    attempt = 0
    while True:
        try:
            await _start(socket, program, environment)
            return await Connection.connect(
                socket,
                tmux=program,
                session=HOME_SESSION,
                make_session=functools.partial(_make_home, socket, program),
            )
        except ServerGone:
            # An earlier server on this socket may be on its way out.
            attempt += 1
            if attempt == _ATTEMPTS:
                raise
            if attempt == _ATTEMPTS // 2:
                await asyncio.to_thread(orphans.reap_wedged, socket)
            await _on_its_way_out(socket, _PAUSE * attempt)


async def _on_its_way_out(socket: Path, pause: float) -> None:
    """Wait until the server that listens there has ended, or for `pause` where none does."""
    pid = orphans.listener(socket)
    if pid is None:
        await asyncio.sleep(pause)
        return
    with orphans.end_of(pid) as gone, contextlib.suppress(TimeoutError):
        await asyncio.wait_for(gone.wait(), LEAVE_SECONDS)


def _run(
    argv: list[str], environment: dict[str, str], socket: Path
) -> subprocess.CompletedProcess[str]:
    process = subprocess.Popen(
        argv,
        env=environment,
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        said, problem = process.communicate(timeout=SILENT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise ServerSilent(socket) from None
    finally:
        # Not read to their end: a server that was stopped holds the other ends open.
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    return subprocess.CompletedProcess(argv, process.returncode, said, problem)


async def _make_home(socket: Path, program: str) -> None:
    """Make our session again in a server that runs; with `-N` this starts none."""
    argv = [program, "-u", "-N", "-S", str(socket), *_HOME]
    async with still.turn(socket):
        await asyncio.to_thread(_run, argv, clean_environment(), socket)


async def _start(socket: Path, program: str, environment: dict[str, str]) -> None:
    """Make sure that a server with our session runs; two at once end up with the same one."""
    version = await asyncio.to_thread(_version, program)
    if parse_version(version) < MINIMUM_VERSION:
        raise TmuxTooOld(version)
    terminal = environments.terminal_name(Path(environment.get("HOME", "/")))
    server = [program, "-u", "-S", str(socket), "-f", str(_CONFIG)]
    if sys.platform == "linux" and not server_start.answers(str(socket)):
        # Only so that orphans stay below it: without, the next command starts a plain one.
        keeper = [sys.executable, "-I", "-S", server_start.__file__, str(socket), *server, "-D"]
        await asyncio.to_thread(_run, keeper, environment, socket)
    argv = [*server, *_HOME, ";", "set-option", "-g", "default-terminal", terminal]
    async with still.turn(socket):
        done = await asyncio.to_thread(_run, argv, environment, socket)
    said = done.stderr.strip()
    if done.returncode != 0 and "duplicate session" not in said:
        raise ServerGone(said)
