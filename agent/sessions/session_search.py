"""What was said in any session, found by its words, with the place where it stands."""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import JsonValue

from agent.protocol.commands.sessions import SaidHit, SearchSessions
from memory.said import words_of
from tungsten.recordings.masking import mask
from tungsten.screen.printable import one_line

if TYPE_CHECKING:
    from memory.database import Database
    from memory.said import Said

WIDTH = 240
"""Characters of an excerpt, at most."""

BEFORE = 40
"""Characters of it that stand before the first word that was looked for."""


async def carry_out(command: SearchSessions, database: Database) -> dict[str, JsonValue]:
    """Look for words in all sessions."""
    hits = await search(database, command.query, command.count)
    return {"hits": [hit.model_dump(mode="json") for hit in hits]}


async def search(database: Database, query: str, count: int) -> list[SaidHit]:
    """At most `count` places where all words of a query were said, the latest first.

    A word that only a secret holds finds nothing: what is not shown is not told either.
    """
    words = words_of(query)
    rows = await database.sessions.search(query, count)
    # A block may hold 200,000 characters: agents and front ends go on meanwhile.
    return await asyncio.to_thread(_hits, rows, words)


def _hits(rows: Sequence[Said], words: Sequence[str]) -> list[SaidHit]:
    return [hit for row in rows if (hit := _hit(row, words)) is not None]


def _hit(row: Said, words: Sequence[str]) -> SaidHit | None:
    block = json.loads(row.payload)["block"]
    shown = excerpt(mask(str(block["text"])), words)
    if shown is None or not isinstance(block.get("id"), int):
        return None
    line, found = shown
    return SaidHit(
        agent_id=row.session_id,
        block=block["id"],
        at=row.at,
        by_person=block["kind"] == "user",
        excerpt=line,
        found=found,
    )


def excerpt(text: str, words: Sequence[str]) -> tuple[str, tuple[tuple[int, int], ...]] | None:
    """One line of a text around the words that are looked for, and where they stand in it.

    None where some word does not begin any word of the text.
    """
    line = one_line(text)
    folded = _folded(line)
    places: list[tuple[int, int]] = []
    for word in words:
        pattern = rf"(?<![^\W_]){re.escape(_folded(word))}"
        found = [match.span() for match in re.finditer(pattern, folded)]
        if not found:
            return None
        places += found
    first = min(places)[0]
    start = max(0, first - BEFORE)
    if start:
        # At the beginning of a word, unless it is longer than there is room.
        space = line.find(" ", start, first)
        start = space + 1 if space >= 0 else start
    end = min(len(line), start + WIDTH)
    before, after = "… " if start else "", " …" if end < len(line) else ""
    shift = len(before) - start
    kept = {(a + shift, min(b, end) + shift) for a, b in places if start <= a < end}
    return f"{before}{line[start:end]}{after}", tuple(sorted(kept))


def _folded(text: str) -> str:
    """Small letters without their accents, each at its place, as the index takes them."""
    return text.translate(_FOLDED)


class _Folded(dict[int, str]):
    """Characters as they are folded, each worked out once."""

    def __missing__(self, code: int) -> str:
        self[code] = unicodedata.normalize("NFD", chr(code))[0].lower()[:1]
        return self[code]


_FOLDED = _Folded()
