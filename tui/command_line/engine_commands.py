"""Commands on the engine that runs, and on the agents in it."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import time
from collections.abc import Set
from typing import TYPE_CHECKING, Annotated

import typer

from agent import paths
from tui.command_line.engine_connection import connected
from tungsten.screen.printable import clean

if TYPE_CHECKING:
    from agent.engine.client import EngineClient
    from agent.protocol.agents import AgentSummary
    from agent.protocol.client_lines import Command
    from agent.protocol.snapshot import Snapshot

ANSWER_SECONDS = 2.0
"""How long an engine that is to be ended may take to say what it has in hand."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def list_agents(as_json: Json = False) -> None:
    """List the agents of the running engine, workers below their coordinator."""
    from tui.command_line.agents_listing import listing

    async def rows() -> tuple[AgentSummary, ...]:
        async with connected(start=False) as client:
            snapshot = client.welcome.snapshot
            return snapshot.agents if snapshot else ()

    agents = asyncio.run(rows())
    if as_json:
        print(json.dumps([a.model_dump(mode="json") for a in agents], indent=1))
        return
    if not agents:
        print("no agents; start one with: tungsten run 'task'")
    # Whole where a program reads it; a terminal would only wrap it.
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in listing(agents, width):
        print(line)


def watch(as_json: Json = False) -> None:
    """Tell what all agents do, one plain line an event, and what waits for you; starts no engine.

    For screen readers, pipes and logs. Ends with the engine, or at Ctrl-C.
    """
    from agent.headless import stopped_by_signals
    from tui import preferences
    from tui.command_line.watching import watch as follow

    places = paths.find()
    preferences.put_keys_in_force(preferences.read(places), places.config_file)

    async def watched() -> None:
        from agent.engine.client import EngineClient as Client

        with stopped_by_signals():
            client = await Client.connect(places, start=False, client="watch")
            await follow(client, sys.stdout, time.time, json=as_json)

    asyncio.run(watched())


def attach(
    name: Annotated[str, typer.Argument(help="Name or id of the agent to look at.")] = "",
) -> None:
    """Open the app on the engine that runs; starts none."""
    from tui.cli import open_app

    async def chosen() -> str:
        async with connected(start=False) as client:
            return _agent_called(client, name).id if name else ""

    raise typer.Exit(open_app(focus=asyncio.run(chosen())))


def stop(name: Annotated[str, typer.Argument(help="Name or id of the agent.")]) -> None:
    """Stop an agent; returns when its processes are gone."""
    from agent.protocol.commands.agents import StopAgent

    async def stopped() -> None:
        async with connected(start=False) as client:
            command: Command = StopAgent(agent_id=_agent_called(client, name).id)
            await client.send(command)

    asyncio.run(stopped())
    print(clean(f"{name}: stopped; its processes are gone"))


def kill_engine(
    panes: Annotated[bool, typer.Option(help="End the agents' panes as well.")] = False,
) -> None:
    """Stop the engine. Sessions stay on disk, and the panes live on unless told otherwise."""
    from agent.engine.start import kill

    async def killed() -> str:
        held = await _held_by_engine()
        return f"{await kill(paths.find(), panes=panes)}{held}"

    print(clean(asyncio.run(killed())))


async def _held_by_engine() -> str:
    """Say what the engine has in hand; empty when it does not answer at once, or has nothing."""
    from agent.demo import record
    from agent.engine.client import EngineClient
    from agent.errors import AgentError

    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            client = await EngineClient.connect(paths.find(), start=False, client="command")
    except (AgentError, TimeoutError):
        return ""
    snapshot = client.welcome.snapshot
    await client.close()
    if snapshot is None:
        return ""
    recorded = record.read(paths.find().data / record.STATE_FILE) or {}
    return held(snapshot, record.taken_over(recorded))


def held(snapshot: Snapshot, taken_over: Set[str]) -> str:
    """Say what an engine has in hand, empty for nothing.

    Args:
        snapshot: its state.
        taken_over: ids of the demo's agents that the person has spoken to: the others end with it.
    """
    agents = sum(
        not agent.archived and (not agent.demo or agent.id in taken_over)
        for agent in snapshot.agents
    )
    parts = [f"{agents} agent{'' if agents == 1 else 's'}"] if agents else []
    for waiting, word in ((len(snapshot.gates), "gate"), (len(snapshot.questions), "question")):
        if waiting:
            parts.append(f"{waiting} {word}{'' if waiting == 1 else 's'} waiting")
    if not parts:
        return ""
    they = "it is" if len(parts) == 1 and parts[0].startswith("1 ") else "they are"
    return f" {', '.join(parts)}: {they} there again with the next engine."


def _agent_called(client: EngineClient, name: str) -> AgentSummary:
    """The agent of this name or id.

    Raises:
        AgentError: there is none, or more than one.
    """
    from agent.errors import AgentError

    snapshot = client.welcome.snapshot
    agents = snapshot.agents if snapshot else ()
    found = [agent for agent in agents if name in (agent.id, agent.name)]
    if not found:
        raise AgentError(f"no agent is called {name}; see: tungsten ls")
    if len(found) > 1:
        raise AgentError(f"{len(found)} agents are called {name}; use an id: tungsten ls")
    return found[0]
