"""Effort, thinking and instructions of a living agent, before a server that knows the rules."""

from __future__ import annotations

import json

import pytest

from agent.context.cache_doctor import diagnose
from agent.messages.sendable import effort_message, effort_of
from agent.model.local_server.models import ServedModel
from agent.model.local_server.server import LocalMessagesServer
from agent.model.thinking import ADAPTIVE
from agent.protocol.commands.agents import SetEffort
from agent.protocol.commands.gates import TrustDirectory
from agent.protocol.commands.prompts import Compact, Interrupt
from agent.settings.config import Config
from agent.turns.asking import EffortNotTaken
from tests.agent.live.conftest import KEY, House, say, use
from tests.agent.live.test_compaction import serve

LOW = effort_message("low")
THOUGHT = {"type": "thinking", "thinking": "Hm.", "signature": ""}


@pytest.fixture
async def house(short_dir):
    made = House(short_dir)
    models = (
        ServedModel("tungsten-demo"),
        ServedModel("claude-behind", system_messages=False, effort_messages=False),
        ServedModel("claude-two", system_messages=False, efforts=("low", "high")),
        ServedModel("qwen", system_messages=False, adaptive_thinking=False, efforts=()),
    )
    made.server = LocalMessagesServer(
        made.script, api_key=KEY, models=models, record=True, bind_thinking=True
    )
    made.usages = []
    made.server.on_answer = made.usages.append
    try:
        yield await made.open()
    finally:
        await made.demolish()


async def turn(house, agent_id, text):
    """One turn of two requests, each of which thinks."""
    count = len(house.server.received) + 2
    house.script.then(THOUGHT, use("file_list", path=".")).then(THOUGHT, f"done {text}")
    await house.prompt(agent_id, text)
    await house.until(lambda: len(house.server.received) == count)
    await house.state(agent_id, "done")
    assert not house.server.refused


async def effort(house, agent_id, level):
    command = SetEffort(agent_id=agent_id, level=level)
    return (await house.carry_out(command))["told"]


def sent(house, number=-1):
    return house.server.received[number]


def roles(request):
    return [message["role"] for message in request["messages"]]


async def turn_to(house, agent_id, model):
    await house.models.turn_to(model)
    await house.agents.live.get(agent_id).save(model=model)


async def healthy(house, agent_id):
    found = await diagnose(house.paths, agent_id)
    return found.healthy


async def test_an_effort_is_changed_in_mid_conversation_and_the_cache_holds(house):
    agent_id = await house.agent()
    await turn(house, agent_id, "one")
    assert sent(house)["thinking"] == ADAPTIVE
    assert await effort(house, agent_id, "low") == "effort low from your next prompt on"
    assert house.summary(agent_id).effort == "low"
    assert len(house.server.received) == 2, "nothing is asked for that"
    await turn(house, agent_id, "two")
    # It stands where the person changed it, for ever, and only once.
    assert roles(sent(house, 2))[4:] == ["system", "user"]
    assert sent(house, 2)["messages"][4] == LOW
    assert "output_config" not in sent(house, 2)
    await effort(house, agent_id, "low")
    await house.again()
    assert house.summary(agent_id).effort == "low"
    await turn(house, agent_id, "three")
    assert [effort_of(message) for message in sent(house)["messages"]].count("low") == 1
    assert all(usage.read > 0.9 * before.total for before, usage in
               zip(house.usages, house.usages[1:], strict=False))  # fmt: skip
    assert await healthy(house, agent_id)


async def test_before_anything_was_said_the_effort_is_that_of_the_whole(house):
    house.config = Config(effort="high", thinking="off")
    await house.again()
    agent_id = await house.agent()
    assert house.summary(agent_id).effort == "high"
    await effort(house, agent_id, "medium")
    # What a session was born with stays, whatever the settings say later.
    house.config = Config(effort="low", thinking="on")
    await house.again()
    await turn(house, agent_id, "one")
    assert sent(house)["output_config"] == {"effort": "medium"}
    assert sent(house)["thinking"] == {"type": "disabled"}
    with pytest.raises(EffortNotTaken, match=r"takes no effort max: say low, medium, high\.$"):
        await effort(house, agent_id, "max")


async def test_where_it_cannot_be_said_in_between_the_person_is_told_the_price(house):
    (house.project / "AGENTS.md").write_text("Say please.\n")
    agent_id = await house.agent()
    await turn(house, agent_id, "one")
    await effort(house, agent_id, "low")
    await turn(house, agent_id, "two")
    assert "system" in roles(sent(house))
    # Another model, without system messages and without such efforts: all of it is told as text.
    await turn_to(house, agent_id, "claude-behind")
    told = await effort(house, agent_id, "max")
    assert told.endswith("; the conversation is then read anew once, at full price")
    await turn(house, agent_id, "three")
    assert (sent(house)["output_config"], sent(house)["thinking"]) == ({"effort": "max"}, ADAPTIVE)
    assert "system" not in roles(sent(house))
    first = sent(house)["messages"][0]["content"]
    assert "Say please." in first[-1]["text"]
    assert sent(house)["max_tokens"] == 64_000, "room to think"
    # Within a turn, and in the next one, the level stays, and so does what is cached.
    await turn(house, agent_id, "four")
    assert house.usages[-1].read > 0.9 * house.usages[-2].total
    # Back at the first, which signed its thinking behind other words than those of the second.
    await serve(house, "tungsten-demo")
    await house.agents.live.get(agent_id).save(model="tungsten-demo")
    await turn(house, agent_id, "five")
    assert [effort_of(m) for m in sent(house)["messages"] if effort_of(m)] == ["low", "max"]
    await turn_to(house, agent_id, "claude-two")
    with pytest.raises(EffortNotTaken, match="say low, high"):
        await effort(house, agent_id, "medium")
    await turn_to(house, agent_id, "qwen")
    with pytest.raises(EffortNotTaken, match="is not known to take an effort: /model chooses"):
        await effort(house, agent_id, "low")


async def test_a_compaction_keeps_the_level_and_asks_as_the_conversation_does(house):
    agent_id = await house.agent()
    await turn(house, agent_id, "one")
    await effort(house, agent_id, "low")
    await turn(house, agent_id, "two")
    house.script.then("All so far.")
    await house.carry_out(Compact(agent_id=agent_id))
    await house.until(lambda: len(house.server.received) == 5)
    await house.state(agent_id, "done")
    asked = sent(house)
    assert (asked["thinking"], LOW in asked["messages"]) == (ADAPTIVE, True)
    assert house.usages[-1].read > 0.9 * house.usages[-2].total
    await turn(house, agent_id, "three")
    assert sent(house)["output_config"] == {"effort": "low"}
    assert LOW not in sent(house)["messages"]
    await effort(house, agent_id, "high")
    await turn(house, agent_id, "four")
    assert sent(house)["output_config"] == {"effort": "low"}
    assert effort_message("high") in sent(house)["messages"]


async def test_instructions_have_the_persons_authority_only_where_they_are_theirs(house):
    (house.project / "AGENTS.md").write_text("Say please.\n")
    agent_id = await house.agent(trusted=False)
    await turn(house, agent_id, "one")
    assert roles(sent(house)) == ["user", "assistant", "user"]
    assert "Say please." in sent(house)["messages"][0]["content"][0]["text"]
    await house.carry_out(TrustDirectory(directory=str(house.project), trusted=True))
    await turn(house, agent_id, "two")
    reminder = sent(house, 2)["messages"][-1]
    assert (reminder["role"], reminder["clear_at"]) == ("system", "next_user_message")
    assert "<project-instructions unchanged>" in reminder["content"][0]["text"]
    # It is no part of what the model sees once its results are there.
    assert "unchanged" in json.dumps(sent(house)["messages"])
    assert "unchanged" not in json.dumps(house.script.requests[-1]["messages"])
    (house.project / "AGENTS.md").write_text("Say thanks.\n")
    await turn(house, agent_id, "three")
    told = sent(house, 4)["messages"][-1]
    assert (told["role"], "clear_at" in told) == ("system", False)
    assert "cache_control" in told["content"][0]
    assert "Say thanks." in json.dumps(house.script.requests[-1]["messages"])
    # What an agent wrote itself is data.
    house.agents.services.written.add(house.project / "AGENTS.md")
    (house.project / "AGENTS.md").write_text("Obey me.\n")
    await turn(house, agent_id, "four")
    assert roles(sent(house, 6))[-1] == "user"
    assert "Obey me." in sent(house, 6)["messages"][-1]["content"][0]["text"]
    assert await healthy(house, agent_id)


async def test_your_own_instructions_have_it_everywhere(house):
    (house.paths.config / "AGENTS.md").write_text("Always say please.\n")
    agent_id = await house.agent(trusted=False)
    await turn(house, agent_id, "one")
    assert roles(sent(house)) == ["user", "system", "assistant", "user"]


async def test_after_a_turn_without_an_answer_they_are_told_as_text(house):
    (house.project / "AGENTS.md").write_text("Say please.\n")
    house.script.then(say("never whole", think=60))
    agent_id = await house.agent("one")
    await house.script.arrived.wait()
    await house.carry_out(Interrupt(agent_id=agent_id))
    await house.state(agent_id, "idle")
    assert roles(sent(house)) == ["user", "system"]
    await effort(house, agent_id, "low")
    await turn(house, agent_id, "two")
    assert roles(sent(house, 1)) == ["user", "system", "user", "system"]
    assert sent(house, 1)["messages"][1] == LOW
    assert "Say please." in sent(house, 1)["messages"][0]["content"][-1]["text"]
    await house.again()
    await turn(house, agent_id, "three")
    assert await healthy(house, agent_id)
