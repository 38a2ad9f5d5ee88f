"""While a command of an agent runs, writing what it runs from is judged as running it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from agent.risk import Context, assess_command
from agent.steps.running_lines import RunningLines


def use(name, **tool_input):
    return {"type": "tool_use", "name": name, "input": tool_input}


HIGH = "echo mine > ~/.bashrc\n"


async def started(house, command, **more):
    """Have an agent start something that does not end; gives the agent's id."""
    (house.project / "t.sh").write_text("echo hi\n")
    house.script.then(use("terminal_run", command=command, **more)).then("done")
    agent_id = await house.agent("go")
    await house.state(agent_id, "done")
    return agent_id


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("sleep 300; bash t.sh", {"timeout": 1}),
        ("(sleep 300; bash t.sh) &", {}),
        ("(setsid bash -c 'sleep 300; bash t.sh' &)", {}),
    ],
)
async def test_a_file_that_a_running_line_runs(house, command, more):
    agent_id = await started(house, command, **more)
    house.script.then(use("file_write", path="t.sh", content=HIGH)).then("done")
    await house.prompt(agent_id, "write it")
    gate = await house.gate()
    assert gate.risk == "HIGH"
    assert "is running it" in gate.reasons[0]
    await house.decide(gate, "deny")
    await house.state(agent_id, "done")
    house.script.then(use("file_write", path="other.sh", content=HIGH)).then("done")
    await house.prompt(agent_id, "write another")
    await house.state(agent_id, "done")
    assert (house.project / "other.sh").exists()


async def test_another_agent_counts_too(house):
    await started(house, "(sleep 300; bash t.sh) &")
    house.script.then(use("terminal_run", command="cp /etc/hostname t.sh")).then("done")
    other = await house.agent("go")
    gate = await house.gate()
    assert "running from" in gate.reasons[0]
    await house.decide(gate, "deny")
    await house.state(other, "done")


@pytest.mark.parametrize(
    ("running", "asks"), [("(sleep 300; bash t.sh) &", True), ("bash t.sh", False)]
)
async def test_another_engine_knows_it_too(house, running, asks):
    agent_id = await started(house, running)
    await house.again()
    house.script.then(use("file_write", path="t.sh", content=HIGH)).then("done")
    await house.prompt(agent_id, "write it")
    if asks:
        await house.decide(await house.gate(), "deny")
    await house.state(agent_id, "done")
    assert ((house.project / "t.sh").read_text() == HIGH) is not asks


async def test_lines_that_were_typed(house):
    (house.project / "t.sh").write_text("echo hi\n")
    house.script.then(use("terminal_type", keys=["sleep 300; bash t.sh", "Enter"])).then("done")
    agent_id = await house.agent("go")
    await house.state(agent_id, "done")
    house.script.then(use("file_write", path="t.sh", content=HIGH)).then("done")
    await house.prompt(agent_id, "write it")
    await house.decide(await house.gate(), "deny")
    await house.state(agent_id, "done")
    assert (house.project / "t.sh").read_text() == "echo hi\n"


async def test_what_has_ended_does_not_count(house):
    agent_id = await started(house, "bash t.sh")
    house.script.then(use("file_write", path="t.sh", content=HIGH)).then("done")
    await house.prompt(agent_id, "write it")
    await house.state(agent_id, "done")
    assert (house.project / "t.sh").read_text() == HIGH


async def test_a_line_is_no_obstacle_to_itself(house):
    agent_id = await started(house, "sed -i s/hi/ho/ t.sh")
    house.script.then(use("terminal_run", command="echo 'echo ho' > t.sh && bash t.sh"))
    house.script.then("done")
    await house.prompt(agent_id, "on")
    await house.state(agent_id, "done")
    assert "ho" in house.results()[0]["content"]


@pytest.fixture
async def shell():
    """A process with one child, which lives until the test ends it; gives both."""
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", "sleep 300 & echo $!; wait; exec sleep 300"),
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    yield process.pid, int(await process.stdout.readline())
    os.killpg(process.pid, signal.SIGKILL)
    await process.communicate()


async def test_lines_end_with_their_processes(tmp_path: Path, shell: tuple[int, int]) -> None:
    (tmp_path / "t.sh").write_text("echo hi\n")
    context = Context(cwd=tmp_path, home=tmp_path, project=tmp_path)
    command = "bash t.sh &"
    found = assess_command(command, context)
    lines = RunningLines()
    pid, child = shell
    begun = lines.begin(pid, command, context, found, at=time.time() - 2)
    assert [line.command for line in lines.now()] == [command]
    lines.over(begun)
    assert [line.command for line in lines.now()] == [command]
    process = psutil.Process(child)
    process.kill()
    process.wait(10)
    assert not lines.now()
    assert not lines.any


@pytest.mark.parametrize("restarted", [False, True])
async def test_work_is_not_moved_to_where_a_running_line_will_delete(house, restarted):
    (house.project / "src").mkdir()
    (house.project / "slow.py").write_text("import time\ntime.sleep(300)\n")
    await started(house, "mkdir -p build/x; python3 slow.py; rm -rf build/x", timeout=1)
    if restarted:
        await house.again()
    house.script.then(use("terminal_run", command="mv src build/x/")).then("done")
    other = await house.agent("tidy up")
    gate = await house.gate()
    assert "will delete" in gate.reasons[0]
    await house.decide(gate, "deny")
    await house.state(other, "done")


async def test_a_script_that_a_command_made_is_not_trusted_by_another_agent(house):
    (house.project / "mine.sh").write_text('eval "$(cat plan)"\n')
    (house.project / "plan").write_text("echo it ran\n")
    (house.project / "theirs.sh").write_text("echo hi\n")
    house.script.then(use("terminal_run", command="sed -n p mine.sh > theirs.sh")).then("done")
    first = await house.agent("go")
    await house.state(first, "done")
    house.script.then(use("terminal_run", command="bash mine.sh"))
    house.script.then(use("terminal_run", command="bash theirs.sh")).then("done")
    second = await house.agent("run them")
    gate = await house.gate()
    assert gate.text == "bash theirs.sh"
    await house.decide(gate, "deny")
    await house.state(second, "done")
    await house.again()
    house.script.then(use("terminal_run", command="bash theirs.sh")).then("done")
    await house.prompt(second, "once more")
    assert (await house.gate()).text == "bash theirs.sh"


async def test_a_script_that_typed_keys_made_is_not_trusted_either(house):
    (house.project / "plan").write_text("echo it ran\n")
    (house.project / "mine.sh").write_text('eval "$(cat plan)"\n')
    line = "sed -n p mine.sh > t.sh"
    house.script.then(use("terminal_type", keys=[line, "Enter"]))
    house.script.then(use("terminal_run", command="bash t.sh")).then("done")
    await house.agent("go")
    assert (await house.gate()).text == "bash t.sh"


async def test_a_branch_is_not_switched_under_what_waits_to_run(house):
    agent_id = await started(house, "(sleep 300; bash t.sh) &")
    house.script.then(use("terminal_run", command="git checkout -q -b topic"))
    house.script.then(use("terminal_run", command="git stash pop")).then("done")
    await house.prompt(agent_id, "on")
    gate = await house.gate()
    assert (gate.text, gate.risk) == ("git stash pop", "HIGH")
    assert "is running from" in gate.reasons[0]
    await house.decide(gate, "deny")
    await house.state(agent_id, "done")
