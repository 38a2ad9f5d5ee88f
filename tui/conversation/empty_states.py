"""What the conversation's place shows when there is none: each teaches the one next thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.keys import actions
from tui.widgets.conversation import Empty

if TYPE_CHECKING:
    from agent.protocol.agents import AgentSummary
    from agent.protocol.snapshot import Snapshot

STOPPED = "The engine was stopped"
"""How the problem begins when somebody ended the engine; nothing failed then."""


_RESUMES = actions.shown("agent.sessions")


def retry_words(problem: str) -> str:
    """What the key does that tries again: after a problem, or after the engine was stopped."""
    return "start it again" if problem.startswith(STOPPED) else "try again"


def no_engine(problem: str) -> Empty:
    """No engine can be had."""
    keys = ((actions.shown("app.retry"), retry_words(problem)), (actions.shown("app.quit"), "quit"))
    return Empty("No engine", (problem,), keys, problem=True)


def is_program(agent: AgentSummary | None) -> bool:
    """Whether an agent is a program in a pane that takes no prompts: it says nothing but there."""
    return agent is not None and agent.kind == "command" and agent.hosted is None


def no_terminal(agent: AgentSummary | None) -> str:
    """Say when a terminal opens, where an agent has none."""
    if not is_program(agent) or agent is None:
        return "One opens with the next command."
    if agent.state in {"working", "waiting"} and not agent.panes:
        return "One opens when the program starts."
    return f"The program does not run. /archive it: {_RESUMES} starts it again then."


def nothing_said(agent: AgentSummary) -> Empty:
    """An agent without a conversation yet."""
    if agent.hosted is not None:
        return Empty(
            f"{agent.hosted.title} in a pane",
            ("What you say below is typed into it, and confirmed once it has taken it.",),
            ((actions.shown("pane.take"), "type into it yourself"),),
        )
    if agent.kind == "command":
        return Empty(
            "A program in a pane",
            ("This agent has no model: it is the program in its terminal.",),
            ((actions.shown("pane.take"), "type into it"),),
        )
    if agent.kind in {"playbook", "mcp"}:
        source = "its playbook" if agent.kind == "playbook" else "another program, over MCP"
        return Empty(
            f"{agent.name} has no model",
            (f"Its steps come from {source}; each passes the gate and is shown here.",),
            (("!", "run a shell command of your own in its terminal"),),
        )
    return Empty(
        f"{agent.name} is ready",
        ("Say what to do below. It works in a real terminal that you see here.",),
        (
            (actions.shown("agent.new"), "start another agent"),
            ("!", "run a shell command of your own in its terminal"),
        ),
    )


def no_tiles(state: Snapshot, nothing: str, everything: bool) -> Empty:
    """No terminal in the grid: none at all, or none of an agent in the states that are shown."""
    if not everything:
        return Empty(nothing, (), (("f", "show agents in other states"),))
    if state.agents:
        return Empty(
            nothing,
            ("An agent opens its terminal with the first command; it appears here then.",),
            (("Esc", "back, to say what to do"),),
        )
    return Empty(
        nothing,
        ("Every agent works in a terminal, and all of them are seen here.",),
        ((actions.shown("agent.new"), "start an agent, or any program"),),
    )


def no_agents(state: Snapshot) -> Empty:
    """No agent on the list."""
    if state.setup.provider == "none":
        return Empty(
            "No model yet",
            ("Tungsten needs a model for its agents. A built-in demo model works offline.",),
            (
                ("/model", "choose one"),
                ("/demo", "watch three agents at work"),
                ("/tour", "be shown round in five cards"),
            ),
        )
    return Empty(
        "No agents yet",
        ("Say below what to do, and an agent starts on it in this directory.",),
        (
            (actions.shown("agent.new"), "start an agent elsewhere, or any program"),
            (actions.shown("agent.sessions"), "take up an old session"),
            ("/demo", "watch three agents at work"),
            ("/tour", "be shown round in five cards"),
        ),
    )
