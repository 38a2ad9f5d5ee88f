"""Rules from gates: what a person may allow for good, and what that would have spared them.

Looking through the past takes a while, so it happens in a thread with a connection of its own; the
engine goes on meanwhile.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from agent.agents.services import Services
from agent.errors import AgentError
from agent.files.git import common_directory
from agent.gates.own_gates import Asked
from agent.gates.rule_history import past
from agent.paths import Paths
from agent.protocol.commands.gates import AlwaysAllow, Decide
from agent.risk import Context, Risk
from agent.risk.replay import replay
from agent.risk.suggest import Suggestion, objection, suggest
from memory.database import Database

LAST = 40
"""Questions of the past on which a rule is tried."""

HIGH = "this is HIGH, and no rule lifts that"


class NotAllowed(AgentError):
    """A rule cannot be kept for this gate; nothing was decided."""


async def suggest_rule(services: Services, asked: Asked, rule: str = "") -> dict[str, Any]:
    """Find the narrowest rule for what a gate asks about, or try one that a person wrote."""
    found = await asyncio.to_thread(_suggestion, asked, rule)
    spared = questions = 0
    if found.rule and not found.why_not:
        context = _context(asked)
        spared, questions = await asyncio.to_thread(
            _tried, services.paths, services.home, asked, context.project, found.rule
        )
    return {
        "rule": found.rule,
        "why_not": found.why_not,
        "spared": spared,
        "asked": questions,
    }


async def always_allow(services: Services, asked: Asked, command: AlwaysAllow) -> dict[str, Any]:
    """Keep a rule and approve the gate with it, both or neither.

    Raises:
        NotAllowed: the rule would not let this action run; says why.
        RuleNotKept: its file cannot be written.
        GateAlreadyClosed: somebody else decided first.
    """
    rule = command.rule.strip()
    found = await asyncio.to_thread(_suggestion, asked, rule)
    project = _context(asked).project
    if not rule or found.why_not or project is None:
        raise NotAllowed(f"No rule was kept: {found.why_not or 'there is none'}.")
    kept: list[Path] = []

    async def keep() -> None:
        kept.append(await asyncio.to_thread(services.rules.always_allow, project, rule))

    decision = Decide(gate_id=command.gate_id, decision="approve")
    await services.gates.decide(decision, first=keep, rule=rule)
    return {"file": str(kept[0])}


def _context(asked: Asked) -> Context:
    assert asked.looked.context is not None, "what is not judged is not asked about"
    return asked.looked.context


def _suggestion(asked: Asked, rule: str) -> Suggestion:
    action, context = asked.step.action, _context(asked)
    if asked.looked.assessment.risk is Risk.HIGH:
        return Suggestion(why_not=HIGH)
    if asked.over:
        return Suggestion(why_not=f"this {asked.over}, and no rule lifts that")
    if not rule:
        return suggest(action, context)
    if context.project is None:
        return Suggestion(why_not="rules are kept for a project, and this directory is in none")
    return Suggestion(rule, objection(action, context, rule))


def _tried(
    paths: Paths, home: Path, asked: Asked, project: Path | None, rule: str
) -> tuple[int, int]:
    """How many of the last questions in this project a rule would have answered, and of how many.

    The one that is open now is none of the past.
    """

    async def read() -> list[Any]:
        async with await Database.open(paths.database) as database:
            return await past(database, paths, home)

    shared = _shared(project)
    found = [one for one in asyncio.run(read()) if one.asked]
    found = [one for one in found if _shared(one.context.project) == shared]
    for index in reversed(range(len(found))):
        if found[index].action == asked.step.action:
            del found[index]
            break
    tried = replay(found[-LAST:], "allow", rule)
    return len(tried.spared), tried.asked


def _shared(project: Path | None) -> Path | None:
    """What all worktrees of a project have in common."""
    return None if project is None else common_directory(project) or project
