"""`kill -9` while workers work: only those that had not finished go on, and nobody starts twice."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("killed_workers.py")
ROOT = Path(__file__).parents[3]


async def _lives(directory, numbers):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(PROGRAM),
        str(directory),
        *map(str, numbers),
        cwd=ROOT,
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "HOME": str(directory),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    results = [json.loads(line) for line in output.splitlines()]
    assert len(results) == len(numbers), errors.decode()
    return results


def _check_workers(result):
    """Who had finished is not asked again; who had not goes on; nobody is started twice."""
    assert "error" not in result, result
    assert result["refused"] == []
    assert result["unfinished"] == 0
    if not result["prompted"]:
        assert not result["workers"]
        return
    assert result["state"] == "done", result["activity"]
    *starts, waited, first, second = result["results"]
    assert len(starts) == 2, "each start, the wait and each report is answered once"
    workers = {worker["name"]: worker for worker in result["workers"]}
    assert len(workers) == len(result["workers"])
    for name, started, report in zip(("ant", "bee"), starts, (first, second), strict=True):
        assert (name in workers) == started.startswith(f"worker {name} has begun"), started
        if name not in workers:
            assert started.startswith("not started")
            continue
        worker = workers[name]
        assert worker["state"] == "done"
        assert f"{name}: has ended its turn, done" in waited
        assert "All done." in report
        roles = [message["role"] for message in worker["messages"]]
        assert roles == ["user", "assistant", "user", "assistant"]
        [outcome] = worker["messages"][2]["content"][:1]
        if "outcome unknown" not in outcome["content"]:
            assert worker["log"] == [name]
        assert len(worker["log"]) <= 1


async def test_only_unfinished_workers_go_on(short_dir):
    for result in await _lives(short_dir, [-20, 44]):
        _check_workers(result)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_only_unfinished_workers_go_on_at_any_write(short_dir):
    [whole] = await _lives(short_dir, [0])
    numbers = [sign * number for number in range(1, whole["writes"] + 1) for sign in (1, -1)]
    for result in await _lives(short_dir / "all", numbers):
        _check_workers(result)
