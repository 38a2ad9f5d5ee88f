"""AutoDream's three gates: idle long enough, long enough since the last dream, enough sessions.

Everything is computed from rows, with a clock that can be injected; nothing is remembered here.

- **idle**: nothing was written to a transcript or, but for what memory itself did, the journal. A
  session that says it works counts as active, but only as long as it has shown a sign of life
  within the gap: one that never ended because its engine died must not keep memory from being put
  in order. A program without a profile is no agent and may stay open for days: only what is
  written of it counts.
- **gap**: counts from the end of the last dream, or from the first session when there was none;
  with `gap="session"`, from the last row of the last session other than the latest one.
- **sessions**: those with at least one user turn since the last dream began to look. Demo
  sessions and workers (sessions with a parent) do not count: the former are scripted, the latter
  belong to another. Of a fork only what was said in it does.

Times are seconds since the epoch, so time zones play no part. When the clock has gone back, what
lies in the future counts as now: gates close, none opens early. The clock is read after the rows,
so that a row written meanwhile is never from the future.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from memory.database import Database
from memory.dream.dreams import last_done

GateName: TypeAlias = Literal["idle", "gap", "sessions"]
Mode: TypeAlias = Literal["off", "recall", "manual", "auto"]
Gap: TypeAlias = Literal["dream", "session"]

MINUTE = 60.0
HOUR = 3600.0

AT_WORK = "an agent is working"
"""Why not, while a turn is open."""

TOLERANCE = 5.0
"""Seconds that the clock may be behind the rows without a word: it is set right in small steps."""


@dataclass(frozen=True, slots=True)
class GateState:
    """One gate; `value` and `needed` are in `unit`, `text` is what the sidebar shows."""

    name: GateName
    open: bool
    value: float
    needed: float
    unit: str
    text: str


@dataclass(frozen=True, slots=True)
class DreamState:
    """All three gates at one moment.

    `why_not` is one line that says what is missing, empty when a dream may start by itself.
    `next_change_at` is the first moment at which a gate opens or shows another text if nothing
    else happens, None when only a new row can change something.
    """

    gates: tuple[GateState, GateState, GateState]
    why_not: str
    last_dream_at: float | None
    next_change_at: float | None


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the rows say."""

    now: float
    """When they said it."""
    last_sign: float | None
    """When anything last happened."""
    working: bool
    """A session that works, with a sign of life within the gap."""
    working_until: float | None
    """When the last such session stops being believed."""
    gap_from: float | None
    sessions: int
    last_dream: float | None


class DreamGates:
    """The gates of one database."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], float],
        idle_seconds: float = 15 * MINUTE,
        gap_seconds: float = 24 * HOUR,
        sessions: int = 5,
        gap: Gap = "dream",
        mode: Mode = "auto",
    ) -> None:
        self._database = database
        self._clock = clock
        self._idle_seconds = idle_seconds
        self._gap_seconds = gap_seconds
        self._sessions = sessions
        self._gap = gap
        self._mode = mode

    async def status(self) -> DreamState:
        """Say where each gate stands now.

        Raises:
            StorageError: the database cannot be read.
        """
        facts = await self._database.read(self._facts)
        now = facts.now
        idle_from = now if facts.working else facts.last_sign
        idle = _time_gate("idle", "idle ", idle_from, self._idle_seconds, now)
        gap = _time_gate("gap", "", facts.gap_from, self._gap_seconds, now)
        sessions = self._sessions_gate(facts.sessions)
        changes = [
            facts.working_until
            if facts.working
            else _next_text_at(idle_from, self._idle_seconds, now),
            _next_text_at(facts.gap_from, self._gap_seconds, now),
        ]
        return DreamState(
            (idle, gap, sessions),
            self._why_not((idle, gap, sessions), facts, now),
            facts.last_dream,
            min((moment for moment in changes if moment is not None), default=None),
        )

    def _facts(self, db: sqlite3.Connection) -> _Facts:
        dream = last_done(db)
        dreamt_at = None if dream is None else dream.ended_at
        signs = [
            float(sign)
            for (sign,) in db.execute(
                "SELECT MAX(since, COALESCE((SELECT at FROM transcript "
                "WHERE session_id = sessions.id ORDER BY seq DESC LIMIT 1), 0), "
                "COALESCE((SELECT at FROM journal "
                "WHERE session_id = sessions.id ORDER BY seq DESC LIMIT 1), 0)) "
                "FROM sessions WHERE state = 'working' AND archived = 0 "
                "AND (kind <> 'command' OR json_extract(extra, '$.profile') IS NOT NULL)"
            )
        ]
        last_sign = _moment(
            db,
            "SELECT MAX(at) FROM (SELECT MAX(at) AS at FROM transcript UNION ALL "
            "SELECT MAX(at) FROM journal WHERE kind NOT IN ('dream', 'remember') UNION ALL "
            "SELECT MAX(created_at) FROM sessions)",
        )
        gap_from = _gap_from(db, self._gap, dreamt_at)
        sessions = int(
            db.execute(
                "SELECT COUNT(DISTINCT session_id) FROM transcript "
                "JOIN sessions ON sessions.id = session_id "
                "WHERE user_turn = 1 AND at > ? AND demo = 0 AND parent IS NULL "
                "AND seq > forked_seq",
                (-math.inf if dream is None else dream.started_at,),
            ).fetchone()[0]
        )
        now = self._clock()
        lives = [until for sign in signs if now < (until := sign + self._gap_seconds)]
        return _Facts(
            now=now,
            last_sign=last_sign,
            working=bool(lives),
            working_until=max(lives, default=None),
            gap_from=gap_from,
            sessions=sessions,
            last_dream=dreamt_at,
        )

    def _sessions_gate(self, count: int) -> GateState:
        needed = self._sessions
        text = f"{min(count, needed)} of {needed} session{'' if needed == 1 else 's'}"
        return GateState("sessions", count >= needed, count, needed, "sessions", text)

    def _why_not(self, gates: tuple[GateState, ...], facts: _Facts, now: float) -> str:
        match self._mode:
            case "off":
                return "AutoDream is off"
            case "recall":
                return "AutoDream is off: memories are only recalled"
            case "manual":
                return "AutoDream waits for you to start it"
        latest = max(facts.last_sign or 0.0, facts.last_dream or 0.0)
        if now < latest - TOLERANCE:
            behind = _amount(latest - now)
            return f"the clock is {behind} behind what was recorded last"
        if facts.last_sign is None:
            return "no session yet"
        idle, gap, sessions = gates
        missing = []
        if not idle.open:
            missing.append(AT_WORK if facts.working else _left(idle, "of quiet"))
        if not gap.open:
            missing.append(self._no_gap() if facts.gap_from is None else _left(gap, "of the gap"))
        if not sessions.open:
            count = int(sessions.needed - sessions.value)
            missing.append(f"{count} more session{'' if count == 1 else 's'} needed")
        return " · ".join(missing)

    def _no_gap(self) -> str:
        if self._gap == "session":
            return "no earlier session yet"
        return "no session yet (demos do not count)"


def _gap_from(db: sqlite3.Connection, gap: Gap, dreamt_at: float | None) -> float | None:
    if gap == "session":
        # The second of the sessions by their last row: the latest one is the one at hand.
        row = db.execute(
            "SELECT (SELECT at FROM transcript WHERE session_id = sessions.id "
            "ORDER BY seq DESC LIMIT 1) AS ended FROM sessions "
            "WHERE demo = 0 AND parent IS NULL AND ended IS NOT NULL "
            "ORDER BY ended DESC LIMIT 1 OFFSET 1"
        ).fetchone()
        if row is not None:
            return float(row[0])
    if dreamt_at is not None:
        return dreamt_at
    return _moment(db, "SELECT MIN(created_at) FROM sessions WHERE demo = 0 AND parent IS NULL")


def _moment(db: sqlite3.Connection, query: str) -> float | None:
    found = db.execute(query).fetchone()[0]
    return None if found is None else float(found)


def _unit(seconds: float) -> tuple[str, float]:
    """The unit in which a threshold is read: the largest in which it is at least two."""
    if seconds >= 2 * HOUR:
        return "h", HOUR
    if seconds >= 2 * MINUTE:
        return "min", MINUTE
    return "s", 1.0


def _time_gate(
    name: GateName, prefix: str, since: float | None, needed: float, now: float
) -> GateState:
    unit, size = _unit(needed)
    # The sum is what a timer is set to, so exactly this comparison makes it ring in time.
    is_open = since is not None and now >= since + needed
    whole = needed / size if is_open else min(_whole_units(since, size, now), needed / size)
    value = 0.0 if since is None else max(0.0, now - since) / size
    text = f"{prefix}{whole:g} {unit} of {needed / size:g}"
    return GateState(name, is_open, value, needed / size, unit, text)


def _whole_units(since: float | None, size: float, now: float) -> int:
    """How many units have passed, in agreement with the moments `_next_text_at` gives."""
    if since is None or now <= since:
        return 0
    count = int((now - since) // size)
    if now >= since + (count + 1) * size:
        return count + 1
    return count - 1 if now < since + count * size else count


def _next_text_at(since: float | None, needed: float, now: float) -> float | None:
    if since is None or now >= since + needed:
        return None
    size = _unit(needed)[1]
    return min(since + (_whole_units(since, size, now) + 1) * size, since + needed)


def _left(gate: GateState, what: str) -> str:
    left = math.ceil(gate.needed - gate.value)
    return f"{left} {gate.unit} {what} left"


def _amount(seconds: float) -> str:
    unit, size = _unit(seconds)
    return f"{math.ceil(seconds / size)} {unit}"
