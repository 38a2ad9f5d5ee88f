"""How a person raises a spent budget: in the app by a command, in a job by an option."""

from __future__ import annotations

import re

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
