"""One engine per runtime directory: the lock, the listening socket, and who holds them.

The lock is a `flock` on a file that is never removed, so it cannot be left behind by a killed
process and two engines cannot hold two files of one name. Whoever holds it owns the socket's path:
a socket found there is a leftover and is replaced.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import signal
import socket
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from agent.engine.peer import listener_pid
from agent.errors import AgentError
from agent.paths import Paths

BACKLOG = 128
"""Connections that may wait to be accepted."""


class SocketPathTaken(AgentError):
    """Something that is not a socket lies where the engine listens."""


class EngineDoesNotEnd(AgentError):
    """The engine's process could not be ended."""


@dataclass(slots=True)
class Claim:
    """The right to be the engine of a runtime directory, and the socket it listens on."""

    paths: Paths
    lock: int
    listener: socket.socket
    identity: tuple[int, int] | None
    """Device and inode of the socket."""

    def require_in_place(self) -> None:
        """Look whether front ends that come still find this engine.

        Raises:
            FileGone: the socket's path was deleted, or is another engine's.
        """
        # Imported here: front ends, which claim nothing, need no database.
        from memory.errors import FileGone

        if _identity_of(self.paths.engine_socket) != self.identity:
            raise FileGone(self.paths.engine_socket)

    def release(self) -> None:
        """Stop listening, take the socket away, then let the lock go."""
        self.listener.close()
        # Where the directory was deleted and made again, it is that of the next engine.
        if _identity_of(self.paths.engine_socket) == self.identity:
            with contextlib.suppress(OSError):
                self.paths.engine_socket.unlink()
        os.close(self.lock)


def claim(paths: Paths, *, patience: float = 10.0) -> Claim | None:
    """Become the engine, or return None when another one answers.

    A holder that does not listen is starting or stopping; it is given `patience` seconds for
    either, and when it is gone its place is taken.

    Raises:
        OSError: the lock or the socket cannot be made.
        SocketPathTaken: the socket's path holds something else.
        EngineDoesNotEnd: the holder neither listens nor goes.
    """
    lock = os.open(paths.engine_lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + patience
        while not _try_lock(lock):
            if answers(paths.engine_socket):
                os.close(lock)
                return None
            if time.monotonic() > deadline:
                raise EngineDoesNotEnd(
                    "Another engine is neither answering nor ending: run `tungsten kill-engine`."
                )
            time.sleep(0.02)
        listener = _listen(paths.engine_socket)
    except BaseException:
        with contextlib.suppress(OSError):
            os.close(lock)
        raise
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return Claim(paths, lock, listener, _identity_of(paths.engine_socket))


def answers(path: Path) -> bool:
    """Say whether something listens on a Unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except BlockingIOError:
            return True
        except OSError:
            return False
    return True


def holder(paths: Paths) -> int | None:
    """The pid of the engine that runs, None when none does.

    The kernel's word on who listens is preferred; an engine that does not listen is taken from the
    lock file, which counts only while the lock is held.
    """
    try:
        lock = os.open(paths.engine_lock, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if _try_lock(lock):
            return None
        pid = listener_pid(paths.engine_socket)
        if pid is not None:
            return pid
        text = os.pread(lock, 64, 0).decode("ascii", "replace").strip()
        return int(text) if text.isdigit() else None
    finally:
        os.close(lock)


def end(paths: Paths, *, patience: float = 10.0) -> int | None:
    """End the engine that runs, of whatever version; returns its pid, None when none ran.

    It is asked with SIGTERM, and killed when it is still there after `patience` seconds; both
    leave sessions and panes as they are. Returns when the process is gone, not merely its lock.

    Raises:
        EngineDoesNotEnd: the process is not ours to signal, or survives.
    """
    pid = holder(paths)
    if pid is None:
        return None
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return pid
        except PermissionError as error:
            raise EngineDoesNotEnd(f"The engine (pid {pid}) belongs to another user.") from error
        if gone(pid, patience):
            return pid
    raise EngineDoesNotEnd(f"The engine (pid {pid}) does not end; try `kill -9 {pid}`.")


def gone(pid: int, patience: float) -> bool:
    """Wait up to `patience` seconds for a process to end; says whether it did."""
    if hasattr(os, "pidfd_open"):
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        except OSError:
            # An old kernel.
            return _gone_for_good(pid, patience)
        try:
            # A process's descriptor becomes readable when it ends (pidfd_open(2)).
            return bool(select.select([descriptor], [], [], patience)[0])
        finally:
            os.close(descriptor)
    return _gone_for_good(pid, patience)


def _gone_for_good(pid: int, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        time.sleep(0.01)
    return False


def _identity_of(path: Path) -> tuple[int, int] | None:
    with contextlib.suppress(OSError):
        found = path.stat()
        return found.st_dev, found.st_ino
    return None


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in {errno.EWOULDBLOCK, errno.EACCES}:
            return False
        raise
    return True


def _listen(path: Path) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise SocketPathTaken(f"{path} is not a socket: move it away, then start again.")
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
