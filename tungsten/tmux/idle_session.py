"""A session of our own that shows nothing: windows are linked into it, to be heard or watched."""

from __future__ import annotations

from tungsten.errors import CommandFailed
from tungsten.tmux.connection import Connection, at_least_once


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
