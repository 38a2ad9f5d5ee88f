"""Ending what runs in a pane, all of it, and knowing that it has ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

import psutil

GRACE_SECONDS = 1.0
"""How long a program may take to end after its terminal hung up, and again after SIGTERM."""

_PROC = Path("/proc/self/stat").exists()


def below(pids: Iterable[int]) -> list[psutil.Process]:
    """Give the processes with these ids, and all that descend from them or share their session.

    A background job that was disowned is no descendant any more but still in the session.
    """
    wanted = {pid for pid in pids if pid > 0}
    numbers = psutil.pids()
    children: dict[int, list[int]] = {}
    for pid in numbers:
        children.setdefault(_parent(pid), []).append(pid)
    found: dict[int, psutil.Process] = {}
    unread = [pid for pid in numbers if pid in wanted or _session(pid) in wanted]
    while unread:
        pid = unread.pop()
        if pid not in found:
            with contextlib.suppress(psutil.Error):
                found[pid] = psutil.Process(pid)
                unread.extend(children.get(pid, ()))
    found.pop(os.getpid(), None)
    return list(found.values())


async def end(processes: Iterable[psutil.Process]) -> list[str]:
    """Wait for processes to end, asking harder each time; gives the names of those that live on.

    Their terminal is expected to be gone already, so each has got SIGHUP.
    """
    alive = list(processes)
    for ask in ("", "terminate", "kill"):
        for process in alive:
            with contextlib.suppress(psutil.Error):
                if ask:
                    getattr(process, ask)()
        ended = await asyncio.gather(*(_ended(process) for process in alive))
        alive = [process for process, gone in zip(alive, ended, strict=True) if not gone]
        if not alive:
            return []
    return [_name(process) for process in alive]


async def _ended(process: psutil.Process) -> bool:
    """Wait for one process to end, a zombie counting as ended; says whether it did."""
    if not hasattr(os, "pidfd_open"):
        gone, _ = await asyncio.to_thread(psutil.wait_procs, [process], GRACE_SECONDS)
        return bool(gone)
    try:
        descriptor = os.pidfd_open(process.pid)
    except OSError:
        return True
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()
    try:
        if not process.is_running():
            return True
        # A process's descriptor becomes readable when it ends (pidfd_open(2)).
        loop.add_reader(descriptor, readable.cancel)
        await asyncio.wait({readable}, timeout=GRACE_SECONDS)
        return readable.done()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _parent(pid: int) -> int:
    """Give the parent of a process, 0 where it has ended."""
    try:
        if not _PROC:
            return psutil.Process(pid).ppid()
        # psutil would read each of all processes four times.
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 - for each of all processes
            # The name, in brackets, may hold anything (proc(5)).
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, psutil.Error):
        return 0


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def _name(process: psutil.Process) -> str:
    try:
        return f"{process.name()} ({process.pid})"
    except psutil.Error:
        return str(process.pid)
