"""The connection to the engine that a command of the command line has while it runs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from agent import paths

if TYPE_CHECKING:
    from agent.engine.client import EngineClient


@contextlib.asynccontextmanager
async def connected(*, start: bool) -> AsyncIterator[EngineClient]:
    """A connection to the engine, for one command; `start` starts one where there is none.

    Raises:
        AgentError: there is no engine, or none can be had.
    """
    from agent.engine.client import EngineClient as Client

    client = await Client.connect(paths.find(), start=start, client="command line")
    try:
        yield client
    finally:
        await client.close()
