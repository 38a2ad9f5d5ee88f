"""Who is at the other end of a connection, and whether it runs inside one of our own panes.

What this guarantees: another user's process is refused by the kernel's word (and could not reach
the socket in a 0700 directory anyway). A process that an agent starts in its pane is recognised
by any one of these: a process among its parents, session leaders and process-group leaders is our
tmux server, or one of those processes was started with our tmux socket or the mark of a pane in its
environment. So `nohup`, `setsid`, a
double fork and `env -i` each alone change nothing. On Linux all of them together change nothing
either, with or without a terminal of its own: orphans are given to our tmux server and not to
process 1 (`tungsten/tmux/server_start.py`), so the search upwards finds it. Below a server that was
started otherwise, a process without a terminal that was orphaned after it started, in the same
control group, counts as inside. (A service of the system has another group, or is older than the
server that it has started.)

What it does not guarantee: all of this runs under one user id. A process that outlives its tmux
server, or that borrows another program of the same user (a debugger, cron, a terminal outside),
looks like a person. Only another user id or a container stops that. The check is made once, when
the connection is made; a pid that is reused between `connect` and the check is judged by its new
owner, and a connected socket can be passed on. The table in docs/risk.md says it for people.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.errors import InsidePane
from tungsten.tmux.environment import MARKER

_LOCAL_PEERCRED = 0x001
_LOCAL_PEERPID = 0x002
_SOL_LOCAL = 0
_MAX_PROCESSES = 512
_MAX_EXECS = 1000
"""Looks at a process in the middle of exec, which lasts for some microseconds."""

_PARENT, _TERMINAL, _STARTED, _ENVIRONMENT_END = 1, 4, 19, 48
"""Fields of /proc/PID/stat, counted from the one after the name."""

_REAPERS = frozenset({"systemd", "init", "tini", "dumb-init", "docker-init", "s6-svscan", "runit"})
"""What becomes the parent of orphans, beside process 1."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A connected process; `pid` is None where the system does not say."""

    uid: int
    pid: int | None


def credentials(connection: socket.socket) -> Peer:
    """Ask the kernel who connected (SO_PEERCRED, on macOS LOCAL_PEERCRED).

    Raises:
        OSError: the system does not say.
    """
    if sys.platform == "darwin":
        # struct xucred begins with an unsigned version and the uid.
        raw = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 128)
        _, uid = struct.unpack_from("=II", raw)
        pid = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID)
        return Peer(uid, pid or None)
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("=iII"))
    pid, uid, _ = struct.unpack("=iII", raw)
    return Peer(uid, pid or None)


def listener_pid(path: Path) -> int | None:
    """The process that listens on a Unix socket, None when none does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
            return credentials(probe).pid
        except OSError:
            return None


def refuse_in_pane(tmux_socket: Path, *, strays: bool = True) -> None:
    """Let this process go on only when it runs outside of all panes.

    The engine that it would start inherits its environment: where requests go, and what programs
    are called.

    Raises:
        InsidePane: it does not, or that cannot be told.
    """
    if _is_marked(os.environ, tmux_socket) or runs_in_pane(os.getpid(), tmux_socket, strays=strays):
        raise InsidePane


def runs_in_pane(pid: int | None, tmux_socket: Path, *, strays: bool = True) -> bool:
    """Say whether a process runs inside a pane of the tmux server at `tmux_socket`.

    What cannot be found out counts as inside. Without `strays`, no process does for the reason
    alone that it was orphaned beside that server, as engines are.
    """
    if pid is None:
        return True
    server = listener_pid(tmux_socket)
    seen: set[int] = set()
    waiting = [pid]
    while waiting and len(seen) < _MAX_PROCESSES:
        current = waiting.pop()
        if current in seen or current <= 1:
            continue
        seen.add(current)
        if current == server:
            return True
        found = _settled(current)
        if found is None:
            if current == pid:
                return True
            continue
        related, environment = found
        if _is_marked(environment, tmux_socket):
            return True
        waiting.extend(related)
    return strays and server is not None and _is_stray(pid, server)


def runs_below(pid: int, roots: frozenset[int]) -> bool:
    """Say whether a process descends from one of these, or has the terminal of one of them.

    What cannot be found out counts as so.
    """
    terminals = {found[_TERMINAL] for found in map(_stat, roots) if found} - {"0"}
    own = _stat(pid)
    if own and own[_TERMINAL] in terminals:
        return True
    seen: set[int] = set()
    waiting = [pid]
    while waiting and len(seen) < _MAX_PROCESSES:
        current = waiting.pop()
        if current in seen or current <= 1:
            continue
        if current in roots:
            return True
        seen.add(current)
        found = _process(current)
        if found is not None:
            waiting.extend(found[0])
        elif current == pid:
            return True
    return False


def ancestors(pid: int | None) -> frozenset[int]:
    """A process and all above it, by the system's word; empty where that is not known.

    Unlike the questions above, this errs on the other side: what is not known is in no pane.
    """
    import psutil

    if pid is None:
        return frozenset()
    try:
        process = psutil.Process(pid)
        return frozenset({pid, *(each.pid for each in process.parents())})
    except psutil.Error:
        return frozenset()


def age(pid: int | None) -> float:
    """For how many seconds a process has been there, at least; 0 where that is not known.

    Linux counts its start in ticks of `SC_CLK_TCK`, the begun one whole, since boot (proc(5)).
    """
    import psutil

    if pid is None:
        return 0.0
    try:
        if sys.platform != "linux":
            return max(0.0, time.time() - psutil.Process(pid).create_time())
        # psutil adds the time of boot in whole seconds, which this is too fine for.
        ticks = int(_stat(pid)[_STARTED]) + 1
    except (psutil.Error, IndexError):
        return 0.0
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    return max(0.0, now - ticks / os.sysconf("SC_CLK_TCK"))


def _is_stray(pid: int, server: int) -> bool:
    """Say whether a process without a terminal was orphaned since `server` started beside it.

    Linux only; elsewhere nothing is said.
    """
    beginning, own = _stat(server), _stat(pid)
    if not beginning or not own or own[_TERMINAL] != "0":
        return False
    for _ in range(_MAX_PROCESSES):
        if int(own[_STARTED]) < int(beginning[_STARTED]):
            return False
        parent = int(own[_PARENT])
        above = _stat(parent)
        if parent <= 1 or not above or _name(parent) in _REAPERS:
            return _group(pid) == _group(server)
        own = above
    return True


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name (proc(5)); empty when there are none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return []


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _group(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cgroup").read_text("utf-8", "replace")
    except OSError:
        return ""


def _settled(pid: int) -> tuple[set[int], Mapping[str, str]] | None:
    """Ask about a process again that was in the middle of exec.

    For that instant the kernel shows an empty environment, as if it had been started with `env -i`.
    None when the process is gone, or never ceases to exec.
    """
    for _ in range(_MAX_EXECS):
        found = _process(pid)
        if found is None or found[1]:
            return found
        fields = _stat(pid)
        if len(fields) <= _ENVIRONMENT_END or fields[_ENVIRONMENT_END] != "0":
            return _process(pid)
    return None


def _process(pid: int) -> tuple[set[int], Mapping[str, str]] | None:
    """Parent, session leader and group leader of a process, and the environment it was born with.

    None when the process is gone.
    """
    import psutil

    environment: Mapping[str, str] = {}
    try:
        process = psutil.Process(pid)
        related = {int(process.ppid())}
        with contextlib.suppress(psutil.AccessDenied, OSError):
            environment = process.environ()
    except psutil.Error:
        return None
    for leader in (os.getsid, os.getpgid):
        with contextlib.suppress(OSError):
            related.add(leader(pid))
    return related, environment


def _is_marked(environment: Mapping[str, str], tmux_socket: Path) -> bool:
    """Say whether a process was born in a pane of ours.

    Panes hide our socket from `TMUX` (programs in them see /dev/null, or nothing), so a mark
    without another server's socket beside it counts; with one, it is that server's pane.
    """
    server = environment.get("TMUX", "").partition(",")[0]
    if server == str(tmux_socket):
        return True
    mark = environment.get(MARKER)
    return mark == str(tmux_socket) or (mark == "1" and server in {"", "/dev/null"})
