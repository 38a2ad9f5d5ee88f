"""A connection from inside a pane may look, never decide: tried from inside real panes."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from agent.engine.client import EngineClient
from agent.engine.connections import Connections
from agent.engine.peer import age, credentials, listener_pid, runs_below, runs_in_pane
from agent.engine.singleton import claim
from agent.engine.start import kill
from agent.errors import InsidePane
from agent.hub import Hub
from agent.paths import Paths
from agent.protocol.client_lines import Command
from agent.protocol.commands.agents import CreateAgent
from agent.protocol.commands.gates import Decide
from agent.protocol.events import GateOpened
from agent.protocol.greeting import Hello
from tungsten.terminal import Terminal
from tungsten.tmux.environment import MARKER
from tungsten.version import __version__

ROOT = Path(__file__).parents[3]

ASK = """
import asyncio, socket, sys
from pathlib import Path
from agent.engine.client import EngineClient
from agent.errors import CommandRefused
from agent.paths import Paths
from agent.protocol.commands.agents import ListSessions
from agent.protocol.commands.gates import Decide

async def main():
    paths = Paths(*map(Path, sys.argv[1:4]))
    client = await EngineClient.connect(paths, start=False)
    said = [str(client.welcome.may_decide), str(await client.send(ListSessions()))]
    try:
        said.append(str(await client.send(Decide(gate_id="g", decision="approve"))))
    except CommandRefused as error:
        said.append(str(error))
    await client.close()
    with socket.socket(socket.AF_UNIX) as mailbox:
        mailbox.connect(sys.argv[4])
        mailbox.sendall("\\n".join(said).encode())

asyncio.run(main())
"""


def server(socket: Path) -> Iterator[list[str]]:
    command = ["tmux", "-S", str(socket), "-f", "/dev/null"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TMUX")}
    subprocess.run([*command, "new-session", "-d", "sleep 1000"], check=True, env=clean)
    yield command
    subprocess.run([*command, "kill-server"], check=False)


@pytest.fixture
def tmux(paths: Paths) -> Iterator[list[str]]:
    """A command that talks to our private tmux server."""
    yield from server(paths.tmux_socket)


@pytest.fixture
def own_tmux(short_dir: Path) -> Iterator[list[str]]:
    """A command that talks to a tmux server of the person's."""
    yield from server(short_dir / "own.sock")


class Mailbox:
    """Where a process in a pane leaves its answer: a socket, so that waiting can be given up."""

    def __init__(self, paths: Paths) -> None:
        self._path = paths.runtime / "answer"
        self._script = paths.runtime / "ask.py"
        self._script.write_text(ASK)
        where = [str(paths.config), str(paths.data), str(paths.runtime), str(self._path)]
        self.asking = shlex.join(
            ["env", f"PYTHONPATH={ROOT}", sys.executable, str(self._script), *where]
        )
        self._answers: asyncio.Queue[str] = asyncio.Queue()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Mailbox:
        self._server = await asyncio.start_unix_server(self._take, str(self._path))
        return self

    async def __aexit__(self, *exc: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def next(self) -> list[str]:
        return (await asyncio.wait_for(self._answers.get(), 20)).split("\n")

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._answers.put_nowait((await reader.read()).decode())
        writer.close()


async def answer(
    paths: Paths,
    command: list[str],
    wrapper: str,
    allowed_pids: Callable[[], frozenset[int]] = frozenset,
) -> list[str]:
    """Serve, run the asking script by `wrapper` in a new pane, and return what it was told."""

    async def handle(command: Command) -> dict[str, object]:
        return {}

    own = claim(paths)
    assert own is not None
    connections = Connections(Hub(), handle, paths.tmux_socket)  # type: ignore[arg-type]
    connections.allowed_pids = allowed_pids
    await connections.listen(own.listener)
    try:
        async with Mailbox(paths) as mailbox:
            asking = wrapper.format(mailbox.asking)
            argv = ["sh", "-c", asking]
            if command:
                argv = [*command, "new-window", "-d", "sh", "-c", f"{asking}; sleep 1000"]
            process = await asyncio.create_subprocess_exec(*argv)
            told = await mailbox.next()
            await process.wait()
    finally:
        connections.close("test ends")
        await connections.finish()
        own.release()
    return told


@pytest.mark.parametrize(
    "wrapper",
    [
        "{0}",
        "env -i PATH=$PATH {0}",
        "setsid {0}",
        "(setsid {0} &)",
        "setsid env -i {0}",
        "(env -i {0} &) </dev/null",
        "nohup {0} >/dev/null 2>&1",
        "script -qc {0!r} /dev/null",
        "(setsid -f env -i setsid -f {0})",
    ],
)
async def test_from_inside_a_pane_it_may_only_look(
    paths: Paths, tmux: list[str], wrapper: str
) -> None:
    may_decide, looked, decided = await answer(paths, tmux, wrapper)
    assert may_decide == "False"
    assert looked == "{}"
    assert "may look, never decide" in decided


@pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_CHILD_SUBREAPER")
@pytest.mark.parametrize(
    "wrapper",
    [
        "(setsid -f env -i PATH=$PATH setsid -f script -qc {0!r} /dev/null)",
        "(env -i PATH=$PATH script -qc {0!r} /dev/null &) </dev/null >/dev/null 2>&1",
    ],
)
async def test_all_tricks_together_change_nothing_below_a_server_of_ours(
    paths: Paths, wrapper: str
) -> None:
    terminal = await Terminal.open(paths.tmux_socket)
    try:
        command = ["tmux", "-S", str(paths.tmux_socket)]
        may_decide, _, decided = await answer(paths, command, wrapper)
        assert may_decide == "False"
        assert "may look, never decide" in decided
        # And the server is nobody's child that would have to be waited for here.
        server = listener_pid(paths.tmux_socket)
        assert server is not None
        assert psutil.Process(server).ppid() != os.getpid()
    finally:
        await terminal.kill_server()


async def test_from_outside_it_may_decide(paths: Paths, tmux: list[str]) -> None:
    assert await answer(paths, [], "{0}") == ["True", "{}", "{}"]


async def test_the_other_process_is_named_by_the_kernel(paths: Paths) -> None:
    own = claim(paths)
    assert own is not None
    assert listener_pid(paths.engine_socket) == os.getpid()
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(paths.engine_socket))
    accepted, _ = own.listener.accept()
    peer = credentials(accepted)
    assert (peer.uid, peer.pid) == (os.getuid(), os.getpid())
    accepted.close()
    client.close()
    own.release()
    assert listener_pid(paths.engine_socket) is None


def test_how_long_a_process_has_been_there() -> None:
    before = time.monotonic()
    with subprocess.Popen(["sleep", "60"]) as process:
        started = time.monotonic()
        try:
            time.sleep(0.1)
            now = time.monotonic()
            known = age(process.pid)
            # Two ticks of the clock that counts it are its start and its end.
            assert now - started - 0.02 <= known <= time.monotonic() - before
        finally:
            process.kill()
    assert (age(process.pid), age(None)) == (0, 0)


@pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("python3", path="/usr/bin:/bin") is None,
    reason="only root can be somebody else, who needs a Python of everybody's",
)
@pytest.mark.parametrize("ajar", [False, True])
async def test_another_user_is_refused_also_where_the_directory_is_open(
    paths: Paths, short_dir: Path, ajar: bool
) -> None:
    asking = (
        "import socket, sys\n"
        "with socket.socket(socket.AF_UNIX) as mine:\n"
        "    mine.connect(sys.argv[1])\n"
        "    mine.sendall(sys.argv[2].encode() + b'\\n')\n"
        "    print(mine.makefile().readline())\n"
    )
    hello = Hello(version=__version__, client="app").model_dump_json()
    handled: list[Command] = []

    async def handle(command: Command) -> dict[str, object]:
        handled.append(command)
        return {}

    own = claim(paths)
    assert own is not None
    if ajar:
        # The directory above is the run's own temporary one, which nobody else may enter either.
        for path in (short_dir.parent, short_dir, paths.runtime):
            path.chmod(path.stat().st_mode | 0o055)
        paths.engine_socket.chmod(0o666)
    connections = Connections(Hub(), handle, paths.tmux_socket)  # type: ignore[arg-type]
    await connections.listen(own.listener)
    try:
        process = await asyncio.create_subprocess_exec(
            *("/usr/bin/env", "python3", "-c", asking, str(paths.engine_socket), hello),
            user=65534,
            env={"PATH": "/usr/bin:/bin"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        said, problem = await process.communicate()
    finally:
        connections.close("test ends")
        await connections.finish()
        own.release()
    if ajar:
        assert b"belongs to another user" in said, problem
        assert b"snapshot" not in said
    else:
        assert b"PermissionError" in problem
    assert handled == []


def test_what_cannot_be_found_out_counts_as_inside(paths: Paths) -> None:
    assert runs_in_pane(None, paths.tmux_socket)
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert runs_in_pane(gone.pid, paths.tmux_socket)
    assert not runs_in_pane(os.getpid(), paths.tmux_socket)


@pytest.mark.parametrize(
    ("variables", "inside"),
    [
        ({MARKER: "1", "TMUX": "{0},1,0"}, True),
        ({"TMUX": "{0},1,0"}, True),
        ({MARKER: "1"}, True),
        ({MARKER: "{0}", "TMUX": "/elsewhere.sock,1,0"}, True),
        ({MARKER: "1", "TMUX": "/dev/null,0,0"}, True),
        ({MARKER: "1", "TMUX": "/elsewhere.sock,1,0"}, False),
        ({"TMUX": "{0}.other,1,0"}, False),
        ({}, False),
    ],
)
def test_what_the_environment_says(paths: Paths, variables: dict[str, str], inside: bool) -> None:
    clean = {k: v for k, v in os.environ.items() if k not in {"TMUX", MARKER}}
    told = {name: value.format(paths.tmux_socket) for name, value in variables.items()}
    process = subprocess.Popen(
        ["cat"], env={**clean, **told}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        # Popen returns before exec has ended, and so before there is an environment to be read.
        assert process.stdin is not None
        assert process.stdout is not None
        os.write(process.stdin.fileno(), b".")
        assert os.read(process.stdout.fileno(), 1) == b"."
        assert runs_in_pane(process.pid, paths.tmux_socket) is inside
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_process_that_is_just_beginning_hides_no_mark(paths: Paths) -> None:
    marked = {"PATH": os.environ["PATH"], MARKER: "1"}
    for _ in range(300):
        process = subprocess.Popen(["sleep", "100"], env=marked)
        try:
            assert runs_in_pane(process.pid, paths.tmux_socket)
        finally:
            process.kill()
            process.wait()


async def test_a_person_in_their_own_tmux_may_decide(paths: Paths, own_tmux: list[str]) -> None:
    assert (await answer(paths, own_tmux, "{0}"))[0] == "True"


async def test_nobody_listens(paths: Paths) -> None:
    with pytest.raises(Exception, match="No engine is running"):
        await EngineClient.connect(paths, start=False)


async def test_from_a_pane_of_a_real_engine_it_may_only_look(paths: Paths, short_dir: Path) -> None:
    person = await EngineClient.connect(paths)
    assert person.welcome.may_decide

    async def approve() -> None:
        async for line in person.events():
            if isinstance(line.event, GateOpened):
                await person.send(Decide(gate_id=line.event.gate.id, decision="approve"))

    approving = asyncio.create_task(approve())
    async with Mailbox(paths) as mailbox:
        for command in ("{0}; sleep 1000", "(setsid {0} &); sleep 1000"):
            ask = command.format(mailbox.asking)
            await person.send(CreateAgent(directory=str(short_dir), command=ask))
            may_decide, looked, decided = await mailbox.next()
            assert may_decide == "False"
            assert "sessions" in looked
            assert "may look, never decide" in decided
    await person.close()
    await approving


START = """
import asyncio, os, sys
from pathlib import Path
from agent.errors import AgentError
from agent.paths import Paths
from agent.engine.start import kill, start_engine

paths = Paths(*map(Path, sys.argv[1:4]))
said = []
for work in (kill, start_engine):
    try:
        said.append(str(asyncio.run(work(paths))))
    except AgentError as error:
        said.append(str(error))
answer = Path(sys.argv[4])
answer.with_suffix(".part").write_text("\\n".join(said))
answer.with_suffix(".part").rename(answer)
"""


@pytest.mark.parametrize(
    "wrapper", ["{0}", "env -u TUNGSTEN_PANE -u TMUX {0}", "setsid -f env -i {0}"]
)
async def test_from_inside_a_pane_no_engine_is_ended_or_started(
    paths: Paths, tmux: list[str], wrapper: str
) -> None:
    client = await EngineClient.connect(paths)
    assert client.welcome.snapshot is not None
    engine = client.welcome.snapshot.engine.pid
    answer = paths.runtime / "answer"
    script = paths.runtime / "start.py"
    script.write_text(START)
    where = [str(paths.config), str(paths.data), str(paths.runtime), str(answer)]
    asking = shlex.join(["env", f"PYTHONPATH={ROOT}", sys.executable, str(script), *where])
    done = f"{paths.runtime}/done"
    os.mkfifo(done)
    text = f"{wrapper.format(asking)}; while [ ! -e {answer} ]; do sleep 0.1; done; echo > {done}"
    argv = [*tmux, "new-window", "-d", "sh", "-c", text]
    assert await (await asyncio.create_subprocess_exec(*argv)).wait() == 0
    await asyncio.wait_for(asyncio.to_thread(Path(done).read_text), 30)
    ended, started = answer.read_text().split("\n")
    assert ended == started == str(InsidePane())
    assert psutil.pid_exists(engine)
    await client.close()


@pytest.mark.parametrize("variables", [{MARKER: "1"}, {MARKER: "{0}", "TMUX": "/other,1,0"}])
def test_an_engine_that_a_pane_starts_ends_at_once(paths: Paths, variables: dict[str, str]) -> None:
    told = {name: value.format(paths.tmux_socket) for name, value in variables.items()}
    where = [f"--{name}={getattr(paths, name)}" for name in ("config", "data", "runtime")]
    ended = subprocess.run(
        [sys.executable, "-m", "agent.engine", *where],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **told},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (1, f"{InsidePane()}\n")
    assert not paths.engine_socket.exists()


async def test_an_engine_of_a_person_starts_beside_the_panes_of_the_one_before(
    paths: Paths, tmux: list[str]
) -> None:
    for _ in range(2):
        client = await EngineClient.connect(paths)
        assert client.welcome.may_decide
        await client.close()
        assert "ended" in await kill(paths)


@pytest.mark.parametrize(
    "wrapper", ["{}", "setsid {}", "nohup {} >/dev/null", "(exec env -i {}) & wait"]
)
async def test_in_a_pane_of_the_persons_that_an_agent_may_use_nobody_decides(
    paths: Paths, own_tmux: list[str], wrapper: str
) -> None:
    def pids() -> frozenset[int]:
        argv = [*own_tmux, "list-panes", "-a", "-F", "#{pane_pid}"]
        listed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
        return frozenset(map(int, listed.split()))

    told = await answer(paths, own_tmux, wrapper)
    assert told[0] == "True"
    told = await answer(paths, own_tmux, wrapper, pids)
    assert told[0] == "False"
    assert "may look, never decide" in told[2]


def test_what_is_below_a_process_is_told() -> None:
    own = os.getpid()
    assert runs_below(own, frozenset({own}))
    assert runs_below(own, frozenset({os.getppid()}))
    assert not runs_below(own, frozenset())
    with subprocess.Popen(["sleep", "100"]) as child:
        assert runs_below(child.pid, frozenset({own}))
        child.kill()
    # Nobody can tell any more.
    assert runs_below(child.pid, frozenset({own}))
