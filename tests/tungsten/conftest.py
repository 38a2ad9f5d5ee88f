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
    done = subprocess.run(
        ["tmux", "-S", str(socket), "list-sessions"], capture_output=True, check=False
    )
    return done.returncode == 0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "home"
    directory.mkdir()
    (directory / ".bashrc").write_text("PS1='\\w\\$ '\nexport FROM_BASHRC=yes\n")
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
    """Look at the name first: asking for all of every process, after every test, is slow."""
    process = Path("/proc") / str(pid)
    try:
        if "tmux" not in (process / "comm").read_text():
            return False
        words = (process / "cmdline").read_text().split("\0")
    except OSError:
        return False
    return any(word.startswith(f"/tmp/tg-{os.getpid()}-") for word in words)


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
