from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from memory import (
    AlreadyRecorded,
    Attachment,
    ChainBroken,
    Database,
    InvalidRecord,
    NotFound,
    SessionRecord,
)
from memory.transcript import is_user_turn


async def test_a_record_comes_back_as_it_was_stored(database: Database, clock: Any) -> None:
    record = SessionRecord(
        "s",
        "näme",
        "/dir",
        kind="command",
        model="m",
        mode="careful",
        state="working",
        activity="thinks",
        since=3.5,
        created_at=2.25,
        demo=True,
        command="htop",
        system_json='[{"type":"text"}]',
        tools_json="[]",
        pane_ids=("%1", "%22"),
        extra={"queued": ["é", None], "n": 1},
    )
    assert await database.sessions.create(record) == record
    assert await database.sessions.get("s") == record
    child = await database.sessions.create(SessionRecord("w", "worker", "/dir", parent="s"))
    assert (child.created_at, child.since, child.parent) == (clock.now, clock.now, "s")
    with pytest.raises(AlreadyRecorded, match="session s"):
        await database.sessions.create(record)
    with pytest.raises(InvalidRecord):
        await database.sessions.create(SessionRecord("x", "x", "/", parent="nobody"))


async def test_lists_are_in_order_of_birth_and_by_archive(database: Database, clock: Any) -> None:
    for name in "cab":
        clock.now += 1
        await database.sessions.create(SessionRecord(name, name, "/"))
    await database.sessions.update("a", archived=True)

    async def ids(archived: bool | None) -> str:
        return "".join(record.id for record in await database.sessions.list(archived))

    assert (await ids(None), await ids(False), await ids(True)) == ("cab", "cb", "a")


async def test_updates_change_only_what_may_change(database: Database, session: str) -> None:
    changed = await database.sessions.update(
        session, state="done", pane_ids=("%9",), extra={"a": [1]}, name="new"
    )
    assert (changed.state, changed.pane_ids, changed.extra) == ("done", ("%9",), {"a": [1]})
    assert await database.sessions.update(session) == changed
    for wrong in ({"id": "x"}, {"created_at": 1.0}, {"nonsense": 1}):
        with pytest.raises(InvalidRecord, match="cannot be changed"):
            await database.sessions.update(session, **wrong)
    with pytest.raises(NotFound, match="session nobody"):
        await database.sessions.update("nobody", state="done")
    with pytest.raises(NotFound):
        await database.sessions.get("nobody")


async def test_the_first_row_freezes_system_and_tools(database: Database, session: str) -> None:
    await database.sessions.update(session, system_json="[1]", tools_json="[2]")
    await database.sessions.append(session, "user", "hi")
    await database.sessions.update(session, system_json="[1]", state="working")
    with pytest.raises(InvalidRecord, match="frozen"):
        await database.sessions.update(session, system_json="[3]")


async def test_rows_are_exact_and_numbered(database: Database, session: str, path: Path) -> None:
    payloads = [
        '{"role":"user","content":[{"type":"text","text":"h\\u00e9 é 🜚"}]}',
        '{ "z" : 1,\t"a" : 1.50 , "empty":{} }',
        "",
        "nul \0 inside\r\n",
    ]
    for number, payload in enumerate(payloads, 1):
        row = await database.sessions.append(session, "assistant", payload)
        assert (row.seq, row.payload) == (number, payload)
    async with await Database.open(path) as again:
        rows = await again.sessions.rows(session)
        assert [row.payload for row in rows] == payloads
        assert rows == await database.sessions.rows(session)
        assert [row.seq for row in await again.sessions.rows(session, after=2)] == [3, 4]
        await again.sessions.verify(session)


async def test_what_cannot_be_stored_is_refused_whole(database: Database, session: str) -> None:
    with pytest.raises(InvalidRecord, match="surrogate"):
        await database.sessions.append(session, "user", "half \ud800")
    with pytest.raises(InvalidRecord, match="role"):
        await database.sessions.append(session, "tool", "x")
    with pytest.raises(NotFound, match="session nobody"):
        await database.sessions.append("nobody", "user", "x")
    assert await database.sessions.rows(session) == []
    await database.sessions.verify(session)
    with pytest.raises(NotFound):
        await database.sessions.verify("nobody")


async def test_the_prefix_ignores_cache_marks_and_nothing_else(database: Database) -> None:
    plain = '{"role":"user","content":[{"type":"text","text":"a"}]}'
    marked = plain.replace('"a"}', '"a","cache_control":{"type":"ephemeral"}}')
    prefixes = []
    for name, system, payload in (
        ("a", "[]", plain),
        ("b", "[]", marked),
        ("c", "[]", plain.replace('"a"', '"b"')),
        ("d", "[1]", plain),
    ):
        await database.sessions.create(SessionRecord(name, name, "/", system_json=system))
        prefixes.append((await database.sessions.append(name, "user", payload)).prefix_sha256)
        await database.sessions.verify(name)
    assert prefixes[0] == prefixes[1]
    assert len(set(prefixes)) == 3


async def test_a_tombstone_removes_the_text_from_disk_and_keeps_the_chain(
    database: Database, session: str, path: Path
) -> None:
    secret = "hunter2-" * 1000
    image = b"picture-" * 1000
    await database.sessions.append(session, "user", "before")
    await database.sessions.append(
        session, "user", secret, attachments=[Attachment("image/png", image)]
    )
    last = await database.sessions.append(session, "user", "after")
    await database.sessions.tombstone(session, 2)
    await database.sessions.tombstone(session, 2)
    row = (await database.sessions.rows(session))[1]
    assert (row.payload, row.tombstoned) == ("", True)
    await database.sessions.verify(session)
    assert (await database.sessions.append(session, "user", "more")).seq == last.seq + 1
    await database.sessions.verify(session)
    for file in path.parent.iterdir():
        content = file.read_bytes()
        assert b"hunter2-" not in content
        assert b"picture-" not in content
    with pytest.raises(NotFound):
        await database.sessions.attachment(row.attachments[0].sha256)
    with pytest.raises(NotFound, match="row 99"):
        await database.sessions.tombstone(session, 99)


async def test_attachments_are_stored_once_and_last_as_long_as_a_row_needs_them(
    database: Database, session: str
) -> None:
    picture = Attachment("image/png", b"\x89PNG")
    first = await database.sessions.append(session, "user", "a", attachments=[picture, picture])
    second = await database.sessions.append(session, "user", "b", attachments=(picture,))
    reference = second.attachments[0]
    assert first.attachments == (reference, reference)
    assert reference.media_type == "image/png"
    stored = await database.read(lambda db: db.execute("SELECT sha256 FROM attachments").fetchall())
    assert stored == [(reference.sha256,)]
    await database.sessions.tombstone(session, 1)
    assert await database.sessions.attachment(reference.sha256) == b"\x89PNG"
    await database.sessions.tombstone(session, 2)
    with pytest.raises(NotFound, match="attachment"):
        await database.sessions.attachment(reference.sha256)
    await database.sessions.append(session, "user", "c", attachments=[picture])
    assert await database.sessions.attachment(reference.sha256) == b"\x89PNG"
    await database.sessions.verify(session)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transcript SET payload = 'x' WHERE seq = 1",
        "UPDATE transcript SET at = 0",
        "UPDATE transcript SET payload = NULL, tombstoned_at = 1, role = 'event'",
        "UPDATE transcript SET payload = NULL",
        "DELETE FROM transcript",
        "INSERT OR REPLACE INTO transcript SELECT * FROM transcript WHERE seq = 1",
        "INSERT INTO transcript SELECT session_id, 7, role, at, user_turn, payload, exact_sha256, "
        "digest, prefix_sha256, chain, tombstoned_at FROM transcript WHERE seq = 1",
        "DELETE FROM sessions",
        "DELETE FROM transcript_attachments",
        "UPDATE transcript_attachments SET media_type = 'x'",
    ],
)
async def test_sqlite_itself_refuses_to_change_a_transcript(
    database: Database, session: str, path: Path, statement: str
) -> None:
    for text in "ab":
        await database.sessions.append(
            session, "user", text, attachments=[Attachment("text/plain", b"x")]
        )
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA foreign_keys = ON")
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(statement)
    raw.close()
    await database.sessions.verify(session)


@pytest.mark.parametrize(
    ("tampering", "reason"),
    [
        ("UPDATE transcript SET payload = 'B' WHERE seq = 2", "text differs"),
        ("UPDATE transcript SET at = at + 1 WHERE seq = 2", "chain"),
        ("UPDATE transcript SET role = 'event' WHERE seq = 2", "prefix"),
        ("UPDATE transcript SET user_turn = 0 WHERE seq = 2", "chain"),
        ("UPDATE transcript SET prefix_sha256 = 'x' WHERE seq = 2", "prefix"),
        ("DELETE FROM transcript WHERE seq = 2", "missing"),
        ("DELETE FROM transcript WHERE seq = 3", "end of the log"),
        ("DELETE FROM transcript_attachments WHERE seq = 2", "chain"),
        ("UPDATE attachments SET content = x'00'", "attachment differs"),
        ("UPDATE attachments SET content = NULL", "attachment is missing"),
        ("UPDATE sessions SET tools_json = '[9]'", "prefix"),
    ],
)
async def test_verify_finds_what_was_changed_from_outside(
    database: Database, session: str, path: Path, tampering: str, reason: str
) -> None:
    for text in "abc":
        await database.sessions.append(
            session, "user", text, attachments=[Attachment("text/plain", b"x")]
        )
    raw = sqlite3.connect(path)
    for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        raw.execute(f"DROP TRIGGER {name}")
    raw.execute(tampering)
    raw.commit()
    raw.close()
    with pytest.raises(ChainBroken, match=reason):
        await database.sessions.verify(session)


def test_results_of_tools_are_no_user_turn() -> None:
    result = '{"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]}'
    both = '{"role":"user","content":[{"type":"tool_result"},{"type":"text","text":"and"}]}'
    assert not is_user_turn("user", result)
    assert is_user_turn("user", both)
    assert is_user_turn("user", '{"role":"user","content":"hi"}')
    assert is_user_turn("user", "not json")
    assert not is_user_turn("assistant", '{"role":"assistant","content":"hi"}')


async def test_what_comes_out_of_the_archive_comes_last_and_stays_there(
    database: Database,
) -> None:
    for name in "abc":
        await database.sessions.create(SessionRecord(id=name, name=name, directory="/"))

    async def ids() -> str:
        return "".join(record.id for record in await database.sessions.list(archived=False))

    await database.sessions.update("a", archived=True)
    assert await ids() == "bc"
    await database.sessions.update("a", archived=False)
    assert await ids() == "bca"
    # What is on the list keeps its place.
    await database.sessions.update("b", archived=False)
    assert await ids() == "bca"


async def test_rows_that_belong_together_are_all_there_or_none(
    database: Database, session: str
) -> None:
    await database.sessions.append_all(session, [("event", "{}"), ("user", '{"content":[]}')])
    with pytest.raises(InvalidRecord):
        await database.sessions.append_all(session, [("event", "{}"), ("nobody", "{}")])
    rows = await database.sessions.rows(session)
    assert [(row.seq, row.role) for row in rows] == [(1, "event"), (2, "user")]
    await database.sessions.verify(session)
    with pytest.raises(NotFound):
        await database.sessions.append_all("x", [("event", "{}")])
