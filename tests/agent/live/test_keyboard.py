"""While a person has the keyboard of a pane, its agent types nothing there."""

import asyncio

import pytest

from agent.errors import AgentError
from agent.protocol.commands.agents import SetMode
from agent.protocol.commands.panes import HoldKeyboard
from agent.protocol.commands.prompts import Interrupt
from tests.agent.live.conftest import use


def hold(agent_id, pane, *, on=True):
    return HoldKeyboard(agent_id=agent_id, pane_id=pane, on=on)


@pytest.fixture
async def opened(house):
    """An agent that has opened a terminal; gives its id, the pane's and a look at its screen."""
    house.script.then(use("terminal_run", command="echo ready-$((40 + 2))")).then("It is open.")
    agent_id = await house.agent("begin")
    await house.rest(agent_id)
    pane = house.summary(agent_id).panes[0].pane_id
    return agent_id, pane, (await house.open_terminal()).pane(pane)


async def held(house, agent_id, pane):
    def found():
        return any(
            e.type == "block_changed" and e.block.tool and e.block.tool.status == "held"
            for e in house.events
        )

    await house.until(found, "an action that waits")
    return (await house.tools(agent_id))[-1]


@pytest.mark.parametrize(
    "tool",
    [
        use("terminal_run", command="echo agents-$((1 + 1)) >> typed"),
        use("terminal_type", keys=["echo agents-$((1 + 1)) >> typed", "Enter"]),
    ],
    ids=["run", "type"],
)
async def test_what_the_agent_would_type_waits_until_the_keyboard_is_given_back(
    house, opened, tool
):
    agent_id, pane, screen = opened
    await house.carry_out(hold(agent_id, pane))
    tool["input"] |= {"pane": pane} if tool["name"] == "terminal_type" else {}
    house.script.then(tool).then("Done.")
    await house.prompt(agent_id, "go on")
    call = await held(house, agent_id, pane)
    assert call["decision"] == "waits: you have the keyboard"
    # The person types a line of their own, in two parts; nothing comes between them.
    await screen.send_text("echo per")
    await asyncio.sleep(0.2)
    await screen.send_text("son >> typed")
    await screen.send_keys("Enter")
    await house.poll(lambda: _written(house, "person\n"))
    await house.carry_out(hold(agent_id, pane, on=False))
    await house.rest(agent_id)
    assert (house.project / "typed").read_text() == "person\nagents-2\n"
    assert [t["status"] for t in await house.tools(agent_id)] == ["done", "done"]


async def _written(house, text):
    typed = house.project / "typed"
    return typed.exists() and typed.read_text() == text


async def test_each_of_two_people_must_give_it_back(house, opened):
    agent_id, pane, _ = opened
    keyboard = house.agents.live.get(agent_id).panes.own(pane).keyboard
    for on, free in ((True, False), (True, False), (False, False), (False, True), (False, True)):
        await house.carry_out(hold(agent_id, pane, on=on))
        assert keyboard.free.is_set() is free
    with pytest.raises(AgentError):
        await house.carry_out(hold("nobody", pane))
    await house.carry_out(hold(agent_id, "%404"))


async def test_a_half_typed_line_is_found_at_delivery_as_ever(house, opened):
    agent_id, pane, screen = opened
    await house.carry_out(hold(agent_id, pane))
    house.script.then(use("terminal_run", command="echo no > typed")).then("I saw it.")
    await house.prompt(agent_id, "go on")
    await held(house, agent_id, pane)
    await screen.send_text("half a thought")
    await house.carry_out(hold(agent_id, pane, on=False))
    await house.rest(agent_id)
    assert not (house.project / "typed").exists()
    assert "half a thought" in await screen.line()


async def test_interrupting_ends_the_wait_and_nothing_was_typed(house, opened):
    agent_id, pane, _ = opened
    await house.carry_out(hold(agent_id, pane))
    house.script.then(use("terminal_run", command="echo no > typed"))
    await house.prompt(agent_id, "go on")
    await held(house, agent_id, pane)
    await house.carry_out(Interrupt(agent_id=agent_id))
    await house.rest(agent_id)
    assert (await house.tools(agent_id))[-1]["status"] == "interrupted"
    assert not (house.project / "typed").exists()


async def test_a_pane_that_dies_holds_nothing_up(house, opened):
    agent_id, pane, screen = opened
    await house.carry_out(hold(agent_id, pane))
    house.script.then(use("terminal_run", command="echo no > typed")).then("It is gone.")
    await house.prompt(agent_id, "go on")
    await held(house, agent_id, pane)
    await screen.send_text("exit")
    await screen.send_keys("Enter")
    # What tmux tells the engine of a pane's end.
    await house.poll(lambda: _dead(screen))
    await house.agents.live.get(agent_id).pane_died(pane, 0)
    await house.rest(agent_id)
    assert not (house.project / "typed").exists()


async def _dead(screen):
    return (await screen.info()).dead


async def test_taking_the_keyboard_between_decision_and_delivery_counts(house, opened):
    agent_id, pane, _ = opened
    await house.carry_out(SetMode(agent_id=agent_id, mode="careful"))
    house.script.then(use("terminal_run", command="touch typed")).then("Done.")
    await house.prompt(agent_id, "go on")
    gate = await house.gate()
    await house.carry_out(hold(agent_id, pane))
    await house.decide(gate)
    await held(house, agent_id, pane)
    assert not (house.project / "typed").exists()
    await house.carry_out(hold(agent_id, pane, on=False))
    await house.rest(agent_id)
    assert (house.project / "typed").exists()
