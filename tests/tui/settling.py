"""When an app has nothing left to do: its queues, timers and work tell it, and no clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen
from textual.timer import Timer

SOON = 1.0
"""Seconds: a timer that rings once, no later than this, is part of what a key began: the silence
before a gate may be decided, the pause after which a search begins."""

FOREVER = {"engine", "lost", "keys"}
"""Groups of workers that go on for as long as the app does."""

AGES = {"_age", "sync", "agents_changed"}
"""What timers call that tell how old something is, again and again; in tests the clock stands."""

ROUNDS = 3
"""Turns of the loop without anything to do after which an app has settled: what one turn reads from
a socket is a message in the next."""

TURNS, PAUSE = 20, 0.01
"""Turns of the loop after which a pause is made, and how long it is in seconds."""

TIMES_OUT, LEAST_ROUNDS = 60.0, 500
"""Seconds, and rounds with something to do, after which a test ends whose app never settles. An app
that settles needs fifty rounds at most, and on a busy machine each of them may take seconds."""


async def pressed(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys: characters one upon the other, and a named key when all before it has settled."""
    for key in keys:
        if len(key) > 1:
            await settled(pilot.app)
        await pilot.press(key)
    await settled(pilot.app)


async def settled(app: App[Any], *, waits: bool = True) -> bool:
    """Let an app go on until it has settled: all has been handled, laid out and answered.

    Args:
        app: Which one; it runs in this loop.
        waits: Whether to wait for answers, timers and movements, too.

    Returns:
        Whether there was anything to do.
    """
    ready = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
    began = time.monotonic()
    calm = rounds = 0
    for turn in count(1):
        if calm == ROUNDS:
            return rounds > 0
        # Now and then a real pause: what others wait for may come from a thread.
        await asyncio.sleep(0 if turn % TURNS else PAUSE)
        if ready and turn % TURNS:
            # Others can go on; to look at all of them each time would take most of the time.
            continue
        what = next(_to_do(app), "")
        if not what and waits and (what := next(_awaited(app), "")):
            await asyncio.sleep(PAUSE)
        if not what:
            calm += 1
            continue
        calm, rounds = 0, rounds + 1
        if rounds > LEAST_ROUNDS and time.monotonic() - began > TIMES_OUT:
            raise AssertionError(f"the app does not settle: {what}")
    raise AssertionError("unreachable")


async def handled(pilot: Pilot[Any]) -> bool:
    """Wait until all messages of an app have been handled, as `Pilot._wait_for_screen` does.

    That one sends a message to every widget, before and after each key and at each pause: a tenth
    of what an app did in a test. Here the queues are looked at; when they are not empty after a few
    turns of the loop, all are asked as ever.

    Returns:
        False when the app ended with an error.
    """
    app = pilot.app
    calm = 0
    for _ in range(TURNS):
        if app._exception_event.is_set():
            return False
        calm = 0 if next(_to_be_handled(app), "") else calm + 1
        if calm == ROUNDS:
            return True
        await asyncio.sleep(0)
    return await _ask_all(pilot)


_ask_all = Pilot._wait_for_screen


def _to_do(app: App[Any]) -> Iterator[str]:
    for screen in (*app._background_screens, app.screen):
        if _to_be_drawn(screen):
            # Its timer would do this, at most a sixtieth of a second later.
            screen._on_timer_update()
            yield f"{screen} is laid out"
    yield from _to_be_handled(app)


def _to_be_drawn(screen: Screen[Any]) -> bool:
    # One that lies under another wants to be drawn again each time that it was.
    alone = screen is screen.app.screen and (screen._repaint_required or screen._scroll_required)
    return screen.is_current and bool(
        alone
        or screen._layout_required
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
        if not worker.is_finished and worker.group not in FOREVER:
            yield f"{worker} goes on"
    for pump in (app, *app._registry):
        for timer in pump._timers:
            # What is to be called is an argument of a partial function.
            called = getattr(timer._callback, "args", [None])[0]
            if _is_to_ring(timer) and getattr(called, "__name__", "") not in AGES:
                yield f"{timer} of {pump} is to ring"


def _is_to_ring(timer: Timer) -> bool:
    goes_on = timer._task is not None and not timer._task.done()
    return goes_on and timer._repeat is not None and timer._interval <= SOON
