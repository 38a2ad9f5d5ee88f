"""A small real engine socket for tests of front ends: it speaks the wire protocol and does nothing.

It listens on a Unix socket, welcomes front ends with a given snapshot, numbers and publishes the
events a test hands it, records every command, and answers with what the test scripted. Everything
on the wire is real; only the mind behind it is missing.

    async with ScriptedEngine(paths.engine_socket, snapshot) as engine:
        engine.publish(GateOpened(gate=gate))
        command = await engine.received(Decide)
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from agent.protocol.client_lines import CLIENT_LINE, Command, CommandLine
from agent.protocol.commands.prompts import ReadTranscript
from agent.protocol.commands.transcripts import SearchTranscript
from agent.protocol.conversation import Block
from agent.protocol.events import BlockChanged, BlockDelta, Event
from agent.protocol.greeting import PROTOCOL, Hello, Refused, Welcome
from agent.protocol.server_lines import MAX_LINE_BYTES, EventLine, Reply
from agent.protocol.snapshot import Snapshot
from agent.protocol.state import apply
from agent.protocol.wire import Wire
from agent.sessions import finding
from tungsten.version import __version__

CommandT = TypeVar("CommandT", bound=Wire)
Handler = Callable[[Any], "dict[str, Any] | Awaitable[dict[str, Any] | None] | None"]


class Refusal(Exception):
    """Raise it in a handler: the front end gets its text as the error of the reply."""


class ScriptedEngine:
    """An engine socket that says what it is told to.

    Args:
        socket: Where to listen; keep it under 100 bytes.
        snapshot: State to begin with; published events change it.
        transcripts: Conversation blocks by agent id, to be read and to be looked through.
        may_decide: What `Welcome` tells.
        version: What `Welcome` tells; another one than ours makes a front end give up.
        protocol: As `version`.
    """

    def __init__(
        self,
        socket: Path,
        snapshot: Snapshot,
        *,
        transcripts: Mapping[str, Iterable[Block]] | None = None,
        may_decide: bool = True,
        version: str = __version__,
        protocol: int = PROTOCOL,
    ) -> None:
        self.socket = socket
        self.snapshot = snapshot
        self.transcripts = {key: list(value) for key, value in (transcripts or {}).items()}
        self.may_decide = may_decide
        self.version = version
        self.protocol = protocol
        self.commands: list[Command] = []
        self.hellos: list[Hello] = []
        self.handlers: dict[type[Wire], Handler] = {
            ReadTranscript: self._read_transcript,
            SearchTranscript: self._search_transcript,
        }
        self._log: list[EventLine] = []
        self._connections: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._arrived = asyncio.Condition()

    async def __aenter__(self) -> ScriptedEngine:
        await self.listen()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def listen(self) -> None:
        """Start, or start again after `stop`."""
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        self._server = await asyncio.start_unix_server(
            self._serve, path=str(self.socket), limit=MAX_LINE_BYTES
        )

    async def stop(self) -> None:
        """Go away as a killed engine does: every connection breaks, the socket file is gone."""
        if self._server is not None:
            self._server.close()
        await self.drop()
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None
        self.socket.unlink(missing_ok=True)

    async def drop(self) -> None:
        """Break every connection; new ones are welcome."""
        for writer in tuple(self._connections):
            writer.close()

    def on(self, command: type[Wire], handler: Handler) -> None:
        """Answer commands of one type with a function of the command (it may raise `Refusal`)."""
        self.handlers[command] = handler

    def publish(self, event: Event) -> int:
        """Number an event, apply it and send it to everyone; returns its number."""
        seq = self.snapshot.seq + 1
        self.snapshot = apply(self.snapshot, seq, event)
        match event:
            case BlockChanged(agent_id=agent_id, block=block):
                blocks = self.transcripts.setdefault(agent_id, [])
                last = blocks[-1].id if blocks else 0
                blocks[:] = [b for b in blocks if b.id != block.id] if last >= block.id else blocks
                blocks.append(block)
                if last > block.id:
                    blocks.sort(key=lambda other: other.id)
            case BlockDelta(agent_id=agent_id, block_id=block_id, text=text):
                blocks = self.transcripts.get(agent_id, [])
                blocks[:] = [
                    b.model_copy(update={"text": b.text + text}) if b.id == block_id else b
                    for b in blocks
                ]
            case _:
                pass
        line = EventLine(seq=seq, event=event)
        self._log.append(line)
        for writer in tuple(self._connections):
            _write(writer, line)
        return seq

    async def received(
        self,
        command: type[CommandT],
        *,
        count: int = 1,
        timeout: float = 5,  # noqa: ASYNC109
    ) -> CommandT:
        """Wait until `count` commands of a type have come; returns the last of them."""

        def found() -> list[CommandT]:
            return [one for one in self.commands if isinstance(one, command)]

        async with self._arrived, asyncio.timeout(timeout):
            await self._arrived.wait_for(lambda: len(found()) >= count)
        return found()[count - 1]

    async def connected(self, *, count: int = 1, timeout: float = 5) -> Hello:  # noqa: ASYNC109
        """Wait until `count` front ends have said hello since the start; returns the last one."""
        async with self._arrived, asyncio.timeout(timeout):
            await self._arrived.wait_for(lambda: len(self.hellos) >= count)
        return self.hellos[count - 1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            line = await reader.readline()
            if not line:
                return
            hello = CLIENT_LINE.validate_json(line)
            assert isinstance(hello, Hello), f"a front end speaks first with Hello, not {line!r}"
            self._welcome(hello, writer)
            async with self._arrived:
                self.hellos.append(hello)
                self._arrived.notify_all()
            while line := await reader.readline():
                message = CLIENT_LINE.validate_json(line)
                assert isinstance(message, CommandLine)
                _write(writer, await self._answer(message))
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(writer)
            writer.close()

    def _welcome(self, hello: Hello, writer: asyncio.StreamWriter) -> None:
        if hello.protocol != self.protocol:
            text = f"this engine speaks protocol {self.protocol}, the front end {hello.protocol}"
            refused = Refused(protocol=self.protocol, version=self.version, text=text)
            _write(writer, refused)
            return
        epoch = self.snapshot.engine.epoch
        first = self._log[0].seq if self._log else self.snapshot.seq + 1
        after = hello.resume_after
        resumes = hello.epoch == epoch and after is not None and after >= first - 1
        _write(
            writer,
            Welcome(
                protocol=self.protocol,
                version=self.version,
                epoch=epoch,
                may_decide=self.may_decide,
                snapshot=None if resumes else self.snapshot,
            ),
        )
        if resumes and after is not None:
            for line in self._log:
                if line.seq > after:
                    _write(writer, line)
        self._connections.add(writer)

    async def _answer(self, message: CommandLine) -> Reply:
        command = message.command
        try:
            result: Any = self.handlers.get(type(command), lambda _: {})(command)
            if inspect.isawaitable(result):
                result = await result
        except Refusal as error:
            reply = Reply(id=message.id, error=str(error))
        else:
            reply = Reply(id=message.id, result=result or {})
        async with self._arrived:
            self.commands.append(command)
            self._arrived.notify_all()
        return reply

    def _read_transcript(self, command: ReadTranscript) -> dict[str, Any]:
        blocks = self.transcripts.get(command.agent_id, [])
        if command.before is not None:
            blocks = [block for block in blocks if block.id < command.before]
        return {"blocks": [block.model_dump(mode="json") for block in blocks[-command.limit :]]}

    def _search_transcript(self, command: SearchTranscript) -> dict[str, Any]:
        sought = finding.pattern(command.words)
        blocks = self.transcripts.get(command.agent_id, [])
        counts = [(b.id, finding.count(b, sought)) for b in blocks] if sought is not None else []
        return {"matches": [[block_id, times] for block_id, times in counts if times]}


def _write(writer: asyncio.StreamWriter, line: Wire) -> None:
    if not writer.is_closing():
        writer.write(line.model_dump_json().encode() + b"\n")
