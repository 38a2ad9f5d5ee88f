"""Keeps a tmux server's sessions still while a control client attaches to it.

A control client is known to the server as one before its state is made: between the messages that
say so and the last one of its greeting, every notification that goes to all control clients is
written through a null pointer, and the server dies with everything in it. Sessions that begin, end
or are renamed, copy mode, clients that leave and, since 3.4, paste buffers cause one. (tmux 3.2 to
3.6, control.c; mended upstream in April 2026, https://github.com/tmux/tmux/pull/4980. Seen here
about once in 300 attaches beside new sessions.) It dies as well of a client that ends in between,
which is why an attach of ours is never cut short.

So whoever attaches, and whoever is about to cause such a notification, takes turns by a lock on the
directory of the socket. It is a precaution and no promise: other programs don't know of it, and
nobody waits longer than `PATIENCE` for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from weakref import WeakKeyDictionary

PATIENCE = 1.0
"""Seconds to wait for one's turn; who holds it longer was stopped, not busy."""

BLOCKING_PATIENCE = 0.05
"""Seconds to wait where everything else waits, too."""

_PAUSE = 0.001
"""An attach takes 2 to 5 ms, and flock(2) can't be waited for without a thread of its own."""

_QUEUES: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Path, asyncio.Lock]] = (
    WeakKeyDictionary()
)

_LOUD = frozenset(
    {
        "attach-session",
        "copy-mode",
        "delete-buffer",
        "detach-client",
        "kill-pane",
        "kill-session",
        "kill-window",
        "load-buffer",
        "new-session",
        "paste-buffer",
        "rename-session",
        "set-buffer",
        "switch-client",
    }
)


def loud(argv: Sequence[str]) -> bool:
    """Whether a tmux command may cause a notification to all control clients."""
    return argv[0] in _LOUD or (argv[0] == "send-keys" and "-X" in argv)


@contextlib.asynccontextmanager
async def turn(socket: Path) -> AsyncIterator[None]:
    """Hold the lock of a server's socket, or go on without it after `PATIENCE`.

    Within one loop turns go by order of asking, and one that lasts longer than `PATIENCE` holds up
    nobody any more: it waits for a server that was stopped. A turn within a turn waits that long.
    """
    queue = _queue(socket.parent)
    await queue.acquire()
    with contextlib.ExitStack() as held:
        held.callback(queue.release)
        descriptor = _open(socket)
        held.callback(_give, descriptor)
        deadline = time.monotonic() + PATIENCE
        while not _take(descriptor) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_PAUSE)
        overdue = asyncio.get_running_loop().call_later(PATIENCE, held.close)
        held.callback(overdue.cancel)
        yield


@contextlib.contextmanager
def turn_blocking(socket: Path) -> Iterator[None]:
    """The same, for code that blocks; who holds the lock may be a task of this very thread."""
    descriptor = _open(socket)
    try:
        deadline = time.monotonic() + BLOCKING_PATIENCE
        while not _take(descriptor) and time.monotonic() < deadline:
            time.sleep(_PAUSE)
        yield
    finally:
        _give(descriptor)


def _queue(directory: Path) -> asyncio.Lock:
    """The lock within this loop: first come, first served, which polling is not."""
    loop = asyncio.get_running_loop()
    return _QUEUES.setdefault(loop, {}).setdefault(directory, asyncio.Lock())


def _open(socket: Path) -> int | None:
    try:
        return os.open(socket.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None


def _take(descriptor: int | None) -> bool:
    if descriptor is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass  # A file system without locks.
    return True


def _give(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)
