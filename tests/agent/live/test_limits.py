"""What is too large is refused or shown in part, and never keeps anyone from looking."""

import asyncio

import pytest

from agent.agents.live_agent import SHOWN_QUEUED
from agent.agents.model_agent import MAX_PROMPT, MAX_QUEUED
from agent.errors import AgentError
from agent.protocol.commands.panes import RunAsPerson
from agent.protocol.commands.prompts import ReadTranscript, Unqueue
from agent.sessions import conversation
from agent.sessions.conversation import SHOWN_TEXT, shortened
from agent.tools.inputs import MAX_COMMAND
from tests.agent.live.conftest import say, use


async def test_a_prompt_that_no_model_takes_is_refused(house):
    agent_id = await house.agent()
    with pytest.raises(AgentError, match="into a file"):
        await house.prompt(agent_id, "x" * (MAX_PROMPT + 1))
    assert house.summary(agent_id).state == "idle"
    with pytest.raises(AgentError, match="into a file"):
        await house.agent("x" * (MAX_PROMPT + 1))
    assert len(house.hub.snapshot().agents) == 1
    assert not house.script.requests


async def test_long_queued_prompts_are_told_in_part_and_given_back_whole(house):
    go_on = asyncio.Event()

    async def slow(request):
        await go_on.wait()
        return say("done")

    house.script.then(slow)
    agent_id = await house.agent("begin")
    await house.script.arrived.wait()
    long = "x" * MAX_PROMPT
    for _ in range(MAX_QUEUED // MAX_PROMPT):
        await house.prompt(agent_id, long)
    with pytest.raises(AgentError, match="waits already"):
        await house.prompt(agent_id, "one more")
    assert {len(text) for text in house.summary(agent_id).queued} == {SHOWN_QUEUED}
    answer = await house.carry_out(Unqueue(agent_id=agent_id))
    assert answer["texts"] == [long] * (MAX_QUEUED // MAX_PROMPT)
    go_on.set()
    await house.rest(agent_id)


async def test_a_gate_shows_both_ends_of_a_diff_that_is_too_long(house):
    (house.project / "long.txt").write_text("one\n" * 200_000)
    house.script.then(use("file_write", path="long.txt", content="two\n" * 200_000))
    agent_id = await house.agent("write", trusted=False)
    gate = await house.gate()
    assert len(gate.diff) < SHOWN_TEXT + 100
    assert gate.diff.startswith("--- ")
    assert "characters not shown" in gate.diff
    assert gate.diff.endswith("+two\n")
    await house.decide(gate)
    await house.rest(agent_id)
    assert (house.project / "long.txt").read_text() == "two\n" * 200_000


async def test_a_page_of_long_blocks_fits_into_an_answer(house, monkeypatch):
    monkeypatch.setattr(conversation, "PAGE_BYTES", 3 * SHOWN_TEXT)
    agent_id = await house.agent()
    for number in range(4):
        await house.prompt(agent_id, f"{number}" * (SHOWN_TEXT * 2))
        await house.rest(agent_id)
    seen, before = [], None
    while before is None or before > 1:
        page = await house.carry_out(ReadTranscript(agent_id=agent_id, before=before))
        assert 0 < len(page["blocks"]) < 8
        seen = page["blocks"] + seen
        before = page["blocks"][0]["id"]
    # More than the window holds: what each prompt and its end left is there, and nothing twice.
    last = house.summary(agent_id).last_block
    assert [block["id"] for block in seen] == list(range(1, last + 1))
    said = [block for block in seen if block["kind"] == "user"]
    assert [block["text"][0] for block in said] == ["0", "1", "2", "3"]
    assert seen[0]["text"] == shortened("0" * (SHOWN_TEXT * 2))
    assert house.script.requests[0]["messages"][0]["content"][0]["text"] == "0" * SHOWN_TEXT * 2


async def test_a_shortened_block_is_not_shown_again_after_a_restart(house):
    go_on = asyncio.Event()

    async def slow(request):
        await go_on.wait()
        return say("done")

    house.script.then(slow)
    agent_id = await house.agent()
    await house.prompt(agent_id, "x" * (SHOWN_TEXT * 2))
    await house.script.arrived.wait()
    house.script.messages.clear()
    await house.again()
    await house.rest(agent_id)
    go_on.set()
    page = await house.carry_out(ReadTranscript(agent_id=agent_id))
    assert [block["kind"] for block in page["blocks"]].count("user") == 1


async def test_a_command_line_that_no_editor_takes_is_refused(house):
    house.script.then(use("terminal_run", command="echo " + "x" * MAX_COMMAND))
    house.script.then(use("terminal_type", keys=["x" * (MAX_COMMAND // 2 + 1)] * 2)).then("done")
    agent_id = await house.agent("go")
    await house.rest(agent_id)
    first, second = await house.tools(agent_id)
    assert first["status"] == second["status"] == "failed"
    assert str(MAX_COMMAND) in first["result"]
    assert str(MAX_COMMAND) in second["result"]
    with pytest.raises(AgentError, match="into a file"):
        await house.carry_out(RunAsPerson(agent_id=agent_id, command="x" * (MAX_COMMAND + 1)))
