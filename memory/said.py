"""What persons and models said, found by its words across all sessions.

Functions of an open `sqlite3.Connection`. The index (`migrations/0007_said.sql`) is kept by the
database itself, so that no way of writing a transcript can leave it behind: what is stored is found
at once, and what lost its text is found no more.
"""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass

MOST_WORDS = 12
"""Words of a query that count: people paste whole sentences."""

_WORD = re.compile(r"[^\W_]+")
"""A word as FTS5's unicode61 cuts it: letters and digits; everything else parts words."""


@dataclass(frozen=True, slots=True)
class Said:
    """A row of a transcript in which all that was looked for stands.

    `payload` is the row's text as the caller of the store wrote it.
    """

    session_id: str
    seq: int
    at: float
    payload: str


def words_of(query: str) -> list[str]:
    """The words that a query looks for, in small letters and in its order."""
    return [word.lower() for word in _WORD.findall(query)][:MOST_WORDS]


def search(db: sqlite3.Connection, query: str, count: int) -> list[Said]:
    """At most `count` rows in which words begin as all those of the query do, the latest first.

    A query without any letter or digit finds nothing.
    """
    words = words_of(query)
    if not words:
        return []
    found = db.execute(
        "SELECT session_id, seq, at, payload FROM said_search "
        "JOIN said ON number = said_search.rowid JOIN transcript USING (session_id, seq) "
        "WHERE said_search MATCH ? ORDER BY said_search.rowid DESC LIMIT ?",
        (" ".join(f'"{word}"*' for word in words), count),
    )
    return [Said(*row) for row in found]


def scrub(db: sqlite3.Connection) -> None:
    """Write the index anew, so that no word of a removed text is left in its pages."""
    db.execute("INSERT INTO said_search (said_search) VALUES ('optimize')")


def text_of(payload: str) -> str:
    """The text that was indexed of a row; the same expression as in the migration."""
    return str(json.loads(payload)["block"]["text"])
