"""Which words of `terminal_type` are keys; everything else is typed letter by letter.

A closed list of our own, since tmux itself would also take `0x0d` or `^M` for a key, and what is
judged must be what is pressed.
"""

from __future__ import annotations

import re

NAMED = frozenset(
    {
        "BSpace", "BTab", "Backspace", "DC", "Delete", "Down", "End", "Enter", "Esc", "Escape",
        "Home", "IC", "Insert", "Left", "NPage", "PPage", "PageDown", "PageUp", "PgDn", "PgUp",
        "Right", "Space", "Tab", "Up",
        *(f"F{number}" for number in range(1, 13)),
    }
)  # fmt: skip
"""Names as in tmux(1), and three that models use for the same keys."""

_TMUX = {"Esc": "Escape", "Backspace": "BSpace", "Delete": "DC", "Insert": "IC"}
_MODIFIED = re.compile(r"(?:[CMS]-){1,3}(?P<key>.+)", re.S)


def is_key_name(item: str) -> bool:
    """Say whether an item presses a key: `Enter`, `C-c`, `M-x`, `S-Up`."""
    if item in NAMED:
        return True
    modified = _MODIFIED.fullmatch(item)
    if modified is None:
        return False
    key = modified["key"]
    return key in NAMED or (len(key) == 1 and key.isascii() and key.isprintable() and key != " ")


def tmux_name(item: str) -> str:
    """Write a key name as tmux wants it."""
    head, dash, key = item.rpartition("-") if item not in NAMED else ("", "", item)
    return f"{head}{dash}{_TMUX.get(key, key)}" if key else item
