"""Commands about what agents' steps did to their working trees."""

from __future__ import annotations

from typing import Literal

from agent.protocol.wire import Wire


class PathLeft(Wire):
    """A path that a revert leaves as it is, and why."""

    path: str
    why: str


class RevertPreview(Wire):
    """What a revert would do; nothing has happened."""

    token: str
    """Given back to have just this done; empty where there is nothing to do."""
    title: str
    diff: str
    """From what is there now to what was there before."""
    count: int = 0
    """How many files and directories go back."""
    conflicts: tuple[PathLeft, ...] = ()
    """What has changed since or otherwise too: it goes back only if `over` asks for it."""
    conflicts_diff: str = ""
    stays: tuple[PathLeft, ...] = ()
    """What cannot go back."""
    remarks: tuple[str, ...] = ()
    """What besides the files the person should know."""


class PreviewRevert(Wire):
    """Ask what reverting a step would do, or all steps of the turn that it belongs to.

    Result: a `RevertPreview`.
    """

    type: Literal["preview_revert"] = "preview_revert"
    agent_id: str
    block: int
    """The block of the step; one that shows a revert undoes it."""
    turn: bool = False


class Revert(Wire):
    """Revert a step or a turn as it was looked at.

    Result: `{"said": str, "left": [PathLeft, …]}`.
    """

    type: Literal["revert"] = "revert"
    agent_id: str
    block: int
    turn: bool = False
    token: str
    """Of the preview; anything that has changed since refuses it."""
    over: bool = False
    """Whether what was changed since goes back as well."""
