"""Memories and the versions they went through: rows as they are now, and all that came before.

Functions of an open `sqlite3.Connection`, called within a transaction: `memory.memories` wraps
them for one memory, a dream for many. `put` is the only way to change a memory. It appends the new
state to `memory_versions`, whose chain of hashes runs over digests, so that the text of a version
can be removed (`memory.redaction`) and the chain still verifies. For the same reason whoever
keeps a state elsewhere should name it by memory and version, and a `reason` quotes no text.

Two times are kept. When the store learned something is the `at` of a version (transaction time,
never earlier than that of the version before); when it holds in the world is `valid_from` up to
but without `valid_to` (valid time, None: open). Both are seconds since the epoch.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, TypeAlias

from memory import search_index
from memory.digest import sha256
from memory.errors import AlreadyRecorded, ChainBroken, InvalidRecord, NotFound
from memory.transcript import head, set_head

MemoryType: TypeAlias = Literal["user", "feedback", "project", "reference"]
Scope: TypeAlias = Literal["user", "project"]
Source: TypeAlias = Literal["user_stated", "tool_observed", "agent_inferred"]
Status: TypeAlias = Literal[
    "active", "quarantined", "superseded", "merged", "pruned", "forgotten", "redacted"
]
Author: TypeAlias = Literal["person", "agent", "dream", "import"]

_LOG = "memories"


@dataclass(frozen=True, slots=True)
class Memory:
    """One memory as it is, or was at some version.

    `project` is the directory a memory of scope `project` is about, None for scope `user`.
    `message` is the sequence number of the transcript row it was learned from, `quote` the words
    there, `verify` a way to see whether it still holds. `drift` names what disagrees with it
    (empty: nothing known), `evidence` what shows so. `superseded_by` is the id of the memory that
    took its place, by winning (status `superseded`) or by containing it (`merged`).
    """

    id: str
    text: str
    type: MemoryType = "project"
    scope: Scope = "user"
    project: str | None = None
    source: Source = "agent_inferred"
    session_id: str | None = None
    message: int | None = None
    quote: str = ""
    verify: str = ""
    confidence: float = 0.5
    confirmations: int = 0
    last_confirmed_at: float | None = None
    created_at: float = 0.0
    valid_from: float | None = None
    valid_to: float | None = None
    status: Status = "active"
    pinned: bool = False
    superseded_by: str | None = None
    drift: str = ""
    evidence: tuple[str, ...] = ()

    def valid_at(self, moment: float) -> bool:
        """Whether it holds in the world at a moment."""
        return (self.valid_from is None or self.valid_from <= moment) and (
            self.valid_to is None or moment < self.valid_to
        )


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a memory; `memory` is None when it was redacted."""

    memory_id: str
    version: int
    at: float
    by: Author
    reason: str
    memory: Memory | None
    digest: str


FIELDS = tuple(item.name for item in fields(Memory))
_COLUMNS = ", ".join(FIELDS)
_FIXED = frozenset({"id", "created_at"})
_REALS = frozenset({"confidence", "last_confirmed_at", "created_at", "valid_from", "valid_to"})

DAMAGED = "a damaged record"
"""The `drift` of a memory whose evidence cannot be read as the list that it should be."""


def new_id() -> str:
    """An id that no memory has, here or on another machine."""
    return f"m-{secrets.token_hex(6)}"


def insert(db: sqlite3.Connection, memory: Memory, at: float, by: Author, reason: str) -> Memory:
    """Store a new memory as its first version; `created_at` is `at` when it is 0.

    Raises:
        AlreadyRecorded: there is a memory with this id.
    """
    if find(db, memory.id) is not None:
        raise AlreadyRecorded(f"memory {memory.id}")
    memory = replace(memory, created_at=memory.created_at or at)
    marks = ", ".join("?" for _ in FIELDS)
    db.execute(
        f"INSERT INTO memories ({_COLUMNS}) VALUES ({marks})",  # noqa: S608
        [_stored(getattr(memory, name)) for name in FIELDS],
    )
    _append(db, memory, at, by, reason)
    search_index.changed(db, memory.id)
    return memory


def put(db: sqlite3.Connection, memory: Memory, at: float, by: Author, reason: str) -> bool:
    """Make `memory` the state of the memory with its id; False when it is that already.

    Raises:
        NotFound: there is no such memory.
        InvalidRecord: its birth differs, or it was redacted, which is for good.
    """
    before = get(db, memory.id)
    if before == memory:
        return False
    if before.status == "redacted":
        raise InvalidRecord(f"memory {memory.id} was redacted, which is for good")
    if before.created_at != memory.created_at:
        raise InvalidRecord("the birth of a memory never changes")
    changeable = [name for name in FIELDS if name not in _FIXED]
    db.execute(
        f"UPDATE memories SET {', '.join(f'{name} = ?' for name in changeable)} "  # noqa: S608
        "WHERE id = ?",
        [*(_stored(getattr(memory, name)) for name in changeable), memory.id],
    )
    _append(db, memory, at, by, reason)
    search_index.changed(db, memory.id)
    return True


def find(db: sqlite3.Connection, memory_id: str) -> Memory | None:
    """The memory with this id as it is now, or None."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM memories WHERE id = ?",  # noqa: S608
        (memory_id,),
    ).fetchone()
    return None if row is None else _memory(row)


def get(db: sqlite3.Connection, memory_id: str) -> Memory:
    """The memory with this id as it is now.

    Raises:
        NotFound: there is none.
    """
    found = find(db, memory_id)
    if found is None:
        raise NotFound(f"memory {memory_id}")
    return found


def by_number(db: sqlite3.Connection, number: int) -> Memory:
    """The memory that search knows by this number.

    Raises:
        NotFound: there is none.
    """
    row = db.execute(
        f"SELECT {_COLUMNS} FROM memories WHERE number = ?",  # noqa: S608
        (number,),
    ).fetchone()
    if row is None:
        raise NotFound(f"memory number {number}")
    return _memory(row)


def select(
    db: sqlite3.Connection,
    *,
    statuses: Iterable[Status] | None = None,
    session_id: str | None = None,
) -> list[Memory]:
    """Memories as they are now, in the order they came: all, of some statuses, of a session."""
    conditions, values = [], list[Any]()
    if statuses is not None:
        values = list(statuses)
        conditions.append(f"status IN ({', '.join('?' for _ in values)})")
    if session_id is not None:
        conditions.append("session_id = ?")
        values.append(session_id)
    where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
    found = db.execute(
        f"SELECT {_COLUMNS} FROM memories {where}ORDER BY number",  # noqa: S608
        values,
    )
    return [_memory(row) for row in found]


def history(db: sqlite3.Connection, memory_id: str) -> list[Version]:
    """Every version of a memory, oldest first.

    Raises:
        NotFound: there is no such memory.
    """
    get(db, memory_id)
    found = db.execute(
        "SELECT memory_id, version, at, by, reason, state, digest FROM memory_versions "
        "WHERE memory_id = ? ORDER BY version",
        (memory_id,),
    )
    return [_version(row) for row in found]


def last_version(db: sqlite3.Connection, memory_id: str) -> int:
    """The number of the version that a memory is at; versions count up from 1."""
    row = db.execute(
        "SELECT MAX(version) FROM memory_versions WHERE memory_id = ?", (memory_id,)
    ).fetchone()
    if row[0] is None:
        raise NotFound(f"memory {memory_id}")
    return int(row[0])


def restore(
    db: sqlite3.Connection, memory_id: str, version: int, at: float, by: Author, reason: str
) -> bool:
    """Bring a memory back, in every field, to what it was at a version; False when it is that.

    Raises:
        NotFound: there is no such version.
        InvalidRecord: the version was redacted.
    """
    row = db.execute(
        "SELECT memory_id, version, at, by, reason, state, digest FROM memory_versions "
        "WHERE memory_id = ? AND version = ?",
        (memory_id, version),
    ).fetchone()
    if row is None:
        raise NotFound(f"version {version} of memory {memory_id}")
    memory = _version(row).memory
    if memory is None:
        raise InvalidRecord(f"version {version} of memory {memory_id} was redacted")
    return put(db, memory, at, by, reason)


def as_of(db: sqlite3.Connection, known_at: float, valid_at: float | None = None) -> list[Memory]:
    """What the store knew at one moment: the memories as they were then, in the order they came.

    With `valid_at`, only active ones that, as far as was known then, hold at that moment.
    Redacted versions are left out.
    """
    found = db.execute(
        "SELECT memory_id, version, at, by, reason, state, digest FROM memory_versions AS known "
        "WHERE at <= ?1 AND version = (SELECT MAX(version) FROM memory_versions "
        "WHERE memory_id = known.memory_id AND at <= ?1) "
        "ORDER BY (SELECT number FROM memories WHERE id = known.memory_id)",
        (known_at,),
    )
    known = [memory for row in found if (memory := _version(row).memory) is not None]
    if valid_at is None:
        return known
    return [memory for memory in known if memory.status == "active" and memory.valid_at(valid_at)]


def state(memory: Memory) -> str:
    """A memory as the text that its versions keep: JSON, compact, fields in their order."""
    values = {name: getattr(memory, name) for name in FIELDS}
    # As they come back from the database, so that the text of a state is the same ever after.
    values |= {name: float(values[name]) for name in _REALS if values[name] is not None}
    try:
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        text.encode()
    except (TypeError, ValueError) as error:
        raise InvalidRecord(f"a memory's fields are text and numbers ({error})") from error
    return text


def state_digest(memory: Memory) -> str:
    """SHA-256 of a memory's state, hex: two memories of the same digest are the same."""
    return sha256(state(memory))


def verify(db: sqlite3.Connection) -> None:
    """Recompute every digest and the chain, and compare what is with the last versions.

    Raises:
        ChainBroken: at the first version that is not what was written.
    """
    log = "the versions of memories"
    chain, last = "", 0
    latest: dict[str, tuple[str, str | None]] = {}
    for seq, memory_id, version, at, by, reason, text, digest, stored in db.execute(
        "SELECT seq, memory_id, version, at, by, reason, state, digest, chain "
        "FROM memory_versions ORDER BY seq"
    ):
        last += 1
        if seq != last:
            raise ChainBroken(log, last, "it is missing")
        if text is not None and sha256(text) != digest:
            raise ChainBroken(log, seq, "its text differs from its digest")
        chain = _link(chain, seq, memory_id, version, at, by, reason, digest)
        if chain != stored:
            raise ChainBroken(log, seq, "it differs from the chain")
        latest[memory_id] = digest, text
    if head(db, _LOG) != (last, chain):
        raise ChainBroken(log, last + 1, "the end of the log is missing")
    for memory in select(db):
        digest, text = latest.get(memory.id, ("", None))
        # What is damaged reads as something else than was written, and so does its last version.
        if digest != state_digest(memory) and (text is None or _from_state(text) != memory):
            raise ChainBroken(log, last, f"memory {memory.id} is not at its last version")


def _append(db: sqlite3.Connection, memory: Memory, at: float, by: Author, reason: str) -> None:
    row = db.execute(
        "SELECT version, at FROM memory_versions WHERE memory_id = ? ORDER BY version DESC LIMIT 1",
        (memory.id,),
    ).fetchone()
    version, at = (1, at) if row is None else (row[0] + 1, max(at, row[1]))
    seq, chain = head(db, _LOG)
    seq += 1
    text = state(memory)
    digest = sha256(text)
    chain = _link(chain, seq, memory.id, version, at, by, reason, digest)
    db.execute(
        "INSERT INTO memory_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        (seq, memory.id, version, at, by, reason, text, digest, chain),
    )
    set_head(db, _LOG, seq, chain)


def _link(
    chain: str, seq: int, memory_id: str, version: int, at: float, by: str, reason: str, digest: str
) -> str:
    return sha256(json.dumps([chain, seq, memory_id, version, float(at), by, reason, digest]))


def _stored(value: Any) -> Any:
    if isinstance(value, tuple):
        return json.dumps(value, ensure_ascii=False)
    return int(value) if isinstance(value, bool) else value


def _memory(row: Iterable[Any]) -> Memory:
    values = dict(zip(FIELDS, row, strict=True))
    values["pinned"] = bool(values["pinned"])
    try:
        evidence = json.loads(values["evidence"])
    except (ValueError, RecursionError):
        evidence = values["evidence"]
    return _readable(values, evidence)


def _readable(values: dict[str, Any], evidence: Any) -> Memory:
    """A memory of stored values: one whose evidence is no list of texts must not hide all others.

    It keeps what stands there, is marked, and can be forgotten or redacted as any other.
    """
    if not isinstance(evidence, list) or not all(isinstance(one, str) for one in evidence):
        evidence = [evidence if isinstance(evidence, str) else json.dumps(evidence)]
        values["drift"] = values["drift"] or DAMAGED
    return Memory(**{**values, "evidence": tuple(evidence)})


def _from_state(text: str) -> Memory:
    values = json.loads(text)
    return _readable(values, values["evidence"])


def _version(row: tuple[Any, ...]) -> Version:
    memory_id, version, at, by, reason, text, digest = row
    if text is None:
        return Version(memory_id, version, at, by, reason, None, digest)
    return Version(memory_id, version, at, by, reason, _from_state(text), digest)
