"""How an event changes what a front end shows: one pure function for the engine and its front ends.

The engine keeps its `Snapshot` current with it, and so does each front end, so both see the same
after the same event. Conversations are not part of a snapshot: their events only move `seq`.
"""

from __future__ import annotations

from agent.protocol.agents import AgentSummary
from agent.protocol.blocked import BlockedChanged
from agent.protocol.events import (
    AgentChanged,
    AgentRemoved,
    BlockChanged,
    DemoChanged,
    DreamChanged,
    Event,
    GateChanged,
    GateClosed,
    GateOpened,
    PausedChanged,
    QuestionAsked,
    QuestionClosed,
    SetupChanged,
    UsageChanged,
)
from agent.protocol.gates import Gate, Question
from agent.protocol.snapshot import Snapshot


def apply(snapshot: Snapshot, seq: int, event: Event) -> Snapshot:
    """Return the snapshot after event number `seq`; the one given is left as it is.

    Agents, gates and questions keep the order in which they appeared. An agent that is removed
    takes its gates and questions along. Anything that is closed twice, or was never there, is
    ignored, so that replaying events is harmless.
    """
    return snapshot.model_copy(update={"seq": seq, **_changes(snapshot, event)})


def _changes(snapshot: Snapshot, event: Event) -> dict[str, object]:
    match event:
        case AgentChanged(agent=agent):
            return {"agents": _with_agent(snapshot.agents, agent)}
        case AgentRemoved(agent_id=agent_id):
            return {
                "agents": tuple(agent for agent in snapshot.agents if agent.id != agent_id),
                "gates": tuple(gate for gate in snapshot.gates if gate.agent_id != agent_id),
                "questions": tuple(
                    question for question in snapshot.questions if question.agent_id != agent_id
                ),
            }
        case BlockChanged(agent_id=agent_id, block=block):
            return _with_last_block(snapshot, agent_id, block.id)
        case GateOpened(gate=gate):
            return {"gates": _with_gate(snapshot.gates, gate)}
        case GateChanged(gate=gate):
            known = any(each.id == gate.id for each in snapshot.gates)
            return {"gates": _with_gate(snapshot.gates, gate)} if known else {}
        case GateClosed(gate_id=gate_id):
            return {"gates": tuple(gate for gate in snapshot.gates if gate.id != gate_id)}
        case QuestionAsked(question=question):
            return {"questions": _with_question(snapshot.questions, question)}
        case QuestionClosed(question_id=question_id):
            return {
                "questions": tuple(
                    question for question in snapshot.questions if question.id != question_id
                )
            }
        case DreamChanged(dream=dream):
            return {"dream": dream}
        case UsageChanged(usage_today=usage):
            return {"usage_today": usage}
        case BlockedChanged(blocked_today=blocked):
            return {"blocked_today": blocked}
        case SetupChanged(setup=setup):
            return {"setup": setup}
        case DemoChanged(demo=demo):
            return {"demo": demo}
        case PausedChanged(paused=paused):
            return {"paused": paused}
        case _:
            return {}


def _with_agent(agents: tuple[AgentSummary, ...], agent: AgentSummary) -> tuple[AgentSummary, ...]:
    for index, known in enumerate(agents):
        if known.id == agent.id:
            if known.last_block > agent.last_block:
                agent = agent.model_copy(update={"last_block": known.last_block})
            return (*agents[:index], agent, *agents[index + 1 :])
    return (*agents, agent)


def _with_last_block(snapshot: Snapshot, agent_id: str, block_id: int) -> dict[str, object]:
    for index, known in enumerate(snapshot.agents):
        if known.id == agent_id and block_id > known.last_block:
            agent = known.model_copy(update={"last_block": block_id})
            return {"agents": (*snapshot.agents[:index], agent, *snapshot.agents[index + 1 :])}
    return {}


def _with_gate(gates: tuple[Gate, ...], gate: Gate) -> tuple[Gate, ...]:
    for index, known in enumerate(gates):
        if known.id == gate.id:
            return (*gates[:index], gate, *gates[index + 1 :])
    return (*gates, gate)


def _with_question(questions: tuple[Question, ...], question: Question) -> tuple[Question, ...]:
    for index, known in enumerate(questions):
        if known.id == question.id:
            return (*questions[:index], question, *questions[index + 1 :])
    return (*questions, question)
