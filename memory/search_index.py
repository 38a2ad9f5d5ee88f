"""The index that memories are found by: FTS5 over their words and their neighbours' words.

Functions of an open `sqlite3.Connection`. An entry has a number, which FTS5 knows it by, and may
belong to a conversation: then the entries before and after it there count as its context, at lower
weight, because what a line is about often stands in the line that it answers.

A search costs what its rare words cost. FTS5 ranks every row in which any word stands, some
0.5 µs each, so words are taken from the rarest on for as long as `ROWS` allows; what the frequent
ones say is counted on the best candidates alone.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from memory import words as vocabulary

ROWS = 800
"""Entries with a word of the question, at most, that are ranked; around seven times as many rows,
as an entry's words also stand in the context of up to six others."""

CANDIDATES = 150
"""Entries that FTS5's ranking leaves."""

RECENT = 10_000
"""Newest entries among which a question is looked up that has no rare word at all."""

BEFORE, AFTER, AROUND = 0.5, 0.3, 0.2
"""Weights of the line before, the one after and those up to `REACH` away, against 1 for an entry's
own words. The line before weighs more: an answer follows its question."""

REACH = 3

MOST_CHARACTERS, MOST_WORDS = 20_000, 40
"""How much of a question is read, and how many of its words are looked up: people paste logs."""

SPOKEN = 1.3
"""Factor for lines of whom the question names."""

DATED = 1.3
"""Factor for entries of the month that the question names."""

TIMED = 1.2
"""Factor for texts that tell a time, when the question asks for one."""

_TIMES = (
    "ago day days evening friday last monday month months morning next night recently saturday "
    "sunday thursday today tomorrow tonight tuesday wednesday week weekend weeks year years "
    "yesterday"
)
_TIME_WORDS = frozenset(_TIMES.split())
_CALENDAR = "January February March April May June July August September October November December"
_MONTHS = _CALENDAR.split()
_MONTH = re.compile(rf"(?<=\s)({'|'.join(_MONTHS)})\b")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_DAY = re.compile(r"\b(?:19|20)\d\d-\d\d(?:-\d\d)?\b")


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A text to be found: `day` is `YYYY-MM-DD` or empty, `place` what a search may be kept to."""

    number: int
    text: str
    place: str = ""
    conversation: str = ""
    day: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was found; `score` compares with those of the same search alone."""

    number: int
    score: float


def put(db: sqlite3.Connection, entries: Iterable[IndexEntry]) -> None:
    """Have entries found by their present texts, whether they are new or known."""
    rows = []
    for entry in entries:
        speaker, said = vocabulary.speaker(entry.text)
        words = " ".join(vocabulary.normalise(said))
        rows.append((entry.number, entry.place, entry.conversation, entry.day, speaker, words))
    db.executemany("INSERT OR REPLACE INTO search_entries VALUES (?, ?, ?, ?, ?, ?)", rows)
    _refresh(db, {row[0] for row in rows}, {row[2] for row in rows})


def remove(db: sqlite3.Connection, number: int) -> None:
    """Have an entry found no more, nor others by its words."""
    row = db.execute(
        "SELECT conversation FROM search_entries WHERE number = ?", (number,)
    ).fetchone()
    if row is None:
        return
    near = _around(db, number, row[0])
    db.execute("DELETE FROM search_entries WHERE number = ?", (number,))
    db.execute("DELETE FROM memory_search WHERE rowid = ?", (number,))
    _refresh(db, near, {row[0]})


def changed(db: sqlite3.Connection, memory_id: str) -> None:
    """Bring the index up to date with a memory; only active ones are found."""
    number, text, project, session_id, status, day = db.execute(
        "SELECT number, text, project, session_id, status, date(created_at, 'unixepoch') "
        "FROM memories WHERE id = ?",
        (memory_id,),
    ).fetchone()
    if status == "active":
        put(db, [IndexEntry(number, text, project or "", session_id or "", day or "")])
    else:
        remove(db, number)


def scrub(db: sqlite3.Connection) -> None:
    """Write the index anew, so that nothing of removed texts is left in it."""
    db.execute("INSERT INTO memory_search (memory_search) VALUES ('rebuild')")


def search(db: sqlite3.Connection, query: str, *, places: Sequence[str] | None = None) -> list[Hit]:
    """Entries that fit a question, best first, at most `CANDIDATES`.

    Args:
        db: where the index lies.
        query: a question or words, as a person says it.
        places: only entries of these places; None for all.
    """
    query = query[:MOST_CHARACTERS]
    said = vocabulary.normalise(query)
    words = list(dict.fromkeys(said))
    named = [word for word in words[: 2 * MOST_WORDS] if _speaks(db, word)]
    about = vocabulary.content([word for word in words if word not in named]) or named
    about = about[:MOST_WORDS]
    if not about:
        return []
    rare, frequent = _rare(db, about)
    found = _ranked(db, rare, places) if rare else _recent(db, frequent, places)
    scores = _weighed(db, found, query, said, named, frequent)
    return sorted(scores, key=lambda hit: (-hit.score, -hit.number))


def _refresh(db: sqlite3.Connection, numbers: set[int], conversations: set[str]) -> None:
    """Write the rows of FTS5 for some entries and, in their conversations, their neighbours."""
    rows: list[tuple[int, str, str, str, str]] = []
    alone = sorted(numbers)
    for conversation in sorted(conversations - {""}):
        lines = db.execute(
            "SELECT number, words FROM search_entries "
            "WHERE conversation = ? AND conversation <> '' ORDER BY number",
            (conversation,),
        ).fetchall()
        wanted = {
            near
            for place, (number, _) in enumerate(lines)
            if number in numbers
            for near in range(max(0, place - REACH), min(len(lines), place + REACH + 1))
        }
        rows += [_row(lines, place) for place in sorted(wanted)]
    in_conversation = {row[0] for row in rows}
    for number in alone:
        if number not in in_conversation:
            found = db.execute(
                "SELECT words FROM search_entries WHERE number = ? AND conversation = ''", (number,)
            ).fetchone()
            if found is not None:
                rows.append((number, found[0], "", "", ""))
    db.executemany(
        "INSERT OR REPLACE INTO memory_search (rowid, words, before, after, around) "
        "VALUES (?, ?, ?, ?, ?)",
        # FTS5 writes a segment whenever a row is not after the one before.
        sorted(rows),
    )


def _row(lines: Sequence[tuple[int, str]], place: int) -> tuple[int, str, str, str, str]:
    def words(first: int, last: int) -> str:
        return " ".join(line[1] for line in lines[max(0, first) : max(0, last)])

    number, own = lines[place]
    around = f"{words(place - REACH, place - 1)} {words(place + 2, place + REACH + 1)}".strip()
    return number, own, words(place - 1, place), words(place + 1, place + 2), around


def _around(db: sqlite3.Connection, number: int, conversation: str) -> set[int]:
    if not conversation:
        return set()
    return {
        int(row[0])
        for comparison, order in ((">", "ASC"), ("<", "DESC"))
        for row in db.execute(
            "SELECT number FROM search_entries "  # noqa: S608
            f"WHERE conversation = ? AND conversation <> '' AND number {comparison} ? "
            f"ORDER BY number {order} LIMIT ?",
            (conversation, number, REACH),
        )
    }


def _speaks(db: sqlite3.Connection, word: str) -> bool:
    found = db.execute(
        "SELECT 1 FROM search_entries WHERE speaker = ? AND speaker <> '' LIMIT 1", (word,)
    )
    return found.fetchone() is not None


def _quoted(words: Iterable[str], joint: str) -> str:
    return f" {joint} ".join(f'"{word}"' for word in words)


def _rare(db: sqlite3.Connection, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part words into those, from the rarest on, that `ROWS` allows to rank by, and the others."""
    counts = []
    for word in words:
        (count,) = db.execute(
            "SELECT COUNT(*) FROM "
            "(SELECT 1 FROM memory_search WHERE memory_search MATCH ? LIMIT ?)",
            (f'words : "{word}"', ROWS + 1),
        ).fetchone()
        counts.append((count, word))
    rare: list[str] = []
    frequent: list[str] = []
    total = 0
    for count, word in sorted(counts, key=lambda counted: counted[0]):
        total += count
        (rare if total <= ROWS else frequent).append(word)
    # A word that no entry has may still be the only rare one.
    if all(count == 0 for count, word in counts if word in rare) and frequent:
        return [], frequent
    return rare, frequent


def _ranked(
    db: sqlite3.Connection, words: Sequence[str], places: Sequence[str] | None
) -> list[tuple[int, float]]:
    join, condition, values = _kept_to(places)
    return db.execute(
        "SELECT memory_search.rowid, "  # noqa: S608
        "-bm25(memory_search, 1.0, ?, ?, ?) AS score "
        f"FROM memory_search {join} WHERE memory_search MATCH ? {condition} "
        "ORDER BY score DESC, memory_search.rowid DESC LIMIT ?",
        (BEFORE, AFTER, AROUND, _quoted(words, "OR"), *values, CANDIDATES),
    ).fetchall()


def _recent(
    db: sqlite3.Connection, words: Sequence[str], places: Sequence[str] | None
) -> list[tuple[int, float]]:
    """The newest entries with all of some frequent words, then with any."""
    (newest,) = db.execute("SELECT COALESCE(MAX(number), 0) FROM search_entries").fetchone()
    join, condition, values = _kept_to(places)
    found: dict[int, float] = {}
    for joint in ("AND", "OR"):
        rows = db.execute(
            f"SELECT memory_search.rowid FROM memory_search {join} "  # noqa: S608
            "WHERE memory_search MATCH ? AND memory_search.rowid > ? "
            f"{condition} ORDER BY memory_search.rowid DESC LIMIT ?",
            (f"words : ({_quoted(words, joint)})", newest - RECENT, *values, CANDIDATES),
        )
        for (number,) in rows:
            found.setdefault(number, 1.0)
    return list(found.items())


def _kept_to(places: Sequence[str] | None) -> tuple[str, str, tuple[str, ...]]:
    if places is None:
        return "", "", ()
    marks = ", ".join("?" for _ in places)
    return (
        "CROSS JOIN search_entries ON search_entries.number = memory_search.rowid",
        f"AND search_entries.place IN ({marks})",
        tuple(places),
    )


def _weighed(
    db: sqlite3.Connection,
    found: Sequence[tuple[int, float]],
    query: str,
    said: Sequence[str],
    named: Sequence[str],
    frequent: Sequence[str],
) -> list[Hit]:
    """Weigh candidates by what words alone do not tell: who speaks, when, and the rest asked."""
    dates = _dates(query)
    asks_when = said[:1] == ["when"]
    marks = ", ".join("?" for _ in found)
    entries = {
        row[0]: row[1:]
        for row in db.execute(
            f"SELECT number, day, speaker, words FROM search_entries WHERE number IN ({marks})",  # noqa: S608
            [number for number, _ in found],
        )
    }
    best = max((score for _, score in found), default=0.0)
    hits = []
    for number, score in found:
        day, speaker, words = entries[number]
        if frequent:
            own = {word[:5] for word in words.split()}
            share = sum(word[:5] in own for word in frequent) / len(frequent)
            score += best * 0.5 * share
        if speaker and speaker in named:
            score *= SPOKEN
        if dates and any(day.startswith(date) or day[4:].startswith(date) for date in dates):
            score *= DATED
        if asks_when and not _TIME_WORDS.isdisjoint(words.split()):
            score *= TIMED
        hits.append(Hit(number, score))
    return hits


def _dates(query: str) -> list[str]:
    """Months and days that a question names, as beginnings of `YYYY-MM-DD` or of `-MM-DD`."""
    found = _DAY.findall(query)
    years = _YEAR.findall(query)
    for month in _MONTH.findall(query):
        tail = f"-{_MONTHS.index(month) + 1:02d}"
        found += [f"{year}{tail}" for year in years] or [tail]
    return found
