"""When an app has nothing left to do: told by its queues, its timers and its work, not by a clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

from textual.app import App
from textual.screen import Screen
from textual.worker import WorkerState

SOON = 1.0
"""Seconds: a timer that rings once, no later than this, is part of what a key began: the silence
before a gate may be decided, the pause after which a search begins."""

FOREVER = {"engine", "lost", "keys"}
"""Groups of workers that go on for as long as the app does."""

ROUNDS = 3
"""Turns of the loop without anything to do after which an app has settled: what one turn reads from
a socket is a message in the next."""

TURNS, PAUSE = 20, 0.002
"""Turns of the loop after which a pause is made, and how long it is in seconds."""

TIMES_OUT = 60.0
"""Seconds after which a test ends whose app never settles."""


async def settled(app: App[Any]) -> bool:
    """Let an app go on until it has settled: all has been handled, laid out and answered.

    Returns:
        Whether there was anything to do.
    """
    began = time.monotonic()
    calm, turns, busy = 0, 0, False
    while calm < ROUNDS:
        await asyncio.sleep(0)
        for screen in (*app._background_screens, app.screen):
            if _to_be_drawn(screen):
                # Its timer would do this, at most a sixtieth of a second later.
                screen._on_timer_update()
                calm = -1
        what = next(_to_be_handled(app), "") or next(_awaited(app), "")
        if what:
            if time.monotonic() - began > TIMES_OUT:
                raise AssertionError(f"the app does not settle: {what}")
            # Others have their turn first: what they wait for may come from a thread.
            turns += 1
            await asyncio.sleep(0 if turns % TURNS else PAUSE)
            calm = -1
        calm += 1
        busy = busy or not calm
    return busy


def _to_be_drawn(screen: Screen[Any]) -> bool:
    return screen.is_current and bool(
        screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._recompose_required
        or screen._dirty_widgets
        or screen._callbacks
    )


def _to_be_handled(app: App[Any]) -> Iterator[str]:
    if app._resize_event is not None:
        yield "the size changes"
    for pump in (app, *app._registry):
        if pump._running or pump._task is not None:
            queue = pump._message_queue
            waits_for_more = bool(queue.ready_event._waiters)  # type: ignore[attr-defined]
            if queue.values or pump._next_callbacks or not waits_for_more:
                yield f"{pump} handles a message"


def _awaited(app: App[Any]) -> Iterator[str]:
    """What will go on by itself: movements, work, and timers that ring once."""
    if app._animator._animations or app._animator._scheduled:
        yield "something moves"
    for worker in app.workers:
        if worker.state in {WorkerState.PENDING, WorkerState.RUNNING}:
            if worker.group not in FOREVER:
                yield f"{worker} goes on"
    for pump in (app, *app._registry):
        for timer in pump._timers:
            task = timer._task
            if timer._repeat is not None and timer._interval <= SOON and task and not task.done():
                yield f"{timer} of {pump} is to ring"
