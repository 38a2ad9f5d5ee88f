"""Agents behind the wall: the option, the setting, and the gate beside it."""

from __future__ import annotations

import pytest

from agent.protocol.commands.agents import StopAgent
from agent.protocol.commands.steps import Play
from agent.settings.config import Config
from tungsten import wall as walls
from tungsten.errors import TerminalError
from tungsten.wall import NoWall


@pytest.fixture(autouse=True)
def possible():
    try:
        walls.available()
    except NoWall as error:
        pytest.skip(str(error))


def use(name, **tool_input):
    return {"type": "tool_use", "name": name, "input": tool_input}


async def test_an_agent_works_behind_it_and_the_gate_stands(house):
    (house.home / ".ssh").mkdir()
    (house.home / ".ssh" / "id").write_text("PRIVATE")
    house.script.then(use("terminal_run", command="echo made > made; git status --short"))
    house.script.then(use("terminal_type", keys=["echo ty", "ped > typed", "Enter"]))
    house.script.then(use("terminal_run", command="git push --force"))
    agent_id = await house.agent("Work.", wall=True)
    assert house.summary(agent_id).wall
    gate = await house.gate()
    await house.decide(gate, "deny")
    await house.rest(agent_id)
    tools = await house.tools(agent_id)
    assert [tool["status"] for tool in tools] == ["done", "done", "denied"], tools
    assert "made" in tools[0]["result"]
    assert (house.project / "typed").read_text() == "typed\n"
    await house.again()
    assert house.summary(agent_id).wall
    await house.carry_out(StopAgent(agent_id=agent_id))


async def test_what_is_hidden_is_hidden_from_it(house):
    (house.home / ".ssh").mkdir()
    (house.home / ".ssh" / "id").write_text("PRIVATE")
    lost = [house.paths.tmux_socket, house.paths.database, house.home / ".ssh"]
    tests = "; ".join(f"test -e {path} && echo found" for path in lost)
    text = f"steps:\n- run: |\n    ({tests}) > seen; true\n  status: any\n"
    command = Play(directory=str(house.project), source=text, file="p.yaml", wall=True)
    played = (await house.carry_out(command))["agent_id"]
    await house.rest(played)
    assert (house.project / "seen").read_text() == ""


async def test_the_setting_counts_for_new_agents(house):
    config = Config.model_validate({"wall": {"mode": "on", "network": False}})
    house.agents.services.config = config
    house.script.then(use("terminal_run", command="cat /proc/net/dev"))
    agent_id = await house.agent("Look.")
    assert house.summary(agent_id).wall
    await house.rest(agent_id)
    assert "eth0" not in (await house.tools(agent_id))[0]["result"]


async def test_what_cannot_be_walled_is_not_started(house):
    house.project = house.home
    with pytest.raises(TerminalError, match="holds your home"):
        await house.agent("Work.", wall=True)
    assert house.hub.snapshot().agents == ()
