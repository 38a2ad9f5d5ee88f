"""What was used, added up: by session, agent, day and model, from the log of usage."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from agent.config import load_file
from agent.errors import AgentError
from agent.paths import Paths
from agent.protocol.usage import Budget, Usage, UsageOf, UsageReport
from agent.settings import Caps
from agent.usage_watch import day, usage_of
from memory.database import Database
from memory.errors import StorageError
from memory.sessions import SessionRecord
from memory.usage import UsageTotals


async def report(database: Database, caps: Caps, now: float) -> UsageReport:
    """Add up the log of usage.

    Args:
        database: whose log.
        caps: the limits in force.
        now: the moment whose local day is today.
    """
    log = database.usage
    since, _ = day(now)
    by_session = await log.grouped("session")
    records = await database.sessions.list()
    days, models = await log.grouped("day"), await log.grouped("model")
    return UsageReport(
        today=usage_of(await log.totals(since)),
        total=usage_of(await log.totals()),
        day_limit=Budget(**caps.day.model_dump()),
        session_limit=Budget(**caps.session.model_dump()),
        sessions=_sessions(records, by_session),
        agents=_agents(records, by_session),
        days=tuple(
            UsageOf(id=name, name=name, usage=usage_of(totals))
            for name, totals in reversed(days.items())
        ),
        models=tuple(
            UsageOf(id=name, name=name, model=name, usage=usage_of(totals))
            for name, totals in sorted(models.items(), key=lambda item: -item[1].tokens)
        ),
    )


async def read(paths: Paths, *, clock: Callable[[], float] = time.time) -> UsageReport:
    """Add up the log of usage of a Tungsten whose engine need not run.

    Raises:
        AgentError: the database or the settings cannot be read.
    """
    caps = load_file(paths).budget
    if not paths.database.is_file():
        return UsageReport()
    try:
        async with await Database.open(paths.database) as database:
            return await report(database, caps, clock())
    except StorageError as error:
        raise AgentError(str(error)) from error


def as_json(found: UsageReport) -> dict[str, Any]:
    """The report as `tungsten stats --json` prints it; shapes and units in docs/models.md."""
    rows = {
        name: [_row(row) for row in getattr(found, name)]
        for name in ("sessions", "agents", "days", "models")
    }
    limits = {
        "day": found.day_limit.model_dump(exclude_none=True),
        "session": found.session_limit.model_dump(exclude_none=True),
    }
    return {"today": _sums(found.today), "total": _sums(found.total), "limits": limits, **rows}


def _sessions(
    records: Iterable[SessionRecord], used: Mapping[str, UsageTotals]
) -> tuple[UsageOf, ...]:
    """Each session that works for nobody, newest first, with what its workers used."""
    known = {record.id: record for record in records}
    sums: dict[str, UsageTotals] = {}
    for session_id, totals in used.items():
        top = _top(session_id, known)
        sums[top] = sums[top] + totals if top in sums else totals
    return tuple(
        _of(record, sums[record.id]) for record in reversed(known.values()) if record.id in sums
    )


def _agents(
    records: Sequence[SessionRecord], used: Mapping[str, UsageTotals]
) -> tuple[UsageOf, ...]:
    """Each by itself, newest first; workers, in their order, below whom they work for."""
    shown = {
        record.id: record
        for record in records
        if record.id in used or (record.kind == "model" and not record.archived)
    }
    below: dict[str | None, list[SessionRecord]] = {}
    for record in shown.values():
        above = record.parent if record.parent in shown else None
        below.setdefault(above, []).append(record)
    found: list[UsageOf] = []

    def add(records: Iterable[SessionRecord]) -> None:
        for record in records:
            found.append(_of(record, used.get(record.id, UsageTotals())))
            add(below.get(record.id, ()))

    add(reversed(below.get(None, [])))
    return tuple(found)


def _top(session_id: str, known: Mapping[str, SessionRecord]) -> str:
    seen = {session_id}
    while (above := known[session_id].parent) is not None and above in known and above not in seen:
        seen.add(above)
        session_id = above
    return session_id


def _of(record: SessionRecord, totals: UsageTotals) -> UsageOf:
    return UsageOf(
        id=record.id,
        name=record.name,
        model=record.model,
        parent=record.parent,
        archived=record.archived,
        usage=usage_of(totals),
        context_tokens=int(record.extra.get("context_tokens", 0)),
        context_window=record.extra.get("context_window"),
    )


def _row(row: UsageOf) -> dict[str, Any]:
    fields = row.model_dump(include={"id", "name", "model", "parent", "archived"})
    fill = row.context_tokens / row.context_window if row.context_window else None
    context = {
        "context_tokens": row.context_tokens,
        "context_window": row.context_window,
        "context_fill": None if fill is None else round(fill, 4),
    }
    return {**fields, **_sums(row.usage), **context}


def _sums(usage: Usage) -> dict[str, Any]:
    ratio = usage.cache_hit_ratio
    return {
        **usage.model_dump(),
        "tokens": usage.tokens,
        "cache_hit_ratio": None if ratio is None else round(ratio, 4),
        "price": usage.price,
    }
