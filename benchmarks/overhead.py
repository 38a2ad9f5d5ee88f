"""What Tungsten adds to a request to a model, from the loop's call to the first byte on the wire.

One agent with 300 kB of history (thinking, text, tool uses and their results) makes requests to a
server on this machine that notes when the first byte of each arrives. The same bodies are sent by
the bare SDK, in turns with the agent's, so that both sides see the same machine.

* `overhead_p95_ms`: from the loop's call to the first byte, 95th percentile; it holds all of it:
  budgets, the record of what is sent, breakpoints, the check of the prefix, the SDK itself
* `overhead_ratio`: its median to the median of the bare SDK's call of the same request
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent.agents.agents import Agents
from agent.agents.model_agent import ModelAgent
from agent.commands.prompts import send_prompt
from agent.hub import Hub
from agent.model.client import ModelClient
from agent.model.endpoint import Endpoint
from agent.model.local_server import wire
from agent.paths import Paths
from agent.protocol.agents import AgentState, Mode
from agent.protocol.commands.agents import CreateAgent
from agent.protocol.commands.prompts import SendPrompt
from agent.sessions.session import text_block, tool_result
from agent.settings.config import Config
from agent.turns.asking import Asking
from benchmarks.figures import Figure, arguments, median, percentile, report
from memory.database import Database
from tungsten.terminal import Terminal

HISTORY = 300_000
"""Bytes of the messages, as sent."""
REQUESTS = 60
WARM = 5
"""Requests before those that count: connections open, code loaded."""
MODEL = "claude-sonnet-5-5"
KEY = "sk-bench-0123456789"
USAGE = {"input_tokens": 3, "output_tokens": 2}


class Wire:
    """An HTTP server in a thread that answers each request with a word, and notes when it began."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.began: list[float] = []
        self.bodies: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._attend, args=(connection,), daemon=True).start()

    def _attend(self, connection: socket.socket) -> None:
        while first := connection.recv(65536):
            began = time.perf_counter()
            if not first.startswith(b"POST"):
                connection.sendall(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
                continue
            head, _, body = first.partition(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length")
            )
            parts = [body]
            left = length - len(body)
            while left > 0:
                parts.append(connection.recv(min(left, 1 << 20)))
                left -= len(parts[-1])
            self.began.append(began)
            self.bodies.append(b"".join(parts))
            connection.sendall(ANSWER)


def answer() -> bytes:
    """The least of a streamed message, as a whole HTTP answer."""
    whole = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": "Done."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": USAGE,
    }
    body = b"".join(map(wire.encode, wire.events(whole)))
    head = (
        f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


ANSWER = answer()


class Models:
    """One client for the agent."""

    default_model = MODEL

    def __init__(self, url: str) -> None:
        self._client = ModelClient(Endpoint("endpoint", url, KEY, MODEL))

    async def client(self, *, demo: bool) -> ModelClient:
        return self._client

    async def close(self) -> None:
        await self._client.close()


async def fill(agent: ModelAgent) -> None:
    """Give an agent a history of the wanted size: turns of a read, a command and a word."""
    size = number = 0
    line = "entry {} follows from what is said above, and is looked at again below; "
    while size < HISTORY:
        number += 1
        use_id = f"toolu_{number:024}"
        use = {
            "type": "tool_use",
            "id": use_id,
            "name": "terminal_run",
            "input": {"command": f"sed -n {number},{number + 20}p notes.txt", "why": "to read it"},
        }
        thinking = {"type": "thinking", "thinking": line.format(number) * 3, "signature": "s" * 64}
        await agent.session.append_user([text_block(f"Go through part {number}.")])
        await agent.session.append_assistant([thinking, text_block("I read it."), use])
        await agent.session.append_user([tool_result(use_id, line.format(number) * 15)])
        await agent.session.append_assistant([text_block(line.format(number) * 2)])
        size = len(json.dumps(agent.session.messages))


async def measure(root: Path) -> tuple[list[float], list[float], int]:
    """Seconds from call to wire of each request, the agent's and the bare SDK's, and its bytes."""
    import anthropic

    wire_ = Wire()
    paths = Paths(root / "config", root / "data", root / "run")
    paths.create()
    project = root / "project"
    project.mkdir()
    called: list[float] = []
    request = Asking.request

    async def timed(asking: Asking) -> Any:
        called.append(time.perf_counter())
        return await request(asking)

    hub = Hub()
    terminal: list[Terminal] = []

    async def opened() -> Terminal:
        if not terminal:
            terminal.append(await Terminal.open(paths.tmux_socket))
        return terminal[0]

    models = Models(wire_.url)
    bare: list[float] = []
    async with await Database.open(paths.database) as database:
        agents = Agents(
            database=database,
            terminal=opened,
            models=models,
            hub=hub,
            config=Config(),
            paths=paths,
            home=root,
        )
        Asking.request = timed  # type: ignore[method-assign, assignment]
        try:
            await agents.restore()
            agent_id = await agents.creation.create(
                CreateAgent(name="bench", directory=str(project), mode=Mode.STANDARD)
            )
            agent = agents.live.get(agent_id)
            assert isinstance(agent, ModelAgent)
            await fill(agent)
            async with anthropic.AsyncAnthropic(
                api_key=KEY, base_url=wire_.url, max_retries=0
            ) as sdk:
                for number in range(REQUESTS + WARM):
                    await turn(hub, agents, agent_id, number)
                    body = json.loads(wire_.bodies[-1])
                    bare.append(time.perf_counter())
                    async for _ in await sdk.messages.create(**body):
                        pass
        finally:
            Asking.request = request  # type: ignore[method-assign]
            await agents.close()
            await models.close()
            if terminal:
                await terminal[0].kill_server()
    ours = [began - at for began, at in zip(wire_.began[::2], called, strict=True)]
    theirs = [began - at for began, at in zip(wire_.began[1::2], bare, strict=True)]
    return ours[WARM:], theirs[WARM:], len(wire_.bodies[2 * WARM])


async def turn(hub: Hub, agents: Agents, agent_id: str, number: int) -> None:
    """Have one turn taken, of one request."""
    done = asyncio.Event()

    def heard(_: Any) -> None:
        agent = hub.agent(agent_id)
        if agent is None or agent.usage.requests <= number:
            return
        if agent.state in (AgentState.DONE, AgentState.FAILED):
            done.set()

    stop: Callable[[], None] = hub.listen(heard)
    try:
        await send_prompt(agents, SendPrompt(agent_id=agent_id, text=f"And part {number}?"))
        await asyncio.wait_for(done.wait(), 30)
    finally:
        stop()


def main() -> None:
    options = arguments(__doc__ or "")
    for name in [name for name in os.environ if name.startswith("ANTHROPIC_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="tungsten-bench-", dir="/tmp") as root:
        ours, theirs, size = asyncio.run(measure(Path(root)))
    what = f"{len(ours)} requests of {size:,} bytes"
    p95 = percentile(ours, 0.95) * 1000
    bare = percentile(theirs, 0.95) * 1000
    report(
        [
            Figure("overhead_p95_ms", p95, "ms", f"call to wire, {what}; bare SDK {bare:.1f}"),
            Figure("overhead_ratio", median(ours) / median(theirs), "×", "median, to the bare SDK"),
        ],
        as_json=options.json,
    )


if __name__ == "__main__":
    main()
