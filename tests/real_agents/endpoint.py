"""Starts, for an agent, the endpoint that speaks what it speaks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agent.model.local_server.server import LocalMessagesServer
from tests.real_agents import messages
from tests.real_agents.gemini_api import GeminiServer
from tests.real_agents.programs import SERVED
from tests.real_agents.responses_api import ResponsesServer
from tests.real_agents.scripted import Scenes


@asynccontextmanager
async def endpoint(name: str, scenes: Scenes) -> AsyncIterator[str]:
    """Serve scenes to the agent of that name; gives the base address."""
    if name == "codex":
        async with ResponsesServer(scenes) as server:
            yield server.base_url
    elif name == "gemini":
        async with GeminiServer(scenes) as server:
            yield server.base_url
    else:
        responder = messages.MessagesScenes(scenes, tools=name != "aider")
        async with LocalMessagesServer(responder, api_key=messages.KEY, models=SERVED) as local:
            yield local.base_url
