"""Dreams over the memories of a database: plan, apply, undo, and take up what was interrupted.

The plan is made on a copy of the memories while nothing is locked, and a model may be asked in the
middle of it; it is written down in one transaction, without what concerns memories that were
changed meanwhile, and applied in another. A dream that was interrupted in between is taken up by
`resume`: a plan that still fits is applied, one that does not is left. What the person undid is
not done again, and a flag that is there already is no change.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import PurePath
from typing import TypeAlias

from memory import versions
from memory.database import Database
from memory.dream import judging, operations
from memory.dream.consolidate import Merge, Supersession
from memory.dream.dreaming import Considered, Phase, consider
from memory.dream.drift import Drift
from memory.dream.judging import Choice, Judge, Pair, Question
from memory.dream.lease import lease
from memory.dream.orient import Evidence, Memory
from memory.dream.prune import Plan, Quarantined
from memory.dream.quarantine import Secrets
from memory.errors import NotFound

Progress: TypeAlias = Callable[[Phase, float], None]
World: TypeAlias = Callable[[Sequence[versions.Memory]], Awaitable[Evidence]]
"""Finds out what is known of the world that some memories speak of."""

WHOLE = 2_000
"""Active memories up to which a dream looks at all of them, about a second's work, so that old ones
are held against the world of today; of more, it looks at the new ones and their neighbours."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan that is written down."""

    dream_id: int
    plan: Plan
    operations: int


@dataclass(frozen=True, slots=True)
class _Seen:
    """The store as a dream sees it."""

    memories: Sequence[versions.Memory]
    new: frozenset[str] | None
    """Those to look at; None: all."""
    latest: Mapping[str, int]
    """The last version of each memory, by its number in the store."""

    @property
    def watermark(self) -> int:
        """The last version in the store."""
        return max(self.latest.values(), default=0)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What a judge was asked and chose."""

    told: str = ""
    choices: Mapping[Pair, Choice] = field(default_factory=dict)


class DreamStore:
    """The dreams of one database, in whatever process.

    Args:
        database: whose memories.
        clock: seconds since the epoch.
        secrets: the recogniser of secrets.
        judge: is asked about what the rules leave open; without one it is left for the person.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float],
        secrets: Secrets | None = None,
        judge: Judge | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._secrets = secrets
        self._judge = judge

    async def plan(
        self, evidence: Evidence, *, whole: bool = True, progress: Progress = lambda _p, _s: None
    ) -> Planned:
        """Plan a dream and write the plan down; no memory changes.

        Args:
            evidence: what is known of the world.
            whole: look at all memories, or at those that the last applied dream has not seen.
            progress: is told of each phase, from another thread.

        Raises:
            AlreadyDreaming: another process dreams.
        """

        async def known(_: Sequence[versions.Memory]) -> Evidence:
            return evidence

        with lease(self._database.path):
            return await self._plan(known, whole, progress)

    async def preview(self, world: World) -> Plan:
        """What `run` would do now without a judge.

        Nothing is written down and no lease is needed.
        """
        seen = await self._database.read(lambda db: _snapshot(db, None))
        considered = await self._consider(seen, await world(seen.memories), lambda _p, _s: None)
        considered, _ = await self._open(considered, seen)
        plan = considered.plan()
        return await self._database.read(lambda db: _unsettled(db, plan))

    async def run(
        self,
        world: World,
        *,
        wanted: Callable[[], Awaitable[bool]] | None = None,
        progress: Progress = lambda _p, _s: None,
    ) -> Planned | None:
        """Take up what was interrupted, then plan and apply a dream, all under one lease.

        Args:
            world: is asked once the lease is held.
            wanted: is asked then as well; None is returned when a dream is not wanted any more.
            progress: is told of each phase, from another thread. What it raises ends the dream.

        Raises:
            AlreadyDreaming: another process dreams.
            PlanOutdated: a memory was changed meanwhile; nothing was changed.
        """
        with lease(self._database.path):
            await self._resume()
            if wanted is not None and not await wanted():
                return None
            planned = await self._plan(world, None, progress)
            try:
                await self._apply(planned.dream_id)
            except operations.PlanOutdated as error:
                await self._database.dreams.ended(planned.dream_id, "interrupted", str(error))
                raise
            return planned

    async def apply(self, dream_id: int) -> int:
        """Make the changes of a plan in one transaction; returns how many operations they are.

        Raises:
            NotFound: there is no such dream, or it has ended.
            PlanOutdated: a memory has changed since; nothing was changed.
            AlreadyDreaming: another process dreams.
        """
        with lease(self._database.path):
            return await self._apply(dream_id)

    async def undo(self, dream_id: int, operation: int | None = None) -> int:
        """Bring back what a dream changed, all of it or one operation, as one transaction.

        Raises:
            NotFound: there is nothing of the kind to undo.
            PlanOutdated: a memory was changed after the dream; nothing was undone.
        """
        at = self._clock()
        return await self._database.dreams.write(
            lambda db: operations.undo(db, dream_id, at, operation)
        )

    async def changes(self, dream_id: int) -> list[operations.Change]:
        """The changes of a dream, planned, applied or undone."""
        return await self._database.read(lambda db: operations.read(db, dream_id))

    async def resume(self) -> list[int]:
        """Take up dreams that a process left when it ended; returns those that were applied.

        Raises:
            AlreadyDreaming: another process dreams, so nothing was left behind yet.
        """
        with lease(self._database.path):
            return await self._resume()

    async def _resume(self) -> list[int]:
        applied = []
        for dream_id in await self._database.read(_unfinished):
            try:
                if not await self.changes(dream_id):
                    raise operations.PlanOutdated("nothing was planned yet")
                await self._apply(dream_id)
            except operations.PlanOutdated as error:
                await self._database.dreams.ended(dream_id, "interrupted", str(error))
            else:
                applied.append(dream_id)
        return applied

    async def _plan(self, world: World, whole: bool | None, progress: Progress) -> Planned:
        begun = await self._database.dreams.started()
        try:
            seen = await self._database.read(lambda db: _snapshot(db, whole))
            considered = await self._consider(seen, await world(seen.memories), progress)
            considered, chosen = await self._ask(begun.id, considered, seen)
            progress("prune", 1.0)
            plan = await asyncio.to_thread(considered.plan)
            plan, count = await self._database.dreams.write(
                lambda db: _write_down(db, begun.id, plan, seen, chosen)
            )
        except asyncio.CancelledError:
            await self._database.dreams.ended(begun.id, "interrupted", "it was interrupted")
            raise
        except BaseException:
            await self._database.dreams.ended(begun.id, "failed", "the plan was not finished")
            raise
        return Planned(begun.id, plan, count)

    async def _consider(self, seen: _Seen, evidence: Evidence, progress: Progress) -> Considered:
        return await asyncio.to_thread(
            lambda: consider(
                [as_seen(memory) for memory in seen.memories],
                evidence,
                new=seen.new,
                secrets=self._secrets,
                progress=progress,
            )
        )

    async def _ask(
        self, dream_id: int, considered: Considered, seen: _Seen
    ) -> tuple[Considered, _Chosen]:
        """Have a judge choose what the rules leave open; nothing is locked meanwhile."""
        considered, questions = await self._open(considered, seen)
        if self._judge is None or not questions:
            return considered, _Chosen()
        judged = await self._judge.judge(dream_id, questions)
        decisions, choices = judging.settled(considered.decisions, questions, judged.choices)
        return replace(considered, decisions=decisions), _Chosen(judged.told, choices)

    async def _open(
        self, considered: Considered, seen: _Seen
    ) -> tuple[Considered, Sequence[Question]]:
        """What is left open and was not settled before, and what of it a judge may decide."""
        open_pairs = [proposal.ids for proposal in considered.decisions.proposals]
        kept, persons = await self._database.read(
            lambda db: (_kept(db, open_pairs, seen.latest), _persons(db, open_pairs))
        )
        proposals = judging.without(considered.decisions.proposals, kept)
        considered = replace(
            considered, decisions=replace(considered.decisions, proposals=proposals)
        )
        if self._judge is None:
            return considered, ()
        return considered, await asyncio.to_thread(
            judging.questions, considered.memories, considered.decisions, persons
        )

    async def _apply(self, dream_id: int) -> int:
        at = self._clock()
        return await self._database.dreams.write(lambda db: _apply(db, dream_id, at))


def _snapshot(db: sqlite3.Connection, whole: bool | None) -> _Seen:
    latest = dict(db.execute("SELECT memory_id, MAX(seq) FROM memory_versions GROUP BY memory_id"))
    live = versions.select(db, statuses=("active",))
    since = db.execute("SELECT MAX(watermark) FROM dreams WHERE outcome = 'done'").fetchone()[0]
    new = None
    if not (len(live) <= WHOLE if whole is None else whole):
        new = frozenset(memory.id for memory in live if latest[memory.id] > int(since or 0))
    return _Seen(live, new, latest)


def _kept(
    db: sqlite3.Connection, pairs: Sequence[Pair], latest: Mapping[str, int]
) -> frozenset[Pair]:
    """Those of some pairs that a judge chose to keep, and that are as they were then."""
    return frozenset(
        (one, other)
        for one, other in pairs
        if db.execute(
            "SELECT 1 FROM dream_judgements JOIN dreams ON id = dream_id "
            "WHERE one = ? AND other = ? AND one_seq = ? AND other_seq = ? "
            "AND dream_judgements.outcome = 'keep_both' AND dreams.outcome = 'done'",
            (one, other, latest[one], latest[other]),
        ).fetchone()
    )


def _persons(db: sqlite3.Connection, pairs: Sequence[Pair]) -> frozenset[Pair]:
    """Those of some pairs in one of which the person took back what became of it."""
    members = {member for pair in pairs for member in pair}
    back = {member for member in members if _brought_back(db, member)}
    return frozenset(pair for pair in pairs if back.intersection(pair))


def as_seen(memory: versions.Memory) -> Memory:
    """A memory of the store as a dream sees it; the first time it was learned counts as one."""
    project = memory.project
    return Memory(
        id=memory.id,
        text=memory.text,
        scope=memory.scope,
        project=project,
        source=memory.source,
        created_at=memory.created_at,
        confirmations=memory.confirmations + 1,
        last_confirmed_at=memory.last_confirmed_at or memory.created_at,
        type=memory.type,
        pinned=memory.pinned,
        name=PurePath(project).name if project else "",
    )


def _write_down(
    db: sqlite3.Connection, dream_id: int, plan: Plan, seen: _Seen, chosen: _Chosen
) -> tuple[Plan, int]:
    plan = _unchanged(db, _unsettled(db, plan), seen.watermark)
    db.execute("UPDATE dreams SET asked = ? WHERE id = ?", (chosen.told, dream_id))
    for (one, other), choice in chosen.choices.items():
        db.execute(
            "INSERT INTO dream_judgements VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                dream_id,
                one,
                other,
                seen.latest[one],
                seen.latest[other],
                choice.outcome,
                choice.id or None,
            ),
        )
    return plan, operations.write_down(db, dream_id, plan, seen.watermark)


def _unchanged(db: sqlite3.Connection, plan: Plan, watermark: int) -> Plan:
    """A plan without what concerns memories that were changed while it was made.

    They are new to the next dream.
    """
    members = {member for change in operations.changes_of(plan) for member in change.members}
    late = operations.changed_since(db, members, watermark)
    if not late:
        return plan
    return _keeping(
        db,
        plan,
        merges=[m for m in plan.merges if not late.intersection((m.into, *m.gone))],
        supersessions=[s for s in plan.supersessions if not late & {s.loser, s.winner}],
        drifts=[d for d in plan.drifts if d.id not in late],
        quarantined=[q for q in plan.quarantined if q.id not in late],
    )


def _unsettled(db: sqlite3.Connection, plan: Plan) -> Plan:
    """A plan without what the person took back before, and without flags that are there already."""
    merges = [
        merge for merge in plan.merges if not any(_brought_back(db, gone) for gone in merge.gone)
    ]
    lost = [s for s in plan.supersessions if not _brought_back(db, s.loser)]
    held = [q for q in plan.quarantined if not _brought_back(db, q.id)]
    drifts = [
        drift
        for drift in plan.drifts
        if not any((m.drift, m.evidence) == (drift.kind, drift.evidence) for m in _flags(db, drift))
    ]
    return _keeping(db, plan, merges=merges, supersessions=lost, drifts=drifts, quarantined=held)


def _keeping(
    db: sqlite3.Connection,
    plan: Plan,
    *,
    merges: Sequence[Merge],
    supersessions: Sequence[Supersession],
    drifts: Sequence[Drift],
    quarantined: Sequence[Quarantined],
) -> Plan:
    """A plan with a part of its operations; the memories of the others stay as they are."""
    stays = {s.loser for s in set(plan.supersessions) - set(supersessions)}
    stays |= {q.id for q in set(plan.quarantined) - set(quarantined)}
    for merge in set(plan.merges) - set(merges):
        stays |= {merge.into, *merge.gone}
    kept = plan.kept | {member: versions.get(db, member).text for member in stays}
    return replace(
        plan,
        kept=kept,
        merges=tuple(merges),
        supersessions=tuple(supersessions),
        drifts=tuple(drifts),
        quarantined=tuple(quarantined),
    )


def _brought_back(db: sqlite3.Connection, memory_id: str) -> bool:
    """Whether the person, by an undo or otherwise, made a memory active again that was not."""
    found = versions.history(db, memory_id)
    return any(
        before.memory is not None
        and after.memory is not None
        and before.memory.status != "active"
        and (after.memory.status, after.by) == ("active", "person")
        for before, after in pairwise(found)
    )


def _flags(db: sqlite3.Connection, drift: Drift) -> list[versions.Memory]:
    """A memory as it is, and as it was wherever the person took a flag away."""
    known = [versions.get(db, drift.id)]
    for before, after in pairwise(versions.history(db, drift.id)):
        if before.memory and before.memory.drift and after.memory and not after.memory.drift:
            known += [before.memory] if after.by == "person" else []
    return known


def _apply(db: sqlite3.Connection, dream_id: int, at: float) -> int:
    row = db.execute("SELECT outcome FROM dreams WHERE id = ?", (dream_id,)).fetchone()
    if row is None or row[0] is not None:
        raise NotFound(f"dream {dream_id} that waits to be applied")
    count = operations.apply(db, dream_id, at)
    db.execute(
        "UPDATE dreams SET ended_at = ?, outcome = 'done', summary = ? WHERE id = ?",
        (at, _summary(db, dream_id), dream_id),
    )
    return count


def _summary(db: sqlite3.Connection, dream_id: int) -> str:
    counts = dict(
        db.execute(
            "SELECT kind, COUNT(DISTINCT operation) FROM dream_operations WHERE dream_id = ? "
            "GROUP BY kind",
            (dream_id,),
        )
    )
    words = {"merge": "merged", "supersede": "superseded"}
    told = [f"{counts[kind]} {word}" for kind, word in words.items() if kind in counts]
    if doubtful := counts.get("flag", 0) + counts.get("quarantine", 0):
        told.append(f"{doubtful} to look at")
    return ", ".join(told) or "nothing to change"


def _unfinished(db: sqlite3.Connection) -> list[int]:
    return [int(row[0]) for row in db.execute("SELECT id FROM dreams WHERE outcome IS NULL")]
