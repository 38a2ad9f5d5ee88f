"""`tungsten demo --headless`: every action in a line, an exit status, and nothing left behind."""

import asyncio
import json
from pathlib import Path

import pytest

from agent.demo import headless
from agent.singleton import answers


async def ended(socket: Path) -> bool:
    """A tmux server that was told to end may answer for another moment."""
    for _ in range(100):
        if not answers(socket):
            return True
        await asyncio.sleep(0.02)
    return False


def names(directory):
    return [path.name for path in directory.iterdir()]


@pytest.mark.parametrize(
    ("decision", "told", "truth"),
    [
        ("approve", ("approved", "ok"), "as approved"),
        ("ask", ("denied", "not run"), "untouched"),
    ],
)
async def test_it_tells_every_action_and_ends(paths, capsys, monkeypatch, decision, told, truth):
    monkeypatch.setenv("TMPDIR", str(paths.data.parent))
    status = await headless.run(paths, json=True, pace=0, decision=decision)
    out, err = capsys.readouterr()
    assert status == 0, err
    lines = [json.loads(line) for line in out.splitlines()]
    assert {line["agent"] for line in lines} == {"fix", "drive", "push"}
    high = [line for line in lines if line["risk"] == "HIGH"]
    assert [(line["decision"], line["outcome"]) for line in high] == [told]
    assert high[0]["what"] == "git push --force origin main"
    assert truth in err
    assert not paths.engine_socket.exists() or not answers(paths.engine_socket)
    assert await ended(paths.tmux_socket)


async def test_a_place_that_cannot_be_kept_is_one_line_and_status_1(paths, capsys):
    used = paths.data / "used"
    used.mkdir()
    (used / "file").touch()
    assert await headless.run(paths, pace=0, keep=str(used)) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "not empty" in err
    assert names(used) == ["file"]
