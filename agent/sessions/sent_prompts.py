"""What the person said in all sessions, for them to find and say again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable

from agent.context.summary import prompts_of
from agent.context.turn_text import is_from_coordinator
from agent.protocol.commands.history import SentPrompt
from agent.protocol.server_lines import MAX_LINE_BYTES
from memory.database import Database
from memory.sessions import SentMessage

MOST = 5_000
"""Messages that are looked at, the newest."""

ROOM = MAX_LINE_BYTES // 2
"""Bytes of JSON that are given at most."""


async def sent_prompts(database: Database) -> list[SentPrompt]:
    """What was said, the last first, each text once; what is no longer there is left out.

    Raises:
        StorageError: the database cannot be read.
    """
    said = await database.sessions.sent(MOST)
    return await asyncio.to_thread(_read, said)


def _read(said: Iterable[SentMessage]) -> list[SentPrompt]:
    found: dict[str, SentPrompt] = {}
    room = ROOM
    for each in said:
        for text in reversed(_texts(each.payload)):
            if text in found or not text.strip() or is_from_coordinator(text):
                continue
            prompt = SentPrompt(text=text, at=each.at, session=each.name)
            room -= len(prompt.model_dump_json())
            if room < 0:
                return list(found.values())
            found[text] = prompt
    return list(found.values())


def _texts(payload: str) -> list[str]:
    try:
        return prompts_of(json.loads(payload))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []
