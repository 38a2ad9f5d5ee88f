"""`kill -9` at any write: the next engine goes on, and nothing happens twice."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("kill_program.py")
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


def _check(result):
    assert "error" not in result, result
    assert result["refused"] == []
    assert result["unfinished"] == 0
    assert result["gates"] == 0
    if not result["prompted"]:
        assert result["state"] == "idle"
        assert not result["log"] + result["pushed"] + result["made"]
        return
    assert result["state"] == "done"
    assert len(result["results"]) == 3
    effects = ("log", "made", "pushed")
    for effect, told in zip(effects, result["results"], strict=True):
        assert len(result[effect]) <= 1, f"{effect} happened twice: {result}"
        if "outcome unknown" not in told:
            assert len(result[effect]) == 1, f"{effect} was told and did not happen: {result}"


async def test_nothing_is_lost_or_done_twice_at_some_writes(short_dir):
    for result in await _lives(short_dir, [6, 13, -16, -23]):
        _check(result)


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_nothing_is_lost_or_done_twice_at_any_write(short_dir):
    [whole] = await _lives(short_dir, [0])
    numbers = [sign * number for number in range(1, whole["writes"] + 1) for sign in (1, -1)]
    for result in await _lives(short_dir / "all", numbers):
        _check(result)
