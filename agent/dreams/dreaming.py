"""A dream over the store, for the engine and the command line alike: what both run, and its words.

Evidence comes from the repositories of the projects that memories belong to (`dream_evidence`),
secrets are recognised by the program's one recogniser.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from agent.context.prompt_files import PromptFiles
from agent.dreams import dream_evidence
from agent.dreams.dream_judge import ModelJudge
from agent.hub import Hub
from agent.memories.memory_report import moment
from agent.paths import Paths
from agent.settings.config import Config
from agent.settings.models import Models
from agent.settings.settings import Dream as Settings
from agent.turns.asking_apart import asker
from agent.usage.budget import Budgets
from memory.database import Database
from memory.dream.dreams import Dream
from memory.dream.drift import RECENT
from memory.dream.gates import DreamState
from memory.dream.judging import Judge
from memory.dream.operations import Change
from memory.dream.operations import operations as by_operation
from memory.dream.orient import Evidence
from memory.dream.prune import Plan
from memory.dream.store import DreamStore, Planned, Progress
from memory.errors import NotFound
from memory.versions import Memory
from tungsten.recordings.masking import holds_secret

if TYPE_CHECKING:
    from agent.agents.services import ModelSource


async def judge_of(
    database: Database, models: ModelSource, budgets: Budgets, config: Config, paths: Paths
) -> Judge | None:
    """The person's model as a judge; None where none is set up, or the settings let none be asked.

    Raises:
        AgentError: the model that is set up cannot be used.
    """
    limits = config.dream.model
    if limits.requests == 0:
        return None
    who = await asker(models, budgets, config)
    if who is None:
        return None
    return ModelJudge(who, PromptFiles(paths.config / "prompts"), limits, database)


RUNS = 2_000
"""Command lines that are looked at as recent behaviour, the last ones."""


@contextlib.asynccontextmanager
async def own_judge(
    database: Database, config: Config, paths: Paths
) -> AsyncIterator[Judge | None]:
    """The judge of a program without an engine."""
    models = Models(Hub(), paths, config)
    try:
        budgets = Budgets(database, config, paths, time.time)
        yield await judge_of(database, models, budgets, config, paths)
    finally:
        await models.close()


async def preview(database: Database, clock: Callable[[], float]) -> Plan:
    """What a dream would do now; nothing is written down."""
    return await _store(database, clock).preview(_world(database, clock))


async def run(
    database: Database,
    clock: Callable[[], float],
    *,
    by: str,
    judge: Judge | None = None,
    wanted: Callable[[], Awaitable[bool]] | None = None,
    progress: Progress = lambda _phase, _share: None,
) -> Planned | None:
    """Dream, and write into the journal that it was done.

    Args:
        database: the store.
        clock: seconds since the epoch.
        by: who wants it: "auto" or "person".
        judge: is asked about what the rules leave open.
        wanted: as in `DreamStore.run`.
        progress: is told of each phase, from another thread.

    Raises:
        AlreadyDreaming: another process dreams.
        PlanOutdated: a memory was changed meanwhile; nothing was changed.
    """
    store = _store(database, clock, judge)
    done = await store.run(_world(database, clock), wanted=wanted, progress=progress)
    if done is not None:
        data = {"dream": done.dream_id, "by": by, "operations": done.operations}
        await database.journal.append("dream", None, data)
    return done


async def undo(
    database: Database, clock: Callable[[], float], dream_id: int | None, operation: int | None
) -> tuple[int, int]:
    """Undo a dream, the last one where none is named; gives its id and how many operations.

    Raises:
        NotFound: there is no such dream or operation.
        PlanOutdated: a memory was changed after it; nothing was undone.
    """
    if dream_id is None:
        last = await database.dreams.last()
        if last is None:
            raise NotFound("a dream to undo")
        dream_id = last.id
    count = await _store(database, clock).undo(dream_id, operation)
    if count:
        data = {"dream": dream_id, "undone": count, "operation": operation}
        await database.journal.append("dream", None, data)
    return dream_id, count


async def changes(database: Database, dream_id: int) -> list[Change]:
    """What a dream did, change by change."""
    return await _store(database, lambda: 0.0).changes(dream_id)


def _store(
    database: Database, clock: Callable[[], float], judge: Judge | None = None
) -> DreamStore:
    return DreamStore(database, clock, holds_secret, judge)


def _world(
    database: Database, clock: Callable[[], float]
) -> Callable[[Sequence[Memory]], Awaitable[Evidence]]:
    async def world(memories: Sequence[Memory]) -> Evidence:
        now = clock()
        runs = await database.journal.runs(now - RECENT, RUNS)
        return await dream_evidence.gather(memories, now, runs)

    return world


# What is printed


def status_as_json(
    state: DreamState,
    settings: Settings,
    latest: Dream | None,
    last: Dream | None,
    done: Sequence[Change],
) -> dict[str, Any]:
    """Gates, why there is no dream now, the last dream, and the latest one if that came to nothing.

    `model_limits` is what one dream may ask a model.

    Times are ISO 8601 (UTC).
    """
    failed = latest if latest is not None and latest.outcome in ("failed", "interrupted") else None
    return {
        "mode": settings.mode,
        "model_limits": settings.model.model_dump(exclude_none=True),
        "gates": [
            {
                "name": gate.name,
                "open": gate.open,
                "value": gate.value,
                "needed": gate.needed,
                "unit": gate.unit,
                "text": gate.text,
            }
            for gate in state.gates
        ],
        "why_not": state.why_not,
        "last_dream": None
        if last is None
        else dream_as_json(last) | {"operations": operations_as_json(done)},
        "last_attempt": None if failed is None else dream_as_json(failed),
    }


def dream_as_json(dream: Dream) -> dict[str, Any]:
    """A dream as `--json` prints it."""
    return {
        "id": dream.id,
        "started_at": moment(dream.started_at),
        "ended_at": None if dream.ended_at is None else moment(dream.ended_at),
        "outcome": dream.outcome,
        "summary": dream.summary,
        "asked": dream.asked,
    }


def operations_as_json(done: Sequence[Change]) -> list[dict[str, Any]]:
    """Operations as `--json` prints them, each with the memories that it changes."""
    return [
        {
            "operation": number,
            "kind": parts[0].kind,
            "state": parts[0].state,
            "reason": parts[0].reason or parts[0].drift,
            "evidence": list(parts[0].evidence),
            "changes": [{"memory": c.memory_id, "other": c.other_id} for c in parts],
        }
        for number, parts in by_operation(done).items()
    ]


def status_told(found: dict[str, Any]) -> str:
    """What `status_as_json` gives, for people."""
    most = ", ".join(f"{value:,} {name}" for name, value in found["model_limits"].items())
    lines = [f"AutoDream: {found['mode']}; of a model, at most {most or 'anything'} a dream"]
    lines += [f"{'✓' if g['open'] else '○'} {g['name']}: {g['text']}" for g in found["gates"]]
    lines.append(f"not now: {found['why_not']}" if found["why_not"] else "all gates are open")
    last = found["last_dream"]
    lines.append(
        "no dream yet"
        if last is None
        else f"dream {last['id']}, {last['ended_at']}: {last['summary']}"
    )
    if last is not None and last["asked"]:
        lines.append(f"model: {last['asked']}")
    if failed := found["last_attempt"]:
        lines.append(f"dream {failed['id']}, {failed['ended_at']}, {failed['outcome']}: "
                     f"{failed['summary']}")  # fmt: skip
    return "\n".join(lines + operations_told(last["operations"] if last else []))


def operations_told(done: Sequence[dict[str, Any]]) -> list[str]:
    """Operations, a line each."""
    return [
        f"{row['operation']:>4} {row['kind']:<10} {row['state']:<8} "
        + ", ".join(
            c["memory"] + (f" → {c['other']}" if c["other"] else "") for c in row["changes"]
        )
        + (f": {row['reason']}" if row["reason"] else "")
        for row in done
    ]
