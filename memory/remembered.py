"""How far the transcripts of sessions were looked through for what is worth keeping.

What is found and the row up to which was looked are written in one transaction, so that nothing is
kept twice and nothing said is passed over, at whatever instant the process ends.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from memory.connection import Connection

TRIES = 3
"""How often what a session said is looked through before it is left: whoever asks may die of it."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """A session with user turns that were not looked through."""

    session_id: str
    archived: bool
    last_at: float
    """When its last row was written."""


class Remembered:
    """What is known of the sessions of a database in this respect."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def unseen(self, session_id: str | None = None) -> list[Unseen]:
        """Sessions of models, neither demo nor worker, that said something since; the oldest first.

        Args:
            session_id: only this one.
        """

        def unit(db: sqlite3.Connection) -> list[Unseen]:
            found = db.execute(
                "SELECT sessions.id, archived, MAX(transcript.at) FROM sessions "
                "JOIN transcript ON transcript.session_id = sessions.id AND user_turn = 1 "
                "LEFT JOIN remembered ON remembered.session_id = sessions.id "
                "WHERE kind = 'model' AND demo = 0 AND parent IS NULL "
                "AND (?1 IS NULL OR sessions.id = ?1) "
                "AND transcript.seq > COALESCE(remembered.seq, 0) "
                "GROUP BY sessions.id ORDER BY 3",
                (session_id,),
            )
            return [Unseen(row[0], bool(row[1]), float(row[2])) for row in found]

        return await self._connection.read(unit)

    async def begin(self, session_id: str) -> tuple[int, int]:
        """Note that a session is looked through.

        Gives the last row that was looked at before, and which try this is since then.
        """

        def unit(db: sqlite3.Connection) -> tuple[int, int]:
            db.execute(
                "INSERT INTO remembered VALUES (?, 0, 1) "
                "ON CONFLICT (session_id) DO UPDATE SET tries = tries + 1",
                (session_id,),
            )
            row = db.execute(
                "SELECT seq, tries FROM remembered WHERE session_id = ?", (session_id,)
            ).fetchone()
            return int(row[0]), int(row[1])

        return await self._connection.write(unit)

    async def pass_over(self) -> None:
        """Let all that was said up to now count as looked through: it was not to be kept."""
        await self._connection.write(
            lambda db: db.execute(
                "INSERT INTO remembered SELECT session_id, MAX(seq), 0 FROM transcript WHERE true "
                "GROUP BY session_id ON CONFLICT (session_id) "
                "DO UPDATE SET seq = MAX(seq, excluded.seq), tries = 0"
            )
        )

    async def not_begun(self, session_id: str) -> None:
        """Take `begin` back: nothing was asked."""
        await self._connection.write(
            lambda db: db.execute(
                "UPDATE remembered SET tries = MAX(0, tries - 1) WHERE session_id = ?",
                (session_id,),
            )
        )


def looked_through(db: sqlite3.Connection, session_id: str, seq: int) -> None:
    """Note, within a transaction, that a session was looked through up to a row."""
    db.execute(
        "INSERT INTO remembered VALUES (?1, ?2, 0) ON CONFLICT (session_id) "
        "DO UPDATE SET seq = MAX(seq, ?2), tries = 0",
        (session_id, seq),
    )
