"""One stretch of the session of `benchmarks.cache`: a front end and an engine, both of them new.

`python -m benchmarks.cache_leg PROJECT AGENT FIRST LAST` connects, which starts the engine of the
program that this file belongs to, has turns FIRST to LAST taken and ends the engine. AGENT is `-`
to begin with a new one; its id is printed.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from agent import paths
from agent.engine.client import EngineClient
from agent.engine.start import kill
from agent.protocol.agents import AgentState, Mode
from agent.protocol.commands.agents import CreateAgent
from agent.protocol.commands.prompts import SendPrompt
from agent.protocol.events import AgentChanged, GateOpened
from benchmarks.cache_script import REQUESTS, prepare, prompt


async def main(project: Path, agent_id: str, first: int, last: int) -> None:
    where = paths.find()
    client = await EngineClient.connect(where, client="benchmark")
    try:
        if agent_id == "-":
            created = await client.send(
                CreateAgent(name="bench", directory=str(project), mode=Mode.STANDARD)
            )
            agent_id = str(created["agent_id"])
        events = client.events()
        for turn in range(first, last + 1):
            prepare(project, turn)
            await client.send(SendPrompt(agent_id=agent_id, text=prompt(turn)))
            async for line in events:
                event = line.event
                if isinstance(event, GateOpened):
                    raise SystemExit(f"turn {turn} waits for a person: {event.gate.text}")
                if not isinstance(event, AgentChanged) or event.agent.id != agent_id:
                    continue
                if event.agent.state is AgentState.FAILED:
                    raise SystemExit(f"turn {turn} failed: {event.agent.activity}")
                requests = event.agent.usage.requests
                if event.agent.state is AgentState.DONE and requests >= turn * REQUESTS:
                    break
            else:
                raise SystemExit(f"the engine ended in turn {turn}")
        print(agent_id)
    finally:
        await client.close()
        await kill(where)


if __name__ == "__main__":
    project, agent_id, first, last = sys.argv[1:]
    asyncio.run(main(Path(project), agent_id, int(first), int(last)))
