"""System messages within a conversation, and effort: what the local server takes and counts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anthropic
import pytest

from agent.messages.sendable import CLEAR_BETA, EFFORT_BETA, effort_message
from agent.model.capabilities import assumed, from_model_info
from agent.model.endpoint import Endpoint
from agent.model.local_server.cache import PromptCache
from agent.model.local_server.errors import ApiError
from agent.model.local_server.models import ServedModel
from agent.model.local_server.responder import ResponderMessage
from agent.model.local_server.server import LocalMessagesServer
from agent.model.local_server.thinking import ThinkingSeal
from agent.model.thinking import ADAPTIVE, LEVELS

KEY = "sk-test-0123456789"
BOTH = f"{CLEAR_BETA},{EFFORT_BETA}"
MARK = {"cache_control": {"type": "ephemeral"}}
TOOL = {"name": "look", "description": "Look.", "input_schema": {"type": "object"}}
USER = {"role": "user", "content": "a"}
ANSWER = {"role": "assistant", "content": "b"}
SYSTEM = {"role": "system", "content": "c"}
PASSING = {**SYSTEM, "clear_at": "next_user_message"}
LOW = effort_message("low")


class Seen:
    """A model that notes what it is shown."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    async def respond(self, request: dict[str, Any]) -> ResponderMessage:
        self.requests.append(request)
        return ResponderMessage([{"type": "text", "text": "ok"}])


@pytest.fixture
async def server() -> AsyncIterator[LocalMessagesServer]:
    models = (
        ServedModel("m"),
        ServedModel("old", system_messages=False, effort_messages=False, efforts=()),
        ServedModel("older thinker", efforts=("low", "high"), effort_messages=False),
        ServedModel("always", thinking_off=()),
        ServedModel("never", adaptive_thinking=False),
    )
    async with LocalMessagesServer(Seen(), api_key=KEY, models=models, record=True) as server:
        yield server


def body(*messages: Any, model: str = "m", **more: Any) -> dict[str, Any]:
    return {"model": model, "max_tokens": 10, "messages": list(messages), **more}


async def post(server: LocalMessagesServer, request: Any, betas: str = BOTH) -> Any:
    async with anthropic.AsyncAnthropic(
        api_key=KEY, base_url=server.base_url, max_retries=0
    ) as sdk:
        options: Any = {"headers": {"anthropic-beta": betas} if betas else {}}
        return await sdk.post("/v1/messages", body=request, cast_to=dict[str, Any], options=options)


ACCEPTED = {
    "behind the user's": body(USER, SYSTEM),
    "before an answer": body(USER, SYSTEM, ANSWER, USER),
    "two together": body(USER, SYSTEM, PASSING, ANSWER, USER),
    "passing, and cleared": body(USER, PASSING, ANSWER, USER, PASSING),
    "after a server's tool": body(
        USER,
        {"role": "assistant", "content": [
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}]},
        SYSTEM, ANSWER, USER,
    ),
    "effort first": body(LOW, USER),
    "effort before the user's": body(USER, ANSWER, LOW, USER),
    "effort behind the user's": body(USER, LOW),
    "effort without a word of content": body(
        USER, {"role": "system", "output_config": {"effort": "max"}}),
    "effort beside a message that fits": body(USER, LOW, SYSTEM, ANSWER, USER),
    "effort at the top": body(USER, output_config={"effort": "xhigh"}),
    "thinking off": body(USER, thinking={"type": "disabled"}, output_config={"effort": "high"}),
    "empty output_config beside content": body(USER, {**SYSTEM, "output_config": {}}),
}  # fmt: skip

REFUSED: dict[str, tuple[Any, str, str]] = {
    "clear_at without its beta": (
        body(USER, PASSING), EFFORT_BETA, "messages.1.clear_at: Extra inputs are not permitted"),
    "never without its beta": (
        body(USER, {**SYSTEM, "clear_at": "never"}), EFFORT_BETA,
        "messages.1.clear_at: Extra inputs are not permitted"),
    "effort without its beta": (
        body(USER, LOW), CLEAR_BETA, "messages.1.output_config: Extra inputs are not permitted"),
    "no such clear_at": (
        body(USER, {**SYSTEM, "clear_at": "soon"}), BOTH,
        "Input should be 'next_user_message' or 'never'"),
    "a mark on what passes": (
        body(USER, {**PASSING, "content": [{"type": "text", "text": "c", **MARK}]}), BOTH,
        "messages.1.content.0: cache_control is not permitted on a turn-scoped system message "
        "(clear_at: 'next_user_message')"),
    "effort on what passes": (
        body(USER, {**PASSING, "output_config": {"effort": "low"}}), BOTH,
        "messages.1: output_config is not permitted on a turn-scoped system message"),
    "a tool in what passes": (
        body(USER, {**PASSING, "content": [
            {"type": "tool_removal", "tool": {"type": "tool_reference", "name": "look"}}]},
            tools=[TOOL]), BOTH,
        "messages.1: a turn-scoped system message supports text blocks only"),
    "passing, before the user's": (
        body(USER, PASSING, USER), BOTH, "messages.1: role 'system' must be the last message or"),
    "effort beside one that does not fit": (
        body(USER, ANSWER, LOW, SYSTEM, USER), BOTH,
        "messages.2: role 'system' must immediately follow a 'user' message"),
    "neither content nor effort": (
        body(USER, {"role": "system", "content": [], "output_config": {}}), BOTH,
        "messages.1: system messages must have non-empty content"),
    "nothing at all": (
        body(USER, {"role": "system"}), BOTH,
        "messages.1: system messages must have non-empty content"),
    "system first": (body(SYSTEM, USER), BOTH, "use the top-level 'system' parameter"),
    "effort is no answer": (
        body(USER, ANSWER, LOW), BOTH, "does not support assistant message prefill"),
    "a model without them": (
        body(USER, SYSTEM, model="old"), BOTH, "role 'system' is not supported on this model"),
    "a model without such efforts": (
        body(USER, LOW, model="old"), BOTH,
        "output_config.effort requires a model that supports per-turn effort; this model does "
        "not."),
    "a model without effort": (
        body(USER, model="old", output_config={"effort": "low"}), "",
        "This model does not support the effort parameter."),
    "a level that it lacks": (
        body(USER, model="older thinker", output_config={"effort": "max"}), "",
        "output_config.effort: 'max' is not supported on this model. Supported levels: low, high"),
    "no such level": (
        body(USER, output_config={"effort": "adaptive"}), "",
        "Input should be 'low', 'medium', 'high', 'xhigh' or 'max'"),
    "most effort without thinking": (
        body(USER, thinking={"type": "disabled"}, output_config={"effort": "max"}), "",
        "'max' is not supported with \"thinking.type.disabled\""),
    "most effort later, without thinking": (
        body(USER, effort_message("xhigh"), thinking={"type": "between_tools"}), BOTH,
        "'xhigh' is not supported with \"thinking.type.between_tools\""),
    "a model that always thinks": (
        body(USER, model="always", thinking={"type": "disabled"}), "",
        '"thinking.type.disabled" is not supported for this model.'),
    "a model that never does": (
        body(USER, model="never", thinking={"type": "adaptive"}), "",
        "adaptive thinking is not supported on this model"),
}  # fmt: skip


async def test_what_is_right_is_accepted(server: LocalMessagesServer) -> None:
    for name, request in ACCEPTED.items():
        assert (await post(server, request))["type"] == "message", name
    assert not server.refused


async def test_what_is_wrong_is_refused(server: LocalMessagesServer) -> None:
    for name, (request, betas, message) in REFUSED.items():
        with pytest.raises(anthropic.BadRequestError) as caught:
            await post(server, request, betas)
        told: Any = caught.value.body
        assert message in told["error"]["message"], name
    assert not server.received


async def test_what_was_cleared_is_not_shown_and_costs_nothing(
    server: LocalMessagesServer,
) -> None:
    passing = {**PASSING, "content": "word " * 400}
    first = await post(server, body(USER, passing))
    later = await post(server, body(USER, passing, ANSWER, USER))
    without = await post(server, body(USER, ANSWER, USER))
    assert first["usage"]["input_tokens"] > 400
    assert later["usage"]["input_tokens"] == without["usage"]["input_tokens"] < 30
    shown = server._responder.requests  # type: ignore[attr-defined]
    assert [len(request["messages"]) for request in shown] == [2, 3, 3]
    assert len(server.received[1]["messages"]) == 4


def long_user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": f"{text} " * 3000, **MARK}]}


def test_the_prompt_cache_by_the_rules_for_system_messages() -> None:
    model, now = ServedModel("m"), 0.0
    cache = PromptCache(lambda: now)

    def count(*messages: Any, **more: Any) -> Any:
        return cache.count({"messages": [*messages], **more}, model)

    begin, go_on = long_user("a"), {"role": "user", "content": [{"type": "text", "text": "b"}]}
    assert count(begin, PASSING).written_5m > 1000
    # What is cleared is no part of what is compared, nor is one that was never there.
    assert count(begin, PASSING, ANSWER, go_on).read > 1000
    assert count(begin, ANSWER, go_on).read > 1000
    # One that stays is, and can be read.
    stays = {"role": "system", "content": [{"type": "text", "text": "c" * 4000, **MARK}]}
    written = count(begin, stays)
    assert written.read > 1000
    assert written.written_5m == 1007
    assert count(begin, stays, ANSWER, go_on).read > written.read
    # An effort changes nothing of what stands before it; at the top it changes all messages.
    assert count(begin, ANSWER, LOW, go_on).read > 1000
    assert count(LOW, begin, ANSWER, go_on).read == 0
    assert count(begin, output_config={"effort": "low"}).read == 0
    assert count(begin, output_config={"effort": "high"}).read > 1000, "the default, said aloud"
    # The breakpoint of a whole request skips what passes.
    whole = {"cache_control": {"type": "ephemeral"}}
    fresh = {"role": "user", "content": [{"type": "text", "text": "d" * 9000}]}
    assert count(fresh, PASSING, **whole).fresh < 20


@pytest.mark.parametrize(
    "change",
    [
        lambda messages: messages.pop(1),
        lambda messages: messages[1].pop("clear_at"),
        lambda messages: messages[1].update(content="d"),
        lambda messages: messages.pop(2),
        lambda messages: messages[2].update(output_config={"effort": "high"}),
    ],
)
def test_thinking_is_bound_to_what_was_cleared_and_to_efforts_too(change: Any) -> None:
    seal = ThinkingSeal(b"k")
    before = [USER, {**PASSING}, {**LOW}]
    answer = seal.sign({"messages": before}, [{"type": "thinking", "thinking": "hm"}])
    said = {"role": "assistant", "content": answer}
    seal.check({"messages": [*before, said, USER]})
    change(before)
    with pytest.raises(ApiError, match="bound to a different conversation"):
        seal.check({"messages": [*before, said, USER]})


FIRST_PARTY = Endpoint("anthropic", "", "k", "")


@pytest.mark.parametrize(
    ("model", "auto", "off", "levels", "in_messages"),
    [
        ("claude-opus-5-5", ADAPTIVE, None, LEVELS, True),
        ("claude-opus-5", ADAPTIVE, {"type": "disabled"}, LEVELS, True),
        ("claude-opus-4-8", ADAPTIVE, None, LEVELS, False),
        ("claude-opus-4-6", ADAPTIVE, None, ("low", "medium", "high", "max"), False),
        ("claude-opus-4-5-20251101", None, None, ("low", "medium", "high"), False),
        ("claude-sonnet-5-5", ADAPTIVE, {"type": "between_tools"}, LEVELS, True),
        ("claude-sonnet-5", ADAPTIVE, {"type": "disabled"}, LEVELS, False),
        ("claude-sonnet-4-6", ADAPTIVE, None, ("low", "medium", "high", "max"), False),
        ("claude-sonnet-4-5", None, None, (), False),
        ("claude-haiku-5-5", ADAPTIVE, {"type": "disabled"}, LEVELS, False),
        ("claude-haiku-4-5", None, None, (), False),
        ("claude-fable-5-1", ADAPTIVE, None, LEVELS, True),
        ("claude-fable-5", ADAPTIVE, None, LEVELS, False),
        ("claude-mythos-5-1", ADAPTIVE, None, LEVELS, True),
        ("something-else", None, None, (), False),
    ],
)
def test_what_each_model_takes_by_its_name(
    model: str, auto: Any, off: Any, levels: Any, in_messages: bool
) -> None:
    takes = assumed(FIRST_PARTY, model).thinking
    assert (takes.parameter("auto"), takes.parameter("off")) == (auto, off)
    assert (takes.parameter("on"), takes.parameter("")) == (ADAPTIVE, None)
    assert takes.levels_with("auto") == levels
    assert takes.in_messages_with("auto") is in_messages
    if off:
        assert takes.levels_with("off") == ("low", "medium", "high")
        assert takes.in_messages_with("off") is (model == "claude-opus-5")


def test_behind_other_addresses_only_the_model_list_says_it() -> None:
    gateway = Endpoint("endpoint", "https://models.example.com", "k", "")
    plain = Endpoint("endpoint", "http://localhost:11434", "", "")
    assert assumed(gateway, "claude-opus-5-5").thinking.parameter("auto") is None
    served = ServedModel("x", efforts=("low", "high"), thinking_off=("between_tools",)).info()
    told = from_model_info(gateway, "claude-opus-5-5", served).thinking
    assert told.parameter("auto") == ADAPTIVE
    assert told.parameter("off") == {"type": "between_tools"}
    assert (told.levels, told.in_messages) == (("low", "high"), False)
    odd = {"capabilities": {"thinking": True, "effort": {"low": "yes"}}}
    assert from_model_info(gateway, "claude-opus-5-5", odd).thinking.levels == ()
    assert from_model_info(plain, "qwen", served).thinking.parameter("auto") is None
