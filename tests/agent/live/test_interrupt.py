"""Esc at any moment of a turn: it ends, the transcript stays valid, and nothing happens twice.

A turn streams text, reads files side by side, runs a command, waits at a gate, asks a question and
meets a server that is busy. The server is strict, and the next turn sends all that came of it.
"""

from __future__ import annotations

import asyncio
import random
import re

import pytest

from agent.model.client import ModelClient
from agent.model.endpoint import Endpoint
from agent.model.local_server.faults import Fault
from agent.model.local_server.responder import ResponderMessage
from agent.model.local_server.server import LocalMessagesServer
from agent.model.retry import RetryPolicy
from agent.protocol.agents import AgentState
from agent.protocol.commands.gates import Answer, Decide
from agent.protocol.commands.prompts import Interrupt
from agent.protocol.events import GateOpened, QuestionAsked
from tests.agent.live.conftest import KEY, House

DONE = "That was the turn."
EVENTS = 120
"""About as many as a turn has."""

WORDS = "and so on and on " * 4


def steps(turn):
    return [
        [("file_read", {"path": "a"}), ("file_read", {"path": "b"})],
        [
            ("terminal_run", {"command": f"echo turn-{turn} >> log; sleep 0.05; cat a"}),
            ("file_list", {"path": "."}),
        ],
        [("terminal_run", {"command": f"git push -f origin main; echo {turn} >> pushed"})],
        [("ask_person", {"question": "Go on?"})],
    ]


class Model:
    """Takes the steps of a turn; the prompt and what followed it tell where it stands."""

    async def respond(self, request):
        turn = step = 0
        for message in request["messages"]:
            for block in message["content"]:
                if found := re.fullmatch(r"turn (\d+)", block.get("text", "")):
                    turn, step = int(found[1]), 0
            step += message["role"] == "assistant"
        uses = [
            {"type": "tool_use", "id": f"t{turn}_{step}_{place}", "name": name, "input": given}
            for place, (name, given) in enumerate((*steps(turn), [])[step])
        ]
        thought = {"type": "thinking", "thinking": "Hm.", "signature": ""}
        said = {"type": "text", "text": WORDS if uses else DONE}
        return ResponderMessage([thought, said, *uses], delay=0.001)


@pytest.fixture
async def house(short_dir):
    made = House(short_dir)
    made.server = LocalMessagesServer(Model(), api_key=KEY, record=True, bind_thinking=True)
    for name in "ab":
        (made.project / name).write_text(f"I am {name}\n")
    try:
        await made.open()
        await made.models.close()
        endpoint = Endpoint("demo", made.server.base_url, KEY, "tungsten-demo")
        policy = RetryPolicy(first_delay=0.03, longest_delay=0.03)
        made.models._client = ModelClient(endpoint, policy)
        yield made
    finally:
        await made.demolish()


async def person(house):
    """Decide and answer all that comes up."""
    tasks = set()

    def heard(event):
        match event:
            case GateOpened(gate=gate):
                work = house.carry_out(Decide(gate_id=gate.id, decision="approve"))
            case QuestionAsked(question=question):
                work = house.carry_out(Answer(question_id=question.id, text="yes"))
            case _:
                return
        task = asyncio.ensure_future(asyncio.wait([asyncio.ensure_future(work)]))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    house.hub.listen(heard)


async def moment(house, agent_id, events):
    """Let a turn go on for so many events, or to its end."""
    until = len(house.events) + events
    while len(house.events) < until and house.summary(agent_id).state in ("working", "waiting"):
        house.changed.clear()
        await house.changed.wait()


async def pressed(house, agent_id, later):
    await asyncio.sleep(later)
    await house.carry_out(Interrupt(agent_id=agent_id))


async def interrupted_often(house, times, seed):
    """Interrupt so many turns, each after another while; then let one come to its end."""
    chance = random.Random(seed)
    agent_id = await house.agent()
    await person(house)
    ended = {"interrupted": 0, DONE: 0}
    for turn in range(1, times + 1):
        house.server.faults._queue.clear()
        if chance.random() < 0.3:
            for _ in range(chance.randrange(4)):
                house.server.faults.add(None)
            house.server.faults.add(Fault("overloaded"), times=3)
        await house.prompt(agent_id, f"turn {turn}")
        await moment(house, agent_id, chance.randrange(EVENTS))
        await asyncio.sleep(chance.uniform(0, 0.02))
        # Some press it more than once.
        presses = chance.choice((1, 1, 2, 3))
        laters = [0.0, *(chance.uniform(0, 0.02) for _ in range(presses - 1))]
        await asyncio.gather(*(pressed(house, agent_id, later) for later in laters))
        summary = house.summary(agent_id)
        assert summary.state in (AgentState.IDLE, AgentState.DONE), summary
        ended[summary.activity] += 1
        assert not house.hub.snapshot().gates
        assert not house.hub.snapshot().questions
        if turn % 6 == 0:
            # The next engine knows only what is on the disk.
            await house.again()
            await person(house)
    house.server.faults._queue.clear()
    await house.prompt(agent_id, f"turn {times + 1}")
    assert (await house.rest(agent_id)).activity == DONE
    assert not [error for error in house.server.refused if error != "Overloaded"]
    assert not await house.database.journal.unfinished_actions()
    assert not await house.database.journal.open_gates()
    await house.database.sessions.verify(agent_id)
    for name in ("log", "pushed"):
        happened = (house.project / name).read_text().split()
        assert len(happened) == len(set(happened)), name
        assert happened[-1].endswith(str(times + 1))
    return ended


async def test_esc_at_some_moments_leaves_a_valid_transcript(house):
    ended = await interrupted_often(house, 12, seed=3)
    assert ended["interrupted"]


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_esc_at_three_hundred_moments_leaves_a_valid_transcript(house):
    ended = await interrupted_often(house, 300, seed=4)
    assert ended["interrupted"] > 100
