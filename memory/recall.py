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

import sqlite3
from collections.abc import Hashable
from typing import Generic, TypeVar

from memory import search_index
from memory.migrate import migration, statements
from memory.search_index import IndexEntry

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
