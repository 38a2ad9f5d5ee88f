"""Tells the terminal that the app runs in what all agents together do: OSC 7501, one level up.

Only a terminal that is known to bear the protocol is told: its terminfo entry has the capability
`Pst`, which the protocol's specification asks of those that know it. tmux has none, and would drop
the sequence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from agent.protocol.agents import AgentState
from tungsten.programs.program_status import BlockedKind, Clear, Report, encode

if TYPE_CHECKING:
    from agent.protocol.snapshot import Snapshot

APP = "tungsten"

_KINDS: dict[str, BlockedKind] = {
    "permission": "permission",
    "question": "question",
    "login": "auth",
}


def bears(environment: Mapping[str, str]) -> bool:
    """Whether the terminal of this process is known to bear the protocol."""
    if environment.get("TMUX") or not environment.get("TERM"):
        return False
    try:
        # Imported here: most terminals are asked once and never again.
        import curses

        curses.setupterm(environment["TERM"], 1)
        return bool(curses.tigetstr("Pst"))
    except (ImportError, curses.error):
        return False


def report(state: Snapshot) -> Report:
    """What all agents together do: someone waits, else someone works, else nobody does."""
    waiting = [agent for agent in state.agents if agent.state is AgentState.WAITING]
    if waiting or state.gates or state.questions:
        kinds = ["permission"] if state.gates else ["question"] if state.questions else []
        kinds += [agent.hosted.kind for agent in waiting if agent.hosted is not None]
        kind = next((_KINDS[each] for each in kinds if each in _KINDS), None)
        names = [agent.name for agent in waiting]
        names = names or [gate.agent_name for gate in state.gates]
        names = names or [question.agent_name for question in state.questions]
        return Report("blocked", kind=kind, app=APP, message=_who(names, "wait", "waits"))
    working = [agent.name for agent in state.agents if agent.state is AgentState.WORKING]
    if working and not state.paused:
        return Report("working", app=APP, message=_who(working, "work", "works"))
    return Report("idle", app=APP)


def _who(names: list[str], several: str, one: str) -> str:
    return f"{names[0]} {one}" if len(names) == 1 else f"{len(names)} agents {several}"


class TerminalStatus:
    """Tells a terminal each state once.

    Args:
        write: writes to it.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._told: Report | None = None

    def show(self, state: Snapshot) -> None:
        """Tell it what is so now, if that is news."""
        found = report(state)
        if found != self._told:
            self._told = found
            self._write(encode(found))

    def end(self) -> None:
        """Take back what was told, as nobody will say more."""
        if self._told is not None:
            self._told = None
            self._write(encode(Clear()))
