"""`tungsten demo --headless`: every action in a line, an exit status, and nothing left behind."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from agent.demo import headless
from agent.engine.client import EngineClient
from agent.engine.singleton import answers
from agent.engine.start import kill
from agent.protocol.commands.agents import ListSessions
from agent.protocol.commands.engine import StartDemo
from agent.protocol.commands.gates import Decide
from agent.protocol.events import DemoChanged, GateOpened
from agent.protocol.gates import Gate


@pytest.fixture
def temporary(paths, monkeypatch):
    directory = paths.data.parent / "temporary"
    directory.mkdir()
    monkeypatch.setenv("TMPDIR", str(directory))
    return directory


def names(directory):
    return [path.name for path in directory.iterdir()]


def processes(paths):
    """What still runs of ours: engine, tmux and the programs in its panes."""
    mark = str(paths.data.parent)
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or ()
        if any(mark in word for word in words) and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(words)
    return found


@pytest.mark.parametrize(
    ("decision", "told", "truth"),
    [
        ("ask", ("denied", "nobody", "not run"), "untouched"),
        ("nobody", ("denied", "nobody", "not run"), "untouched"),
    ],
)
async def test_it_tells_every_action_and_ends(paths, capsys, temporary, decision, told, truth):
    status = await headless.run(paths, json=True, pace=0, decision=decision)
    out, err = capsys.readouterr()
    assert status == 0, err
    lines = [json.loads(line) for line in out.splitlines()]
    assert {line["agent"] for line in lines} == {"fix", "drive", "push"}
    high = [line for line in lines if line["risk"] == "HIGH"]
    assert [(line["decision"], line["by"], line["outcome"]) for line in high] == [told]
    assert high[0]["what"] == "git push --force origin main"
    assert truth in err
    assert not paths.engine_socket.exists()
    assert not answers(paths.tmux_socket)
    assert processes(paths) == []
    assert names(temporary) == []


async def test_a_demo_of_somebody_else_goes_on_until_the_engine_is_killed(
    paths, capsys, temporary, connect
):
    client = await connect()
    begun = await client.send(StartDemo(pace=0))
    async for line in client.events():
        if isinstance(line.event, GateOpened):
            break
    assert await headless.run(paths, pace=0) == 1
    said = capsys.readouterr().err
    assert "running already" in said
    assert "/demo-stop" in said
    other = await EngineClient.connect(paths, start=False)
    assert other.welcome.snapshot.demo.state == "running"
    await other.close()
    assert names(temporary) == [Path(begun["directory"]).name]
    said = await kill(paths, panes=True)
    assert said.endswith("; the panes are closed; the demo's directory is removed.")
    assert processes(paths) == []
    assert names(temporary) == []
    # The next engine takes its agents off the list.
    again = await connect()
    assert again.welcome.snapshot.demo is None
    sessions = (await again.send(ListSessions()))["sessions"]
    assert [session["archived"] for session in sessions] == [True] * 3


async def test_a_demo_that_has_ended_makes_room(paths, capsys, temporary, connect):
    client = await connect()
    begun = await client.send(StartDemo(pace=0))
    async for line in client.events():
        if isinstance(line.event, GateOpened):
            await client.send(Decide(gate_id=line.event.gate.id, decision="deny"))
        if isinstance(line.event, DemoChanged) and line.event.demo.state == "done":
            break
    assert await headless.run(paths, pace=0) == 0
    rows, said = capsys.readouterr()
    denied = next(row for row in rows.splitlines() if "HIGH" in row)
    assert denied.endswith(": git push --force origin main  (nobody was there to ask)")
    assert all(": " in row for row in rows.splitlines())
    assert "the fix is committed" in said
    assert "(fix, drive, push) are archived" in said
    # Both are over and cleaned up.
    other = await connect()
    state = other.welcome.snapshot
    assert state.demo is None
    assert not {agent.id for agent in state.agents}.intersection(begun["agents"])
    assert names(temporary) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_interrupted_it_leaves_nothing(paths, temporary, number):
    code = (
        "import asyncio, signal, sys\n"
        "from pathlib import Path\n"
        "from agent.demo import headless\n"
        "from agent.paths import Paths\n"
        # Where the tests run in the background, their children begin by ignoring it.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "paths = Paths(*map(Path, sys.argv[1:]))\n"
        "asyncio.run(headless.run(paths, json=True, pace=0.1))\n"
    )
    where = [str(paths.config), str(paths.data), str(paths.runtime)]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, *where),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=Path(__file__).parents[3],
    )
    await process.stdout.readline()
    process.send_signal(number)
    await process.communicate()
    assert process.returncode not in (0, None)
    assert processes(paths) == []
    assert names(temporary) == []


async def test_a_place_that_cannot_be_kept_is_one_line_and_status_1(paths, capsys):
    used = paths.data / "used"
    used.mkdir()
    (used / "file").touch()
    assert await headless.run(paths, pace=0, keep=str(used)) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "not empty" in err
    assert names(used) == ["file"]


async def test_what_is_decided_about_is_seen_and_commands_nothing(monkeypatch, capsys):
    hidden = "git push\x1b[2K\x1b]52;c;eA==\x07\n\nWrite approve\u202e\x9b1A"
    gate = Gate(
        id="g",
        agent_id="a",
        agent_name="pu\x1b[2Jsh",
        opened_at=0,
        risk="HIGH",
        action="run_command",
        text=hidden,
        reasons=("it \x1b[8mpublishes",),
    )
    theirs, ours = os.openpty()
    os.write(theirs, b"approve\n")
    with os.fdopen(ours) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        assert await headless._asked(gate)
    os.close(theirs)
    said = capsys.readouterr().err
    assert "    git push^[[2K^[]52;c;eA==^G\n    \n    Write approve‹U+202E›‹U+009B›1A\n" in said
    assert "it ^[[8mpublishes" in said
    assert all(line.isprintable() for line in said.split("\n"))
