"""The engine as a process: started on demand, only once, ended and killed at bad moments."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import signal
import socket
import sqlite3
import stat
import sys
from pathlib import Path

import psutil
import pytest

from agent.doctor.examine import examine
from agent.engine.client import EngineClient
from agent.engine.engine import start_problem
from agent.engine.peer import listener_pid
from agent.engine.singleton import answers, claim, end, holder
from agent.engine.start import kill, start_engine
from agent.errors import AgentError, EngineUnreachable
from agent.paths import Paths
from agent.protocol.commands.agents import CreateAgent, ListSessions
from agent.protocol.commands.engine import Shutdown
from agent.protocol.commands.panes import RunAsPerson
from agent.protocol.events import EngineStopping, Notice
from memory.database import Database
from tungsten.terminal import Terminal


async def ended(pid: int) -> None:
    """Wait until a process is gone; one that nobody has collected yet counts as gone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_started_on_demand_detached_and_private(paths: Paths, connect) -> None:
    client = await connect()
    snapshot = client.welcome.snapshot
    assert snapshot is not None
    pid = snapshot.engine.pid
    assert holder(paths) == pid
    process = psutil.Process(pid)
    assert process.cwd() == "/"
    assert os.getsid(pid) != os.getsid(0)
    assert pid not in {child.pid for child in psutil.Process().children(recursive=True)}
    assert process.terminal() is None
    for path, mode in (
        (paths.engine_socket, 0o600),
        (paths.engine_lock, 0o600),
        (paths.log_file, 0o600),
        (paths.runtime, 0o700),
    ):
        assert stat.S_IMODE(path.stat().st_mode) == mode
    again = await connect()
    assert again.welcome.epoch == client.welcome.epoch


async def test_shutdown_answers_says_goodbye_and_cleans_up(paths: Paths, connect) -> None:
    client = await connect()
    pid = client.welcome.snapshot.engine.pid
    assert await client.send(Shutdown()) == {}
    last = [line.event async for line in client.events()]
    assert isinstance(last[-1], EngineStopping)
    await ended(pid)
    assert not paths.engine_socket.exists()
    assert holder(paths) is None
    # Also where it ended before it had loaded what agents are made of.
    assert "Traceback" not in paths.log_file.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly(paths: Paths, connect, number: int) -> None:
    client = await connect()
    pid = client.welcome.snapshot.engine.pid
    os.kill(pid, number)
    last = [line.event async for line in client.events()]
    assert isinstance(last[-1], EngineStopping)
    await ended(pid)
    assert not paths.engine_socket.exists()


async def test_front_ends_that_race_get_one_engine(paths: Paths) -> None:
    script = (
        "import asyncio,sys\n"
        "from pathlib import Path\n"
        "from agent.engine.client import EngineClient\n"
        "from agent.paths import Paths\n"
        "async def main():\n"
        "    paths = Paths(*map(Path, sys.argv[1:]))\n"
        "    client = await EngineClient.connect(paths)\n"
        "    print(client.welcome.snapshot.engine.pid)\n"
        "    await client.close()\n"
        "asyncio.run(main())\n"
    )
    where = [str(paths.config), str(paths.data), str(paths.runtime)]
    racers = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", script, *where),
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[3],
        )
        for _ in range(4)
    ]
    answers = [(await racer.communicate())[0] for racer in racers]
    assert len(set(answers)) == 1
    assert int(answers[0]) == holder(paths)


async def test_starting_twice_in_one_process_is_one_engine(paths: Paths) -> None:
    await asyncio.gather(start_engine(paths), start_engine(paths))
    assert holder(paths) is not None


async def test_kill_9_leaves_a_stale_socket_that_is_replaced(paths: Paths, connect) -> None:
    client = await connect()
    first = client.welcome.snapshot.engine.pid
    os.kill(first, signal.SIGKILL)
    assert [line async for line in client.events()] == []
    await ended(first)
    assert paths.engine_socket.exists()
    back = await client.again()
    try:
        assert back.welcome.snapshot is not None
        assert back.welcome.snapshot.engine.pid not in {first, 0}
        assert back.welcome.epoch != client.welcome.epoch
    finally:
        await back.close()


async def test_several_live_side_by_side(paths: Paths, connect, short_dir: Path) -> None:
    other = Paths(short_dir / "b/config", short_dir / "b/data", short_dir / "b/run")
    here = await connect()
    there = await EngineClient.connect(other)
    try:
        assert here.welcome.epoch != there.welcome.epoch
        assert holder(paths) != holder(other)
    finally:
        await there.close()
        end(other)
    assert holder(paths) is not None


async def test_kill_engine_works_without_the_protocol(paths: Paths, connect) -> None:
    client = await connect()
    pid = client.welcome.snapshot.engine.pid
    assert await kill(paths) == f"Engine {pid} ended, sessions are kept."
    assert await kill(paths) == "No engine was running."
    assert await kill(paths, panes=True) == "No engine was running; no panes were open."


async def test_kill_engine_ends_one_that_hangs(paths: Paths, connect) -> None:
    client = await connect()
    pid = client.welcome.snapshot.engine.pid
    os.kill(pid, signal.SIGSTOP)
    assert await asyncio.to_thread(end, paths, patience=0.2) == pid
    await ended(pid)


async def test_kill_engine_asks_nothing_of_a_tmux_server_that_is_stopped(
    paths: Paths, connect, short_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Far longer than a test may take.
    monkeypatch.setattr("agent.engine.start.END_SECONDS", 3_600)
    client = await connect()
    await client.send(CreateAgent(directory=str(short_dir), command="exec cat"))
    while not (server := listener_pid(paths.tmux_socket)):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    os.kill(server, signal.SIGSTOP)
    assert (await kill(paths, panes=True)).endswith("the panes are closed.")
    assert not psutil.pid_exists(server) or psutil.Process(server).status() == "zombie"


def test_a_process_in_the_lock_file_is_not_signalled_unless_it_holds_the_lock(paths: Paths) -> None:
    paths.engine_lock.write_text(f"{os.getpid()}\n")
    assert holder(paths) is None
    assert end(paths) is None


async def test_a_claim_is_single_and_waits_for_one_that_leaves(paths: Paths) -> None:
    first = claim(paths)
    assert first is not None
    assert claim(paths) is None
    first.listener.close()
    with pytest.raises(AgentError, match="kill-engine"):
        claim(paths, patience=0.05)
    waiting = asyncio.create_task(asyncio.to_thread(claim, paths))
    await asyncio.sleep(0.03)
    first.release()
    second = await waiting
    assert second is not None
    second.release()


async def test_what_is_not_a_socket_is_left_alone(paths: Paths) -> None:
    paths.engine_socket.write_text("precious")
    with pytest.raises(EngineUnreachable, match="is not a socket"):
        await start_engine(paths)
    assert paths.engine_socket.read_text() == "precious"


async def test_a_leftover_socket_of_someone_who_died_is_no_engine(paths: Paths, connect) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(paths.engine_socket))
    dead.close()
    client = await connect()
    assert client.welcome.snapshot is not None


@pytest.mark.parametrize("place", ["data", "config", "runtime"])
def test_a_directory_that_cannot_be_made_is_named(paths: Paths, place: str) -> None:
    directory: Path = getattr(paths, place)
    directory.rmdir()
    directory.write_text("a file")
    with pytest.raises(EngineUnreachable, match="TUNGSTEN_HOME"):
        asyncio.run(EngineClient.connect(paths))
    directory.unlink()
    directory.mkdir()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_with_the_way_out(paths: Paths, number: int) -> None:
    error = OSError(number, os.strerror(number), "/somewhere/engine.lock")
    said = start_problem(error, paths)
    assert said == (
        "No space left for /somewhere/engine.lock: free some disk space, then start again; "
        "nothing was lost."
    )


async def test_a_database_from_the_future_is_told_in_its_own_words(paths: Paths) -> None:
    async with await Database.open(paths.database):
        pass
    database = sqlite3.connect(paths.database)
    database.execute("PRAGMA user_version = 99999")
    database.close()
    with pytest.raises(EngineUnreachable) as caught:
        await EngineClient.connect(paths)
    assert str(paths.database) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not paths.engine_socket.exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('mode = "standard"\nmodle = "x"', "config.toml:2: "),
        ("= broken", "config.toml:1: "),
        ('tmux = "/nowhere/tmux"', "Install tmux"),
    ],
)
async def test_what_keeps_it_from_starting_is_one_line(
    paths: Paths, settings: str, said: str
) -> None:
    paths.config_file.write_text(settings)
    with pytest.raises(EngineUnreachable) as caught:
        await EngineClient.connect(paths)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert holder(paths) is None


async def test_importing_the_client_loads_nothing_heavy(paths: Paths) -> None:
    script = (
        "import agent.engine.client, sys\n"
        "heavy = {'anthropic', 'libtmux', 'aiosqlite', 'sqlite3', 'textual', 'psutil', 'httpx',"
        " 'httpx2', 'genai_prices'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert (await process.communicate())[0].strip() == b"[]"


async def test_it_survives_its_front_end_and_ends_only_when_told(paths: Paths) -> None:
    client = await EngineClient.connect(paths)
    epoch = client.welcome.epoch
    await client.close()
    client = await EngineClient.connect(paths, start=False)
    assert client.welcome.epoch == epoch
    await client.send(ListSessions())
    await client.close()


async def _lose(paths: Paths, what: str) -> None:
    match what:
        case "data":
            await asyncio.to_thread(shutil.rmtree, paths.data)
        case "run":
            await asyncio.to_thread(shutil.rmtree, paths.runtime)
        case "database":
            copy = paths.database.with_suffix(".copy")
            copy.write_bytes(paths.database.read_bytes())
            copy.replace(paths.database)
        case _:
            await asyncio.to_thread(shutil.rmtree, paths.data.parent)


@pytest.mark.parametrize("what", ["data", "run", "database", "home"])
async def test_nothing_is_done_that_nobody_would_find_written(
    paths: Paths, connect, short_dir: Path, what: str
) -> None:
    client = await connect()
    pid = client.welcome.snapshot.engine.pid
    project = short_dir.parent / f"{short_dir.name}-project"
    project.mkdir()
    # Its server cannot be found by its socket afterwards.
    await (await Terminal.open(paths.tmux_socket)).close()
    tmux = listener_pid(paths.tmux_socket)
    assert tmux is not None
    try:
        created = await client.send(CreateAgent(directory=str(project), command="sleep 1000"))
        await _lose(paths, what)
        with pytest.raises(AgentError):
            await client.send(RunAsPerson(agent_id=str(created["agent_id"]), command="touch done"))
        last = [line.event async for line in client.events()]
        told = [event.text for event in last if isinstance(event, Notice)]
        assert len(told) == 1
        assert "was deleted or replaced" in told[0]
        assert isinstance(last[-1], EngineStopping)
        await ended(pid)
        assert not (project / "done").exists()
    finally:
        project.rmdir()
        os.kill(tmux, signal.SIGKILL)
        paths.create()


async def test_a_front_end_that_comes_is_not_shown_a_database_that_is_gone(
    paths: Paths, connect
) -> None:
    client = await connect()
    pid = client.welcome.snapshot.engine.pid
    await asyncio.to_thread(shutil.rmtree, paths.data)
    again = await connect()
    assert again.welcome.snapshot.engine.pid != pid
    await ended(pid)


async def test_an_engine_that_lost_its_directory_leaves_the_next_ones_socket(paths: Paths) -> None:
    first = claim(paths)
    assert first is not None
    shutil.rmtree(paths.runtime)
    paths.create()
    second = claim(paths)
    assert second is not None
    first.release()
    assert answers(paths.engine_socket)
    second.release()
    assert not paths.engine_socket.exists()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make", [_pipe, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
@pytest.mark.parametrize("name", ["config_file", "database", "log_file"])
async def test_what_is_no_file_is_told_in_a_line_and_waited_for_by_nobody(
    paths: Paths, make, name: str
) -> None:
    place: Path = getattr(paths, name)
    make(place)
    with pytest.raises(EngineUnreachable, match=r"regular file|Is a directory") as caught:
        await EngineClient.connect(paths)
    assert place.name in str(caught.value)
    assert "\n" not in str(caught.value)
    checks = {check.name: check for check in await examine(paths)}
    if name != "log_file":
        check = checks["settings" if name == "config_file" else name]
        assert check.status == "problem"
        assert "not a regular file" in check.text


async def test_the_end_of_the_panes_leaves_no_socket(paths: Paths) -> None:
    terminal = await Terminal.open(paths.tmux_socket)
    await terminal.close()
    assert paths.tmux_socket.exists()
    assert "the panes are closed" in await kill(paths, panes=True)
    assert not paths.tmux_socket.exists()
