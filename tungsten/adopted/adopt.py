"""The person's own tmux server: its panes listed and watched, and driven where they allow it.

Nothing of that server is changed: no option, no hook, no session, no size. tmux itself would let
every client type (a read-only one too, through control mode), so who may drive what is decided
here, and holds for those who come this way.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tungsten import keys, pressing
from tungsten.errors import CommandFailed, PaneGone, PaneNotAllowed, ServerGone, TerminalError
from tungsten.outcome import PaneInfo, exit_status
from tungsten.pressing import Standing
from tungsten.programs.listening import Heard
from tungsten.screen import frame
from tungsten.screen.frame import Frame
from tungsten.tmux.connection import Connection, insist
from tungsten.tmux.control_client import ControlClient
from tungsten.tmux.control_protocol import Notification

_INFO = "\t".join(
    (
        "#{pane_id}",
        "#{pane_pid}",
        "#{pane_tty}",
        "#{session_name}",
        "#{pane_width}",
        "#{pane_height}",
        "#{pane_dead}",
        "#{pane_dead_status}",
        "#{pane_dead_signal}",
        "#{pane_in_mode}",
        "#{pane_current_command}",
        "#{pane_current_path}",
        "#{pane_title}",
    )
)
_CHANGES = frozenset(
    {
        "layout-change",
        "session-window-changed",
        "sessions-changed",
        "unlinked-window-add",
        "unlinked-window-close",
        "unlinked-window-renamed",
        "window-add",
        "window-close",
        "window-pane-changed",
        "window-renamed",
    }
)
_MOVED = frozenset({"sessions-changed", "window-close", "unlinked-window-close"})


@dataclass(frozen=True, slots=True)
class Permit:
    """What a person allowed to be driven: this program in this pane of this server.

    A pane id is given again after the server restarts, and another program may start in a pane;
    neither was allowed.
    """

    server: str
    pane_id: str
    pid: int


def default_socket() -> Path:
    """Say where the person's server listens: around this process, else the usual place."""
    return persons_sockets(os.environ)[0]


def persons_sockets(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Say where servers of the person may listen: the one around a process, and the usual place."""
    around = environment.get("TMUX", "").partition(",")[0]
    directory = Path(environment.get("TMUX_TMPDIR") or "/tmp")  # noqa: S108 - tmux's own default
    usual = directory / f"tmux-{os.getuid()}" / "default"
    return tuple(dict.fromkeys((Path(around), usual) if around else (usual,)))


class OwnServer:
    """A connection to a tmux server that is the person's, not ours. Made by `connect`.

    Attributes:
        socket: where it listens.
    """

    def __init__(self, socket: Path, client: Connection, tmux: str) -> None:
        self.socket = socket
        self._client = client
        self._connecting = asyncio.Lock()
        self._tmux = tmux
        self._permits: set[Permit] = set()
        self._listeners: list[Callable[[], None]] = []
        self._watches: set[asyncio.Task[None]] = set()
        self._let_go = False

    @classmethod
    async def connect(cls, socket: Path | None = None, *, tmux: str = "tmux") -> OwnServer:
        """Connect to the server at `socket`, by default the one around us or the usual one.

        Raises:
            ServerGone: no server listens there, or it has no session.
            TmuxMissing: there is no tmux.
            TmuxTooOld: the server is older than 3.2.
        """
        place = socket or default_socket()
        return cls(place, await Connection.connect(place, tmux=tmux), tmux)

    async def connected(self) -> Connection:
        """Give the connection, to another server at that socket if the one it was to has ended.

        Raises:
            ServerGone: no server listens there now, or this was closed.
        """
        async with self._connecting:
            if self._client.closed.is_set() and not self._let_go:
                self._client = await Connection.connect(self.socket, tmux=self._tmux)
                if self._listeners:
                    self._listen()
            if self._let_go:
                await self._client.close()
                raise ServerGone("closed")
            return self._client

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call when tmux says that panes, windows or sessions came, went or moved.

        It says nothing of panes that split or close beside others in sessions other than the one
        that the connection is attached to.
        """
        self._listeners.append(callback)
        if len(self._listeners) == 1:
            self._listen()

    def _listen(self) -> None:
        self._client.subscribe(self._notified)
        self._client.on_renewed(self._changed)

    def _notified(self, notification: Notification) -> None:
        if notification.name in _CHANGES:
            self._changed()

    def _changed(self) -> None:
        for callback in self._listeners:
            callback()

    async def panes(self) -> tuple[PaneInfo, ...]:
        """Describe all panes, in the order of their sessions and windows.

        Raises:
            ServerGone: the server ended.
        """
        client = await self.connected()
        infos: dict[str, PaneInfo] = {}
        for line in await client.command("list-panes", "-a", "-F", _INFO):
            info = _info(line)
            # A window linked into several sessions is listed in each.
            if info is not None:
                infos.setdefault(info.id, info)
        return tuple(infos.values())

    async def pane(self, pane_id: str) -> PaneInfo:
        """Describe one pane.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        for info in await self.panes():
            if info.id == pane_id:
                return info
        raise PaneGone(pane_id)

    async def capture(self, pane_id: str, *, history: int = 0) -> Frame:
        """Take a picture of a pane; see `frame.capture` for the errors."""
        return await frame.capture(await self.connected(), pane_id, history=history)

    def watch(
        self, pane_id: str, on_frame: Callable[[Frame | None], None], *, fps: float = 10.0
    ) -> Callable[[], None]:
        """Call `on_frame` with a pane's screen now and after each change.

        It runs on the loop, at most `fps` times a second, and gets None once when the pane or the
        server is gone. The pane's output is followed through a client of its own, which slows a
        program that prints very much; the way of `LiveView` would change the server.

        Returns:
            the function that ends it.
        """
        task = asyncio.create_task(self._follow(pane_id, on_frame, fps))
        self._watches.add(task)
        task.add_done_callback(self._watches.discard)

        def stop() -> None:
            task.cancel()

        return stop

    def listen(self, pane_id: str, heard: Heard, gone: Callable[[], None]) -> Callable[[], None]:
        """Call `heard` after each output of a pane, `gone` at its end; see `adopted_output`.

        Returns:
            the function that ends it.
        """
        # Imported here: only agents that are adopted are listened to.
        from tungsten.adopted.adopted_output import follow

        task = asyncio.create_task(follow(self, pane_id, heard, gone))
        self._watches.add(task)
        task.add_done_callback(self._watches.discard)

        def stop() -> None:
            task.cancel()

        return stop

    async def allow(self, pane_id: str) -> Permit:
        """Let a pane be driven from now on, because its person said so.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        permit = await self._permit(pane_id)
        self._permits.add(permit)
        return permit

    async def is_synchronized(self, pane_id: str) -> bool:
        """Whether a pane passes its keys on to others (`synchronize-panes`).

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        form = "#{pane_id} #{pane_synchronized}"
        client = await self.connected()
        asked = (await client.pipeline([("display-message", "-p", "-t", pane_id, form)]))[0]
        found, _, passes = ("" if isinstance(asked, CommandFailed) else asked[0]).partition(" ")
        if found != pane_id:
            raise PaneGone(pane_id)
        return passes == "1"

    async def require(self, pane_id: str) -> PaneInfo:
        """Describe a pane that may be driven now.

        Raises:
            PaneNotAllowed: the person did not allow this pane.
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        if all(permit.pane_id != pane_id for permit in self._permits):
            raise PaneNotAllowed(pane_id)
        server, info = await self._server(), await self.pane(pane_id)
        if Permit(server, pane_id, info.pid) not in self._permits:
            raise PaneNotAllowed(pane_id)
        return info

    def disallow(self, pane_id: str) -> None:
        """Let a pane be driven no longer."""
        self._permits = {permit for permit in self._permits if permit.pane_id != pane_id}

    async def allowed(self) -> frozenset[str]:
        """Say which panes may be driven.

        Raises:
            ServerGone: the server ended.
        """
        server = await self._server()
        pids = {info.id: info.pid for info in await self.panes()}
        return frozenset(
            permit.pane_id
            for permit in self._permits
            if permit.server == server and pids.get(permit.pane_id) == permit.pid
        )

    async def send_text(self, pane_id: str, text: str) -> None:
        """Type text.

        Raises:
            PaneNotAllowed: the person did not allow this pane.
            PaneDead, PaneGone, TextNotTypable: see `keys.type_text`.
            ServerGone: the server ended.
        """
        await keys.type_text(await self._driven(pane_id), pane_id, text)

    async def send_keys(self, pane_id: str, *names: str) -> None:
        """Press keys by tmux's names; raises as `send_text` does."""
        await keys.type_keys(await self._driven(pane_id), pane_id, names)

    async def press_if(self, pane_id: str, key: str, standing: Standing) -> bool:
        """Press one key if the screen still shows this, else none; see `pressing.press_if`.

        Raises:
            PaneNotAllowed: the person did not allow this pane.
        """
        client = await self._driven(pane_id)
        return await pressing.press_if(client, pane_id, key, standing.condition())

    async def paste(self, pane_id: str, text: str) -> None:
        """Paste text; raises as `send_text` does."""
        await keys.paste(await self._driven(pane_id), pane_id, text)

    async def close(self) -> None:
        """Stop watching, of which no watcher is told, and disconnect."""
        self._let_go = True
        for task in tuple(self._watches):
            task.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        await self._client.close()

    # -- inside ------------------------------------------------------------------------------

    async def _server(self) -> str:
        client = await self.connected()
        return " ".join(await client.command("display-message", "-p", "#{pid} #{start_time}"))

    async def _permit(self, pane_id: str) -> Permit:
        return Permit(await self._server(), pane_id, (await self.pane(pane_id)).pid)

    async def _driven(self, pane_id: str) -> ControlClient:
        await self.require(pane_id)
        return await self.connected()

    async def _follow(
        self, pane_id: str, on_frame: Callable[[Frame | None], None], fps: float
    ) -> None:
        last: list[Frame] = []

        def show(shown: Frame) -> None:
            if last != [shown]:
                last[:] = [shown]
                on_frame(shown)

        try:
            while True:
                session = await self.session_of(pane_id)
                with contextlib.suppress(ServerGone):
                    await self._follow_in(session, pane_id, show, fps)
        except TerminalError:
            on_frame(None)

    async def session_of(self, pane_id: str) -> str:
        """Say in which session a pane is, by tmux's id.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        client = await self.connected()
        form = "#{pane_id} #{session_id}"
        asked = (await client.pipeline([("display-message", "-p", "-t", pane_id, form)]))[0]
        found, _, session = ("" if isinstance(asked, CommandFailed) else asked[0]).partition(" ")
        if found != pane_id:
            raise PaneGone(pane_id)
        return session

    async def attached(self, session: str) -> ControlClient:
        """Attach one more client to a session, which is told what is printed there.

        It counts for no size and is marked as one that only reads.

        Raises:
            ServerGone: the server, or the session, ended.
        """
        return await ControlClient.connect(
            self.socket, tmux=self._tmux, session=session, no_output=False, read_only=True
        )

    async def _follow_in(
        self, session: str, pane_id: str, show: Callable[[Frame], None], fps: float
    ) -> None:
        """Show a pane as long as it may be in this session."""
        client = await self.attached(session)
        due = asyncio.Event()
        moved = False

        def notified(notification: Notification) -> None:
            nonlocal moved
            if notification.name == "output":
                if notification.rest.partition(" ")[0] == pane_id:
                    due.set()
            elif notification.name in _MOVED:
                moved = True
                due.set()
            elif notification.name == "layout-change":
                due.set()

        client.subscribe(notified)
        ended = asyncio.create_task(client.closed.wait())
        ended.add_done_callback(lambda _: due.set())
        clock = asyncio.get_running_loop().time
        try:
            while not moved:
                started = clock()
                due.clear()
                show(await insist(lambda: frame.capture(client, pane_id)))
                await due.wait()
                pause = 1 / fps - (clock() - started)
                if pause > 0:
                    # What changes meanwhile waits: the next frame will hold all of it.
                    await asyncio.sleep(pause)
        finally:
            ended.cancel()
            await client.close()


def _info(line: str) -> PaneInfo | None:
    fields = line.split("\t", 12)
    if len(fields) != 13:
        return None
    dead = fields[6] == "1"
    return PaneInfo(
        id=fields[0],
        pid=int(fields[1] or 0),
        tty=fields[2],
        session=fields[3],
        width=int(fields[4]),
        height=int(fields[5]),
        dead=dead,
        exit_status=exit_status(fields[7], fields[8]) if dead else None,
        in_mode=fields[9] not in ("", "0"),
        current_command=fields[10],
        current_path=fields[11],
        title=fields[12],
    )
