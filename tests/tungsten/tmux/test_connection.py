"""A Terminal whose tmux clients end while its server lives."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tungsten.errors import NotAtPrompt, OutcomeUnknown, ServerGone
from tungsten.pane import ForBell, ForExit, ForPrompt, ForText, Pane
from tungsten.screen.frame import Frame
from tungsten.screen.view import LiveView
from tungsten.terminal import PaneClosed, PaneDied, Terminal, TerminalEvent
from tungsten.tmux.connection import RENEWALS, Connection, at_least_once, repeatable
from tungsten.tmux.control_client import ControlClient


def pid_of(client: ControlClient) -> int:
    return int(client.name.removeprefix("client-"))


def kill(client: ControlClient) -> None:
    os.kill(pid_of(client), signal.SIGKILL)


async def ended(connection: Connection) -> None:
    """Kill its client, which the server may serve for an instant more, until that is seen."""
    client = connection.client
    kill(connection)
    await asyncio.wait_for(client.closed.wait(), 10)


async def forever(connection: Connection) -> None:
    while True:
        with contextlib.suppress(OutcomeUnknown):
            await connection.command("wait-for", "never")


class Stopped:
    """The server does nothing inside: what is sent to it is sent, and not answered."""

    def __init__(self, terminal: Terminal) -> None:
        self._pid = terminal._server_pid

    def __enter__(self) -> None:
        os.kill(self._pid, signal.SIGSTOP)

    def __exit__(self, *_: object) -> None:
        os.kill(self._pid, signal.SIGCONT)


@pytest.fixture(params=["main", "channel", "watch", "all"])
async def broken(
    request: pytest.FixtureRequest, terminal: Terminal
) -> AsyncIterator[Callable[[], None]]:
    """Ends one of the connections of the terminal, or all."""
    watch = await terminal.watch()
    assert terminal._channel is not None
    assert watch._channel is not None
    connections = {
        "main": terminal.client,
        "channel": terminal._channel.client,
        "watch": watch._channel.client,
    }
    which = list(connections) if request.param == "all" else [request.param]

    def end() -> None:
        for name in which:
            kill(connections[name])

    yield end
    for connection in connections.values():
        assert not connection.closed.is_set()


@pytest.mark.parametrize(
    ("argv", "twice"),
    [
        (("capture-pane", "-p", "-t", "%1"), True),
        (("capture-pane", "-t", "%1"), False),
        (("display-message", "x"), False),
        (("list-panes", "-a"), True),
        (("resize-window", "-t", "%1", "-x", "80", "-y", "24"), True),
        (("resize-window", "-t", "%1", "-U", "3"), False),
        (("set-option", "-p", "-t", "%1", "@x", "-a"), True),
        (("set-option", "-a", "-t", "%1", "@x", "y"), False),
        (("set-option", "-g", "status"), False),
        (("set-option", "-pu", "-t", "%1", "@x"), True),
        (("set-hook", "-gu", "pane-died[3]"), True),
        (("set-hook", "-ga", "pane-died", "x"), False),
        (("send-keys", "-t", "%1", "x"), False),
        (("new-session", "-d"), False),
        (("kill-session", "-C", "-t", "x"), False),
    ],
)
def test_what_may_run_twice(argv: tuple[str, ...], twice: bool) -> None:
    assert repeatable(argv) is twice


async def test_the_next_command_finds_a_new_client(terminal: Terminal) -> None:
    client = terminal.client
    for _ in range(3):
        before, inner = client.name, client.client
        kill(client)
        # At once, before anybody can know; and after.
        assert await client.command("display-message", "-p", "1") == ["1"]
        assert await client.pipeline([("display-message", "-p", "2")]) == [["2"]]
        await asyncio.wait_for(inner.closed.wait(), 10)
        assert await client.command("set-option", "-g", "@x", "y") == []
        assert client.name != before
    assert not client.closed.is_set()


async def test_libtmux_goes_on_while_there_is_no_client(terminal: Terminal, pane: Pane) -> None:
    for _ in range(3):
        await ended(terminal.client)
        assert pane.id in {found.pane_id for found in terminal.server.panes}
        assert terminal.client.call("display-message", "-p", "plain") == ["plain"]
        thread = asyncio.to_thread(terminal.client.call, "display-message", "-p", "thread")
        assert await thread == ["thread"]


async def test_lost_replies_are_said_and_reads_repeated(terminal: Terminal, pane: Pane) -> None:
    await pane.wait(ForPrompt(), 10)
    client = terminal.client
    with Stopped(terminal):
        reading = asyncio.create_task(pane.capture())
        listing = asyncio.create_task(client.command("list-panes", "-a"))
        typing = asyncio.create_task(pane.send_text("echo x"))
        mixed = asyncio.create_task(
            client.pipeline([("display-message", "-p", "1"), ("set-buffer", "-b", "b", "1")])
        )
        # They are on the wire before the client ends.
        await asyncio.sleep(0.05)
        # A killed one may be served to its end: this loses the replies for certain.
        client.client._end("broken")
    assert (await reading).text
    assert await listing
    for lost in (typing, mixed):
        with pytest.raises(OutcomeUnknown, match="unknown") as said:
            await lost
        assert "\n" not in str(said.value)
    # Whichever of the two it was, it was not done again.
    assert (await pane.line()) in ("", "echo x")


async def test_nothing_is_typed_twice(terminal: Terminal, tmp_path: Path) -> None:
    """Keys that were acknowledged are there once, and those that were not at most once."""
    rng = random.Random(7)
    pane = await terminal.new_pane(name="cat", cwd=tmp_path, command="echo on; cat > typed")
    assert (await pane.wait(ForText("^on"), 10)).met
    said: set[int] = set()
    unknown: set[int] = set()
    going = True

    async def typing(lane: int) -> None:
        for n in range(lane, 300, 3):
            try:
                await pane.send_text(f"<{n}>\n")
                said.add(n)
            except OutcomeUnknown:
                unknown.add(n)

    async def killing() -> None:
        while going:
            await asyncio.sleep(rng.random() * 0.02)
            if not terminal.client.client.closed.is_set():
                kill(terminal.client)
            # Few enough for the connection to go on.
            await asyncio.sleep(10 / RENEWALS)

    killer = asyncio.create_task(killing())
    await asyncio.gather(*(typing(lane) for lane in range(3)))
    going = False
    await killer
    await pane.send_keys("C-d")
    assert (await pane.wait(ForExit(), 10)).met
    typed = (tmp_path / "typed").read_text().split()
    assert len(typed) == len(set(typed))
    found = {int(word.strip("<>")) for word in typed}
    assert said <= found <= said | unknown
    assert len(said) + len(unknown) == 300


async def test_a_command_under_way_ends_with_its_status(
    terminal: Terminal, pane: Pane, broken: Callable[[], None]
) -> None:
    running = asyncio.create_task(
        pane.run("echo begun; sleep 0.4; echo over; (exit 3)", timeout=20)
    )
    assert (await pane.wait(ForText("^begun"), 10)).met
    broken()
    result = await running
    assert (result.exit_status, result.output) == (3, "begun\nover\n")
    assert (await pane.run("echo again", timeout=10)).output == "again\n"


async def test_a_line_whose_entry_was_not_answered(terminal: Terminal, pane: Pane) -> None:
    await pane.wait(ForPrompt(), 10)
    for n in range(4):
        await pane.capture()
        with Stopped(terminal):
            running = asyncio.create_task(pane.run(f"echo n={n} >> log; echo {n}", timeout=20))
            await asyncio.sleep(0.05)
            terminal.client.client._end("broken")
        assert (await running).output == f"{n}\n"
    log = await pane.run("cat log", timeout=10)
    assert log.output == "n=0\nn=1\nn=2\nn=3\n"


@pytest.mark.parametrize("asking", [False, True])
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
async def test_a_line_runs_once_whenever_the_connection_breaks(
    terminal: Terminal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shell: str,
    asking: bool,
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")
    # It breaks more often than a connection bears.
    monkeypatch.setattr("tungsten.tmux.connection.WITHIN", 0.0)
    rng = random.Random(f"{shell}{asking}")
    pane = await terminal.new_pane(name="x", cwd=tmp_path, shell=shell)
    await pane.run("true", timeout=20)
    said = []
    refused = []

    async def allow() -> None:
        pass

    for n in range(25):
        command = f"echo {n} >> log; echo said{n}"
        before = allow if asking else None
        running = asyncio.create_task(pane.run(command, timeout=30, before_enter=before))
        await asyncio.sleep(rng.random() * 0.02)
        terminal.client.client._end("broken")
        try:
            result = await running
        except OutcomeUnknown:
            await pane.wait(ForPrompt(), 20)
            continue
        except NotAtPrompt:
            refused.append(str(n))
            continue
        assert (result.ended, result.output) == ("prompt", f"said{n}\n")
        said.append(str(n))
    log = (tmp_path / "log").read_text().split()
    assert len(log) == len(set(log))
    assert set(said) <= set(log)
    assert not set(refused) & set(log)
    # Nearly always it can be known.
    assert len(said) > 20


async def test_what_happened_meanwhile_is_found(terminal: Terminal, tmp_path: Path) -> None:
    told: list[TerminalEvent] = []
    both = asyncio.Event()

    def tell(event: TerminalEvent) -> None:
        told.append(event)
        if len(told) == 2:
            both.set()

    terminal.subscribe(tell)
    program = await terminal.new_pane(name="a", cwd=tmp_path, command="read; exit 7")
    closed = await terminal.new_pane(name="b", cwd=tmp_path)
    shell = await terminal.new_pane(name="c", cwd=tmp_path)
    await shell.wait(ForPrompt(), 10)
    waiting = [
        asyncio.create_task(program.wait(ForExit(), 20)),
        asyncio.create_task(shell.wait(ForText("^seen"), 20)),
        asyncio.create_task(shell.wait(ForBell(), 20)),
    ]
    await asyncio.sleep(0.3)
    assert terminal._channel is not None
    channel = (await terminal.watch())._channel
    assert channel is not None
    # So that nothing is told to those that are there until they are gone.
    connections = [terminal.client, terminal._channel.client, channel.client]
    pids = [pid_of(connection) for connection in connections]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    other = await ControlClient.connect(terminal.socket, session="tungsten")
    await other.pipeline(
        [
            ("send-keys", "-t", program.id, "Enter"),
            ("kill-pane", "-t", closed.id),
            ("send-keys", "-t", shell.id, "clear; printf 'seen\\a\\n'", "Enter"),
        ]
    )
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    await other.close()
    for wait in waiting:
        assert (await wait).met
    await asyncio.wait_for(both.wait(), 10)
    assert set(told) == {PaneDied(program.id, 7), PaneClosed(closed.id)}


async def test_a_pane_whose_making_was_not_answered(terminal: Terminal, tmp_path: Path) -> None:
    for n in range(3):
        with Stopped(terminal):
            making = asyncio.create_task(terminal.new_pane(name="made", cwd=tmp_path))
            await asyncio.sleep(0.05)
            terminal.client.client._end("broken")
        pane = await making
        assert (await pane.run("echo up", timeout=10)).output == "up\n"
        # It was made once.
        assert len(await terminal.panes()) == n + 1
        listed = await terminal.client.command("list-sessions", "-F", "#{session_name}")
        assert sum(name.startswith("made") for name in listed) == n + 1


@pytest.mark.parametrize("argv", [("detach-client", "-a"), ("kill-session", "-t", "=tungsten")])
async def test_sent_away_by_tmux(terminal: Terminal, pane: Pane, argv: tuple[str, ...]) -> None:
    await pane.run("true", timeout=10)
    await terminal.watch()
    other = await ControlClient.connect(terminal.socket, session="work")
    await other.command(*argv)
    assert (await pane.run("echo on", timeout=10)).output == "on\n"
    assert (await pane.wait(ForText("^on"), 10)).met
    await other.close()


async def test_a_watching_session_that_was_killed(terminal: Terminal, pane: Pane) -> None:
    await pane.wait(ForPrompt(), 10)
    waiting = asyncio.create_task(pane.wait(ForText("^late"), 20))
    await asyncio.sleep(0.2)
    watch = await terminal.watch()
    await at_least_once(terminal.client, "kill-session", "-t", f"={watch._session}")
    await asyncio.sleep(0.2)
    await pane.send_text("clear; echo late\n")
    assert (await waiting).met


async def test_a_view_goes_on(terminal: Terminal, pane: Pane) -> None:
    await pane.wait(ForPrompt(), 10)
    view = await LiveView.open(terminal.socket)
    frames: asyncio.Queue[Frame | None] = asyncio.Queue()
    view.show(pane.id, frames.put_nowait)
    watch = await view._watching
    assert watch._channel is not None
    for n, connection in enumerate([view.client, watch._channel.client, view.client]):
        await ended(connection)
        await view.send_text(pane.id, f"x{n}y")
        async with asyncio.timeout(15):
            shown = await frames.get()
            while shown is not None and f"x{n}y" not in shown.text:
                shown = await frames.get()
        assert shown is not None
    assert not view.gone.is_set()
    await view.close()


async def test_the_end_of_the_server_is_told_once_it_is_known(
    runtime: Path, environment: dict[str, str]
) -> None:
    terminal = await Terminal.open(runtime / "tmux.sock", environment=environment)
    pane = await terminal.new_pane(name="x", cwd=Path("/"))
    # It is answered when it begins to wait, and what comes after it is not.
    await terminal.client.command("wait-for", "never")
    waiting = asyncio.create_task(terminal.client.command("display-message", "-p", "x"))
    await asyncio.sleep(0)
    os.kill(terminal._server_pid, signal.SIGKILL)
    with pytest.raises(ServerGone):
        await waiting
    with pytest.raises(ServerGone):
        await pane.capture()
    with pytest.raises(ServerGone):
        terminal.client.call("display-message", "-p", "x")
    await terminal.close()


async def test_another_server_at_the_socket_is_not_taken_for_it(
    runtime: Path, environment: dict[str, str]
) -> None:
    socket = runtime / "tmux.sock"
    terminal = await Terminal.open(socket, environment=environment)
    connection = await Connection.connect(socket, session="tungsten")
    socket.unlink()
    other = await Terminal.open(socket, environment=environment)
    await ended(connection)
    with pytest.raises(ServerGone):
        await connection.command("display-message", "-p", "x")
    assert connection.closed.is_set()
    await connection.close()
    await other.kill_server()
    await terminal.kill_server()


async def test_a_server_that_ends_every_client_is_given_up(terminal: Terminal) -> None:
    connection = await Connection.connect(terminal.socket, session="tungsten")
    connection.on_renewed(lambda: kill(connection))
    kill(connection)
    async with asyncio.timeout(60):
        with pytest.raises(ServerGone, match="every client"):
            await forever(connection)
    # And not for ever: another may be opened.
    again = await Connection.connect(terminal.socket, session="tungsten")
    assert await again.command("display-message", "-p", "x") == ["x"]
    await again.close()
    await connection.close()


async def test_without_control_mode_from_then_on(
    runtime: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    script = tmp_path / "tmux"
    script.write_text(
        f'#!/bin/sh\ncase "$*" in *" -C attach-session "*) [ -e {broken} ] && exit 1;; esac\n'
        'exec tmux "$@"\n'
    )
    script.chmod(0o755)
    terminal = await Terminal.open(runtime / "tmux.sock", environment=environment, tmux=str(script))
    pane = await terminal.new_pane(name="x", cwd=tmp_path)
    assert (await pane.run("echo fast", timeout=10)).output == "fast\n"
    broken.touch()
    await ended(terminal.client)
    assert (await pane.run("echo slow", timeout=20)).output == "slow\n"
    assert terminal.client.name.startswith("polling-")
    await terminal.kill_server()


async def test_closing_while_a_client_attaches(terminal: Terminal) -> None:
    for n in range(10):
        connection = await Connection.connect(terminal.socket, session="tungsten")
        await ended(connection)
        waiting = asyncio.create_task(forever(connection))
        await asyncio.sleep(n * 0.01)
        await connection.close()
        with pytest.raises(ServerGone):
            await waiting
    clients = await terminal.client.command("list-clients", "-F", "#{client_pid}")
    assert len(clients) == 2


async def test_an_attach_that_is_cancelled_does_not_harm_the_server(terminal: Terminal) -> None:
    """tmux 3.3a dies when a control client ends while it says who it is."""
    for n in range(40):
        attaching = asyncio.create_task(ControlClient.connect(terminal.socket))
        await asyncio.sleep(n * 0.0002)
        attaching.cancel()
        result = (await asyncio.gather(attaching, return_exceptions=True))[0]
        if isinstance(result, ControlClient):
            await result.close()
        assert await terminal.client.command("display-message", "-p", "up") == ["up"]
    done = await asyncio.to_thread(
        subprocess.run,
        ["tmux", "-S", str(terminal.socket), "list-clients"],
        capture_output=True,
        text=True,
    )
    assert done.stdout.count("\n") == 2


async def until_clients(terminal: Terminal, count: int) -> None:
    """Wait until the server has let go those that ended."""
    while len(await terminal.client.command("list-clients")) != count:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_an_attach_that_is_cancelled_twice_is_let_go(
    terminal: Terminal, tmp_path: Path
) -> None:
    lost: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: lost.append(context))
    before = asyncio.all_tasks()
    for socket in (terminal.socket, tmp_path / "no server"):
        attaching = asyncio.create_task(ControlClient.connect(socket))
        for _ in range(2):
            # Each time until it waits.
            for _turn in range(3):
                await asyncio.sleep(0)
            attaching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attaching
        # What attaches goes on for a moment, unless it was through by then.
        while left := asyncio.all_tasks() - before:
            await asyncio.wait(left)
        del attaching
    gc.collect()
    assert lost == []
    # Those of the terminal, and no other.
    async with asyncio.timeout(10):
        await until_clients(terminal, 2)


async def test_closing_at_the_moment_at_which_a_client_ends(terminal: Terminal) -> None:
    connection = await Connection.connect(terminal.socket)
    await connection.command("list-panes")
    waiting = asyncio.create_task(connection.command("list-panes"))
    closing = asyncio.create_task(connection.close())
    connection.client.abort()
    await closing
    with pytest.raises(ServerGone):
        await asyncio.wait_for(waiting, 10)


async def test_who_waits_for_a_client_hears_of_every_failure(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_args: object, **_named: object) -> ControlClient:
        raise RuntimeError

    connection = await Connection.connect(terminal.socket)
    monkeypatch.setattr(ControlClient, "connect", fails)
    connection.client.abort()
    with pytest.raises(ServerGone):
        await connection.command("list-panes")
    await connection.close()
