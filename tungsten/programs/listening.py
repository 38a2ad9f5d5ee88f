"""Hear that panes print, and what programs tell their terminal: titles, notifications, states.

tmux keeps only some of that and tells of none in time, but a control client is sent all that the
windows of its session print. A session of our own holds links to the windows that somebody listens
to, so no other pane's output comes here, and what is heard of is read for commands and dropped.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from pathlib import Path

from tungsten.errors import CommandFailed, OutcomeUnknown, ServerGone, ServerSilent
from tungsten.programs.osc import Osc, OscScanner
from tungsten.tmux import idle_session
from tungsten.tmux.connection import Connection, at_least_once
from tungsten.tmux.control_protocol import Notification
from tungsten.tmux.nonce import nonce
from tungsten.tmux.watch import SESSION_PREFIX

CODES = frozenset({0, 2, 9, 99, 777, 7501})
"""What is told to who listens: titles, notifications (iTerm2, kitty, urxvt), states of programs."""

MOST_EARLY = 1_000
"""Pieces of output kept of a pane that is not listened to yet: a moment's worth."""

Heard = Callable[[Sequence[Osc]], None]
"""Told after each output of a pane which commands were complete in it; mostly none."""

_ESCAPED = re.compile(rb"\\([0-7]{3})")


class Listener:
    """Tells what chosen panes print, as it comes. Made by `open`; callbacks run on the loop."""

    def __init__(self, client: Connection) -> None:
        self._client = client
        self._session = f"{SESSION_PREFIX}{os.getpid()}-{nonce(6)}"
        self._hearing: Connection | None = None
        self._panes: dict[str, Listening] = {}
        self._unsubscribe: list[Callable[[], None]] = []
        self._expecting = 0
        self._early: dict[str, list[str]] = {}
        """What panes printed that nobody listens to yet, while one is expected to be."""
        self._linked: set[str] = set()
        """Windows that are linked already."""

    @classmethod
    async def open(cls, client: Connection, socket: Path, *, tmux: str = "tmux") -> Listener:
        """Make the session, and attach a client to it.

        Raises:
            ServerGone: the server ended.
        """
        listener = cls(client)
        try:
            await idle_session.make(client, listener._session, "listen")
            hearing = await Connection.connect(
                socket,
                tmux=tmux,
                session=listener._session,
                no_output=False,
                make_session=listener._make_again,
            )
        except BaseException:
            await listener.close()
            raise
        listener._hearing = hearing
        listener._unsubscribe = [
            hearing.subscribe(listener._notified),
            hearing.on_renewed(listener._missed),
        ]
        return listener

    @property
    def expects(self) -> str:
        """The session that new windows are to be linked into at once; empty while none are."""
        return self._session if self._expecting else ""

    @contextlib.asynccontextmanager
    async def expecting(self) -> AsyncIterator[None]:
        """Miss nothing that a program prints which is started meanwhile, and then added."""
        self._expecting += 1
        try:
            yield
        finally:
            self._expecting -= 1
            if not self._expecting:
                self._early.clear()
                await self._unlink(self._linked - {each.window_id for each in self._panes.values()})

    def linked(self, window_id: str) -> None:
        """Take note that a new window was linked into `expects`."""
        self._linked.add(window_id)

    async def add(self, pane_id: str, window_id: str, heard: Heard) -> None:
        """Call `heard` with what this pane prints from now on.

        Raises:
            CommandFailed: there is no such window.
            ServerGone: the server ended.
        """
        listening = self._panes[pane_id] = Listening(window_id, heard)
        for written in self._early.pop(pane_id, ()):
            heard(listening.commands(written))
        try:
            if window_id not in self._linked:
                await self._link(window_id)
                self._linked.add(window_id)
        except BaseException:
            self._panes.pop(pane_id, None)
            raise

    async def remove(self, pane_id: str) -> None:
        """Stop that; quiet if the pane or the server is gone."""
        known = self._panes.pop(pane_id, None)
        if known is None or any(each.window_id == known.window_id for each in self._panes.values()):
            return
        await self._unlink({known.window_id})

    async def _unlink(self, window_ids: Collection[str]) -> None:
        for window_id in tuple(window_ids):
            self._linked.discard(window_id)
            await idle_session.unlink(self._client, self._session, window_id)

    async def close(self) -> None:
        """Hear no more; the windows stay in their own sessions."""
        self._panes.clear()
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        if self._hearing is not None:
            await self._hearing.close()
        with contextlib.suppress(CommandFailed, ServerGone, ServerSilent):
            await at_least_once(self._client, "kill-session", "-t", f"={self._session}")

    def abort(self) -> None:
        """Let go at once, also of a server that does not answer."""
        if self._hearing is not None:
            self._hearing.abort()

    async def _make_again(self) -> None:
        await idle_session.make(self._client, self._session, "listen")
        for window_id in {each.window_id for each in self._panes.values()}:
            with contextlib.suppress(CommandFailed):
                await self._link(window_id)

    async def _link(self, window_id: str) -> None:
        argv = ("link-window", "-d", "-s", window_id, "-t", f"={self._session}:")
        try:
            await self._client.command(*argv)
        except OutcomeUnknown:
            listing = ("list-windows", "-t", f"={self._session}", "-F", "#{window_id}")
            if window_id not in await self._client.command(*listing):
                await at_least_once(self._client, *argv)

    def _notified(self, notification: Notification) -> None:
        if notification.name != "output":
            return
        pane_id, _, written = notification.rest.partition(" ")
        listening = self._panes.get(pane_id)
        if listening is not None:
            listening.heard(listening.commands(written))
        elif self._expecting:
            early = self._early.setdefault(pane_id, [])
            if len(early) < MOST_EARLY:
                early.append(written)

    def _missed(self) -> None:
        """Something may have been printed while no client was there."""
        for listening in tuple(self._panes.values()):
            listening.scanner = OscScanner(CODES)
            listening.heard(())


class Listening:
    """One pane that somebody listens to."""

    def __init__(self, window_id: str, heard: Heard) -> None:
        self.window_id = window_id
        self.heard = heard
        self.scanner = OscScanner(CODES)

    def commands(self, written: str) -> Sequence[Osc]:
        """Give the commands in what tmux writes for a piece of output."""
        escape = "\\033"
        if not self.scanner.within and escape not in written:
            return ()
        raw = written.encode("utf-8", "surrogateescape")
        return self.scanner.feed(_ESCAPED.sub(lambda each: bytes((int(each[1], 8) & 255,)), raw))
