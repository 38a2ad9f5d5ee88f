"""Which keys count as submitting: the line is looked at before each of them is sent."""

from __future__ import annotations

import pytest

from agent.risk.keys import is_key
from agent.steps.effects import _may_submit, _one_by_one, _prefix


def asked(keys: list[str]) -> list[str]:
    """The items before which the line is looked at, beside Enter and C-o."""
    found, prefix = [], ""
    for item in _one_by_one(keys):
        if _may_submit(prefix, item):
            found.append(item)
        prefix = "" if prefix else _prefix(item)
    return found


@pytest.mark.parametrize(
    ("keys", "before"),
    [
        (["ls", "M-C-e"], "M-C-e"),
        (["ls", "M-#"], "M-#"),
        (["ls", "Escape", "a"], "a"),
        (["ls", "Escape", "C-e"], "C-e"),
        (["ls\x1b#"], "\x1b#"),
        (["ls\x1b\x05"], "\x1b\x05"),
        (["ls\x0fpwd"], "\x0f"),
        (["C-x", "e"], "e"),
        (["C-x", "echo"], "echo"),
        (["C-x", "C-e"], "C-e"),
        (["\x18e"], "\x18e"),
        (["C-t", "C-x", "*"], "*"),
    ],
)
def test_keys_that_may_submit_are_asked_about(keys: list[str], before: str) -> None:
    assert before in asked(keys)


@pytest.mark.parametrize(
    "keys",
    [
        ["ls -la"],
        ["ls", "Tab", "C-a", "C-k", "M-b", "Left", "BSpace", "C-c"],
        ["Escape", "b", "Escape", "f"],
        ["\x1b[A\x1bOB"],
        ["C-x", "C-x", "C-x", "C-u"],
        ["git commit -m 'x'", "C-u"],
    ],
)
def test_keys_that_edit_are_not(keys: list[str]) -> None:
    assert asked(keys) == []


def test_line_ends_inside_of_texts_are_keys() -> None:
    items = list(_one_by_one(["a\r\nb\x0fc"]))
    assert items == ["a", "Enter", "b", "\x0f", "c"]
    assert not is_key("\x0f")
