"""An agent works with a server that knows text, tools and streaming, and refuses all else."""

import contextlib

import pytest

from agent.model.client import ModelClient
from agent.model.endpoint import Endpoint
from agent.model.local_server.models import ServedModel
from agent.model.retry import RetryPolicy
from tests.agent.live.conftest import KEY, use
from tests.stubs.plain_server import PlainServer


@pytest.fixture
async def plain(house):
    async with contextlib.AsyncExitStack() as stack:
        models = (ServedModel("claude-in-a-box"), ServedModel("qwen3-coder"))
        server = await stack.enter_async_context(
            PlainServer(house.script, api_key=KEY, models=models)
        )

        async def turn_to(model, **said):
            await house.models.close()
            endpoint = Endpoint("endpoint", server.base_url, KEY, model, **said)
            house.models._client = ModelClient(endpoint, RetryPolicy(answers=0, first_delay=0.01))

        server.turn_to = turn_to
        yield server


@pytest.mark.parametrize(("model", "refused"), [("qwen3-coder", 0), ("claude-in-a-box", 1)])
async def test_a_whole_turn_and_the_next(house, plain, model, refused):
    await plain.turn_to(model)
    (house.project / "AGENTS.md").write_text("Be brief.")
    house.script.then("First.", use("file_write", path="made.txt", content="one"))
    house.script.then(use("terminal_run", command="cat made.txt"))
    house.script.then(use("terminal_read", picture=True), use("file_list", path="."))
    agent_id = await house.agent("make it", model=model)
    assert (await house.state(agent_id, "done")).usage.requests == 4
    assert (house.project / "made.txt").read_text() == "one"
    assert "no picture" in house.results()[0]["content"]
    await house.prompt(agent_id, "and now?")
    summary = await house.until(
        lambda: (s := house.summary(agent_id)).state == "done" and s.usage.requests == 5 and s
    )
    assert len(plain.refused) == refused
    assert (summary.usage.price, summary.usage.cache_read_tokens) == ("unpriced", 0)
    assert summary.usage.input_tokens > 0
    assert summary.context_window is None


async def test_the_window_is_what_the_person_says_then_what_the_server_does(house, plain):
    plain.lists = True
    await plain.turn_to("qwen3-coder")
    agent_id = await house.agent("go", model="qwen3-coder")
    await house.until(lambda: house.summary(agent_id).context_window == 32_768)
    await house.state(agent_id, "done")
    await house.again()
    await plain.turn_to("qwen3-coder", context_window=8_192)
    await house.prompt(agent_id, "and now?")
    await house.until(lambda: house.summary(agent_id).context_window == 8_192)
    await house.state(agent_id, "done")
