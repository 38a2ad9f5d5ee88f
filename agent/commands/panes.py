"""Panes: what a person does in them, who may use them, and what is recorded of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.errors import AgentError
from agent.protocol.commands.adopt import AdoptPane
from agent.protocol.commands.panes import (
    AllowPane,
    DisallowPane,
    HoldKeyboard,
    PersonTyped,
    Recordings,
    RecordPane,
    RunAsPerson,
)
from agent.protocol.hosted import ExplainPane

if TYPE_CHECKING:
    from agent.agents.agents import Agents


async def run_as_person(agents: Agents, command: RunAsPerson) -> None:
    """Run a person's own command in the agent's pane, through the gate."""
    if not command.command.strip():
        raise AgentError("There is nothing to run: the command is empty.")
    await agents.live.get(command.agent_id).run_as_person(command.command)


async def person_typed(agents: Agents, command: PersonTyped) -> None:
    """Note that a person typed into a pane, so that the agent is told."""
    agent = agents.live.get(command.agent_id)
    if command.pane_id in agent.panes:
        await agent.note(f"The person typed into pane {command.pane_id} themselves; read it again.")


def hold_keyboard(agents: Agents, command: HoldKeyboard) -> None:
    """Keep an agent from typing where a person types, or let it type again."""
    agent = agents.live.get(command.agent_id)
    if command.pane_id in agent.panes:
        agent.panes.own(command.pane_id).keyboard.hold(on=command.on)
        if not command.on:
            agent.keyboard_left()


async def recordings(agents: Agents, command: Recordings) -> dict[str, Any]:
    """End the recordings of an agent's panes and give the files of all that it has."""
    return {"paths": await agents.live.get(command.agent_id).end_recordings()}


async def record_pane(agents: Agents, command: RecordPane) -> None:
    """Record a pane from now on, or no longer."""
    await agents.live.get(command.agent_id).record_pane(command.pane_id, on=command.on)


async def allow_pane(agents: Agents, command: AllowPane) -> dict[str, Any]:
    """Let an agent use a pane of the person's own."""
    agent = agents.live.get(command.agent_id)
    pane_id = await agent.permits.allow(Path(command.socket), command.tmux_id, command.pid)
    return {"pane_id": pane_id}


async def disallow_pane(agents: Agents, command: DisallowPane) -> None:
    """Take such a pane back."""
    await agents.live.get(command.agent_id).permits.disallow(command.pane_id)


async def adopt_pane(agents: Agents, command: AdoptPane) -> dict[str, Any]:
    """Take what runs in a pane of the person's own among the agents."""
    from agent.hosted.adopting import adopt

    return {"agent_id": await adopt(agents, command)}


def explain_pane(agents: Agents, command: ExplainPane) -> dict[str, Any]:
    """Say how the state of a pane is known."""
    from agent.hosted.explain import explain

    return {"text": explain(agents.live, command.pane, agents.services.clock())}
