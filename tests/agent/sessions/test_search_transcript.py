"""A long conversation is looked through bit by bit; what still streams counts as well."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from agent.hub import Hub
from agent.protocol.conversation import BlockKind
from agent.sessions.conversation import AT_ONCE, Conversation
from agent.sessions.session import Session


def talk() -> Conversation:
    session: Any = SimpleNamespace(events=[])
    return Conversation("a1", cast("Session", session), Hub(), lambda: 0.0)


async def test_others_have_their_turn_meanwhile() -> None:
    conversation = talk()
    for _ in range(6):
        conversation.open(BlockKind.ASSISTANT, "needle " + "x" * AT_ONCE)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            if turns == 2:
                # What comes meanwhile is found by who asks again.
                conversation.open(BlockKind.USER, "needle")
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    found = await conversation.find("needle")
    beside.cancel()
    assert turns >= 5
    assert found == [(number, 1) for number in range(1, 7)]


async def test_what_streams_is_found() -> None:
    conversation = talk()
    block = conversation.open(BlockKind.ASSISTANT, "a nee", streaming=True)
    conversation.extend(block, "dle, and a needle")
    assert await conversation.find("needle") == [(block, 2)]
    assert await conversation.find(" ") == []
