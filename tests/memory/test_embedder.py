"""Recall with an embedder, and without what it needs; the acceptance tests try a real model."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from memory import Database, Memory
from memory.embedder import EmbedderUnavailable, check

TEXTS = (
    "The deploy script is run by Ada on Mondays.",
    "The deploy script needs a token of the registry.",
    "Lunch is at noon.",
)


class Near:
    """Finds one text close to every question."""

    def __init__(self, text: str) -> None:
        self.text = text

    def closeness(self, query: str, texts: Sequence[str]) -> list[float]:
        return [float(text == self.text) for text in texts]


async def fill(database: Database) -> None:
    for number, text in enumerate(TEXTS):
        memory = Memory(id=f"m{number}", text=text, source="user_stated", created_at=1.0)
        await database.memories.add(memory, by="person")


@pytest.mark.parametrize("first", [0, 1])
async def test_meaning_orders_what_words_have_found(path: Path, first: int) -> None:
    async with await Database.open(path, holds_secret=lambda _: False) as database:
        await fill(database)
        words = await database.memories.recall("the deploy script", count=False)
        database.memories._embedder = Near(TEXTS[first])
        found = await database.memories.recall("the deploy script", count=False)
        assert {one.memory.id for one in found} == {one.memory.id for one in words} == {"m0", "m1"}
        assert found[0].memory.id == f"m{first}"
        # It has a small say: what has no word of the question is not found by it.
        database.memories._embedder = Near(TEXTS[2])
        assert await database.memories.recall("the deploy script", count=False) == words


async def test_without_library_or_model_words_alone_count(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "model2vec", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    async with await Database.open(
        path, holds_secret=lambda _: False, embedder=tmp_path / "none"
    ) as database:
        await fill(database)
        for _ in range(2):
            found = await database.memories.recall("who runs the deploy script?", count=False)
            assert found[0].memory.id == "m0"
    assert caplog.text.count("model2vec") == 1
    with pytest.raises(EmbedderUnavailable, match="pip install"):
        check(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: object())
    with pytest.raises(EmbedderUnavailable, match=r"config\.json"):
        check(tmp_path)
