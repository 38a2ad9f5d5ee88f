"""What an agent may use, and how much trouble it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.protocol.commands.agents import SetBudget, SetEffort
from agent.protocol.usage import Budget
from agent.usage.budget_words import amount
from tui.requests.sending import beside, focused, send

if TYPE_CHECKING:
    from agent.protocol.agents import AgentSummary
    from tui.app import TungstenApp

LIMITS = {
    "dollars": "what all requests may cost, as 5 or 0.50; off for no such limit",
    "requests": "how many times its model may be asked",
    "tokens": "how many go in and out together, those from the cache too",
    "minutes": "how long by the clock, its waits for you included",
}
"""What a budget can limit, and what is said of each."""

EFFORTS = (
    ("low", "the quickest and cheapest answers"),
    ("medium", "less thorough, and cheaper"),
    ("high", "thorough; what most models do by themselves"),
    ("xhigh", "for long and hard tasks"),
    ("max", "whatever it takes, and costs"),
)
"""From least to most, with what is said of each."""


def said(budget: Budget) -> str:
    """Say what an agent may use."""
    values = [(name, getattr(budget, name)) for name in LIMITS]
    limits = [amount(name, value) for name, value in values if value is not None]
    return f"may use {', '.join(limits)} in all" if limits else "no budget of its own"


async def budget(app: TungstenApp) -> None:
    """Say what the focused agent may use, and how to change it."""
    agent = focused(app)
    if agent is None:
        return
    app.say(
        f"{agent.name}: {said(agent.budget)}. Type /budget and for instance: dollars 5 · tokens off"
    )


async def set_budget(app: TungstenApp, text: str) -> None:
    """Change the focused agent's budget: `dollars 5 requests 100`, `$5`, `dollars off`, `off`."""
    agent = focused(app)
    if agent is None:
        return
    limits = agent.budget.model_dump()
    words = text.replace("$", " ").replace(",", "").lower().split()
    if "$" in text and len(words) == 1:
        words = ["dollars", *words]
    elif words == ["off"]:
        words = [word for name in LIMITS for word in (name, "off")]
    try:
        for name, value in zip(words[::2], words[1::2], strict=True):
            if name not in LIMITS:
                raise ValueError(name)
            limits[name] = None if value == "off" else float(value)
        wanted = Budget.model_validate(limits)
    except ValueError:
        app.say(f"Not a budget: say {', '.join(LIMITS)} and a number, or off", "warning")
        app.cockpit.prompt.put_back(f"/budget {text}")
        return
    await _set_budget(app, agent, wanted)


@beside
async def _set_budget(app: TungstenApp, agent: AgentSummary, wanted: Budget) -> None:
    result = await send(app, SetBudget(agent_id=agent.id, budget=wanted))
    if result is None:
        return
    if spent := str(result.get("spent", "")):
        app.say(f"{agent.name}: {said(wanted)}. {spent}", "warning")
        return
    goes_on = "; tell it what to go on with" if agent.over_budget else ""
    app.say(f"{agent.name}: {said(wanted)}{goes_on}")


async def effort(app: TungstenApp) -> None:
    """Say how much trouble the focused agent takes, and let the person name another level."""
    agent = focused(app)
    if agent is None:
        return
    now = f"takes effort {agent.effort}" if agent.effort else "takes its model's own effort"
    levels = " · ".join(level for level, _ in EFFORTS)
    app.say(f"{agent.name} {now}. Type /effort and one of: {levels}")


@beside
async def set_effort(app: TungstenApp, text: str) -> None:
    """Change how much trouble the focused agent takes."""
    agent = focused(app)
    if agent is None:
        return
    levels = [level for level, _ in EFFORTS]
    level = text.lower()
    if level not in levels:
        app.say(f"There is no effort {text}: {', '.join(levels)}", "warning")
        app.cockpit.prompt.put_back(f"/effort {text}")
        return
    command = SetEffort.model_validate({"agent_id": agent.id, "level": level})
    if (result := await send(app, command)) is not None:
        app.say(f"{agent.name}: {result.get('told')}")
