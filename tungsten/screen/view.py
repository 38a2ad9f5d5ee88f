"""Live pictures of panes for a front end: at most so many a second, none while nothing changes.

How a change becomes known (measured on tmux 3.3a): a client that receives `%output` slows a
program that prints much by more than half, and toggling what it receives wedges it; subscriptions
(`refresh-client -B`) come once a second. The `alert-activity` hook on a session of our own that
links the shown windows (see `watch`) fires once, stays silent until re-armed, and costs the
printing program nothing: a burst becomes one capture per frame, and an idle pane none.

This module, and all it imports, needs neither libtmux nor pydantic, so that an app starts fast.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from pathlib import Path

from tungsten import keys
from tungsten.errors import CommandFailed, PaneGone, ServerGone, TerminalError
from tungsten.screen import frame, sgr
from tungsten.screen.frame import Frame
from tungsten.tmux.connection import RENEW_SECONDS, Connection, insist
from tungsten.tmux.control_client import parse_version
from tungsten.tmux.idle_session import HOME_SESSION
from tungsten.tmux.watch import Watch

CLOSE_SECONDS = 1.0
"""How long a server may take to take away what showing its panes needed."""

_SHORTEST = 1 / 60
"""Seconds between two looks at who changed; no pane is shown more often."""


class _Shown:
    """One pane on the screen: its rate, and what it still owes its callback."""

    def __init__(
        self,
        view: LiveView,
        pane_id: str,
        on_frame: Callable[[Frame | None], None],
        fps: float,
    ) -> None:
        self.view = view
        self.pane_id = pane_id
        self.on_frame = on_frame
        self.fps = fps
        self.history = 0
        self.window_id = ""
        self.stopped = False
        self._last: Frame | None = None
        self._due = asyncio.Event()

    def changed(self) -> None:
        self._due.set()

    async def run(self, watching: asyncio.Task[Watch]) -> None:
        """Capture now and after each change until the pane ends or is no longer shown."""
        try:
            # The first picture does not wait for what tells of changes.
            await self._capture()
            # Shielded: who stops showing one pane must not end the watch of all.
            watch = await asyncio.shield(watching)
            try:
                await self._follow(watch)
            finally:
                if self.window_id:
                    await watch.remove(self.window_id, self.changed)
        except ServerGone:
            # The watch has a connection of its own, which may be the first to hear of the end.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.view.gone.wait(), RENEW_SECONDS)
            self._tell_end()
        except TerminalError:
            self._tell_end()

    def _tell_end(self) -> None:
        if not self.stopped:
            self.on_frame(None)

    async def _follow(self, watch: Watch) -> None:
        client = self.view.client
        lines = await client.command("display-message", "-p", "-t", self.pane_id, "#{window_id}")
        if not lines or not lines[0]:
            raise PaneGone(self.pane_id)
        window_id = lines[0]
        await watch.add(window_id, self.changed)
        self.window_id = window_id
        clock = asyncio.get_running_loop().time
        self._due.set()
        while True:
            await self._due.wait()
            self._due.clear()
            started = clock()
            await self._capture()
            pause = 1 / self.fps - (clock() - started)
            if pause > 0:
                # What changes meanwhile waits: the next frame will hold all of it.
                await asyncio.sleep(pause)

    async def _capture(self) -> None:
        client, pane_id = self.view.client, self.pane_id
        # What is shown of a server that was stopped stays, and goes on when that does.
        shown = await insist(lambda: frame.capture(client, pane_id, history=self.history))
        if shown != self._last:
            self._last = shown
            self.on_frame(shown)


class LiveView:
    """A front end's own connection to a Terminal's server. Made by `open`; belongs to one loop.

    Attributes:
        client: the connection.
        server: tells this server from every other that listened at the same socket; pane ids
            mean the same panes as long as it is the same.
        gone: set when the server has ended.
    """

    def __init__(self, socket: Path, client: Connection, tmux: str) -> None:
        self.socket = socket
        self.client = client
        self.server = client.server
        self.gone = client.closed
        self._shown: dict[str, list[_Shown]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._on_gone: list[Callable[[], None]] = []
        self._spawn(self._await_end())
        self._watching = asyncio.create_task(
            Watch.open(client, socket, interval=_SHORTEST, tmux=tmux)
        )
        # Who shows a pane hears of its failure; without one nobody needs to.
        self._watching.add_done_callback(lambda task: task.cancelled() or task.exception())

    @classmethod
    async def open(cls, socket: Path, *, tmux: str = "tmux") -> LiveView:
        """Connect to a running server.

        Raises:
            ServerGone: there is none.
            TmuxMissing: there is no tmux.
            TmuxTooOld: the server is older than 3.2.
        """
        client = await Connection.connect(socket, tmux=tmux, session=HOME_SESSION)
        sgr.follow_tmux(parse_version(client.version))
        return cls(socket, client, tmux)

    def show(
        self,
        pane_id: str,
        on_frame: Callable[[Frame | None], None],
        *,
        fps: float = 30.0,
    ) -> Callable[[], None]:
        """Call `on_frame` with the pane's screen now and after each change.

        It runs on the loop, at most `fps` times a second, and gets None once when the pane or
        the server is gone; a dead pane keeps its last frame, with `dead` set.

        Returns:
            the function that ends it.
        """
        shown = _Shown(self, pane_id, on_frame, fps)
        self._shown.setdefault(pane_id, []).append(shown)
        task = self._spawn(shown.run(self._watching))

        def stop() -> None:
            shown.stopped = True
            with contextlib.suppress(ValueError, KeyError):
                self._shown[pane_id].remove(shown)
            task.cancel()

        return stop

    def set_fps(self, pane_id: str, fps: float) -> None:
        """Show a pane more or less often from now on."""
        for shown in self._shown.get(pane_id, ()):
            shown.fps = fps

    def set_history(self, pane_id: str, lines: int) -> None:
        """Include so many lines of scrollback above the screen in the frames of a pane."""
        for shown in self._shown.get(pane_id, ()):
            shown.history = lines
            shown.changed()

    def on_gone(self, callback: Callable[[], None]) -> None:
        """Call once when the server has ended."""
        self._on_gone.append(callback)

    async def capture(self, pane_id: str, *, history: int = 0) -> Frame:
        """Take one picture, with up to `history` lines of scrollback above it.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        return await frame.capture(self.client, pane_id, history=history)

    async def send_text(self, pane_id: str, text: str) -> None:
        """Type a person's text; see `keys.type_text` for the errors."""
        await keys.type_text(self.client, pane_id, text)

    async def send_keys(self, pane_id: str, *names: str) -> None:
        """Press a person's keys by tmux's names; see `keys.type_keys` for the errors."""
        await keys.type_keys(self.client, pane_id, names)

    async def paste(self, pane_id: str, text: str) -> None:
        """Paste a person's text; see `keys.paste` for the errors."""
        await keys.paste(self.client, pane_id, text)

    async def resize(self, pane_id: str, width: int, height: int) -> None:
        """Give a pane a size, in columns and lines.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        try:
            await self.client.command(
                "resize-window", "-t", pane_id, "-x", str(width), "-y", str(height)
            )
        except CommandFailed:
            raise PaneGone(pane_id) from None
        self._touch(lambda shown: shown.pane_id == pane_id)

    async def close(self) -> None:
        """Stop showing and disconnect; the server and its panes stay.

        A server that was stopped does not hold this up: then what is left there is taken away by
        whoever watches next.
        """
        limit = asyncio.get_running_loop().call_later(CLOSE_SECONDS, self._give_up)
        try:
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            # Not cancelled half-way: what it has made on the server is to be taken away again.
            await asyncio.wait([self._watching])
            if not self._watching.cancelled() and self._watching.exception() is None:
                await self._watching.result().close()
            await self.client.close()
        finally:
            limit.cancel()

    def _give_up(self) -> None:
        self._watching.cancel()
        self.client.abort()

    # -- inside ------------------------------------------------------------------------------

    def _touch(self, which: Callable[[_Shown], bool]) -> None:
        for group in self._shown.values():
            for shown in group:
                if which(shown):
                    shown.changed()

    async def _await_end(self) -> None:
        await self.client.closed.wait()
        # Wakes those that wait for a change, so that each tells its callback.
        self._touch(lambda shown: True)
        for callback in self._on_gone:
            callback()

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
