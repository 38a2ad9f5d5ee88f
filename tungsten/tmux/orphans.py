"""Control clients whose process died: found and ended; and the ends of processes.

When the reader of a control client is killed, tmux 3.3a keeps the client for ever, since it cannot
write the rest to it; a server that is then told to end waits for that client without end. The
kernel ends our clients with us where `setpriv` can ask it to; this module is for the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

OWNER = "TUNGSTEN_CLIENT_OF"
"""Variable of each control client: the process that reads from it."""


REAP_SECONDS = 1.0
"""How long a client that is told to end may take."""

TOLD = hasattr(os, "pidfd_open")
"""Whether the system tells when a process ends (Linux)."""


def bound(argv: list[str]) -> list[str]:
    """Extend a command so that it ends when this process does, where the system can do that."""
    setpriv = shutil.which("setpriv") if Path("/proc/self/stat").exists() else None
    return argv if setpriv is None else [setpriv, "--pdeathsig", "TERM", "--", *argv]


def lives(pid: int) -> bool:
    """Whether there is a process of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_server(pid: int) -> bool:
    """Whether a process calls itself a tmux server; knows nothing without /proc."""
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8", "replace") == "tmux: server\n"
    except OSError:
        return False


def listener(path: Path) -> int | None:
    """Name the process that listens on a Unix socket, where the system says (Linux)."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
            told = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("=iII"))
        except OSError:
            return None
    return int(struct.unpack("=iII", told)[0]) or None


@contextlib.contextmanager
def end_of(pid: int) -> Iterator[asyncio.Event]:
    """Give an event that is set once a process has ended, though its parent has not heard of it.

    Where the system does not tell, it is set only if there is none to begin with.
    """
    ended = asyncio.Event()
    try:
        descriptor = os.pidfd_open(pid) if TOLD else None
    except OSError:
        descriptor = None
    if descriptor is None:
        if TOLD or not lives(pid):
            ended.set()
        yield ended
        return
    loop = asyncio.get_running_loop()

    def end() -> None:
        loop.remove_reader(descriptor)
        ended.set()

    # A process's descriptor becomes readable when it ends (pidfd_open(2)).
    loop.add_reader(descriptor, end)
    try:
        yield ended
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def reap(pids: list[int]) -> None:
    """End those of these clients whose owner is gone, and see it; knows nothing without /proc."""
    for pid in pids:
        if _is_orphan(pid):
            with end_of(pid) as ended, contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM)
                await asyncio.wait_for(ended.wait(), REAP_SECONDS)


def _is_orphan(pid: int) -> bool:
    try:
        variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return False
    owned = (v for v in variables if v.startswith(OWNER.encode() + b"="))
    owner = next(owned, b"").partition(b"=")[2].decode()
    parent = stat.rpartition(")")[2].split()[1]
    return bool(owner) and owner != parent


def reap_wedged(path: Path) -> None:
    """End orphaned clients of a server that does not answer any more."""
    # Imported here: slow, and only needed after an accident.
    import psutil

    found = []
    for process in psutil.process_iter(["cmdline", "uids"]):
        argv = process.info["cmdline"] or []
        if "-C" in argv and "-S" in argv[:-1] and argv[argv.index("-S") + 1] == str(path):
            found.append(process)
    for process in found:
        with contextlib.suppress(psutil.Error):
            owner = process.environ().get(OWNER, "")
            if owner and owner != str(process.ppid()):
                process.terminate()
