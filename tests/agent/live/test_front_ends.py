"""Several front ends that come and go at random while agents work and gates wait.

Real agents behind the engine's real socket. Each gate belongs to one front end, which decides it
once and never looks again whether that arrived, often leaving in the same instant.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import types

import pytest

from agent.commands.dispatch import carry_out
from agent.engine.client import EngineClient
from agent.engine.connections import Connections
from agent.engine.singleton import claim
from agent.errors import EngineGone
from agent.model.local_server.responder import ResponderMessage
from agent.protocol.client_lines import Command, CommandLine
from agent.protocol.commands.agents import CreateAgent
from agent.protocol.commands.gates import Decide
from agent.protocol.events import BlockChanged, BlockDelta, GateOpened, Notice
from agent.protocol.state import apply

OVER = "that was all"
FRONT_ENDS = 3
AGENTS = 3


class Served:
    """The agents of a house behind a socket."""

    def __init__(self, house):
        self.house = house
        self.claim = claim(house.paths)
        self.connections = Connections(house.hub, self.handle, house.paths.tmux_socket)

    async def handle(self, command: Command):
        return await carry_out(command, types.SimpleNamespace(agents=self.house.agents))

    async def __aenter__(self):
        await self.connections.listen(self.claim.listener)
        return self

    async def __aexit__(self, *_):
        self.connections.close("test ends")
        await self.connections.finish()
        self.claim.release()


class Work:
    """A model that talks a lot and wants to push, again and again, until there is enough."""

    def __init__(self):
        self.enough = False
        self.pushes = 0

    async def respond(self, request):
        text = {"type": "text", "text": "so many words about it " * 8}
        if self.enough:
            return ResponderMessage([text])
        self.pushes += 1
        command = f"git push -f origin main; echo {self.pushes} >> pushed"
        use = {"type": "tool_use", "name": "terminal_run", "input": {"command": command}}
        return ResponderMessage([text, use], delay=0.0005)


class FrontEnd:
    """One front end, through all its connections."""

    def __init__(self, served, number, chance):
        self.paths = served.house.paths
        self.number = number
        self.chance = chance
        self.state = None
        self.seen = []
        self.blocks = {}
        self.decided = {}
        """What was decided on each gate, so that it can be told from what became of it."""
        self.client = None
        self.over = False

    async def connect(self):
        self.client = await EngineClient.connect(self.paths, start=False)
        self.state = self.client.welcome.snapshot
        self.seen.append(self.state.seq)

    async def run(self, parted):
        """Come and go until the last event, and tell of each parting."""
        while not self.over:
            await self.listen(self.chance.randrange(1, 40))
            if self.over:
                break
            await self.part()
            parted()
            self.client = await self.client.again(start=False)
            assert self.client.welcome.snapshot is None
        await self.client.close()

    async def listen(self, most):
        async for line in self.client.events():
            self.seen.append(line.seq)
            self.state = apply(self.state, line.seq, line.event)
            match line.event:
                case BlockChanged(agent_id=agent_id, block=block):
                    self.blocks[agent_id, block.id] = block.text
                case BlockDelta(agent_id=agent_id, block_id=block_id, text=text):
                    self.blocks[agent_id, block_id] += text
                case GateOpened(gate=gate) if await self.decide(gate):
                    return
                case Notice(text=text) if text == OVER:
                    self.over = True
                    return
            most -= 1
            if not most:
                return

    async def decide(self, gate):
        """Decide one's own gates, once; says whether to leave at once."""
        number = int(gate.id, 16)
        if number % FRONT_ENDS != self.number or gate.id in self.decided:
            return False
        decision = "approve" if number // FRONT_ENDS % 2 else "deny"
        self.decided[gate.id] = decision
        command = Decide(gate_id=gate.id, decision=decision)
        if self.chance.random() < 0.3:
            with contextlib.suppress(EngineGone):
                assert await self.client.send(command) == {}
            return False
        # As an app that is killed right behind the key.
        line = CommandLine(id=10**6 + len(self.decided), command=command)
        self.client._writer.write(line.model_dump_json().encode() + b"\n")
        self.client._writer.transport.abort()
        return True

    async def part(self):
        match self.chance.randrange(3):
            case 0:
                self.client._writer.transport.abort()
            case 1:
                self.client._writer.write(b'{"type":"command","id":7,"comm')
        await self.client.close()


async def come_and_go(house, partings, seed):
    work = Work()
    house.server._responder = work
    count = 0

    def parted():
        nonlocal count
        count += 1
        work.enough = count >= partings

    async with Served(house) as served:
        front_ends = [
            FrontEnd(served, number, random.Random(f"{seed} {number}"))
            for number in range(FRONT_ENDS)
        ]
        for each in front_ends:
            await each.connect()
        running = [asyncio.create_task(each.run(parted)) for each in front_ends]
        await house.database.directories.trust(house.project)
        agents = [
            await house.agents.creation.create(
                CreateAgent(name=f"a{number}", directory=str(house.project), prompt="Push.")
            )
            for number in range(AGENTS)
        ]
        async with asyncio.timeout(600):
            while not all(house.summary(agent).state == "done" for agent in agents):
                house.changed.clear()
                waiting = asyncio.create_task(house.changed.wait())
                await asyncio.wait([waiting, *running], return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                for each in running:
                    if each.done():
                        each.result()
            house.hub.publish(Notice(level="information", text=OVER))
            await asyncio.gather(*running)
        assert count >= partings
        blocks = {
            (agent, block.id): block.text
            for agent in agents
            for block in house.agents.live.get(agent).conversation.page(None, 10**6)
        }
        for each in front_ends:
            assert each.seen == list(range(each.seen[0], house.hub.seq + 1))
            assert each.state == house.hub.snapshot()
            assert blocks.items() <= each.blocks.items()
        await decisions(house, {k: v for each in front_ends for k, v in each.decided.items()})


async def decisions(house, decided):
    """Each gate was decided as it was said, once, and what was approved happened once."""
    journal = house.database.journal
    opened = {e.subject: e.data for e in await journal.entries(kinds=("gate_opened",))}
    closed = {e.subject: e.data for e in await journal.entries(kinds=("gate_closed",))}
    assert set(opened) == set(closed) == set(decided)
    for gate_id, decision in decided.items():
        assert closed[gate_id]["outcome"] == ("approved" if decision == "approve" else "denied")
    approved = [
        data["gate"]["text"].split("echo ")[1].split()[0]
        for gate_id, data in opened.items()
        if decided[gate_id] == "approve"
    ]
    log = house.project / "pushed"
    pushed = log.read_text().split() if log.exists() else []
    assert sorted(pushed) == sorted(approved)
    assert json.dumps(house.server.refused) == "[]"


async def test_fifty_partings_lose_no_event_and_no_decision(house):
    await come_and_go(house, 50, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_a_thousand_partings_lose_no_event_and_no_decision(house):
    await come_and_go(house, 1000, seed=2)
