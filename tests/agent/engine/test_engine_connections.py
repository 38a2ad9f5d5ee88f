"""The engine's side of the wire, against sockets that behave well and sockets that do not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.engine import connections as connections_module
from agent.engine.client import EngineClient
from agent.engine.connections import Connections
from agent.engine.singleton import claim
from agent.errors import (
    AgentError,
    CommandRefused,
    EngineGone,
    EngineUnreachable,
    EngineVersionDiffers,
)
from agent.hub import Hub
from agent.paths import Paths
from agent.protocol.client_lines import Command
from agent.protocol.commands.agents import ListSessions
from agent.protocol.commands.gates import Decide
from agent.protocol.commands.panes import HoldKeyboard
from agent.protocol.commands.prompts import Interrupt, ReadTranscript, SendPrompt
from agent.protocol.events import BlockDelta, EngineStopping, Notice
from agent.protocol.greeting import PROTOCOL
from tungsten.version import __version__


async def until(condition: Callable[[], object]) -> None:
    """Let the loop run until something is so; the test's own time limit bounds it."""
    while not condition():  # noqa: ASYNC110 - there is nothing to wait on from outside
        await asyncio.sleep(0.002)


class Served:
    """A hub behind real connections, with commands that a test can hold back."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.hub = Hub()
        self.connections = Connections(self.hub, self.handle, paths.tmux_socket)
        self.commands: list[Command] = []
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.text = ""

    async def handle(self, command: Command) -> dict[str, Any]:
        await self.go_on.wait()
        self.commands.append(command)
        if isinstance(command, Decide):
            raise AgentError("This gate is\nalready closed.")
        if isinstance(command, ReadTranscript):
            return {"text": self.text}
        return {"ok": True}

    def stream(self, text: str) -> None:
        self.text += text
        self.hub.publish(BlockDelta(agent_id="a", block_id=1, text=text))

    def say(self, text: str) -> None:
        self.hub.publish(Notice(level="information", text=text))


@asynccontextmanager
async def serving(paths: Paths) -> AsyncIterator[Served]:
    served = Served(paths)
    own = claim(paths)
    assert own is not None
    await served.connections.listen(own.listener)
    try:
        yield served
    finally:
        served.connections.close("test ends")
        await served.connections.finish()
        own.release()


@pytest.fixture
async def served(paths: Paths) -> AsyncIterator[Served]:
    async with serving(paths) as made:
        yield made


async def raw(paths: Paths) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_unix_connection(str(paths.engine_socket), limit=2**25)


def greeting(**more: object) -> bytes:
    hello = {"type": "hello", "protocol": PROTOCOL, "version": __version__, **more}
    return json.dumps(hello).encode() + b"\n"


async def events_until(client: EngineClient, seq: int) -> list[int]:
    seen = []
    async for line in client.events():
        seen.append(line.seq)
        if line.seq >= seq:
            break
    return seen


async def test_snapshot_then_events_then_replies(served: Served) -> None:
    served.say("before")
    client = await EngineClient.connect(served.paths, start=False)
    assert client.welcome.may_decide
    assert client.welcome.snapshot is not None
    assert client.welcome.snapshot.seq == 1
    served.say("after")
    assert await client.send(ListSessions()) == {"ok": True}
    assert await events_until(client, 2) == [2]
    with pytest.raises(CommandRefused, match=r"^This gate is already closed\.$"):
        await client.send(Decide(gate_id="g", decision="approve"))
    await client.close()
    with pytest.raises(EngineGone):
        await client.send(ListSessions())


async def test_a_keyboard_that_was_taken_is_given_back_at_the_end_of_its_connection(
    served: Served,
) -> None:
    taken = HoldKeyboard(agent_id="a", pane_id="%1", on=True)
    given = HoldKeyboard(agent_id="a", pane_id="%1", on=False)
    first = await EngineClient.connect(served.paths, start=False)
    second = await EngineClient.connect(served.paths, start=False)
    await second.send(given)
    for _ in range(2):
        await first.send(taken)
    await second.send(taken)
    assert served.commands == [taken, taken]
    await first.send(given)
    await first.send(given)
    assert served.commands == [taken, taken, given]
    # As a killed app: it says nothing more.
    second._writer.transport.abort()
    await until(lambda: served.connections.count == 1)
    await until(lambda: len(served.commands) == 4)
    assert served.commands[-1] == given
    await first.close()
    await until(lambda: served.connections.count == 0)
    assert len(served.commands) == 4


async def test_text_that_is_not_unicode_is_shown_with_marks(served: Served) -> None:
    served.say("before \udcff")
    client = await EngineClient.connect(served.paths, start=False)
    served.say("a name \udcff\udcfe on the disk")
    served.text = "a name \udcff"
    result = await client.send(ReadTranscript(agent_id="a"))
    assert result["text"] == "a name ?"
    line = await anext(client.events())
    assert isinstance(line.event, Notice)
    assert line.event.text == "a name ?? on the disk"
    await client.close()


async def test_a_fault_in_one_command_hurts_nobody(served: Served) -> None:
    async def broken(command: Command) -> dict[str, Any]:
        raise ZeroDivisionError("a detail nobody needs")

    client = await EngineClient.connect(served.paths, start=False)
    served.connections.handle = broken
    with pytest.raises(CommandRefused, match="ZeroDivisionError") as caught:
        await client.send(ListSessions())
    assert "detail" not in str(caught.value)

    async def replaced(command: Command) -> dict[str, Any]:
        raise ModuleNotFoundError("No module named 'agent.elsewhere'", name="agent.elsewhere")

    served.connections.handle = replaced
    with pytest.raises(CommandRefused, match=r"replaced while its engine ran.*kill-engine"):
        await client.send(ListSessions())
    served.connections.handle = served.handle
    assert await client.send(ListSessions()) == {"ok": True}
    await client.close()


@pytest.mark.parametrize("seed", range(6))
async def test_resume_after_any_disconnect_loses_and_repeats_nothing(
    served: Served, seed: int
) -> None:
    import random

    chance = random.Random(seed)
    client = await EngineClient.connect(served.paths, start=False)
    seen: list[int] = []
    texts: list[str] = []

    async def publish() -> None:
        for index in range(400):
            if chance.random() < 0.5:
                served.stream(f"{index},")
            else:
                served.say(f"{index},")
            if chance.random() < 0.2:
                await asyncio.sleep(0)
        served.hub.flush()

    async def follow() -> None:
        nonlocal client
        publishing = asyncio.create_task(publish())
        while not (publishing.done() and client.seq == served.hub.seq):
            stop_after = chance.randrange(1, 30)
            async for line in client.events():
                seen.append(line.seq)
                if isinstance(line.event, BlockDelta | Notice):
                    texts.append(line.event.text)
                stop_after -= 1
                if not stop_after or (publishing.done() and line.seq == served.hub.seq):
                    break
            await client.close()
            client = await client.again(start=False)
            assert client.welcome.snapshot is None
        await publishing

    await asyncio.wait_for(follow(), 20)
    await client.close()
    assert seen == list(range(1, served.hub.seq + 1))
    numbers = sorted(int(n) for text in texts for n in text.split(",") if n)
    assert numbers == list(range(400))


async def test_events_that_are_no_longer_kept_bring_a_snapshot(served: Served) -> None:
    served.hub._ring_events = 5
    for index in range(20):
        served.say(str(index))
    for resume_after, epoch in ((3, served.hub.epoch), (18, "another"), (21, served.hub.epoch)):
        client = await EngineClient.connect(
            served.paths, start=False, epoch=epoch, resume_after=resume_after
        )
        assert client.welcome.snapshot is not None
        assert client.seq == 20
        await client.close()


async def test_a_transcript_says_which_events_it_holds(served: Served) -> None:
    client = await EngineClient.connect(served.paths, start=False)
    for index in range(20):
        served.stream(f"{index} ")
    answer = await client.send(ReadTranscript(agent_id="a"))
    served.stream("tail")
    served.hub.flush()
    assert answer["text"] == "".join(f"{index} " for index in range(20))
    later = ""
    async for line in client.events():
        if isinstance(line.event, BlockDelta) and line.seq > answer["seq"]:
            later += line.event.text
        if line.seq == served.hub.seq:
            break
    assert later == "tail"
    await client.close()


async def test_prompts_of_one_agent_keep_their_order_and_interrupts_pass(served: Served) -> None:
    client = await EngineClient.connect(served.paths, start=False)
    served.go_on.clear()
    sends = [
        asyncio.create_task(client.send(SendPrompt(agent_id="a", text=str(index))))
        for index in range(50)
    ]
    interrupt = asyncio.create_task(client.send(Interrupt(agent_id="a")))
    # Until all have begun: the interrupt was sent, and so begins, last.
    await until(lambda: len(served.connections._commands) == 51)
    await until(lambda: served.connections._lane_users["a"] == 50)
    await asyncio.sleep(0.002)
    served.go_on.set()
    await asyncio.gather(*sends, interrupt)
    prompts = [command.text for command in served.commands if isinstance(command, SendPrompt)]
    assert prompts == [str(index) for index in range(50)]
    assert served.commands.index(Interrupt(agent_id="a")) < 10
    await client.close()


async def test_a_front_end_that_does_not_read_is_dropped_and_resumes(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections_module, "MAX_WAITING_BYTES", 200_000)
    stalled = socket.socket(socket.AF_UNIX)
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stalled.setblocking(False)
    stalled.connect(str(served.paths.engine_socket))
    stalled.send(greeting())
    other = await EngineClient.connect(served.paths, start=False)
    await until(lambda: len(served.hub._receivers) == 2)
    for index in range(600):
        served.say(f"{index}" + "x" * 1000)
        if index % 50 == 0:
            await asyncio.sleep(0)
    assert await events_until(other, 600) == list(range(1, 601))
    await until(lambda: served.connections.count == 1)
    stalled.close()
    back = await EngineClient.connect(
        served.paths, start=False, epoch=served.hub.epoch, resume_after=10
    )
    assert await events_until(back, 600) == list(range(11, 601))
    await back.close()
    await other.close()


async def test_another_version_is_refused_on_both_sides(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = await raw(served.paths)
    writer.write(greeting(protocol=99, version="9.9", something_new=[1]))
    answer = json.loads(await reader.readline())
    assert answer["type"] == "refused"
    assert "kill-engine" in answer["text"]
    assert await reader.read() == b""
    writer.close()
    monkeypatch.setattr("agent.engine.client.__version__", "9.9")
    with pytest.raises(
        EngineVersionDiffers, match=r"tungsten kill-engine.*sessions and panes stay"
    ):
        await EngineClient.connect(served.paths, start=False)


async def test_something_else_on_the_socket_is_named(paths: Paths) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\n")
        writer.close()

    server = await asyncio.start_unix_server(talk, str(paths.engine_socket))
    with pytest.raises(EngineUnreachable, match="is not an engine"):
        await EngineClient.connect(paths, start=False)
    server.close()
    await server.wait_closed()


async def test_nothing_runs_and_nothing_is_started(paths: Paths) -> None:
    with pytest.raises(EngineUnreachable, match="No engine is running"):
        await EngineClient.connect(paths, start=False)


@pytest.mark.parametrize(
    "first",
    [
        b"\n",
        b"\xff\xfe\x00\n",
        b"[1]\n",
        b'{"type":"command"}\n',
        b'{"type":"hello"}\n',
        b"[" * 5000 + b"\n",
        b'{"type":"hello","protocol":1,"version":"' + __version__.encode() + b'","extra":1}\n',
    ],
)
async def test_a_bad_greeting_is_refused_in_one_line(served: Served, first: bytes) -> None:
    reader, writer = await raw(served.paths)
    writer.write(first)
    answer = json.loads(await reader.readline())
    assert answer["type"] == "refused"
    assert await reader.read() == b""
    writer.close()


async def test_a_line_that_is_too_long_ends_that_connection_alone(paths: Paths) -> None:
    connections_module_limit = connections_module.MAX_LINE_BYTES
    connections_module.MAX_LINE_BYTES = 5000
    try:
        async with serving(paths) as served:
            other = await EngineClient.connect(paths, start=False)
            reader, writer = await raw(paths)
            writer.write(greeting())
            assert json.loads(await reader.readline())["type"] == "welcome"
            writer.write(b'{"type":"command","id":1,"x":"' + b"x" * 50_000)
            rest = await reader.read()
            assert json.loads(rest)["type"] == "refused"
            writer.close()
            assert await other.send(ListSessions()) == {"ok": True}
            await other.close()
            assert served.commands == [ListSessions()]
    finally:
        connections_module.MAX_LINE_BYTES = connections_module_limit


@given(
    st.lists(st.one_of(st.binary(max_size=80), st.text(max_size=60).map(str.encode)), max_size=8)
)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_garbage_never_hurts_anyone(paths: Paths, pieces: list[bytes]) -> None:
    async with serving(paths) as served:
        good = await EngineClient.connect(paths, start=False)
        for opening in (b"", greeting()):
            reader, writer = await raw(paths)
            writer.write(opening + b"\n".join(pieces) + b"\n")
            writer.write_eof()
            await reader.read()
            writer.close()
        served.say("still here")
        assert await good.send(ListSessions()) == {"ok": True}
        assert await events_until(good, 1) == [1]
        await good.close()


async def test_an_unknown_command_is_answered_without_repeating_what_was_sent(
    served: Served,
) -> None:
    reader, writer = await raw(served.paths)
    writer.write(greeting())
    await reader.readline()
    for command in ({"type": "explode"}, {"type": "configure", "provider": "x", "api_key": "sk-1"}):
        line = {"type": "command", "id": 7, "command": command}
        writer.write(json.dumps(line).encode() + b"\n")
        answer = json.loads(await reader.readline())
        assert answer["id"] == 7
        assert answer["error"]
        assert "sk-1" not in answer["error"]
        assert "\n" not in answer["error"]
    writer.close()


async def test_too_many_commands_at_once_are_refused_and_deciding_still_works(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections_module, "MAX_RUNNING_COMMANDS", 10)
    client = await EngineClient.connect(served.paths, start=False)
    served.go_on.clear()
    held = [asyncio.create_task(client.send(ListSessions())) for _ in range(11)]
    done, _ = await asyncio.wait(held, return_when=asyncio.FIRST_COMPLETED)
    (refused,) = done
    with pytest.raises(CommandRefused, match="Too many commands"):
        await refused
    served.go_on.set()
    await asyncio.gather(*held, return_exceptions=True)
    assert await client.send(ListSessions()) == {"ok": True}
    await client.close()


async def test_a_silent_connection_is_closed(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections_module, "HELLO_SECONDS", 0.01)
    reader, writer = await raw(served.paths)
    assert await reader.read() == b""
    writer.close()


async def test_silent_connections_make_way_and_keep_nobody_out(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections_module, "MAX_SILENT", 5)
    silent = [await raw(served.paths) for _ in range(20)]
    for reader, _ in silent[:15]:
        assert await reader.read() == b""
    client = await EngineClient.connect(served.paths, start=False)
    assert await client.send(ListSessions()) == {"ok": True}
    await until(lambda: served.connections.count == 5)
    for _, writer in silent:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    await client.close()


async def test_programs_in_panes_leave_room_for_a_person(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections_module, "MAX_LOOKING", 2)
    inside = True
    monkeypatch.setattr(connections_module, "runs_in_pane", lambda *_: inside)
    looking = [await EngineClient.connect(served.paths, start=False) for _ in range(2)]
    with pytest.raises(EngineUnreachable, match="Too many connections"):
        await EngineClient.connect(served.paths, start=False)
    inside = False
    person = await EngineClient.connect(served.paths, start=False)
    assert person.welcome.may_decide
    await looking[0].close()
    await until(lambda: served.connections.count == 2)
    inside = True
    looking[0] = await EngineClient.connect(served.paths, start=False)
    for client in (*looking, person):
        await client.close()


async def test_goodbye_is_said_before_the_connection_ends(paths: Paths) -> None:
    async with serving(paths):
        client = await EngineClient.connect(paths, start=False)
    last = [line.event async for line in client.events()]
    assert last == [EngineStopping(reason="test ends")]
    assert client.stopping == "test ends"
    await client.close()


async def test_ending_does_not_wait_for_a_front_end_that_does_not_read(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections_module, "GOODBYE_SECONDS", 0.01)
    async with serving(paths) as served:
        stalled = socket.socket(socket.AF_UNIX)
        stalled.setblocking(False)
        stalled.connect(str(paths.engine_socket))
        stalled.send(greeting())
        await until(lambda: len(served.hub._receivers) == 1)
        served.say("x" * 1_000_000)
    assert served.connections.count == 0
    stalled.close()


async def test_a_decision_counts_though_its_sender_is_gone(served: Served) -> None:
    reader, writer = await raw(served.paths)
    line = {"id": 1, "type": "command", "command": {"type": "interrupt", "agent_id": "a"}}
    writer.write(greeting() + json.dumps(line).encode() + b"\n")
    writer.close()
    await until(lambda: served.commands == [Interrupt(agent_id="a")])
    await reader.read()


@pytest.mark.parametrize("half", [False, True])
async def test_a_decision_counts_though_its_sender_is_gone_before_the_next_event(
    served: Served, half: bool
) -> None:
    sender = socket.socket(socket.AF_UNIX)
    sender.connect(str(served.paths.engine_socket))
    sender.sendall(greeting())
    await until(lambda: len(served.hub._receivers) == 1)
    decisions = [Interrupt(agent_id=str(number)) for number in range(3)]
    for number, command in enumerate(decisions, 1):
        line = {"id": number, "type": "command", "command": command.model_dump()}
        sender.sendall(json.dumps(line).encode() + b"\n")
    if half:
        sender.sendall(b'{"id": 9, "type": "command", "comm')
    sender.close()
    # Writing fails before anything of it was read.
    served.say("x")
    await until(lambda: served.connections.count == 0)
    await until(lambda: len(served.commands) == 3)
    assert served.commands == decisions
