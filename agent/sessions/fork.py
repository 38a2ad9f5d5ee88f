"""A session that begins with what was said in another one, up to one of its turns.

The rows that it begins with are those of its origin to the byte, with the same system prompt and
tools, so that its first request begins as its origin's did and a prompt cache holds it. Nothing
but the conversation is forked: files and terminals are as they are now.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.errors import AgentError
from agent.protocol.agents import AgentState
from agent.protocol.commands.sessions import ForkSession, SessionTurn
from agent.sessions.session_turns import Turn
from memory.sessions import SessionRecord

FORKED = "session_forked"
"""Kind of the journal's entry."""

GLANCE = 200
"""Characters of a prompt that a list of turns gives."""

_KEPT = ("wall", "thinking", "effort", "project", "budget", "context_window", "window_of")
"""What a record holds of a session's own that holds for its fork as well."""

_ORIGINS = "forked_from"

WORKTREES = ".worktrees"
"""What the directory beside a repository ends with that holds the worktrees of agents."""


class NotForked(AgentError):
    """A session cannot be forked, or not there."""


def origins(record: SessionRecord) -> tuple[str, ...]:
    """The sessions whose conversation is the beginning of this one, the nearest first."""
    return tuple(record.extra.get(_ORIGINS, ()))


def check(origin: SessionRecord) -> None:
    """Find out whether a session can be forked at all.

    Raises:
        NotForked: it cannot; says why.
    """
    if origin.kind != "model":
        raise NotForked(f"{origin.name} has no model, so there is no conversation to fork.")
    if origin.parent is not None:
        raise NotForked(f"{origin.name} is a worker: fork its coordinator instead.")
    if origin.demo:
        raise NotForked(
            f"{origin.name} follows the demo's script: an agent of your own (/new) can be forked."
        )


def place(turns: Sequence[Turn], command: ForkSession, name: str) -> tuple[Turn, int]:
    """The turn that a command names, and the last row that the fork has.

    Raises:
        NotForked: there is no such turn, or its end is missing.
    """
    if not turns:
        raise NotForked(f"Nothing was said to {name} yet: there is no turn to fork at.")
    if command.turn > len(turns):
        raise NotForked(f"{name} has {len(turns)} turns, no turn {command.turn}.")
    turn = turns[command.turn - 1]
    if command.before:
        return turn, turn.first - 1
    if not turn.whole:
        raise NotForked(
            f"Turn {turn.number} of {name} is not whole: let {name} finish it, or fork before it."
        )
    return turn, turn.last


def instead(origin: SessionRecord) -> Path:
    """Where a fork may work whose origin's directory is gone: in its repository, or nearest."""
    gone = Path(origin.directory)
    project = origin.extra.get("project")
    trees = [each for each in gone.parents if each.name.endswith(WORKTREES)]
    places = [
        *([Path(project)] if project else []),
        *(each.with_name(each.name.removesuffix(WORKTREES)) for each in trees),
        *gone.parents,
    ]
    # Unlike Path.is_dir it says no where nobody may look.
    return next(each for each in places if os.path.isdir(each))  # noqa: PTH112


def moved(origin: SessionRecord, directory: Path) -> SessionRecord:
    """The record as it were if its session worked in another directory, by its own trust."""
    extra = {key: each for key, each in origin.extra.items() if key != "project"}
    return replace(origin, directory=str(directory), extra=extra)


def record_of(
    origin: SessionRecord, session_id: str, name: str, last: int, now: float
) -> SessionRecord:
    """The record of a fork that has its origin's rows up to `last`."""
    extra: dict[str, Any] = {key: origin.extra[key] for key in _KEPT if key in origin.extra}
    extra[_ORIGINS] = [origin.id, *origins(origin)]
    return replace(
        origin,
        id=session_id,
        name=name,
        state=AgentState.IDLE,
        activity="",
        since=now,
        created_at=now,
        archived=False,
        pane_ids=(),
        extra=extra,
        forked_from=origin.id,
        forked_seq=last,
    )


def told(turn: Turn) -> SessionTurn:
    """A turn in the words of the wire."""
    return SessionTurn(
        number=turn.number,
        prompt=" ".join(" ".join(turn.prompts).split())[:GLANCE],
        at=turn.at,
        whole=turn.whole,
        first_block=min(turn.blocks, default=0),
        last_block=max(turn.blocks, default=0),
    )


def told_person(origin: SessionRecord, where: str, elsewhere: str = "") -> str:
    """What the conversation of a fork says about itself; `elsewhere`: its other directory."""
    place = f" It works in {elsewhere}." if elsewhere else ""
    return (
        f"Forked from {origin.name} ({origin.id}) {where}. Files are as they are now: nothing was "
        f"rolled back. The terminal is a new one.{place}"
    )


def told_agent(name: str, elsewhere: str = "") -> str:
    """What the agent is told with the next thing that is said to it."""
    place = f" You work in {elsewhere} from now on." if elsewhere else ""
    return (
        f"This conversation was forked from the session {name} here. Files were not rolled back: "
        "they may differ from what was seen above, so read them again before you rely on them. "
        f"Panes named above are not yours; you have a new terminal.{place}"
    )
