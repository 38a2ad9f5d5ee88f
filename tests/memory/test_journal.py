from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from memory import AlreadyRecorded, ChainBroken, Database, InvalidRecord, NotFound


async def test_entries_are_numbered_chained_and_come_back(
    database: Database, clock: Any, path: Path
) -> None:
    first = await database.journal.append("note", None, {"z": 1, "a": ["é", None, 2.5]})
    clock.now += 1
    second = await database.journal.append("other", "s1", {})
    assert (first.seq, second.seq) == (1, 2)
    assert list(first.data) == ["z", "a"]
    assert second.at == first.at + 1
    async with await Database.open(path) as again:
        assert await again.journal.entries() == [first, second]
        await again.journal.verify()


async def test_entries_are_found_by_session_kind_place_and_number(database: Database) -> None:
    for number in range(1, 11):
        session = "even" if number % 2 == 0 else "odd"
        await database.journal.append(f"k{number % 3}", session, {"n": number})

    async def found(**wanted: Any) -> list[int]:
        return [entry.data["n"] for entry in await database.journal.entries(**wanted)]

    assert await found(session_id="even") == [2, 4, 6, 8, 10]
    assert await found(kinds=["k0", "k1"], after=4) == [6, 7, 9, 10]
    assert await found(session_id="odd", kinds=("k1",), limit=1) == [1]
    assert await found(kinds=[]) == []
    assert await found(limit=0) == []
    assert await found(after=10) == []


async def test_an_action_happens_once_and_its_outcome_is_known_or_unknown(
    database: Database, path: Path
) -> None:
    journal = database.journal
    started = await journal.action_started("a1", "s1", {"text": "rm x"})
    await journal.action_started("a2", "s2", {"text": "ls"})
    assert (started.subject, started.session_id) == ("a1", "s1")
    async with await Database.open(path) as again:
        assert await again.journal.unfinished_actions("s1") == [started]
    ended = await journal.action_ended("a1", {"exit_status": 0})
    assert ended.session_id == "s1"
    assert [entry.subject for entry in await journal.unfinished_actions()] == ["a2"]
    assert await journal.unfinished_actions("s1") == []
    with pytest.raises(AlreadyRecorded, match="action started a1"):
        await journal.action_started("a1", "s1", {})
    with pytest.raises(AlreadyRecorded, match="action ended a1"):
        await journal.action_ended("a1", {})
    with pytest.raises(NotFound, match="action never"):
        await journal.action_ended("never", {})
    await journal.verify()


async def test_what_started_actions_were_about(database: Database) -> None:
    for number, (action, text) in enumerate([("w", "a"), ("w", "b"), ("r", "c"), ("w", "a")]):
        data = {"action": action, "text": text}
        await database.journal.action_started(f"a{number}", f"s{number}", data)
    await database.journal.action_ended("a0", {"action": "w", "text": "d"})
    await database.journal.tombstone(2)
    assert await database.journal.texts("w") == ["a"]


async def test_a_gate_is_decided_once(database: Database) -> None:
    journal = database.journal
    await journal.gate_opened("g1", "s1", {})
    second = await journal.gate_opened("g2", "s1", {"text": "push"})
    # An action and a gate may share an id: they are different things.
    await journal.action_started("g1", "s1", {})
    await journal.gate_closed("g1", {"outcome": "approved"})
    assert await journal.open_gates() == [second]
    assert await journal.open_gates("s2") == []
    with pytest.raises(AlreadyRecorded):
        await journal.gate_closed("g1", {"outcome": "denied"})
    with pytest.raises(NotFound, match="gate g9"):
        await journal.gate_closed("g9", {})


async def test_what_is_no_json_object_is_refused_whole(database: Database) -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"in": deep}
    for data in ({"x": object()}, {"x": float("nan")}, deep):
        with pytest.raises(InvalidRecord, match="JSON"):
            await database.journal.append("note", None, data)
    half = await database.journal.append("note", None, {"screen": "half \ud800"})
    assert half.seq == 1
    assert (await database.journal.entries())[0].data == {"screen": "half \ud800"}
    await database.journal.verify()


async def test_a_tombstone_removes_the_text_from_disk_and_keeps_the_chain(
    database: Database, path: Path
) -> None:
    await database.journal.append("note", "s1", {"text": "hunter2-" * 2000})
    await database.journal.append("note", "s1", {"text": "kept"})
    await database.journal.tombstone(1)
    await database.journal.tombstone(1)
    first, second = await database.journal.entries()
    assert (first.tombstoned, first.data, second.data) == (True, {}, {"text": "kept"})
    await database.journal.verify()
    await database.journal.append("note", "s1", {})
    await database.journal.verify()
    for file in path.parent.iterdir():
        assert b"hunter2-" not in file.read_bytes()
    with pytest.raises(NotFound, match="entry 99"):
        await database.journal.tombstone(99)


async def test_a_started_action_stays_unfinished_when_its_text_is_forgotten(
    database: Database,
) -> None:
    entry = await database.journal.action_started("a1", "s1", {"text": "secret"})
    await database.journal.tombstone(entry.seq)
    assert [found.subject for found in await database.journal.unfinished_actions()] == ["a1"]
    with pytest.raises(AlreadyRecorded):
        await database.journal.action_started("a1", "s1", {})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET data = '{}'",
        "UPDATE journal SET data = NULL, tombstoned_at = 1, kind = 'x'",
        "UPDATE journal SET seq = seq + 10",
        "DELETE FROM journal WHERE seq = 2",
        "INSERT OR REPLACE INTO journal SELECT * FROM journal WHERE seq = 1",
        "INSERT INTO journal SELECT seq + 7, at, kind, session_id, NULL, data, digest, chain, "
        "tombstoned_at FROM journal WHERE seq = 1",
    ],
)
async def test_sqlite_itself_refuses_to_change_the_journal(
    database: Database, path: Path, statement: str
) -> None:
    for number in range(3):
        await database.journal.append("note", "s1", {"n": number})
    raw = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(statement)
    raw.close()
    await database.journal.verify()


@pytest.mark.parametrize(
    ("tampering", "reason"),
    [
        ("""UPDATE journal SET data = '{"n":9}' WHERE seq = 2""", "text differs"),
        ("UPDATE journal SET digest = 'x' WHERE seq = 2", "text differs"),
        ("UPDATE journal SET at = at + 0.001 WHERE seq = 2", "chain"),
        ("UPDATE journal SET kind = 'x' WHERE seq = 2", "chain"),
        ("UPDATE journal SET session_id = NULL WHERE seq = 2", "chain"),
        ("UPDATE journal SET subject = 'x' WHERE seq = 2", "chain"),
        ("DELETE FROM journal WHERE seq = 2", "missing"),
        ("DELETE FROM journal WHERE seq = 3", "end of the log"),
        ("DELETE FROM journal", "end of the log"),
        ("UPDATE heads SET chain = 'x'", "end of the log"),
        ("DELETE FROM heads", "end of the log"),
    ],
)
async def test_verify_finds_what_was_changed_from_outside(
    database: Database, path: Path, tampering: str, reason: str
) -> None:
    for number in range(3):
        await database.journal.append("note", "s1", {"n": number})
    raw = sqlite3.connect(path)
    for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        raw.execute(f"DROP TRIGGER {name}")
    raw.execute(tampering)
    raw.commit()
    raw.close()
    with pytest.raises(ChainBroken, match=reason):
        await database.journal.verify()
