"""Commands that look through a conversation as a whole."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agent.protocol.wire import Wire
from agent.sessions.finding import LONGEST


class SearchTranscript(Wire):
    """Find words in all of a conversation, also in what no front end has read.

    Result: `{"matches": [[block id, how often], …]}`, oldest first; see `agent.sessions.finding`.
    """

    type: Literal["search_transcript"] = "search_transcript"
    agent_id: str
    words: str = Field(max_length=LONGEST)
