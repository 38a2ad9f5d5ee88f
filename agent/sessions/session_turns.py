"""The turns of a stored session: where each begins and ends among its rows, and what was asked.

A turn begins with what the person said and reaches to the next time they said something. What
Tungsten itself says to the model in between, such as the summary that a conversation goes on from,
begins none: only what is shown as the person's does.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from memory.transcript import Row


@dataclass(slots=True)
class Turn:
    """One turn; `first` and `last` are sequence numbers of rows, `number` counts from 1."""

    number: int
    first: int
    at: float
    last: int = 0
    prompts: list[str] = field(default_factory=list)
    blocks: list[int] = field(default_factory=list)
    """Numbers of the blocks that show it."""
    whole: bool = False
    """Whether the model has nothing more to say to it, and no tool use is unanswered."""


def turns(rows: Sequence[Row]) -> list[Turn]:
    """The turns that the rows of one session make, oldest first; `rows` begin with row 1."""
    events = {row.seq: _event(row) for row in rows if row.role == "event" and not row.tombstoned}
    found: list[Turn] = []
    said = begun = 0
    for row in rows:
        if row.role == "user":
            said = row.seq
        block = events.get(row.seq, {}).get("block")
        if not isinstance(block, dict):
            continue
        if block.get("kind") == "user" and said:
            if said != begun:
                begun = said
                first = _with_what_it_begins(rows, said)
                found.append(Turn(len(found) + 1, first, rows[said - 1].at))
            found[-1].prompts.append(str(block.get("text", "")))
        if found and isinstance(block.get("id"), int):
            found[-1].blocks.append(block["id"])
    ends = [turn.first - 1 for turn in found[1:]] + [len(rows)]
    for turn, last in zip(found, ends, strict=False):
        turn.last = last
        turn.whole = _is_whole(rows[turn.first - 1 : last], events)
    return found


def _with_what_it_begins(rows: Sequence[Row], said: int) -> int:
    """The first row of a turn: a changed effort is told before what the person said."""
    first = said
    while first > 1 and rows[first - 2].role == "system":
        first -= 1
    return first


def _is_whole(rows: Sequence[Row], events: dict[int, dict[str, Any]]) -> bool:
    for row in reversed(rows):
        if events.get(row.seq, {}).get("type") == "stopped":
            # Ended before its time, which is an end too, unless tools were being used.
            return not _uses_tools(next((r for r in reversed(rows) if _is_said(r)), None))
        if _is_said(row):
            return row.role == "assistant" and not _uses_tools(row)
    return False


def _is_said(row: Row) -> bool:
    return row.role in ("user", "assistant")


def _uses_tools(row: Row | None) -> bool:
    if row is None or row.role != "assistant" or row.tombstoned:
        return False
    return any(block["type"] == "tool_use" for block in json.loads(row.payload)["content"])


def _event(row: Row) -> dict[str, Any]:
    event = json.loads(row.payload)
    return event if isinstance(event, dict) else {}
