"""A dream's plan in the store: journalled, applied as one transaction, undone to the byte.

A plan is written down before anything changes, without what concerns a memory that has changed
since the dream looked at it. Applying it is one transaction in which every memory of the plan must
still be what it was, by its last version and the digest of its state; so at whatever instant a
process ends, the store is the old or the new one, and a plan that was written down can
still be applied or left. Undoing brings each memory back to the version before, if nobody has
changed it since. Functions of an open `sqlite3.Connection`, called within a transaction.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from memory import versions
from memory.dream.consolidate import joined
from memory.dream.prune import Plan
from memory.errors import NotFound, StorageError
from memory.trust import may_supersede

Kind: TypeAlias = Literal["merge", "supersede", "flag", "quarantine"]
State: TypeAlias = Literal["planned", "applied", "undone"]


class PlanOutdated(StorageError):
    """A memory is not what it was when the plan was made, or when it was applied."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one memory, a part of an operation.

    `other_id` is the memory that takes its place, or none: then it is the one that stays.
    `appended` are the ids of the memories whose texts are added to its own.
    """

    operation: int
    kind: Kind
    memory_id: str
    other_id: str | None = None
    appended: tuple[str, ...] = ()
    drift: str = ""
    evidence: tuple[str, ...] = ()
    reason: str = ""
    state: State = "planned"
    before_version: int = 0
    before_digest: str = ""
    after_version: int | None = None

    @property
    def members(self) -> tuple[str, ...]:
        """Every memory that it rests on."""
        others = () if self.other_id is None else (self.other_id,)
        return (self.memory_id, *others, *self.appended)


def changes_of(plan: Plan) -> list[Change]:
    """The changes of a plan in the order in which they are made, numbered by operation."""
    found: list[Change] = []
    number = 0
    for lost in plan.supersessions:
        number += 1
        found.append(Change(number, "supersede", lost.loser, lost.winner, reason=lost.rule))
    for merge in plan.merges:
        number += 1
        if merge.appended:
            found.append(
                Change(number, "merge", merge.into, appended=merge.appended, reason=merge.why)
            )
        found += [
            Change(number, "merge", gone, merge.into, reason=merge.why) for gone in merge.gone
        ]
    for drift in plan.drifts:
        number += 1
        found.append(Change(number, "flag", drift.id, drift=drift.kind, evidence=drift.evidence))
    for held in plan.quarantined:
        number += 1
        found.append(Change(number, "quarantine", held.id, reason=held.reason))
    return found


def write_down(db: sqlite3.Connection, dream_id: int, plan: Plan, watermark: int) -> int:
    """Journal a plan, without a word of the memories; returns how many operations it has.

    Args:
        db: within a transaction.
        dream_id: whose plan.
        plan: without what concerns memories that have changed; see `changed_since`.
        watermark: the last version in the store that the dream saw.

    Raises:
        NotFound: a memory of the plan is not in the store.
    """
    db.execute("UPDATE dreams SET watermark = ? WHERE id = ?", (watermark, dream_id))
    changes = changes_of(plan)
    for part, change in enumerate(changes):
        memory = versions.get(db, change.memory_id)
        db.execute(
            "INSERT INTO dream_operations "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'planned', NULL)",
            (
                dream_id,
                change.operation,
                part,
                change.kind,
                change.memory_id,
                change.other_id,
                versions.last_version(db, change.memory_id),
                versions.state_digest(memory),
                json.dumps(change.appended),
                change.drift,
                json.dumps(change.evidence),
                change.reason,
            ),
        )
    for number, proposal in enumerate(plan.proposals, 1):
        db.execute(
            "INSERT INTO dream_proposals VALUES (?, ?, ?, ?, ?, ?)",
            (dream_id, number, proposal.kind, *proposal.ids, proposal.likeness),
        )
    return len({change.operation for change in changes})


def apply(db: sqlite3.Connection, dream_id: int, at: float) -> int:
    """Make the changes of a plan that are still planned; returns how many operations they were.

    Raises:
        PlanOutdated: a memory has changed since the plan was made; nothing is changed then, if
            the caller's transaction is rolled back.
    """
    planned = [change for change in read(db, dream_id) if change.state == "planned"]
    (watermark,) = db.execute("SELECT watermark FROM dreams WHERE id = ?", (dream_id,)).fetchone()
    texts: dict[str, str] = {}
    members = {member for change in planned for member in change.members}
    if late := changed_since(db, members, watermark):
        raise PlanOutdated(f"memory {min(late)} has changed since the dream was planned")
    for change in planned:
        for member in (change.memory_id, *change.appended):
            texts[member] = versions.get(db, member).text
        if _digest(db, change.memory_id) != change.before_digest:
            raise PlanOutdated(f"memory {change.memory_id} has changed since the dream was planned")
    for change in planned:
        memory = _changed(db, change, texts, at)
        versions.put(db, memory, at, "dream", f"dream {dream_id}: {change.kind}")
        if change.kind == "flag":
            _count_contradicted(db, change.memory_id, 1)
        db.execute(
            "UPDATE dream_operations SET state = 'applied', after_version = ? "
            "WHERE dream_id = ? AND operation = ? AND memory_id = ?",
            (
                versions.last_version(db, change.memory_id),
                dream_id,
                change.operation,
                change.memory_id,
            ),
        )
    return len({change.operation for change in planned})


def changed_since(
    db: sqlite3.Connection, memory_ids: Iterable[str], watermark: int
) -> frozenset[str]:
    """Those of some memories that have a version later than one in the store."""
    return frozenset(
        member
        for member in memory_ids
        if db.execute(
            "SELECT 1 FROM memory_versions WHERE memory_id = ? AND seq > ?", (member, watermark)
        ).fetchone()
    )


def undo(db: sqlite3.Connection, dream_id: int, at: float, operation: int | None = None) -> int:
    """Bring back what a dream changed, all or one operation; returns how many were undone.

    Raises:
        NotFound: the dream has no such operation that was applied.
        PlanOutdated: a memory was changed after the dream; nothing is undone then, if the
            caller's transaction is rolled back.
    """
    applied = [
        change
        for change in read(db, dream_id)
        if change.state == "applied" and operation in (None, change.operation)
    ]
    if operation is not None and not applied:
        raise NotFound(f"operation {operation} of dream {dream_id}")
    for change in reversed(applied):
        if versions.last_version(db, change.memory_id) != change.after_version:
            raise PlanOutdated(
                f"memory {change.memory_id} was changed after dream {dream_id}: "
                "bring it back by its own history"
            )
        reason = f"dream {dream_id} undone"
        versions.restore(db, change.memory_id, change.before_version, at, "person", reason)
        if change.kind == "flag":
            _count_contradicted(db, change.memory_id, -1)
        db.execute(
            "UPDATE dream_operations SET state = 'undone' "
            "WHERE dream_id = ? AND operation = ? AND memory_id = ?",
            (dream_id, change.operation, change.memory_id),
        )
    return len({change.operation for change in applied})


def _count_contradicted(db: sqlite3.Connection, memory_id: str, by: int) -> None:
    """Count that evidence speaks against a memory, or take that back without a trace."""
    db.execute(
        "INSERT INTO memory_usage (memory_id, contradicted) VALUES (?1, MAX(0, ?2)) "
        "ON CONFLICT (memory_id) DO UPDATE SET contradicted = MAX(0, contradicted + ?2)",
        (memory_id, by),
    )
    db.execute(
        "DELETE FROM memory_usage WHERE memory_id = ? AND last_used_at IS NULL "
        "AND recalled + cited + confirmed + contradicted = 0",
        (memory_id,),
    )


def read(
    db: sqlite3.Connection, dream_id: int, *, among: tuple[int, int] | None = None
) -> list[Change]:
    """The changes of a dream, in the order in which they are made.

    With `among` only those of the operations from the first to the second number.
    """
    first, last = among or (0, sys.maxsize)
    rows = db.execute(
        "SELECT operation, kind, memory_id, other_id, appended, drift, evidence, reason, state, "
        "before_version, before_digest, after_version FROM dream_operations "
        "WHERE dream_id = ? AND operation BETWEEN ? AND ? ORDER BY operation, part",
        (dream_id, first, last),
    )
    return [
        Change(
            operation,
            kind,
            memory_id,
            other_id,
            tuple(json.loads(appended)),
            drift,
            tuple(json.loads(evidence)),
            *rest,
        )
        for operation, kind, memory_id, other_id, appended, drift, evidence, *rest in rows
    ]


def _digest(db: sqlite3.Connection, memory_id: str) -> str:
    return versions.state_digest(versions.get(db, memory_id))


def _changed(
    db: sqlite3.Connection, change: Change, texts: dict[str, str], at: float
) -> versions.Memory:
    memory = versions.get(db, change.memory_id)
    if change.kind == "quarantine":
        return replace(memory, status="quarantined")
    if change.kind == "flag":
        return replace(memory, drift=change.drift, evidence=change.evidence)
    if change.other_id is None:
        others: Iterable[str] = (texts[member] for member in change.appended)
        return replace(memory, text=joined(memory.text, others))
    other = versions.get(db, change.other_id)
    if change.kind == "merge":
        return replace(memory, status="merged", superseded_by=other.id)
    if not may_supersede(other.source, memory.source):
        raise PlanOutdated(f"{other.source} never supersedes {memory.source}")
    since = other.created_at if other.valid_from is None else other.valid_from
    ends = since if memory.valid_to is None else min(since, memory.valid_to)
    if memory.valid_from is not None:
        ends = max(ends, memory.valid_from)
    return replace(memory, status="superseded", superseded_by=other.id, valid_to=ends)


def operations(changes: Sequence[Change]) -> dict[int, list[Change]]:
    """Changes by the operation that they belong to."""
    found: dict[int, list[Change]] = {}
    for change in changes:
        found.setdefault(change.operation, []).append(change)
    return found
