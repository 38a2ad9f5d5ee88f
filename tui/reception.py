"""What an event does to the screen: the one `match`."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

from pydantic import ValidationError

from agent.errors import AgentError
from agent.protocol.agents import AgentState
from agent.protocol.blocked import BlockedChanged
from agent.protocol.commands.prompts import ReadTranscript
from agent.protocol.conversation import Block
from agent.protocol.events import (
    ActionReported,
    AgentChanged,
    AgentRemoved,
    BlockChanged,
    BlockDelta,
    DemoChanged,
    DreamChanged,
    EngineStopping,
    GateChanged,
    GateClosed,
    GateOpened,
    Notice,
    PausedChanged,
    QuestionAsked,
    QuestionClosed,
    SetupChanged,
    UsageChanged,
)
from agent.protocol.greeting import Welcome
from agent.protocol.server_lines import EventLine
from agent.protocol.state import apply
from agent.settings.variables import difference
from tui.surroundings.attention import tell_person, tell_terminal

if TYPE_CHECKING:
    from agent.protocol.agents import AgentSummary
    from agent.protocol.client_lines import Command
    from agent.protocol.snapshot import Snapshot
    from tui.app import TungstenApp

PAGE = 200
"""Blocks read at once."""

TOOK_BACK = (
    "What you sent last was never confirmed and stands in the prompt again: "
    "see whether it arrived before you send it"
)
"""Said after the app had ended while the engine owed it an answer."""


async def connected(app: TungstenApp, welcome: Welcome, first: Command | None = None) -> None:
    """Show the engine's state as of now, and send the command that the app was opened for.

    An agent needs a model, so it waits until one is chosen; the demo brings its own.
    """
    app.cockpit.status.say("")
    if app.keyboard_holder is not None:
        app.keyboard_holder.hold_again()
    if welcome.snapshot is None:
        app.show_all()
        return
    app.state, app.known = welcome.snapshot, True
    for transcript in app.transcripts.values():
        # Another engine process may know more than was heard of the one before.
        transcript.loaded = transcript.loading = False
    agent = app.focused_agent
    if agent is not None:
        app.focused_id = agent.id
        if not app.cockpit.prompt.text:
            app.cockpit.prompt.put_draft(app.draft())
    await app.cockpit.terminal.open()
    app.cockpit.settle()
    app.show_all()
    # The demo brings its own model.
    if first is None or first.type != "start_demo":
        told = difference(welcome.snapshot.engine.environment, os.environ)
        if told and told != app.told_of_environment:
            app.told_of_environment = told
            app.say(told, "warning")
    if app.took_edited:
        app.took_edited = False
        app.say("Tungsten ended under your editor: Up brings what was saved in it", "warning")
    if app.took_back:
        app.took_back = False
        app.say(TOOK_BACK, "warning")
    no_model = welcome.snapshot.setup.provider == "none"
    agents = welcome.snapshot.agents
    wanting = first.type == "create_agent" if first is not None else not agents
    if not no_model and app.setup_offered:
        from tui.model_setup import withdraw

        withdraw(app)
    if no_model and wanting:
        if not app.setup_offered:
            from tui.model_setup import offer

            app.setup_offered = True
            await offer(app, first)
    elif first is not None:
        app.send_first(first)


def withdraw(app: TungstenApp) -> None:
    """Show nothing as if it still held: no engine is there to take a decision or to know a state.

    What waits is in the journal, and comes back with the next engine's snapshot.
    """
    agents = tuple(
        agent.model_copy(update={"state": AgentState.UNKNOWN}) for agent in app.state.agents
    )
    app.state = app.state.model_copy(update={"agents": agents, "gates": ()})
    if app.gates is not None:
        app.gates.withdraw()


def drain(app: TungstenApp, arrived: deque[EventLine]) -> None:
    """Take over all events that have arrived, then show each changed area once."""
    changed: set[str] = set()
    while arrived:
        changed |= receive(app, arrived.popleft())
    if "agents" in changed:
        app.show_agents()
        tell_terminal(app)
    if "conversation" in changed:
        app.show_conversation()
    if "blocks" in changed:
        app.cockpit.conversation.changed()
    if "dream" in changed:
        app.show_dream()
    if "gates" in changed:
        app.sync_gates()


def receive(app: TungstenApp, line: EventLine) -> set[str]:
    """Take over one event; returns the areas that are to be shown anew."""
    state, event = app.state, line.event
    if not app.known:
        return set()
    before = app.focused_agent
    app.state = apply(state, line.seq, event)
    match event:
        case AgentChanged(agent=agent):
            known = next((other for other in state.agents if other.id == agent.id), None)
            if before is None:
                app.look_first(agent.id)
            if agent.state == "failed" and (known is None or known.state != "failed"):
                tell_person(app, f"{agent.name} failed: {agent.activity}")
            elif (
                agent.state == "done"
                and known is not None
                and known.state == "working"
                # For the end of a worker its coordinator waits, not the person.
                and agent.parent is None
            ):
                tell_person(app, f"{agent.name} is done")
            elif not _asks_by_itself(agent):
                app.called.discard(agent.id)
            elif not (known is not None and _asks_by_itself(known)) and not _has_item(state, agent):
                app.called.add(agent.id)
                tell_person(app, f"{agent.name} waits for you: {agent.activity}")
            now = app.focused_agent
            # The agent to look at may have been named before it was heard of.
            other = before is None or now is None or now.id != before.id
            queue = known is not None and agent is now and _waits(agent) != _waits(known)
            return {"agents", "conversation"} if other or queue else {"agents"}
        case AgentRemoved(agent_id=agent_id):
            # What was being written for it stays: it stands there again when it is resumed.
            app.transcripts.pop(agent_id, None)
            return {"agents", "conversation", "gates"}
        case BlockChanged(agent_id=agent_id, block=block):
            transcript = app.transcripts.get(agent_id)
            if transcript is None:
                return set()
            transcript.put(block)
            return _if_focused(app, agent_id)
        case BlockDelta(agent_id=agent_id, block_id=block_id, text=text):
            transcript = app.transcripts.get(agent_id)
            if transcript is None:
                return set()
            transcript.extend(block_id, text)
            return _if_focused(app, agent_id)
        case GateOpened(gate=gate):
            if not _called(app, gate.agent_id):
                tell_person(app, f"{gate.agent_name} waits for your decision ({gate.risk})")
            return {"agents", "gates"}
        case GateChanged() | GateClosed():
            return {"agents", "gates"}
        case QuestionAsked(question=question):
            if not _called(app, question.agent_id):
                tell_person(app, f"{question.agent_name} asks: {question.text}")
            return {"agents"}
        case QuestionClosed():
            return {"agents"}
        case DreamChanged():
            return {"dream"}
        case UsageChanged() | PausedChanged() | BlockedChanged():
            return {"agents"}
        case SetupChanged():
            return {"agents", "conversation"}
        case DemoChanged(demo=demo):
            if demo is not None and demo.text:
                if demo.state == "failed":
                    app.say(demo.text, "error")
                else:
                    app.say(demo.text, in_the_footer=True)
            return {"agents"}
        case Notice(level=level, text=text):
            app.say(text, level)
            return set()
        case ActionReported() | EngineStopping():
            return set()


def _asks_by_itself(agent: AgentSummary) -> bool:
    """Whether it waits for the person in its own terminal, and for nobody else."""
    hosted = agent.hosted
    asks = hosted is not None and bool(hosted.kind) and not hosted.passing
    return asks and agent.state == "waiting"


def _has_item(state: Snapshot, agent: AgentSummary) -> bool:
    """Whether the inbox already says that it waits."""
    asks = {gate.agent_id for gate in state.gates}
    return agent.id in asks or any(each.agent_id == agent.id for each in state.questions)


def _called(app: TungstenApp, agent_id: str) -> bool:
    """Whether the person was called for this already, as the agent began to wait; counts once."""
    called = agent_id in app.called
    app.called.discard(agent_id)
    return called


def _waits(agent: AgentSummary) -> tuple[tuple[str, ...], ...]:
    return agent.steering, agent.queued


def _if_focused(app: TungstenApp, agent_id: str) -> set[str]:
    agent = app.focused_agent
    return {"blocks"} if agent is not None and agent.id == agent_id else set()


async def read_transcript(app: TungstenApp, agent_id: str, before: int | None) -> None:
    """Read an agent's conversation, or what came before block `before`."""
    transcript = app.transcript(agent_id)
    try:
        result = await app.engine_send(ReadTranscript(agent_id=agent_id, before=before, limit=PAGE))
        found = result.get("blocks")
        blocks = [Block.model_validate(block) for block in found] if isinstance(found, list) else []
    except (AgentError, ValidationError):
        return
    finally:
        transcript.loading = False
    if before is None and transcript.entries:
        transcript.take_over(blocks)
    else:
        transcript.load(blocks)
    agent = app.focused_agent
    if agent is not None and agent.id == agent_id:
        app.cockpit.prompt.set_history(transcript.prompts())
        app.cockpit.conversation.changed()
