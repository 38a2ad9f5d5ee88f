"""From an assessment to a verdict: the one table that says what runs without a person.

| mode | LOW | MEDIUM | HIGH | deny rule |
|---|---|---|---|---|
| plan | runs | refused | refused | refused |
| careful | runs | gate | gate | refused |
| standard | runs | runs | gate | refused |

A worker has a ceiling besides: what is above it and would run is a gate in every mode. It lowers
nothing, and binds the agent alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent.actions import Actor
from agent.risk.assessment import Assessment, Risk

Outcome = Literal["run", "gate", "refuse"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to an action, and why, in one line.

    `by_rule` is the allow rule without which it would not have run, empty where none was needed.
    """

    outcome: Outcome
    reason: str
    by_rule: str = ""


_TABLE: dict[str, dict[Risk, Outcome]] = {
    "plan": {Risk.LOW: "run", Risk.MEDIUM: "refuse", Risk.HIGH: "refuse"},
    "careful": {Risk.LOW: "run", Risk.MEDIUM: "gate", Risk.HIGH: "gate"},
    "standard": {Risk.LOW: "run", Risk.MEDIUM: "run", Risk.HIGH: "gate"},
}


def above(assessment: Assessment, ceiling: Risk | None) -> str:
    """Say in words that an action is above a worker's ceiling; empty when it is not."""
    if ceiling is None or assessment.risk <= ceiling:
        return ""
    return f"{assessment.risk.name} is above this worker's level, {ceiling.name}"


def decide(assessment: Assessment, mode: str, actor: Actor, ceiling: Risk | None = None) -> Verdict:
    """Say whether an assessed action runs, waits for a person or is refused.

    Args:
        assessment: what the judge said.
        mode: `plan`, `careful` or `standard` (`agent.protocol.agents.Mode`); anything else acts as
            `careful`, with LOW gated too.
        actor: a person's own `!command` passes the same table; in plan mode it is asked, not
            refused, because plan mode binds the agent.
        ceiling: of a worker, None for who has none.
    """
    why = assessment.reasons[0] if assessment.reasons else "it only looks"
    if assessment.denied_by is not None:
        return Verdict("refuse", f"denied by your rule {assessment.denied_by}")
    risk = assessment.risk
    row = _TABLE.get(str(mode))
    if row is None:
        return Verdict("gate", f"the mode is not known; {why}")
    outcome = row[risk]
    over = above(assessment, ceiling) if actor == "agent" else ""
    if outcome == "refuse" and actor == "person":
        outcome = "gate"
    if over and outcome != "refuse":
        return Verdict("gate", f"{over}: {why}")
    if outcome == "gate" and risk is Risk.MEDIUM and assessment.allowed:
        rules = ", ".join(assessment.allowed_by)
        return Verdict("run", f"{risk.name}, allowed by your rules", rules)
    if outcome == "run" and assessment.asked_by is not None:
        return Verdict("gate", f"asks because of {assessment.asked_by}")
    if outcome == "refuse":
        return Verdict("refuse", f"{mode} mode refuses {risk.name}: {why}")
    return Verdict(outcome, f"{risk.name}: {why}")
