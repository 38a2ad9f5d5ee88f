"""A local Messages server with an answer to give, and clients for it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from agent.model.client import ModelClient
from agent.model.endpoint import Endpoint
from agent.model.local_server.faults import Faults
from agent.model.local_server.models import ServedModel
from agent.model.local_server.responder import ResponderMessage
from agent.model.local_server.server import LocalMessagesServer
from agent.model.retry import RetryPolicy

KEY = "sk-test-0123456789"
QUICK = RetryPolicy(first_delay=0.0, longest_delay=0.0, longest_wait=0.01)
TOOL = {"name": "look", "description": "Look.", "input_schema": {"type": "object"}}


class Answers:
    """A responder that gives the same answer each time."""

    def __init__(self, *content: dict[str, Any], delay: float = 0.0) -> None:
        self.message = ResponderMessage(content, delay=delay)
        self.asked = asyncio.Event()

    async def respond(self, request: dict[str, Any]) -> ResponderMessage:
        self.asked.set()
        return self.message


class House:
    """One server and as many clients as a test wants."""

    def __init__(self, server: LocalMessagesServer, responder: Answers, stack: AsyncExitStack):
        self.server = server
        self.responder = responder
        self._stack = stack

    def client(self, *, key: str = KEY, model: str = "tungsten-demo", **more: Any) -> ModelClient:
        endpoint = Endpoint("endpoint", self.server.base_url, key, model)
        client = ModelClient(endpoint, more.pop("retries", QUICK))
        self._stack.push_async_callback(client.close)
        return client

    @property
    def faults(self) -> Faults:
        return self.server.faults


@pytest.fixture
async def house() -> AsyncIterator[House]:
    responder = Answers({"type": "text", "text": "Hello, wörld 🙂."})
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(
            LocalMessagesServer(
                responder,
                api_key=KEY,
                models=(
                    ServedModel("tungsten-demo"),
                    ServedModel("old", sampling=True, manual_thinking=True),
                ),
                record=True,
            )
        )
        yield House(server, responder, stack)


@pytest.fixture
def ask() -> Callable[..., Any]:
    """Run one request to its end and return every event."""

    async def run(client: ModelClient, text: str = "Hi", **more: Any) -> list[Any]:
        request: dict[str, Any] = {
            "model": "",
            "system": "Be brief.",
            "tools": [TOOL],
            "messages": [{"role": "user", "content": text}],
            "max_tokens": 1000,
        }
        return [event async for event in client.stream(**{**request, **more})]

    return run
