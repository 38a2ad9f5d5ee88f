"""Dreams over a real database: planned, applied, undone, interrupted at any instant."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from memory import Database, Memory
from memory.dream.lease import AlreadyDreaming, lease
from memory.dream.operations import PlanOutdated
from memory.dream.orient import Evidence, ProjectState, Rename
from memory.dream.store import DreamStore
from memory.errors import NotFound

DREAMER = Path(__file__).with_name("dreamer.py")
PROJECT = "/work/harbor"
LEARNED = [
    ("user_stated", "The invoice service is written in Kotlin."),
    ("tool_observed", "Invoice service: written in Kotlin"),
    ("tool_observed", "The nightly settlement job starts at 02:30."),
    ("tool_observed", "The nightly settlement job starts at 03:15."),
    ("user_stated", "Database migrations live in db/migrations."),
    ("user_stated", "Database migrations live in db/migrations and are numbered by date."),
    ("user_stated", "hjkl key bindings do not suit this user, whose keyboard layout is Colemak."),
    ("user_stated", "User types on a Colemak layout, so avoid hjkl bindings."),
    ("tool_observed", "The fee table is in src/fees.py."),
    ("user_stated", "Refunds above 500 EUR need a second approval."),
    ("user_stated", "Card data is never logged."),
]
EVIDENCE = Evidence(
    1_800_000_500.0,
    {
        PROJECT: ProjectState(
            paths=frozenset({"src/pricing/fees.py", "db/migrations/1.sql"}),
            renames=(Rename("r1", "src/fees.py", "src/pricing/fees.py"),),
        )
    },
)


async def fill(database: Database) -> None:
    for number, (source, text) in enumerate(LEARNED):
        await database.memories.add(
            Memory(
                id=f"m{number:02d}",
                text=text,
                scope="project",
                project=PROJECT,
                source=source,  # type: ignore[arg-type]
                created_at=1_800_000_000.0 + number,
            ),
            by="agent",
        )


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    async with await Database.open(
        path, clock=lambda: 1_800_000_100.0, holds_secret=lambda _: False
    ) as opened:
        await fill(opened)
        yield opened


@pytest.fixture
def dreams(database: Database) -> DreamStore:
    return DreamStore(database, lambda: 1_800_000_200.0)


def rows(path: Path) -> list[tuple[object, ...]]:
    """Every memory as it is, and what search would find, byte for byte."""
    with sqlite3.connect(path) as db:
        return [
            *db.execute("SELECT * FROM memories ORDER BY id"),
            *db.execute("SELECT * FROM memory_usage ORDER BY memory_id"),
        ]


async def statuses(database: Database) -> dict[str, str]:
    return {memory.id: memory.status for memory in await database.memories.list(statuses=None)}


async def test_a_plan_changes_nothing(database: Database, dreams: DreamStore, path: Path) -> None:
    before = rows(path)
    planned = await dreams.plan(EVIDENCE)
    assert planned.operations == 5
    assert rows(path) == before
    assert {change.state for change in await dreams.changes(planned.dream_id)} == {"planned"}
    assert await database.dreams.last() is None


async def test_applied(database: Database, dreams: DreamStore) -> None:
    planned = await dreams.plan(EVIDENCE)
    assert await dreams.apply(planned.dream_id) == 5
    found = {memory.id: memory for memory in await database.memories.list(statuses=None)}
    assert found["m02"].status == "superseded"
    assert found["m02"].superseded_by == "m03"
    assert {found["m00"].status, found["m01"].status} == {"active", "merged"}
    assert found["m04"].status == "merged"
    assert found["m04"].superseded_by == "m05"
    assert (found["m08"].drift, found["m08"].evidence) == ("path", ("r1",))
    assert (await database.memories.usage("m08")).contradicted == 1
    assert found["m09"].text == LEARNED[9][1]
    await database.memories.verify()
    last = await database.dreams.last()
    assert last is not None
    assert last.summary == "3 merged, 1 superseded, 1 to look at"


async def test_undone_to_the_byte(database: Database, dreams: DreamStore, path: Path) -> None:
    before = rows(path)
    planned = await dreams.plan(EVIDENCE)
    await dreams.apply(planned.dream_id)
    assert rows(path) != before
    assert await dreams.undo(planned.dream_id) == 5
    assert rows(path) == before
    await database.memories.verify()
    assert await dreams.undo(planned.dream_id) == 0


async def test_a_redacted_text_is_in_no_row_of_a_dream(
    database: Database, dreams: DreamStore
) -> None:
    planned = await dreams.plan(EVIDENCE)
    await dreams.apply(planned.dream_id)
    kept = await database.read(
        lambda db: [
            str(row)
            for table in ("dreams", "dream_operations", "dream_proposals")
            for row in db.execute(f"SELECT * FROM {table}")
        ]
    )
    told = "\n".join(kept)
    for word in ("Kotlin", "03:15", "02:30", "Colemak", "Refunds", "logged"):
        assert word not in told


async def test_several_who_say_the_same_and_lose_to_one_are_undone(path: Path) -> None:
    said = (
        "port of the dev server is 8123",
        "The dev server listens on port 8123",
        "The port of the dev server is 9000",
    )
    async with await Database.open(path, holds_secret=lambda _: False) as database:
        for number, text in enumerate(said):
            memory = Memory(
                id=f"m{number}",
                text=text,
                scope="project",
                project=PROJECT,
                source="user_stated",
                created_at=1_800_000_000.0 + number,
            )
            await database.memories.add(memory, by="person")
        before = rows(path)
        dreams = DreamStore(database, lambda: 1_800_000_200.0)
        planned = await dreams.plan(EVIDENCE)
        assert await dreams.apply(planned.dream_id) == 2
        assert await statuses(database) == {"m0": "superseded", "m1": "superseded", "m2": "active"}
        assert await dreams.undo(planned.dream_id) == 2
        assert rows(path) == before


async def test_one_operation_undone(database: Database, dreams: DreamStore) -> None:
    planned = await dreams.plan(EVIDENCE)
    await dreams.apply(planned.dream_id)
    after = await statuses(database)
    changes = await dreams.changes(planned.dream_id)
    supersession = next(change for change in changes if change.kind == "supersede")
    await dreams.undo(planned.dream_id, supersession.operation)
    assert await statuses(database) == after | {"m02": "active"}
    with pytest.raises(NotFound):
        await dreams.undo(planned.dream_id, supersession.operation)
    assert await dreams.undo(planned.dream_id) == 4
    assert set((await statuses(database)).values()) == {"active"}


async def test_what_changed_after_the_plan_is_not_overwritten(
    database: Database, dreams: DreamStore, path: Path
) -> None:
    planned = await dreams.plan(EVIDENCE)
    await database.memories.confirm("m02", by="person")
    before = rows(path)
    with pytest.raises(PlanOutdated, match="m02"):
        await dreams.apply(planned.dream_id)
    assert rows(path) == before
    assert await dreams.resume() == []
    assert await outcomes(database) == ["interrupted"]


async def test_what_changed_after_the_dream_is_not_undone(
    database: Database, dreams: DreamStore, path: Path
) -> None:
    planned = await dreams.plan(EVIDENCE)
    await dreams.apply(planned.dream_id)
    await database.memories.release("m02", by="person")
    before = rows(path)
    with pytest.raises(PlanOutdated, match="m02"):
        await dreams.undo(planned.dream_id)
    assert rows(path) == before


async def test_a_text_that_was_joined_loses_nothing(database: Database, dreams: DreamStore) -> None:
    planned = await dreams.plan(EVIDENCE)
    await dreams.apply(planned.dream_id)
    found = {memory.id: memory for memory in await database.memories.list(statuses=None)}
    alive = found["m06"] if found["m06"].status == "active" else found["m07"]
    assert "Colemak" in alive.text
    assert "hjkl" in alive.text


async def test_a_second_dream_looks_only_at_what_is_new(
    database: Database, dreams: DreamStore
) -> None:
    first = await dreams.plan(EVIDENCE)
    await dreams.apply(first.dream_id)
    await database.memories.add(
        Memory(
            id="m20",
            text="The nightly settlement job starts at 05:00.",
            scope="project",
            project=PROJECT,
            source="user_stated",
            created_at=1_800_000_300.0,
        ),
        by="agent",
    )
    second = await dreams.plan(Evidence(0.0), whole=False)
    changes = await dreams.changes(second.dream_id)
    assert [(c.kind, c.memory_id, c.other_id) for c in changes] == [("supersede", "m03", "m20")]


async def known(_: Sequence[Memory]) -> Evidence:
    return EVIDENCE


async def test_a_look_ahead_writes_nothing_and_says_what_a_dream_then_does(
    database: Database, dreams: DreamStore, path: Path
) -> None:
    before = rows(path)
    seen = await dreams.preview(known)
    assert rows(path) == before
    assert await outcomes(database) == []
    planned = await dreams.run(known)
    assert planned is not None
    assert planned.plan == seen
    assert await outcomes(database) == ["done"]


async def test_what_was_undone_is_not_done_again(
    database: Database, dreams: DreamStore, path: Path
) -> None:
    first = await dreams.run(known)
    assert first is not None
    await dreams.undo(first.dream_id)
    before = rows(path)
    again = await dreams.run(known)
    assert again is not None
    assert again.operations == 0
    assert set(again.plan.kept) == {f"m{number:02d}" for number in range(len(LEARNED))}
    assert rows(path) == before


async def test_what_the_person_released_is_not_set_aside_again(
    database: Database, dreams: DreamStore
) -> None:
    dreams = DreamStore(database, lambda: 1_800_000_200.0, lambda text: "Card data" in text)
    first = await dreams.run(known)
    assert first is not None
    assert [q.id for q in first.plan.quarantined] == ["m10"]
    await database.memories.release("m10", by="person")
    again = await dreams.run(known)
    assert again is not None
    assert again.operations == 0


async def test_a_flag_that_is_there_is_no_change(database: Database, dreams: DreamStore) -> None:
    for operations in (5, 0):
        done = await dreams.run(known)
        assert done is not None
        assert done.operations == operations


async def test_a_dream_takes_up_the_one_before_and_asks_again_whether_it_is_wanted(
    database: Database, dreams: DreamStore
) -> None:
    left = await dreams.plan(EVIDENCE)
    asked: list[str | None] = []

    async def wanted() -> bool:
        asked.extend(await outcomes(database))
        return False

    assert await dreams.run(known, wanted=wanted) is None
    assert asked == ["done"]
    assert {change.state for change in await dreams.changes(left.dream_id)} == {"applied"}


async def test_a_dream_that_is_told_to_end_changes_nothing(
    database: Database, dreams: DreamStore, path: Path
) -> None:
    before = rows(path)

    def progress(phase: str, _share: float) -> None:
        if phase == "consolidate":
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await dreams.run(known, progress=progress)
    assert rows(path) == before
    assert await outcomes(database) == ["failed"]


async def test_of_two_one_dreams(dreams: DreamStore, path: Path) -> None:
    with lease(path):
        with pytest.raises(AlreadyDreaming):
            await dreams.plan(EVIDENCE)
        with pytest.raises(AlreadyDreaming):
            await dreams.resume()
    assert (await dreams.plan(EVIDENCE)).operations == 5


async def test_a_plan_that_was_written_down_is_taken_up(
    database: Database, dreams: DreamStore
) -> None:
    planned = await dreams.plan(EVIDENCE)
    assert await dreams.resume() == [planned.dream_id]
    assert (await statuses(database))["m02"] == "superseded"
    assert await dreams.resume() == []


async def test_what_the_person_stated_yields_to_no_tool(path: Path) -> None:
    async with await Database.open(path, holds_secret=lambda _: False) as database:
        for number, source in enumerate(("user_stated", "tool_observed")):
            await database.memories.add(
                Memory(
                    id=f"m{number}",
                    text=f"The log level is {'info' if number else 'debug'} in harbor.",
                    source=source,  # type: ignore[arg-type]
                    created_at=1_800_000_000.0 + number,
                ),
                by="agent",
            )
        dreams = DreamStore(database, lambda: 1_800_000_200.0)
        planned = await dreams.plan(Evidence(0.0))
        assert planned.plan.supersessions == ()


async def outcomes(database: Database) -> list[str | None]:
    return await database.read(
        lambda db: [row[0] for row in db.execute("SELECT outcome FROM dreams ORDER BY id")]
    )


# -- processes that are killed


async def prepared(path: Path) -> None:
    async with await Database.open(path, holds_secret=lambda _: False) as database:
        await fill(database)


async def run(path: Path, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(DREAMER),
        str(path),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), errors.decode()
    return process.returncode, output.decode()


async def examine(path: Path, before: list[tuple[object, ...]]) -> None:
    """What a killed process left is the old store or the new one, and can be gone on with."""
    async with await Database.open(path, holds_secret=lambda _: False) as database:
        await database.check()
        await database.memories.verify()
        done = await database.dreams.last()
        assert (rows(path) == before) == (done is None)
        dreams = DreamStore(database, lambda: 1_800_000_400.0)
        await dreams.resume()
        await database.memories.verify()
        if await database.dreams.last() is None:
            planned = await dreams.plan(Evidence(0.0))
            await dreams.apply(planned.dream_id)
        assert (await statuses(database))["m02"] == "superseded"
        finished = await database.dreams.last()
        assert finished is not None
        await dreams.undo(finished.id)
        assert rows(path) == before


async def killed_at(path: Path, steps: int) -> bool:
    await prepared(path)
    before = rows(path)
    status, _ = await run(path, str(steps))
    await examine(path, before)
    return status != 0


@pytest.mark.parametrize("steps", [900, 2000, 2800, 3600, 4400, 5200])
async def test_killed_at_a_point_of_a_dream(path: Path, steps: int) -> None:
    assert await killed_at(path, steps)


async def test_two_processes_dream_one_after_the_other(path: Path) -> None:
    await prepared(path)
    assert (await run(path))[0] == 0
    status, said = await run(path)
    assert status == 0
    assert said.splitlines()[-1] == "applied 0"


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_killed_at_two_hundred_random_instants_of_a_dream(tmp_path: Path) -> None:
    dice = random.Random(6)
    template = tmp_path / "template.db"
    await prepared(template)
    with sqlite3.connect(template) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = rows(template)
    killed = 0
    for number in range(200):
        path = tmp_path / f"{number}.db"
        shutil.copy(template, path)
        status, _ = await run(path, str(dice.randrange(1, 6000)))
        killed += status != 0
        await examine(path, before)
    assert killed > 100
