"""A front end's connection to the engine: a snapshot, then events, and commands with their replies.

Light to import: needs neither the model SDK, the terminal nor the database. It works the same from
the app, from the command line and in tests; it is always a real socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from pydantic import JsonValue, ValidationError

from agent.engine.start import start_engine
from agent.errors import CommandRefused, EngineGone, EngineUnreachable, EngineVersionDiffers
from agent.paths import Paths
from agent.protocol.events import EngineStopping
from agent.protocol.greeting import PROTOCOL, Hello, Refused, Welcome
from agent.protocol.server_lines import MAX_LINE_BYTES, SERVER_LINE, EventLine, Reply
from tungsten import program
from tungsten.version import __version__

if TYPE_CHECKING:
    from agent.protocol.client_lines import Command

WELCOME_SECONDS = 30.0
"""How long an engine that accepts a connection may take to answer before it counts as stuck."""

ATTEMPTS = 3
"""How often to try again when an engine ends just while it is being asked."""


class EngineClient:
    """One connection; made by `connect`."""

    def __init__(
        self,
        paths: Paths,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        welcome: Welcome,
        client: str,
        resume_after: int,
    ) -> None:
        self.welcome = welcome
        self.paths = paths
        self.seq = resume_after
        """Number of the last event handed out by `events`, or of the snapshot before any."""
        self.stopping = ""
        """Why the engine stops, once it said so."""
        self._client = client
        self._reader = reader
        self._writer = writer
        self._numbers = itertools.count(1)
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self._events: asyncio.Queue[EventLine | None] = asyncio.Queue()
        self._ended = False
        self._closed = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def connect(
        cls,
        paths: Paths,
        *,
        start: bool = True,
        client: str = "app",
        epoch: str = "",
        resume_after: int | None = None,
    ) -> EngineClient:
        """Connect to the engine of a runtime directory.

        Args:
            paths: Whose engine.
            start: Start one when none runs.
            client: What kind of front end this is, for the engine's log.
            epoch: With `resume_after`, the numbering a former connection had.
            resume_after: The last event seen; `welcome.snapshot` is None when the events after
                it follow without a gap.

        Raises:
            EngineUnreachable: none runs and none could be started, or it does not answer.
            EngineVersionDiffers: another version of the program runs.
        """
        hello = Hello(version=__version__, client=client, epoch=epoch, resume_after=resume_after)
        for _ in range(ATTEMPTS):
            reader, writer = await _open(paths, start=start)
            try:
                welcome = await _greet(reader, writer, hello)
            except EngineGone:
                continue
            if welcome.snapshot is not None:
                resume_after = welcome.snapshot.seq
            return cls(paths, reader, writer, welcome, client, resume_after or 0)
        raise EngineUnreachable(f"The engine ends as soon as it is asked; see {paths.log_file}.")

    async def again(self, *, start: bool = True) -> EngineClient:
        """Connect anew and go on after the last event that `events` handed out."""
        return await EngineClient.connect(
            self.paths,
            start=start,
            client=self._client,
            epoch=self.welcome.epoch,
            resume_after=self.seq,
        )

    async def events(self) -> AsyncIterator[EventLine]:
        """Events in order, each once, until the connection ends. For one reader."""
        while (line := await self._events.get()) is not None:
            self.seq = line.seq
            yield line
        self._events.put_nowait(None)

    async def send(self, command: Command) -> dict[str, JsonValue]:
        """Send a command and return its result as the command's description says.

        Raises:
            CommandRefused: the engine says why not.
            EngineGone: the connection ended first; whether the command happened is unknown.
        """
        if self._ended:
            raise EngineGone("The connection to the engine has ended.")
        number = next(self._numbers)
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._replies[number] = reply
        # A `CommandLine`, whose model would first build those of every command.
        said = command.model_dump_json()
        line = f'{{"type":"command","id":{number},"command":{said}}}\n'.encode()
        if len(line) > MAX_LINE_BYTES:
            del self._replies[number]
            raise CommandRefused("This is too long to send at once.")
        try:
            self._writer.write(line)
            with contextlib.suppress(ConnectionError):
                await self._writer.drain()
            answer = await reply
        finally:
            self._replies.pop(number, None)
        if answer.error:
            raise CommandRefused(answer.error)
        return answer.result

    async def close(self) -> None:
        """End the connection; the engine and its agents go on."""
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading
        self._end()
        await _close(self._writer)

    async def _read(self) -> None:
        try:
            while True:
                line = SERVER_LINE.validate_json(await self._reader.readuntil(b"\n"))
                if isinstance(line, EventLine):
                    if isinstance(line.event, EngineStopping):
                        self.stopping = line.event.reason
                    self._events.put_nowait(line)
                elif isinstance(line, Reply):
                    future = self._replies.get(line.id)
                    if future is not None and not future.done():
                        future.set_result(line)
                elif isinstance(line, Refused):
                    self.stopping = line.text
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValidationError):
            pass
        finally:
            self._end()
            self._writer.close()

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        self._events.put_nowait(None)
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(EngineGone("The connection to the engine ended."))
                # The sender may have been cancelled and no longer look.
                reply.exception()


async def _open(paths: Paths, *, start: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for attempt in range(2):
        try:
            return await asyncio.open_unix_connection(
                str(paths.engine_socket), limit=MAX_LINE_BYTES
            )
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as error:
            if not start or attempt:
                raise EngineUnreachable("No engine is running: `tungsten` starts one.") from error
            await start_engine(paths)
        except OSError as error:
            reason = error.strerror or str(error)
            raise EngineUnreachable(f"The engine cannot be reached: {reason}.") from error
    raise AssertionError


async def _greet(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hello: Hello
) -> Welcome:
    try:
        writer.write(hello.model_dump_json().encode() + b"\n")
        async with asyncio.timeout(WELCOME_SECONDS):
            first = await reader.readuntil(b"\n")
        return _welcome(first)
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        await _close(writer)
        if isinstance(error, TimeoutError):
            raise EngineUnreachable(
                f"The engine does not answer: `{program.command()} kill-engine` ends it; sessions "
                "and panes stay."
            ) from error
        raise EngineGone("The engine ended.") from error
    except BaseException:
        await _close(writer)
        raise


def _welcome(first: bytes) -> Welcome:
    """Read the engine's first line; its protocol number is looked at before anything else."""
    try:
        raw = json.loads(first)
    except ValueError as error:
        raise EngineUnreachable("What answers on the engine's socket is not an engine.") from error
    if not isinstance(raw, dict):
        raise EngineUnreachable("What answers on the engine's socket is not an engine.")
    version = str(raw.get("version", ""))
    if raw.get("protocol") != PROTOCOL or version != __version__:
        raise EngineVersionDiffers(version, __version__)
    try:
        line = SERVER_LINE.validate_python(raw)
    except ValidationError as error:
        raise EngineUnreachable("The engine's answer cannot be read.") from error
    if isinstance(line, Refused):
        raise EngineUnreachable(line.text)
    if not isinstance(line, Welcome):
        raise EngineUnreachable("The engine's answer cannot be read.")
    return line


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
