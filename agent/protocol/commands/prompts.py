"""Commands of a conversation: what is said to an agent, and what was."""

from __future__ import annotations

import re
from typing import Literal

from agent.protocol.wire import Wire

COORDINATE = re.compile(r"/coordinate\s+(?=\S)")
"""How a prompt begins whose task an agent is to split among workers; the rest is the task."""


When = Literal["after_turn", "after_step", "now"]
"""When an agent hears what is said while its turn runs: once that has ended, before the model's
next step, or at once, for which the turn is interrupted."""


class SendPrompt(Wire):
    """Say something to an agent. See `COORDINATE`."""

    type: Literal["send_prompt"] = "send_prompt"
    agent_id: str
    text: str
    when: When = "after_turn"


class Hasten(Wire):
    """Have an agent hear sooner what is queued."""

    type: Literal["hasten"] = "hasten"
    agent_id: str
    when: Literal["after_step", "now"]


class Unqueue(Wire):
    """Take back what waits to be heard. Result: `{"texts": [str, …]}`."""

    type: Literal["unqueue"] = "unqueue"
    agent_id: str


class Compact(Wire):
    """Have a conversation go on from a summary of itself: at once, or before the next request."""

    type: Literal["compact"] = "compact"
    agent_id: str


class Interrupt(Wire):
    """Stop the running turn; the transcript stays valid, and what is queued waits.

    `Unqueue` gives that back; the next `SendPrompt` takes it along.
    """

    type: Literal["interrupt"] = "interrupt"
    agent_id: str


class ReadTranscript(Wire):
    """Result: `{"blocks": [Block, …], "seq": int}`, the last `limit` ones before `before`.

    Oldest first. They hold every event up to number `seq`: of the events of this agent, only those
    after it are still to be applied to them.
    """

    type: Literal["read_transcript"] = "read_transcript"
    agent_id: str
    before: int | None = None
    limit: int = 200
