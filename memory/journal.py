"""The journal: everything that was decided and done, append-only, in a chain of hashes.

The chain runs over digests; the text lies beside them, so that what must be forgotten can be
without breaking the chain. What happens once (an action starts, an action ends, a gate opens, a
gate closes) carries its id as subject and cannot be recorded twice.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from memory.connection import Connection
from memory.digest import sha256
from memory.errors import AlreadyRecorded, ChainBroken, InvalidRecord, NotFound
from memory.transcript import head, set_head

ACTION_STARTED = "action_started"
ACTION_ENDED = "action_ended"
GATE_OPENED = "gate_opened"
GATE_CLOSED = "gate_closed"
WAIT_BEGAN = "wait_began"
WAIT_ENDED = "wait_ended"
QUESTION_ASKED = "question_asked"
QUESTION_ANSWERED = "question_answered"
QUESTION_WITHDRAWN = "question_withdrawn"

_LOG = "journal"
_COLUMNS = "seq, at, kind, session_id, subject, data, digest, chain, tombstoned_at"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; `subject` is the action's or gate's id, `data` is empty when `tombstoned`."""

    seq: int
    at: float
    kind: str
    session_id: str | None
    subject: str | None
    data: dict[str, Any]
    digest: str
    chain: str
    tombstoned: bool = False


LONGEST = 86_400.0
"""Seconds for which a line whose end is not known counts as running."""


@dataclass(frozen=True, slots=True)
class Line:
    """When a line of an agent ran, in seconds since the epoch, and where.

    `until` is `LONGEST` later where its end is not known; `directory` is empty where that is not.
    """

    at: float
    until: float
    directory: str


@dataclass(frozen=True, slots=True)
class Wait:
    """A time that an agent waited for the person: seconds since the epoch, and who."""

    session_id: str
    since: float
    until: float


_STAYS = re.compile(r"(?<![&>])&(?![&>\d])|\bsetsid\b")
"""A line that leaves something running when its shell is done with it."""

Entries: TypeAlias = list[Entry]


@dataclass(frozen=True, slots=True)
class Run:
    """A command line that ended well: its entry, when, where it ran, and who wanted it."""

    seq: int
    at: float
    command: str
    directory: str
    actor: str


class Journal:
    """The journal of a database."""

    def __init__(self, connection: Connection, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._clock = clock

    async def append(self, kind: str, session_id: str | None, data: dict[str, Any]) -> Entry:
        """Add an entry; it is on disk when this returns. `data` is a JSON object."""
        return await self._append(kind, session_id, None, data)

    async def entries(
        self,
        *,
        session_id: str | None = None,
        kinds: Iterable[str] | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> Entries:
        """Entries above sequence number `after`, oldest first, of a session and of some kinds."""
        wanted = None if kinds is None else tuple(kinds)
        conditions = ["seq > ?"]
        values: list[Any] = [after]
        if session_id is not None:
            conditions.append("session_id = ?")
            values.append(session_id)
        if wanted is not None:
            conditions.append(f"kind IN ({', '.join('?' for _ in wanted)})")
            values.extend(wanted)
        values.append(-1 if limit is None else limit)
        where = " AND ".join(conditions)

        def unit(db: sqlite3.Connection) -> Entries:
            found = db.execute(
                f"SELECT {_COLUMNS} FROM journal WHERE {where} ORDER BY seq LIMIT ?",  # noqa: S608
                values,
            )
            return [_entry(row) for row in found]

        return await self._connection.read(unit)

    async def texts(self, action: str) -> list[str]:
        """What the actions of one kind that were started were about, of all sessions, each once."""

        def unit(db: sqlite3.Connection) -> list[str]:
            found = db.execute(
                "SELECT DISTINCT json_extract(data, '$.text') FROM journal "
                "WHERE kind = ? AND json_extract(data, '$.action') = ?",
                (ACTION_STARTED, action),
            )
            return [str(row[0]) for row in found if row[0] is not None]

        return await self._connection.read(unit)

    async def lines_between(self, first: float, last: float) -> list[Line]:
        """Lines and keys of agents, above LOW, that ran, or may have run, within a span of time.

        What was redacted counts: it cannot be told what it was.
        """

        def unit(db: sqlite3.Connection) -> list[Line]:
            found = db.execute(
                "SELECT started.seq, started.at, json_extract(started.data, '$.cwd'), "
                "json_extract(started.data, '$.text'), ended.at, "
                "json_extract(ended.data, '$.exit_status'), COALESCE("
                "json_extract(ended.data, '$.pane_id'), json_extract(started.data, '$.pane_id')) "
                "FROM journal AS started LEFT JOIN journal AS ended "
                "ON ended.subject = started.subject AND ended.kind = ?4 "
                "WHERE started.kind = ?1 AND started.at BETWEEN ?2 AND ?3 "
                "AND (started.data IS NULL OR ("
                "json_extract(started.data, '$.action') IN ('run_command', 'type_keys') "
                "AND json_extract(started.data, '$.actor') = 'agent' "
                "AND json_extract(started.data, '$.risk') <> 'LOW' "
                "AND json_extract(ended.data, '$.outcome') IS NOT 'not run'))",
                (ACTION_STARTED, first - LONGEST, last, ACTION_ENDED),
            ).fetchall()
            return [line for row in found if (line := _line(db, row)).until >= first]

        return await self._connection.read(unit)

    async def runs(self, since: float, limit: int) -> list[Run]:
        """The last command lines that ended well (exit status 0) from `since` on, oldest first."""

        def unit(db: sqlite3.Connection) -> list[Run]:
            found = db.execute(
                "SELECT ended.seq, ended.at, json_extract(started.data, '$.text'), "
                "json_extract(started.data, '$.cwd'), json_extract(started.data, '$.actor') "
                "FROM journal AS ended JOIN journal AS started "
                "ON started.subject = ended.subject AND started.kind = ? "
                "WHERE ended.kind = ? AND ended.at >= ? "
                "AND json_extract(ended.data, '$.action') = 'run_command' "
                "AND json_extract(ended.data, '$.exit_status') = 0 "
                "AND started.data IS NOT NULL ORDER BY ended.seq DESC LIMIT ?",
                (ACTION_STARTED, ACTION_ENDED, since, limit),
            )
            return [Run(*row[:2], *map(str, row[2:])) for row in found][::-1]

        return await self._connection.read(unit)

    async def verify(self) -> None:
        """Recompute every digest and the chain.

        Raises:
            ChainBroken: at the first entry that is not what was written.
        """
        await self._connection.read(_verify)

    async def tombstone(self, seq: int) -> None:
        """Forget an entry's text for good; its digest stays, so `verify` still holds.

        Raises:
            NotFound: there is no such entry.
        """

        def unit(db: sqlite3.Connection) -> None:
            if db.execute("SELECT 1 FROM journal WHERE seq = ?", (seq,)).fetchone() is None:
                raise NotFound(f"journal entry {seq}")
            db.execute(
                "UPDATE journal SET data = NULL, tombstoned_at = ? "
                "WHERE seq = ? AND data IS NOT NULL",
                (self._clock(), seq),
            )

        await self._connection.write(unit)
        await self._connection.scrub()

    async def action_started(
        self, action_id: str, session_id: str | None, data: dict[str, Any]
    ) -> Entry:
        """Record, before its effect, that an action is about to happen.

        Raises:
            AlreadyRecorded: it was started before; it must not happen again.
        """
        return await self._append(ACTION_STARTED, session_id, action_id, data)

    async def action_ended(self, action_id: str, data: dict[str, Any]) -> Entry:
        """Record the outcome of an action that was started.

        Raises:
            NotFound: it was never started.
            AlreadyRecorded: its outcome is known already.
        """
        return await self._close(ACTION_STARTED, ACTION_ENDED, action_id, data)

    async def unfinished_actions(self, session_id: str | None = None) -> Entries:
        """Actions that started and have no recorded outcome: it is unknown, never repeat them."""
        return await self._unmatched(ACTION_STARTED, ACTION_ENDED, session_id)

    async def gate_opened(
        self, gate_id: str, session_id: str | None, data: dict[str, Any]
    ) -> Entry:
        """Record that a decision waits for a person.

        Raises:
            AlreadyRecorded: this gate was opened before.
        """
        return await self._append(GATE_OPENED, session_id, gate_id, data)

    async def gate_closed(self, gate_id: str, data: dict[str, Any]) -> Entry:
        """Record how a gate was decided; of several attempts exactly one succeeds.

        Raises:
            NotFound: it was never opened.
            AlreadyRecorded: it is decided already.
        """
        return await self._close(GATE_OPENED, GATE_CLOSED, gate_id, data)

    async def open_gates(self, session_id: str | None = None) -> Entries:
        """Gates that were opened and not closed, oldest first."""
        return await self._unmatched(GATE_OPENED, GATE_CLOSED, session_id)

    async def question_asked(
        self, question_id: str, session_id: str, data: dict[str, Any]
    ) -> Entry:
        """Record that a question waits for a person; one that waits already keeps its entry.

        An engine asks again what an earlier one asked in vain: `data` with the same `tool_use_id`
        is the same question.
        """
        text = _serialise(data)

        def unit(db: sqlite3.Connection) -> Entry:
            row = db.execute(
                f"SELECT {_COLUMNS} FROM journal AS asked "  # noqa: S608
                "WHERE kind = ?1 AND session_id = ?2 "
                "AND json_extract(data, '$.tool_use_id') = ?3 AND NOT EXISTS "
                "(SELECT 1 FROM journal WHERE subject = asked.subject AND kind IN (?4, ?5)) "
                "ORDER BY seq DESC LIMIT 1",
                (
                    QUESTION_ASKED,
                    session_id,
                    data.get("tool_use_id"),
                    QUESTION_ANSWERED,
                    QUESTION_WITHDRAWN,
                ),
            ).fetchone()
            if row is not None:
                return _entry(row)
            return _add(db, self._clock(), QUESTION_ASKED, session_id, question_id, text)

        return await self._connection.write(unit)

    async def question_answered(self, question_id: str, data: dict[str, Any]) -> Entry:
        """Record the answer to a question, so that nobody is asked twice.

        Raises:
            NotFound: it was never asked.
            AlreadyRecorded: it is answered already.
        """
        return await self._close(QUESTION_ASKED, QUESTION_ANSWERED, question_id, data)

    async def question_withdrawn(self, question_id: str) -> Entry:
        """Record that a question needs no answer any more.

        Raises:
            NotFound: it was never asked.
            AlreadyRecorded: it is withdrawn already.
        """
        return await self._close(QUESTION_ASKED, QUESTION_WITHDRAWN, question_id, {})

    async def wait_began(self, wait_id: str, session_id: str, data: dict[str, Any]) -> Entry:
        """Note that an agent of another maker waits for the person, in its own terminal."""
        return await self._append(WAIT_BEGAN, session_id, wait_id, data)

    async def wait_ended(self, wait_id: str, data: dict[str, Any]) -> Entry:
        """Note that it waits no longer.

        Raises:
            NotFound: no such wait has begun.
        """
        return await self._close(WAIT_BEGAN, WAIT_ENDED, wait_id, data)

    async def open_waits(self, session_id: str) -> list[Entry]:
        """Waits of an agent that have begun and not ended."""
        return await self._unmatched(WAIT_BEGAN, WAIT_ENDED, session_id)

    async def end_waits_left(self) -> None:
        """End the waits of agents that an earlier engine left open, as of the last thing it wrote.

        Nobody could answer once it was gone. To be called before this one writes.
        """

        def unit(db: sqlite3.Connection) -> None:
            last = db.execute("SELECT at FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
            left = db.execute(
                "SELECT session_id, subject FROM journal AS opened WHERE kind = ?1 AND NOT EXISTS "
                "(SELECT 1 FROM journal WHERE subject = opened.subject AND kind = ?2)",
                (WAIT_BEGAN, WAIT_ENDED),
            ).fetchall()
            for session_id, subject in left:
                text = _serialise({"until": last[0]})
                _add(db, self._clock(), WAIT_ENDED, session_id, subject, text)

        await self._connection.write(unit)

    async def waits(self, since: float, after: int = 0) -> tuple[list[Wait], int]:
        """Times that agents waited for decisions and answers, ended `since` then.

        What a person wanted to do themselves held up no agent and is left out.

        Args:
            since: seconds since the epoch.
            after: a sequence number; only what ended behind it.

        Returns:
            The waits in the order of their ends, and the sequence number of the last one, `after`
            without any.
        """

        def unit(db: sqlite3.Connection) -> tuple[list[Wait], int]:
            found = db.execute(
                "SELECT closed.seq, opened.session_id, opened.at, "
                "COALESCE(json_extract(closed.data, '$.until'), closed.at) FROM journal AS closed "
                "JOIN journal AS opened ON opened.subject = closed.subject "
                "AND opened.kind = "
                "CASE closed.kind WHEN ?1 THEN ?2 WHEN ?9 THEN ?8 ELSE ?3 END "
                "WHERE closed.kind IN (?1, ?4, ?5, ?9) AND closed.seq > ?6 AND closed.at >= ?7 "
                "AND opened.session_id IS NOT NULL "
                "AND json_extract(opened.data, '$.gate.actor') IS NOT 'person' "
                "ORDER BY closed.seq",
                (
                    GATE_CLOSED,
                    GATE_OPENED,
                    QUESTION_ASKED,
                    QUESTION_ANSWERED,
                    QUESTION_WITHDRAWN,
                    after,
                    since,
                    WAIT_BEGAN,
                    WAIT_ENDED,
                ),
            ).fetchall()
            return [Wait(*row[1:]) for row in found], found[-1][0] if found else after

        return await self._connection.read(unit)

    async def _append(
        self, kind: str, session_id: str | None, subject: str | None, data: dict[str, Any]
    ) -> Entry:
        text = _serialise(data)
        return await self._connection.write(
            lambda db: _add(db, self._clock(), kind, session_id, subject, text)
        )

    async def _close(self, opening: str, closing: str, subject: str, data: dict[str, Any]) -> Entry:
        text = _serialise(data)

        def unit(db: sqlite3.Connection) -> Entry:
            opened = db.execute(
                "SELECT session_id FROM journal WHERE subject = ? AND kind = ?", (subject, opening)
            ).fetchone()
            if opened is None:
                raise NotFound(f"{opening.split('_', 1)[0]} {subject}")
            return _add(db, self._clock(), closing, opened[0], subject, text)

        return await self._connection.write(unit)

    async def _unmatched(self, opening: str, closing: str, session_id: str | None) -> Entries:
        def unit(db: sqlite3.Connection) -> Entries:
            found = db.execute(
                f"SELECT {_COLUMNS} FROM journal AS opened "  # noqa: S608
                "WHERE kind = ?1 AND (?3 IS NULL OR session_id = ?3) AND NOT EXISTS "
                "(SELECT 1 FROM journal WHERE subject = opened.subject AND kind = ?2) "
                "ORDER BY seq",
                (opening, closing, session_id),
            )
            return [_entry(row) for row in found]

        return await self._connection.read(unit)


def _serialise(data: dict[str, Any]) -> str:
    try:
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(data, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRecord(f"a journal entry is a JSON object ({error})") from error
    return text


def _add(
    db: sqlite3.Connection,
    at: float,
    kind: str,
    session_id: str | None,
    subject: str | None,
    text: str,
) -> Entry:
    if (
        subject is not None
        and db.execute(
            "SELECT 1 FROM journal WHERE subject = ? AND kind = ?", (subject, kind)
        ).fetchone()
    ):
        raise AlreadyRecorded(f"{kind.replace('_', ' ')} {subject}")
    seq, chain = head(db, _LOG)
    seq += 1
    digest = sha256(text)
    chain = _link(chain, seq, at, kind, session_id, subject, digest)
    db.execute(
        f"INSERT INTO journal ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",  # noqa: S608
        (seq, at, kind, session_id, subject, text, digest, chain),
    )
    set_head(db, _LOG, seq, chain)
    return Entry(seq, at, kind, session_id, subject, json.loads(text), digest, chain)


def _verify(db: sqlite3.Connection) -> None:
    log = "the journal"
    chain = ""
    last = 0
    for seq, at, kind, session_id, subject, text, digest, stored, _ in db.execute(
        f"SELECT {_COLUMNS} FROM journal ORDER BY seq"  # noqa: S608
    ):
        last += 1
        if seq != last:
            raise ChainBroken(log, last, "it is missing")
        if text is not None and sha256(text) != digest:
            raise ChainBroken(log, seq, "its text differs from its digest")
        chain = _link(chain, seq, at, kind, session_id, subject, digest)
        if chain != stored:
            raise ChainBroken(log, seq, "it differs from the chain")
    if head(db, _LOG) != (last, chain):
        raise ChainBroken(log, last + 1, "the end of the log is missing")


def _link(
    chain: str,
    seq: int,
    at: float,
    kind: str,
    session_id: str | None,
    subject: str | None,
    digest: str,
) -> str:
    return sha256(json.dumps([chain, seq, float(at), kind, session_id, subject, digest]))


def _entry(row: tuple[Any, ...]) -> Entry:
    seq, at, kind, session_id, subject, text, digest, chain, tombstoned_at = row
    data = {} if text is None else json.loads(text)
    return Entry(seq, at, kind, session_id, subject, data, digest, chain, tombstoned_at is not None)


def _line(db: sqlite3.Connection, row: tuple[Any, ...]) -> Line:
    seq, at, cwd, text, ended_at, exit_status, pane_id = row
    until = at + LONGEST
    if not _STAYS.search(text or ""):
        if exit_status is not None:
            until = min(until, ended_at)
        elif pane_id:
            # A shell takes its next line when it is done with this one.
            (following,) = db.execute(
                "SELECT MIN(at) FROM journal WHERE kind = ? AND seq > ? "
                "AND json_extract(data, '$.action') = 'run_command' "
                "AND json_extract(data, '$.pane_id') = ?",
                (ACTION_STARTED, seq, pane_id),
            ).fetchone()
            until = until if following is None else min(until, following)
    return Line(at, until, cwd or "")
