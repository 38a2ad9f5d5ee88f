"""Playing playbooks through a real engine, real panes and the real gate."""

from __future__ import annotations

import asyncio
import io
import json

import pytest

from agent.engine.singleton import holder
from agent.headless import Exit
from agent.playbook import headless
from agent.playbook.headless import Wanted
from agent.protocol.commands.agents import ListSessions
from agent.protocol.commands.gates import Decide
from agent.protocol.commands.prompts import ReadTranscript
from agent.protocol.events import GateOpened
from memory.database import Database


@pytest.fixture
def project(short_dir):
    directory = short_dir / "project"
    directory.mkdir()
    return directory


@pytest.fixture
def play_alone(paths, project, short_dir):
    async def playing(text, **more):
        file = short_dir / "play.yaml"
        file.write_text(text)
        out = io.StringIO()
        wanted = Wanted(file, project, json=True, **more)
        status = await headless.run(paths, wanted, out=out)
        return status, [json.loads(line) for line in out.getvalue().splitlines()]

    return playing


@pytest.fixture
async def play(play_alone, begin_engine):
    await begin_engine()
    return play_alone


async def test_a_playbook_is_played_to_its_end(play, project, paths, connect):
    status, said = await play(
        """\
name: Hello
steps:
  - run: echo hello > made.txt
  - run: sh -c 'exit 3'
    status: 3
  - type: cat made.txt
    press: Enter
  - wait: {text: hello}
  - expect: {text: hello, absent: goodbye}
  - open: second
  - run: test -f made.txt
  - close: second
"""
    )
    assert status == Exit.DONE, said
    assert (project / "made.txt").read_text() == "hello\n"
    assert said[0]["type"] == "started"
    steps = said[-1]["steps"]
    assert [step["status"] for step in steps] == ["done"] * 8
    assert steps[1]["exit_status"] == 3
    assert {step["decision"].partition(" ")[0] for step in steps} == {"ran"}
    assert [line["number"] for line in said if line["type"] == "step"] == list(range(1, 9))
    client = await connect(start=False)
    assert client.welcome.snapshot.agents == ()
    [session] = (await client.send(ListSessions()))["sessions"]
    assert (session["kind"], session["name"]) == ("playbook", "Hello")


FAILURES = {
    "run: sh -c 'exit 3'": "exit status 3 instead of 0",
    "wait: {text: nowhere}\n    timeout: 0.2": "not within 0.2 s",
    "expect: nowhere\n    timeout: 0.2": "not within 0.2 s",
    "run: sleep 5\n    timeout: 0.2": "still running",
}


async def test_the_first_failure_ends_it(play):
    for step, said in FAILURES.items():
        text = f"steps:\n  - run: 'true'\n  - {step}\n  - run: echo never\n"
        status, lines = await play(text)
        assert status == Exit.FAILED
        result = lines[-1]
        assert [each["status"] for each in result["steps"]] == ["done", "failed", "not played"]
        assert said in result["text"]
        assert "play.yaml:3" in result["text"]
        assert "1 not played" in result["text"]


async def test_high_is_denied_at_once_where_no_person_is(play, paths, project):
    status, lines = await play("steps:\n  - run: sudo rm -rf /opt/x\n  - run: touch never\n")
    assert status == Exit.DENIED, lines
    first, second = lines[-1]["steps"]
    assert (first["status"], first["risk"]) == ("denied", "HIGH")
    assert "No person is present" in first["text"]
    assert second["status"] == "not played"
    assert not (project / "never").exists()
    async with await Database.open(paths.database) as database:
        [closed] = await database.journal.entries(kinds=("gate_closed",))
    assert (closed.data["outcome"], closed.data["by"]) == ("denied", "nobody")
    status, lines = await play("steps:\n  - run: touch x\n", mode="plan")
    assert status == Exit.DENIED
    assert "refused" in lines[-1]["steps"][0]["decision"]


async def test_a_person_who_is_there_decides_until_they_leave(play, project, connect):
    app = await connect()
    (project / "gone").mkdir()
    playing = asyncio.create_task(play("steps:\n  - run: git push --force\n    status: any\n"))
    async for line in app.events():
        if isinstance(line.event, GateOpened):
            gate = line.event.gate
            break
    assert gate.risk == "HIGH"
    await app.send(Decide(gate_id=gate.id, decision="approve"))
    status, lines = await playing
    assert status == Exit.DONE, lines
    assert lines[-1]["steps"][0]["decision"] == "approved by you"
    assert [line["type"] for line in lines if line["type"] == "gate"] == ["gate"]
    playing = asyncio.create_task(play("steps:\n  - run: git push --force\n"))
    async for line in app.events():
        if isinstance(line.event, GateOpened):
            break
    await app.close()
    status, lines = await playing
    assert status == Exit.DENIED
    assert "No person is present" in lines[-1]["steps"][0]["text"]


async def test_a_faulty_playbook_starts_nothing(play_alone, paths):
    status, lines = await play_alone("steps:\n  - rnu: x\n")
    assert status == Exit.USAGE
    assert ":2: a step begins with" in lines[-1]["faults"][0]
    assert holder(paths) is None


async def test_a_recording_is_its_result(play, short_dir):
    cast = short_dir / "out.cast"
    status, lines = await play(
        "steps:\n  - run: echo recorded words\n  - open: two\n  - run: echo other words\n",
        record=cast,
    )
    assert status == Exit.DONE, lines
    assert lines[-1]["kept"] == [str(cast), str(short_dir / "out-2.cast")]
    assert "recorded words" in cast.read_text()
    assert "other words" in (short_dir / "out-2.cast").read_text()
    assert json.loads(cast.read_text().splitlines()[0])["version"] == 2


async def test_an_editor_is_driven(play, project):
    status, lines = await play(
        """\
steps:
  - type: python3 -q
    press: Enter
  - wait: {text: ">>>"}
  - type: open("made.txt", "w").write("by keys")
    press: Enter
  - wait: {text: "7"}
  - press: C-d
  - wait: prompt
"""
    )
    assert status == Exit.DONE, lines
    assert (project / "made.txt").read_text() == "by keys"


async def test_the_session_can_be_read_and_exported_again(play, paths, connect, project):
    text = """\
steps:
  - open: main
  - run: |-
      echo one
      echo two
  - type:
    - echo th
    - press: BSpace
    - hree
    press: Enter
  - wait:
      idle: 0.2
  - run: sh -c 'exit 2'
    status: 2
"""
    status, lines = await play(text)
    assert status == Exit.DONE, lines
    exported = await headless.export(paths, lines[-1]["agent_id"])
    from agent.playbook.file import parse

    assert parse(exported, "e").steps == parse(text, "p").steps
    again, _ = await play(exported)
    assert again == Exit.DONE
    client = await connect(start=False)
    blocks = (await client.send(ReadTranscript(agent_id=lines[-1]["agent_id"])))["blocks"]
    assert blocks[-1]["text"] == "5 steps done"
