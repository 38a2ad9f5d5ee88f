"""What a conversation asks the engine for: where words stand in all of it, and what came before."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import ValidationError

from agent.protocol.commands.prompts import ReadTranscript
from agent.protocol.commands.transcripts import SearchTranscript
from agent.protocol.conversation import Block
from tui.gate.host import send

if TYPE_CHECKING:
    from tui.conversation.transcript import Transcript
    from tui.widgets.conversation import Conversation

PAGE = 500
"""Blocks read at once; between two pages the screen goes on."""


async def find(view: Conversation, asked: Conversation.SearchWanted, agent_id: str) -> None:
    """Find out where the words of a search stand, and show the place nearest to what is seen."""
    search = asked.search
    looked_through = {entry.id: entry.version for entry in asked.transcript.entries}
    command = SearchTranscript(agent_id=agent_id, words=search.words)
    result, search.problem = await send(view, command)
    matches = result.get("matches")
    if not search.problem:
        found = matches if isinstance(matches, list) else []
        search.matches = {int(block_id): int(times) for block_id, times in found}
        for entry in asked.transcript.entries:
            if looked_through.get(entry.id) != entry.version:
                search.count(entry)
    view.found(asked.transcript, search)


async def to_match(view: Conversation, asked: Conversation.MatchWanted, agent_id: str) -> None:
    """Read as far back as a place that was found, and show it."""
    transcript, search, wanted = asked.transcript, asked.search, asked.match.block_id
    search.problem = await _read_back(view, transcript, agent_id, lambda: wanted)
    search.reading = False
    here = view.transcript is transcript and transcript.search is search
    if here and not search.problem and transcript.entry(wanted) is not None:
        view.look_at(asked.match)
    else:
        view.changed()


async def to_prompt(view: Conversation, asked: Conversation.PromptWanted, agent_id: str) -> None:
    """Read as far back as the person's last prompt before a block, and choose it."""
    transcript, before = asked.transcript, asked.before

    def wanted() -> int:
        earlier = transcript.entries[: transcript.find(before)]
        return before if any(entry.kind == "user" for entry in earlier) else 1

    problem = await _read_back(view, transcript, agent_id, wanted)
    if not problem and view.transcript is transcript:
        view.action_turn(-1)


async def _read_back(
    view: Conversation, transcript: Transcript, agent_id: str, wanted: Callable[[], int]
) -> str:
    """Read until the block of the wanted id, or an older one, is here; says what went wrong."""
    while (first := transcript.first_id) is not None and first > max(1, wanted()):
        command = ReadTranscript(agent_id=agent_id, before=first, limit=PAGE)
        result, problem = await send(view, command)
        try:
            blocks = [Block.model_validate(block) for block in result.get("blocks", ())]
        except ValidationError:
            problem = "The engine's answer cannot be read: run `tungsten kill-engine`, start again"
            blocks = []
        transcript.load(blocks)
        view.changed()
        if problem or not blocks:
            return problem
    return ""
