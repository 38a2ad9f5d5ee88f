"""Turns from prompt to end, over real HTTP, tmux and SQLite."""

from __future__ import annotations

import asyncio


def use(name, **tool_input):
    return {"type": "tool_use", "name": name, "input": tool_input}


async def test_a_prompt_becomes_a_command_in_tmux_and_its_result_goes_back(house):
    house.script.then("Let me look.", use("terminal_run", command="echo $((20+22))"))
    house.script.then("It is 42.")
    agent_id = await house.agent("What is 20+22?")
    summary = await house.rest(agent_id)

    assert (summary.state, summary.activity) == ("done", "It is 42.")
    [result] = house.results()
    assert "is_error" not in result
    assert result["content"].startswith("exit 0")
    assert result["content"].endswith("\n42")
    kinds = [block["kind"] for block in await house.blocks(agent_id)]
    assert kinds == ["user", "assistant", "tool", "assistant"]
    [tool] = await house.tools(agent_id)
    assert (tool["status"], tool["risk"], tool["exit_status"]) == ("done", "LOW", 0)
    assert not house.server.refused
