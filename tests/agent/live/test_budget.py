"""A spent budget ends a turn before its next request, and the session stays as it is."""

import asyncio

import pytest

from agent.protocol.commands.agents import SetBudget
from agent.protocol.commands.engine import ReadUsage
from agent.protocol.commands.prompts import Interrupt
from agent.protocol.usage import Budget
from agent.settings.config import load
from tests.agent.live.conftest import use


async def stopped(house, agent_id, words):
    summary = await house.state(agent_id, "failed")
    assert summary.over_budget
    assert words in summary.activity
    blocks = await house.blocks(agent_id)
    assert (blocks[-1]["kind"], blocks[-1]["text"]) == ("error", summary.activity)
    return summary


async def test_a_spent_budget_ends_the_turn_and_a_raised_one_lets_it_go_on(house):
    for _ in range(2):
        house.script.then(use("file_list", path="."))
    agent_id = await house.agent("go", budget=Budget(requests=2))
    summary = await stopped(house, agent_id, "budget, 2 requests, is spent")
    assert summary.budget == Budget(requests=2)
    assert len(house.script.requests) == 2
    await house.again()
    assert house.summary(agent_id).over_budget
    await house.prompt(agent_id, "go on")
    await stopped(house, agent_id, "/budget requests 4")
    assert len(house.script.requests) == 2
    told = await house.carry_out(SetBudget(agent_id=agent_id, budget=Budget(requests=1)))
    assert told["spent"].endswith("is spent (2 made): /budget requests 4 raises it.")
    wanted = Budget(requests=3, minutes=60)
    told = await house.carry_out(SetBudget(agent_id=agent_id, budget=wanted))
    assert told == {"spent": ""}
    assert house.summary(agent_id).budget == wanted
    await house.prompt(agent_id, "and now?")
    summary = await house.state(agent_id, "done")
    assert not summary.over_budget
    assert summary.usage.requests == len(house.script.requests) == 3
    said = [block.get("text") for block in house.script.requests[2]["messages"][-1]["content"]]
    assert said[-1] == "and now?"
    assert not house.server.refused
    found = (await house.carry_out(ReadUsage()))["report"]
    assert found["agents"][0]["usage"]["requests"] == found["today"]["requests"] == 3


async def test_a_model_without_a_price_is_not_asked_when_dollars_are_limited(house):
    await house.models.turn_to("seeing")
    agent_id = await house.agent("go", model="seeing", budget=Budget(dollars=1))
    await stopped(house, agent_id, "seeing has no known price")
    assert not house.script.requests
    house.paths.config_file.write_text("[prices.seeing]\ninput = 1000\noutput = 0\n")
    house.script.then(use("file_list", path="."))
    await house.prompt(agent_id, "go on")
    summary = await stopped(house, agent_id, "budget, $1.00, is spent")
    assert summary.usage.cost == pytest.approx(summary.usage.input_tokens / 1000)
    assert len(house.script.requests) == 1


async def test_the_limit_of_the_day_holds_for_a_new_agent_too(house):
    house.paths.config_file.write_text("[budget.day]\nrequests = 1\n")
    house.config = load(house.paths, environment={})
    await house.again()
    await house.models.turn_to("seeing")
    first = await house.agent("go")
    await house.state(first, "done")
    second = await house.agent("go")
    await stopped(house, second, "Today's limit, 1 request, is spent (1 made)")
    assert len(house.script.requests) == 1


async def never(request):
    await asyncio.Event().wait()


@pytest.mark.parametrize("ended", ["by the person", "with its engine"])
async def test_a_request_that_never_ends_was_made(house, ended):
    for _ in range(3):
        house.script.then(never)
    agent_id = await house.agent("go", budget=Budget(requests=1))
    await asyncio.wait_for(house.script.arrived.wait(), 10)
    if ended == "by the person":
        await house.carry_out(Interrupt(agent_id=agent_id))
        await house.state(agent_id, "idle")
        await house.prompt(agent_id, "again")
    else:
        await house.again()
    summary = await stopped(house, agent_id, "budget, 1 request, is spent (1 made)")
    assert summary.usage.requests == len(house.script.requests) == 1


def sent(house, agent_id):
    used = house.summary(agent_id).usage
    return used.input_tokens + used.cache_write_tokens


async def test_the_input_of_an_answer_that_is_cut_off_counts(house):
    house.script.then("late", delay=600.0)
    agent_id = await house.agent("go")
    found = await house.until(lambda: sent(house, agent_id), "the beginning")
    await house.carry_out(Interrupt(agent_id=agent_id))
    await house.state(agent_id, "idle")
    await house.again()
    assert house.summary(agent_id).usage.requests == 1
    assert sent(house, agent_id) == found
