"""Hear what one pane of the person's own server prints, and what its program tells its terminal.

A client of its own is attached to the session that the pane is in, and to another one once the pane
moves there. That server is told nothing else: no link, no session, no pipe is made in it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from tungsten.errors import ServerGone, TerminalError
from tungsten.programs.listening import Heard, Listening
from tungsten.tmux.control_protocol import Notification

if TYPE_CHECKING:
    from tungsten.adopted.adopt import OwnServer

_MAY_MOVE = frozenset(
    {"layout-change", "sessions-changed", "unlinked-window-close", "window-add", "window-close"}
)
"""What is told where a pane may have come to another session, or have been closed."""


async def follow(server: OwnServer, pane_id: str, heard: Heard, gone: Callable[[], None]) -> None:
    """Tell what a pane prints until it, or its server, is gone.

    Args:
        server: which it is in.
        pane_id: the pane.
        heard: called with the commands that were complete in each output, on the loop; with none
            also where something may have been printed unheard.
        gone: called once, at the end.
    """
    with contextlib.suppress(TerminalError):
        while True:
            session = await server.session_of(pane_id)
            with contextlib.suppress(ServerGone):
                await _follow_in(server, session, pane_id, heard)
    gone()


async def _follow_in(server: OwnServer, session: str, pane_id: str, heard: Heard) -> None:
    """Tell it as long as the pane is in this session.

    Raises:
        PaneGone: it was closed.
        ServerGone: the session, or all of the server, ended.
    """
    client = await server.attached(session)
    listening = Listening("", heard)
    look = asyncio.Event()

    def notified(notification: Notification) -> None:
        if notification.name == "output":
            printer, _, written = notification.rest.partition(" ")
            if printer == pane_id:
                heard(listening.commands(written))
        elif notification.name in _MAY_MOVE:
            look.set()

    client.subscribe(notified)
    ended = asyncio.create_task(client.closed.wait())
    ended.add_done_callback(lambda _: look.set())
    try:
        # What was printed before this client was there.
        heard(())
        while not client.closed.is_set() and await server.session_of(pane_id) == session:
            await look.wait()
            look.clear()
    finally:
        ended.cancel()
        await client.close()
