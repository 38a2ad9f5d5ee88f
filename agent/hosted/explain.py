"""Says how the state of a pane is known: what each source said last and when, and what it means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from agent.errors import AgentUnknown
from agent.hosted.hosted_agent import HostedAgent
from agent.hosted.status import Evidence, HostedState
from agent.protocol.agents import AgentState
from agent.protocol.hosted import Spent

if TYPE_CHECKING:
    from agent.agents.live_agent import LiveAgent

_WHY = {
    AgentState.WORKING: "its turn is under way",
    AgentState.WAITING: "it waits for you",
    AgentState.IDLE: "no turn is under way",
    AgentState.DONE: "its last turn ended, and it said last",
    AgentState.FAILED: "it ended in an error",
    AgentState.UNKNOWN: "what became of it is not known",
}


def explain(agents: Iterable[LiveAgent], pane: str, now: float) -> str:
    """Explain a pane, named by its id or its agent's name or id.

    Args:
        agents: all on the list.
        pane: what the person named.
        now: seconds since the epoch.

    Raises:
        AgentUnknown: neither an agent nor a pane of one is called so.
    """
    found = next(
        (each for each in agents if pane in (each.name, each.id) or pane in each.panes.record), None
    )
    if found is None:
        raise AgentUnknown(f"no agent, and no pane of one, is called {pane}; see: tungsten ls")
    panes = ", ".join(found.panes.record) or "no pane"
    head = f"{found.name} ({panes})"
    if not isinstance(found, HostedAgent):
        known = found.summary()
        runs = known.kind == "command" and known.state is AgentState.WORKING
        reason = "its program runs" if runs else _WHY[known.state]
        return (
            f"{head}: {known.state}\n"
            "  source: Tungsten itself, which runs this agent\n"
            f"  why: {reason}{known.activity and f': {known.activity}'}"
        )
    return _hosted(head, found, now)


def _hosted(head: str, agent: HostedAgent, now: float) -> str:
    profile = agent.profile
    observer = agent.observer
    if observer is None:
        return "\n".join(
            [
                f"{head}: {agent.state}",
                f"  profile: {profile.name} ({profile.title})",
                "  source: process",
                f"  why: {agent.summary().activity or 'its program does not run'}",
            ]
        )
    state = observer.state()
    lines = [f"{head}: {_said(state)}", f"  profile: {profile.name} ({profile.title})"]
    if agent.state is not state.state:
        lines.append(f"  shown as: {agent.state}, as a gate of its start is open")
    if state.source is not None:
        lines.append(f"  source: {state.source}, for {_age(state.age)}")
    if state.reason:
        lines.append(f"  why: {state.reason}")
    shown = observer.shown
    if shown is None:
        lines.append("  screen: not looked at yet")
    else:
        lines.append(f"  rule: {shown.rule or 'none'}; {shown.reason}")
        also = [name for name in shown.matched if name != shown.rule]
        if also:
            lines.append(f"  also match: {', '.join(also)}")
        if shown.rule:
            lines.append(f"  lines: {shown.first + 1} to {shown.last} of the screen")
            lines += [f"  | {line}" for line in shown.dialog[-12:]]
        lines += [
            f"  answer: {answer.key} = {answer.label} ({answer.means})" for answer in shown.answers
        ]
    lines.append(f"  cost: {_spent(agent.spent)}")
    lines.append("  evidence, the strongest first:")
    lines += [
        f"    {_evidence(each, now)}"
        for each in sorted(observer.evidence.values(), key=lambda each: -each.source.grade)
    ] or ["    none yet"]
    return "\n".join(lines)


def _spent(spent: Spent | None) -> str:
    if spent is None:
        return "it tells neither tokens nor cost"
    tokens = f"{spent.tokens:,} tokens" if spent.tokens is not None else "no tokens told"
    cost = f"${spent.cost:.4f}" if spent.cost is not None else "it names no cost"
    return f"{tokens}; {cost}; by its {spent.source}, this conversation alone"


def _said(state: HostedState) -> str:
    return f"{state.state} ({state.kind})" if state.kind is not None else str(state.state)


def _evidence(each: Evidence, now: float) -> str:
    detail = f": {each.detail}" if each.detail else ""
    once = ", said once" if each.once else ""
    since = _age(now - each.begun)
    return f"{each.said()}, for {since}, last {_age(now - each.at)} ago{once}{detail}"


def _age(seconds: float) -> str:
    seconds = max(0.0, seconds)
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
