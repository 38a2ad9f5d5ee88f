"""Starting the engine on demand, from any front end, as a process that outlives it.

The engine tells through a pipe when it can be connected to, or in one line why not; nothing is
polled. Which of two engines started at once goes on is settled by their lock
(`agent.engine.singleton`).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import agent
from agent.engine.peer import listener_pid, refuse_in_pane
from agent.engine.singleton import answers, end, gone
from agent.errors import EngineUnreachable
from agent.files.regular_file import open_regular
from agent.paths import Paths

START_SECONDS = 30.0
"""How long an engine may take until it answers; a cold disk is slow, a hang is not waited for."""

END_SECONDS = 10.0
"""How long a tmux server that was told to end may take."""

READY = "ready"
"""What the engine writes to the pipe when it can be connected to (itself, or the one that runs)."""

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Numbers of the errors that a full disk or a used-up quota gives."""

_BOOT = (
    "import gc, os, sys\n"
    "gc.disable()\n"
    "if os.fork(): os._exit(0)\n"
    "os.setsid()\n"
    "sys.path.insert(0, sys.argv[1])\n"
    "from agent.no_plugins import without_plugins\n"
    "without_plugins()\n"
    "from agent.engine.engine import main\n"
    "main(sys.argv[2:])\n"
    "sys.stderr.flush()\n"
    "os._exit(0)"
)
"""Run by the new interpreter: leave its parent and its session, then be the engine.

Nothing is let go of before its agents are back: until then, the collector only costs a sixth.
In the end all is closed and let go; taking apart the interpreter would only take half a second.
"""


async def start_engine(paths: Paths) -> None:
    """Start an engine and wait until it can be connected to.

    Raises:
        EngineUnreachable: it did not start; the text is its own reason.
        InsidePane: this process runs in an agent's pane.
    """
    await asyncio.to_thread(refuse_in_pane, paths.tmux_socket)
    try:
        paths.create()
    except OSError as error:
        raise EngineUnreachable(directory_problem(error)) from error
    read_end, write_end = os.pipe()
    try:
        try:
            process = _spawn(paths, write_end)
        finally:
            os.close(write_end)
        try:
            said = await _read_all(read_end)
        finally:
            # What was spawned forks and leaves at once, so this does not hold the loop.
            process.wait()
    except OSError as error:
        if error.errno in NO_ROOM:
            raise EngineUnreachable(no_room(error)) from error
        where = f"{error.filename}: " if error.filename else ""
        reason = f"{where}{error.strerror or error}"
        raise EngineUnreachable(f"The engine cannot be started: {reason}.") from error
    finally:
        os.close(read_end)
    if said != READY:
        raise EngineUnreachable(said or f"The engine ended while starting: see {paths.log_file}.")


async def kill(paths: Paths, *, panes: bool = False) -> str:
    """End the engine that runs, of whatever version, and say in one line what was done.

    Args:
        paths: Whose engine.
        panes: End the private tmux server, too, and with it every program that agents run.

    Returns when all of it is gone. The directory of a demo that was under way is removed.

    Raises:
        EngineDoesNotEnd: its process is not ours, or survives.
        InsidePane: this process runs in an agent's pane.
    """
    await asyncio.to_thread(refuse_in_pane, paths.tmux_socket)
    # Imported here, as below: needed by few front ends, and slow.
    from agent.demo.record import remove_left

    pid = await asyncio.to_thread(end, paths)
    done = ["No engine was running" if pid is None else f"Engine {pid} ended, sessions are kept"]
    if panes:
        done.append(await _end_panes(paths))
    if await asyncio.to_thread(remove_left, paths.data):
        done.append("the demo's directory is removed")
    return f"{'; '.join(done)}."


async def _end_panes(paths: Paths) -> str:
    server = await asyncio.to_thread(listener_pid, paths.tmux_socket)
    if server is None and not answers(paths.tmux_socket):
        return "no panes were open"
    from agent.panes import processes

    with contextlib.suppress(OSError):
        # The next engine need not wonder where they are.
        paths.panes_closed.write_text("")
    children = [] if server is None else await asyncio.to_thread(_panes_of, server)
    running = await asyncio.to_thread(processes.below, children)
    stopped = server is not None and await asyncio.to_thread(_is_stopped, server)
    if not stopped:
        try:
            process = await asyncio.create_subprocess_exec(
                "tmux",
                *("-S", str(paths.tmux_socket), "kill-server"),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            return f"the panes could not be closed: {error.strerror}"
        try:
            await asyncio.wait_for(process.wait(), END_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            stopped = server is not None
    if stopped and server is not None:
        # It would hear of nothing, or hangs.
        with contextlib.suppress(OSError):
            os.kill(server, signal.SIGKILL)
    if server is not None:
        await asyncio.to_thread(gone, server, END_SECONDS)
    if not answers(paths.tmux_socket):
        # tmux leaves it behind.
        with contextlib.suppress(OSError):
            paths.tmux_socket.unlink()
    survivors = await processes.end(running)
    if survivors:
        return f"the panes are closed, but these do not end: {', '.join(survivors)}"
    return "the panes are closed"


def _is_stopped(process: int) -> bool:
    """Whether it was stopped by a signal, and does nothing until it is told to go on."""
    import psutil

    try:
        return bool(psutil.Process(process).status() == psutil.STATUS_STOPPED)
    except psutil.Error:
        return False


def _panes_of(server: int) -> list[int]:
    import psutil

    with contextlib.suppress(psutil.Error):
        return [child.pid for child in psutil.Process(server).children()]
    return []


def _spawn(paths: Paths, ready: int) -> subprocess.Popen[bytes]:
    root = str(Path(agent.__file__).resolve().parent.parent)
    log = open_regular(paths.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        return subprocess.Popen(
            [
                *(sys.executable, "-P", "-c", _BOOT, root),
                *("--config", str(paths.config), "--data", str(paths.data)),
                *("--runtime", str(paths.runtime), "--ready", str(ready)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            pass_fds=(ready,),
            start_new_session=True,
        )
    finally:
        os.close(log)


async def _read_all(pipe: int) -> str:
    """Read until the other end is closed, without holding the loop."""
    loop = asyncio.get_running_loop()
    os.set_blocking(pipe, False)
    done: asyncio.Future[None] = loop.create_future()
    received = bytearray()

    def readable() -> None:
        with contextlib.suppress(BlockingIOError):
            piece = os.read(pipe, 4096)
            received.extend(piece)
            if not piece and not done.done():
                done.set_result(None)

    loop.add_reader(pipe, readable)
    try:
        async with asyncio.timeout(START_SECONDS):
            await done
    except TimeoutError:
        return f"The engine did not answer within {START_SECONDS:.0f} s."
    finally:
        loop.remove_reader(pipe)
    return received.decode("utf-8", "replace").strip()


def no_room(error: OSError) -> str:
    """Say of an error in `NO_ROOM` what it means and what to do."""
    where = f" for {error.filename}" if error.filename else ""
    return f"No space left{where}: free some disk space, then start again; nothing was lost."


def directory_problem(error: OSError) -> str:
    """Say of an error about one of Tungsten's own directories what is wrong and what to do."""
    if isinstance(error, PermissionError) and error.errno is None:
        return f"{error}: set TUNGSTEN_HOME to a directory of your own."
    if isinstance(error, FileExistsError | NotADirectoryError):
        return f"{error.filename} is no directory: move it away, or set TUNGSTEN_HOME to another."
    if error.errno in NO_ROOM:
        return no_room(error)
    reason = error.strerror or str(error)
    return (
        f"{error.filename}: {reason}: make the directory writable, or set TUNGSTEN_HOME to another."
    )
