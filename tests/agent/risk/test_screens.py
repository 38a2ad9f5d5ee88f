"""htop: text in its search and filter is no command, everywhere else single keys act."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.risk import Context
from agent.risk.keystrokes import assess_keys

HTOP = Context(cwd=Path("/home/ada/app"), home=Path("/home/ada"), project=None, foreground="htop")


@pytest.mark.parametrize(
    "keys",
    [
        ["F3", "node", "Escape", "q"],
        ["F3", "kdFs", "F3", "F3", "Escape", "q"],
        ["/", "kill", "BSpace", "Enter", "q"],
        ["F4", "docker", "Enter", "Down", "F10"],
        ["\\", "dk", "Escape", "F4", "k", "Enter", "q"],
        ["P", "t", "/", "kd", "Escape"],
        ["F6", "Down", "Escape", "F3", "kd", "Escape"],
    ],
)
def test_what_is_searched_for_is_text(keys: list[str]) -> None:
    assert assess_keys(keys, HTOP).hold_at is None


@pytest.mark.parametrize(
    ("keys", "hold_at"),
    [
        (["F3", "node", "Enter", "k"], 3),
        (["F3", "node", "Escape", "F9"], 3),
        (["F3", "node", "Down", "k"], 3),
        (["F3", "node", "Tab", "k"], 3),
        (["F3", "F9"], 1),
        (["F4", "é", "k"], 1),
        (["F4", "a\nk"], 1),
        (["F1", "F3", "k"], 2),
        (["h", "/", "k", "Enter"], 2),
        (["F2", "F3", "q", "k"], 3),
        (["F6", "/", "d"], 2),
        (["d"], 0),
    ],
)
def test_outside_of_them_keys_act(keys: list[str], hold_at: int) -> None:
    assert assess_keys(keys, HTOP).hold_at == hold_at
