"""A fork begins exactly as its origin did, and what was said is found once, and never after it
was forgotten."""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory import Attachment, Database, InvalidRecord, Memory, NotFound, SessionRecord
from memory.migrate import migrations
from memory.transcript import ROLES

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ROWS = st.lists(
    st.tuples(st.sampled_from(ROLES), TEXT, st.sampled_from([(), (b"x",), (b"x", b"yy")])),
    min_size=1,
    max_size=4,
)


def block(text: str, kind: str = "assistant", **more: Any) -> str:
    return json.dumps({"type": "block", "block": {"id": 1, "kind": kind, "text": text, **more}})


def stored(path: Path, session_id: str, last: int) -> list[tuple[Any, ...]]:
    with sqlite3.connect(path) as db:
        rows = db.execute(
            "SELECT seq, role, at, user_turn, payload, exact_sha256, digest, prefix_sha256, chain, "
            "tombstoned_at FROM transcript WHERE session_id = ? AND seq <= ? ORDER BY seq",
            (session_id, last),
        ).fetchall()
        rows += db.execute(
            "SELECT seq, position, sha256, media_type FROM transcript_attachments "
            "WHERE session_id = ? AND seq <= ? ORDER BY seq, position",
            (session_id, last),
        ).fetchall()
    db.close()
    return rows


def test_a_fork_has_its_origins_rows_to_the_byte(path: Path) -> None:
    born = {"system_json": '[{"type":"text"}]', "tools_json": "[1]"}
    numbers = itertools.count()

    async def forked(rows: Any, gone: set[int], last: int) -> None:
        origin, fork = f"a{next(numbers)}", f"b{next(numbers)}"
        sessions = database.sessions
        await sessions.create(SessionRecord(origin, "a", "/", **born))  # type: ignore[arg-type]
        for role, text, contents in rows:
            attachments = [Attachment("image/png", content) for content in contents]
            await sessions.append(origin, role, text, attachments=attachments)
        for seq in gone:
            await sessions.tombstone(origin, seq)
        record = SessionRecord(fork, "b", "/", forked_from=origin, forked_seq=last, **born)  # type: ignore[arg-type]
        await sessions.create(record)
        assert stored(path, fork, 99) == stored(path, origin, last)
        # It goes on as its origin would: the same row gets the same digests.
        more = [await sessions.append(one, "user", "more") for one in (origin, fork)]
        assert (more[0].prefix_sha256 == more[1].prefix_sha256) is (last == len(rows))
        for one in (origin, fork):
            await sessions.verify(one)

    with asyncio.Runner() as runner:
        # One file for all examples: making one costs more than all that is looked at.
        database = runner.run(Database.open(path))

        @settings(max_examples=25)
        @given(rows=ROWS, data=st.data())
        def example(rows: Any, data: st.DataObject) -> None:
            gone = data.draw(st.sets(st.integers(1, len(rows)), max_size=1))
            last = data.draw(st.integers(0, len(rows)))
            runner.run(forked(rows, gone, last))

        example()
        runner.run(database.close())


async def test_a_fork_must_be_born_as_its_origin_was(database: Database, session: str) -> None:
    await database.sessions.append(session, "user", "hi")
    for wrong, error in (
        ({"forked_from": session, "forked_seq": 2}, NotFound),
        ({"forked_from": "nobody", "forked_seq": 1}, NotFound),
        ({"forked_from": session, "forked_seq": 1, "system_json": "[1]"}, InvalidRecord),
    ):
        with pytest.raises(error):
            await database.sessions.create(SessionRecord("f", "f", "/", **wrong))  # type: ignore[arg-type]
    assert [one.id for one in await database.sessions.list()] == [session]
    with pytest.raises(InvalidRecord, match="cannot be changed"):
        await database.sessions.update(session, forked_seq=1)


async def test_what_was_forgotten_is_forgotten_in_every_fork(
    database: Database, session: str, path: Path
) -> None:
    for text in ("one", "the xylophone", "three"):
        await database.sessions.append(session, "event", block(text))
    for fork, origin, last in (("b", session, 3), ("c", "b", 2), ("d", session, 1)):
        await database.sessions.create(
            SessionRecord(fork, fork, "/", forked_from=origin, forked_seq=last)
        )
    await database.sessions.append("d", "event", block("not the same row"))
    await database.sessions.tombstone("c", 2)
    for one in (session, "b", "c"):
        assert (await database.sessions.rows(one))[1].tombstoned
        await database.sessions.verify(one)
    assert not (await database.sessions.rows("d"))[1].tombstoned
    assert await database.sessions.search("xylophone", 9) == []
    for file in path.parent.iterdir():
        assert b"xylophone" not in file.read_bytes()


async def test_what_was_said_is_found_by_the_beginnings_of_its_words(
    database: Database, session: str
) -> None:
    async def found(query: str, count: int = 9) -> list[tuple[str, int]]:
        rows = await database.sessions.search(query, count)
        return [(row.session_id, row.seq) for row in rows]

    await database.sessions.append(session, "event", block("Mend the clock, über alles", "user"))
    await database.sessions.append(session, "event", block("The clocks are mended: 修复 done"))
    await database.sessions.append(session, "event", block("a clock of a tool", "tool"))
    for other in ("clock", "[]", '{"type":"block"}', '{"type":"block","block":7}', '"clock"'):
        await database.sessions.append(session, "event", other)
    await database.sessions.append(session, "user", '{"role":"user","content":"clock"}')
    await database.sessions.create(SessionRecord("f", "f", "/", forked_from=session, forked_seq=2))
    await database.sessions.append("f", "event", block("Another clock"))
    assert await found("clock") == [("f", 3), (session, 2), (session, 1)]
    assert await found("MEND cloc") == [(session, 2), (session, 1)]
    assert await found("Uber") == [(session, 1)]
    assert await found("修复") == [(session, 2)]
    assert await found("clock", 1) == [("f", 3)]
    assert await found('clock" OR "x') == await found("NEAR(") == await found("* -") == []
    assert await found("") == await found('"') == []


async def test_what_was_said_before_there_was_an_index_is_found(path: Path) -> None:
    texts = {1: "An old clock", 2: "forgotten"}
    with sqlite3.connect(path) as db:
        for number, script in migrations():
            if number < 7:
                db.executescript(script)
                db.execute(f"PRAGMA user_version = {number}")
        db.execute("PRAGMA application_id = 0x54756E67")
        db.execute(
            "INSERT INTO sessions VALUES ('s','s','/','model','','','idle','',0,0,0,0,'',NULL,"
            "'','','[]','{}',1)"
        )
        for seq, text in texts.items():
            payload = block(text) if seq == 1 else None
            db.execute(
                "INSERT INTO transcript VALUES ('s',?,'event',0,0,?,'','','','',?)",
                (seq, payload, None if payload else 1.0),
            )
    db.close()
    async with await Database.open(path) as database:
        rows = await database.sessions.search("clock", 9)
        assert [(row.session_id, row.seq) for row in rows] == [("s", 1)]


async def test_what_was_redacted_is_found_nowhere(path: Path) -> None:
    fact = "The xylophone stands in the attic"
    async with await Database.open(path, holds_secret=lambda _: False) as database:
        await database.sessions.create(SessionRecord("s", "s", "/"))
        await database.sessions.append("s", "event", block(f"Noted. {fact}, I see."))
        await database.sessions.create(SessionRecord("f", "f", "/", forked_from="s", forked_seq=1))
        stored = await database.memories.add(Memory("", fact), by="person")
        assert len(await database.sessions.search("xylophone", 9)) == 1
        await database.memories.redact(stored.id)
        assert await database.sessions.search("xylophone", 9) == []
        for one in "sf":
            assert (await database.sessions.rows(one))[0].tombstoned
            await database.sessions.verify(one)
        for file in path.parent.iterdir():
            assert b"xylophone" not in file.read_bytes()
