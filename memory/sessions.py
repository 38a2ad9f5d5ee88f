"""Sessions: what is known about each agent, and its exact transcript."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias

from memory import said, transcript
from memory.connection import Connection
from memory.errors import AlreadyRecorded, InvalidRecord, NotFound
from memory.remembered import looked_through
from memory.said import Said
from memory.transcript import Attachment, Row


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One agent's session as stored. Words for `kind`, `mode` and `state` are the caller's.

    `system_json` and `tools_json` are exact texts that the first transcript row freezes.
    `extra` is the caller's own JSON object; a program with a `profile` in it is an agent.
    """

    id: str
    name: str
    directory: str
    kind: str = "model"
    model: str = ""
    mode: str = "standard"
    state: str = "idle"
    activity: str = ""
    since: float = 0.0
    created_at: float = 0.0
    archived: bool = False
    demo: bool = False
    command: str = ""
    parent: str | None = None
    system_json: str = ""
    tools_json: str = ""
    pane_ids: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)
    forked_from: str | None = None
    """The session whose first `forked_seq` rows it began with."""
    forked_seq: int = 0


@dataclass(frozen=True, slots=True)
class Glance:
    """What tells one session from another: how its transcript begins, and when it was added to."""

    first: str = ""
    """The payload of the first row that a user said, empty when there is none (any more)."""
    last_at: float = 0.0
    """When its last row was written, 0 before the first."""


@dataclass(frozen=True, slots=True)
class SentMessage:
    """A message that a user sent: its exact payload, when, and the name of the session."""

    payload: str
    at: float
    name: str


Entry: TypeAlias = tuple[str, str] | tuple[str, str, Sequence[Attachment]]
Records: TypeAlias = list[SessionRecord]
Rows: TypeAlias = list[Row]
SentMessages: TypeAlias = list[SentMessage]
Places: TypeAlias = list[Said]

_FIELDS = tuple(item.name for item in fields(SessionRecord))
_LAST = "(SELECT COALESCE(MAX(place), 0) + 1 FROM sessions)"
"""The place after all others on the list."""

_CHANGEABLE = frozenset(_FIELDS) - {"id", "created_at", "forked_from", "forked_seq"}


class Sessions:
    """The sessions of a database."""

    def __init__(self, connection: Connection, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._clock = clock

    async def create(self, record: SessionRecord) -> SessionRecord:
        """Store a new session; `created_at` and `since` are filled in when they are 0.

        One that is forked begins with the first `forked_seq` rows of `forked_from`, to the byte and
        to the digest; it must be born with the same system prompt and tools.

        Raises:
            AlreadyRecorded: there is a session with this id.
            NotFound: there is no such session to fork, or it has fewer rows.
            InvalidRecord: its system prompt or tools are others.
        """
        now = self._clock()
        values = {name: getattr(record, name) for name in _FIELDS}
        values["created_at"] = values["created_at"] or now
        values["since"] = values["since"] or now
        marks = ", ".join("?" for _ in _FIELDS)
        columns = ", ".join(_FIELDS)

        def unit(db: sqlite3.Connection) -> SessionRecord:
            if _find(db, record.id) is not None:
                raise AlreadyRecorded(f"session {record.id}")
            if record.forked_from is not None:
                _check_origin(record, _get(db, record.forked_from))
            db.execute(
                f"INSERT INTO sessions ({columns}, place) VALUES ({marks}, {_LAST})",  # noqa: S608
                [_stored(name, values[name]) for name in _FIELDS],
            )
            if record.forked_from is not None:
                transcript.copy(db, record.forked_from, record.id, record.forked_seq)
                # What it has from there was looked through there, or will be.
                looked_through(db, record.id, record.forked_seq)
            return _get(db, record.id)

        return await self._connection.write(unit)

    async def get(self, session_id: str) -> SessionRecord:
        """The session with this id.

        Raises:
            NotFound: there is none.
        """
        return await self._connection.read(lambda db: _get(db, session_id))

    async def list(self, archived: bool | None = None) -> Records:
        """Sessions in the order they came on the list: all, only archived ones, or only others.

        What comes out of the archive comes last, so that it moves nothing else.
        """

        def unit(db: sqlite3.Connection) -> Records:
            found = db.execute(
                f"SELECT {', '.join(_FIELDS)} FROM sessions "  # noqa: S608
                "WHERE ?1 IS NULL OR archived = ?1 ORDER BY place, rowid",
                (archived,),
            )
            return [_record(row) for row in found]

        return await self._connection.read(unit)

    async def glances(self) -> dict[str, Glance]:
        """What tells the sessions apart, by their ids."""

        def unit(db: sqlite3.Connection) -> dict[str, Glance]:
            found = db.execute(
                "SELECT id, "
                "(SELECT payload FROM transcript WHERE session_id = id AND user_turn = 1 "
                "AND payload IS NOT NULL ORDER BY seq LIMIT 1), "
                "(SELECT at FROM transcript WHERE session_id = id ORDER BY seq DESC LIMIT 1) "
                "FROM sessions"
            )
            return {row[0]: Glance(row[1] or "", row[2] or 0.0) for row in found}

        return await self._connection.read(unit)

    async def sent(self, limit: int) -> SentMessages:
        """The last messages that users sent in any session but a demo's, the newest first."""

        def unit(db: sqlite3.Connection) -> SentMessages:
            found = db.execute(
                "SELECT payload, at, name FROM transcript JOIN sessions ON id = session_id "
                "WHERE user_turn = 1 AND payload IS NOT NULL AND NOT demo "
                "ORDER BY at DESC, seq DESC LIMIT ?",
                (limit,),
            )
            return [SentMessage(*row) for row in found]

        return await self._connection.read(unit)

    async def update(self, session_id: str, **changes: Any) -> SessionRecord:
        """Change fields of a session, for instance `update(id, state="idle", since=now)`.

        Raises:
            NotFound: there is no such session.
            InvalidRecord: a field does not exist or may not change.
        """
        if unknown := changes.keys() - _CHANGEABLE:
            raise InvalidRecord(f"a session's {', '.join(sorted(unknown))} cannot be changed")
        assignments = ", ".join(f"{name} = ?" for name in changes)
        values = [_stored(name, value) for name, value in changes.items()]
        if changes.get("archived") is False:
            assignments += f", place = CASE WHEN archived THEN {_LAST} ELSE place END"

        def unit(db: sqlite3.Connection) -> SessionRecord:
            if assignments:
                db.execute(
                    f"UPDATE sessions SET {assignments} WHERE id = ?",  # noqa: S608
                    [*values, session_id],
                )
            return _get(db, session_id)

        return await self._connection.write(unit)

    async def append(
        self, session_id: str, role: str, payload: str, *, attachments: Iterable[Attachment] = ()
    ) -> Row:
        """Add one row to a transcript; it is on disk, to the byte, when this returns.

        Args:
            session_id: whose transcript.
            role: `user`, `assistant`, `system` or `event`.
            payload: the caller's serialisation, kept exactly as it is.
            attachments: bytes that belong to the row, stored once per content.

        Raises:
            NotFound: there is no such session.
            InvalidRecord: the role is unknown, or the text cannot be UTF-8.
        """
        items: Sequence[Attachment] = tuple(attachments)
        return await self._connection.write(
            lambda db: transcript.append(db, session_id, role, payload, self._clock(), items)
        )

    async def append_all(self, session_id: str, entries: Iterable[Entry]) -> None:
        """Add several rows, each a role, a payload and what is attached: all of them or none.

        Raises:
            NotFound: there is no such session.
            InvalidRecord: a role is unknown, or a text cannot be UTF-8.
        """
        items = tuple(entries)

        def unit(db: sqlite3.Connection) -> None:
            for role, payload, *attached in items:
                transcript.append(db, session_id, role, payload, self._clock(), *attached)

        await self._connection.write(unit)

    async def rows(self, session_id: str, after: int = 0) -> Rows:
        """A transcript's rows above sequence number `after`, in order."""
        return await self._connection.read(lambda db: transcript.rows(db, session_id, after))

    async def verify(self, session_id: str) -> None:
        """Check that a transcript is what was written.

        Raises:
            ChainBroken: it is not, with the first row that differs.
            NotFound: there is no such session.
        """
        await self._connection.read(lambda db: transcript.verify(db, session_id))

    async def tombstone(self, session_id: str, seq: int) -> None:
        """Forget a row's text for good; its digests stay, so `verify` still holds.

        Sessions that have the row from this one, or that this one has it from, forget it too.

        Raises:
            NotFound: there is no such row.
        """

        def unit(db: sqlite3.Connection) -> None:
            transcript.tombstone(db, session_id, seq, self._clock())
            for one in _same_row(db, session_id, seq):
                transcript.tombstone(db, one, seq, self._clock())
            said.scrub(db)

        await self._connection.write(unit)
        await self._connection.scrub()

    async def search(self, query: str, count: int) -> Places:
        """At most `count` rows in which someone said all that a query looks for, latest first."""
        return await self._connection.read(lambda db: said.search(db, query, count))

    async def attachment(self, sha256: str) -> bytes:
        """The bytes of an attachment.

        Raises:
            NotFound: there is none, or it was forgotten.
        """
        return await self._connection.read(lambda db: transcript.attachment(db, sha256))


def _find(db: sqlite3.Connection, session_id: str) -> SessionRecord | None:
    row = db.execute(
        f"SELECT {', '.join(_FIELDS)} FROM sessions WHERE id = ?",  # noqa: S608
        (session_id,),
    ).fetchone()
    return None if row is None else _record(row)


def _get(db: sqlite3.Connection, session_id: str) -> SessionRecord:
    record = _find(db, session_id)
    if record is None:
        raise NotFound(f"session {session_id}")
    return record


def _check_origin(record: SessionRecord, origin: SessionRecord) -> None:
    if (origin.system_json, origin.tools_json) != (record.system_json, record.tools_json):
        raise InvalidRecord("a fork keeps the system prompt and the tools of its origin")


def _same_row(db: sqlite3.Connection, session_id: str, seq: int) -> list[str]:
    """The sessions that share a row, since they are forks of each other behind it."""
    found = db.execute(
        "WITH RECURSIVE shared (id) AS (SELECT ?1 "
        "UNION SELECT forked_from FROM sessions JOIN shared USING (id) WHERE forked_seq >= ?2 "
        "UNION SELECT sessions.id FROM sessions JOIN shared ON forked_from = shared.id "
        "WHERE forked_seq >= ?2) SELECT id FROM shared WHERE id <> ?1",
        (session_id, seq),
    )
    return [str(row[0]) for row in found]


def _stored(name: str, value: Any) -> Any:
    match name:
        case "pane_ids":
            return json.dumps(list(value))
        case "extra":
            return json.dumps(value)
        case "archived" | "demo":
            return int(value)
        case _:
            return value


def _record(row: tuple[Any, ...]) -> SessionRecord:
    values = dict(zip(_FIELDS, row, strict=True))
    values["pane_ids"] = tuple(json.loads(values["pane_ids"]))
    values["extra"] = json.loads(values["extra"])
    values["archived"] = bool(values["archived"])
    values["demo"] = bool(values["demo"])
    return SessionRecord(**values)
