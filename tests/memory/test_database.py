# ruff: noqa: ASYNC240
from __future__ import annotations

import asyncio
import sqlite3
import stat
import sys
from pathlib import Path

import pytest

from memory import (
    Database,
    DatabaseClosed,
    DatabaseLocked,
    DatabaseReadOnly,
    DatabaseTooNew,
    DatabaseUnfinished,
    DatabaseUnreadable,
    DiskFull,
    InvalidRecord,
    SessionRecord,
    StorageError,
)
from memory.inspection import inspect
from memory.migrate import APPLICATION_ID, migrations, statements


async def test_opening_makes_a_private_file_in_write_ahead_mode(path: Path) -> None:
    async with await Database.open(path) as database:
        await database.check()
        for file in path.parent.glob("tungsten.db*"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        settings = await database.read(
            lambda db: {
                name: db.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "foreign_keys", "busy_timeout", "application_id")
            }
        )
    assert settings == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "application_id": APPLICATION_ID,
    }


async def test_reopening_migrates_nothing_twice(path: Path) -> None:
    for _ in range(3):
        async with await Database.open(path) as database:
            assert await database.read(
                lambda db: db.execute("PRAGMA user_version").fetchone()[0]
            ) == len(migrations())


def test_migrations_are_numbered_without_gaps() -> None:
    assert [number for number, _ in migrations()] == list(range(1, len(migrations()) + 1))


def test_a_migration_cut_short_is_refused() -> None:
    with pytest.raises(ValueError, match="middle of a statement"):
        list(statements("CREATE TABLE a (b);\nCREATE TABLE c ("))


async def test_a_failing_migration_leaves_the_old_schema(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await Database.open(path):
        pass
    broken = [*migrations(), (99, "CREATE TABLE more (x);\nCREATE TABLE sessions (x);\n")]
    with monkeypatch.context() as patch:
        patch.setattr("memory.migrate.migrations", lambda: broken)
        with pytest.raises(StorageError):
            await Database.open(path)
    async with await Database.open(path) as database:
        await database.check()
        tables = await database.read(
            lambda db: {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
        )
    assert "more" not in tables


async def test_a_newer_database_is_refused_and_left_alone(path: Path) -> None:
    async with await Database.open(path):
        pass
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA user_version = 1000")
    raw.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseTooNew, match="newer Tungsten"):
        await Database.open(path)
    assert path.read_bytes() == before


async def test_a_database_whose_making_was_cut_short_is_called_so_and_is_finished(
    path: Path,
) -> None:
    # What a disk that is full from some byte on leaves behind: a file may not grow beyond it.
    code = (
        "import asyncio, resource, signal, sys\n"
        "from pathlib import Path\n"
        "from memory.database import Database\n"
        "from memory.errors import DiskFull\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)\n"
        "try:\n"
        "    asyncio.run(Database.open(Path(sys.argv[1])))\n"
        "except DiskFull:\n"
        "    sys.exit(7)\n"
    )
    root = Path(__file__).parents[2]
    for room in (0, 2048, 4096, 40_000):
        path.unlink(missing_ok=True)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", code, str(path), str(room)), cwd=root
        )
        assert await process.wait() == 7
        assert path.exists()
        with pytest.raises(DatabaseUnfinished, match=r"never finished.*free some disk space"):
            await inspect(path)
        async with await Database.open(path) as database:
            await database.check()
        await inspect(path)


async def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE theirs (x)")
    raw.close()
    with pytest.raises(DatabaseUnreadable, match="another program"):
        await Database.open(path)
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]
    raw.close()


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 50, b"SQLite format 3\0" + b"x" * 900]
)
async def test_a_damaged_file_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(DatabaseUnreadable, match="nothing was deleted"):
        await Database.open(path)
    assert path.read_bytes() == content


async def test_damage_inside_is_found_by_the_check(path: Path) -> None:
    async with await Database.open(path) as database:
        await database.sessions.create(SessionRecord("s", "n", "/"))
        for _ in range(40):
            await database.sessions.append("s", "user", "x" * 3000)
    content = bytearray(path.read_bytes())
    content[8 * 4096 : 12 * 4096] = b"\xff" * (4 * 4096)
    path.write_bytes(content)
    with pytest.raises(DatabaseUnreadable):
        async with await Database.open(path) as database:
            await database.check()


async def test_a_directory_in_its_place_is_one_clear_line(path: Path) -> None:
    path.mkdir()
    with pytest.raises(DatabaseUnreadable) as caught:
        await Database.open(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(DatabaseUnreadable):
        await Database.open(path / "no" / "such.db")


async def test_a_lock_held_too_long_is_reported_and_nothing_is_lost(path: Path) -> None:
    async with await Database.open(path, busy_seconds=0.05) as database:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseLocked, match="another process"):
            await database.sessions.create(SessionRecord("s", "n", "/"))
        assert await database.sessions.list() == []
        holder.execute("ROLLBACK")
        holder.close()
        await database.sessions.create(SessionRecord("s", "n", "/"))


async def test_opening_while_another_process_holds_the_file(path: Path) -> None:
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseLocked):
        await Database.open(path, busy_seconds=0.1)
    holder.execute("ROLLBACK")
    holder.close()


async def test_a_full_disk_undoes_the_write_and_later_ones_work(path: Path) -> None:
    async with await Database.open(path) as database:
        await database.sessions.create(SessionRecord("s", "n", "/"))
        pages = await database.read(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
        await database.read(lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchone())
        with pytest.raises(DiskFull, match="free some disk space"):
            await database.sessions.append("s", "user", "x" * 1_000_000)
        await database.read(lambda db: db.execute("PRAGMA max_page_count = 100000").fetchone())
        row = await database.sessions.append("s", "user", "x" * 1_000_000)
        assert row.seq == 1
        await database.sessions.verify("s")


async def test_a_file_that_may_not_be_written(path: Path) -> None:
    async with await Database.open(path) as database:
        await database.read(lambda db: db.execute("PRAGMA query_only = ON"))
        with pytest.raises(DatabaseReadOnly, match="permissions"):
            await database.sessions.create(SessionRecord("s", "n", "/"))


async def test_use_after_close_is_one_clear_line(path: Path) -> None:
    database = await Database.open(path)
    await database.close()
    await database.close()
    with pytest.raises(DatabaseClosed, match="closed already"):
        await database.sessions.list()


@pytest.mark.parametrize("refused", [False, True])
async def test_whoever_is_cancelled_in_a_write_learns_what_was_written(
    database: Database, session: str, refused: bool
) -> None:
    learnt: list[object] = []

    async def append() -> None:
        try:
            row = await database.sessions.append(session, "nobody" if refused else "user", "hi")
            learnt.append(row.seq)
        except InvalidRecord as error:
            learnt.append(type(error))
        await asyncio.sleep(60)
        learnt.append("not cancelled")

    task = asyncio.create_task(append())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert learnt == [InvalidRecord if refused else 1]
    assert len(await database.sessions.rows(session)) == (not refused)


async def test_a_limit_of_time_around_a_write_stays_one(database: Database, session: str) -> None:
    async def limited() -> None:
        async with asyncio.timeout(0):
            await database.sessions.append(session, "user", "hi")
            await asyncio.sleep(60)

    with pytest.raises(TimeoutError):
        await limited()
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_a_cancelled_write_is_whole_and_the_next_one_works(path: Path) -> None:
    async with await Database.open(path) as database:
        await database.sessions.create(SessionRecord("s", "n", "/"))
        tasks = [
            asyncio.create_task(database.sessions.append("s", "user", f"turn {number}"))
            for number in range(30)
        ]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await database.sessions.append("s", "user", "after")
        await database.sessions.verify("s")
        assert (await database.sessions.rows("s"))[-1].payload == "after"


async def test_coroutines_of_one_process_never_mix_their_transactions(path: Path) -> None:
    async with await Database.open(path) as database:
        for name in "abc":
            await database.sessions.create(SessionRecord(name, name, "/"))

        async def write(name: str) -> None:
            for number in range(20):
                await database.sessions.append(name, "user", f"{name}{number}")
                await database.journal.append("note", name, {"n": number})

        await asyncio.gather(*(write(name) for name in "abc"))
        await database.journal.verify()
        for name in "abc":
            await database.sessions.verify(name)
            rows = await database.sessions.rows(name)
            assert [row.payload for row in rows] == [f"{name}{number}" for number in range(20)]


async def test_opening_and_closing_side_by_side_never_finds_a_lock(path: Path) -> None:
    async def come_and_go(name: str) -> None:
        for number in range(15):
            async with await Database.open(path) as database:
                if number == 0:
                    await database.sessions.create(SessionRecord(name, name, "/"))
                await database.sessions.append(name, "event", str(number))
            await inspect(path)

    await asyncio.gather(*(come_and_go(name) for name in "abc"))
    async with await Database.open(path) as database:
        for name in "abc":
            await database.sessions.verify(name)
            assert len(await database.sessions.rows(name)) == 15


async def test_a_look_from_outside_tells_what_is_wrong_and_changes_nothing(path: Path) -> None:
    with pytest.raises(DatabaseUnreadable):
        await inspect(path)
    assert not path.exists()
    async with await Database.open(path) as database:
        await database.sessions.create(SessionRecord("s", "n", "/"))
        for _ in range(40):
            await database.sessions.append("s", "user", "x" * 3000)
        await inspect(path)
        # A file too large for the time given is not called damaged.
        await inspect(path, seconds=0)
    content = bytearray(path.read_bytes())
    content[8 * 4096 : 12 * 4096] = b"\xff" * (4 * 4096)
    path.write_bytes(content)
    with pytest.raises(DatabaseUnreadable):
        await inspect(path)
    assert path.read_bytes() == content
