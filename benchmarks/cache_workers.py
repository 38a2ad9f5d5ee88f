"""Eight workers of one coordinator, each with a first request that begins as the others' do.

Part of `benchmarks.cache`. `python -m benchmarks.cache_workers PROJECT` is its front end: it has
one agent coordinate a task and ends the engine when that is done.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent import paths
from agent.engine.client import EngineClient
from agent.engine.start import kill
from agent.model.local_server.cache import InputUsage, estimate, without_marks
from agent.model.local_server.errors import ApiError
from agent.model.local_server.models import ServedModel
from agent.model.local_server.responder import ResponderMessage
from agent.model.local_server.server import LocalMessagesServer
from agent.protocol.agents import AgentState, Mode
from agent.protocol.commands.agents import CreateAgent
from agent.protocol.events import AgentChanged, GateOpened
from benchmarks.cache_script import RULES

WORKERS = 8
ROLE = '<tungsten-role name="worker">'
THINKING = 0.3
"""Seconds before an answer begins: time enough for requests that are not held back to be under
way together."""


class Crew:
    """A model for the coordinator, which starts all workers in one message, and for each worker."""

    async def respond(self, request: dict[str, Any]) -> ResponderMessage:
        """Answer the next request."""
        said = sum(message["role"] == "assistant" for message in request["messages"])
        if shared_of(request) is None:
            return _coordinator(said)
        await asyncio.sleep(THINKING)
        if said == 0:
            return ResponderMessage([_use("file_list")])
        return ResponderMessage([{"type": "text", "text": "There is nothing more to it."}])


class Pairs:
    """Which usage was told for which request, of several under way at once."""

    def __init__(self, on_body: Callable[[bytes], None]) -> None:
        self.first: list[tuple[int, InputUsage]] = []
        """Of the first request of each worker: tokens that all have in common, and its usage."""
        self._on_body = on_body
        self._under_way: dict[asyncio.Task[Any] | None, dict[str, Any]] = {}

    def body(self, sent: bytes) -> None:
        """Take a request's body; each connection is a task."""
        self._on_body(sent)
        self._under_way[asyncio.current_task()] = json.loads(sent)

    def answer(self, told: InputUsage | ApiError) -> None:
        """Take what the server said."""
        request = self._under_way[asyncio.current_task()]
        if isinstance(told, ApiError):
            raise SystemExit(f"a request was refused: {told}")
        shared = shared_of(request)
        if shared is not None and len(request["messages"]) == 1:
            self.first.append((shared, told))


def shared_of(request: dict[str, Any]) -> int | None:
    """Tokens of a worker's request up to the end of its role; None of any other request."""
    blocks = [*request["tools"], *request["system"]]
    for block in request["messages"][0]["content"]:
        blocks.append(block)
        if str(block.get("text", "")).startswith(ROLE):
            return sum(estimate(without_marks(block)[0]) for block in blocks)
    return None


async def first_requests(
    home: dict[str, str], model: str, key: str, on_body: Callable[[bytes], None]
) -> list[tuple[int, InputUsage]]:
    """Have a task coordinated; gives shared tokens and usage of each worker's first request."""
    server = LocalMessagesServer(
        Crew(), api_key=key, models=(ServedModel(model),), bind_thinking=True
    )
    pairs = Pairs(on_body)
    server.on_body, server.on_answer = pairs.body, pairs.answer
    project = Path(home["HOME"]) / "fan-out"
    project.mkdir()
    (project / "AGENTS.md").write_text(RULES)
    async with server:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.cache_workers", str(project)),
            env=os.environ
            | home
            | {
                "ANTHROPIC_BASE_URL": server.base_url,
                "ANTHROPIC_API_KEY": key,
                "TUNGSTEN_MODEL": model,
            },
        )
        if await process.wait():
            raise SystemExit("the workers ended with an error")
    return pairs.first


def _coordinator(said: int) -> ResponderMessage:
    brief = "Look at part {} and say what it comes to. Change nothing."
    match said:
        case 0:
            return ResponderMessage(
                [
                    _use("worker_start", name=f"part-{n}", brief=brief.format(n), risk="low")
                    for n in range(1, WORKERS + 1)
                ]
            )
        case 1:
            return ResponderMessage([_use("worker_wait")])
        case _:
            return ResponderMessage([{"type": "text", "text": "All parts were looked at."}])


def _use(tool: str, /, **given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "name": tool, "input": given}


async def main(project: Path) -> None:
    where = paths.find()
    client = await EngineClient.connect(where, client="benchmark")
    try:
        created = await client.send(
            CreateAgent(
                name="lead",
                directory=str(project),
                mode=Mode.STANDARD,
                prompt="/coordinate Look at all parts.",
            )
        )
        async for line in client.events():
            event = line.event
            if isinstance(event, GateOpened):
                raise SystemExit(f"it waits for a person: {event.gate.text}")
            if not isinstance(event, AgentChanged):
                continue
            if event.agent.state is AgentState.FAILED:
                raise SystemExit(f"{event.agent.name} failed: {event.agent.activity}")
            if event.agent.id == created["agent_id"] and event.agent.state is AgentState.DONE:
                break
        else:
            raise SystemExit("the engine ended")
    finally:
        await client.close()
        await kill(where)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
