"""The model client against a real server over HTTP, through the unmodified SDK."""

import asyncio
import contextlib
import json
import logging
import socket
import subprocess
import sys
from contextlib import aclosing

import pytest

from agent.hub import Hub
from agent.messages.prefix import serialise
from agent.model import client as client_module
from agent.model.client import ModelClient
from agent.model.endpoint import Endpoint
from agent.model.errors import (
    AuthenticationFailed,
    ContextTooLong,
    InvalidRequest,
    ModelError,
    ModelNotFound,
    Overloaded,
    RateLimited,
    ServerFailed,
    StreamBroken,
    Unreachable,
)
from agent.model.events import BlockEnded, MessageEnded, Retrying, TextDelta
from agent.model.local_server import wire
from agent.model.local_server.cache import InputUsage
from agent.model.local_server.faults import Fault
from agent.model.local_server.responder import ResponderMessage
from agent.model.retry import RetryPolicy, retry_after
from agent.settings.config import load
from agent.settings.models import Models
from tests.agent.model.conftest import TOOL

KEY = "sk-test-0123456789"


def text_after_last_retry(events) -> str:
    text = ""
    for event in events:
        if isinstance(event, Retrying):
            text = ""
        elif isinstance(event, TextDelta):
            text += event.text
    return text


async def test_a_turn_streams_and_ends_whole(house, ask):
    events = await ask(house.client())
    assert text_after_last_retry(events) == "Hello, wörld 🙂."
    ended = events[-1]
    assert isinstance(ended, MessageEnded)
    assert ended.message["content"] == [{"type": "text", "text": "Hello, wörld 🙂."}]
    assert ended.stop_reason == "end_turn"
    assert ended.usage.input_tokens > 0
    assert ended.usage.output_tokens > 0


async def test_blocks_come_back_with_their_keys_in_order_and_unknown_fields(house, ask):
    block = {
        "future": {"z": 1, "a": [None, 1.5]},
        "type": "tool_use",
        "name": "look",
        "id": "toolu_x",
        "input": {"zebra": 1, "alpha": {"y": "ü", "b": 2}, "list": [3, 1, 2]},
    }
    thinking = {"type": "thinking", "thinking": "", "signature": "abc=="}
    odd = {"type": "from_the_future", "payload": {"k": 1}}
    house.responder.message = type(house.responder.message)((thinking, odd, block))
    ended = (await ask(house.client()))[-1]
    assert json.dumps(ended.message["content"]) == json.dumps([thinking, odd, block])
    assert ended.stop_reason == "tool_use"


async def test_what_was_answered_can_be_sent_back(house, ask):
    client = house.client()
    house.responder.message = type(house.responder.message)(
        (
            {"type": "thinking", "thinking": "Hm.", "signature": "s"},
            {"type": "tool_use", "name": "look", "input": {"a": 1}},
        )
    )
    ended = (await ask(client))[-1]
    use = ended.message["content"][1]
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": ended.message["content"]},
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": use["id"], "content": "ok"}],
        },
    ]
    await ask(client, messages=messages)
    assert house.server.received[-1]["messages"] == messages


@pytest.mark.parametrize(
    ("faults", "retries"),
    [
        ([Fault("rate_limited", retry_after=5)], 1),
        ([Fault("overloaded")] * 6, 6),
        ([Fault("server_error")] * 2, 2),
        ([Fault("no_answer")], 1),
        ([Fault("dropped_stream", after=0)], 1),
        ([Fault("dropped_stream", after=5)], 1),
        ([Fault("stream_error", after=0)], 1),
        ([Fault("stream_error", after=4)], 1),
        ([Fault("no_message_stop")], 1),
        ([Fault("malformed_event")], 1),
        ([Fault("slow_tokens", delay=0.001)], 0),
        ([Fault("dropped_stream"), Fault("overloaded"), Fault("no_message_stop")], 3),
    ],
    ids=lambda value: value[0].kind if isinstance(value, list) else None,
)
async def test_every_fault_is_survived_with_the_same_message(house, ask, faults, retries):
    for fault in faults:
        house.faults.add(fault)
    events = await ask(house.client())
    assert sum(isinstance(event, Retrying) for event in events) == retries
    assert text_after_last_retry(events) == "Hello, wörld 🙂."
    assert isinstance(events[-1], MessageEnded)
    bodies = [json.dumps(body) for body in house.server.received]
    assert len(set(bodies)) <= 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("rate_limited"), RateLimited),
        (Fault("overloaded"), Overloaded),
        (Fault("server_error"), ServerFailed),
        (Fault("no_answer"), Unreachable),
        (Fault("dropped_stream", after=4), StreamBroken),
        (Fault("no_message_stop"), StreamBroken),
        (Fault("stream_error", after=4), Overloaded),
        (Fault("stream_error", after=4, error_type="invalid_request_error"), InvalidRequest),
    ],
    ids=lambda value: getattr(value, "kind", None),
)
async def test_patience_ends_with_a_named_error(house, ask, fault, error):
    house.faults.add(fault, times=20)
    with pytest.raises(error) as caught:
        await ask(house.client())
    assert one_line(caught.value)


async def test_retry_after_is_obeyed_but_capped(house):
    policy = RetryPolicy(longest_wait=7)
    assert policy.delay(1, {"retry-after": "3"}) == 3
    assert policy.delay(1, {"retry-after": "3000"}) == 7
    assert policy.delay(1, {"retry-after-ms": "250"}) == 0.25
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({"retry-after": "nan"}) is None
    assert [policy.delay(n) <= 0.5 * 2 ** (n - 1) for n in (1, 2, 3)] == [True] * 3
    assert policy.delay(1000) <= policy.longest_delay


async def test_truncated_tool_input_is_marked_and_never_looks_whole(house, ask):
    house.responder.message = type(house.responder.message)(
        ({"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"command": "rm -rf x"}},)
    )
    house.faults.add(Fault("truncated_input"))
    events = await ask(house.client())
    block = next(event for event in events if isinstance(event, BlockEnded))
    assert block.block["input"] == {}
    assert block.broken_input
    assert events[-1].broken_inputs == {"toolu_1": block.broken_input}
    assert events[-1].stop_reason == "max_tokens"


async def test_a_wait_can_be_cancelled(house, ask):
    house.faults.add(Fault("rate_limited", retry_after=30), times=3)
    client = house.client(retries=RetryPolicy())
    retrying = asyncio.Event()

    async def run() -> None:
        stream = client.stream(
            model="", system="", tools=(), messages=[{"role": "user", "content": "x"}], max_tokens=9
        )
        async with aclosing(stream) as events:
            async for event in events:
                assert isinstance(event, Retrying)
                assert event.delay == 30
                retrying.set()

    task = asyncio.create_task(run())
    await retrying.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_stream_can_be_cancelled_and_the_client_used_again(house, ask):
    client = house.client()
    house.faults.add(Fault("slow_tokens", delay=30))
    task = asyncio.create_task(ask(client))
    await house.responder.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance((await ask(client))[-1], MessageEnded)


async def test_a_wrong_key_is_one_clear_line_without_the_key(house, ask, caplog):
    caplog.set_level(logging.DEBUG)
    client = house.client(key="sk-wrong-abcdef")
    with pytest.raises(AuthenticationFailed) as caught:
        await client.check()
    with pytest.raises(AuthenticationFailed):
        await ask(client)
    assert one_line(caught.value)
    for text in (str(caught.value), repr(caught.value), repr(client.endpoint), repr(vars(client))):
        assert "sk-wrong" not in text
    assert "sk-wrong" not in caplog.text


async def test_an_unknown_model_is_named(house):
    with pytest.raises(ModelNotFound, match="nonesuch") as caught:
        await house.client(model="nonesuch").check()
    assert one_line(caught.value)


async def test_the_right_setup_passes_the_check(house):
    await house.client().check()


async def test_nothing_listening_says_so():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    client = ModelClient(Endpoint("endpoint", url, "k", "m"))
    with pytest.raises(Unreachable, match="Nothing listens"):
        await client.check()
    await client.close()


@pytest.mark.parametrize("url", ["ftp://x", "nonsense", "http://", "http://[", "http://a b"])
async def test_a_bad_address_says_so(url):
    client = ModelClient(Endpoint("endpoint", url, "k", "m"))
    with pytest.raises(ModelError) as caught:
        await client.check()
    assert one_line(caught.value)
    await client.close()


async def test_a_server_that_is_no_messages_endpoint_says_so():
    async def refuse(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\n<p>no</p>")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = ModelClient(Endpoint("endpoint", url, "k", "m"))
    with pytest.raises(Unreachable, match="Messages API"):
        await client.check()
    await client.close()
    server.close()
    await server.wait_closed()


async def answered_with(ask, *pieces: bytes) -> None:
    """One request to a server that sends `pieces` as its stream, whatever they are."""

    async def answer(reader, writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
        writer.write(b"connection: close\r\n\r\n")
        with contextlib.suppress(OSError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = ModelClient(Endpoint("endpoint", url, "k", "m"), RetryPolicy(0, 0, 0))
    try:
        await ask(client)
    finally:
        await client.close()
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("error", ["boom", ["boom"], None, 5])
async def test_an_error_event_of_any_shape_is_named(ask, error):
    event = json.dumps({"type": "error", "error": error}).encode()
    with pytest.raises(ModelError):
        await answered_with(ask, b"data: " + event + b"\n\n")


@pytest.mark.parametrize(
    "garbage",
    [
        b"data: " + b"[" * 100_000 + b"\n\n",
        b"\xff\xfe\x00" * 1000,
        b"data: 1" + b"0" * 9999 + b"\n\n",
    ],
    ids=["deep", "bytes", "digits"],
)
async def test_garbage_is_a_stream_that_broke(ask, garbage):
    with pytest.raises(StreamBroken):
        await answered_with(ask, garbage)


@pytest.mark.parametrize("piece", [b": ping\n\n" * 500, b"data: " * 500], ids=["events", "line"])
async def test_a_response_that_does_not_end_is_given_up(ask, monkeypatch, piece):
    monkeypatch.setattr("agent.model.client.MAX_RESPONSE_BYTES", 100_000)
    with pytest.raises(StreamBroken, match="does not end"):
        await answered_with(ask, *[piece] * 1000)


async def test_a_web_page_is_no_model():
    async def page(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n<p>no</p>")
        writer.close()

    server = await asyncio.start_server(page, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = ModelClient(Endpoint("endpoint", url, "k", "m"))
    with pytest.raises(Unreachable, match="Messages API"):
        await client.check()
    await client.close()
    server.close()
    await server.wait_closed()


async def test_a_bearer_token_instead_of_a_key(house, ask):
    endpoint = Endpoint(
        "endpoint", house.server.base_url, "", "tungsten-demo", {"Authorization": f"Bearer {KEY}"}
    )
    client = ModelClient(endpoint)
    await client.check()
    assert isinstance((await ask(client))[-1], MessageEnded)
    await client.close()
    assert KEY not in repr(endpoint)


@pytest.mark.parametrize("own", [True, False])
async def test_with_a_token_from_the_environment_no_key_is_sent_beside_it(paths, own):
    """Read off the wire: Anthropic's own endpoint refuses a request with a second credential."""
    heads = []

    async def answer(reader, writer):
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        writer.write(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    environment = {"ANTHROPIC_AUTH_TOKEN": "token-1"}
    if not own:
        environment["ANTHROPIC_BASE_URL"] = url
        environment["TUNGSTEN_MODEL"] = "m"
    models = Models(Hub(), paths, load(paths, environment=environment))
    client = await models.client()
    await client.prewarm()
    if own:
        # Everything is as for Anthropic's own address; only the way there is short.
        assert client.endpoint.is_first_party
        client._sdk.base_url = url
    with pytest.raises(AuthenticationFailed):
        await client.check()
    assert "authorization: bearer token-1\r\n" in heads[0]
    assert heads[0].count("authorization:") == 1
    assert "x-api-key" not in heads[0]
    await models.close()
    server.close()
    await server.wait_closed()


async def test_a_key_with_a_line_break_inside_is_refused_before_it_is_sent(house):
    with pytest.raises(AuthenticationFailed, match="paste it again"):
        await house.client(key="sk-a\nsk-b").check()


async def test_a_conversation_too_long_is_named(house, ask):
    with pytest.raises(ContextTooLong):
        await ask(house.client(), text="word " * 200_000)


async def test_loopback_needs_no_proxy(house, ask, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert isinstance((await ask(house.client()))[-1], MessageEnded)


async def test_capabilities_are_asked_for_and_otherwise_plain(house):
    known = await house.client().capabilities()
    assert known.context_window == 200_000
    assert not known.betas
    unknown = await house.client(model="nonesuch").capabilities()
    assert unknown.context_window is None
    assert not known.prompt_cache
    assert (await house.client(model="claude-sonnet-5-5").capabilities()).prompt_cache
    assert (await house.client(model="anthropic/claude-opus-5").capabilities()).prompt_cache


async def test_agents_share_one_import(house, ask):
    client = house.client()
    results = await asyncio.gather(*(ask(client) for _ in range(5)))
    assert all(isinstance(events[-1], MessageEnded) for events in results)


@pytest.mark.parametrize(
    ("given", "url", "address"),
    [
        ("", "https://api.anthropic.com", "api.anthropic.com"),
        ("http://localhost:11434/v1/", "http://localhost:11434", "localhost:11434"),
        ("http://h/v1/messages", "http://h", "h"),
        ("https://user:secret@h:1/x", "https://user:secret@h:1/x", "h:1"),
    ],
)
def test_addresses_as_people_paste_them(given, url, address):
    endpoint = Endpoint(base_url=given)
    assert endpoint.url == url
    assert endpoint.address == address


def test_nothing_heavy_is_imported_before_it_is_needed():
    code = (
        "import sys, agent.model.client, agent.model.prices, agent.model.local_server.server\n"
        "heavy = {'anthropic', 'genai_prices', 'httpx2'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def one_line(error: BaseException) -> bool:
    text = str(error)
    return bool(text) and "\n" not in text and "Traceback" not in text and len(text) < 400


async def test_one_connection_carries_request_after_request(house, ask, monkeypatch):
    made = []
    accept = house.server._accept
    monkeypatch.setattr(house.server, "_accept", lambda *ends: made.append(1) or accept(*ends))
    await house.server.close()
    await house.server.start()
    client = house.client()
    for _ in range(3):
        assert isinstance((await ask(client))[-1], MessageEnded)
    assert len(made) == 1


async def test_a_response_that_does_not_end_after_its_message_is_whole(ask, monkeypatch):
    monkeypatch.setattr(client_module, "END_TIMEOUT", 0.01)
    message = wire.message(
        ResponderMessage([{"type": "text", "text": "Hi."}]), "m", InputUsage(1, 0)
    )
    answer = b"".join(map(wire.encode, wire.events(message)))
    requests = []

    async def attend(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        requests.append(json.loads(await reader.readexactly(length)))
        kind = b"content-type: text/event-stream"
        size = b"%x" % len(answer)
        start = b"HTTP/1.1 200 OK\r\n" + kind + b"\r\ntransfer-encoding: chunked\r\n\r\n"
        writer.write(start + size + b"\r\n" + answer + b"\r\n")
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        gone.set()

    gone = asyncio.Event()
    server = await asyncio.start_server(attend, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        client = ModelClient(Endpoint("endpoint", f"http://127.0.0.1:{port}", KEY, "m"))
        events = await ask(client)
        assert text_after_last_retry(events) == "Hi."
        assert isinstance(events[-1], MessageEnded)
        assert len(requests) == 1
        await client.close()
        await gone.wait()


async def test_the_body_is_written_by_us_and_sent_as_it_is(house, ask):
    bodies = []
    house.server.on_body = bodies.append
    given = {"messages": [{"role": "user", "content": "ünï\ud83d 🙂"}], "extra": {"thinking": None}}
    with contextlib.suppress(InvalidRequest):
        await ask(house.client(), **given)
    written = {
        "model": "tungsten-demo",
        "max_tokens": 1000,
        "system": "Be brief.",
        "tools": [TOOL],
        "messages": given["messages"],
        "thinking": None,
        "stream": True,
    }
    assert bodies[0] == serialise(written).encode()
