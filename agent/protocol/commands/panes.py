"""Commands about panes: who types in them, what is recorded, and which of the person's own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agent.protocol.wire import Wire


class RunAsPerson(Wire):
    """`!command`: an action whose actor is a person; passes the gate like any other."""

    type: Literal["run_as_person"] = "run_as_person"
    agent_id: str
    command: str


class PersonTyped(Wire):
    """A person typed into a pane directly; the agent is told at its next turn."""

    type: Literal["person_typed"] = "person_typed"
    agent_id: str
    pane_id: str


class HoldKeyboard(Wire):
    """A person has the keyboard of a pane from now on, or with `on` false no longer.

    Meanwhile its agent types nothing there. The end of a connection gives back what it holds.
    """

    type: Literal["hold_keyboard"] = "hold_keyboard"
    agent_id: str
    pane_id: str
    on: bool


class RecordPane(Wire):
    """Record one of an agent's panes from now on, or no longer."""

    type: Literal["record_pane"] = "record_pane"
    agent_id: str
    pane_id: str
    on: bool


class Recordings(Wire):
    """End the recordings of an agent's panes.

    Result: `{"paths": [str, …]}`, all that it has, in the order of its panes, secrets masked.
    """

    type: Literal["recordings"] = "recordings"
    agent_id: str


class AllowPane(Wire):
    """Let an agent use a pane of the person's own tmux server, as long as its program runs.

    Args:
        socket: where that server listens.
        tmux_id: the pane, as that server calls it.
        pid: the program that the person saw in it.

    Result: `{"pane_id": str}`, by which the agent knows it.
    """

    type: Literal["allow_pane"] = "allow_pane"
    agent_id: str
    socket: str
    tmux_id: Annotated[str, Field(pattern=r"^%\d+$")]
    pid: int


class DisallowPane(Wire):
    """Take such a pane back."""

    type: Literal["disallow_pane"] = "disallow_pane"
    agent_id: str
    pane_id: str
