"""The command that takes a program of the person's own tmux among the agents."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agent.protocol.wire import Wire


class AdoptPane(Wire):
    """Adopt what runs in a pane of the person's own tmux server; they have said yes to it.

    Args:
        socket: where that server listens.
        tmux_id: the pane, as that server calls it.
        pid: what the pane was started with, as the person saw it.
        profile: of the program in it; refused where another one runs there.
        directory: where that program is.
        name: of the new agent; empty: after the profile.

    Result: `{"agent_id": str}`.
    """

    type: Literal["adopt_pane"] = "adopt_pane"
    socket: str
    tmux_id: Annotated[str, Field(pattern=r"^%\d+$")]
    pid: int
    profile: str
    directory: str
    name: str = ""
