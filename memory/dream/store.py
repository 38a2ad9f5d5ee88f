"""Dreams over the memories of a database: plan, apply, undo, and take up what was interrupted.

The plan is made on a copy of the memories while nothing is locked; it is written down in one
transaction and applied in another. A dream that was interrupted in between is taken up by
`resume`: a plan that still fits is applied, one that does not is left.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

from memory import versions
from memory.database import Database
from memory.dream import operations
from memory.dream.dreaming import Phase, dream
from memory.dream.lease import lease
from memory.dream.orient import Evidence, Memory
from memory.dream.prune import Plan
from memory.dream.quarantine import Secrets
from memory.errors import NotFound


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan that is written down."""

    dream_id: int
    plan: Plan
    operations: int


class DreamStore:
    """The dreams of one database, in whatever process."""

    def __init__(
        self, database: Database, clock: Callable[[], float], secrets: Secrets | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._secrets = secrets

    async def plan(
        self,
        evidence: Evidence,
        *,
        whole: bool = True,
        progress: Callable[[Phase, float], None] = lambda _phase, _share: None,
    ) -> Planned:
        """Plan a dream and write the plan down; no memory changes.

        Args:
            evidence: what is known of the world.
            whole: look at all memories, or at those that the last applied dream has not seen.
            progress: is told of each phase, from another thread.

        Raises:
            AlreadyDreaming: another process dreams.
        """
        with lease(self._database.path):
            begun = await self._database.dreams.started()
            try:
                live, since, watermark = await self._database.read(_snapshot)
                new = None if whole else frozenset(memory.id for memory, at in live if at > since)
                plan = await asyncio.to_thread(
                    dream,
                    [memory for memory, _ in live],
                    evidence,
                    new=new,
                    secrets=self._secrets,
                    progress=progress,
                )
                count = await self._database.dreams.write(
                    lambda db: _write_down(db, begun.id, plan, watermark)
                )
            except BaseException:
                await self._database.dreams.ended(begun.id, "failed", "the plan was not finished")
                raise
            return Planned(begun.id, plan, count)

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
        applied = []
        with lease(self._database.path):
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

    async def _apply(self, dream_id: int) -> int:
        at = self._clock()
        return await self._database.dreams.write(lambda db: _apply(db, dream_id, at))


def _snapshot(db: sqlite3.Connection) -> tuple[list[tuple[Memory, int]], int, int]:
    """The active memories with their last change, and up to where the last dream and this see."""
    latest = dict(db.execute("SELECT memory_id, MAX(seq) FROM memory_versions GROUP BY memory_id"))
    live = [
        (as_seen(memory), int(latest[memory.id]))
        for memory in versions.select(db, statuses=("active",))
    ]
    since = db.execute("SELECT MAX(watermark) FROM dreams WHERE outcome = 'done'").fetchone()[0]
    return live, int(since or 0), max(map(int, latest.values()), default=0)


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


def _write_down(db: sqlite3.Connection, dream_id: int, plan: Plan, watermark: int) -> int:
    db.execute("UPDATE dreams SET watermark = ? WHERE id = ?", (watermark, dream_id))
    return operations.write_down(db, dream_id, plan)


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
    words = {
        "merge": "merged", "supersede": "superseded", "flag": "flagged", "quarantine": "set aside"
    }  # fmt: skip
    told = [f"{counts[kind]} {word}" for kind, word in words.items() if kind in counts]
    return ", ".join(told) or "nothing to change"


def _unfinished(db: sqlite3.Connection) -> list[int]:
    return [int(row[0]) for row in db.execute("SELECT id FROM dreams WHERE outcome IS NULL")]
