"""The engine's end of a hook's connection; the wire is described in `agent.hook.client`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.hook.client import MAX_BYTES, PROTOCOL, READ_SECONDS

if TYPE_CHECKING:
    from pydantic import JsonValue

    from agent.hook.asking import Call

MAX_HOOKS = 256
"""Hooks that may wait at once; what comes beyond gets its agent's own prompt."""

MAX_HELD = 64 * 1024 * 1024
"""Bytes that the questions of all hooks that wait may have together; likewise."""

Serve = Callable[["Call"], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Greeting:
    """A hook's first line."""

    agent: str
    size: int


def greeting(line: dict[str, JsonValue] | None) -> Greeting | None:
    """Read a first line; None if it is no hook's, or one of another version."""
    if line is None or line.get("type") != "hook" or line.get("protocol") != PROTOCOL:
        return None
    agent, size = line.get("agent"), line.get("size")
    if not isinstance(agent, str) or not isinstance(size, int) or not 0 <= size <= MAX_BYTES:
        return None
    return Greeting(agent, size)


async def serve(
    found: Greeting,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    pid: int | None,
    answer: Serve,
) -> None:
    """Take one question and give its answer; nothing, if the connection ends before."""
    from agent.hook.asking import Call

    try:
        async with asyncio.timeout(READ_SECONDS):
            payload = await reader.readexactly(found.size)
    except asyncio.IncompleteReadError:
        return
    gone = asyncio.get_running_loop().create_future()
    watching = asyncio.create_task(_watch(reader, gone))
    try:
        call = Call(
            found.agent, payload, pid, gone, lambda seconds: writer.write(b"held %d\n" % seconds)
        )
        said = await answer(call)
        # Also an empty one: it is answered, and need not be waited for.
        writer.write(b"answer %d\n" % len(said) + said)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
    finally:
        watching.cancel()


async def _watch(reader: asyncio.StreamReader, gone: asyncio.Future[None]) -> None:
    """Note that the other end is gone, or says what no hook says."""
    with contextlib.suppress(OSError):
        await reader.read(1)
    if not gone.done():
        gone.set_result(None)
