"""Memories written by several real processes at once, and by ones killed at any instant."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from memory import Database
from memory.search_index import search

WRITER = Path(__file__).with_name("memory_writer.py")
ROOT = WRITER.parents[2]


async def start(path: Path, *arguments: object) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *(str(WRITER), str(path), *map(str, arguments)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


async def examine(path: Path, said: Sequence[str]) -> int:
    """Check that a store is whole and holds what was confirmed; count its memories."""
    confirmed = {tuple(line.split()) for line in said if line.count(" ") == 2}
    least = {"added": 1, "changed": 2, "forgotten": 3, "heard": 3}
    async with await Database.open(path) as database:
        await database.check()
        await database.memories.verify()
        present = {memory.id: memory for memory in await database.memories.list(statuses=None)}
        for name, number, step in confirmed:
            assert len(await database.memories.history(f"{name}-{number}")) >= least[step]

        # What a session said is kept with the row up to which it was looked through, or not at all.
        for name, up_to in await database.read(
            lambda db: db.execute("SELECT session_id, seq FROM remembered").fetchall()
        ):
            heard = {one for one in present if one.startswith(f"{name}-heard-")}
            assert heard == {f"{name}-heard-{number}" for number in range(up_to)}
            assert {(name, str(number), "heard") for number in range(up_to)} >= {
                one for one in confirmed if one[0] == name and one[2] == "heard"
            }

        def found(db: sqlite3.Connection) -> set[int]:
            db.execute("INSERT INTO memory_search (memory_search) VALUES ('integrity-check')")
            return {hit.number for hit in search(db, "Which thing?")}

        active = await database.read(
            lambda db: {
                number
                for (number,) in db.execute("SELECT number FROM memories WHERE status = 'active'")
            }
        )
        assert await database.read(found) == active
        return len(present)


async def test_four_processes_write_memories_without_a_lock_error(path: Path) -> None:
    processes = [await start(path, name, 15) for name in "abcd"]
    results = await asyncio.gather(*(process.communicate() for process in processes))
    assert [process.returncode for process in processes] == [0] * 4, results
    said = [line for output, _ in results for line in output.decode().splitlines()]
    assert len(said) == 4 * 15 * 4
    assert await examine(path, said) == 120


async def killed_inside_sqlite(path: Path, steps: int) -> bool:
    process = await start(path, "a", 2, steps)
    output, errors = await process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), errors
    await examine(path, output.decode().splitlines())
    return process.returncode != 0


@pytest.mark.parametrize("steps", [600, 1500, 2200, 3000])
async def test_killed_at_a_point_inside_sqlite_while_remembering(path: Path, steps: int) -> None:
    assert await killed_inside_sqlite(path, steps)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_killed_at_every_point_while_remembering(tmp_path: Path) -> None:
    steps, number = 1, 0
    while await killed_inside_sqlite(tmp_path / f"{number}.db", steps):
        number += 1
        steps += max(7, steps // 40)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_killed_at_two_hundred_random_instants_while_remembering(tmp_path: Path) -> None:
    chance = random.Random(6)
    for number in range(200):
        path = tmp_path / f"{number}.db"
        process = await start(path, "a", 500)
        assert process.stdout is not None
        said = [(await process.stdout.readline()).decode()]
        await asyncio.sleep(chance.uniform(0, 0.15))
        process.kill()
        output, _ = await process.communicate()
        await examine(path, [*said, *output.decode().splitlines()])
