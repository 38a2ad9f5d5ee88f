"""How a request reaches the engine, and whom it is about."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from agent.errors import AgentError
from tui.front_end import MESSAGE_SECONDS
from tui.keys import actions

if TYPE_CHECKING:
    from agent.protocol.agents import AgentSummary
    from agent.protocol.client_lines import Command
    from tui.app import TungstenApp

P = ParamSpec("P")
Request = Callable[Concatenate["TungstenApp", P], Coroutine[Any, Any, None]]

AGAIN_SECONDS = MESSAGE_SECONDS["information"]
"""How long a second press counts as the answer to what the first one made the app say: as long as
that stands there."""


def beside(request: Request[P]) -> Request[P]:
    """Let a request wait for the engine beside the app, which goes on taking keys and painting."""

    async def begun(app: TungstenApp, /, *arguments: P.args, **options: P.kwargs) -> None:
        async def work() -> None:
            await request(app, *arguments, **options)

        app.run_worker(work(), group="requests", exit_on_error=False)

    functools.update_wrapper(begun, request)
    return begun


async def send(app: TungstenApp, command: Command) -> dict[str, Any] | None:
    """Send a command; None when it failed, which the person has then been told."""
    try:
        return await app.engine_send(command)
    except AgentError:
        return None


async def begin(app: TungstenApp, command: Command, *, empty: bool) -> dict[str, Any] | None:
    """As `send`, and look at the agent that it begins; what is written meanwhile is for that one.

    Args:
        app: the app.
        command: begins an agent, or concerns the one that is looked at.
        empty: whether nothing stood in the prompt before the person turned to this.
    """
    prompt, looked_at = app.cockpit.prompt, app.focused_id
    result = await send(app, command)
    agent_id = result.get("agent_id") if result is not None else None
    if isinstance(agent_id, str) and agent_id != looked_at:
        written = prompt.expanded() if empty and app.focused_id == looked_at else ""
        if written:
            prompt.begin("")
        app.look_at(agent_id)
        if written:
            prompt.begin(written)
    return result


def focused(app: TungstenApp) -> AgentSummary | None:
    """Give the agent that is looked at; without one, say so."""
    agent = app.focused_agent
    if agent is None:
        key = actions.label(actions.by_id("agent.new").keys[0])
        app.say(f"There is no agent yet: say below what to do, or {key} starts one", "warning")
    return agent


def directory(app: TungstenApp) -> str:
    """Where the person is at work: the focused agent's directory, unless that is the demo's."""
    agent = app.focused_agent
    return str(app.directory) if agent is None or agent.demo else agent.directory


def lacks_model(app: TungstenApp, agent: AgentSummary | None) -> bool:
    """Say whether a prompt for this agent, or for a new one, would find no model."""
    without = app.known and app.state.setup.provider == "none"
    return without and (agent is None or (agent.kind == "model" and not agent.demo))
