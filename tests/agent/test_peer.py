"""A connection from inside a pane may look, never decide: tried from inside real panes."""

from __future__ import annotations

import asyncio
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.client import EngineClient
from agent.connections import Connections
from agent.hub import Hub
from agent.paths import Paths
from agent.peer import credentials, listener_pid, runs_in_pane
from agent.protocol import Command
from agent.singleton import claim
from tungsten.environment import MARKER

ROOT = Path(__file__).parents[2]

ASK = """
import asyncio, sys
from pathlib import Path
from agent.client import EngineClient
from agent.errors import CommandRefused
from agent.paths import Paths
from agent.protocol import Decide, ListSessions

async def main():
    paths = Paths(*map(Path, sys.argv[1:4]))
    client = await EngineClient.connect(paths, start=False)
    said = [str(client.welcome.may_decide), str(await client.send(ListSessions()))]
    try:
        said.append(str(await client.send(Decide(gate_id="g", decision="approve"))))
    except CommandRefused as error:
        said.append(str(error))
    await client.close()
    with open(sys.argv[4], "w") as pipe:
        pipe.write("\\n".join(said))

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


async def answer(paths: Paths, command: list[str], wrapper: str) -> list[str]:
    """Serve, run the asking script by `wrapper` in a new pane, and return what it was told."""
    decided: list[Command] = []

    async def handle(command: Command) -> dict[str, object]:
        decided.append(command)
        return {}

    own = claim(paths)
    assert own is not None
    connections = Connections(Hub(), handle, paths.tmux_socket)  # type: ignore[arg-type]
    await connections.listen(own.listener)
    pipe = paths.runtime / "answer"
    os.mkfifo(pipe)
    script = paths.runtime / "ask.py"
    script.write_text(ASK)
    where = [str(paths.config), str(paths.data), str(paths.runtime), str(pipe)]
    asking = shlex.join([sys.executable, str(script), *where])
    shell = f"cd {ROOT}; export PYTHONPATH={ROOT}; {wrapper.format(asking)}; sleep 1000"
    try:
        argv = (
            [*command, "new-window", "-d", "sh", "-c", shell] if command else ["sh", "-c", asking]
        )
        process = await asyncio.create_subprocess_exec(
            *argv, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        text = await asyncio.wait_for(asyncio.to_thread(pipe.read_text), 15)
        await process.wait()
    finally:
        connections.close("test ends")
        await connections.finish()
        own.release()
    return text.split("\n")


@pytest.mark.parametrize(
    "wrapper",
    [
        "{0}",
        "env -i PATH=$PATH PYTHONPATH=$PYTHONPATH {0}",
        "setsid {0}",
        "(setsid {0} &)",
        "setsid env -i PYTHONPATH=$PYTHONPATH {0}",
        "(env -i PYTHONPATH=$PYTHONPATH {0} &) </dev/null",
        "nohup {0} >/dev/null 2>&1",
        "script -qc {0!r} /dev/null",
    ],
)
async def test_from_inside_a_pane_it_may_only_look(
    paths: Paths, tmux: list[str], wrapper: str
) -> None:
    may_decide, looked, decided = await answer(paths, tmux, wrapper)
    assert may_decide == "False"
    assert looked == "{}"
    assert "may look, never decide" in decided


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
    process = subprocess.Popen(["sleep", "100"], env={**clean, **told})
    try:
        assert runs_in_pane(process.pid, paths.tmux_socket) is inside
    finally:
        process.kill()
        process.wait()


async def test_a_person_in_their_own_tmux_may_decide(paths: Paths, own_tmux: list[str]) -> None:
    assert (await answer(paths, own_tmux, "{0}"))[0] == "True"


async def test_nobody_listens(paths: Paths) -> None:
    with pytest.raises(Exception, match="No engine is running"):
        await EngineClient.connect(paths, start=False)
