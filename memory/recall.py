"""Find what was learned: the index by itself, for texts of any kind, and for a store's memories.

The index can be used alone, in memory, synchronously::

    from memory.recall import make_index

    index = make_index()
    index.index([
        ("a", "The staging database listens on port 5433.", "2026-01-12T09:00:00"),
        ("b", "Run the linter before opening a pull request.", "2026-02-03T14:30:00"),
    ])
    assert index.search("which port does staging use?", 1) == ["a"]

It is the same code and the same tables that the app searches its memories with.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from memory import search_index, versions, words
from memory.embedder import Embedder
from memory.migrate import migration, statements
from memory.search_index import IndexEntry
from memory.versions import Memory

Id = TypeVar("Id", bound=Hashable)


class Index(Generic[Id]):
    """Texts with ids and times, held in memory; for one thread."""

    def __init__(self) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        for statement in statements(migration("memory_search")):
            self._db.execute(statement)
        self._ids: list[Id] = []
        self._numbers: dict[Id, int] = {}

    def index(self, items: list[tuple[Id, str, str]]) -> None:
        """Add texts, or replace those of known ids.

        Args:
            items: (id, text, time) each; the time in ISO 8601, or empty when it is not known. Texts
                of one day that follow one another are each other's context, as turns of a
                conversation are. A text may begin with its speaker: `Name: words`.
        """
        entries = []
        for known, text, time in items:
            if known not in self._numbers:
                self._ids.append(known)
                self._numbers[known] = len(self._ids)
            entries.append(
                IndexEntry(self._numbers[known], text, conversation=time[:10], day=time[:10])
            )
        self._db.execute("BEGIN")
        search_index.put(self._db, entries)
        self._db.execute("COMMIT")

    def search(self, query: str, k: int) -> list[Id]:
        """The ids of at most `k` texts that fit a question, best first."""
        return [self._ids[hit.number - 1] for hit in search_index.search(self._db, query)[:k]]


def make_index() -> Index[str]:
    """Make an empty index."""
    return Index()


LEAST = 0.3
"""Share of the best score below which a memory is no answer to the same question."""

WHOLE = 0.5
"""How much more a memory counts that has every word of the question than one that has none: unlike
a line of a conversation, a memory says all of one thing."""

PINNED, OF_PROJECT, DRIFTED = 1.3, 1.15, 0.7
"""Factors for memories that a person pinned, that are about the project at hand, and that something
disagrees with."""


CLOSE = 0.3
"""How much more a memory counts that an embedder finds as close as can be: less than its words."""

COMPARED = 40
"""Best candidates that an embedder compares with the question: some 5 ms."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """A memory that fits a question; `score` compares with those of the same question alone."""

    memory: Memory
    score: float


def candidates(
    db: sqlite3.Connection, query: str, *, project: Path | None, now: float
) -> list[Recalled]:
    """Find what a store knows in words of a question, best first: active memories that hold now.

    Args:
        db: the store, within a transaction.
        query: what a person asks or says.
        project: whose memories count beside those about the person; None for these alone.
        now: seconds since the epoch, at which a memory must hold.
    """
    places = [""] if project is None else ["", str(project)]
    asked = words.content(words.normalise(query))
    found = []
    for hit in search_index.search(db, query, places=places):
        memory = versions.by_number(db, hit.number)
        if memory.status == "active" and memory.valid_at(now):
            whole = 1 + WHOLE * words.share(asked, memory.text)
            found.append(Recalled(memory, hit.score * whole * _prior(db, memory)))
    return sorted(found, key=lambda one: -one.score)


def by_meaning(found: list[Recalled], query: str, embedder: Embedder) -> list[Recalled]:
    """Let an embedder have a small say in the order of what the words of a question have found."""
    first, rest = found[:COMPARED], found[COMPARED:]
    close = embedder.closeness(query, [one.memory.text for one in first])
    again = (
        Recalled(one.memory, one.score * (1 + CLOSE * share))
        for one, share in zip(first, close, strict=True)
    )
    return sorted((*again, *rest), key=lambda one: -one.score)


def best(found: list[Recalled], k: int) -> list[Recalled]:
    """At most `k` of what was found, without what is no answer to the same question."""
    least = found[0].score * LEAST if found else 0.0
    return [one for one in found if one.score >= least][:k]


def _prior(db: sqlite3.Connection, memory: Memory) -> float:
    """How much a memory counts before anything is asked: what it is about, and how it fared."""
    row = db.execute(
        "SELECT cited + confirmed, contradicted FROM memory_usage WHERE memory_id = ?",
        (memory.id,),
    ).fetchone()
    helped, harmed = (0, 0) if row is None else row
    prior = 0.8 + 0.4 * memory.confidence
    prior *= (1 + 0.1 * math.log1p(helped)) / (1 + 0.3 * math.log1p(harmed))
    prior *= PINNED if memory.pinned else 1.0
    prior *= OF_PROJECT if memory.scope == "project" else 1.0
    return prior * (DRIFTED if memory.drift else 1.0)
