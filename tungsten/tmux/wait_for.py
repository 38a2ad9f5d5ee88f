"""A bell that tmux rings: hooks run `wait-for -S`, a client of its own hears it.

Notifications that a hook's commands would cause are suppressed by tmux, so a hook reaches us only
through `wait-for`. It blocks the client that waits, hence the connection of its own. A signal
nobody waits for is kept by tmux, so none is lost between two waits.

In control mode the answer comes when the wait begins, and only the next command waits for its end:
each ring is the answer to the wait after it, and the first answer, also of a new client, none.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from tungsten.errors import CommandFailed, OutcomeUnknown, ServerGone
from tungsten.tmux.connection import Connection, insist
from tungsten.tmux.nonce import nonce


class WaitChannel:
    """One channel of `tmux wait-for`, heard by a coroutine.

    Attributes:
        name: the channel; ring it with the tmux command `wait-for -S NAME`.
        client: the connection that waits; it takes no other commands.
    """

    def __init__(self, client: Connection, heard: Callable[[], Awaitable[None]]) -> None:
        self.name = f"tungsten-{os.getpid()}-{nonce(8)}"
        self.client = client
        self._heard = heard
        self._task = asyncio.create_task(self._listen())

    @classmethod
    async def open(
        cls,
        socket: Path,
        session: str,
        heard: Callable[[], Awaitable[None]],
        *,
        tmux: str = "tmux",
        make_session: Callable[[], Awaitable[None]] | None = None,
    ) -> WaitChannel:
        """Connect through `session` and await `heard` after each ring, one at a time.

        It is awaited as well when the connection broke, as it may have rung meanwhile. Where the
        session is gone by then, `make_session` makes it again.

        Raises:
            ServerGone: nothing listens at `socket`.
        """
        client = await Connection.connect(
            socket, tmux=tmux, session=session, make_session=make_session
        )
        return cls(client, heard)

    @property
    def ring(self) -> str:
        """The tmux command that rings, for use in a hook."""
        return f"wait-for -S {self.name}"

    async def close(self) -> None:
        """Stop listening."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self.client.close()

    async def _listen(self) -> None:
        while True:
            try:
                with contextlib.suppress(OutcomeUnknown):
                    await self.client.command("wait-for", self.name)
                await insist(self._heard)
            except (ServerGone, CommandFailed):
                return
