"""Budgets in words: how much one is, and how a person raises a spent one.

In the app that is done by a command, in a job by an option.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.protocol.usage import Budget
    from memory.usage import UsageTotals

RAISE = "/budget {limit} {more}{there} raises it"
TAKE_AWAY = "say /budget dollars off{there}"
"""The ways out in the app; `there` says at which agent, where it is another one."""

_OPTIONS = {
    "dollars": "--budget",
    "requests": "--requests",
    "tokens": "--tokens",
    "minutes": "--minutes",
}
"""The options of `tungsten run` that set a budget, by what it limits."""

_RAISE = re.compile(r"/budget (\w+) (\S+) raises it")


def with_options(problem: str) -> str:
    """Name the options of `tungsten run` where the text of a `BudgetSpent` names `/budget`.

    In a job without a screen nobody can type the command.
    """
    problem = _RAISE.sub(lambda found: f"{_OPTIONS[found[1]]} {found[2]} allows more", problem)
    return problem.replace(f"{TAKE_AWAY.format(there='')}.", "leave --budget away.")


def nearly_spent(budget: Budget, used: UsageTotals) -> tuple[str, str]:
    """Say of which limit a tenth or less is left, or one request; both empty where none is near.

    Returns:
        The limit with its amount, `38 requests`, and how it stands, `37 of 38 requests`.
    """
    spent = {"requests": used.requests, "tokens": used.tokens, "dollars": used.cost or 0.0}
    for limit, so_far in spent.items():
        most = getattr(budget, limit)
        if most is None or so_far >= most:
            continue
        one_request = limit == "requests" and so_far + 1 == most
        if so_far and (most - so_far <= most / 10 or one_request):
            shown = f"${so_far:,.2f}" if limit == "dollars" else number(so_far)
            return amount(limit, most), f"{shown} of {amount(limit, most)}"
    return "", ""


def amount(limit: str, most: float) -> str:
    """Say a limit with its noun: `1 request`, `2,000 tokens`, `$0.50`, `1.5 minutes`."""
    if limit == "dollars":
        return f"${most:,.2f}" if most >= 0.01 else f"${number(most)}"
    return f"{number(most)} {limit.removesuffix('s') if most == 1 else limit}"


def number(value: float) -> str:
    """Write a number with two decimals at most, or all of what is smaller than these."""
    return f"{value:,.2f}".rstrip("0").rstrip(".") if value >= 0.01 else f"{value:g}"
