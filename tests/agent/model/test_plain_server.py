"""A plain local server works: nothing is sent that it would refuse, and little is asked of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from agent.model.capabilities import assumed, from_model_info
from agent.model.client import ModelClient, without_marks
from agent.model.endpoint import Endpoint
from agent.model.errors import ContextTooLong, InvalidRequest
from agent.model.events import MessageEnded
from agent.model.failures import from_status
from agent.model.local_server.models import ServedModel
from tests.agent.model.conftest import KEY, QUICK, TOOL, Answers
from tests.stubs.plain_server import PlainServer

MARK = {"type": "ephemeral", "ttl": "1h"}
MARKED = {
    "system": [{"type": "text", "text": "Be brief.", "cache_control": MARK}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": MARK}]}
    ],
}


class House:
    def __init__(self, server: PlainServer, stack: AsyncExitStack) -> None:
        self.server, self._stack = server, stack

    def client(self, model: str = "claude-in-a-box", **more: Any) -> ModelClient:
        endpoint = replace(Endpoint("endpoint", self.server.base_url, KEY, model), **more)
        client = ModelClient(endpoint, QUICK)
        self._stack.push_async_callback(client.close)
        return client


@pytest.fixture
async def plain() -> AsyncIterator[House]:
    answers = Answers(
        {"type": "text", "text": "Hello."}, {"type": "tool_use", "name": "look", "input": {"a": 1}}
    )
    models = (ServedModel("claude-in-a-box"), ServedModel("qwen3-coder"))
    async with AsyncExitStack() as stack:
        server = PlainServer(answers, api_key=KEY, models=models)
        yield House(await stack.enter_async_context(server), stack)


async def asked(client: ModelClient, **more: Any) -> MessageEnded:
    request: dict[str, Any] = {"model": "", "tools": [TOOL], "max_tokens": 100, **MARKED, **more}
    events = [event async for event in client.stream(**request)]
    assert isinstance(events[-1], MessageEnded)
    return events[-1]


async def test_a_turn_with_a_tool(plain: House) -> None:
    ended = await asked(plain.client("qwen3-coder"), **without_marks(MARKED))
    assert ended.stop_reason == "tool_use"
    assert [block["type"] for block in ended.message["content"]] == ["text", "tool_use"]
    assert ended.message["content"][1]["input"] == {"a": 1}
    assert ended.usage.input_tokens > 0
    assert ended.usage.output_tokens > 0
    assert (ended.usage.cache_read, ended.usage.cache_write) == (0, 0)
    assert not plain.server.refused


@pytest.mark.parametrize("blind", [False, True])
async def test_marks_for_the_cache_are_left_out_once_they_were_refused(
    plain: House, blind: bool
) -> None:
    plain.server.blind = blind
    client = plain.client()
    for _ in range(3):
        await asked(client)
    assert len(plain.server.refused) == 1
    assert "cache_control" in plain.server.refused[0]
    assert "cache_control" not in str(plain.server.received)
    # Another model of the same server may be another server's behind it.
    await asked(client, model="qwen3-coder")
    assert len(plain.server.refused) == 2


async def test_another_fault_is_told_as_it_was(plain: House) -> None:
    client = plain.client()
    for _ in range(2):
        with pytest.raises(InvalidRequest, match="max_tokens"):
            await asked(client, max_tokens=0)
    assert len(plain.server.refused) == 4


async def test_a_server_that_takes_the_marks_is_not_asked_without(house: Any) -> None:
    client = house.client()
    await asked(client)
    with pytest.raises(InvalidRequest):
        await asked(client, max_tokens=-1)
    assert len(house.server.refused) == 1
    assert "cache_control" in str(house.server.received)


async def test_what_is_not_said_is_not_assumed(plain: House) -> None:
    known = await plain.client("qwen3-coder").capabilities()
    assert known == assumed(Endpoint("endpoint", "http://localhost:1"), "qwen3-coder")
    assert not any((known.prompt_cache, known.betas, known.images, known.system_messages))
    assert known.context_window is None
    assert plain.server.asked == ["GET /v1/models/qwen3-coder", "GET /v1/models"]


async def test_a_list_of_models_tells_the_window_too(plain: House) -> None:
    plain.server.lists = True
    assert (await plain.client("qwen3-coder").capabilities()).context_window == 32_768
    own = plain.client("qwen3-coder", context_window=8_192, prompt_cache=True)
    known = await own.capabilities()
    assert (known.context_window, known.prompt_cache) == (8_192, True)
    assert (await plain.client("not-there").capabilities()).context_window is None


def test_the_window_by_the_words_of_each_server() -> None:
    endpoint = Endpoint("endpoint", "http://localhost:1")
    for info in ({"max_input_tokens": 9}, {"max_model_len": 9}, {"meta": {"n_ctx": 9}}):
        assert from_model_info(endpoint, "m", info).context_window == 9
    for info in ({"max_model_len": "9"}, {"meta": None}, {"meta": {"n_ctx": -1}}):
        assert from_model_info(endpoint, "m", info).context_window is None


@pytest.mark.parametrize(
    "said",
    [
        {"error": {"message": "prompt is too long: 9 tokens > 8 maximum"}},
        {
            "error": {
                "type": "exceed_context_size_error",
                "message": "request (9 tokens) exceeds the available context size (8 tokens)",
            }
        },
        {
            "object": "error",
            "message": "This model's maximum context length is 8 tokens. However, you requested 9",
        },
        {"error": "The number of tokens to keep from the initial prompt is greater than the "
                  "context length: exceeds the context window"},
        {"detail": [{"loc": ["body"], "msg": "input length exceeds the context length"}]},
    ],
)  # fmt: skip
def test_a_conversation_that_does_not_fit_is_known_by_the_words_of_each(said: Any) -> None:
    endpoint = Endpoint("endpoint", "http://localhost:1", model="m")
    assert isinstance(from_status(400, said, endpoint, "m"), ContextTooLong)


def test_faults_of_fastapi_are_quoted() -> None:
    said = {"detail": [{"loc": ["body", "tools"], "msg": "Field required"}]}
    error = from_status(422, said, Endpoint("endpoint", "http://localhost:1"), "m")
    assert isinstance(error, InvalidRequest)
    assert "Field required" in str(error)


def test_marks_are_taken_out_wherever_they_stand_and_nothing_else_is() -> None:
    tool_input = {"cache_control": "max-age=0"}
    result = {"type": "tool_result", "content": [{"type": "text", "text": "", "cache_control": {}}]}
    body = {
        "tools": [{**TOOL, "cache_control": MARK, "input_schema": tool_input}],
        "messages": [
            {"role": "assistant", "content": [{"type": "tool_use", "input": tool_input}]},
            {"role": "user", "content": [{**result, "cache_control": MARK}]},
        ],
    }
    bare = without_marks(body)
    assert bare["tools"] == [{**TOOL, "input_schema": tool_input}]
    assert bare["messages"][0] == body["messages"][0]
    assert bare["messages"][1]["content"] == [
        {"type": "tool_result", "content": [{"type": "text", "text": ""}]}
    ]
