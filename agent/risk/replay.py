"""What a rule would have decided about what already happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from agent.actions import Action
from agent.risk.assessment import Context
from agent.risk.classify import assess
from agent.risk.policy import decide
from agent.risk.rules import Rules

Listed = Literal["deny", "ask", "allow"]


@dataclass(frozen=True, slots=True)
class Past:
    """An action of the past: where it was judged, in which mode, and whether a person was asked."""

    action: Action
    context: Context
    mode: str
    asked: bool


@dataclass(frozen=True, slots=True)
class Replay:
    """What a rule would have changed.

    Attributes:
        actions: how many actions of the past were judged again.
        asked: at how many of them a person was asked.
        spared: which of these would have run without asking.
        stopped: which would have been asked about, and were not.
        refused: which would have been refused, and were not.
    """

    actions: int
    asked: int
    spared: tuple[str, ...]
    stopped: tuple[str, ...]
    refused: tuple[str, ...]


def replay(past: Iterable[Past], listed: Listed, rule: str) -> Replay:
    """Judge the past again with one rule more, and compare with today's rules.

    Raises:
        ValueError: it is no rule.
    """
    from agent.risk.rules import parse

    more = parse({listed: [rule]})
    if more.problem:
        raise ValueError(more.problem)
    actions = asked = 0
    spared: list[str] = []
    stopped: list[str] = []
    refused: list[str] = []
    for one in past:
        actions += 1
        asked += one.asked
        before = decide(assess(one.action, one.context), one.mode, "agent").outcome
        context = replace(one.context, rules=_with(one.context.rules, more))
        after = decide(assess(one.action, context), one.mode, "agent").outcome
        if before == after:
            continue
        if after == "run":
            spared.append(one.action.text)
        else:
            (refused if after == "refuse" else stopped).append(one.action.text)
    return Replay(actions, asked, tuple(spared), tuple(stopped), tuple(refused))


def _with(rules: Rules, more: Rules) -> Rules:
    return replace(
        rules,
        deny=rules.deny + more.deny,
        ask=rules.ask + more.ask,
        allow=rules.allow + more.allow,
    )
