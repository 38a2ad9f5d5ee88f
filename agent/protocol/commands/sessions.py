"""Commands about sessions of any time: their turns, forks of them, what was said, and files."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent.protocol.wire import Wire


class SessionTurn(Wire):
    """A turn of a session, as a list of them shows it."""

    number: int
    prompt: str
    """What the person said, in one line, shortened."""
    at: float
    whole: bool
    """Whether a fork can go on behind it; otherwise its end is missing."""
    first_block: int = 0
    last_block: int = 0
    """The blocks that show it; 0 where none does."""


class ListTurns(Wire):
    """Ask where a session can be forked; refused where it cannot be at all.

    Result: `{"turns": [SessionTurn, …]}`, oldest first; where its directory is gone, also
    `"gone"`, that directory, and `"instead"`, the nearest one that a fork can work in.
    """

    type: Literal["list_turns"] = "list_turns"
    agent_id: str


class ForkSession(Wire):
    """Begin a new session with what was said in another one up to a turn.

    Its rows are those of the other one to the byte, so that a prompt cache holds them. Files and
    terminals are as they are now.

    Result: `{"agent_id": str, "prompt": str}`; `prompt` is what the person said in the turn before
    which it begins.
    """

    type: Literal["fork_session"] = "fork_session"
    agent_id: str
    turn: int = Field(ge=1)
    before: bool = False
    """Whether that turn itself is left out, so that it can be said otherwise."""
    directory: str = ""
    """Where it is to work; empty: where the other one does."""


class SaidHit(Wire):
    """A place where something that was looked for was said."""

    agent_id: str
    block: int
    at: float
    by_person: bool
    excerpt: str
    """One line around the first place, without secrets."""
    found: tuple[tuple[int, int], ...] = ()
    """Half-open offsets within it of the words that were looked for."""


class SearchSessions(Wire):
    """Look for words in what persons and models said, in all sessions.

    Result: `{"hits": [SaidHit, …]}`, the latest first.
    """

    type: Literal["search_sessions"] = "search_sessions"
    query: str = Field(max_length=1_000)
    count: int = Field(default=60, ge=1, le=500)


class ExportSession(Wire):
    """Write a session as Markdown into a file, mode 0600, without secrets.

    Result: `{"file": str, "exists": bool}`; where there is such a file already, nothing is written
    unless `overwrite` says so.
    """

    type: Literal["export_session"] = "export_session"
    agent_id: str
    file: str
    overwrite: bool = False
