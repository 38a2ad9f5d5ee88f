"""How a connection begins."""

from __future__ import annotations

from typing import Literal

from agent.protocol.snapshot import Snapshot
from agent.protocol.wire import Wire

PROTOCOL = 9
"""Raised with every incompatible change of the models in this package."""


class Hello(Wire):
    """First line of a front end."""

    type: Literal["hello"] = "hello"
    protocol: int = PROTOCOL
    version: str
    client: str = "app"
    epoch: str = ""
    resume_after: int | None = None
    """Last event seen in `epoch`; None asks for a snapshot."""


class Welcome(Wire):
    """The engine accepts; `snapshot` is None when `Hello.resume_after` could be honoured."""

    type: Literal["welcome"] = "welcome"
    protocol: int = PROTOCOL
    version: str
    epoch: str
    may_decide: bool
    snapshot: Snapshot | None = None


class Refused(Wire):
    """The engine closes the connection after this line."""

    type: Literal["refused"] = "refused"
    protocol: int = PROTOCOL
    version: str
    text: str
