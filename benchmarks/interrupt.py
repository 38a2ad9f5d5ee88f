"""How soon a turn has ended after Esc, with the transcript written and valid.

A front end sends the interrupt to a real engine over its socket; the time runs until the engine
tells that the turn has ended. The moments: while text streams in, while a command runs in the
terminal, while a gate waits, and while a busy server is given time. Each is met with another delay.

* `interrupt_p95_ms`, `interrupt_worst_ms`: over all of them
* `interrupt_NAME_ms`: the median of one moment
* `interrupt_refused`: requests that the strict server refused afterwards
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from agent.engine.client import EngineClient
from agent.model.local_server.faults import Fault
from agent.model.local_server.models import ServedModel
from agent.model.local_server.responder import ResponderMessage
from agent.model.local_server.server import LocalMessagesServer
from agent.paths import find
from agent.protocol.agents import AgentState, Mode
from agent.protocol.commands.agents import CreateAgent
from agent.protocol.commands.prompts import Interrupt, SendPrompt
from agent.protocol.events import ActionReported, AgentChanged, BlockDelta, Event, GateOpened
from benchmarks.figures import Figure, arguments, median, percentile, report
from benchmarks.home import fresh_home

KEY = "sk-bench-0123456789"
MODEL = "claude-sonnet-5-5"
LATER = 0.1
"""Longest delay, in seconds, from a moment's beginning to the interrupt."""

MOMENTS = ("stream", "command", "gate", "retry")


class Script:
    """Does what the newest prompt names."""

    async def respond(self, request: dict[str, Any]) -> ResponderMessage:
        """Answer a request."""
        prompt = request["messages"][-1]["content"][-1]["text"]
        text = {"type": "text", "text": "word after word " * 500}
        match prompt.split()[0]:
            case "stream":
                return ResponderMessage([text], delay=0.01)
            case "command":
                return ResponderMessage([_run("sleep 1000")])
            case "gate":
                return ResponderMessage([_run("git push --force origin main")])
            case _:
                return ResponderMessage([{"type": "text", "text": "Now it worked."}])


def _run(command: str) -> dict[str, Any]:
    return {"type": "tool_use", "name": "terminal_run", "input": {"command": command}}


def begun(moment: str, event: Event) -> bool:
    """Whether a moment has begun with this event."""
    match moment, event:
        case ("stream", BlockDelta()) | ("gate", GateOpened()):
            return True
        case "command", ActionReported(outcome="started"):
            return True
        case "retry", AgentChanged(agent=agent):
            return agent.activity.startswith("trying again")
        case _:
            return False


def main() -> None:
    options = arguments(__doc__ or "")
    with fresh_home() as home:
        os.environ.update(home)
        report(asyncio.run(measure(Path(home["HOME"]), options.runs)), as_json=options.json)


async def measure(home: Path, runs: int) -> list[Figure]:
    """Interrupt `runs` turns at each moment."""
    server = LocalMessagesServer(Script(), api_key=KEY, models=(ServedModel(MODEL),), record=True)
    project = home / "project"
    project.mkdir()
    taken: dict[str, list[float]] = {moment: [] for moment in MOMENTS}
    chance = random.Random(1)
    async with server:
        os.environ["ANTHROPIC_BASE_URL"] = server.base_url
        os.environ["ANTHROPIC_API_KEY"] = KEY
        os.environ["TUNGSTEN_MODEL"] = MODEL
        client = await EngineClient.connect(find(), client="benchmark")
        try:
            create = CreateAgent(directory=str(project), mode=Mode.STANDARD)
            agent_id = str((await client.send(create))["agent_id"])
            events = client.events()
            # The first turn of each kind loads what later ones find loaded.
            for number in range(runs + 1):
                for moment in MOMENTS:
                    server.faults.add(Fault("overloaded", retry_after=50), moment == "retry")
                    prompt = SendPrompt(agent_id=agent_id, text=f"{moment} {number}")
                    await client.send(prompt)
                    seconds = await _interrupted(
                        client, events, agent_id, moment, chance.uniform(0, LATER)
                    )
                    if number:
                        taken[moment].append(seconds * 1000)
        finally:
            await client.close()
    everything = [each for found in taken.values() for each in found]
    refused = [error for error in server.refused if error != "Overloaded"]
    told = f"{len(everything)} turns, from Esc until the engine tells that the turn has ended"
    return [
        Figure("interrupt_p95_ms", percentile(everything, 0.95), "ms", told),
        Figure("interrupt_worst_ms", max(everything), "ms", "of the same"),
        *[
            Figure(f"interrupt_{moment}_ms", median(found), "ms", f"median of {len(found)}")
            for moment, found in taken.items()
        ],
        Figure("interrupt_refused", len(refused), "", "by the strict server"),
    ]


async def _interrupted(
    client: EngineClient, events: AsyncIterator[Any], agent_id: str, moment: str, later: float
) -> float:
    async for line in events:
        if begun(moment, line.event):
            break
    await asyncio.sleep(later)
    began = time.perf_counter()
    sending = asyncio.create_task(client.send(Interrupt(agent_id=agent_id)))
    async for line in events:
        match line.event:
            case AgentChanged(agent=agent) if agent.state is AgentState.IDLE:
                seconds = time.perf_counter() - began
                await sending
                if agent.activity != "interrupted":
                    raise SystemExit(f"{moment}: {agent.activity} instead of an interrupt")
                return seconds
    raise SystemExit("the engine ended")


if __name__ == "__main__":
    main()
