from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tungsten.pane import Pane
from tungsten.terminal import Terminal
from tungsten.tmux import server_start


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A short directory for sockets; afterwards no tmux server may live in it."""
    directory = Path(tempfile.mkdtemp(prefix=f"tg-{os.getpid()}-", dir="/tmp"))
    yield directory
    alive = [socket for socket in directory.glob("*.sock") if server_lives(socket)]
    for socket in alive:
        subprocess.run(["tmux", "-S", str(socket), "kill-server"], check=False)
    shutil.rmtree(directory)
    assert not alive, "a tmux server was left running"


def server_lives(socket: Path) -> bool:
    if not server_start.answers(str(socket)):
        # Nothing listens there; most tests need no process to know that.
        return False
    done = subprocess.run(
        ["tmux", "-S", str(socket), "list-sessions"], capture_output=True, check=False
    )
    return done.returncode == 0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "home"
    directory.mkdir()
    (directory / ".bashrc").write_text("PS1='\\w\\$ '\nexport FROM_BASHRC=yes\n")
    # In a home without it, fish reads all manuals of the machine, and goes on when it has ended.
    (directory / ".local" / "share" / "fish" / "generated_completions").mkdir(parents=True)
    return directory


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    # fish puts its runtime files beside other temporary ones, where nobody removes them.
    return {
        **os.environ,
        "HOME": str(home),
        "HISTFILE": "",
        "TMPDIR": str(home),
        "XDG_RUNTIME_DIR": str(home),
    }


@pytest.fixture
async def terminal(runtime: Path, environment: dict[str, str]) -> AsyncIterator[Terminal]:
    terminal = await Terminal.open(runtime / "tmux.sock", environment=environment)
    yield terminal
    await terminal.kill_server()


@pytest.fixture
async def pane(terminal: Terminal, tmp_path: Path) -> Pane:
    return await terminal.new_pane(name="work", cwd=tmp_path, width=80, height=24)


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """No test may leave a tmux process of ours behind, be it a server or a client."""
    yield
    left = [process for pid in psutil.pids() if owned_tmux(pid) for process in found(pid)]
    # A server that was told to end answers before its process is gone.
    _, alive = psutil.wait_procs(left, timeout=10)
    assert not alive, alive


def owned_tmux(pid: int) -> bool:
    """Look at the name first, and by the cheapest way: all processes are asked, after each test."""
    if b"tmux" not in read(f"/proc/{pid}/comm"):
        return False
    mine = f"/tmp/tg-{os.getpid()}-".encode()
    return any(word.startswith(mine) for word in read(f"/proc/{pid}/cmdline").split(b"\0"))


def read(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return b""


def found(pid: int) -> list[psutil.Process]:
    try:
        return [psutil.Process(pid)]
    except psutil.NoSuchProcess:
        return []


@pytest.fixture
def client_owner() -> Callable[[str], str]:
    """The process that a control client, given by its pid, was started for."""

    def owner(pid: str) -> str:
        variables = Path(f"/proc/{pid}/environ")
        if not variables.exists():
            return ""
        prefix = "TUNGSTEN_CLIENT_OF="
        found = [v for v in variables.read_text().split("\0") if v.startswith(prefix)]
        return found[0].removeprefix(prefix)

    return owner
