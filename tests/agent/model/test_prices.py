"""Prices: known models cost what the list says, unknown ones are unpriced."""

import pytest

from agent.model.capabilities import has_system_messages
from agent.model.endpoint import Endpoint
from agent.model.events import TurnUsage
from agent.model.prices import context_window, cost

MILLION = 1_000_000
ANTHROPIC = Endpoint()


def test_each_kind_of_token_has_its_price():
    model = "claude-sonnet-4-5"
    fresh = cost(model, TurnUsage(input_tokens=MILLION // 10), ANTHROPIC)
    read = cost(model, TurnUsage(cache_read=MILLION // 10), ANTHROPIC)
    written = cost(model, TurnUsage(cache_write=MILLION // 10), ANTHROPIC)
    long_written = cost(
        model, TurnUsage(cache_write=MILLION // 10, cache_write_1h=MILLION // 10), ANTHROPIC
    )
    output = cost(model, TurnUsage(output_tokens=MILLION // 10), ANTHROPIC)
    assert fresh
    assert read == pytest.approx(0.1 * fresh)
    assert written == pytest.approx(1.25 * fresh)
    assert long_written == pytest.approx(2 * fresh)
    assert output == pytest.approx(5 * fresh)


@pytest.mark.parametrize(
    "model", ["tungsten-demo", "qwen3:8b", "claude-nope", "claude-opus-5-5-x", ""]
)
def test_unknown_models_are_unpriced(model):
    assert cost(model, TurnUsage(input_tokens=5), ANTHROPIC) is None
    assert context_window(model) is None


def test_dated_names_are_the_same_model():
    usage = TurnUsage(input_tokens=5)
    dated = cost("claude-sonnet-4-5-20250929", usage, ANTHROPIC)
    assert dated == cost("claude-sonnet-4-5", usage, ANTHROPIC)


def test_another_provider_has_no_known_price():
    other = Endpoint("endpoint", "http://localhost:1")
    assert cost("claude-sonnet-4-5", TurnUsage(input_tokens=5), other) is None


def test_the_built_in_demo_model_costs_nothing():
    demo = Endpoint("demo", "http://127.0.0.1:1", "key", "tungsten-demo")
    assert cost("tungsten-demo", TurnUsage(input_tokens=5, output_tokens=9), demo) == 0.0


@pytest.mark.parametrize(
    ("model", "has"),
    [
        ("claude-opus-4-8", True),
        ("claude-opus-4-7", False),
        ("claude-sonnet-4-6", False),
        ("claude-sonnet-5", False),
        ("claude-sonnet-5-5", True),
        ("claude-opus-5", True),
        ("claude-fable-5", True),
        ("claude-mythos-5-1", True),
        ("claude-haiku-5-5", True),
        ("claude-haiku-4-5-20251001", False),
        ("llama", False),
    ],
)
def test_which_models_take_system_messages(model, has):
    assert has_system_messages(model) is has
