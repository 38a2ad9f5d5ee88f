"""The model client: one streamed request at a time, retried by our own rules.

The SDK carries the request; its retries are off, because a person must see each wait and be able
to end it, and because a response that breaks off midway is invisible to them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

from agent.messages.compaction_block import BETA
from agent.messages.prefix import serialise
from agent.model.capabilities import Capabilities, assumed, from_model_info
from agent.model.endpoint import Endpoint
from agent.model.errors import AuthenticationFailed, InvalidRequest, ModelError, StreamBroken
from agent.model.events import MessageEnded, Retrying, StreamEvent, TurnUsage
from agent.model.failures import from_connection, from_status, short_reason
from agent.model.on_demand import load_sdk
from agent.model.retry import RetryPolicy, is_worth_repeating
from agent.model.stream import Accumulator, ProtocolViolated

if TYPE_CHECKING:
    import httpx2
    from anthropic import AsyncAnthropic

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 600.0
"""Longest silence within a response, in seconds: a model on this machine reads a long prompt in
silence. Source: the SDK's own default."""

MAX_RESPONSE_BYTES = 64 * 1024 * 1024
"""What one response may send. The longest answers of today (128,000 tokens, an event of 200 bytes
each) need less than half; an endpoint that never ends must not fill the memory."""

CHECK_TIMEOUT = 60.0
END_TIMEOUT = 0.5
"""How long a response may take to end after its message has, in seconds."""

NO_KEY = "none"
"""Sent where an endpoint needs no key: the SDK insists on some credential."""


class _Failure(Exception):
    """One attempt failed: what to raise if it was the last one, and whether it needs to be."""

    def __init__(
        self,
        error: ModelError,
        reason: str,
        *,
        kind: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(reason)
        self.error = error
        self.reason = reason
        self.kind = kind
        self.headers = headers


class _Bounded:
    """The body of a response, up to `MAX_RESPONSE_BYTES`."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response

    async def aiter_bytes(self) -> AsyncGenerator[bytes, None]:
        """Yield the body as it comes.

        Raises:
            ProtocolViolated: it does not end.
        """
        received = 0
        async for piece in self._response.aiter_bytes():
            received += len(piece)
            if received > MAX_RESPONSE_BYTES:
                raise ProtocolViolated("it does not end")
            yield piece


class ModelClient:
    """Talks to one endpoint. Safe to share between agents of one event loop."""

    def __init__(self, endpoint: Endpoint, retries: RetryPolicy | None = None) -> None:
        self.endpoint = endpoint
        self._retries = retries or RetryPolicy()
        self._sdk: AsyncAnthropic | None = None
        self._opening: asyncio.Task[AsyncAnthropic] | None = None
        self._takes_marks: dict[str, bool] = {}
        """Whether requests with cache_control were answered, by model; not there: not known."""

    async def prewarm(self) -> None:
        """Import the SDK and build its client in a thread, so that the first turn need not.

        Raises:
            AuthenticationFailed: the key cannot be put into a header.
        """
        await self._client()

    async def stream(
        self,
        *,
        model: str,
        system: str | Iterable[Mapping[str, Any]],
        tools: Iterable[Mapping[str, Any]],
        messages: Iterable[Mapping[str, Any]],
        max_tokens: int,
        extra: Mapping[str, Any] | None = None,
        began: Callable[[TurnUsage], None] = lambda usage: None,
    ) -> AsyncGenerator[StreamEvent, None]:
        """Ask for one assistant message and yield it as it comes; the last event is MessageEnded.

        A server other than Anthropic's that refuses a request with `cache_control` in it is asked
        once without, and from then on, if that is what it took.

        After `Retrying`, everything yielded before it is void. Cancelling the task, or closing
        the iterator, ends the request at once.

        Args:
            model: model id; empty means the endpoint's own.
            system: text, or text blocks.
            tools: tool definitions in the Messages API's form, sent in this order.
            messages: the conversation, sent as it is.
            max_tokens: most tokens to answer with.
            extra: further fields of the request body (`thinking`, `tool_choice`, …). `betas`, a
                list of beta names, becomes the header that switches them on.
            began: called when an answer begins, with what its `message_start` says was used.

        Raises:
            ModelError: a subclass that names what went wrong, when repeating cannot help any more.
        """
        name = model or self.endpoint.model
        body: dict[str, Any] = {"model": name, "max_tokens": max_tokens}
        if system:
            body["system"] = system
        if tools:
            body["tools"] = tools
        body |= {"messages": messages, **(extra or {}), "stream": True}
        betas = ",".join(body.pop("betas", ()))
        headers = {"anthropic-beta": betas} if betas else {}
        refused: ModelError | None = None
        if self._takes_marks.get(name) is False:
            body = without_marks(body)
        content = serialise(body).encode()
        tried = {"answer": 0, "connection": 0, "break": 0}
        allowed = {
            "answer": self._retries.answers,
            "connection": self._retries.connections,
            "break": self._retries.breaks,
        }
        while True:
            try:
                async with aclosing(self._attempt(content, name, headers, began)) as events:
                    async for event in events:
                        if isinstance(event, MessageEnded):
                            self._takes_marks.setdefault(name, refused is None)
                        yield event
                return
            except _Failure as failure:
                if refused is not None and isinstance(failure.error, InvalidRequest):
                    # The marks were not what it minded.
                    raise refused from failure.__cause__
                if isinstance(failure.error, InvalidRequest) and self._may_mind_marks(name):
                    refused = failure.error
                    content = serialise(without_marks(body)).encode()
                    continue
                tried[failure.kind] = tried.get(failure.kind, 0) + 1
                if tried[failure.kind] > allowed.get(failure.kind, 0):
                    raise failure.error from failure.__cause__
                delay = self._retries.delay(tried[failure.kind], failure.headers)
                reason = failure.reason
            yield Retrying(sum(tried.values()), delay, reason)
            await asyncio.sleep(delay)

    def _may_mind_marks(self, model: str) -> bool:
        """Whether it is not known that this server takes cache_control."""
        return not self.endpoint.is_first_party and model not in self._takes_marks

    async def check(self) -> None:
        """Prove with one cheap request that address, key and model work.

        Raises:
            ModelError: the first thing that does not; see `agent.model.errors`.
        """
        sdk = await self._client()
        model = self.endpoint.model
        try:
            async with asyncio.timeout(CHECK_TIMEOUT):
                if self.endpoint.is_first_party:
                    await sdk.models.retrieve(model)
                else:
                    response = await sdk.messages.with_raw_response.create(
                        model=model,
                        max_tokens=1,
                        messages=[{"role": "user", "content": "Say ok."}],
                    )
                    answer = json.loads(await response.text())
                    if not isinstance(answer, dict) or answer.get("type") != "message":
                        raise ValueError("not a message")
        except ValueError as error:
            # What would be said of a 404: something answers there, but not a model.
            raise from_status(404, "", self.endpoint, model) from error
        except Exception as error:
            raise self._named(error, model).error from error

    async def capabilities(self, model: str = "") -> Capabilities:
        """Say what may be sent to a model; asks the endpoint, and assumes little if it won't say.

        Never raises for an endpoint without a model list: plain local servers have none.
        """
        name = model or self.endpoint.model
        sdk = await self._client()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                info = await self._model_info(sdk, name)
                return from_model_info(self.endpoint, name, info)
        except Exception:  # noqa: BLE001 - whatever a stranger's server does, there is an answer
            return assumed(self.endpoint, name)

    async def _model_info(self, sdk: AsyncAnthropic, name: str) -> Mapping[str, Any]:
        """What the model list says of a model; servers without single entries have a whole list."""
        import anthropic

        try:
            # Without it, nothing is said of what only that beta switches on.
            headers = {"anthropic-beta": BETA} if assumed(self.endpoint, name).betas else None
            response = await sdk.models.with_raw_response.retrieve(name, extra_headers=headers)
            found = json.loads(await response.text())
        except (anthropic.APIStatusError, ValueError):
            listed = await sdk.models.with_raw_response.list()
            models = json.loads(await listed.text())["data"]
            found = next(one for one in models if one.get("id") == name)
        return found if isinstance(found, dict) else {}

    async def close(self) -> None:
        """Close the connections."""
        opening, self._opening = self._opening, None
        if opening is not None and not opening.done():
            opening.cancel()
        sdk, self._sdk = self._sdk, None
        if sdk is not None:
            await sdk.close()

    async def _attempt(
        self,
        content: bytes,
        model: str,
        headers: Mapping[str, str],
        began: Callable[[TurnUsage], None],
    ) -> AsyncGenerator[StreamEvent, None]:
        sdk = await self._client()
        from anthropic import AsyncStream
        from anthropic.types import Message, RawMessageStreamEvent

        accumulator = Accumulator()
        ended: MessageEnded | None = None
        try:
            # The body is written already: the SDK would copy it value by value, and write it anew.
            response = await sdk.post(
                "/v1/messages",
                cast_to=Message,
                content=content,
                options={"headers": dict(headers)},
                stream=True,
                stream_cls=AsyncStream[RawMessageStreamEvent],
            )
            async with response:
                body_of = cast("httpx2.Response", _Bounded(response.response))
                wire = type(response).raw_events(body_of)
                async for sse in wire:
                    if not sse.data:
                        continue
                    data = json.loads(sse.data)
                    if not isinstance(data, dict):
                        raise ProtocolViolated("an event that is not an object")
                    if data.get("type") == "error":
                        raise self._told(data, model, accumulator)
                    before = accumulator.started
                    for event in accumulator.feed(data):
                        if isinstance(event, MessageEnded):
                            ended = event
                        else:
                            yield event
                    if accumulator.started and not before:
                        began(accumulator.usage)
                    if ended is not None:
                        await _read_to_the_end(wire)
                        break
        except _Failure:
            raise
        except (ProtocolViolated, ValueError, RecursionError) as error:
            raise self._broken(f"the response was malformed: {error}") from error
        except Exception as error:
            failure = self._named(error, model)
            if accumulator.started and failure.kind == "connection":
                raise self._broken("the connection broke off mid-response") from error
            raise failure from error
        if ended is None:
            raise self._broken("the response ended before it was complete")
        yield ended

    def _told(self, data: Mapping[str, Any], model: str, accumulator: Accumulator) -> _Failure:
        """An error event inside the stream, where the HTTP status said 200."""
        said = data.get("error")
        kind = said.get("type") if isinstance(said, dict) else None
        error = from_status(200, data, self.endpoint, model)
        passing = kind in ("overloaded_error", "api_error", "rate_limit_error", "timeout_error")
        where = "break" if accumulator.has_content else "answer"
        return _Failure(
            error,
            short_reason(200, data, self.endpoint),
            kind=where if passing else "final",
        )

    def _broken(self, reason: str) -> _Failure:
        error = StreamBroken(
            f"Responses from {self.endpoint.address} keep breaking off ({reason}): "
            f"check the network and send again."
        )
        return _Failure(error, reason, kind="break")

    def _named(self, error: Exception, model: str) -> _Failure:
        """Sort what the SDK raised: an answer, no answer, or a mistake of this program."""
        import anthropic
        import httpx2

        if isinstance(error, anthropic.APIStatusError):
            status, headers = error.status_code, error.response.headers
            return _Failure(
                from_status(status, error.body, self.endpoint, model),
                short_reason(status, error.body, self.endpoint),
                kind="answer" if is_worth_repeating(status, headers) else "final",
                headers=headers,
            )
        if isinstance(error, anthropic.APIConnectionError | httpx2.HTTPError | OSError):
            named = from_connection(error, self.endpoint)
            return _Failure(named, str(named), kind="connection")
        raise error

    async def _client(self) -> AsyncAnthropic:
        """Build the SDK's client once, in a thread: import and TLS set-up take seconds of CPU."""
        if self._sdk is None:
            if self._opening is None or (self._opening.done() and self._opening.exception()):
                self._opening = asyncio.create_task(asyncio.to_thread(self._open))
            # Shielded: one agent's interrupt must not take the import away from the others.
            self._sdk = await asyncio.shield(self._opening)
        return self._sdk

    def _open(self) -> AsyncAnthropic:
        load_sdk()
        import anthropic
        import httpx2

        endpoint = self.endpoint
        key = endpoint.api_key.strip() or NO_KEY
        if not key.isascii() or not key.isprintable():
            raise AuthenticationFailed(
                "The key holds characters that no key has: paste it again, alone, on one line."
            )
        headers = {name.lower(): value for name, value in endpoint.headers.items()}
        token = None
        if not endpoint.api_key and headers.get("authorization", "").startswith("Bearer "):
            # Sent by the SDK itself, or there would be two such headers.
            token = headers.pop("authorization").removeprefix("Bearer ")
        elif not endpoint.is_first_party:
            # Local servers and gateways look in either place; Anthropic's own takes the bearer.
            headers.setdefault("x-api-key", key)
        timeout = httpx2.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT)
        secret = frozenset((*headers, "x-api-key", "authorization"))

        async def keep_secrets(request: httpx2.Request) -> None:
            # A server that answers elsewhere must not have them go there as well.
            there = sdk.base_url
            same = (request.url.scheme, request.url.port) == (there.scheme, there.port)
            safer = (request.url.scheme, request.url.port) == ("https", None)
            if request.url.host != there.host or not (same or safer):
                for name in secret & set(request.headers):
                    del request.headers[name]

        direct = dict.fromkeys(("http://", "https://", "all://")) if endpoint.is_loopback else {}
        try:
            sdk = anthropic.AsyncAnthropic(
                api_key=None if token else key,
                auth_token=token,
                base_url=endpoint.url,
                default_headers=headers,
                max_retries=0,
                timeout=timeout,
                http_client=anthropic.DefaultAsyncHttpxClient(
                    base_url=endpoint.url,
                    timeout=timeout,
                    mounts=direct,
                    event_hooks={"request": [keep_secrets]},
                ),
            )
        except (httpx2.InvalidURL, ValueError) as error:
            raise from_connection(error, endpoint) from error
        return sdk


async def _read_to_the_end(wire: AsyncIterator[Any]) -> None:
    """Read what follows a whole message, so that its connection can carry the next request.

    Whatever goes wrong with it, the message stands.
    """
    with contextlib.suppress(Exception):
        async with asyncio.timeout(END_TIMEOUT):
            async for _ in wire:
                pass


def without_marks(body: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a request body without any `cache_control`."""

    def bare(value: Any) -> Any:
        if isinstance(value, Mapping):
            # A tool's input is the model's own, whatever its keys are called.
            return {
                key: one if key in ("input", "input_schema") else bare(one)
                for key, one in value.items()
                if key != "cache_control"
            }
        return [bare(one) for one in value] if isinstance(value, list | tuple) else value

    return {key: bare(value) for key, value in body.items()}
