"""One session's transcript: exact rows, appended, hashed, never edited.

Functions of an open `sqlite3.Connection`; `memory.sessions` wraps each in a transaction. A row's
`payload` is the text the caller gave, to the byte. Beside it stand the digest of exactly that
text, the digest without cache marks, the rolling prefix over the latter (what a prompt cache and
a resume care about) and a chain over everything in the row.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from memory.digest import canonical_sha256, first_prefix, next_prefix, sha256
from memory.errors import ChainBroken, InvalidRecord, NotFound

ROLES = ("user", "assistant", "system", "event")
"""Who a row is from; `event` is ours and never part of a request."""

_COLUMNS = (
    "seq, role, at, user_turn, payload, exact_sha256, digest, prefix_sha256, chain, tombstoned_at"
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """Bytes that belong to a row, stored once however often they are attached."""

    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class AttachmentReference:
    """What a row knows of an attachment; `sha256` is the digest of its bytes."""

    sha256: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `payload` is empty when `tombstoned`, while its digests stay."""

    session_id: str
    seq: int
    role: str
    payload: str
    at: float
    digest: str
    """Of the canonical form of the text, which the prefix is rolled over."""
    prefix_sha256: str
    tombstoned: bool = False
    attachments: tuple[AttachmentReference, ...] = ()


def append(
    db: sqlite3.Connection,
    session_id: str,
    role: str,
    payload: str,
    at: float,
    attachments: Sequence[Attachment] = (),
) -> Row:
    """Add a row at the end; sequence numbers of a session count up from 1."""
    if role not in ROLES:
        raise InvalidRecord(f"role must be one of {', '.join(ROLES)}, not {role!r}")
    seq, prefix, chain = _end(db, session_id)
    seq += 1
    references = tuple(_keep(db, attachment) for attachment in attachments)
    exact = sha256(payload)
    digest = canonical_sha256(payload)
    prefix = next_prefix(prefix, role, digest)
    turn = is_user_turn(role, payload)
    chain = _link(chain, seq, role, at, turn, exact, digest, references)
    db.execute(
        f"INSERT INTO transcript (session_id, {_COLUMNS}) "  # noqa: S608
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        (session_id, seq, role, at, turn, payload, exact, digest, prefix, chain),
    )
    for position, reference in enumerate(references):
        db.execute(
            "INSERT INTO transcript_attachments VALUES (?, ?, ?, ?, ?)",
            (session_id, seq, position, reference.sha256, reference.media_type),
        )
    set_head(db, _log(session_id), seq, chain)
    return Row(session_id, seq, role, payload, at, digest, prefix, attachments=references)


def copy(db: sqlite3.Connection, origin: str, session_id: str, last: int) -> None:
    """Begin an empty transcript with the rows 1 to `last` of another one, exactly as they are.

    Every digest stays what it was, since none knows whose row it is; what was forgotten there is
    forgotten here.

    Raises:
        NotFound: the other one has fewer rows.
    """
    if last == 0:
        return
    found = db.execute(
        "SELECT chain FROM transcript WHERE session_id = ? AND seq = ?", (origin, last)
    ).fetchone()
    if found is None:
        raise NotFound(f"row {last} of session {origin}")
    db.execute(
        f"INSERT INTO transcript (session_id, {_COLUMNS}) SELECT ?, {_COLUMNS} "  # noqa: S608
        "FROM transcript WHERE session_id = ? AND seq <= ? ORDER BY seq",
        (session_id, origin, last),
    )
    db.execute(
        "INSERT INTO transcript_attachments "
        "SELECT ?, seq, position, sha256, media_type FROM transcript_attachments "
        "WHERE session_id = ? AND seq <= ?",
        (session_id, origin, last),
    )
    set_head(db, _log(session_id), last, str(found[0]))


def rows(db: sqlite3.Connection, session_id: str, after: int = 0) -> list[Row]:
    """The rows with a sequence number above `after`, in order."""
    references = _references(db, session_id, after)
    found = db.execute(
        f"SELECT {_COLUMNS} FROM transcript "  # noqa: S608
        "WHERE session_id = ? AND seq > ? ORDER BY seq",
        (session_id, after),
    )
    return [
        Row(
            session_id,
            seq,
            role,
            "" if payload is None else payload,
            at,
            digest,
            prefix,
            tombstoned is not None,
            references.get(seq, ()),
        )
        for seq, role, at, _, payload, _, digest, prefix, _, tombstoned in found
    ]


def verify(db: sqlite3.Connection, session_id: str) -> None:
    """Recompute every digest, the prefix and the chain.

    Raises:
        ChainBroken: at the first row that is not what was written.
    """
    log = f"the transcript of session {session_id}"
    prefix = _birth_prefix(db, session_id)
    chain = ""
    last = 0
    references = _references(db, session_id, 0)
    for seq, role, at, turn, payload, exact, digest, stored_prefix, stored_chain, _ in db.execute(
        f"SELECT {_COLUMNS} FROM transcript WHERE session_id = ? ORDER BY seq",  # noqa: S608
        (session_id,),
    ):
        last += 1
        if seq != last:
            raise ChainBroken(log, last, "it is missing")
        if payload is not None and (sha256(payload), canonical_sha256(payload)) != (exact, digest):
            raise ChainBroken(log, seq, "its text differs from its digest")
        prefix = next_prefix(prefix, role, digest)
        if prefix != stored_prefix:
            raise ChainBroken(log, seq, "the prefix before it differs")
        chain = _link(chain, seq, role, at, turn, exact, digest, references.get(seq, ()))
        if chain != stored_chain:
            raise ChainBroken(log, seq, "it differs from the chain")
    if head(db, _log(session_id)) != (last, chain):
        raise ChainBroken(log, last + 1, "the end of the log is missing")
    _verify_attachments(db, session_id, log)


def tombstone(db: sqlite3.Connection, session_id: str, seq: int, at: float) -> None:
    """Remove a row's text, and attachments that no other row needs; digests stay."""
    changed = db.execute(
        "UPDATE transcript SET payload = NULL, tombstoned_at = ? "
        "WHERE session_id = ? AND seq = ? AND payload IS NOT NULL",
        (at, session_id, seq),
    ).rowcount
    if not changed:
        present = db.execute(
            "SELECT 1 FROM transcript WHERE session_id = ? AND seq = ?", (session_id, seq)
        ).fetchone()
        if present is None:
            raise NotFound(f"row {seq} of session {session_id}")
        return
    db.execute(
        "UPDATE attachments SET content = NULL WHERE sha256 IN "
        "(SELECT sha256 FROM transcript_attachments WHERE session_id = ? AND seq = ?) "
        "AND NOT EXISTS (SELECT 1 FROM transcript_attachments AS other "
        "JOIN transcript USING (session_id, seq) "
        "WHERE other.sha256 = attachments.sha256 AND transcript.payload IS NOT NULL)",
        (session_id, seq),
    )


def attachment(db: sqlite3.Connection, digest: str) -> bytes:
    """The bytes with this digest."""
    found = db.execute("SELECT content FROM attachments WHERE sha256 = ?", (digest,)).fetchone()
    if found is None or found[0] is None:
        raise NotFound(f"attachment {digest}")
    return bytes(found[0])


def is_user_turn(role: str, payload: str) -> bool:
    """Whether a row is something a user said, not merely the results of tools."""
    if role != "user":
        return False
    try:
        message: Any = json.loads(payload)
    except (ValueError, RecursionError):
        return True
    content = message.get("content") if isinstance(message, dict) else message
    if not isinstance(content, list):
        return True
    return any(
        not (isinstance(block, dict) and block.get("type") == "tool_result") for block in content
    )


def head(db: sqlite3.Connection, log: str) -> tuple[int, str]:
    """Where a log ends: its last sequence number and chain value; (0, "") when it is empty."""
    found = db.execute("SELECT seq, chain FROM heads WHERE log = ?", (log,)).fetchone()
    return (0, "") if found is None else (int(found[0]), str(found[1]))


def set_head(db: sqlite3.Connection, log: str, seq: int, chain: str) -> None:
    """Record where a log ends."""
    db.execute(
        "INSERT INTO heads VALUES (?, ?, ?) "
        "ON CONFLICT (log) DO UPDATE SET seq = excluded.seq, chain = excluded.chain",
        (log, seq, chain),
    )


def _log(session_id: str) -> str:
    return f"transcript {session_id}"


def _end(db: sqlite3.Connection, session_id: str) -> tuple[int, str, str]:
    last = db.execute(
        "SELECT seq, prefix_sha256, chain FROM transcript "
        "WHERE session_id = ? ORDER BY seq DESC LIMIT 1",
        (session_id,),
    ).fetchone()
    if last is not None:
        return int(last[0]), str(last[1]), str(last[2])
    return 0, _birth_prefix(db, session_id), ""


def _birth_prefix(db: sqlite3.Connection, session_id: str) -> str:
    session = db.execute(
        "SELECT system_json, tools_json FROM sessions WHERE id = ?", (session_id,)
    ).fetchone()
    if session is None:
        raise NotFound(f"session {session_id}")
    return first_prefix(str(session[0]), str(session[1]))


def _link(
    chain: str,
    seq: int,
    role: str,
    at: float,
    turn: bool,
    exact: str,
    digest: str,
    references: Sequence[AttachmentReference],
) -> str:
    attached = [[reference.sha256, reference.media_type] for reference in references]
    return sha256(json.dumps([chain, seq, role, float(at), int(turn), exact, digest, attached]))


def _keep(db: sqlite3.Connection, item: Attachment) -> AttachmentReference:
    digest = hashlib.sha256(item.content).hexdigest()
    db.execute(
        "INSERT INTO attachments VALUES (?, ?, ?) ON CONFLICT (sha256) "
        "DO UPDATE SET content = excluded.content WHERE attachments.content IS NULL",
        (digest, len(item.content), item.content),
    )
    return AttachmentReference(digest, item.media_type)


def _references(
    db: sqlite3.Connection, session_id: str, after: int
) -> dict[int, tuple[AttachmentReference, ...]]:
    found: dict[int, tuple[AttachmentReference, ...]] = {}
    for seq, digest, media_type in db.execute(
        "SELECT seq, sha256, media_type FROM transcript_attachments "
        "WHERE session_id = ? AND seq > ? ORDER BY seq, position",
        (session_id, after),
    ):
        found[seq] = (*found.get(seq, ()), AttachmentReference(digest, media_type))
    return found


def _verify_attachments(db: sqlite3.Connection, session_id: str, log: str) -> None:
    for seq, digest, content, tombstoned in db.execute(
        "SELECT seq, sha256, content, tombstoned_at FROM transcript_attachments "
        "JOIN attachments USING (sha256) JOIN transcript USING (session_id, seq) "
        "WHERE session_id = ? ORDER BY seq, position",
        (session_id,),
    ):
        if content is None and tombstoned is None:
            raise ChainBroken(log, seq, "its attachment is missing")
        if content is not None and hashlib.sha256(content).hexdigest() != digest:
            raise ChainBroken(log, seq, "its attachment differs from its digest")
