"""The memories of a database: what was learned, where from, how sure, and what became of it.

Each method is one transaction and appends a version; nothing is lost but by `redact`. What is
written has been looked through for secrets by the recogniser that the database was opened with;
without one nothing is written at all.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from memory import redaction, versions
from memory.connection import Connection
from memory.embedder import Embedder, EmbedderUnavailable, StaticEmbedder
from memory.errors import ChangedMeanwhile, InvalidRecord, NotFound
from memory.recall import Recalled, best, by_meaning, candidates
from memory.redaction import Redaction
from memory.remembered import looked_through
from memory.trust import may_supersede, why_held
from memory.versions import Author, Memory, Status, Version
from memory.words import normalise

log = logging.getLogger(__name__)

HoldsSecret: TypeAlias = Callable[[str], bool]
"""Says whether a text holds a secret."""

UsageKind: TypeAlias = Literal["recalled", "cited", "confirmed", "contradicted"]
MemoryList: TypeAlias = list[Memory]
History: TypeAlias = list[Version]
Answers: TypeAlias = list[Recalled]

MAX_CHARACTERS = 4_000
"""Longest text of a memory: it is one fact, not a document."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MemoryUsage:
    """How often a memory was recalled, cited, confirmed and contradicted, and when last."""

    recalled: int = 0
    cited: int = 0
    confirmed: int = 0
    contradicted: int = 0
    last_used_at: float | None = None


class Memories:
    """The memories of a database."""

    def __init__(
        self,
        connection: Connection,
        clock: Callable[[], float],
        holds_secret: HoldsSecret | None = None,
        embedder: Path | None = None,
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._holds_secret = holds_secret
        self._embedder_path = embedder
        self._embedder: Embedder | None = None
        self._embedding = threading.Lock()
        """Held by the one thread that uses the embedder."""

    async def add(self, memory: Memory, *, by: Author, reason: str = "") -> Memory:
        """Store a new memory; it gets an id when its own is empty.

        One that came from a tool and gives orders is stored as quarantined: it is shown to the
        person and recalled only once they released it. The same text in the same place from a
        source no better confirms what is there instead of standing beside it.

        Raises:
            InvalidRecord: it holds a secret, is empty or too long, or cannot be stored.
            AlreadyRecorded: there is a memory with its id.
        """
        memory, held = self._ready(memory)

        def unit(db: sqlite3.Connection) -> Memory:
            same = _same(db, memory)
            if same is not None and may_supersede(same.source, memory.source):
                _confirm(db, same, self._clock(), by)
                return versions.get(db, same.id)
            return versions.insert(db, memory, self._clock(), by, reason or held or "learned")

        return await self._connection.write(unit)

    async def learn(self, session_id: str, seq: int, memories: Iterable[Memory]) -> MemoryList:
        """Store what a session said up to a row, and that it was looked through: all or nothing.

        What is known in the same words is not stored again; that the person says it again in
        another session confirms it.

        Raises:
            InvalidRecord: one of them holds a secret, or cannot be stored.
        """
        wanted = [self._ready(memory) for memory in memories]

        def unit(db: sqlite3.Connection) -> MemoryList:
            stored = []
            for memory, held in wanted:
                now = self._clock()
                known = _in_the_same_words(db, memory, now)
                if known is None:
                    stored.append(
                        versions.insert(db, memory, now, "agent", held or "learned at the end")
                    )
                elif memory.source == "user_stated" and known.session_id != session_id:
                    _confirm(db, known, now, "agent")
            looked_through(db, session_id, seq)
            return stored

        return await self._connection.write(unit)

    def _ready(self, memory: Memory) -> tuple[Memory, str]:
        """A new memory as it is stored, and why it is held back; empty where it is not."""
        memory = replace(memory, id=memory.id or versions.new_id(), text=memory.text.strip())
        self._check(memory)
        held = why_held(memory) if memory.status == "active" else ""
        return (replace(memory, status="quarantined") if held else memory), held

    async def get(self, memory_id: str) -> Memory:
        """The memory with this id as it is now.

        Raises:
            NotFound: there is none.
        """
        return await self._connection.read(lambda db: versions.get(db, memory_id))

    async def list(
        self, *, statuses: Iterable[Status] | None = ("active",), session_id: str | None = None
    ) -> MemoryList:
        """Memories in the order they came: of some statuses, of all (None), of one session."""
        wanted = None if statuses is None else tuple(statuses)
        return await self._connection.read(
            lambda db: versions.select(db, statuses=wanted, session_id=session_id)
        )

    async def history(self, memory_id: str) -> History:
        """Every version of a memory, oldest first.

        Raises:
            NotFound: there is no such memory.
        """
        return await self._connection.read(lambda db: versions.history(db, memory_id))

    async def as_of(self, known_at: float, valid_at: float | None = None) -> MemoryList:
        """What the store knew at a moment, and of that what held at another; see `versions`."""
        return await self._connection.read(lambda db: versions.as_of(db, known_at, valid_at))

    async def change(
        self,
        memory_id: str,
        *,
        by: Author,
        reason: str = "changed",
        version: int | None = None,
        **changes: Any,
    ) -> Memory:
        """Change fields; a text that the person edits is theirs from then on (`user_stated`).

        Args:
            memory_id: which.
            by: who wants it.
            reason: why, for its history.
            version: the one that was looked at; None where it does not matter.
            **changes: fields of a `Memory`.

        Raises:
            ChangedMeanwhile: it is at another version than that; nothing is changed.
            NotFound: there is no such memory.
            InvalidRecord: a field does not exist or may not change, or a text holds a secret.
        """
        changeable = set(versions.FIELDS) - {"id", "created_at", "status", "superseded_by"}
        if unknown := changes.keys() - changeable:
            raise InvalidRecord(f"a memory's {', '.join(sorted(unknown))} cannot be changed")
        if by in ("person", "import") and "text" in changes:
            changes.setdefault("source", "user_stated")

        def unit(db: sqlite3.Connection) -> Memory:
            memory = replace(versions.get(db, memory_id), **changes)
            if version is not None and versions.last_version(db, memory_id) != version:
                raise ChangedMeanwhile
            self._check(memory)
            if memory.status == "active" and why_held(memory) and by not in ("person", "import"):
                memory = replace(memory, status="quarantined")
            versions.put(db, memory, self._clock(), by, reason)
            return memory

        return await self._connection.write(unit)

    async def confirm(self, memory_id: str, *, by: Author) -> Memory:
        """Count one more time that a memory was found to hold."""

        def unit(db: sqlite3.Connection) -> Memory:
            _confirm(db, versions.get(db, memory_id), self._clock(), by)
            return versions.get(db, memory_id)

        return await self._connection.write(unit)

    async def supersede(self, loser_id: str, winner_id: str, *, by: Author) -> Memory:
        """Have one memory take the place of another, which is kept and recalled no more.

        Raises:
            NotFound: there is no such memory.
            InvalidRecord: the loser is believed more than the winner, or one is not active.
        """
        return await self._connection.write(
            lambda db: supersede(db, loser_id, winner_id, self._clock(), by)
        )

    async def forget(self, memory_id: str, *, by: Author = "person") -> Memory:
        """Recall a memory no more; it stays in the store, and `restore` brings it back."""
        return await self._set_status(memory_id, "forgotten", by, "forgotten")

    async def release(self, memory_id: str, *, by: Author = "person") -> Memory:
        """Recall a memory again that was quarantined, forgotten or pruned."""
        return await self._set_status(memory_id, "active", by, "released")

    async def restore(self, memory_id: str, version: int, *, by: Author = "person") -> Memory:
        """Bring a memory back, in every field, to what it was at a version.

        Raises:
            NotFound: there is no such version.
            InvalidRecord: it was redacted.
        """

        def unit(db: sqlite3.Connection) -> Memory:
            reason = f"brought back to version {version}"
            versions.restore(db, memory_id, version, self._clock(), by, reason)
            return versions.get(db, memory_id)

        return await self._connection.write(unit)

    async def recall(
        self, query: str, *, project: Path | None = None, k: int = 8, count: bool = True
    ) -> Answers:
        """Find at most `k` active memories that hold now and fit a question, best first.

        Args:
            query: what a person asks or says.
            project: whose memories count beside those about the person.
            k: how many at most.
            count: whether this counts as a use of what is found.
        """
        now = self._clock()
        found = await self._connection.read(
            lambda db: candidates(db, query, project=project, now=now)
        )
        if len(found) > 1 and (self._embedder_path or self._embedder):
            # Beside the database, which goes on serving others.
            found = await asyncio.to_thread(self._by_meaning, found, query)
        found = best(found, k)
        if found and count:
            await self.used("recalled", [one.memory.id for one in found])
        return found

    def _by_meaning(self, found: Answers, query: str) -> Answers:
        """Ask the embedder, loaded with the first question; without one, change nothing."""
        with self._embedding:
            path, self._embedder_path = self._embedder_path, None
            if path is not None:
                try:
                    self._embedder = StaticEmbedder(path)
                except EmbedderUnavailable as error:
                    log.warning("memories are recalled by their words alone: %s", error)
            return by_meaning(found, query, self._embedder) if self._embedder else found

    async def used(self, kind: UsageKind, memory_ids: Iterable[str]) -> None:
        """Count a use of some memories; it is no version of them."""
        wanted = tuple(memory_ids)
        await self._connection.write(lambda db: _count(db, kind, wanted, self._clock()))

    async def existing(self, memory_ids: Iterable[str]) -> frozenset[str]:
        """Those of some ids that memories have."""
        wanted = tuple(memory_ids)
        return await self._connection.read(
            lambda db: frozenset(one for one in wanted if versions.find(db, one) is not None)
        )

    async def usage(self, memory_id: str) -> MemoryUsage:
        """How a memory was used."""

        def unit(db: sqlite3.Connection) -> MemoryUsage:
            row = db.execute(
                "SELECT recalled, cited, confirmed, contradicted, last_used_at FROM memory_usage "
                "WHERE memory_id = ?",
                (memory_id,),
            ).fetchone()
            return MemoryUsage() if row is None else MemoryUsage(*row)

        return await self._connection.read(unit)

    async def redact(self, memory_id: str) -> Redaction:
        """Remove a memory's text for good, from wherever this database holds it.

        Raises:
            NotFound: there is no such memory.
        """
        done = await self._connection.write(
            lambda db: redaction.redact(db, memory_id, self._clock())
        )
        await self._connection.scrub()
        return done

    async def verify(self) -> None:
        """Recompute every digest and the chain of versions.

        Raises:
            ChainBroken: at the first version that is not what was written.
        """
        await self._connection.read(versions.verify)

    async def read(self, unit: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query over memories on one consistent view of the file."""
        return await self._connection.read(unit)

    async def _set_status(self, memory_id: str, status: Status, by: Author, reason: str) -> Memory:
        def unit(db: sqlite3.Connection) -> Memory:
            memory = replace(versions.get(db, memory_id), status=status, superseded_by=None)
            versions.put(db, memory, self._clock(), by, reason)
            return memory

        return await self._connection.write(unit)

    def _check(self, memory: Memory) -> None:
        if not memory.text:
            raise InvalidRecord("a memory needs a text")
        if len(memory.text) > MAX_CHARACTERS:
            raise InvalidRecord(f"a memory has at most {MAX_CHARACTERS} characters, one fact each")
        if (memory.scope == "project") != (memory.project is not None):
            raise InvalidRecord("a memory of scope project names its project, no other does")
        if self._holds_secret is None:
            raise InvalidRecord("memories are looked through for secrets, and nothing here does so")
        texts = (memory.text, memory.quote, memory.verify, memory.drift, *memory.evidence)
        if any(self._holds_secret(text) for text in texts):
            raise InvalidRecord("it holds a secret, and memories keep none: say it without")


def supersede(
    db: sqlite3.Connection, loser_id: str, winner_id: str, at: float, by: Author, reason: str = ""
) -> Memory:
    """Have one memory take the place of another, within a transaction; see `Memories.supersede`."""
    loser, winner = versions.get(db, loser_id), versions.get(db, winner_id)
    if loser.id == winner.id or {loser.status, winner.status} != {"active"}:
        raise InvalidRecord("only an active memory supersedes another active one")
    if not may_supersede(winner.source, loser.source):
        raise InvalidRecord(
            f"{winner.source} never supersedes {loser.source}: ask the person which one holds"
        )
    since = winner.created_at if winner.valid_from is None else winner.valid_from
    ends = since if loser.valid_to is None else min(since, loser.valid_to)
    if loser.valid_from is not None:
        ends = max(ends, loser.valid_from)
    loser = replace(loser, status="superseded", superseded_by=winner.id, valid_to=ends)
    versions.put(db, loser, at, by, reason or f"superseded by {winner.id}")
    return loser


def _confirm(db: sqlite3.Connection, memory: Memory, at: float, by: Author) -> None:
    latest = at if memory.last_confirmed_at is None else max(at, memory.last_confirmed_at)
    confirmed = replace(memory, confirmations=memory.confirmations + 1, last_confirmed_at=latest)
    versions.put(db, confirmed, at, by, "confirmed")
    _count(db, "confirmed", [memory.id], at)


def _count(db: sqlite3.Connection, kind: UsageKind, memory_ids: Iterable[str], at: float) -> None:
    column = {kind: kind for kind in ("recalled", "cited", "confirmed", "contradicted")}[kind]
    for memory_id in memory_ids:
        if versions.find(db, memory_id) is None:
            raise NotFound(f"memory {memory_id}")
        db.execute(
            f"INSERT INTO memory_usage (memory_id, {column}, last_used_at) VALUES (?1, 1, ?2) "  # noqa: S608
            f"ON CONFLICT (memory_id) DO UPDATE SET {column} = {column} + 1, last_used_at = ?2",
            (memory_id, at),
        )


def _in_the_same_words(db: sqlite3.Connection, memory: Memory, now: float) -> Memory | None:
    """What says the same in the same place, in whatever form of its words, active or held back."""
    same = _same(db, memory)
    if same is not None:
        return same
    words = normalise(memory.text)
    project = None if memory.project is None else Path(memory.project)
    found = best(candidates(db, memory.text, project=project, now=now), 8)
    return next((one.memory for one in found if normalise(one.memory.text) == words), None)


def _same(db: sqlite3.Connection, memory: Memory) -> Memory | None:
    row = db.execute(
        "SELECT id FROM memories WHERE text = ? AND scope = ? AND project IS ? "
        "AND status IN ('active', 'quarantined') ORDER BY number LIMIT 1",
        (memory.text, memory.scope, memory.project),
    ).fetchone()
    return None if row is None else versions.get(db, str(row[0]))
