"""What one agent wrote is an agent's own for all of them, also in a later engine."""

from __future__ import annotations

import pytest

OPAQUE = 'X=$(cat plan)\neval "$X"\n'


def use(name, **tool_input):
    return {"type": "tool_use", "name": name, "input": tool_input}


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_script_that_another_agent_wrote(house, restarted):
    (house.project / "plan").write_text("true\n")
    house.script.then(use("file_write", path="a.sh", content=OPAQUE)).then("done")
    await house.state(await house.agent("write it"), "done")
    if restarted:
        await house.again()
    house.script.then(use("terminal_run", command="bash a.sh")).then("done")
    other = await house.agent("run it")
    gate = await house.gate()
    assert gate.risk == "HIGH"
    assert gate.agent_id == other
    await house.decide(gate, "deny")
    await house.state(other, "done")


async def test_a_script_that_no_agent_wrote(house):
    (house.project / "plan").write_text("true\n")
    (house.project / "a.sh").write_text(OPAQUE)
    house.script.then(use("terminal_run", command="bash a.sh")).then("done")
    await house.state(await house.agent("run it"), "done")
    assert not house.gates_seen()
