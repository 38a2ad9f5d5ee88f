"""A tmux server of our own at a socket: started, or found there, and attached to."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import subprocess
import sys
from pathlib import Path

from tungsten.errors import ServerGone, ServerSilent, SocketUnsafe, TmuxTooOld
from tungsten.tmux import environment as environments
from tungsten.tmux import orphans, server_start, still
from tungsten.tmux.connection import Connection
from tungsten.tmux.control_client import MINIMUM_VERSION, clean_environment, parse_version
from tungsten.tmux.idle_session import HOME_SESSION

_ATTEMPTS = 8
_PAUSE = 0.02
"""How often to try to reach a server, and by how many seconds the pauses between grow."""

LEAVE_SECONDS = 0.5
"""How long each of these attempts waits for a server that is on its way out."""

SILENT_SECONDS = 12.0
"""How long a tmux server may take to answer the first command; its keeper waits 10 s for it."""

_HOME = ("new-session", "-d", "-s", HOME_SESSION, "-x", "20", "-y", "2", "-n", "home", "true")
_CONFIG = Path(__file__).parents[1] / "tmux.conf"


def own(directory: Path) -> None:
    """Make the directory of a socket, or see that nobody else can enter it.

    Raises:
        SocketUnsafe: others can.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = directory.stat()
    if status.st_uid != os.getuid():
        raise SocketUnsafe(directory, "belongs to another user")
    if status.st_mode & 0o077:
        raise SocketUnsafe(directory, "can be entered by others")


@functools.lru_cache(maxsize=8)
def _version(program: str) -> str:
    done = subprocess.run([program, "-V"], capture_output=True, text=True, check=False)
    return done.stdout.strip().removeprefix("tmux ")


async def reach(socket: Path, program: str, environment: dict[str, str]) -> Connection:
    """Start or find the server and attach to it.

    Raises:
        ServerGone: it cannot be started or reached.
        ServerSilent: it is there and does not answer.
        TmuxTooOld: it is older than 3.2.
    """
    attempt = 0
    while True:
        try:
            await _start(socket, program, environment)
            return await Connection.connect(
                socket,
                tmux=program,
                session=HOME_SESSION,
                make_session=functools.partial(make_home, socket, program),
            )
        except ServerGone:
            # An earlier server on this socket may be on its way out.
            attempt += 1
            if attempt == _ATTEMPTS:
                raise
            if attempt == _ATTEMPTS // 2:
                await asyncio.to_thread(orphans.reap_wedged, socket)
            await _on_its_way_out(socket, _PAUSE * attempt)


async def _on_its_way_out(socket: Path, pause: float) -> None:
    """Wait until the server that listens there has ended, or for `pause` where none does."""
    pid = orphans.listener(socket)
    if pid is None:
        await asyncio.sleep(pause)
        return
    with orphans.end_of(pid) as gone, contextlib.suppress(TimeoutError):
        await asyncio.wait_for(gone.wait(), LEAVE_SECONDS)


def _run(
    argv: list[str], environment: dict[str, str], socket: Path
) -> subprocess.CompletedProcess[str]:
    process = subprocess.Popen(
        argv,
        env=environment,
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        said, problem = process.communicate(timeout=SILENT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise ServerSilent(socket) from None
    finally:
        # Not read to their end: a server that was stopped holds the other ends open.
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    return subprocess.CompletedProcess(argv, process.returncode, said, problem)


async def make_home(socket: Path, program: str) -> None:
    """Make our session again in a server that runs; with `-N` this starts none."""
    argv = [program, "-u", "-N", "-S", str(socket), *_HOME]
    async with still.turn(socket):
        await asyncio.to_thread(_run, argv, clean_environment(), socket)


async def _start(socket: Path, program: str, environment: dict[str, str]) -> None:
    """Make sure that a server with our session runs; two at once end up with the same one."""
    version = await asyncio.to_thread(_version, program)
    if parse_version(version) < MINIMUM_VERSION:
        raise TmuxTooOld(version)
    terminal = environments.terminal_name(Path(environment.get("HOME", "/")))
    server = [program, "-u", "-S", str(socket), "-f", str(_CONFIG)]
    if sys.platform == "linux" and not server_start.answers(str(socket)):
        # Only so that orphans stay below it: without, the next command starts a plain one.
        keeper = [sys.executable, "-I", "-S", server_start.__file__, str(socket), *server, "-D"]
        await asyncio.to_thread(_run, keeper, environment, socket)
    argv = [*server, *_HOME, ";", "set-option", "-g", "default-terminal", terminal]
    async with still.turn(socket):
        done = await asyncio.to_thread(_run, argv, environment, socket)
    said = done.stderr.strip()
    if done.returncode != 0 and "duplicate session" not in said:
        raise ServerGone(said)
