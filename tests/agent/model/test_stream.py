"""The accumulator: any message, cut into any pieces, comes out as it went in."""

import json
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model.events import BlockEnded, MessageEnded, TextDelta, TurnUsage
from agent.model.local_server.cache import InputUsage
from agent.model.local_server.responder import ResponderMessage
from agent.model.local_server.wire import events as wire_events
from agent.model.local_server.wire import message as wire_message
from agent.model.stream import Accumulator, ProtocolViolated, joined_surrogates, read_usage

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
scalars = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(texts, values, max_size=4)
blocks = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, texts),
    st.builds(
        lambda text, sign: {"type": "thinking", "thinking": text, "signature": sign}, texts, texts
    ),
    st.builds(
        lambda value, id_: {"type": "tool_use", "id": f"t{id_}", "name": "n", "input": value},
        objects,
        st.integers(0, 99),
    ),
    st.builds(lambda value: {"odd": value, "type": "newer_than_this_program"}, values),
)
contents = st.lists(blocks, max_size=4, unique_by=lambda block: block.get("id", object()))


def whole(content: list[dict[str, Any]]) -> dict[str, Any]:
    return wire_message(ResponderMessage(content), "m", InputUsage(5, 3))


@settings(max_examples=120, deadline=None)
@given(contents, st.data())
def test_any_chunking_gives_the_same_bytes(content, data):
    accumulator = Accumulator()
    out = []
    for event in wire_events(whole(content)):
        for piece in split(event, data):
            out.extend(accumulator.feed(piece))
    assert accumulator.ended
    ended = out[-1]
    assert isinstance(ended, MessageEnded)
    assert json.dumps(ended.message["content"]) == json.dumps(content)
    text = "".join(event.text for event in out if isinstance(event, TextDelta))
    assert text == "".join(block.get("text", "") for block in content if block["type"] == "text")
    assert not ended.broken_inputs


def split(event: dict[str, Any], data: st.DataObject) -> list[dict[str, Any]]:
    """Cut a delta into more deltas at any place."""
    keys = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
    key = keys.get(event.get("delta", {}).get("type", ""))
    if key is None:
        return [event]
    text = event["delta"][key]
    at = data.draw(st.integers(0, len(text)))
    return [{**event, "delta": {**event["delta"], key: part}} for part in (text[:at], text[at:])]


@settings(max_examples=60, deadline=None)
@given(st.lists(blocks, min_size=1, max_size=3), st.data())
def test_no_prefix_of_a_stream_counts_as_a_message(content, data):
    stream = list(wire_events(whole(content)))
    accumulator = Accumulator()
    for event in stream[: data.draw(st.integers(0, len(stream) - 1))]:
        assert not any(isinstance(out, MessageEnded) for out in accumulator.feed(event))
    assert not accumulator.ended


@pytest.mark.parametrize(
    "text", ['{"a":', "[1]", '"x"', "{} {}", '{"a":NaN}', '{"a":"\\ud800"}', "7"]
)
def test_input_that_is_no_object_never_becomes_one(text):
    accumulator = Accumulator()
    block = {"type": "tool_use", "id": "t", "name": "n", "input": {}}
    out: list[Any] = []
    for event in (
        {"type": "message_start", "message": {"usage": None}},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "input_json_delta", "partial_json": text},
        },
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {}},
        {"type": "message_stop"},
    ):
        out.extend(accumulator.feed(event))
    ended = next(event for event in out if isinstance(event, BlockEnded))
    assert ended.broken_input == text
    assert out[-1].broken_inputs == {"t": text}


START = {"type": "message_start", "message": {}}
STOP = {"type": "message_stop"}


def begin(index=0, **block):
    return {"type": "content_block_start", "index": index, "content_block": block}


def tool(index, tool_use_id):
    return [
        begin(index, type="tool_use", id=tool_use_id, name="n", input={}),
        {"type": "content_block_stop", "index": index},
    ]


def nested(depth):
    value = "x"
    for _ in range(depth):
        value = [value]
    return value


OPEN = begin(type="tool_use", id="t", name="n")


@pytest.mark.parametrize(
    "stream",
    [
        [{"type": "message_stop"}],
        [OPEN],
        [START, START],
        [START, OPEN, OPEN],
        [START, OPEN, {"type": "message_stop"}],
        [START, {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta"}}],
        [START, {"type": "content_block_stop", "index": 0}],
        [START, {"type": "content_block_start"}],
        [{"type": "message_start"}],
        [{"type": "message_start", "message": 1}],
        [{"type": "message_delta", "delta": {}}],
        [START, begin()],
        [START, begin(type=["text"])],
        [START, begin(type="text", text=5)],
        [START, begin(type="thinking", thinking={})],
        [START, begin(type="tool_use", name="n")],
        [START, begin(type="tool_use", id="t")],
        [START, begin(type="tool_use", id="", name="n")],
        [START, begin(type="tool_use", id=7, name="n")],
        [START, begin(type="tool_use", id=["t"], name="n")],
        [START, begin(type="tool_use", id="t", name=None)],
        [
            START,
            OPEN,
            {"type": "content_block_delta", "index": 0, "delta": {"type": "new", "id": None}},
        ],
        [START, *tool(0, "same"), *tool(1, "same"), STOP],
        [{"type": "message_start", "message": {"x": nested(200)}}],
    ],
)
def test_impossible_streams_are_refused(stream):
    accumulator = Accumulator()
    with pytest.raises(ProtocolViolated):
        list(chain.from_iterable(map(accumulator.feed, stream)))


def test_a_tool_input_too_deep_to_be_read_back_is_broken():
    accumulator = Accumulator()
    text = json.dumps({"command": nested(200)})
    piece = {"type": "input_json_delta", "partial_json": text}
    delta = {"type": "content_block_delta", "index": 0, "delta": piece}
    opened, closed = tool(0, "t")
    out = list(chain.from_iterable(map(accumulator.feed, [START, opened, delta, closed, STOP])))
    assert out[-1].broken_inputs == {"t": text}
    assert out[-1].message["content"][0]["input"] == {}


@pytest.mark.parametrize("kind", ["text", "thinking"])
def test_a_block_may_begin_without_its_empty_text(kind):
    accumulator = Accumulator()
    closed = {"type": "content_block_stop", "index": 0}
    events = [START, begin(type=kind), closed, STOP]
    out = list(chain.from_iterable(map(accumulator.feed, events)))
    assert out[-1].message["content"] == [{"type": kind, kind: ""}]


def test_nonsense_counts_of_tokens_count_as_not_said():
    assert read_usage({"input_tokens": 10**40, "output_tokens": 3}) == TurnUsage(output_tokens=3)


def test_unknown_events_are_ignored():
    accumulator = Accumulator()
    assert list(accumulator.feed({"type": "ping"})) == []
    assert list(accumulator.feed({"type": "newer"})) == []
    assert list(accumulator.feed({})) == []


def test_usage_of_message_delta_replaces_what_it_says_and_keeps_the_rest():
    accumulator = Accumulator()
    first = {"input_tokens": 7, "cache_read_input_tokens": 5, "output_tokens": 1}
    second = {"output_tokens": 9, "input_tokens": None}
    out: list[Any] = []
    for event in (
        {"type": "message_start", "message": {"usage": first}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": second},
        {"type": "message_stop"},
    ):
        out.extend(accumulator.feed(event))
    usage = out[-1].usage
    assert (usage.input_tokens, usage.cache_read, usage.output_tokens) == (7, 5, 9)
    assert read_usage({"input_tokens": "many", "cache_creation": 3}).input_tokens == 0


def test_halves_of_a_character_are_joined():
    assert joined_surrogates("\ud83d" + "\ude42") == "🙂"
    assert joined_surrogates("a\ud83d") == "a\ufffd"
    assert joined_surrogates("plain") == "plain"
