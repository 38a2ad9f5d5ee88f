"""What waits for a person: gates unfolded and decided, rules made of them, questions answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.errors import AgentUnknown
from agent.gates import gate_explained, gate_rules
from agent.gates.own_gates import Asked
from agent.protocol.commands.explain import ExplainGate
from agent.protocol.commands.gates import AlwaysAllow, Answer, Decide, SuggestRule
from agent.steps.perform import Performer

if TYPE_CHECKING:
    from agent.agents.agents import Agents


async def decide(agents: Agents, command: Decide) -> None:
    """Take a decision on a gate; what a person wrote instead must be able to run at all."""
    if command.edited and command.decision == "approve":
        performer, asked = _asked(agents, command.gate_id)
        await performer.judging.edited(asked.step, command.edited)
    await agents.services.gates.decide(command)


async def explain_gate(agents: Agents, command: ExplainGate) -> dict[str, Any]:
    """Unfold what a gate asks about."""
    _, asked = _asked(agents, command.gate_id)
    return await gate_explained.explain_gate(asked)


async def suggest_rule(agents: Agents, command: SuggestRule) -> dict[str, Any]:
    """Find a rule for what a gate asks about."""
    _, asked = _asked(agents, command.gate_id)
    return await gate_rules.suggest_rule(agents.services, asked, command.rule)


async def always_allow(agents: Agents, command: AlwaysAllow) -> dict[str, Any]:
    """Approve a gate and keep a rule."""
    _, asked = _asked(agents, command.gate_id)
    return await gate_rules.always_allow(agents.services, asked, command)


async def answer(agents: Agents, command: Answer) -> None:
    """Take the answer to a question."""
    await agents.services.questions.answer(command)


def _asked(agents: Agents, gate_id: str) -> tuple[Performer, Asked]:
    """What an open gate is about, and who would do it."""
    gate = agents.services.gates.gate(gate_id)
    performer = agents.live.get(gate.agent_id).performer
    asked = performer.gates.asked(gate_id)
    if asked is None:
        raise AgentUnknown(f"{gate.agent_name} is about to ask; try again in a moment.")
    return performer, asked
