"""The engine's end of a stream, that hears the other one out.

A front end that decides and is gone in the same instant has decided. But asyncio stops reading as
soon as a write fails, and an engine writes all the time: what had arrived and was not read yet
would be lost with the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

PIECE = 64 * 1024


class StreamProtocol(asyncio.StreamReaderProtocol):
    """Like asyncio's own; when the other end is gone, its last bytes come before the end.

    Args:
        connected: called with each connection's streams.
        limit: bytes of the longest line that is read.
    """

    def __init__(self, connected: Connected, limit: int) -> None:
        self._lines = asyncio.StreamReader(limit=limit)
        self._limit = limit
        self._connection: asyncio.BaseTransport | None = None
        self._heard_out = False
        super().__init__(self._lines, connected)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the connection."""
        self._connection = transport
        super().connection_made(transport)

    def eof_received(self) -> bool | None:
        """Note that there is nothing more to be read."""
        self._heard_out = True
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Read what is left, then end as when the other side hangs up."""
        if exc is not None and not self._heard_out and self._connection is not None:
            for piece in self._left(self._connection):
                self._lines.feed_data(piece)
        super().connection_lost(None)

    def _left(self, transport: asyncio.BaseTransport) -> list[bytes]:
        """What has arrived; no more than a line, since the other end may be there after all."""
        pieces: list[bytes] = []
        # asyncio closes the socket only after it has told this.
        with contextlib.suppress(OSError), _duplicate(transport) as connection:
            while sum(map(len, pieces)) < self._limit and (piece := connection.recv(PIECE)):
                pieces.append(piece)
        return pieces


def _duplicate(transport: asyncio.BaseTransport) -> socket.socket:
    connection: socket.socket = transport.get_extra_info("socket").dup()
    connection.setblocking(False)
    return connection
