"""Work that goes on beside a screen and has something to close when the screen is left."""

from __future__ import annotations

import asyncio

LEAVE_SECONDS = 0.3
"""How long leaving a screen waits for that; keys wait as long."""

_LEFT: set[asyncio.Task[None]] = set()
"""What closes on after its screen is gone: the loop alone would not keep it."""


async def let_go(task: asyncio.Task[None]) -> None:
    """Cancel it, and wait until it has closed what it had; not for a tmux that hangs."""
    task.cancel()
    await asyncio.wait([task], timeout=LEAVE_SECONDS)
    if not task.done():
        _LEFT.add(task)
        task.add_done_callback(_LEFT.discard)
