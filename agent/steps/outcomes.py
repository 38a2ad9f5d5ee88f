"""What is told of a step: to its agent where it did not happen, and to every front end."""

from __future__ import annotations

from typing import Any, Literal

from agent.actions import WriteFile
from agent.gates.gate import Decision
from agent.protocol.conversation import ToolStatus
from agent.protocol.events import ActionReported
from agent.protocol.gates import DecidedBy, RiskLevel
from agent.risk import Assessment
from agent.steps.judging import Looked
from agent.steps.owner import Owner
from agent.steps.steps import Outcome, Step

Decided = Literal["ran", "approved", "denied", "refused"]

Ended = Literal["started", "ok", "failed", "not run", "unknown"]


def refused(looked: Looked, reason: str) -> Outcome:
    """The outcome of a step that the policy refuses."""
    return Outcome(
        ToolStatus.DENIED,
        f"refused: {reason}. Nothing was done.",
        decision=f"refused: {reason}",
        risk=RiskLevel(looked.assessment.risk.name),
        reasons=looked.assessment.reasons,
    )


def denied(looked: Looked, decision: Decision) -> Outcome:
    """The outcome of a step that was denied at its gate."""
    if decision.by == "nobody":
        text = "denied, since nobody is there to approve it; nothing was done."
        text += f" {decision.message}" if decision.message else ""
        told = "denied: nobody was there"
    else:
        text = "denied by the person; nothing was done."
        text += f' The person says: "{decision.message}"' if decision.message else ""
        told = f"denied by you: {decision.message}" if decision.message else "denied by you"
    return Outcome(
        ToolStatus.DENIED,
        text,
        decision=told,
        message=decision.message,
        risk=RiskLevel(looked.assessment.risk.name),
        reasons=looked.assessment.reasons,
    )


def not_run(looked: Looked | None, reason: str) -> Outcome:
    """The outcome of a step that cannot happen as things stand."""
    fields: dict[str, Any] = {}
    if looked is not None:
        fields["risk"] = RiskLevel(looked.assessment.risk.name)
        fields["reasons"] = looked.assessment.reasons
    return Outcome(ToolStatus.FAILED, f"not done: {reason}", decision="not run", **fields)


def told_of_work(step: Step, assessment: Assessment) -> dict[str, Any]:
    """Whether a step checks the work, and whether it changes it: only what is true is told."""
    edits = assessment.edits or isinstance(step.action, WriteFile)
    return {
        **({"checks": True} if assessment.checks else {}),
        **({"edits": True} if edits else {}),
    }


def reported(
    owner: Owner,
    step: Step,
    looked: Looked,
    decision: Decided,
    by: DecidedBy,
    outcome: Ended,
    *,
    exit_status: int | None = None,
    seconds: float | None = None,
) -> ActionReported:
    """The event that tells every front end of a step."""
    return ActionReported(
        agent_id=owner.id,
        agent_name=owner.name,
        action=step.action.kind,
        text=step.action.text,
        risk=RiskLevel(looked.assessment.risk.name),
        decision=decision,
        by=by,
        outcome=outcome,
        reasons=looked.assessment.reasons,
        exit_status=exit_status,
        seconds=seconds,
    )
