"""The server itself: routes, authentication, validation, streaming, faults."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any
from urllib.parse import unquote

from agent.model.local_server import rules, schema, wire
from agent.model.local_server.cache import InputUsage, PromptCache, estimate
from agent.model.local_server.compaction import CompactionSeal, usage_of
from agent.model.local_server.errors import ApiError, invalid
from agent.model.local_server.faults import Fault, Faults
from agent.model.local_server.http import ClientGone, HttpConnection, HttpRequest
from agent.model.local_server.models import ServedModel, page
from agent.model.local_server.responder import Responder, ResponderMessage
from agent.model.local_server.system_messages import rendered
from agent.model.local_server.thinking import BETA, ThinkingSeal, without

log = logging.getLogger(__name__)

JSON_TYPE = {"content-type": "application/json"}
DAMAGE: Mapping[str, wire.Damage] = {
    "truncated_input": "truncated",
    "malformed_input": "malformed",
}
STREAM_TYPE = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}


class LocalMessagesServer:
    """Serves one `Responder` on 127.0.0.1 as a Messages endpoint.

    Use it as an asynchronous context manager, or `start` and `close` it.

    Attributes:
        base_url: where it listens, once started.
        received: bodies of the requests to `/v1/messages` that passed validation, in order, if
            `record` is set.
        refused: messages of the error answers given, in order, if `record` is set.
        on_body: called with the exact body of each request to `/v1/messages`, before it is judged.
        on_answer: called with the usage that the answer to such a request reports, or with the
            error that any request is refused with.
    """

    def __init__(
        self,
        responder: Responder,
        *,
        api_key: str,
        faults: Faults | None = None,
        models: Sequence[ServedModel] = (ServedModel("tungsten-demo", "Tungsten demo model"),),
        clock: Callable[[], float] = time.time,
        record: bool = False,
        bind_thinking: bool = False,
    ) -> None:
        self.base_url = ""
        self.received: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self.faults = faults or Faults()
        self._responder = responder
        self._api_key = api_key
        self._models = {model.id: model for model in models}
        self._cache = PromptCache(clock)
        self._record = record
        self._seal = ThinkingSeal(secrets.token_bytes(32)) if bind_thinking else None
        self._summaries = CompactionSeal(secrets.token_bytes(32))
        self.on_body: Callable[[bytes], None] = lambda body: None
        self.on_answer: Callable[[InputUsage | ApiError], None] = lambda answer: None
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> LocalMessagesServer:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def start(self, port: int = 0) -> None:
        """Listen on a loopback port; 0 takes a free one.

        Raises:
            OSError: the port is taken.
        """
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Stop listening and cut every connection."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for connection in tuple(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # No coroutine: one that had not begun when the server closes would be known to nobody.
        connection = HttpConnection(reader, writer)
        if self._server is None:
            connection.drop()
            return
        task = asyncio.create_task(self._attend(connection))
        self._connections.add(task)
        task.add_done_callback(partial(self._ended, connection))

    def _ended(self, connection: HttpConnection, task: asyncio.Task[None]) -> None:
        self._connections.discard(task)
        connection.drop()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("an answer of the local server failed", exc_info=error)

    async def _attend(self, connection: HttpConnection) -> None:
        with contextlib.suppress(ClientGone):
            async for request in connection.requests():
                await self._serve(connection, request)
            await connection.close()

    async def _serve(self, connection: HttpConnection, request: HttpRequest | ApiError) -> None:
        request_id = "req_" + secrets.token_hex(12)
        headers = {"request-id": request_id}
        try:
            if isinstance(request, ApiError):
                raise request
            self._authenticate(request)
            await self._route(connection, request, headers)
        except ApiError as error:
            if self._record:
                self.refused.append(str(error))
            self.on_answer(error)
            body = wire.compact(error.body(request_id)).encode()
            await connection.answer(error.status, {**headers, **JSON_TYPE, **error.headers}, body)

    def _authenticate(self, request: HttpRequest) -> None:
        given = request.headers.get("x-api-key")
        if given is None:
            scheme, _, given = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer":
                raise ApiError("authentication_error", "x-api-key header is required")
        if not hmac.compare_digest(given.encode(), self._api_key.encode()):
            raise ApiError("authentication_error", "invalid x-api-key")

    async def _route(
        self, connection: HttpConnection, request: HttpRequest, headers: Mapping[str, str]
    ) -> None:
        version = request.headers.get("anthropic-version")
        if version is None:
            raise invalid("anthropic-version: header is required")
        if version not in rules.API_VERSIONS:
            raise invalid(f'anthropic-version: "{version}" is not a valid version')
        match request.method, request.path:
            case "POST", "/v1/messages":
                await self._create(connection, request, version, headers)
            case "POST", "/v1/messages/count_tokens":
                body, model = await self._validated(request, "count_tokens", version)
                tokens = PromptCache(time.time).read(body, model).usage.total
                await self._answer(connection, headers, {"input_tokens": tokens})
            case "GET", "/v1/models":
                await self._answer(connection, headers, page(self._models, request.query))
            case "GET", path if path.startswith("/v1/models/"):
                model = self._model(unquote(path.removeprefix("/v1/models/")))
                await self._answer(connection, headers, model.info())
            case _, "/v1/messages" | "/v1/messages/count_tokens" | "/v1/models":
                raise ApiError("invalid_request_error", "Method Not Allowed", status=405)
            case _:
                raise ApiError("not_found_error", "Not Found")

    async def _answer(
        self, connection: HttpConnection, headers: Mapping[str, str], value: object
    ) -> None:
        body = json.dumps(value, ensure_ascii=False).encode()
        await connection.answer(200, {**headers, **JSON_TYPE}, body)

    def _model(self, name: object) -> ServedModel:
        model = self._models.get(str(name))
        if model is None:
            raise ApiError("not_found_error", f"model: {name}")
        return model

    async def _validated(
        self, request: HttpRequest, shape: schema.Shape, version: str
    ) -> tuple[dict[str, Any], ServedModel]:
        try:
            body = json.loads(request.body)
        except ValueError:
            raise invalid("The request body is not valid JSON") from None
        if isinstance(body, dict):
            rules.take_sampling(body, version, self._models.get(str(body.get("model"))))
        beta = bool(request.headers.get("anthropic-beta")) or "beta" in request.query
        # The first request of a shape loads the SDK's types, which takes long.
        await asyncio.to_thread(schema.adapter, shape, beta=beta)
        schema.validate(body, shape, beta=beta)
        model = self._model(body["model"])
        for message in body["messages"]:
            # A system message that only sets the effort need not have any.
            message.setdefault("content", [])
        betas = [each.strip() for each in request.headers.get("anthropic-beta", "").split(",")]
        rules.check(body, model, betas)
        self._summaries.check(body, model, betas)
        return body, model

    async def _create(
        self,
        connection: HttpConnection,
        request: HttpRequest,
        version: str,
        headers: Mapping[str, str],
    ) -> None:
        self.on_body(request.body)
        body, model = await self._validated(request, "create", version)
        dropped = self._seal.check(body) if self._seal is not None else []
        fault = self.faults.take()
        _fail_at_once(fault, connection)
        seen = {**body, "messages": rendered(body["messages"])}
        size = estimate({key: seen.get(key, "") for key in ("tools", "system", "messages")})
        if size + body["max_tokens"] > model.context_window and size > model.context_window:
            raise invalid(f"prompt is too long: {size} tokens > {model.context_window} maximum")
        if self._record:
            self.received.append(body)
        reading = self._cache.read(body, model)
        if body["max_tokens"] == 0:
            answer = ResponderMessage((), stop_reason="max_tokens")
        else:
            body_seen = without(body, dropped)
            seen = {**body_seen, "messages": rendered(body_seen["messages"])}
            answer = await self._responder.respond(seen)
        if body.get("compaction") is not None:
            summary = self._summaries.block(answer.content)
            ended = "compaction" if summary else answer.stop_reason or "end_turn"
            answer = replace(answer, content=summary, stop_reason=ended)
        elif self._seal is not None:
            answer = replace(answer, content=self._seal.sign(body, wire.with_ids(answer.content)))
        usage = self._cache.answered(reading)
        self.on_answer(usage)
        whole = wire.message(answer, model.id, usage)
        if body.get("compaction") is not None:
            whole["usage"] = usage_of(whole["usage"])
        if BETA in request.headers.get("anthropic-beta", ""):
            whole["input_transformations"] = dropped
        if not body.get("stream"):
            await asyncio.sleep(answer.think)
            await self._answer(connection, headers, whole)
            return
        await connection.start(200, {**headers, **STREAM_TYPE})
        await asyncio.sleep(answer.think)
        await self._stream(connection, whole, answer.delay, fault)

    async def _stream(
        self, connection: HttpConnection, whole: dict[str, Any], delay: float, fault: Fault | None
    ) -> None:
        kind = fault.kind if fault else ""
        damage = DAMAGE.get(kind, "")
        for sent, event in enumerate(wire.events(whole, damage=damage)):
            if fault is not None and sent == fault.after:
                if kind == "dropped_stream":
                    raise ClientGone
                if kind == "stream_error":
                    error = ApiError(fault.error_type, "Simulated failure")
                    await connection.send(wire.encode(error.body("")))
                    break
                if kind == "malformed_event":
                    await connection.send(b'event: content_block_delta\ndata: {"type":\n\n')
                    break
            if kind == "no_message_stop" and event["type"] == "message_stop":
                break
            if kind == "slow_tokens" and fault is not None:
                await asyncio.sleep(fault.delay)
            if delay and event.get("delta", {}).get("type") in ("text_delta", "thinking_delta"):
                await asyncio.sleep(delay)
            await connection.send(wire.encode(event))
        await connection.finish()


def _fail_at_once(fault: Fault | None, connection: HttpConnection) -> None:
    """Fail as a fault says that keeps any answer from beginning."""
    if fault is None:
        return
    headers = {} if fault.retry_after is None else {"retry-after": f"{fault.retry_after:g}"}
    match fault.kind:
        case "rate_limited":
            raise ApiError("rate_limit_error", "Simulated rate limit", headers=headers)
        case "overloaded":
            raise ApiError("overloaded_error", "Overloaded", headers=headers)
        case "server_error":
            raise ApiError("api_error", "Internal server error")
        case "no_answer":
            raise ClientGone
