"""What the person says while a turn runs: heard after it, within it, or at once."""

from __future__ import annotations

import pytest

from agent.errors import AgentError
from agent.protocol.commands.gates import Answer
from agent.protocol.commands.prompts import Hasten, Interrupt, SendPrompt, Unqueue
from agent.sessions.sent_prompts import sent_prompts
from agent.turns.evidence import _of_turn
from tests.agent.live.conftest import use


def texts(request):
    """What the user messages of a request say, tool results aside."""
    return [
        block["text"]
        for message in request["messages"]
        if message["role"] == "user"
        for block in message["content"]
        if block["type"] == "text"
    ]


def begins_with(request, before):
    """Whether a request carries all that the one before it did, in front, with marks aside."""

    def blocks(messages):
        return [
            (message["role"], {k: v for k, v in block.items() if k != "cache_control"})
            for message in messages
            for block in message["content"]
        ]

    earlier = blocks(before["messages"])
    return blocks(request["messages"])[: len(earlier)] == earlier


async def say(house, agent_id, text, when):
    await house.carry_out(SendPrompt(agent_id=agent_id, text=text, when=when))


async def answer(house):
    question = await house.until(lambda: next(iter(house.hub.snapshot().questions), None))
    await house.carry_out(Answer(question_id=question.id, text="yes"))


async def test_a_running_turn_hears_the_person_after_its_step_at_once_or_after_it(house):
    house.script.then(use("ask_person", question="Now?"))
    house.script.then(use("ask_person", question="Again?"))
    house.script.then(use("ask_person", question="Still?"))
    house.script.then("the turn that was steered ends").then("and so does the queued one")
    agent_id = await house.agent("one")
    await house.state(agent_id, "waiting")
    await say(house, agent_id, "afterwards", "after_turn")
    await say(house, agent_id, "use tabs", "after_step")
    await say(house, agent_id, "and no semicolons", "after_step")
    summary = house.summary(agent_id)
    assert (summary.queued, summary.steering) == (
        ("afterwards",),
        ("use tabs", "and no semicolons"),
    )
    assert len(house.script.requests) == 1

    # After the step: behind its result, in the same turn.
    await answer(house)
    await house.until(lambda: len(house.script.requests) == 2)
    await house.state(agent_id, "waiting")
    second = house.script.requests[1]
    results = [block["type"] for message in second["messages"] for block in message["content"]]
    assert results.index("tool_result") < len(results) - 2
    assert texts(second)[-2:] == ["use tabs", "and no semicolons"]
    assert begins_with(second, house.script.requests[0])
    assert house.summary(agent_id).steering == ()
    assert house.summary(agent_id).queued == ("afterwards",)

    # At once: the question is withdrawn, the turn ends and another begins; the queue stays.
    await say(house, agent_id, "stop that, do this", "now")
    await house.until(lambda: len(house.script.requests) == 3)
    await house.state(agent_id, "waiting")
    third = house.script.requests[2]
    assert texts(third)[-1] == "stop that, do this"
    assert "afterwards" not in texts(third)
    assert begins_with(third, second)
    blocks = await house.blocks(agent_id)
    assert "Interrupted, to hear this:" in [block["text"] for block in blocks]
    assert house.summary(agent_id).queued == ("afterwards",)

    # After the turn.
    await answer(house)
    await house.until(lambda: len(house.script.requests) == 5)
    await house.rest(agent_id)
    assert "afterwards" not in texts(house.script.requests[3])
    assert texts(house.script.requests[4])[-1] == "afterwards"
    said = [block["text"] for block in await house.blocks(agent_id) if block["kind"] == "user"]
    assert said == ["one", "use tabs", "and no semicolons", "stop that, do this", "afterwards"]
    assert not house.server.refused
    # Every request began with the one before, as a prompt cache wants it.
    events = [event for event in (await _events(house, agent_id)) if event["type"] == "request"]
    assert [event["anew"] for event in events] == [False] * 5

    # All of it is found again, the last first.
    assert [each.text for each in await sent_prompts(house.database)] == said[::-1]

    with pytest.raises(AgentError, match="Nothing is queued"):
        await house.carry_out(Hasten(agent_id=agent_id, when="now"))


async def _events(house, agent_id):
    import json

    rows = await house.database.sessions.rows(agent_id)
    return [json.loads(row.payload) for row in rows if row.role == "event"]


async def test_what_steers_survives_the_engine_and_is_heard_once(house, monkeypatch):
    house.script.then(use("ask_person", question="Now?")).then(use("ask_person", question="Why?"))
    house.script.then("done")
    agent_id = await house.agent("again")
    await house.state(agent_id, "waiting")
    # The same words as the prompt that the turn began with.
    await say(house, agent_id, "again", "after_step")
    await house.again()
    assert house.summary(agent_id).steering == ("again",)

    # The engine ends between the row that tells it and the note that it was told.
    agent = house.agents.live.get(agent_id)
    kept = dict(agent.record.extra)
    await answer(house)
    await house.until(lambda: len(house.script.requests) == 2)
    await house.state(agent_id, "waiting")
    await house.agents.live.get(agent_id).save_extra(steering=kept["steering"])
    await house.again()
    assert house.summary(agent_id).steering == ()
    # What was said within the turn did not begin another.
    session = house.agents.live.get(agent_id).session
    assert [message["role"] for message in _of_turn(session)][:2] == ["assistant", "user"]
    assert len(_of_turn(session)) == len(session.messages) - 1

    # Esc has it wait for the person, before what was queued; both can be taken back.
    await say(house, agent_id, "later", "after_turn")
    await say(house, agent_id, "sooner", "after_step")
    await house.carry_out(Interrupt(agent_id=agent_id))
    summary = house.summary(agent_id)
    assert (summary.state, summary.queued, summary.steering) == ("idle", ("sooner", "later"), ())
    assert await house.carry_out(Unqueue(agent_id=agent_id)) == {"texts": ["sooner", "later"]}
    said = [block["text"] for block in await house.blocks(agent_id) if block["kind"] == "user"]
    assert said == ["again", "again"]
    assert len(house.script.requests) == 2
    assert not house.server.refused


async def test_what_is_queued_can_be_heard_sooner(house):
    house.script.then(use("ask_person", question="Now?"))
    house.script.then(use("ask_person", question="Again?")).then("done")
    agent_id = await house.agent("one")
    await house.state(agent_id, "waiting")
    await say(house, agent_id, "two", "after_turn")
    await house.carry_out(Hasten(agent_id=agent_id, when="after_step"))
    assert (house.summary(agent_id).queued, house.summary(agent_id).steering) == ((), ("two",))
    await house.carry_out(Hasten(agent_id=agent_id, when="now"))
    await house.until(lambda: len(house.script.requests) == 2)
    await house.state(agent_id, "waiting")
    assert texts(house.script.requests[1])[-1] == "two"
    # A turn that ends before it could hear what steers it goes on with that.
    await say(house, agent_id, "three", "after_step")
    await answer(house)
    await house.rest(agent_id)
    assert texts(house.script.requests[2])[-1] == "three"
    assert house.summary(agent_id).activity == "done"
