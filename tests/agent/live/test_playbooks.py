"""Playbooks beside living agents: exported from what a model did, gated, interrupted, restored."""

from __future__ import annotations

import pytest

from agent.errors import AgentError
from agent.playbook.file import PlaybookError, parse
from agent.playbook.steps import Expect, verb_of
from agent.protocol.agents import Mode
from agent.protocol.commands.agents import CreateAgent, ResumeAgent, StopAgent
from agent.protocol.commands.panes import RunAsPerson
from agent.protocol.commands.prompts import Interrupt
from agent.protocol.commands.steps import ExportPlaybook, Play, UseTool


def use(name, **tool_input):
    return {"type": "tool_use", "name": name, "input": tool_input}


async def play(house, text, **more):
    command = Play(directory=str(house.project), source=text, file="p.yaml", **more)
    return (await house.carry_out(command))["agent_id"]


async def export(house, agent_id):
    answer = await house.carry_out(ExportPlaybook(agent_id=agent_id))
    return answer["source"]


async def test_what_an_agent_did_is_played_again(house):
    house.script.then(
        "On it.",
        use("terminal_run", command="mkdir -p sub\nprintf '%s\\n' 'a: \"b\" # c' > sub/x"),
        use("terminal_run", command="sh -c 'exit 4'", timeout=9),
        use("file_write", path="y", content="z"),
        use("terminal_read"),
    )
    house.script.then(use("terminal_type", keys=["Enter"]))
    house.script.then(use("terminal_type", keys=["cat -", "Enter", "typed", "Enter", "C-d"]))
    house.script.then(use("terminal_wait", text="typed", timeout=5))
    house.script.then(use("terminal_open"))
    house.script.then(use("terminal_run", command="echo second > second", pane="%1"))
    house.script.then(use("terminal_close", pane="%1"))
    house.script.then(use("terminal_run", command="git push --force"))
    agent_id = await house.agent("Do it.")
    gate = await house.gate()
    await house.decide(gate, "deny")
    await house.rest(agent_id)
    text = await export(house, agent_id)
    steps = parse(text, "e.yaml").steps
    assert [verb_of(step) for step in steps] == [
        *("open", "run", "run", "press", "type", "wait", "open", "run", "close")
    ]
    assert steps[2].status == 4
    assert steps[2].timeout == 9
    assert "# left out (denied): terminal_run: git push --force" in text
    assert "# left out (a playbook has terminal steps only): file_write" in text
    made = [house.project / "sub" / "x", house.project / "second"]
    before = [path.read_bytes() for path in made]
    for path in made:
        path.unlink()
    played = await play(house, text)
    assert (await house.rest(played)).state == "done", await house.blocks(played)
    assert [path.read_bytes() for path in made] == before
    assert parse(await export(house, played), "again.yaml").steps == steps
    await house.carry_out(StopAgent(agent_id=played))


async def test_a_secret_is_never_exported(house):
    secret = "sk-ant-api03-" + "a1B2c3D4" * 6
    house.script.then(use("terminal_run", command=f"echo {secret}"))
    agent_id = await house.agent("Do it.")
    gate = house.hub.snapshot().gates
    if gate:
        await house.decide(gate[0])
    await house.rest(agent_id)
    text = await export(house, agent_id)
    assert secret not in text


async def test_a_person_decides_and_the_gate_is_the_same(house):
    played = await play(house, "steps:\n- run: git push --force\n  status: any\n- run: echo on\n")
    gate = await house.gate()
    assert gate.agent_id == played
    assert house.summary(played).state == "waiting"
    await house.decide(gate, "deny", "never")
    summary = await house.rest(played)
    assert summary.state == "failed"
    assert "was denied" in summary.activity
    [tool] = await house.tools(played)
    assert tool["decision"] == "denied by you: never"


async def test_mode_decides_what_runs_alone(house):
    played = await play(house, "steps:\n- run: touch x\n", mode=Mode.CAREFUL)
    gate = await house.gate()
    assert gate.risk == "MEDIUM"
    await house.decide(gate)
    assert (await house.rest(played)).state == "done"


async def test_an_interrupted_one_plays_no_further(house):
    played = await play(house, "steps:\n- run: sleep 100\n- run: touch never\n")
    await house.until(lambda: house.summary(played).activity.startswith("1/2"))
    await house.carry_out(Interrupt(agent_id=played))
    summary = house.summary(played)
    assert (summary.state, summary.activity) == ("idle", "interrupted")
    assert not (house.project / "never").exists()


async def test_the_engine_ends_and_nothing_is_played_twice(house):
    played = await play(house, "steps:\n- run: echo once >> log; sleep 100\n- run: touch never\n")
    log = house.project / "log"

    async def begun():
        return log.exists() and log.read_text()

    await house.poll(begun)
    await house.again()
    summary = house.summary(played)
    assert summary.kind == "playbook"
    assert summary.state == "failed"
    assert "engine ended" in summary.activity
    assert log.read_text() == "once\n"
    await house.carry_out(StopAgent(agent_id=played))
    assert not (house.project / "never").exists()


async def test_a_gate_that_was_open_is_withdrawn_by_the_next_engine(house):
    played = await play(house, "steps:\n- run: git push --force\n")
    await house.gate()
    await house.again()
    assert house.hub.snapshot().gates == ()
    assert house.summary(played).state == "failed"


async def test_it_takes_no_prompts_but_a_persons_command(house):
    played = await play(house, "steps:\n- run: echo hi\n")
    await house.rest(played)
    with pytest.raises(AgentError, match="no model to talk to"):
        await house.prompt(played, "hello")
    command = RunAsPerson(agent_id=played, command="echo mine > mine")
    await house.carry_out(command)

    async def made():
        return (house.project / "mine").exists()

    await house.poll(made)


async def test_a_faulty_one_is_refused_by_the_engine_too(house):
    with pytest.raises(PlaybookError, match=r"p\.yaml:1: a step begins with"):
        await play(house, "steps: [{rnu: x}]")
    assert house.hub.snapshot().agents == ()


async def test_another_directory_is_judged_like_any_pane(house):
    played = await play(house, "steps:\n- open: a\n  directory: missing\n")
    summary = await house.rest(played)
    assert summary.state == "failed"
    assert "does not exist" in summary.activity


async def test_a_screenshot_is_kept(house):
    played = await play(house, "steps:\n- run: echo hi\n- screenshot: after\n")
    assert (await house.rest(played)).state == "done", await house.blocks(played)
    made = house.paths.data / "outputs" / played / "after.png"
    assert made.read_bytes().startswith(b"\x89PNG")
    assert made.stat().st_mode & 0o777 == 0o600


async def test_tools_of_another_program_are_bounded(house):
    directory = str(house.project)
    agent_id = await house.agents.creation.create(CreateAgent(directory=directory, kind="mcp"))
    assert house.summary(agent_id).kind == "mcp"

    async def using(name, patience=20.0, **given):
        command = UseTool(agent_id=agent_id, name=name, input=given, patience=patience)
        return await house.carry_out(command)

    with pytest.raises(AgentError, match="there is no tool"):
        await using("file_read", path="x")
    running = await using("terminal_run", 0.0, command="sleep 100")
    assert running["status"] in ("running", "gated")
    await house.carry_out(Interrupt(agent_id=agent_id))
    wrong = UseTool(agent_id=await house.agent(), name="terminal_panes")
    with pytest.raises(AgentError, match="another kind"):
        await house.carry_out(wrong)
    await house.carry_out(StopAgent(agent_id=agent_id))
    await house.carry_out(ResumeAgent(agent_id=agent_id))
    assert house.summary(agent_id).panes


def test_expectations_read_well():
    from agent.playbook.steps import title_of

    assert title_of(Expect(expect={"text": "a", "absent": "b"})) == "text 'a', absent 'b'"
