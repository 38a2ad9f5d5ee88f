"""The gates of one agent: opened for a step, waited at, closed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from agent.gates.gate import Binding, Decision, Gates
from agent.protocol.gates import Gate, RiskLevel, Span
from agent.sessions.conversation import shortened
from agent.steps.judging import Judging, Looked
from agent.steps.owner import Owner
from agent.steps.steps import Elsewhere, Step


@dataclass(frozen=True, slots=True)
class Asked:
    """What an open gate is about."""

    step: Step
    looked: Looked
    original: Step
    """What the agent wanted, where the person has changed it; else `step` itself."""
    over: str = ""
    """That it is above the agent's level; empty when it is not."""


class OwnGates:
    """Asks the person on behalf of one agent, among all gates of the engine."""

    def __init__(
        self, owner: Owner, *, gates: Gates, judging: Judging, clock: Callable[[], float]
    ) -> None:
        self._owner = owner
        self._gates = gates
        self._judging = judging
        self._clock = clock
        self._asked: dict[str, Asked] = {}

    def of_step(self, step: Step) -> str | None:
        """The open gate that asks about a step, None without one."""
        return next((key for key, each in self._asked.items() if each.original is step), None)

    def asked(self, gate_id: str) -> Asked | None:
        """What one of this agent's open gates is about."""
        return self._asked.get(gate_id)

    def is_changed(self, gate_id: str) -> bool:
        """Whether an open gate asks about what the person made of what the agent wanted."""
        asked = self._asked.get(gate_id)
        return asked is not None and asked.step is not asked.original

    def fix(self, gate_id: str, why: str) -> None:
        """Have an open gate take no other command from now on, saying why."""
        asked = self._asked.get(gate_id)
        if asked is None or not isinstance(asked.step.how, Elsewhere):
            return
        how = replace(asked.step.how, instead=None, fixed=why)
        self._asked[gate_id] = replace(asked, step=replace(asked.step, how=how))
        self._gates.fix(gate_id, why)

    async def ask(
        self,
        step: Step,
        looked: Looked,
        original: Step,
        tool_use_id: str,
        gate: Gate,
        binding: Binding | None,
    ) -> Decision:
        """Open a gate for a step and wait for the person.

        Args:
            step: what to do.
            looked: the step as it was judged.
            original: what the agent wanted, where the person has changed it; else the step.
            tool_use_id: ties the journal's entries to the conversation.
            gate: what the person sees.
            binding: that of a gate which an earlier engine opened; None for a new one.
        """
        if binding is not None:
            waiting = self._gates.ask_again(gate, binding)
        else:
            waiting = self._gates.ask(
                gate, looked.binding, tool_use_id=tool_use_id, action=step.action
            )
        over = self._judging.over(step, looked.assessment)
        self._asked[gate.id] = Asked(step, looked, original, over)
        await self._owner.waiting(gate)
        doing: str | None = ""
        try:
            decision = await waiting
            if decision.approved and not decision.edited:
                doing = f"run: {step.title}" if gate.replaces else None
            return decision
        except asyncio.CancelledError:
            if not self._owner.closing:
                await self._gates.withdraw(gate.id, "the turn was interrupted")
            raise
        finally:
            self._asked.pop(gate.id, None)
            await self._owner.waiting(None, doing=doing)

    def gate(self, step: Step, looked: Looked, original: Step, replaced: Gate | None) -> Gate:
        """What the person is to see of a step; `replaced` is the gate at which they changed it."""
        assessment = looked.assessment
        over = self._judging.over(step, assessment)
        elsewhere = step.how.pane_id if isinstance(step.how, Elsewhere) else ""
        return Gate(
            id=uuid.uuid4().hex[:12],
            agent_id=self._owner.id,
            agent_name=self._owner.name,
            opened_at=self._clock() if replaced is None else replaced.opened_at,
            risk=RiskLevel(assessment.risk.name),
            action=step.action.kind,
            text=step.action.text,
            spans=tuple(
                Span(start=span.start, end=span.end, reason=span.reason)
                for span in assessment.spans
            ),
            reasons=(over, *assessment.reasons) if over else assessment.reasons,
            effect=assessment.effect,
            cwd=looked.binding.cwd,
            pane_id=looked.binding.pane_id or elsewhere or None,
            foreground=looked.binding.foreground,
            # It gave its reason for its own command, not for what the person made of it.
            intent=step.intent if replaced is None else "",
            diff=shortened(step.diff),
            actor=step.actor,
            replaces="" if replaced is None else replaced.id,
            original="" if replaced is None else original.action.text,
            presses=step.how.presses if isinstance(step.how, Elsewhere) else "",
            deny_presses=step.how.deny_presses if isinstance(step.how, Elsewhere) else "",
            fixed=step.how.fixed if isinstance(step.how, Elsewhere) else "",
        )

    async def not_needed(self, gate: Gate) -> None:
        """Close a gate that an earlier engine left open, if it is open still."""
        await self._gates.withdraw(gate.id, "no longer needed", self._owner.id)
