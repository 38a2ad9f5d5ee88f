"""The app's line to the engine: connects, hands events over, and comes back after a break.

Imported after the first frame. It changes nothing by itself: it posts messages, the app acts.

Once no engine can be had, one that another program starts is taken up: its socket is looked at with
each key and whenever the window gets the focus, and in between after pauses that double. No event
tells of a new file on every system that the app runs on, and a look costs one `stat`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any

from textual.message import Message

from agent.engine.client import EngineClient
from agent.errors import AgentError, CommandRefused, EngineGone
from agent.protocol.commands.prompts import ReadTranscript
from tui.conversation.empty_states import STOPPED

if TYPE_CHECKING:
    from pathlib import Path

    from textual.message_pump import MessagePump

    from agent.paths import Paths
    from agent.protocol.client_lines import Command
    from agent.protocol.greeting import Welcome
    from agent.protocol.server_lines import EventLine

Connect = Callable[..., Awaitable[EngineClient]]

SHORT = 5.0
"""Seconds: an engine that ends sooner after a connection counts as one that can't stay up."""

MOST_SHORT = 3
"""How many of those in a row are borne before the person is asked."""


SILENT = 4.0
"""Seconds after which an answer that is owed is looked into: most come within milliseconds."""

PROBE = 2.0
"""Seconds that a question any engine answers at once may take before the engine counts as hung."""


LOOK, MOST_LOOK = 1.0, 32.0
"""Seconds between two looks for another engine's socket: at first, and at most."""


class Connected(Message):
    """The engine answered."""

    def __init__(self, welcome: Welcome) -> None:
        super().__init__()
        self.welcome = welcome


class EventsArrived(Message):
    """Events wait in `Connection.arrived`."""


class ConnectionLost(Message):
    """The engine went away; a new attempt is under way."""


class EngineSilent(Message):
    """The engine is there and does not answer."""


class EngineAnswers(Message):
    """It does again."""


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
        self._wanted = False
        """Whether the person asked for another attempt."""
        self._epoch = ""
        self._seq: int | None = None
        self._probing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Stay connected until cancelled."""
        short = 0
        try:
            while True:
                began = time.monotonic()
                try:
                    with self._saying_silent(SILENT + PROBE):
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
                    await self._ask(f"{STOPPED}: {stopped}")
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
        self._wanted = True
        self._again.set()

    def look(self) -> None:
        """See whether another engine is there after `ConnectionFailed`."""
        self._again.set()

    async def send(self, command: Command) -> dict[str, Any]:
        """Send a command and return its result.

        Raises:
            AgentError: the engine refused it, or can't be reached.
        """
        client = self._client
        if client is None:
            raise EngineGone("The engine is not there yet; nothing was sent. Try again in a moment")
        look = asyncio.get_running_loop().call_later(SILENT, self._look, client)
        try:
            return await client.send(command)
        finally:
            look.cancel()

    def _look(self, client: EngineClient) -> None:
        if self._probing is None and client is self._client:
            self._probing = asyncio.create_task(self._probe(client))

    async def _probe(self, client: EngineClient) -> None:
        """Tell an engine that takes its time over one command from one that hangs."""
        try:
            with self._saying_silent(PROBE), contextlib.suppress(CommandRefused):
                # Of no agent: looked up, and refused, at once.
                await client.send(ReadTranscript(agent_id="", limit=1))
            self._target.post_message(EngineAnswers())
        except EngineGone:
            # That is told by itself.
            return
        finally:
            self._probing = None

    @contextlib.contextmanager
    def _saying_silent(self, seconds: float) -> Iterator[None]:
        """Say that the engine is silent when what is done here takes longer than that."""
        loop = asyncio.get_running_loop()
        said = loop.call_later(seconds, self._target.post_message, EngineSilent())
        try:
            yield
        finally:
            said.cancel()

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
        if self._probing is not None:
            self._probing.cancel()
        if client is not None:
            await client.close()

    async def _ask(self, text: str) -> None:
        self._again.clear()
        self._wanted = False
        # The app shows nothing of before as if it still held, so it needs everything anew.
        self._epoch, self._seq = "", None
        socket = self._paths.engine_socket
        before = await asyncio.to_thread(_identity, socket)
        self._target.post_message(ConnectionFailed(text))
        pause = LOOK
        while not self._wanted:
            try:
                await asyncio.wait_for(self._again.wait(), pause)
            except TimeoutError:
                pause = min(2 * pause, MOST_LOOK)
            self._again.clear()
            now = await asyncio.to_thread(_identity, socket)
            if now not in (None, before) and await _listens(socket):
                return


def _identity(socket: Path) -> tuple[int, int] | None:
    """Tell one file from another that took its place; None when there is none."""
    try:
        found = socket.stat()
    except OSError:
        return None
    return found.st_ino, found.st_ctime_ns


async def _listens(socket: Path) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(str(socket))
    except OSError:
        return False
    writer.close()
    return True
