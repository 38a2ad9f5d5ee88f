"""Commands about what the person said in all sessions."""

from __future__ import annotations

from typing import Literal

from agent.protocol.wire import Wire


class SentPrompt(Wire):
    """One thing that the person said: when, in seconds since the epoch, and in which session."""

    text: str
    at: float
    session: str


class ReadSentPrompts(Wire):
    """Give what the person said in any session, the last first, each text once.

    Result: `{"prompts": [SentPrompt, …]}`, as many as a line of the protocol holds.
    """

    type: Literal["read_sent_prompts"] = "read_sent_prompts"
