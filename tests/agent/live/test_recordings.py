"""Recordings of living agents' panes: all or on demand, masked, within their room."""

from __future__ import annotations

import os
import stat

import psutil
import pytest

from agent.panes.panes import NotYourPane
from agent.panes.recordings import MASKED, RAW, NotRecorded, PaneRecorder, listed, prune
from agent.protocol.commands.agents import ArchiveAgent, CreateAgent, StopAgent
from agent.protocol.commands.panes import Recordings, RecordPane, RunAsPerson
from agent.settings.config import Config
from agent.settings.settings import Recording
from tungsten.recordings import asciicast, recording

SECRET = "sk-ant-api03-" + "a1B2c3D4" * 6


def text_of(path):
    events = asciicast.read(path).events()
    return "".join(event.data for event in events if event.code == "o")


def use(name, **tool_input):
    return {"type": "tool_use", "name": name, "input": tool_input}


async def ran(house, agent_id, command):
    await house.carry_out(RunAsPerson(agent_id=agent_id, command=command))
    await house.poll(lambda: done(house, agent_id, command))


async def done(house, agent_id, command):
    tools = await house.tools(agent_id)
    return any(tool["title"] == command and tool["status"] == "done" for tool in tools)


async def stopped(path):
    return not recording.running(path)


async def ended(house):
    """Wait until every recording that has ended is masked."""

    async def check():
        kept = listed(house.paths.recordings)
        return kept and all(each.masked for each in kept) and kept

    return await house.poll(check)


@pytest.fixture
async def recorded(house):
    """A house whose agents are recorded from the beginning."""
    house.config = Config(recording=Recording(mode="on"))
    return await house.again()


async def test_off_unless_wanted(house):
    agent_id = await house.agent()
    assert not house.summary(agent_id).panes[0].recording
    assert listed(house.paths.recordings) == []


async def test_every_pane_from_its_beginning_and_after_it_is_gone(recorded):
    house = recorded
    agent_id = await house.agent()
    [pane] = house.summary(agent_id).panes
    assert pane.recording
    await ran(house, agent_id, f"echo 'the key is {SECRET}'; echo recorded")
    [running] = listed(house.paths.recordings)
    assert (running.agent_id, running.running, running.masked) == (agent_id, True, False)
    assert running.title == f"project · {pane.pane_id}"
    await house.carry_out(StopAgent(agent_id=agent_id))
    await house.carry_out(ArchiveAgent(agent_id=agent_id))
    [kept] = await ended(house)
    assert (kept.agent_id, kept.running, kept.masked) == (agent_id, False, True)
    assert kept.seconds > 0
    text = text_of(kept.path)
    assert "recorded" in text
    assert SECRET not in kept.path.read_text()
    assert not list(house.paths.recordings.glob(f"*/*{RAW}"))
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700


async def test_a_program_that_ends_ends_its_recording(recorded):
    house = recorded
    create = CreateAgent(directory=str(house.project), command="sh -c 'sleep 0.5; echo bye'")
    agent_id = await house.agents.creation.create(create)
    await house.until(lambda: [p for p in house.summary(agent_id).panes if p.dead], "its end")
    [kept] = await ended(house)
    assert "bye" in text_of(kept.path)
    assert not house.summary(agent_id).panes[0].recording


async def test_an_agent_reads_back_what_tmux_has_dropped(recorded):
    house = recorded
    lines = f"seq 1000; echo {SECRET}; seq 1001 1100; printf '\\e[H\\e[2J\\e[3J'; seq 2001 2100"
    house.script.then(use("terminal_run", command=lines))
    house.script.then(
        use("terminal_read", history=3, above=50),
        use("terminal_read", history=5000, above=100),
        use("terminal_read", history=5, above=5000),
        use("terminal_read", above=5),
    )
    agent_id = await house.agent("look back")
    await house.state(agent_id, "done")
    kept, dropped, beyond, wrong = (result["content"] for result in house.results())
    numbers = [int(line) for line in kept.splitlines()[1:]]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0] + 2]
    assert numbers[0] > 2000
    assert "lines 53 to 51 above the screen, of " in kept
    # Cut in the middle, as all that is long.
    assert "\n1\n2\n3\n" in dropped
    assert "\n1000\n" in dropped
    assert "secret masked" in dropped
    assert SECRET not in dropped
    assert "there are 1," in beyond
    assert "above needs history" in wrong


async def test_one_pane_on_demand(house):
    agent_id = await house.agent()
    pane_id = house.summary(agent_id).panes[0].pane_id
    await ran(house, agent_id, "echo before-$((1 + 1))")
    await house.carry_out(RecordPane(agent_id=agent_id, pane_id=pane_id, on=True))
    assert house.summary(agent_id).panes[0].recording
    # Once more changes nothing.
    await house.carry_out(RecordPane(agent_id=agent_id, pane_id=pane_id, on=True))
    await ran(house, agent_id, "echo during-$((1 + 1))")
    await house.carry_out(RecordPane(agent_id=agent_id, pane_id=pane_id, on=False))
    assert not house.summary(agent_id).panes[0].recording
    await ran(house, agent_id, "echo after-$((1 + 1))")
    answer = await house.carry_out(Recordings(agent_id=agent_id))
    [path] = answer["paths"]
    text = text_of(type(house.root)(path))
    # It begins with the screen as it was.
    assert "before-2" in text
    assert "during-2" in text
    assert "after-2" not in text
    with pytest.raises(NotYourPane):
        await house.carry_out(RecordPane(agent_id=agent_id, pane_id="%99", on=True))


async def test_what_ended_by_itself_is_masked_when_the_pane_is_recorded_again(recorded):
    house = recorded
    agent_id = await house.agent()
    pane_id = house.summary(agent_id).panes[0].pane_id
    await ran(house, agent_id, f"echo {SECRET}")
    [kept] = listed(house.paths.recordings)
    for process in psutil.process_iter(["cmdline"]):
        if str(kept.path) in (process.info["cmdline"] or []):
            process.kill()
    await house.poll(lambda: stopped(kept.path))
    await house.carry_out(RecordPane(agent_id=agent_id, pane_id=pane_id, on=True))
    answer = await house.carry_out(Recordings(agent_id=agent_id))
    assert len(answer["paths"]) == 2
    assert not kept.path.exists()


async def test_who_ends_a_recording_is_told_that_it_had_ended_or_is_not_masked(recorded):
    house = recorded
    agent_id = await house.agent()
    pane_id = house.summary(agent_id).panes[0].pane_id
    await ran(house, agent_id, "echo one")
    [kept] = listed(house.paths.recordings)
    for process in psutil.process_iter(["cmdline"]):
        if str(kept.path) in (process.info["cmdline"] or []):
            process.kill()
    await house.poll(lambda: stopped(kept.path))
    with pytest.raises(NotRecorded, match="had ended before"):
        await house.carry_out(RecordPane(agent_id=agent_id, pane_id=pane_id, on=False))
    assert not house.summary(agent_id).panes[0].recording
    await house.carry_out(RecordPane(agent_id=agent_id, pane_id=pane_id, on=True))
    [raw] = [each.path for each in listed(house.paths.recordings) if not each.masked]
    # As a full disk would, something keeps the copy from being written.
    (raw.parent / f"{raw.stem}{MASKED}.part").mkdir()
    with pytest.raises(NotRecorded, match="cannot be played before it is masked"):
        await house.carry_out(RecordPane(agent_id=agent_id, pane_id=pane_id, on=False))
    assert not house.summary(agent_id).panes[0].recording
    assert raw.exists()


async def test_the_next_engine_goes_on_with_what_runs_and_masks_what_has_ended(recorded):
    house = recorded
    agent_id = await house.agent()
    other_id = await house.agent(name="other")
    await ran(house, agent_id, "echo one")
    await ran(house, other_id, f"echo two {SECRET}")
    pane_id = house.summary(other_id).panes[0].pane_id
    await house.shut()
    # Its pane ends while there is no engine.
    terminal = await house.open_terminal()
    await terminal.pane(pane_id).kill()
    await house.shut_terminal()
    house = await house.open()
    assert house.summary(agent_id).panes[0].recording
    await ran(house, agent_id, "echo three")
    await house.carry_out(StopAgent(agent_id=agent_id))
    first, second = sorted(await ended(house), key=lambda kept: kept.agent_id != agent_id)
    assert "one" in text_of(first.path)
    assert "three" in text_of(first.path)
    assert "two" in text_of(second.path)
    assert SECRET not in second.path.read_text()


async def test_the_tmux_server_ends(recorded):
    house = recorded
    agent_id = await house.agent()
    await ran(house, agent_id, "echo kept")
    await (await house.open_terminal()).kill_server()
    await house.until(lambda: house.summary(agent_id).panes[0].dead, "the loss")
    [kept] = await ended(house)
    assert "kept" in text_of(kept.path)


async def test_what_cannot_be_recorded_keeps_nobody_from_working(recorded):
    house = recorded
    house.paths.recordings.write_text("in the way")
    agent_id = await house.agent()
    assert not house.summary(agent_id).panes[0].recording
    await ran(house, agent_id, "echo works")
    errors = [b["text"] for b in await house.blocks(agent_id) if b["kind"] == "error"]
    assert len(errors) == 1
    assert "is not recorded" in errors[0]


def put(directory, agent_id, name, size):
    path = directory / agent_id / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    return path


def test_the_oldest_make_room(tmp_path):
    old = put(tmp_path, "a", f"1000-1{MASKED}", 400)
    middle = put(tmp_path, "b", f"2000-1{MASKED}", 400)
    raw = put(tmp_path, "c", f"0500-1{RAW}", 400)
    new = put(tmp_path, "c", f"3000-1{MASKED}", 400)
    other = put(tmp_path, "c", "notes.txt", 10_000)
    prune(tmp_path, 1600)
    assert all(path.exists() for path in (old, middle, raw, new))
    prune(tmp_path, 1100)
    assert [path.exists() for path in (old, middle, raw, new, other)] == [False, False, 1, 1, 1]
    assert not old.parent.exists()
    prune(tmp_path, 1)
    # What is not masked yet may still be written.
    assert (raw.exists(), new.exists(), other.exists()) == (True, False, True)
    prune(tmp_path / "none", 1)


async def test_a_recording_that_is_damaged_stays_as_it_is(tmp_path, caplog):
    path = put(tmp_path, "a", f"1-1{RAW}", 100)
    recorder = PaneRecorder(tmp_path, Recording(), None)
    await recorder.recover()
    assert await recorder.of("a") == []
    assert path.exists()
    assert "stays as it is" in caplog.text
    (path.parent / f"2-2{MASKED}").write_text("[" * 100_000 + "\n")
    os.mkfifo(path.parent / f"3-3{MASKED}")
    assert listed(tmp_path) == []
    await recorder.close()


def test_a_file_that_nobody_writes_is_not_running(tmp_path):
    path = put(tmp_path, "a", f"1-1{RAW}", 10)
    assert not recording.running(path)
    assert not recording.running(tmp_path / "none")
    assert os.access(path, os.R_OK)
