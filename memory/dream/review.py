"""Dreams for a person who looks them over: each change before and after, and what was left open.

What the person decides about a proposal becomes a version of the memory that goes, whose reason
names the proposal; so it is one transaction, stands in the memory's history, and is taken back
there. That they want things as they are, is told by the caller, who keeps it in the journal.
Functions of an open `sqlite3.Connection`, called within a transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from memory import versions
from memory.digest import sha256
from memory.dream.consolidate import ProposalKind, joined
from memory.dream.dreams import Dream
from memory.dream.operations import Change, PlanOutdated, operations, read
from memory.errors import InvalidRecord, NotFound
from memory.memories import supersede
from memory.trust import may_supersede
from memory.versions import Memory


@dataclass(frozen=True, slots=True)
class Told:
    """A dream, how many operations it has, how many are undone, and how many pairs it left open."""

    dream: Dream
    operations: int
    undone: int
    proposals: int


@dataclass(frozen=True, slots=True)
class Part:
    """One change of one memory: as it was and as it became; None where the text was redacted."""

    change: Change
    before: Memory | None
    after: Memory | None
    other: Memory | None
    """The memory that takes its place, as it is now."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two memories of which the rules could not say what they are to each other.

    `gone` is the id of the one that the person had give way, or empty; `settled` says whether
    nothing is left to decide, by them or since one of the two is no longer active.
    """

    number: int
    kind: ProposalKind
    one: Memory
    other: Memory
    likeness: float
    gone: str
    settled: bool

    @property
    def key(self) -> str:
        """What a decision to leave both is about: these two texts, in whatever dream."""
        texts = sorted((self.one.id + "\n" + self.one.text, self.other.id + "\n" + self.other.text))
        return sha256("\n\n".join(texts))


def recent(db: sqlite3.Connection, count: int) -> list[Told]:
    """The dreams that began last, the latest first."""
    found = db.execute(
        "SELECT id, started_at, ended_at, outcome, summary, asked, "
        "(SELECT COUNT(DISTINCT operation) FROM dream_operations WHERE dream_id = id), "
        "(SELECT COUNT(DISTINCT operation) FROM dream_operations "
        "WHERE dream_id = id AND state = 'undone'), "
        "(SELECT COUNT(*) FROM dream_proposals WHERE dream_id = id) "
        "FROM dreams ORDER BY id DESC LIMIT ?",
        (count,),
    )
    return [Told(Dream(*row[:6]), *row[6:]) for row in found]


def numbers(db: sqlite3.Connection, dream_id: int) -> tuple[list[int], list[int]]:
    """The numbers of a dream's operations, and of the pairs that it left open."""
    done = db.execute(
        "SELECT DISTINCT operation FROM dream_operations WHERE dream_id = ? ORDER BY operation",
        (dream_id,),
    )
    left = db.execute(
        "SELECT number FROM dream_proposals WHERE dream_id = ? ORDER BY number", (dream_id,)
    )
    return [int(row[0]) for row in done], [int(row[0]) for row in left]


def applied(db: sqlite3.Connection, dream_id: int, wanted: Sequence[int]) -> dict[int, list[Part]]:
    """Operations of a dream that follow one another, with what each memory was and became."""
    if not wanted:
        return {}
    changes = read(db, dream_id, among=(min(wanted), max(wanted)))
    return {
        number: [_part(db, change) for change in parts]
        for number, parts in operations(changes).items()
    }


def imagined(db: sqlite3.Connection, changes: Sequence[Change]) -> dict[int, list[Part]]:
    """Changes that a dream would make now, with what each memory is and would be."""
    found: dict[int, list[Part]] = {}
    for change in changes:
        before = versions.get(db, change.memory_id)
        other = None if change.other_id is None else versions.get(db, change.other_id)
        after = before
        if change.kind == "quarantine":
            after = replace(before, status="quarantined")
        elif change.kind == "flag":
            after = replace(before, drift=change.drift, evidence=change.evidence)
        elif other is None:
            texts = [versions.get(db, member).text for member in change.appended]
            after = replace(before, text=joined(before.text, texts))
        else:
            status: versions.Status = "merged" if change.kind == "merge" else "superseded"
            after = replace(before, status=status, superseded_by=other.id)
        found.setdefault(change.operation, []).append(Part(change, before, after, other))
    return found


def pairs(db: sqlite3.Connection, dream_id: int, wanted: Sequence[int]) -> list[Pair]:
    """Some of the pairs that a dream left open."""
    found = []
    for number in wanted:
        row = db.execute(
            "SELECT kind, one, other, likeness FROM dream_proposals "
            "WHERE dream_id = ? AND number = ?",
            (dream_id, number),
        ).fetchone()
        if row is None:
            raise NotFound(f"proposal {number} of dream {dream_id}")
        pair = left_open(db, number, row[0], (row[1], row[2]), row[3])
        reason = _reason(dream_id, number)
        gone = [one.id for one in (pair.one, pair.other) if _last(db, one.id).reason == reason]
        found.append(replace(pair, gone=gone[0], settled=True) if gone else pair)
    return found


def left_open(
    db: sqlite3.Connection, number: int, kind: ProposalKind, ids: tuple[str, str], likeness: float
) -> Pair:
    """A pair that a dream leaves open, with the two memories as they are."""
    one, other = versions.get(db, ids[0]), versions.get(db, ids[1])
    settled = {one.status, other.status} != {"active"}
    return Pair(number, kind, one, other, likeness, "", settled)


def settle(db: sqlite3.Connection, dream_id: int, number: int, stays: str, at: float) -> Pair:
    """Have one memory of a pair take the place of the other, since the person says so.

    Where the one that stays is believed less than the other, it is theirs from then on: nothing
    but their word supersedes what they stated.

    Raises:
        NotFound: there is no such proposal, or the memory is not in it.
        InvalidRecord: one of the two is no longer active.
    """
    (pair,) = pairs(db, dream_id, [number])
    if stays not in (pair.one.id, pair.other.id):
        raise NotFound(f"memory {stays} in proposal {number} of dream {dream_id}")
    if pair.settled:
        raise InvalidRecord("this pair is settled already: look at it again")
    winner, loser = (pair.one, pair.other) if stays == pair.one.id else (pair.other, pair.one)
    if not may_supersede(winner.source, loser.source):
        vouched = replace(winner, source="user_stated", confidence=loser.confidence)
        versions.put(db, vouched, at, "person", f"chosen over {loser.id}")
    reason = _reason(dream_id, number)
    if pair.kind == "merge":
        gone = replace(loser, status="merged", superseded_by=winner.id)
        versions.put(db, gone, at, "person", reason)
    else:
        supersede(db, loser.id, winner.id, at, "person", reason)
    return pairs(db, dream_id, [number])[0]


def reopen(db: sqlite3.Connection, dream_id: int, number: int, at: float) -> Pair:
    """Bring back the memory that the person had give way to the other one of a pair.

    Raises:
        NotFound: there is no such proposal.
        PlanOutdated: the memory was changed since.
    """
    (pair,) = pairs(db, dream_id, [number])
    if not pair.gone:
        raise PlanOutdated("what you decided here was changed since: bring it back by its history")
    last = _last(db, pair.gone)
    reason = f"proposal {number} of dream {dream_id} undone"
    versions.restore(db, pair.gone, last.version - 1, at, "person", reason)
    return pairs(db, dream_id, [number])[0]


def _reason(dream_id: int, number: int) -> str:
    return f"dream {dream_id}: proposal {number} accepted"


def _last(db: sqlite3.Connection, memory_id: str) -> versions.Version:
    return versions.history(db, memory_id)[-1]


def _part(db: sqlite3.Connection, change: Change) -> Part:
    known = {one.version: one.memory for one in versions.history(db, change.memory_id)}
    before = known.get(change.before_version)
    after = known.get(change.after_version or 0)
    if change.after_version is None and before is not None:
        # Never applied: what it would have become is told by the change alone.
        after = before
    other = None if change.other_id is None else versions.get(db, change.other_id)
    return Part(change, before, after, other)
