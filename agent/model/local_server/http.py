"""One HTTP/1.1 connection of the local server: requests in, answers and event streams out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import h11

from agent.model.local_server.errors import ApiError

MAX_BODY = 32 * 1024 * 1024
"""Largest request of the Messages API, in bytes (API documentation, "request size limits")."""

MAX_DISCARDED = 8 * MAX_BODY
"""Beyond this a request that is too large is not even read to its end."""

READ_SIZE = 64 * 1024


class ClientGone(Exception):
    """The client closed the connection."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


class HttpConnection:
    """Reads requests from and writes answers to one socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = h11.Connection(h11.SERVER)

    async def requests(self) -> AsyncIterator[HttpRequest | ApiError]:
        """Yield each request of the connection; answer it before asking for the next one.

        A request too large comes as the error to answer it with.
        """
        while True:
            request = await self._read()
            if request is None:
                return
            yield request
            if self._protocol.our_state is not h11.DONE or (
                self._protocol.their_state is not h11.DONE
            ):
                return
            self._protocol.start_next_cycle()

    async def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send a whole answer."""
        await self.start(status, {**headers, "content-length": str(len(body))})
        await self.send(body)
        await self.finish()

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Send status and headers; the body follows with `send`, in chunks if its length is open.

        Raises:
            ClientGone: nobody is there to read it.
        """
        pairs = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
        await self._write(self._protocol.send(h11.Response(status_code=status, headers=pairs)))

    async def send(self, data: bytes) -> None:
        """Send a part of the body."""
        await self._write(self._protocol.send(h11.Data(data=data)))

    async def finish(self) -> None:
        """End the body."""
        await self._write(self._protocol.send(h11.EndOfMessage()))

    def drop(self) -> None:
        """Cut the connection off without ceremony."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Close the connection, and return once what was written is sent."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _write(self, data: bytes | None) -> None:
        if self._writer.is_closing():
            raise ClientGone
        if not data:
            return
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise ClientGone from error

    async def _read(self) -> HttpRequest | ApiError | None:
        head: h11.Request | None = None
        body = bytearray()
        size = 0
        try:
            while True:
                event = self._protocol.next_event()
                if event is h11.NEED_DATA:
                    if self._protocol.they_are_waiting_for_100_continue:
                        go_on = h11.InformationalResponse(status_code=100, headers=[])
                        await self._write(self._protocol.send(go_on))
                    self._protocol.receive_data(await self._reader.read(READ_SIZE))
                elif isinstance(event, h11.Request):
                    head = event
                elif isinstance(event, h11.Data):
                    size += len(event.data)
                    # Read on without keeping it: who is cut off while sending sees no answer.
                    if size <= MAX_BODY:
                        body += event.data
                    elif size > MAX_DISCARDED:
                        return None
                elif isinstance(event, h11.EndOfMessage) and head is not None:
                    if size > MAX_BODY:
                        return ApiError("request_too_large", "Request exceeds the maximum size")
                    return _request(head, bytes(body))
                else:
                    return None
        except (h11.RemoteProtocolError, OSError):
            return None


def _request(head: h11.Request, body: bytes) -> HttpRequest:
    target = urlsplit(head.target.decode("ascii", "replace"))
    return HttpRequest(
        method=head.method.decode("ascii"),
        path=target.path,
        query=parse_qs(target.query),
        headers={
            name.decode("ascii").lower(): value.decode("latin-1") for name, value in head.headers
        },
        body=body,
    )
