"""The environment of the engine and of who speaks with it."""

from __future__ import annotations

from agent.settings.variables import difference, digests

HERE = {"ANTHROPIC_API_KEY": "sk-1", "TUNGSTEN_MODEL": "m", "HOME": "/x", "ANTHROPIC_BASE_URL": ""}


def test_the_same_says_nothing() -> None:
    assert difference(digests(HERE), HERE) == ""
    assert difference({}, {"HOME": "/y"}) == ""


def test_each_difference_is_named_and_no_value_is() -> None:
    assert "sk-1" not in str(digests(HERE))
    said = difference(
        digests(HERE), {"ANTHROPIC_API_KEY": "sk-2", "ANTHROPIC_BASE_URL": "http://h"}
    )
    assert "ANTHROPIC_API_KEY, ANTHROPIC_BASE_URL and TUNGSTEN_MODEL differ" in said
    assert "kill-engine" in said
    assert "TUNGSTEN_MODEL differs" in difference({}, {"TUNGSTEN_MODEL": "m"})
