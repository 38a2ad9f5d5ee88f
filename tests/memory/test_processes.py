"""Several real processes at once, and real processes killed with SIGKILL at any instant."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from memory import Database

WRITER = Path(__file__).with_name("writer.py")
ROOT = WRITER.parents[2]


async def start(path: Path, *arguments: object) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        str(WRITER),
        str(path),
        *map(str, arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


async def examine(path: Path, said: Sequence[str]) -> int:
    """Check that a store is consistent and holds at least what was confirmed; count its rows."""
    confirmed = {tuple(line.split()) for line in said}
    async with await Database.open(path) as database:
        await database.check()
        await database.journal.verify()
        unfinished = {entry.subject for entry in await database.journal.unfinished_actions()}
        entries = await database.journal.entries()
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        started = {entry.subject for entry in entries if entry.kind == "action_started"}
        ended = {entry.subject for entry in entries if entry.kind == "action_ended"}
        assert unfinished == started - ended
        assert ended <= started
        total = 0
        for record in await database.sessions.list():
            await database.sessions.verify(record.id)
            rows = await database.sessions.rows(record.id)
            total += len(rows)
            for number, row in enumerate(rows, 1):
                assert row.payload == f"{record.id} {number} " + "é" * 2000
        used = (await database.usage.totals()).requests
        for name, number, step in confirmed:
            assert step != "row" or len(await database.sessions.rows(name)) >= int(number)
            assert step != "started" or f"{name}-{number}" in started
            assert step != "ended" or f"{name}-{number}" in ended
        assert used >= sum(step == "usage" for _, _, step in confirmed)
        return total


async def test_four_processes_write_at_once_without_a_lock_error(path: Path) -> None:
    processes = [await start(path, name, 25) for name in "abcd"]
    results = await asyncio.gather(*(process.communicate() for process in processes))
    assert [process.returncode for process in processes] == [0] * 4, results
    said = [line for output, _ in results for line in output.decode().splitlines()]
    assert await examine(path, said) == 100
    async with await Database.open(path) as database:
        assert await database.journal.unfinished_actions() == []
        assert len(await database.journal.entries()) == 200


async def test_several_processes_append_to_one_session(path: Path) -> None:
    async with await Database.open(path) as database:
        processes = [await start(path, "shared", 0)]
        await processes[0].communicate()
        others = await Database.open(path)

        async def append(through: Database) -> None:
            for _ in range(30):
                await through.sessions.append("shared", "event", "x")

        await asyncio.gather(append(database), append(others))
        await others.close()
        await database.sessions.verify("shared")
        assert len(await database.sessions.rows("shared")) == 60


async def killed_inside_sqlite(path: Path, steps: int) -> bool:
    """Run a writer that dies after `steps`; say whether it did, and examine what it left."""
    process = await start(path, "a", 3, steps)
    output, errors = await process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), errors
    await examine(path, output.decode().splitlines())
    return process.returncode != 0


async def killed_from_outside(path: Path, delay: float) -> None:
    """Kill two writers some time after they began, and examine what they left."""
    processes = [await start(path, name, 500) for name in "ab"]
    said = []
    for process in processes:
        assert process.stdout is not None
        said.append((await process.stdout.readline()).decode())
    await asyncio.sleep(delay)
    for process in processes:
        process.kill()
    for process in processes:
        output, errors = await process.communicate()
        assert process.returncode == -signal.SIGKILL, errors
        said += output.decode().splitlines()
    await examine(path, [line for line in said if line.count(" ") == 2])


@pytest.mark.parametrize("steps", [30, 700, 1300, 2500, 4000])
async def test_killed_at_a_point_inside_sqlite(path: Path, steps: int) -> None:
    assert await killed_inside_sqlite(path, steps)
    # The next process goes on where this one stopped.
    process = await start(path, "a", 1)
    _, errors = await process.communicate()
    assert process.returncode == 0, errors


async def test_killed_from_outside_while_two_write(path: Path) -> None:
    for delay in (0.0, 0.05):
        await killed_from_outside(path, delay)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_killed_at_every_point_inside_sqlite(tmp_path: Path) -> None:
    steps, number = 1, 0
    while await killed_inside_sqlite(tmp_path / f"{number}.db", steps):
        number += 1
        steps += max(7, steps // 40)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_killed_at_two_hundred_random_instants(tmp_path: Path) -> None:
    chance = random.Random(20)
    for number in range(200):
        # Each store is killed ten times over.
        await killed_from_outside(tmp_path / f"{number // 10}.db", chance.uniform(0, 0.15))
