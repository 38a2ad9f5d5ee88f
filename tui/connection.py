"""The app's line to the engine: connects, hands events over, and comes back after a break.

Imported after the first frame. It changes nothing by itself: it posts messages, the app acts.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from textual.message import Message

from agent.client import EngineClient
from agent.errors import AgentError, EngineGone

if TYPE_CHECKING:
    from textual.message_pump import MessagePump

    from agent.paths import Paths
    from agent.protocol import Command, EventLine, Welcome

Connect = Callable[..., Awaitable[EngineClient]]

SHORT = 5.0
"""Seconds: an engine that ends sooner after a connection counts as one that can't stay up."""

MOST_SHORT = 3
"""How many of those in a row are borne before the person is asked."""


class Connected(Message):
    """The engine answered."""

    def __init__(self, welcome: Welcome) -> None:
        super().__init__()
        self.welcome = welcome


class EventsArrived(Message):
    """Events wait in `Connection.arrived`."""


class ConnectionLost(Message):
    """The engine went away; a new attempt is under way."""


class ConnectionFailed(Message):
    """No engine can be had until the person does something; `text` says what."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Connection:
    """Keeps one front end connected to one engine.

    Args:
        target: Receives the messages.
        paths: Where the engine is.
        connect: Takes the place of `EngineClient.connect`.
    """

    def __init__(self, target: MessagePump, paths: Paths, connect: Connect | None = None) -> None:
        self.arrived: deque[EventLine] = deque()
        self._target = target
        self._paths = paths
        self._connect = connect or EngineClient.connect
        self._client: EngineClient | None = None
        self._again = asyncio.Event()
        self._epoch = ""
        self._seq: int | None = None

    async def run(self) -> None:
        """Stay connected until cancelled."""
        short = 0
        try:
            while True:
                began = time.monotonic()
                try:
                    client = await self._connect(
                        self._paths, epoch=self._epoch, resume_after=self._seq
                    )
                except AgentError as error:
                    await self._ask(str(error))
                    short = 0
                    continue
                self._client = client
                await self._listen(client)
                stopped = client.stopping
                await self._hang_up()
                if stopped:
                    await self._ask(f"The engine was stopped: {stopped}")
                    continue
                short = short + 1 if time.monotonic() - began < SHORT else 0
                if short >= MOST_SHORT:
                    await self._ask(
                        f"The engine ends as soon as it starts; its log is {self._paths.log_file}"
                    )
                    short = 0
                else:
                    self._target.post_message(ConnectionLost())
        finally:
            await self._hang_up()

    def try_again(self) -> None:
        """Go on after `ConnectionFailed`."""
        self._again.set()

    async def send(self, command: Command) -> dict[str, Any]:
        """Send a command and return its result.

        Raises:
            AgentError: the engine refused it, or can't be reached.
        """
        client = self._client
        if client is None:
            raise EngineGone("The engine is not there yet; nothing was sent. Try again in a moment")
        return await client.send(command)

    async def _listen(self, client: EngineClient) -> None:
        welcome = client.welcome
        self._epoch = welcome.epoch
        if welcome.snapshot is not None:
            self._seq = welcome.snapshot.seq
        self._target.post_message(Connected(welcome))
        async for line in client.events():
            self._seq = line.seq
            self.arrived.append(line)
            if len(self.arrived) == 1:
                self._target.post_message(EventsArrived())

    async def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _ask(self, text: str) -> None:
        self._again.clear()
        self._target.post_message(ConnectionFailed(text))
        await self._again.wait()
