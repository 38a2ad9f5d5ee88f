"""What an approved line turns out to run is judged once more, where its text could not tell."""

from __future__ import annotations

import pytest


def use(name, **tool_input):
    return {"type": "tool_use", "name": name, "input": tool_input}


HIGH = "echo mine > ~/.bashrc"


async def approved(house, command):
    """Have a person approve a line; gives what the agent is told of it."""
    house.script.then(use("terminal_run", command=command)).then("done")
    agent_id = await house.agent("go")
    await house.decide(await house.gate())
    await house.state(agent_id, "done")
    [result] = house.results()
    return result


@pytest.mark.parametrize(
    "command",
    [
        'eval "$(cat plan)"; touch after',
        'x=$(cat plan); (eval "$x"; touch after) | cat; touch after',
        'y=$(eval "$(cat plan)"); touch after',
    ],
)
async def test_what_nobody_saw_needs_a_decision_of_its_own(house, command):
    before = (house.home / ".bashrc").read_bytes() if (house.home / ".bashrc").exists() else None
    (house.project / "plan").write_text(f"touch first\n{HIGH}\n")
    result = await approved(house, command)
    assert f"stopped before `{HIGH}`" in result["content"]
    assert "exit 0" not in result["content"]
    # The rest of it is no worse than what runs without a person.
    assert (house.project / "first").exists()
    assert not (house.project / "after").exists()
    now = (house.home / ".bashrc").read_bytes() if (house.home / ".bashrc").exists() else None
    assert now == before


async def test_what_was_seen_runs(house):
    command = f"x='{HIGH}'; eval \"$x\"; echo   two >>~/.bashrc; echo three 1>&2"
    result = await approved(house, command)
    assert "stopped before" not in result["content"]
    assert "three" in result["content"]
    assert (house.home / ".bashrc").read_text().endswith("mine\ntwo\n")


async def test_a_shell_with_traps_of_its_own_runs_it_unasked(house):
    (house.project / "plan").write_text("touch first\n")
    house.script.then(use("terminal_run", command="trap : DEBUG")).then("done")
    agent_id = await house.agent("go")
    await house.state(agent_id, "done", "waiting")
    if house.hub.snapshot().gates:
        await house.decide(await house.gate())
        await house.state(agent_id, "done")
    house.script.then(use("terminal_run", command='eval "$(cat plan)"')).then("done")
    await house.prompt(agent_id, "on")
    await house.decide(await house.gate())
    await house.state(agent_id, "done")
    assert (house.project / "first").exists()
