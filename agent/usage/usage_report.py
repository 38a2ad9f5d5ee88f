"""What was used, added up: by session, agent, day and model, from the log of usage."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from agent.errors import AgentError
from agent.paths import Paths
from agent.protocol.usage import Budget, Course, Usage, UsageOf, UsageReport
from agent.settings.config import load_file
from agent.settings.settings import Caps
from agent.usage.day_watch import day
from agent.usage.usage_watch import usage_of
from memory.database import Database
from memory.errors import StorageError
from memory.sessions import SessionRecord
from memory.usage import Step, UsageTotals

HOURS, DAYS = 24, 14
"""Steps of the courses of use."""

HOUR = 3600.0

ALL = ""
"""In the place of a session's id: all of them, and dreams."""

_Courses: TypeAlias = dict[str, dict[int, tuple[int, float]]]
"""Tokens and dollars by session and step."""


async def report(database: Database, caps: Caps, now: float) -> UsageReport:
    """Add up the log of usage.

    Args:
        database: whose log.
        caps: the limits in force.
        now: the moment whose local day is today.
    """
    log = database.usage
    since, _ = day(now)
    hours = _courses(
        (step.session_id, step.number, step) for step in await log.steps(now - HOURS * HOUR, "hour")
    )
    midnights = [datetime.fromtimestamp(since) - timedelta(days=ago) for ago in range(DAYS)][::-1]
    dates = {f"{each:%Y-%m-%d}": number for number, each in enumerate(midnights)}
    days_before = _courses(
        (step.session_id, dates[step.day], step)
        for step in await log.steps(midnights[0].timestamp(), "day")
        if step.day in dates
    )
    today = await log.grouped("session", since)
    by_session = await log.grouped("session")
    records = await database.sessions.list()
    days, models = await log.grouped("day"), await log.grouped("model")
    return UsageReport(
        today=usage_of(await log.totals(since)),
        total=usage_of(await log.totals()),
        day_limit=Budget(**caps.day.model_dump()),
        session_limit=Budget(**caps.session.model_dump()),
        sessions=_sessions(records, by_session),
        agents=tuple(
            row.model_copy(
                update={
                    "today": usage_of(today.get(row.id, UsageTotals())),
                    "last_hours": _course(hours.get(row.id), HOURS),
                    "last_days": _course(days_before.get(row.id), DAYS),
                }
            )
            for row in _agents(records, by_session)
        ),
        last_hours=_course(hours.get(ALL), HOURS),
        last_days=_course(days_before.get(ALL), DAYS),
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
    for row, agent in zip(rows["agents"], found.agents, strict=True):
        row["today"] = _sums(agent.today)
    courses = {
        name: getattr(found, name).model_dump(mode="json") for name in ("last_hours", "last_days")
    }
    limits = {
        "day": found.day_limit.model_dump(exclude_none=True),
        "session": found.session_limit.model_dump(exclude_none=True),
    }
    return {
        "today": _sums(found.today),
        "total": _sums(found.total),
        "limits": limits,
        **courses,
        **rows,
    }


def _courses(steps: Iterable[tuple[str | None, int, Step]]) -> _Courses:
    found: _Courses = {}
    for session_id, number, step in steps:
        for name in {session_id or ALL, ALL}:
            course = found.setdefault(name, {})
            tokens, dollars = course.get(number, (0, 0.0))
            course[number] = (tokens + step.tokens, dollars + step.cost)
    return found


def _course(found: dict[int, tuple[int, float]] | None, count: int) -> Course:
    if not found:
        return Course()
    # What is being used at this very moment may already be of the next step.
    found = {min(number, count - 1): value for number, value in found.items()}
    steps = [found.get(number, (0, 0.0)) for number in range(count)]
    return Course(tokens=tuple(one for one, _ in steps), dollars=tuple(one for _, one in steps))


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
