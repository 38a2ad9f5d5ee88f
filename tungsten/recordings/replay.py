"""Play a recording: as timed events for a widget, or into a real pane of a Terminal."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import re
import secrets
import shlex
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

from tungsten.errors import (
    CommandFailed,
    DirectoryMissing,
    PaneDead,
    PaneGone,
    ServerGone,
    writing_into,
)
from tungsten.pane import Pane
from tungsten.recordings import asciicast
from tungsten.recordings.asciicast import Event
from tungsten.recordings.masked_recording import UNSEEN
from tungsten.terminal import PaneClosed, PaneDied, ServerEnded, Terminal, TerminalEvent
from tungsten.tmux.control_protocol import Notification

AT_ONCE = math.inf
"""A speed: without any pause."""

_GOES = ("remain-on-exit", "off")
_RENAMED_HERE = "window-renamed"
_RENAMED = frozenset({"unlinked-window-renamed", _RENAMED_HERE})
_ANEW = b"\x18\x1b[?1049l\x1bc\x1b[3J"
"""Abort what was begun, leave the alternate screen, reset the terminal (RIS), drop the history."""

_UNFINISHED = re.compile(r"\x1b(?:[ -/]*|\[[0-?]*[ -/]*|[\]PX^_k][^\x07\x1b]*(?:\x1b)?)\Z")


def timeline(
    events: Iterable[Event], *, speed: float = 1.0, idle_limit: float | None = None
) -> Iterator[tuple[float, Event]]:
    """Give each event with the second at which to play it.

    Args:
        events: of a recording, in their order.
        speed: 2 plays twice as fast; `AT_ONCE` makes no pauses.
        idle_limit: the longest pause in the recording, in its own seconds; longer ones are cut.

    Raises:
        ValueError: the speed is not above 0.
    """
    if not speed > 0:
        raise ValueError("the speed must be above 0")
    before = now = 0.0
    for event in events:
        pause = max(event.time - before, 0.0)
        before = max(before, event.time)
        now += min(pause, pause if idle_limit is None else idle_limit) / speed
        yield now, event


async def play(
    path: Path, *, speed: float = 1.0, idle_limit: float | None = None
) -> AsyncIterator[Event]:
    """Give the events of a recording when their time has come.

    Raises:
        RecordingUnreadable: it is no recording, or damaged.
    """
    recording = asciicast.read(path)
    limit = recording.header.idle_time_limit if idle_limit is None else idle_limit
    clock = asyncio.get_running_loop().time
    began = clock()
    for at, event in timeline(recording.events(), speed=speed, idle_limit=limit):
        pause = began + at - clock()
        if pause > 0:
            await asyncio.sleep(pause)
        yield event


class Printed:
    """What of a recording goes to a person's own terminal: what shows, and nothing else.

    Their titles and clipboard are no part of the picture, and terminals that do not know tmux's
    name for a window would print it.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """Give what is to be printed of the next output event; what is unfinished waits."""
        text = self._held + text
        unfinished = _UNFINISHED.search(text)
        self._held = unfinished[0] if unfinished else ""
        return UNSEEN.sub("", text.removesuffix(self._held))


class Player:
    """A pane that shows exactly the bytes it is given. Made by `open`.

    Attributes:
        pane: the pane; its program lives until `close`.
    """

    def __init__(self, terminal: Terminal, pane: Pane, fifo: int) -> None:
        self.pane = pane
        self._terminal = terminal
        self._fifo = fifo
        self._held = ""
        self._awaited: dict[str, asyncio.Future[None]] = {}
        self._ended: PaneDead | PaneGone | ServerGone | None = None
        self._silence = [
            terminal.client.subscribe(self._notified),
            terminal.client.on_renewed(self._look_again),
            terminal.subscribe(self._happened),
        ]

    @classmethod
    async def open(cls, terminal: Terminal, *, name: str, width: int, height: int) -> Player:
        """Open an empty pane to play in.

        Raises:
            DirectoryUnwritable: there is no room beside the socket.
            ServerGone: the server ended.
        """
        path = terminal.socket.with_name(f".{secrets.token_hex(8)}.play")
        with writing_into(path.parent):
            os.mkfifo(path, 0o600)
            # Opened for both, an end is always there: neither this nor the pane's program waits.
            fifo = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        player: Player | None = None
        try:
            # Raw: the recording holds what the terminal got, line ends already translated.
            show = f"stty raw -echo && exec cat {shlex.quote(str(path))}"
            pane = await terminal.new_pane(
                name=name, cwd=terminal.socket.parent, command=show, width=width, height=height
            )
            player = cls(terminal, pane, fifo)
            # Killed, we could not close it: its program ends then, and nothing of it is to stay.
            await terminal.client.command("set-option", "-p", "-t", pane.id, *_GOES)
            await player.settled()
        except DirectoryMissing:
            os.close(fifo)
            raise ServerGone("its directory was removed") from None
        except BaseException:
            if player is None:
                os.close(fifo)
            else:
                await player.close()
            raise
        finally:
            path.unlink(missing_ok=True)
        return player

    async def feed(self, text: str) -> None:
        """Print text; returns when it is on its way to the pane.

        Raises:
            PaneDead: the pane's program was ended.
            PaneGone: the pane was closed.
            ServerGone: the server ended.
        """
        text = self._held + text
        unfinished = _UNFINISHED.search(text)
        self._held = unfinished[0] if unfinished else ""
        await self._write(text.removesuffix(self._held).encode("utf-8", "replace"))

    async def settled(self) -> None:
        """Return when all that was fed is on the pane's screen; raises as `feed` does."""
        nonce = f"played-{secrets.token_hex(12)}"
        future = asyncio.get_running_loop().create_future()
        self._awaited[nonce] = future
        try:
            # In-band: tmux tells of the new window name once it has read all that came before.
            await self._write(f"\x1bk{nonce}\x1b\\".encode())
            await future
        finally:
            self._awaited.pop(nonce, None)

    async def resize(self, width: int, height: int) -> None:
        """Give the pane a new size, after all that was fed; raises as `feed` does."""
        await self.settled()
        await self.pane.resize(width, height)

    async def show(self, event: Event) -> None:
        """Do what an event of a recording says; raises as `feed` does."""
        if event.code == asciicast.OUTPUT:
            await self.feed(event.data)
        elif event.code == asciicast.RESIZE:
            await self.resize(*event.size)

    async def restart(self, width: int, height: int) -> None:
        """Make it an empty pane of this size again, without history; raises as `feed` does."""
        self._held = ""
        await self._write(_ANEW)
        await self.resize(width, height)
        await self._terminal.client.pipeline([("clear-history", "-t", self.pane.id)])

    async def close(self) -> None:
        """Close the pane."""
        for silence in self._silence:
            silence()
        self._end(PaneGone(self.pane.id))
        if self._fifo >= 0:
            asyncio.get_running_loop().remove_writer(self._fifo)
            os.close(self._fifo)
            self._fifo = -1
        with contextlib.suppress(ServerGone):
            await self.pane.kill()

    async def _write(self, data: bytes) -> None:
        unsent = memoryview(data)
        while unsent:
            if self._ended is not None:
                raise self._ended
            try:
                unsent = unsent[os.write(self._fifo, unsent) :]
            except BlockingIOError:
                await self._writable()

    async def _writable(self) -> None:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._awaited[""] = future

        def ready() -> None:
            if not future.done():
                future.set_result(None)

        loop.add_writer(self._fifo, ready)
        try:
            await future
        finally:
            loop.remove_writer(self._fifo)
            self._awaited.pop("", None)

    def _notified(self, notification: Notification) -> None:
        if notification.name in _RENAMED:
            window_id, _, name = notification.rest.partition(" ")
            future = self._awaited.get(name) if window_id == self.pane.window_id else None
            if name and future is not None and not future.done():
                future.set_result(None)

    def _look_again(self) -> None:
        """Read the name that nobody told of while there was no client."""
        self._terminal.spawn(self._read_name())

    async def _read_name(self) -> None:
        with contextlib.suppress(CommandFailed, ServerGone):
            named = await self._terminal.client.command(
                "display-message", "-p", "-t", self.pane.id, "#{window_id} #{window_name}"
            )
            self._notified(Notification(_RENAMED_HERE, "".join(named)))

    def _happened(self, event: TerminalEvent) -> None:
        if isinstance(event, ServerEnded):
            self._end(ServerGone())
        elif event.pane_id == self.pane.id:
            if isinstance(event, PaneDied):
                self._end(PaneDead(event.pane_id, event.status))
            elif isinstance(event, PaneClosed):
                self._end(PaneGone(event.pane_id))

    def _end(self, error: PaneDead | PaneGone | ServerGone) -> None:
        if self._ended is None:
            self._ended = error
        for future in self._awaited.values():
            if not future.done():
                future.set_exception(self._ended)


async def replay(
    terminal: Terminal,
    path: Path,
    *,
    speed: float = 1.0,
    idle_limit: float | None = None,
) -> Player:
    """Play a recording into a new pane; returns when its last event is on the screen.

    Args:
        terminal: where to open the pane.
        path: the recording.
        speed: 2 plays twice as fast; `AT_ONCE` makes no pauses.
        idle_limit: the longest pause, in seconds of the recording.

    Returns:
        the player, whose pane keeps the last screen until `close`.

    Raises:
        RecordingUnreadable: it is no recording, or damaged.
        PaneDead, PaneGone: the pane was ended or closed meanwhile.
        ServerGone: the server ended.
    """
    header = asciicast.read(path).header
    player = await Player.open(
        terminal, name=f"replay-{path.stem}", width=header.width, height=header.height
    )
    try:
        async for event in play(path, speed=speed, idle_limit=idle_limit):
            await player.show(event)
        await player.settled()
    except BaseException:
        await player.close()
        raise
    return player
