"""The local server refuses what the real API documents as an error, in its words and shapes."""

import asyncio
import json
from typing import Any

import anthropic
import h11
import pytest

from agent.messages.sendable import CLEAR_BETA
from agent.model.local_server.cache import PromptCache
from agent.model.local_server.faults import Fault
from agent.model.local_server.models import ServedModel
from agent.model.local_server.server import LocalMessagesServer
from tests.agent.model.conftest import Answers

KEY = "sk-test-0123456789"
TOOL = {"name": "look", "description": "Look.", "input_schema": {"type": "object"}}
OLD = {"anthropic-version": "2023-06-01"}


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def assistant(*content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(content)}


def text(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def use(id_: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": id_, "name": "look", "input": {}}


def result(id_: str) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id_, "content": "ok"}


def body(**more: Any) -> dict[str, Any]:
    return {"model": "tungsten-demo", "max_tokens": 10, "messages": [user("Hi")], **more}


MARK = {"cache_control": {"type": "ephemeral"}}
LONG_MARK = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}


@pytest.fixture
async def sdk(house):
    async with anthropic.AsyncAnthropic(
        api_key=KEY, base_url=house.server.base_url, max_retries=0
    ) as client:
        yield client


async def post(sdk: anthropic.AsyncAnthropic, request: Any, **headers: str) -> dict[str, Any]:
    return await sdk.post(
        "/v1/messages", body=request, cast_to=dict[str, Any], options={"headers": headers}
    )


ACCEPTED = {
    "plain": body(),
    "blocks": body(messages=[user([text("a"), text("b")])]),
    "consecutive turns of one role are one turn": body(messages=[user("a"), user("b")]),
    "system text": body(system="x"),
    "system blocks": body(system=[text("x", **LONG_MARK), text("y", **MARK)]),
    "JSON Schema's own words": body(tools=[{**TOOL, "input_schema": {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
        "$defs": {"a": {"type": "string"}}, "additionalProperties": False}}]),
    "tools": body(tools=[TOOL], tool_choice={"type": "tool", "name": "look"}),
    "tool use": body(
        tools=[TOOL],
        messages=[user("a"), assistant(text("b"), use("t1"), use("t2")),
                  user([result("t2"), result("t1"), text("c")])],
    ),
    "results over two messages": body(
        tools=[TOOL],
        messages=[user("a"), assistant(use("t1"), use("t2")), user([result("t1")]),
                  user([result("t2")])],
    ),
    "system message": body(messages=[user("a"), {"role": "system", "content": "b"}]),
    "thinking": body(
        thinking={"type": "adaptive"},
        messages=[user("a"), assistant({"type": "thinking", "thinking": "", "signature": "s"}),
                  user("b")],
    ),
    "four breakpoints": body(messages=[user([text(str(n), **MARK) for n in range(4)])]),
    "prewarm": body(max_tokens=0),
    "thinking with a budget, of an older model": body(
        model="old", thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=1025),
    "metadata": body(metadata={"user_id": "u"}, stop_sequences=["x"], service_tier="auto"),
}  # fmt: skip


@pytest.mark.parametrize("request_body", ACCEPTED.values(), ids=ACCEPTED)
async def test_what_is_right_is_accepted(sdk, house, request_body):
    answer = await post(sdk, request_body)
    assert answer["type"] == "message"
    assert house.server.received == [request_body]


REFUSED: dict[str, tuple[Any, str]] = {
    "no max_tokens": (
        {"model": "tungsten-demo", "messages": [user("a")]},
        "max_tokens: Field required",
    ),
    "no model": ({"max_tokens": 1, "messages": [user("a")]}, "model: Field required"),
    "not an object": ([], "valid dictionary"),
    "extra key": (body(zip=1), "zip: Extra inputs are not permitted"),
    "temperature": (body(temperature=0.5), "temperature: Extra inputs are not permitted"),
    "wrong type": (body(max_tokens="5"), "max_tokens: Input should be a valid integer"),
    "deep extra key": (
        body(messages=[user([text("a", x=1)])]),
        "messages.0.content.0.text.x: Extra inputs are not permitted",
    ),
    "deep missing key": (
        body(messages=[user([{"type": "text"}])]),
        "messages.0.content.0.text.text: Field required",
    ),
    "unknown block": (body(messages=[user([{"type": "poem"}])]), "Input tag 'poem'"),
    "unknown role": (body(messages=[{"role": "tool", "content": "x"}]), "Input tag 'tool'"),
    "beta field": (
        body(messages=[user("a"), {"role": "system", "content": "b", "clear_at": "never"}]),
        "clear_at: Extra inputs are not permitted",
    ),
    "no messages": (body(messages=[]), "at least one message is required"),
    "assistant first": (
        body(messages=[assistant(text("a")), user("b")]),
        'first message must use the "user" role',
    ),
    "prefill": (
        body(messages=[user("a"), assistant(text("b"))]),
        "does not support assistant message prefill",
    ),
    "system before user": (
        body(messages=[user("a"), {"role": "system", "content": "b"}, user("c")]),
        "must be the last message or be followed by an 'assistant' message",
    ),
    "thinking and a forced tool": (
        body(tools=[TOOL], tool_choice={"type": "any"}, thinking={"type": "adaptive"}),
        "Thinking may not be enabled when tool_choice forces tool use.",
    ),
    "thinking with a budget": (
        body(thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=2000),
        '"thinking.type.enabled" is not supported for this model.',
    ),
    "thinking with too small a budget": (
        body(model="old", thinking={"type": "enabled", "budget_tokens": 1023}, max_tokens=2000),
        "budget_tokens: Input should be greater than or equal to 1024",
    ),
    "thinking beyond the answer": (
        body(model="old", thinking={"type": "enabled", "budget_tokens": 2000}, max_tokens=2000),
        "`max_tokens` must be greater than `thinking.budget_tokens`",
    ),
    "prewarm that streams": (body(max_tokens=0, stream=True), "max_tokens: 0 cannot be combined"),
    "prewarm that forces a tool": (
        body(max_tokens=0, tools=[TOOL], tool_choice={"type": "any"}),
        "max_tokens: 0 cannot be combined with a `tool_choice` that forces tool use",
    ),
    "prewarm with a format": (
        body(max_tokens=0, output_config={"format": {"type": "json_schema", "schema": {}}}),
        "max_tokens: 0 cannot be combined with `output_config.format`",
    ),
    "system first": (
        body(messages=[{"role": "system", "content": "a"}, user("b")]),
        "use the top-level 'system' parameter",
    ),
    "system after assistant": (
        body(messages=[user("a"), assistant(text("b")), {"role": "system", "content": "c"},
                       user("d")]),
        "must immediately follow a 'user' message",
    ),
    "empty content": (body(messages=[user("")]), "must have non-empty content"),
    "no blocks": (body(messages=[user([])]), "must have non-empty content"),
    "empty text": (body(messages=[user([text("")])]), "text content blocks must be non-empty"),
    "blank text": (body(messages=[user(" \n")]), "must contain non-whitespace text"),
    "mark on empty text": (
        body(messages=[user([text("", **MARK)])]),
        "cache_control cannot be set for empty text blocks",
    ),
    "result without use": (
        body(tools=[TOOL], messages=[user([result("t1")])]),
        "messages.0.content.0: unexpected `tool_use_id` found in `tool_result` blocks: t1.",
    ),
    "use without result": (
        body(tools=[TOOL], messages=[user("a"), assistant(use("t1")), user("b")]),
        "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t1.",
    ),
    "one of two results": (
        body(tools=[TOOL],
             messages=[user("a"), assistant(use("t1"), use("t2")), user([result("t1")])]),
        "immediately after: t2.",
    ),
    "text before results": (
        body(tools=[TOOL], messages=[user("a"), assistant(use("t1")),
                                     user([text("b"), result("t1")])]),
        "`tool_use` ids were found without `tool_result` blocks immediately after",
    ),
    "result too late": (
        body(tools=[TOOL], messages=[user("a"), assistant(use("t1")), user([result("t1")]),
                                     assistant(text("b")), user([result("t1")])]),
        "unexpected `tool_use_id`",
    ),
    "two results": (
        body(tools=[TOOL], messages=[user("a"), assistant(use("t1")),
                                     user([result("t1"), result("t1")])]),
        "each tool_use must have a single result",
    ),
    "same id twice": (
        body(tools=[TOOL], messages=[user("a"), assistant(use("t1")), user([result("t1")]),
                                     assistant(use("t1")), user([result("t1")])]),
        "`tool_use` ids must be unique",
    ),
    "bad id": (
        body(tools=[TOOL], messages=[user("a"), assistant(use("t 1")), user([result("t 1")])]),
        "tool_use.id: String should match pattern",
    ),
    "use by user": (body(tools=[TOOL], messages=[user([use("t1")])]), "only be in `assistant`"),
    "no tools": (
        body(messages=[user("a"), assistant(use("t1")), user([result("t1")])]),
        "must define tools",
    ),
    "same tool twice": (body(tools=[TOOL, TOOL]), "Tool names must be unique"),
    "bad tool name": (body(tools=[{**TOOL, "name": "a b"}]), "name: String should match pattern"),
    "schema without type": (
        body(tools=[{**TOOL, "input_schema": {"properties": {}}}]),
        "input_schema.type: Field required",
    ),
    "choice of no tool": (
        body(tools=[TOOL], tool_choice={"type": "tool", "name": "other"}),
        "Tool 'other' not found",
    ),
    "choice without tools": (body(tool_choice={"type": "auto"}), "while providing tools"),
    "five breakpoints": (
        body(messages=[user([text(str(n), **MARK) for n in range(5)])]),
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
    "long after short": (
        body(messages=[user([text("a", **MARK), text("b", **LONG_MARK)])]),
        "a ttl='1h' cache_control block must not come after",
    ),
    "two lifetimes at the end": (
        body(cache_control={"type": "ephemeral"}, messages=[user([text("a", **LONG_MARK)])]),
        "another ttl than the request",
    ),
    "mark on thinking": (
        body(messages=[user("a"), assistant({"type": "thinking", "thinking": "x",
                                             "signature": "s", **MARK}), user("b")]),
        "cache_control: Extra inputs are not permitted",
    ),
    "too many tokens": (body(max_tokens=64_001), "64001 > 64000, which is the maximum allowed"),
    "negative tokens": (body(max_tokens=-1), "max_tokens"),
    "too long": (body(messages=[user("word " * 170_000)]), "prompt is too long: "),
}  # fmt: skip


@pytest.mark.parametrize(("request_body", "message"), REFUSED.values(), ids=REFUSED)
async def test_what_is_wrong_is_refused(sdk, house, request_body, message):
    with pytest.raises(anthropic.BadRequestError) as caught:
        await post(sdk, request_body)
    told = caught.value.body
    assert told["type"] == "error"
    assert told["error"]["type"] == "invalid_request_error"
    assert message in told["error"]["message"]
    assert told["request_id"] == caught.value.request_id
    assert house.server.received == []


async def test_beta_fields_need_the_beta_header(sdk):
    answer = await sdk.beta.messages.create(
        model="tungsten-demo",
        max_tokens=5,
        messages=[user("a"), {"role": "system", "content": "b", "clear_at": "next_user_message"}],
        betas=[CLEAR_BETA],
    )
    assert answer.content[0].type == "text"


async def test_a_beta_takes_away_nothing(sdk, house):
    for request in ACCEPTED.values():
        await post(sdk, request, **{"anthropic-beta": "interleaved-thinking-2025-05-14"})
    assert house.server.received == list(ACCEPTED.values())
    with pytest.raises(anthropic.BadRequestError, match=r"custom\.input_schema\.type: Field req"):
        await post(sdk, REFUSED["schema without type"][0], **{"anthropic-beta": "x"})


async def test_older_versions_know_sampling_but_not_every_model_takes_it(sdk):
    await post(sdk, body(model="old", temperature=0.5, top_p=1, top_k=3), **OLD)
    with pytest.raises(anthropic.BadRequestError, match="deprecated for this model"):
        await post(sdk, body(temperature=0.5), **OLD)
    with pytest.raises(anthropic.BadRequestError, match=r"range: 0\.\.1"):
        await post(sdk, body(model="old", temperature=2), **OLD)


@pytest.mark.parametrize(
    ("headers", "status", "kind"),
    [
        ({}, 401, "authentication_error"),
        ({"x-api-key": "wrong"}, 401, "authentication_error"),
        ({"authorization": "Bearer wrong"}, 401, "authentication_error"),
        ({"authorization": f"Basic {KEY}"}, 401, "authentication_error"),
        ({"x-api-key": KEY}, 400, "invalid_request_error"),
        ({"x-api-key": KEY, "anthropic-version": "1999-01-01"}, 400, "invalid_request_error"),
        ({"x-api-key": KEY, **OLD}, 200, None),
        ({"authorization": f"Bearer {KEY}", **OLD}, 200, None),
    ],
)
async def test_authentication_and_version(house, headers, status, kind):
    got, told = await raw(house.server, "POST", "/v1/messages", headers, json.dumps(body()))
    assert got == status
    assert told.get("error", {}).get("type") == kind


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("GET", "/v1/messages", "", 405),
        ("POST", "/v1/nothing", "{}", 404),
        ("POST", "/v1/messages", "{", 400),
        ("POST", "/v1/messages", "\xff", 400),
        ("GET", "/v1/models/nonesuch", "", 404),
        ("GET", "/v1/models?limit=5", "", 200),
        ("GET", "/v1/models?limit=0", "", 400),
        ("GET", "/v1/models?limit=x", "", 400),
    ],
)
async def test_routes(house, method, path, sent, status):
    headers = {"x-api-key": KEY, **OLD}
    got, told = await raw(house.server, method, path, headers, sent)
    assert got == status
    assert ("error" in told) == (status != 200)


async def test_a_request_beyond_32_megabytes_is_too_large(sdk):
    with pytest.raises(anthropic.APIStatusError) as caught:
        await post(sdk, body(messages=[user("x" * (32 * 1024 * 1024 + 1))]))
    assert caught.value.status_code == 413
    assert caught.value.body["error"]["type"] == "request_too_large"


async def test_models_and_counts_through_the_sdk(sdk):
    ids = [model.id async for model in sdk.models.list()]
    assert ids == ["tungsten-demo", "old"]
    assert [model.id async for model in sdk.models.list(limit=1)] == ids
    assert [model.id for model in (await sdk.models.list(before_id="old")).data] == ids[:1]
    model = await sdk.models.retrieve("tungsten-demo")
    assert model.max_input_tokens == 200_000
    short = await sdk.messages.count_tokens(model="tungsten-demo", messages=[user("a")])
    longer = await sdk.messages.count_tokens(
        model="tungsten-demo", messages=[user("a" * 400)], tools=[TOOL], system="x"
    )
    assert 0 < short.input_tokens < longer.input_tokens
    with pytest.raises(anthropic.NotFoundError):
        await sdk.messages.create(model="nonesuch", max_tokens=1, messages=[user("a")])


async def test_streamed_and_whole_answers_are_the_same_through_the_sdk(sdk):
    whole = await sdk.messages.create(**body())
    async with sdk.messages.stream(**body()) as stream:
        streamed = await stream.get_final_message()
    assert [block.text for block in streamed.content] == [block.text for block in whole.content]
    assert streamed.stop_reason == whole.stop_reason
    assert streamed.usage.output_tokens == whole.usage.output_tokens


async def test_the_sdk_sees_the_faults_as_it_sees_real_ones(sdk, house):
    for fault, error in (
        (Fault("rate_limited", retry_after=2), anthropic.RateLimitError),
        (Fault("overloaded"), anthropic.OverloadedError),
        (Fault("server_error"), anthropic.InternalServerError),
        (Fault("no_answer"), anthropic.APIConnectionError),
    ):
        house.faults.add(fault)
        with pytest.raises(error) as caught:
            await sdk.messages.create(**body())
        if fault.retry_after:
            assert caught.value.response.headers["retry-after"] == "2"
    house.faults.add(Fault("no_message_stop"))
    kinds = [event.type async for event in await sdk.messages.create(**body(), stream=True)]
    assert kinds[0] == "message_start"
    assert "message_stop" not in kinds
    house.faults.add(Fault("stream_error"))
    with pytest.raises(anthropic.APIStatusError) as caught:
        [event async for event in await sdk.messages.create(**body(), stream=True)]
    assert caught.value.status_code == 200


async def test_the_server_leaves_no_connection_behind():
    class Forever:
        def __init__(self) -> None:
            self.asked = asyncio.Event()

        async def respond(self, request):
            self.asked.set()
            await asyncio.Event().wait()

    responder = Forever()
    async with (
        LocalMessagesServer(responder, api_key=KEY) as server,
        anthropic.AsyncAnthropic(api_key=KEY, base_url=server.base_url, max_retries=0) as sdk,
    ):
        task = asyncio.create_task(sdk.messages.create(**body()))
        await responder.asked.wait()
        await server.close()
        with pytest.raises(anthropic.APIConnectionError):
            await task


def test_the_simulated_cache_follows_the_documented_rules():
    now = 0.0
    model = ServedModel("m", min_cacheable=100)
    cache = PromptCache(lambda: now)
    system = [text("s" * 800, **LONG_MARK)]
    first = cache.count({"system": system, "messages": [user("a")]}, model)
    assert first.written_1h > 200
    assert first.read == 0
    again = cache.count({"system": system, "messages": [user("b")]}, model)
    assert again.read == first.written_1h
    assert again.written_1h == 0
    assert again.total == first.total
    now = 3601.0
    assert cache.count({"system": system, "messages": [user("b")]}, model).read == 0
    changed = [text("S" + "s" * 799, **LONG_MARK)]
    assert cache.count({"system": changed, "messages": [user("b")]}, model).read == 0
    short = [text("s", **MARK)]
    assert cache.count({"system": short, "messages": [user("b")]}, model).written_5m == 0


def test_a_moving_breakpoint_reads_what_is_within_20_positions():
    model = ServedModel("m", min_cacheable=0)

    def count(cache: PromptCache, blocks: int) -> Any:
        content = [text(f"{n} " + "x" * 40) for n in range(blocks)]
        content[-1] = {**content[-1], **MARK}
        return cache.count({"messages": [user(content)]}, model)

    near, far = PromptCache(lambda: 0.0), PromptCache(lambda: 0.0)
    first = count(near, 5)
    assert count(near, 24).read == first.written_5m
    count(far, 5)
    assert count(far, 26).read == 0


def test_neighbouring_uses_and_results_are_one_position_each():
    model = ServedModel("m", min_cacheable=0)
    cache = PromptCache(lambda: 0.0)
    start = [user([text("go", **MARK)])]
    first = cache.count({"tools": [TOOL], "messages": start}, model)
    many = [assistant(*(use(f"t{n}") for n in range(30)))]
    results = [result(f"t{n}") for n in range(30)]
    more = [*start[:0], user([text("go")]), *many, user([*results[:-1], {**results[-1], **MARK}])]
    assert cache.count({"tools": [TOOL], "messages": more}, model).read == first.total


def test_settings_invalidate_the_messages_and_nothing_before_them():
    model = ServedModel("m", min_cacheable=0)
    cache = PromptCache(lambda: 0.0)
    request = {"system": [text("s" * 400, **LONG_MARK)], "messages": [user([text("a", **MARK)])]}
    first = cache.count(request, model)
    assert cache.count(request, model).read == first.total
    for more in (
        {"thinking": {"type": "adaptive"}},
        {"tool_choice": {"type": "none"}},
        {"output_config": {"effort": "low"}},
    ):
        usage = cache.count({**request, **more}, model)
        assert (usage.read, usage.written_5m) == (first.written_1h, first.written_5m)


def test_an_entry_can_be_read_once_its_request_is_answered():
    model = ServedModel("m", min_cacheable=0)
    now = 0.0
    cache = PromptCache(lambda: now)
    request = {"messages": [user([text("a" * 400, **MARK)])]}
    first, second = cache.read(request, model), cache.read(request, model)
    assert first.usage.read == second.usage.read == 0
    now = 200.0
    cache.answered(first)
    now = 299.0
    assert cache.read(request, model).usage.read == first.usage.total
    now = 301.0
    assert cache.read(request, model).usage.read == 0


async def test_thinking_is_refused_behind_other_bytes_than_its_own():
    thinking = {"type": "thinking", "thinking": "Hm.", "signature": ""}
    async with (
        LocalMessagesServer(
            Answers(thinking, text("b")), api_key=KEY, bind_thinking=True
        ) as server,
        anthropic.AsyncAnthropic(api_key=KEY, base_url=server.base_url, max_retries=0) as sdk,
    ):
        first = body(system="x", messages=[user([text("a")])])
        said = (await post(sdk, first))["content"]
        marked = [user([text("a", **MARK)]), assistant(*said), user("c")]
        await post(sdk, {**first, "messages": marked})
        for changed in (
            {**first, "messages": [user([text("A")]), assistant(*said), user("c")]},
            {**first, "system": "y", "messages": marked},
            {**first, "tools": [TOOL], "messages": marked},
        ):
            with pytest.raises(
                anthropic.BadRequestError, match=r"messages\.1\.content\.0: Invalid"
            ):
                await post(sdk, changed)


async def test_thinking_that_does_not_fit_is_dropped_if_that_is_wanted():
    thinking = {"type": "thinking", "thinking": "Hm.", "signature": ""}
    answers = Answers(thinking, text("b"))
    asked = []
    respond = answers.respond

    async def listening(request):
        asked.append(request)
        return await respond(request)

    answers.respond = listening
    betas = {"anthropic-beta": "thinking-binding-controls-2026-08-01"}
    drop = {"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "drop_block"}}
    async with (
        LocalMessagesServer(answers, api_key=KEY, bind_thinking=True) as server,
        anthropic.AsyncAnthropic(api_key=KEY, base_url=server.base_url, max_retries=0) as sdk,
    ):
        said = (await post(sdk, body(messages=[user("a")])))["content"]
        changed = body(thinking=drop, messages=[user("A"), assistant(*said), user("c")])
        answer = await post(sdk, changed, **betas)
        assert answer["input_transformations"] == [
            {
                "type": "thinking_dropped",
                "path": "messages.1.content.0",
                "reason": "prefix_binding_mismatch",
            }
        ]
        assert asked[-1]["messages"][1]["content"] == [text("b")]
        # What was thought since then stands behind the changed conversation, and is kept.
        more = [*changed["messages"], assistant(*answer["content"]), user("d")]
        again = await post(sdk, {**changed, "messages": more}, **betas)
        assert len(again["input_transformations"]) == 1
        assert asked[-1]["messages"][3]["content"] == answer["content"]
        with pytest.raises(anthropic.BadRequestError, match="bound to a different conversation"):
            await post(sdk, {**changed, "thinking": {"type": "adaptive"}}, **betas)
        with pytest.raises(anthropic.BadRequestError, match="block_binding: Extra inputs"):
            await post(sdk, changed)


@pytest.mark.parametrize(
    ("model", "least"),
    [
        ("claude-opus-4-6", 4096),
        ("claude-haiku-4-5-20251001", 4096),
        ("claude-opus-4-7", 2048),
        ("claude-opus-5-5", 512),
        ("claude-fable-5-1", 512),
        ("claude-sonnet-5-5", 1024),
        ("claude-opus-4-8", 1024),
        ("claude-sonnet-4-5", 1024),
        ("anything", 1024),
    ],
)
def test_the_least_that_is_cached_goes_by_the_model(model, least):
    assert ServedModel(model).min_cacheable == least
    assert ServedModel(model, min_cacheable=0).min_cacheable == 0


def test_the_breakpoint_of_a_request_stands_on_the_last_block_that_can_have_one():
    model = ServedModel("m", min_cacheable=0, prefill=True)
    thinking = {"type": "thinking", "thinking": "x" * 400, "signature": "s"}
    request = {
        "cache_control": {"type": "ephemeral"},
        "messages": [user("a"), assistant(text("b"), thinking)],
    }
    cache = PromptCache(lambda: 0.0)
    first = cache.count(request, model)
    assert first.written_5m > 0
    assert first.fresh > 100
    assert cache.count(request, model).read == first.written_5m


async def raw(
    server: LocalMessagesServer, method: str, path: str, headers: dict[str, str], sent: str
) -> tuple[int, dict[str, Any]]:
    """One request without the SDK, which would add headers of its own."""
    port = int(server.base_url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    connection = h11.Connection(h11.CLIENT)
    data = sent.encode("latin-1")
    fields = {"host": "x", "content-length": str(len(data)), "connection": "close", **headers}
    writer.write(
        (
            connection.send(h11.Request(method=method, target=path, headers=list(fields.items())))
            or b""
        )
        + (connection.send(h11.Data(data=data)) or b"")
        + (connection.send(h11.EndOfMessage()) or b"")
    )
    connection.receive_data(await reader.read())
    connection.receive_data(b"")
    writer.close()
    await writer.wait_closed()
    status, got = 0, b""
    while not isinstance(event := connection.next_event(), h11.EndOfMessage):
        if isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            got += event.data
    return status, json.loads(got)
