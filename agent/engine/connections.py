"""The engine's side of the wire: accepts front ends, sends them events, takes their commands.

A front end can do nothing here that hurts another one: lines are bounded, what cannot be read is
answered or ends that connection alone, and one that does not read is closed once too much waits
for it; it comes back and resumes by number.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue, ValidationError
from pydantic_core import PydanticSerializationError

from agent.engine.peer import credentials, runs_below, runs_in_pane
from agent.engine.stream_protocol import StreamProtocol
from agent.errors import AgentError
from agent.hook import connection as hook
from agent.hub import Hub, well_formed
from agent.protocol.client_lines import CLIENT_LINE, LOOK_COMMANDS, Command, CommandLine
from agent.protocol.commands.agents import (
    ArchiveAgent,
    CreateAgent,
    RenameAgent,
    SetEffort,
    SetMode,
)
from agent.protocol.commands.panes import HoldKeyboard
from agent.protocol.commands.prompts import Compact, ReadTranscript, SendPrompt, Unqueue
from agent.protocol.events import EngineStopping
from agent.protocol.greeting import PROTOCOL, Hello, Refused, Welcome
from agent.protocol.server_lines import MAX_LINE_BYTES, Reply
from agent.protocol.snapshot import Snapshot
from tungsten.version import __version__

if TYPE_CHECKING:
    from agent.hook.asking import Call

MAX_WAITING_BYTES = 2 * MAX_LINE_BYTES
"""What may wait unread for one front end: a whole ring of events and the longest reply."""

MAX_CONNECTIONS = 128
"""Front ends that were admitted."""

MAX_LOOKING = 32
"""Those of them that may only look: programs in panes must not keep a person out."""

MAX_SILENT = 128
"""Connections that have not said who they are; for each further one the oldest is closed. However
many programs connect, the engine has descriptors left for its own work."""

MAX_RUNNING_COMMANDS = 256
"""Commands of one connection that may run at once."""

HELLO_SECONDS = 10.0
"""How long a connection may stay silent before it says who it is."""

GOODBYE_SECONDS = 2.0
"""How long front ends may take to read the last lines when the engine ends."""

Handler = Callable[[Command], Awaitable[dict[str, JsonValue]]]

REPLACED = (
    "A part of Tungsten is not to be found: it was replaced while its engine ran. Run "
    "`tungsten kill-engine`, then `tungsten`: sessions are kept."
)
"""What is said where a module that was not needed until now cannot be loaded any more."""

log = logging.getLogger(__name__)


class Connections:
    """All connected front ends."""

    def __init__(self, hub: Hub, handle: Handler, tmux_socket: Path) -> None:
        self.hub = hub
        self.handle = handle
        self.tmux_socket = tmux_socket
        self.on_count: Callable[[int], None] = lambda count: None
        self.allowed_pids: Callable[[], frozenset[int]] = frozenset
        """The programs in panes of the person's own that an agent may type into."""
        self.answer_hook: hook.Serve = _no_answer
        """Answers the hook of another agent."""
        self._hooks: dict[_Connection, int] = {}
        """Hooks that wait, and how large their questions are."""
        self._open: set[_Connection] = set()
        self._silent: dict[_Connection, None] = {}
        self._admitted: set[_Connection] = set()
        self._commands: set[asyncio.Task[None]] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._lanes: dict[str, asyncio.Lock] = {}
        self._lane_users: Counter[str] = Counter()
        self._server: asyncio.Server | None = None
        self._closing = False

    @property
    def count(self) -> int:
        """Connections open now."""
        return len(self._open)

    def admit(self, connection: _Connection, *, may_decide: bool) -> bool:
        """Take a connection that has said who it is among the front ends, if there is room."""
        self._silent.pop(connection, None)
        looking = sum(not each.may_decide for each in self._admitted)
        if len(self._admitted) >= MAX_CONNECTIONS or (not may_decide and looking >= MAX_LOOKING):
            return False
        self._admitted.add(connection)
        return True

    async def serve_hook(self, connection: _Connection, found: hook.Greeting) -> None:
        """Answer a hook, which may ask and nothing else; in doubt it gets no answer."""
        self._silent.pop(connection, None)
        if len(self._hooks) >= hook.MAX_HOOKS:
            return
        if sum(self._hooks.values()) + found.size > hook.MAX_HELD:
            return
        self._hooks[connection] = found.size
        try:
            await connection.be_hook(found, self.answer_hook)
        finally:
            del self._hooks[connection]

    def person_there(self) -> bool:
        """Whether an app is connected from which a person may decide."""
        return any(each.client == "app" and each.may_decide for each in self._open)

    def deciders(self) -> frozenset[int]:
        """The processes of all front ends from which a person may decide."""
        return frozenset(each.pid for each in self._open if each.may_decide)

    async def listen(self, listener: socket.socket) -> None:
        """Accept front ends on a bound and listening socket from now on."""
        self._server = await asyncio.get_running_loop().create_unix_server(
            lambda: StreamProtocol(self._accept, MAX_LINE_BYTES), sock=listener
        )

    def close(self, reason: str) -> None:
        """Say goodbye to everyone and stop accepting; commands that run go on."""
        self._closing = True
        if self._server is not None:
            self._server.close()
        self.hub.publish(EngineStopping(reason=reason))
        for connection in tuple(self._open):
            connection.close()

    async def finish(self) -> None:
        """End the commands that still run, and see every connection off."""
        for task in tuple(self._commands):
            task.cancel()
        await asyncio.gather(*self._commands, return_exceptions=True)
        if self._serving:
            await asyncio.wait(self._serving, timeout=GOODBYE_SECONDS)
        for connection in tuple(self._open):
            connection.abort()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self, reader, writer)
        self._open.add(connection)
        self._silent[connection] = None
        if len(self._silent) > MAX_SILENT:
            oldest = next(iter(self._silent))
            del self._silent[oldest]
            oldest.abort()
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self.on_count(self.count)
        try:
            await connection.run()
        except (OSError, asyncio.CancelledError):
            pass
        except Exception:
            log.exception("a connection failed")
        finally:
            connection.close()
            self._open.discard(connection)
            self._silent.pop(connection, None)
            self._admitted.discard(connection)
            for agent_id in connection.steers:
                self._abandoned(agent_id)
            for agent_id, pane_id in connection.keyboards:
                self._send(HoldKeyboard(agent_id=agent_id, pane_id=pane_id, on=False))
            self._serving.discard(task)
            self.on_count(self.count)

    def start(self, connection: _Connection, line: CommandLine) -> None:
        """Run a command; commands whose order matters run one after another per agent."""
        task = asyncio.create_task(self._run(connection, line))
        self._commands.add(task)
        task.add_done_callback(self._commands.discard)

    async def _run(self, connection: _Connection, line: CommandLine) -> None:
        command = line.command
        try:
            if isinstance(
                command, SendPrompt | Unqueue | Compact | SetEffort | SetMode | RenameAgent
            ):
                await self._in_lane(connection, line.id, command)
            else:
                await self._answer(connection, line.id, command)
        finally:
            connection.running -= 1

    async def _in_lane(
        self,
        connection: _Connection,
        number: int,
        command: SendPrompt | Unqueue | Compact | SetEffort | SetMode | RenameAgent,
    ) -> None:
        lane = self._lanes.setdefault(command.agent_id, asyncio.Lock())
        self._lane_users[command.agent_id] += 1
        try:
            async with lane:
                await self._answer(connection, number, command)
        finally:
            self._lane_users[command.agent_id] -= 1
            if not self._lane_users[command.agent_id]:
                del self._lane_users[command.agent_id]
                del self._lanes[command.agent_id]

    async def _answer(self, connection: _Connection, number: int, command: Command) -> None:
        if isinstance(command, HoldKeyboard) and not self._is_news(connection, command):
            connection.reply(Reply(id=number))
            return
        try:
            result = await self.handle(command)
        except AgentError as error:
            connection.reply(Reply(id=number, error=one_line(error)))
            return
        except ImportError:
            log.exception("the command %s failed", command.type)
            connection.reply(Reply(id=number, error=REPLACED))
            return
        except Exception as error:
            log.exception("the command %s failed", command.type)
            text = f"The engine could not do this ({type(error).__name__}); its log says more."
            connection.reply(Reply(id=number, error=text))
            return
        if isinstance(command, CreateAgent) and (
            command.kind == "mcp" or connection.client == "headless"
        ):
            connection.steers.append(str(result["agent_id"]))
            if connection not in self._open:
                self._abandoned(str(result["agent_id"]))
        # Nothing may be awaited between the handler's return and the reply: a transcript holds
        # every event up to this number and none after it.
        if isinstance(command, ReadTranscript):
            self.hub.flush()
            result = {**result, "seq": self.hub.seq}
        connection.reply(Reply(id=number, result=result))

    def _is_news(self, connection: _Connection, command: HoldKeyboard) -> bool:
        """Whether a front end takes a keyboard that it has not, or gives one back that it has."""
        pane = (command.agent_id, command.pane_id)
        if (pane in connection.keyboards) == command.on or connection not in self._open:
            return False
        connection.keyboards ^= {pane}
        return True

    def _abandoned(self, agent_id: str) -> None:
        """End a session whose program can never be heard of again, however it ended."""
        self._send(ArchiveAgent(agent_id=agent_id))

    def _send(self, command: Command) -> None:
        """Carry out what follows from the end of a connection."""
        if self._closing:
            return
        task = asyncio.create_task(self._follow_up(command))
        self._commands.add(task)
        task.add_done_callback(self._commands.discard)

    async def _follow_up(self, command: Command) -> None:
        try:
            await self.handle(command)
        except AgentError:
            # What it is about went away by itself.
            return
        except Exception:
            log.exception("%s, at the end of a connection, failed", command.type)


class _Connection:
    """One front end."""

    def __init__(
        self, owner: Connections, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.running = 0
        self.steers: list[str] = []
        """Sessions that nobody else follows: they end with this connection."""
        self.keyboards: set[tuple[str, str]] = set()
        """Agents and panes whose keyboard a person has here."""
        self._owner = owner
        self._reader = reader
        self._transport = writer.transport
        self._writer = writer
        self.client = ""
        self.may_decide = False
        self.pid = 0
        self._unsubscribe: Callable[[], None] = lambda: None

    async def run(self) -> None:
        """Serve the connection until it ends."""
        async with asyncio.timeout(HELLO_SECONDS):
            first = await self._read_line()
        if first is None:
            return
        if (found := hook.greeting(parse_object(first))) is not None:
            await self._owner.serve_hook(self, found)
            return
        if not self._admit(first):
            return
        while (line := await self._read_line()) is not None:
            if not self._take(line):
                return

    async def be_hook(self, found: hook.Greeting, answer: hook.Serve) -> None:
        """Serve the connection of a hook until it is answered or gone."""
        peer = credentials(self._writer.get_extra_info("socket"))
        if peer.uid == os.getuid():
            await hook.serve(found, self._reader, self._writer, peer.pid, answer)

    def receive(self, line: bytes) -> None:
        """Send an event; a front end that does not read is dropped rather than waited for."""
        if self._transport.is_closing():
            return
        self._transport.write(line)
        if self._waiting_bytes() > MAX_WAITING_BYTES:
            log.warning("a front end does not read; its connection is closed")
            self.abort()

    def reply(self, reply: Reply) -> None:
        """Answer a command, with all earlier events before the answer."""
        self._owner.hub.flush()
        try:
            line = reply.model_dump_json().encode() + b"\n"
        except PydanticSerializationError:
            reply = Reply.model_validate(well_formed(reply.model_dump()))
            line = reply.model_dump_json().encode() + b"\n"
        if len(line) > MAX_LINE_BYTES:
            error = "The answer is too long for one line; ask for less at once."
            line = Reply(id=reply.id, error=error).model_dump_json().encode() + b"\n"
        self.receive(line)

    def close(self) -> None:
        """End the connection after what was written has been sent."""
        self._unsubscribe()
        self._writer.close()

    def abort(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    def _waiting_bytes(self) -> int:
        size: int = self._transport.get_write_buffer_size()
        return size

    async def _read_line(self) -> bytes | None:
        try:
            return await self._reader.readuntil(b"\n")
        except asyncio.IncompleteReadError:
            return None
        except asyncio.LimitOverrunError:
            self._refuse("A line was longer than the engine accepts.")
            return None

    def _admit(self, first: bytes) -> bool:
        peer = credentials(self._writer.get_extra_info("socket"))
        if peer.uid != os.getuid():
            return self._refuse("This engine belongs to another user.")
        greeting = parse_object(first)
        if greeting is None or greeting.get("type") != "hello":
            return self._refuse("The first line is not a greeting of a Tungsten front end.")
        if greeting.get("protocol") != PROTOCOL or greeting.get("version") != __version__:
            return self._refuse(
                f"This engine is version {__version__}: run `tungsten kill-engine`, then start "
                "again; sessions and panes stay."
            )
        try:
            hello = Hello.model_validate(greeting)
        except ValidationError:
            return self._refuse("The greeting cannot be read.")
        self.client = hello.client
        self.pid = peer.pid or 0
        self.may_decide = not (
            runs_in_pane(peer.pid, self._owner.tmux_socket)
            or runs_below(self.pid, self._owner.allowed_pids())
        )
        if not self._owner.admit(self, may_decide=self.may_decide):
            return self._refuse("Too many connections; close a front end, then try again.")
        self._welcome(hello)
        return True

    def _welcome(self, hello: Hello) -> None:
        hub = self._owner.hub
        missed = None
        if hello.epoch == hub.epoch and hello.resume_after is not None:
            missed = hub.lines_since(hello.resume_after)
        welcome = Welcome(
            version=__version__,
            epoch=hub.epoch,
            may_decide=self.may_decide,
            snapshot=hub.snapshot() if missed is None else None,
        )
        line = welcome.model_dump_json().encode() + b"\n"
        if welcome.snapshot is not None and len(line) > MAX_LINE_BYTES:
            snapshot = _without_diffs(welcome.snapshot)
            line = welcome.model_copy(update={"snapshot": snapshot}).model_dump_json().encode()
            line += b"\n"
        self._transport.write(line)
        if missed:
            self._transport.write(b"".join(missed))
        self._unsubscribe = hub.subscribe(self)

    def _refuse(self, text: str) -> bool:
        refused = Refused(version=__version__, text=text)
        self._transport.write(refused.model_dump_json().encode() + b"\n")
        return False

    def _take(self, line: bytes) -> bool:
        """Start one command; False when the connection must end."""
        try:
            parsed = CLIENT_LINE.validate_json(line)
        except ValidationError as error:
            return self._reject(line, error)
        if isinstance(parsed, Hello):
            return self._refuse("The greeting was already given.")
        command = parsed.command
        if not self.may_decide and command.type not in LOOK_COMMANDS:
            text = "A connection from inside an agent's pane may look, never decide."
            self.reply(Reply(id=parsed.id, error=text))
            return True
        if self.running >= MAX_RUNNING_COMMANDS:
            text = "Too many commands run at once; wait for some to end."
            self.reply(Reply(id=parsed.id, error=text))
            return True
        self.running += 1
        self._owner.start(self, parsed)
        return True

    def _reject(self, line: bytes, error: ValidationError) -> bool:
        number = (parse_object(line) or {}).get("id")
        if not isinstance(number, int) or isinstance(number, bool):
            return self._refuse("A line is not a command of this protocol.")
        # What was sent may hold a key, so the input itself is never repeated.
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"][1:]) or "command"
        text = f"This command cannot be read: {place}: {first['msg']}."
        self.reply(Reply(id=number, error=text))
        return True


async def _no_answer(call: Call) -> bytes:
    return b""


def _without_diffs(snapshot: Snapshot) -> Snapshot:
    """The same state without the texts that may be largest: else nobody could connect any more."""
    gates = tuple(
        gate.model_copy(update={"diff": "(too large to show: look at the file)"})
        if gate.diff
        else gate
        for gate in snapshot.gates
    )
    return snapshot.model_copy(update={"gates": gates})


def parse_object(line: bytes) -> dict[str, JsonValue] | None:
    """Read one JSON object, None when it is something else."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def one_line(error: BaseException) -> str:
    """The text of an error as one line."""
    return " ".join(str(error).split()) or type(error).__name__
