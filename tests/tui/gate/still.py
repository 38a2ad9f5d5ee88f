"""The gate dialog by a clock that stands until a test moves it.

What decides at a gate is silence. By a real clock a test would make it by waiting, and a busy
machine would make more of it between two keys than the test meant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.pilot import Pilot

from tests.tui.gate.conftest import NOW, HostApp
from tui.gate.dialog import GateDialog

BEGAN = 1_000.0
"""What the clock shows first, in seconds; any would do."""

AT_MOST = 100
"""Timers that may ring in one silence: more would be one that sets itself anew for ever."""


@dataclass
class Bell:
    """A timer of the dialog that rings when the clock has been moved so far."""

    due: float
    callback: Callable[[], Any]
    stopped: bool = False

    def stop(self) -> None:
        """Ring no more."""
        self.stopped = True


class StillDialog(GateDialog):
    """The dialog; its timers go by the clock of its app."""

    def set_timer(  # type: ignore[override]
        self, delay: float, callback: Callable[[], Any], **_: Any
    ) -> Bell:
        """Ring once, when the clock has been moved on by `delay` seconds."""
        assert isinstance(self.app, StillApp)
        bell = Bell(self.app.ticks() + delay, callback)
        self.app.bells.append(bell)
        return bell


class StillApp(HostApp):
    """The small app around the dialog; keys and clicks come at the time that its clock shows."""

    def __init__(self, *gates: Any, **named: Any) -> None:
        self.shows = BEGAN
        self.bells: list[Bell] = []
        super().__init__(*gates, ticks=lambda: self.shows, **named)

    def compose(self) -> ComposeResult:
        *others, _ = super().compose()
        yield from others
        yield StillDialog(clock=lambda: NOW, ticks=self.ticks)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent | events.Paste) and not event.is_forwarded:
            event.time = self.shows
        await super().on_event(event)


async def passes(pilot: Pilot[None], seconds: float) -> None:
    """Let time go by, with all that rings meanwhile."""
    app = pilot.app
    assert isinstance(app, StillApp)
    end = app.shows + seconds
    for _ in range(AT_MOST):
        await pilot.pause()
        app.bells = [bell for bell in app.bells if not bell.stopped]
        bell = min(app.bells, key=lambda each: each.due, default=None)
        if bell is None or bell.due > end:
            app.shows = end
            return
        app.bells.remove(bell)
        app.shows = max(app.shows, bell.due)
        app.dialog.call_later(bell.callback)
    raise AssertionError("the timers of the dialog do not come to rest")
