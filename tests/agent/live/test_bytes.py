"""What a session sends after it was read back is what it would have sent before, to the byte."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.context.turn_text import system_message
from agent.messages.attachments import attached, detached
from agent.messages.prefix import blocks as prefix_blocks
from agent.messages.prefix import prefix, serialise
from agent.messages.sendable import CLEAR_BETA, EFFORT_BETA, Form, effort_message, effort_of
from agent.model.client import ModelClient
from agent.model.endpoint import Endpoint
from agent.model.errors import ModelError
from agent.model.events import MessageEnded
from agent.model.local_server.cache import InputUsage
from agent.model.local_server.models import ServedModel
from agent.model.local_server.responder import ResponderMessage
from agent.model.local_server.server import LocalMessagesServer
from agent.model.local_server.system_messages import check as check_system_messages
from agent.model.local_server.wire import events as wire_events
from agent.model.local_server.wire import message as wire_message
from agent.model.retry import RetryPolicy
from agent.model.stream import Accumulator, ProtocolViolated
from agent.sessions.session import Session, text_block
from memory.database import Database
from memory.sessions import SessionRecord

MANY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

texts = st.text(max_size=12) | st.sampled_from(
    ["", " ", "\x00", "\u2028", "\ufeff", "é", "e\u0301", "🙂", "\U0010ffff", "\x7f\x1b[2J", '"\\/']
)
odd_texts = st.text(st.characters(exclude_categories=()), max_size=6) | st.sampled_from(
    ["\ud83d", "\ude42", "\ud83d\ude42", "a\udc80b"]
)
numbers = st.one_of(
    st.integers(-(10**300), 10**300),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, -0.0, 1.0, 1e16, 1e22, 5e-324, 2**53 + 1, 10**4000, 0.1 + 0.2]),
)


def values_of(text: st.SearchStrategy[str], number: st.SearchStrategy[Any]) -> Any:
    """Any JSON value. Keys are as JSON reads them, which takes two surrogates for a character."""
    keys = text.map(lambda key: json.loads(json.dumps(key)))
    return st.recursive(
        st.none() | st.booleans() | number | text,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
        max_leaves=6,
    )


values = values_of(texts | odd_texts, numbers)
objects = st.dictionaries(texts, values, max_size=3)
data = st.binary(max_size=24).map(lambda content: base64.b64encode(content).decode())
odd_data = st.sampled_from(["", "QQ", "QQ==\n", "QR==", "Q Q=", "-_-_", "é"])
"""Base64 that is not written as everybody writes it, or none at all."""

sources = st.one_of(
    data.map(lambda text: {"type": "base64", "media_type": "image/png", "data": text}),
    data.map(lambda text: {"data": text, "media_type": "image/png", "type": "base64"}),
    odd_data.map(lambda text: {"type": "base64", "media_type": "image/png", "data": text}),
    data.map(lambda text: {"type": "base64", "media_type": "image/png", "data": text, "more": 1}),
    st.just({"type": "url", "url": "https://example.org/a.png"}),
    st.just({"type": "file", "file_id": "file_1"}),
)
images = st.builds(lambda source: {"type": "image", "source": source}, sources)
documents = st.one_of(
    st.builds(
        lambda text, title: {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": text},
            "title": title,
            "citations": {"enabled": True},
        },
        data,
        texts,
    ),
    st.builds(
        lambda inner: {"type": "document", "source": {"type": "content", "content": [inner]}},
        images,
    ),
    texts.map(
        lambda text: {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": text},
        }
    ),
)
text_blocks = st.one_of(
    texts.map(lambda text: {"type": "text", "text": text}),
    st.builds(
        lambda text, cited: {"type": "text", "text": text, "citations": [{"cited_text": cited}]},
        texts,
        texts,
    ),
)
results = st.builds(
    lambda content, error: {
        "type": "tool_result",
        "tool_use_id": "toolu_1",
        "content": content,
        **({"is_error": error} if error is not None else {}),
    },
    texts | st.lists(text_blocks | images | documents, max_size=3),
    st.none() | st.booleans(),
)
uses = st.builds(
    lambda kind, name, given: {"type": kind, "id": "toolu_1", "name": name, "input": given},
    st.sampled_from(["tool_use", "server_tool_use", "mcp_tool_use"]),
    texts,
    objects,
)
thoughts = st.one_of(
    st.builds(
        lambda text, sign: {"type": "thinking", "thinking": text, "signature": sign}, texts, texts
    ),
    texts.map(lambda text: {"type": "redacted_thinking", "data": text}),
)
server_results = st.builds(
    lambda kind, content: {"type": kind, "tool_use_id": "srvtoolu_1", "content": content},
    st.sampled_from(["web_search_tool_result", "code_execution_tool_result", "mcp_tool_result"]),
    objects | st.lists(objects, max_size=2),
)
unknown = st.one_of(
    st.builds(lambda more: {**more, "type": "from_the_future"}, objects),
    st.builds(lambda content: {"content": content, "type": "from_the_future"}, values),
    st.builds(lambda content: {"type": "from_the_future", "content": [content]}, values | images),
)


def shuffled(block: dict[str, Any]) -> Any:
    return st.permutations(list(block.items())).map(dict)


blocks = st.one_of(
    text_blocks, images, documents, results, uses, thoughts, server_results, unknown
).flatmap(shuffled)
said = st.tuples(st.sampled_from(["user", "assistant"]), st.lists(blocks, min_size=1, max_size=4))
turns = st.tuples(
    st.just("turn"),
    st.tuples(
        st.sampled_from(["", "low", "max"]),
        st.lists(text_blocks, min_size=1, max_size=2),
        st.sampled_from(["", "told", "reminded"]),
    ),
)
PLAIN = ["event", "hold", "stop", "sending", "blind", "compacted", "compacted by hand", "plain"]
happenings = st.lists(said | turns | st.sampled_from([*PLAIN, "resume"]), max_size=10)


async def new_session(database: Database) -> tuple[SessionRecord, Session]:
    record = await database.sessions.create(
        SessionRecord(
            id="s",
            name="test",
            directory="/",
            system_json=serialise([text_block("Be good.")]),
            tools_json=serialise([{"name": "a", "z": 1, "b": "é"}]),
        )
    )
    return record, await Session.open(database, record)


OLDER = Form(system=False, effort=False)
"""How a model is told that has no system messages within a conversation."""

ASKED = text_block("What was said?")


def turn(effort: str, content: list[dict[str, Any]], told: str) -> list[dict[str, Any]]:
    """A turn of the person's, as it is appended."""
    before = [effort_message(effort)] if effort else []
    behind = [system_message(f"é {told}", reminds=told == "reminded")] if told else []
    return [*before, {"role": "user", "content": content}, *behind]


def everything_of(session: Session) -> list[object]:
    """All that decides what is sent and what is done next."""
    return [
        serialise(session.messages),
        serialise(session.request_messages()),
        serialise(session.request_messages(cache=False)),
        serialise(session.request_messages(form=Form(images=False))),
        serialise(session.request_messages(form=OLDER)),
        serialise(session.request_messages(question=[{"role": "user", "content": [ASKED]}])),
        serialise(session.request_system()),
        serialise(session.tools),
        prefix(session.tools, session.system, session.messages),
        serialise(session.unanswered()),
        session.owes_reply(),
        session.effort(),
        session.effort(before_window=True),
        session.held,
        session.stopped,
        session.instructions_sha256(),
        session.image_room(),
        session.first,
        session.compacted_by,
        session.why_stopped(),
    ]


async def happen(session: Session, happening: Any) -> None:
    match happening:
        case ("user", content):
            await session.append_user(content)
        case ("turn", (effort, content, told)):
            await session.append_turn(turn(effort, content, told))
        case ("assistant", content):
            await session.append_assistant(content)
        case "event":
            await session.append_event({"type": "block", "text": "not sent \ud83d"})
        case "hold":
            await session.hold(["toolu_1"])
        case "stop":
            await session.stop("idle", "enough")
        case "compacted" | "compacted by hand":
            summary = [{"role": "user", "content": [text_block("All so far: é 🙂.")]}]
            event = {"by": ["m", "a"]} if happening == "compacted" else {}
            block = {"type": "block", "text": "Compacted."}
            await session.begin_anew(event, summary, block, idle=happening != "compacted")
        case "sending" | "blind" | "plain":
            # Where the model may have changed meanwhile, images and system messages come and go.
            forms = {"sending": Form(), "blind": Form(images=False), "plain": OLDER}
            form, before = forms[happening], session._sent_form
            parted = await session.sending("m", form)
            same = before == form or not session._sent_messages
            assert parted is None or not same or (session.has_images() and not form.images)


@given(happened=happenings)
@MANY
async def test_a_session_that_is_read_back_is_the_same_to_the_byte(
    tmp_path_factory: pytest.TempPathFactory, happened: list[Any]
) -> None:
    path: Path = tmp_path_factory.mktemp("db") / "t.db"
    async with await Database.open(path) as database:
        record, live = await new_session(database)
        told = []
        for happening in happened:
            if happening == "resume":
                live = await Session.open(database, record)
                continue
            await happen(live, happening)
            if happening[0] == "turn":
                told += turn(*happening[1])
            elif isinstance(happening, tuple):
                told.append({"role": happening[0], "content": happening[1]})
            elif happening.startswith("compacted"):
                told.append(live.messages[-1])
        resumed = await Session.open(database, record)
        assert everything_of(resumed) == everything_of(live)
        assert serialise(resumed.messages) == serialise(told)


@given(
    happened=st.lists(
        st.tuples(said | turns | st.sampled_from(PLAIN), st.integers(0, 8)), max_size=8
    )
)
@settings(MANY, max_examples=40)
async def test_what_is_interrupted_while_it_is_written_is_known_as_it_is_on_the_disk(
    tmp_path_factory: pytest.TempPathFactory, happened: list[Any]
) -> None:
    async with await Database.open(tmp_path_factory.mktemp("db") / "t.db") as database:
        record, live = await new_session(database)
        for happening, steps in happened:
            task = asyncio.create_task(happen(live, happening))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
            resumed = await Session.open(database, record)
            assert everything_of(resumed) == everything_of(live)
            assert resumed.events == live.events


@given(content=st.lists(images | results | documents, min_size=1, max_size=4))
def test_images_are_put_back_as_they_were(content: list[dict[str, Any]]) -> None:
    message = {"role": "user", "content": content}
    stored, attachments = detached(message)
    contents = {hashlib.sha256(each.content).hexdigest(): each.content for each in attachments}
    assert serialise(attached(json.loads(serialise(stored)), contents)) == serialise(message)


wild = values_of(texts | odd_texts, numbers | st.just(float("inf")) | st.just(float("nan")))
wild_objects = st.dictionaries(texts | odd_texts, wild, max_size=3)
wild_blocks = st.one_of(
    st.builds(lambda more: {**more, "type": "from_the_future"}, wild_objects),
    st.builds(lambda text: {"type": "text", "text": text}, odd_texts),
    st.builds(lambda text: {"type": "redacted_thinking", "data": text}, odd_texts),
    st.builds(
        lambda text, sign: {"type": "thinking", "thinking": text, "signature": sign},
        odd_texts,
        odd_texts,
    ),
    st.builds(lambda given: {"type": "tool_use", "id": "t", "name": "path", "input": given}, wild),
    st.builds(
        lambda given: {"type": "server_tool_use", "id": "t", "name": "n", "input": given}, wild
    ),
)


def streamed(content: list[dict[str, Any]], *, whole_input: bool) -> dict[str, Any] | None:
    """What comes out of a stream of these blocks; None where it is refused."""
    accumulator = Accumulator()
    events = wire_events(wire_message(ResponderMessage(content), "m", InputUsage(5, 3)))
    out: list[Any] = []
    try:
        for event in events:
            if whole_input and event["type"] == "content_block_start":
                # As some servers do: the input is there from the beginning.
                event = {**event, "content_block": content[event["index"]]}
            if whole_input and event.get("delta", {}).get("type") == "input_json_delta":
                continue
            # Over the wire and back.
            out.extend(accumulator.feed(json.loads(json.dumps(event))))
    except ProtocolViolated:
        return None
    assert isinstance(out[-1], MessageEnded)
    broken = set(out[-1].broken_inputs)
    for block, sent in zip(out[-1].message["content"], content, strict=True):
        if block["type"] == "tool_use":
            assert isinstance(block["input"], dict)
            whole = serialise(block["input"]) == serialise(sent["input"])
            assert whole or block["id"] in broken
    return out[-1].message


@given(st.lists(wild_blocks, min_size=1, max_size=3), st.booleans())
@settings(max_examples=150)
def test_whatever_a_model_says_can_be_sent_back_or_is_refused(
    content: list[dict[str, Any]], whole_input: bool
) -> None:
    content = [
        {**block, "id": f"t{number}"} if "id" in block else block
        for number, block in enumerate(content)
    ]
    message = streamed(content, whole_input=whole_input)
    if message is None:
        return
    said = {"role": "assistant", "content": message["content"]}
    # As the SDK writes a body.
    sent = json.dumps(said, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    assert sent.decode() == serialise(json.loads(serialise(said)))
    assert prefix_blocks(prefix([], [], [said]))


@pytest.fixture
async def overheard() -> AsyncIterator[tuple[ModelClient, list[bytes]]]:
    """A client of a real server, and the bodies that it was sent."""

    class Answer:
        async def respond(self, request: dict[str, Any]) -> ResponderMessage:
            return ResponderMessage([{"type": "text", "text": "ok"}])

    bodies: list[bytes] = []
    async with LocalMessagesServer(Answer(), api_key="k") as server:
        server.on_body = bodies.append
        client = ModelClient(
            Endpoint("endpoint", server.base_url, "k", "tungsten-demo"), RetryPolicy(0, 0, 0)
        )
        yield client, bodies
        await client.close()


sendable_blocks = st.one_of(
    text_blocks, images, documents, uses, thoughts, server_results, unknown
).flatmap(shuffled)
encodable = sendable_blocks.filter(lambda block: serialise(block).encode() and _is_plain(block))


def _is_plain(block: dict[str, Any]) -> bool:
    with contextlib.suppress(UnicodeEncodeError):
        json.dumps(block, ensure_ascii=False).encode()
        return True
    return False


@given(contents=st.lists(st.lists(encodable, min_size=1, max_size=3), min_size=1, max_size=3))
@settings(MANY, max_examples=25)
async def test_what_goes_over_the_wire_is_what_the_rows_say(
    tmp_path_factory: pytest.TempPathFactory,
    overheard: tuple[ModelClient, list[bytes]],
    contents: list[list[dict[str, Any]]],
) -> None:
    client, bodies = overheard
    sent = []
    async with await Database.open(tmp_path_factory.mktemp("db") / "t.db") as database:
        record, live = await new_session(database)
        for number, content in enumerate(contents):
            await (live.append_assistant if number % 2 else live.append_user)(content)
        await live.append_user([text_block("And now?")])
        for session in (live, await Session.open(database, record)):
            bodies.clear()
            client._takes_marks.clear()
            # What the strict server thinks of blocks from the future is not asked here.
            with contextlib.suppress(ModelError):
                async for _ in client.stream(
                    model="",
                    system=session.request_system(),
                    tools=(),
                    messages=session.request_messages(),
                    max_tokens=9,
                ):
                    pass
            sent.append(bodies[0])
        first, second = sent
        assert first == second
        assert serialise(live.request_messages()).encode() in first


@given(happened=st.lists(said | turns | st.just("sending"), max_size=10))
@MANY
async def test_where_system_messages_stand_the_api_takes_them_and_nothing_said_is_lost(
    tmp_path_factory: pytest.TempPathFactory, happened: list[Any]
) -> None:
    path = tmp_path_factory.mktemp("db") / "t.db"
    async with await Database.open(path) as database:
        _, session = await new_session(database)
        for happening in happened:
            await happen(session, happening)
        model = ServedModel("m")
        betas = [CLEAR_BETA, EFFORT_BETA]
        question = [{"role": "user", "content": [ASKED]}]
        for asked in ([], question):
            messages = session.request_messages(cache=False, question=asked)
            check_system_messages(messages, model, betas)
        plain = session.request_messages(form=OLDER)
        assert all(message["role"] != "system" for message in plain)
        marks = [
            b for m in session.request_messages() for b in m["content"] if "cache_control" in b
        ]
        assert len(marks) <= 3
        sent = [block for message in messages for block in message["content"]]
        kept = [b for m in session.messages for b in m["content"] if not effort_of(m)]
        blank = [b for b in kept if b["type"] == "text" and not b["text"].strip()]
        assert len(sent) == len(kept) - len(blank) + 1
