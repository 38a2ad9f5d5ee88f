"""What the scripted endpoints beside the Messages API have in common: a loopback HTTP server."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any

from agent.model.local_server.errors import ApiError
from agent.model.local_server.http import ClientGone, HttpConnection, HttpRequest

JSON_TYPE = {"content-type": "application/json"}
STREAM_TYPE = {"content-type": "text/event-stream", "cache-control": "no-cache"}


class EventServer:
    """Answers requests on a loopback port; use it as an asynchronous context manager.

    Attributes:
        base_url: where it listens, once started.
        unknown: method and path of requests that no route answered.
        on_body: called with each body that was read.
    """

    def __init__(self) -> None:
        self.base_url = ""
        self.unknown: list[str] = []
        self.on_body: Callable[[bytes], None] = lambda body: None
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Any:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        # Who came just before that is heard of only now, and a cut takes one more round.
        for _ in range(3):
            await asyncio.sleep(0)
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def serve(self, connection: HttpConnection, request: HttpRequest) -> bool:
        """Answer a request; False if there is no such route."""
        raise NotImplementedError

    async def json(self, connection: HttpConnection, value: object, status: int = 200) -> None:
        await connection.answer(status, JSON_TYPE, json.dumps(value).encode())

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = HttpConnection(reader, writer)
        task = asyncio.create_task(self._attend(connection))
        self._tasks.add(task)

        def ended(done: asyncio.Task[None]) -> None:
            self._tasks.discard(done)
            connection.drop()
            if not done.cancelled() and (error := done.exception()) is not None:
                self.unknown.append(repr(error))

        task.add_done_callback(ended)

    async def _attend(self, connection: HttpConnection) -> None:
        with contextlib.suppress(ClientGone):
            async for request in connection.requests():
                if isinstance(request, ApiError):
                    raise request
                if request.body:
                    self.on_body(request.body)
                if not await self.serve(connection, request):
                    self.unknown.append(f"{request.method} {request.path}")
                    await self.json(connection, {"error": {"message": "Not Found"}}, 404)
            await connection.close()
