"""A session of our own that shows nothing: windows are linked into it, to be heard or watched."""

from __future__ import annotations

import asyncio
import contextlib

from tungsten.errors import CommandFailed, ServerGone, ServerSilent
from tungsten.tmux.connection import Connection, at_least_once

HOME_SESSION = "tungsten"
"""The tmux session that our own clients attach to; its one pane is empty and dead."""

REMOVE_SECONDS = 1.0
"""How long letting go of a window waits for the server: one that was stopped does it later."""


async def make(client: Connection, session: str, window: str) -> None:
    """Make the session with one window, unless it is there.

    The dead pane of `true` costs no process; the window exists to be the current one.

    Raises:
        CommandFailed: tmux refuses for another reason.
        ServerGone: the server ended.
    """
    argv = ("new-session", "-d", "-s", session)
    try:
        await at_least_once(client, *argv, "-x", "20", "-y", "2", "-n", window, "true")
    except CommandFailed as error:
        if "duplicate session" not in error.message:
            raise


async def unlink(client: Connection, session: str, window_id: str) -> None:
    """Take a window out of the session; it stays in its own, and gone it is no error."""
    with contextlib.suppress(CommandFailed, ServerGone, ServerSilent, TimeoutError):
        async with asyncio.timeout(REMOVE_SECONDS):
            await at_least_once(client, "unlink-window", "-t", f"={session}:{window_id}")
