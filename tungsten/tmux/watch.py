"""Know that a window printed something, without reading what it printed.

tmux marks a window that is not the current one of a session when it prints, fires
`alert-activity` once, and stays silent until the mark is cleared. A session of our own holds
links to the watched windows beside an empty current one, so the mark is an edge that we re-arm
(`kill-session -C`) whenever we have looked. A program that prints 50 MB causes one event per look,
and an idle one none.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Callable
from pathlib import Path

from tungsten.errors import CommandFailed, OutcomeUnknown, ServerGone, ServerSilent
from tungsten.tmux import idle_session, orphans
from tungsten.tmux.connection import Connection, at_least_once
from tungsten.tmux.control_protocol import Notification
from tungsten.tmux.nonce import nonce
from tungsten.tmux.wait_for import WaitChannel

_LISTING = "#{pane_id} #{window_id} #{window_activity_flag} #{window_bell_flag} #{pane_dead}"
_RINGER = re.compile(r"(pane-died\[\d+\]) wait-for -S tungsten-(\d+)-")
SESSION_PREFIX = "tungsten-watch-"
"""Begins the name of every watching session; panes seen in one live in another."""

_SESSION = re.compile(rf"({SESSION_PREFIX}(\d+)-[0-9a-f]+)$")


class Watch:
    """Calls back when watched windows change, at most once per `interval` seconds.

    Made by `open`; callbacks run on the loop.
    """

    def __init__(self, client: Connection, interval: float) -> None:
        self._client = client
        self._interval = interval
        self._session = f"{SESSION_PREFIX}{os.getpid()}-{nonce(6)}"
        self._callbacks: dict[str, list[Callable[[], None]]] = {}
        self._linking: dict[str, asyncio.Task[None]] = {}
        self._bells: dict[Callable[[], None], tuple[str, Callable[[], None]]] = {}
        self._channel: WaitChannel | None = None
        self._dead: set[str] = set()
        # Hooks of one name form an array: each watch takes a place of its own in it.
        self._hook = f"pane-died[{int(nonce(3), 16) + 1}]"

    @classmethod
    async def open(
        cls, client: Connection, socket: Path, *, interval: float = 1 / 60, tmux: str = "tmux"
    ) -> Watch:
        """Make the watching session; what a killed process left of its own is removed.

        Raises:
            ServerGone: the server ended.
        """
        watch = cls(client, interval)
        try:
            await watch._begin(socket, tmux)
        except BaseException:
            await watch.close()
            raise
        return watch

    async def _begin(self, socket: Path, tmux: str) -> None:
        await idle_session.make(self._client, self._session, "watch")
        channel = await WaitChannel.open(
            socket, self._session, self._rang, tmux=tmux, make_session=self._make_again
        )
        self._channel = channel
        channel.client.subscribe(self._notified)
        channel.client.on_renewed(self._call_all)
        hooks, clients, sessions = (
            await self._client.pipeline(
                [
                    *self._arming(channel),
                    ("set-hook", "-g", self._hook, channel.ring),
                    ("show-hooks", "-g", "pane-died"),
                    ("list-clients", "-F", "#{client_pid}"),
                    ("list-sessions", "-F", "#{session_name}"),
                ]
            )
        )[-3:]
        # `destroy-unattached` would do it, but crashes tmux 3.3a when its client is killed.
        with contextlib.suppress(OutcomeUnknown):
            await self._client.pipeline(
                [("set-hook", "-gu", hook) for hook in orphaned_hooks(hooks)]
                + [("kill-session", "-t", f"={name}") for name in _orphaned(sessions, _SESSION)]
            )
        if not isinstance(clients, CommandFailed):
            await orphans.reap([int(pid) for pid in clients])

    async def add(
        self,
        window_id: str,
        changed: Callable[[], None],
        rang: Callable[[], None] | None = None,
    ) -> None:
        """Call `changed` after each output of the window, and `rang` at its bell, from now on.

        Raises:
            CommandFailed: there is no such window.
            ServerGone: the server ended.
        """
        self._callbacks.setdefault(window_id, []).append(changed)
        if rang is not None:
            self._bells[changed] = (window_id, rang)
        try:
            if window_id not in self._linking:
                linking = asyncio.create_task(self._follow(window_id))
                linking.add_done_callback(lambda task: task.cancelled() or task.exception())
                self._linking[window_id] = linking
            # Shielded: others may wait for the same window.
            await asyncio.shield(self._linking[window_id])
        except BaseException:
            await self.remove(window_id, changed)
            raise

    async def remove(self, window_id: str, changed: Callable[[], None]) -> None:
        """Stop calling `changed`; quiet if the window or the server is gone."""
        self._bells.pop(changed, None)
        callbacks = self._callbacks.get(window_id, [])
        with contextlib.suppress(ValueError):
            callbacks.remove(changed)
        if callbacks or window_id not in self._callbacks:
            return
        del self._callbacks[window_id]
        self._linking.pop(window_id).cancel()
        await idle_session.unlink(self._client, self._session, window_id)

    async def close(self) -> None:
        """End the watching session; the windows stay in their own."""
        self._callbacks.clear()
        for linking in self._linking.values():
            linking.cancel()
        if self._channel is not None:
            await self._channel.close()
        for argv in (
            ("set-hook", "-gu", self._hook),
            ("kill-session", "-t", f"={self._session}"),
        ):
            with contextlib.suppress(CommandFailed, ServerGone, ServerSilent):
                await at_least_once(self._client, *argv)

    async def _make_again(self) -> None:
        """Make the session once more that somebody killed."""
        await idle_session.make(self._client, self._session, "watch")
        if self._channel is not None:
            await self._client.pipeline(self._arming(self._channel))
        for window_id in tuple(self._callbacks):
            with contextlib.suppress(CommandFailed):
                await self._link(window_id)

    def _arming(self, channel: WaitChannel) -> list[tuple[str, ...]]:
        where = ("-t", f"={self._session}:")
        return [
            ("set-option", *where, "activity-action", "other"),
            ("set-hook", *where, "alert-activity", channel.ring),
            ("set-hook", *where, "alert-bell", channel.ring),
        ]

    async def _follow(self, window_id: str) -> None:
        await self._link(window_id)
        await at_least_once(self._client, "kill-session", "-C", "-t", f"={self._session}")

    async def _link(self, window_id: str) -> None:
        argv = ("link-window", "-d", "-s", window_id, "-t", f"={self._session}:")
        try:
            await self._client.command(*argv)
        except OutcomeUnknown:
            listing = ("list-windows", "-t", f"={self._session}", "-F", "#{window_id}")
            if window_id not in await self._client.command(*listing):
                await at_least_once(self._client, *argv)

    async def _rang(self) -> None:
        listed = await self._look()
        for line in [] if isinstance(listed, CommandFailed) else listed:
            pane_id, window_id, flag, bell, dead = line.split(" ")
            died = dead == "1" and pane_id not in self._dead
            if died:
                self._dead.add(pane_id)
            if bell == "1":
                for window, rang in tuple(self._bells.values()):
                    if window == window_id:
                        rang()
            if flag == "1" or bell == "1" or died:
                self._call(window_id)
        # A window that prints all the time rings again at once: the pause bounds the looks.
        await asyncio.sleep(self._interval)

    async def _look(self) -> list[str] | CommandFailed:
        """List and re-arm in one write: what prints after it rings again."""
        while True:
            with contextlib.suppress(OutcomeUnknown):
                listed, _ = await self._client.pipeline(
                    [
                        ("list-panes", "-s", "-t", f"={self._session}", "-F", _LISTING),
                        ("kill-session", "-C", "-t", f"={self._session}"),
                    ]
                )
                return listed
            # They may be armed again, and what the list said is lost.
            self._call_all()

    def _call_all(self) -> None:
        for window_id in tuple(self._callbacks):
            self._call(window_id)

    def _call(self, window_id: str) -> None:
        for changed in tuple(self._callbacks.get(window_id, ())):
            changed()

    def _notified(self, notification: Notification) -> None:
        # A new size is a change that no program printed.
        if notification.name == "layout-change":
            self._call(notification.rest.partition(" ")[0])
        elif notification.name.endswith("window-close"):
            self._call(notification.rest)


def orphaned_hooks(hooks: list[str] | CommandFailed) -> list[str]:
    """Name those of these hooks, as `show-hooks` lists them, that ring for processes long gone."""
    return _orphaned(hooks, _RINGER)


def _orphaned(lines: list[str] | CommandFailed, pattern: re.Pattern[str]) -> list[str]:
    """Name what processes left behind that ended without taking it away."""
    left = []
    for line in [] if isinstance(lines, CommandFailed) else lines:
        found = pattern.match(line)
        if found is not None and not orphans.lives(int(found[2])):
            left.append(found[1])
    return left
