"""Requests about the turn of the agent that is looked at."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Literal

from agent.protocol.commands.prompts import Compact, Hasten, Interrupt, Unqueue
from tui.keys import actions
from tui.requests.sending import AGAIN_SECONDS, beside, focused, send

if TYPE_CHECKING:
    from agent.protocol.agents import AgentSummary
    from tui.app import TungstenApp

AFTER_OVERLAY_SECONDS = 1.0
"""How soon an Esc may follow one that closed something, and still be one too many."""


@beside
async def unqueue(app: TungstenApp) -> None:
    """Put the queued prompts back into the prompt."""
    agent = app.focused_agent
    if agent is not None:
        await _unqueue(app, agent)


async def _unqueue(app: TungstenApp, agent: AgentSummary) -> bool:
    result = await send(app, Unqueue(agent_id=agent.id))
    texts = result.get("texts") if result is not None else None
    if not isinstance(texts, list) or not texts:
        return False
    prompt = app.cockpit.prompt
    prompt.put_back("\n\n".join(map(str, texts)) + ("\n" if prompt.text else ""))
    return True


@beside
async def hasten(app: TungstenApp, when: Literal["after_step", "now"]) -> None:
    """Have the focused agent hear sooner what is queued."""
    agent = app.focused_agent
    if agent is not None and not (when == "now" and withdraws(app, agent)):
        await send(app, Hasten(agent_id=agent.id, when=when))


def withdraws(app: TungstenApp, agent: AgentSummary) -> bool:
    """Whether an interrupt would withdraw a gate, of which the person has not been told yet."""
    asked, asked_at = app.interrupt_asked
    at = monotonic()
    app.interrupt_asked = ("", at)
    if asked == f"now {agent.id}" and at - asked_at <= AGAIN_SECONDS:
        return False
    if not any(gate.agent_id == agent.id for gate in app.state.gates):
        return False
    app.interrupt_asked = (f"now {agent.id}", at)
    key = actions.label(actions.by_id("prompt.now").keys[0])
    app.say(f"{key} again interrupts {agent.name}: what waits for your decision is withdrawn")
    return True


async def interrupt(app: TungstenApp) -> None:
    """Interrupt the focused agent's turn; from another area, go back to the prompt first."""
    prompt = app.cockpit.prompt
    if app.cockpit.focused is not prompt:
        app.cockpit.set_focus(prompt)
        return
    agent = app.focused_agent
    own = agent is not None and app.transcript(agent.id).runs_own_command()
    if agent is not None and (own or agent.state in {"working", "waiting"}):
        if not _one_escape_too_many(app, agent):
            await _interrupt(app, agent)
    elif prompt.text:
        app.say(f"{actions.shown('prompt.clear')} empties the prompt")


def _one_escape_too_many(app: TungstenApp, agent: AgentSummary) -> bool:
    """Whether an Esc is rather for something else; what another one does is said then.

    Esc also puts off and closes. One that was pressed for what has just gone must not end a turn,
    nor one for a gate that waits, which would be withdrawn.
    """
    key, at = app.last_key
    if key not in actions.by_id("turn.interrupt").keys:
        return False
    asked, asked_at = app.interrupt_asked
    app.interrupt_asked = ("", asked_at)
    if asked == agent.id and at - asked_at <= AGAIN_SECONDS:
        return False
    waits = any(gate.agent_id == agent.id for gate in app.state.gates)
    closes_too = key == "escape" and at - app.escaped_overlay_at <= AFTER_OVERLAY_SECONDS
    if not waits and not closes_too:
        return False
    app.interrupt_asked = (agent.id, at)
    also = ", and what waits for your decision is withdrawn" if waits else ""
    app.say(f"{actions.label(key)} again interrupts {agent.name}{also}")
    return True


@beside
async def _interrupt(app: TungstenApp, agent: AgentSummary) -> None:
    if await send(app, Interrupt(agent_id=agent.id)) is None:
        return
    now = app.focused_agent
    back = now is not None and now.id == agent.id and now.queued and await _unqueue(app, now)
    app.say(f"{agent.name}: interrupted" + (", the queue is back in the prompt" if back else ""))


@beside
async def compact(app: TungstenApp) -> None:
    """Have the focused agent go on from a summary of its conversation."""
    agent = focused(app)
    if agent is None:
        return
    if await send(app, Compact(agent_id=agent.id)) is not None and agent.state == "working":
        app.say(f"{agent.name}: compacts before its next step")


async def coordinate(app: TungstenApp) -> None:
    """Say what the command takes, and let the person write the task."""
    app.say("Type /coordinate and the task: the agent splits it among workers")
    if not app.cockpit.prompt.text:
        app.cockpit.prompt.begin("/coordinate ")
