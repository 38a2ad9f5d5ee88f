"""Every key and command as people read them, by where they work: for help and `tungsten keys`.

Importable without Textual.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tui.keys import actions

KEYS_WIDTH = 14
SLASH_WIDTH = 15
ARROWS = {"left", "right", "up", "down"}
DIGITS = tuple("123456789")

_ENDING = re.compile(r"(?<=\w{4})(ies|y|s)$")
"""What a word loses in the plural or gains: `memory` and `memories` find the same."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line: its keys, its command, and what they do.

    Attributes:
        keys: As the app writes them; empty when there is only a command.
        text: What they do, or mean.
        slash: The command with its slash; empty when there is none.
        names: How the keys are written elsewhere: by Textual and by tmux.
        runs: Id of the action, where the palette offers it; else empty.
    """

    keys: str
    text: str
    slash: str = ""
    names: str = ""
    runs: str = ""

    def holds(self, title: str, sought: str) -> bool:
        """Say whether each word of `sought` is in the row or in the heading above it."""
        text = f"{title} {self.keys} {self.names} {self.slash} {self.text}".lower()
        return all(_ENDING.sub("", word) in text for word in sought.lower().split())


def sections(first: str = "") -> Iterator[tuple[str, list[Row]]]:
    """Give each heading with its rows, those of the context `first` before all others."""
    for context in sorted(actions.CONTEXTS, key=lambda each: each != first):
        yield actions.CONTEXTS[context], _rows(context)


def lines() -> Iterator[str]:
    """Write all of it as plain lines."""
    for number, (title, rows) in enumerate(sections()):
        yield from ("", title) if number else (title,)
        slash = SLASH_WIDTH if any(row.slash for row in rows) else 0
        for row in rows:
            yield f"  {row.keys:<{KEYS_WIDTH - 1}} {row.slash:<{slash}}{row.text}"


def _rows(context: str) -> list[Row]:
    rows: list[Row] = []
    for action in actions.of(context):
        if action.id.startswith("agent.") and action.id[6:].isdigit():
            if action.id == "agent.1":
                rows.append(Row(_numbers(), "Look at agent 1 to 9"))
            continue
        keys = _shown(action.keys)
        names = " ".join(f"{key} {actions.tmux_name(key)}" for key in action.keys)
        slash = f"/{action.slash}" if action.slash else ""
        runs = action.id if action.palette and action.action else ""
        rows.append(Row(keys, action.description, slash, names, runs))
    return rows


def _shown(keys: Sequence[str]) -> str:
    """Write the first keys of an action: two, all four arrows, or the first digit and the last."""
    if keys[:9] == DIGITS:
        return " … ".join(map(actions.label, (keys[0], keys[8])))
    return " ".join(map(actions.label, keys[: 4 if set(keys[:4]) == ARROWS else 2]))


def _numbers() -> str:
    """Write the keys of the numbered agents, the first and the last of them."""
    keys = [key for number in range(1, 10) for key in actions.by_id(f"agent.{number}").keys[:1]]
    return " … ".join(map(actions.label, dict.fromkeys((keys[0], keys[-1])))) if keys else ""
