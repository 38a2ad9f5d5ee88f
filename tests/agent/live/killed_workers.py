"""Lives of an engine that is killed at a chosen write, and of the one that comes after.

Started by `test_killed_workers.py` with a directory and numbers of writes. For each number a
process has two workers of one agent do a task, and kills itself right before (or, negative, right
after) that write to the database; a second one restores and goes on. Prints one JSON line each.
Number 0 is not killed and tells how many writes the task takes. Everything is imported once and
then forked.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

from agent.agents.agents import Agents
from agent.commands.gates import decide
from agent.hub import Hub
from agent.model.client import ModelClient
from agent.model.endpoint import Endpoint
from agent.model.local_server.responder import ResponderMessage
from agent.model.local_server.server import LocalMessagesServer
from agent.model.on_demand import load_sdk
from agent.panes import processes
from agent.paths import Paths
from agent.protocol.agents import AgentState
from agent.protocol.commands.agents import CreateAgent
from agent.protocol.commands.gates import Decide
from agent.protocol.events import GateOpened
from agent.settings.config import Config
from memory.connection import Connection
from memory.database import Database
from tungsten.terminal import Terminal

WORKERS = ("ant", "bee")


class Crew:
    """A coordinator that starts two workers, waits for them and reads what they say."""

    async def respond(self, request):
        done = sum(message["role"] == "assistant" for message in request["messages"])
        told = request["messages"][0]["content"][-1]["text"]
        if told == "Do it.":
            steps = [
                [
                    ("worker_start", {"name": name, "brief": name, "risk": "medium"})
                    for name in WORKERS
                ],
                [("worker_wait", {})],
                [("worker_report", {"worker": name}) for name in WORKERS],
            ]
        else:
            name = next(name for name in WORKERS if name in told)
            steps = [[("terminal_run", {"command": f"echo {name} >> log-{name}"})]]
        if done == len(steps):
            return ResponderMessage([{"type": "text", "text": "All done."}])
        uses = [
            {"type": "tool_use", "id": f"toolu_{done}_{number}", "name": tool, "input": given}
            for number, (tool, given) in enumerate(steps[done])
        ]
        return ResponderMessage(uses)


class OneModel:
    default_model = "tungsten-demo"

    def __init__(self, server):
        self.one = ModelClient(Endpoint("demo", server.base_url, "key", self.default_model))

    async def client(self, *, demo=False):
        return self.one


def arm(number):
    """Kill this process at a write; gives the counter."""
    count = [0]
    write = Connection.write

    async def counted(self, unit):
        count[0] += 1
        if number > 0 and count[0] == number:
            os.kill(os.getpid(), signal.SIGKILL)
        result = await write(self, unit)
        if number < 0 and count[0] == -number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    Connection.write = counted
    return count


async def live(root, number):
    count = arm(number)
    paths = Paths(root / "config", root / "data", root / "run")
    project = root / "project"
    database = await Database.open(paths.database)
    hub = Hub()
    rested = asyncio.Event()
    tasks = set()

    def heard(event):
        if isinstance(event, GateOpened):
            decision = Decide(gate_id=event.gate.id, decision="approve")
            task = asyncio.ensure_future(decide(agents, decision))
            tasks.add(task)
        if event.type == "agent_changed" and event.agent.state in (
            AgentState.DONE,
            AgentState.FAILED,
            AgentState.IDLE,
        ):
            rested.set()

    terminals = []

    async def terminal():
        if not terminals:
            terminals.append(await Terminal.open(paths.tmux_socket))
        return terminals[0]

    async with LocalMessagesServer(Crew(), api_key="key", record=True) as server:
        models = OneModel(server)
        agents = Agents(
            database=database,
            terminal=terminal,
            models=models,
            hub=hub,
            config=Config(),
            paths=paths,
            home=root,
        )
        hub.listen(heard)
        await agents.restore()
        born = not hub.snapshot().agents
        if born:
            await database.directories.trust(project)
            prompt = "/coordinate Do it."
            await agents.creation.create(CreateAgent(directory=str(project), prompt=prompt))
        async with asyncio.timeout(20):
            while hub.snapshot().agents[0].state not in (AgentState.DONE, AgentState.FAILED):
                if hub.snapshot().agents[0].state is AgentState.IDLE and not born:
                    break
                rested.clear()
                await rested.wait()
        agent = hub.snapshot().agents[0]
        await agents.close()
        await database.sessions.verify(agent.id)
        await database.journal.verify()
        result = {
            "number": number,
            "writes": count[0],
            "state": agent.state,
            "activity": agent.activity,
            "prompted": bool(await database.sessions.rows(agent.id)),
            "refused": server.refused,
            "workers": [
                {
                    "name": other.name,
                    "state": other.state,
                    "log": _lines(project / f"log-{other.name}"),
                    "messages": [
                        json.loads(row.payload)
                        for row in await database.sessions.rows(other.id)
                        if row.role != "event"
                    ],
                }
                for other in hub.snapshot().agents[1:]
            ],
            "unfinished": len(await database.journal.unfinished_actions()),
            "gates": len(await database.journal.open_gates()),
            "results": [
                block["content"]
                for row in await database.sessions.rows(agent.id)
                if row.role == "user"
                for block in json.loads(row.payload)["content"]
                if block["type"] == "tool_result"
            ],
        }
        await models.one.close()
    await (await terminal()).close()
    await database.close()
    return result


def _lines(path):
    return path.read_text().split() if path.exists() else []


def forked(root, number):
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            result = asyncio.run(live(root, number))
            (root / "result.json").write_text(json.dumps(result))
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main():
    load_sdk()
    base = Path(sys.argv[1])
    for text in sys.argv[2:]:
        number = int(text)
        root = base / f"n{text}"
        paths = Paths(root / "config", root / "data", root / "run")
        paths.create()
        (root / "project").mkdir()
        begun = time.monotonic()
        try:
            status = forked(root, number)
            if status == -signal.SIGKILL:
                status = forked(root, 0)
            result = json.loads((root / "result.json").read_text())
            result["number"] = number
            result["status"] = status
        except OSError as error:
            result = {"number": number, "status": status, "error": str(error)}
        result["took"] = round(time.monotonic() - begun, 2)
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()
        asyncio.run(end(paths))


async def end(paths):
    terminal = await Terminal.open(paths.tmux_socket)
    running = processes.below([info.pid for info in await terminal.panes()])
    await terminal.kill_server()
    await processes.end(running)


if __name__ == "__main__":
    main()
