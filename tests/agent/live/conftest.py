"""A house for tests of living agents: real tmux, real SQLite, a real local Messages server."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.agents.agents import Agents
from agent.commands import for_agents
from agent.hub import Hub
from agent.model.client import ModelClient
from agent.model.endpoint import Endpoint
from agent.model.local_server.models import ServedModel
from agent.model.local_server.responder import ResponderMessage
from agent.model.local_server.server import LocalMessagesServer
from agent.model.retry import RetryPolicy
from agent.panes import processes
from agent.paths import Paths
from agent.protocol.agents import AgentState
from agent.protocol.commands.agents import CreateAgent
from agent.protocol.commands.gates import Decide
from agent.protocol.commands.prompts import ReadTranscript, SendPrompt
from agent.protocol.conversation import ToolStatus
from agent.protocol.events import GateOpened
from agent.settings.config import Config
from memory.database import Database
from tungsten.errors import TerminalError
from tungsten.recordings.masking import holds_secret
from tungsten.terminal import Terminal
from tungsten.tmux import orphans

TIMEOUT = 20.0
KEY = "test-key"


def say(text, **options):
    return ResponderMessage([{"type": "text", "text": text}], **options)


def use(name, tool_use_id="", **tool_input):
    block = {"type": "tool_use", "name": name, "input": tool_input}
    if tool_use_id:
        block["id"] = tool_use_id
    return block


class Script:
    """A model that says what a test tells it to, message after message."""

    def __init__(self):
        self.messages = []
        self.requests = []
        self.arrived = asyncio.Event()

    def then(self, *parts, **options):
        """Queue one answer: texts and tool uses, or a whole ResponderMessage, or a function."""
        if len(parts) == 1 and (callable(parts[0]) or isinstance(parts[0], ResponderMessage)):
            self.messages.append(parts[0])
        else:
            blocks = [{"type": "text", "text": p} if isinstance(p, str) else p for p in parts]
            self.messages.append(ResponderMessage(blocks, **options))
        return self

    async def respond(self, request):
        self.requests.append(request)
        self.arrived.set()
        if not self.messages:
            return say("done")
        message = self.messages.pop(0)
        if callable(message):
            message = message(request)
        return await message if inspect.isawaitable(message) else message


class Silent(ServedModel):
    """A model of whose capabilities its server says nothing."""

    def info(self):
        return {key: value for key, value in super().info().items() if key != "capabilities"}


class TestModels:
    __test__ = False
    default_model = "tungsten-demo"

    def __init__(self, base_url):
        policy = RetryPolicy(answers=3, connections=1, breaks=2, first_delay=0.01)
        self._base_url, self._policy = base_url, policy
        self._client = ModelClient(Endpoint("demo", base_url, KEY, self.default_model), policy)

    async def turn_to(self, model):
        """Ask a model of some server that is not known by its address."""
        await self._client.close()
        self._client = ModelClient(Endpoint("endpoint", self._base_url, KEY, model), self._policy)

    async def client(self, *, demo=False):
        return self._client

    async def close(self):
        await self._client.close()


@functools.cache
def empty_repository() -> dict[Path, bytes | None]:
    """The files and directories of what `git init` makes; asked once, for every house has one."""
    with tempfile.TemporaryDirectory(prefix="tg-") as made:
        subprocess.run(["git", "init", "-q", "-b", "main", "--template=", made], check=True)
        found = sorted(Path(made).rglob("*"))
        return {
            path.relative_to(made): None if path.is_dir() else path.read_bytes() for path in found
        }


class House:
    def __init__(self, root: Path):
        self.root = root
        self.paths = Paths(root / "config", root / "data", root / "run")
        self.paths.create()
        self.home = root / "home"
        self.project = root / "home" / "project"
        self.project.mkdir(parents=True)
        for path, content in empty_repository().items():
            if content is None:
                (self.project / path).mkdir()
            else:
                (self.project / path).write_bytes(content)
        self.script = Script()
        self.server = LocalMessagesServer(
            self.script,
            api_key=KEY,
            models=(
                ServedModel("tungsten-demo"),
                ServedModel("seeing"),
                ServedModel("blind", images=False),
                Silent("silent"),
            ),
            record=True,
        )
        self.config = Config()
        self.terminal = None
        self.events = []

    async def open(self):
        if not self.server.base_url:
            await self.server.start()
        self.database = await Database.open(self.paths.database, holds_secret=holds_secret)
        self.models = TestModels(self.server.base_url)
        self.hub = Hub()
        self.changed = asyncio.Event()
        self.hub.listen(self._heard)
        self.agents = Agents(
            database=self.database,
            terminal=self.open_terminal,
            models=self.models,
            hub=self.hub,
            config=self.config,
            paths=self.paths,
            home=self.home,
        )
        await self.agents.restore()
        return self

    async def open_terminal(self):
        if self.terminal is None or self.terminal.client.closed.is_set():
            self.terminal = await Terminal.open(
                self.paths.tmux_socket,
                environment={
                    "HOME": str(self.home),
                    "PATH": "/usr/local/bin:/usr/bin:/bin",
                    "LANG": "C.UTF-8",
                    "TERM": "xterm-256color",
                },
            )
        return self.terminal

    async def shut(self):
        """Let the engine end, as on a signal; panes live on."""
        await self.shut_agents()
        await self.shut_terminal()

    async def shut_agents(self):
        await self.agents.close()
        await self.models.close()
        await self.database.close()

    async def shut_terminal(self):
        if self.terminal is not None:
            await self.terminal.close()
            self.terminal = None

    async def again(self):
        """End this engine and start the next one on the same data."""
        await self.shut()
        return await self.open()

    async def demolish(self):
        """End everything, and wait until it has ended: shells write their history while they go."""
        try:
            with contextlib.suppress(TerminalError):
                await self.shut_agents()
            server = orphans.listener(self.paths.tmux_socket)
            if server is not None:
                terminal = await self.open_terminal()
                running = processes.below([server])
                await terminal.kill_server()
                await processes.end(running)
            else:
                await self.shut_terminal()
        except TerminalError:
            pass
        finally:
            await self.server.close()

    def _heard(self, event):
        self.events.append(event)
        self.changed.set()

    async def until(self, condition: Callable[[], object], what="it"):
        """Wait until `condition` holds, looking after each event."""
        try:
            async with asyncio.timeout(TIMEOUT):
                while True:
                    self.changed.clear()
                    found = condition()
                    if found:
                        return found
                    await self.changed.wait()
        except TimeoutError:
            raise AssertionError(f"{what} did not happen; {self.hub.snapshot()}") from None

    async def poll(self, condition):
        """Wait for something that no event tells of."""
        async with asyncio.timeout(TIMEOUT):
            while not (found := await condition()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return found

    async def agent(self, prompt="", *, trusted=True, **fields):
        if trusted:
            await self.database.directories.trust(self.project)
        return await self.agents.creation.create(
            CreateAgent(directory=str(self.project), prompt=prompt, **fields)
        )

    def summary(self, agent_id):
        return self.hub.agent(agent_id)

    async def carry_out(self, command):
        """Do what a front end asks for."""
        return await for_agents.carry_out(command, self.agents)

    async def prompt(self, agent_id, text):
        await self.carry_out(SendPrompt(agent_id=agent_id, text=text))

    async def state(self, agent_id, *states):
        wanted = {AgentState(state) for state in states}
        return await self.until(
            lambda: (s := self.summary(agent_id)) and s.state in wanted and s, f"state {states}"
        )

    async def rest(self, agent_id):
        """Wait for the end of the turn."""
        return await self.state(agent_id, "idle", "done", "failed", "unknown")

    async def gate(self):
        return await self.until(lambda: next(iter(self.hub.snapshot().gates), None), "a gate")

    async def decide(self, gate, decision="approve", message=""):
        await self.carry_out(Decide(gate_id=gate.id, decision=decision, message=message))

    async def blocks(self, agent_id):
        answer = await self.carry_out(ReadTranscript(agent_id=agent_id))
        return answer["blocks"]

    async def tools(self, agent_id):
        return [b["tool"] for b in await self.blocks(agent_id) if b["tool"]]

    async def rows(self, agent_id):
        import json

        return [
            json.loads(row.payload)
            for row in await self.database.sessions.rows(agent_id)
            if row.role != "event"
        ]

    def results(self, request=-1):
        """The tool results of the last message of a request."""
        last = self.script.requests[request]["messages"][-1]["content"]
        return [block for block in last if block["type"] == "tool_result"]

    def gates_seen(self):
        return [event.gate for event in self.events if isinstance(event, GateOpened)]

    async def screen(self, agent_id, pattern):
        pane = self.summary(agent_id).panes[0].pane_id
        terminal = await self.open_terminal()
        from tungsten.pane import ForText

        return await terminal.pane(pane).wait(ForText(pattern), TIMEOUT)

    async def reads(self, agent_id):
        """Wait until the shell of an agent's program reads a line.

        Until then nobody can know whether a line would be a command to it, and the gate asks.
        """
        pane = (await self.open_terminal()).pane(self.summary(agent_id).panes[0].pane_id)

        async def waits():
            return (await pane.foreground()).kind == "reader"

        await self.poll(waits)


@pytest.fixture
async def house(short_dir):
    made = House(short_dir)
    try:
        yield await made.open()
    finally:
        await made.demolish()


@pytest.fixture
def status():
    return ToolStatus
