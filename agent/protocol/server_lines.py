"""What the engine writes, line by line."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue, TypeAdapter

from agent.protocol.events import Event
from agent.protocol.greeting import Refused, Welcome
from agent.protocol.wire import Wire

MAX_LINE_BYTES = 16 * 1024 * 1024
"""Longest line either end accepts; a longer one closes the connection."""


class EventLine(Wire):
    """An event with its sequence number: consecutive within an epoch, starting at 1."""

    type: Literal["event"] = "event"
    seq: int
    event: Event


class Reply(Wire):
    """What became of a command. `error` is one line for the person, empty on success."""

    type: Literal["reply"] = "reply"
    id: int
    error: str = ""
    result: dict[str, JsonValue] = Field(default_factory=dict)


ServerLine = Annotated[Welcome | Refused | EventLine | Reply, Field(discriminator="type")]


SERVER_LINE: TypeAdapter[Welcome | Refused | EventLine | Reply] = TypeAdapter(
    ServerLine, config=ConfigDict(defer_build=True)
)
