"""A recording, played: the pane as it was at any moment, and a time line below.

The screen is drawn by tmux itself (`tungsten.recordings.reel`). Keys only say where to go; one task
goes there, so that many keys come to one way.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.strip import Strip

from tui.drawing.text import Piece, between, clock, one_line, strip_of
from tui.keys import actions
from tui.screens.closed_once import ClosedOnce
from tui.screens.let_go import let_go
from tui.terminal.connection import tmux_socket
from tui.terminal.frame_view import FrameView
from tui.widgets.lines import Lines, OneRow

if TYPE_CHECKING:
    from tungsten.recordings.reel import Reel
    from tungsten.terminal import Terminal

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)

IDLE = 2.0
"""Seconds that a pause takes at most; longer ones are cut short."""

FRAME = 1 / 30
"""Seconds between two pictures."""

TICK = 0.25
"""Seconds after which the time line moves on though nothing happens."""


class TimeLine(Lines):
    """One row: where the recording is, how long it is, and how fast it plays."""

    DEFAULT_CSS = "TimeLine { width: 1fr; height: 1; background: $background; }"

    def __init__(self) -> None:
        super().__init__(id="timeline")
        self._position = self._length = 0.0
        self._playing = False
        self._speed = 1.0
        self._said = ""

    def show(
        self, position: float, length: float, *, playing: bool, speed: float, said: str
    ) -> None:
        """Show another moment; `said` stands at the end."""
        self._position, self._length = position, length
        self._playing, self._speed, self._said = playing, speed, said
        self.redraw()

    def draw(self, width: int, height: int) -> list[Strip]:
        """Draw the row."""
        paint = self.paint
        left: list[Piece] = [
            (f" {'▶' if self._playing else '‖'} ", paint.focus),
            (f"{clock(self._position)} ", paint.text),
        ]
        right: list[Piece] = [(f" {clock(self._length)}", paint.muted)]
        right += [(f"  ×{self._speed:g} ", paint.text)]
        if self._said:
            right += [(f" {self._said} ", paint.attention)]
        room = width - sum(len(text) for text, _ in (*left, *right))
        if room < 3:
            return [between(left, right, width, paint.blank)]
        share = self._position / self._length if self._length > 0 else 1.0
        at = min(room - 1, round(share * (room - 1)))
        bar: list[Piece] = [("━" * at, paint.focus), ("●", paint.focus)]
        bar.append(("─" * (room - 1 - at), paint.rule))
        return [strip_of([*left, *bar, *right], width, paint.blank)]


class RecordingScreen(ClosedOnce[None]):
    """Plays one recording.

    Args:
        path: Its file.
        mask: Whether secrets are still in it and must not be shown.
        title: What it shows.
        running: Whether it may still grow.
    """

    KEYS = actions.RECORDING
    """The context that help begins with here."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(",".join(action.keys), action.action, show=False)
        for action in actions.of(actions.RECORDING)
    ]

    def __init__(self, path: Path, *, mask: bool, title: str, running: bool) -> None:
        super().__init__()
        self._path = path
        self._mask = mask
        self._name_shown = title
        self._grows = running
        self._reel: Reel | None = None
        self._playing = True
        self._speed = 1.0
        self._target: float | None = None
        self._steps = 0
        self._said = ""
        self._asked = asyncio.Event()
        self._going: asyncio.Task[None] | None = None

    @property
    def position(self) -> float:
        """The second that is shown."""
        return self._reel.position if self._reel is not None else 0.0

    @property
    def playing(self) -> bool:
        """Whether it plays."""
        return self._playing

    def compose(self) -> ComposeResult:
        """Lay out title, pane, time line and keys."""
        yield OneRow(id="recording-title")
        yield FrameView(id="recorded")
        yield TimeLine()
        yield OneRow(id="recording-keys")

    def on_mount(self) -> None:
        """Tell the keys, and begin."""
        keys = self.query_one("#recording-keys", OneRow)
        for action in actions.of(actions.RECORDING):
            if action.label:
                keys.left += [
                    (f" {actions.label(action.keys[0])}", "text"),
                    (f" {action.label} ", "muted"),
                ]
        keys.redraw()
        self._tell()
        self._going = asyncio.create_task(self._run())

    async def on_unmount(self) -> None:
        """Close the pane and the connection, and wait until that is done, if it is soon."""
        if self._going is not None:
            await let_go(self._going)

    # What keys ask for --------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Go back to where it was opened."""
        self.dismiss(None)

    def action_play(self) -> None:
        """Play, or hold; at the end, play again from the beginning."""
        reel = self._reel
        self._playing = not self._playing
        if self._playing and reel is not None and reel.position >= reel.length > 0:
            self._target = 0.0
        self._ask()

    def action_seek(self, seconds: float) -> None:
        """Go back or on."""
        origin = self._target if self._target is not None else self.position
        self._target = max(0.0, min(origin, self._length) + seconds)
        self._ask()

    def action_begin(self) -> None:
        """Go to the beginning."""
        self._target = 0.0
        self._ask()

    def action_end(self) -> None:
        """Go to the end as it is by now."""
        self._target = math.inf
        self._playing = False
        self._ask()

    def action_step(self) -> None:
        """Hold, and go on to the next change."""
        self._playing = False
        self._steps += 1
        self._ask()

    def action_faster(self, by: int) -> None:
        """Play faster, or slower."""
        at = SPEEDS.index(self._speed) + by
        self._speed = SPEEDS[max(0, min(at, len(SPEEDS) - 1))]
        self._ask()

    def _ask(self) -> None:
        self._said = ""
        self._asked.set()
        self._tell()

    # Going there --------------------------------------------------------------------------------

    async def _run(self) -> None:
        socket = Path(tmux_socket(self))
        # Not before it is needed: it brings tmux's object model along.
        reels, terminals = await asyncio.to_thread(_load)
        from tungsten.errors import TerminalError

        terminal = None
        try:
            terminal = await terminals.open(socket)
            self._reel = await reels.open(terminal, self._path, mask=self._mask)
            await self._picture(self._reel)
            while True:
                await self._next(self._reel)
        except TerminalError as error:
            self.query_one(FrameView).say(f"It cannot be played: {error}", problem=True)
        finally:
            with contextlib.suppress(TerminalError):
                if self._reel is not None:
                    await self._reel.close()
            if terminal is not None:
                await terminal.close()

    async def _next(self, reel: Reel) -> None:
        """Do what was asked for last; without anything, play on or wait."""
        self._asked.clear()
        if self._target is not None:
            target = self._target
            if target >= reel.length:
                await reel.measure()
            await reel.go_to(target)
            if self._target == target:
                # Until it is reached, further keys count from it.
                self._target = None
            await self._picture(reel)
        elif self._steps:
            self._steps -= 1
            if not await reel.to_change():
                self._said = "no further change"
            await self._picture(reel)
        elif self._playing:
            await self._play_on(reel)
        else:
            await self._asked.wait()

    async def _play_on(self, reel: Reel) -> None:
        """Play until the next picture, for a moment at most."""
        upcoming = await reel.upcoming()
        if upcoming is None:
            before = reel.length
            await reel.measure()
            if reel.length <= before:
                await reel.go_to(reel.length)
                self._playing = False
                self._tell()
            return
        pause = max(upcoming - reel.position, 0.0)
        skipped = max(pause - IDLE, 0.0)
        wait = min(max((pause - skipped) / self._speed, FRAME), TICK)
        now = asyncio.get_running_loop().time
        began = now()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._asked.wait()
        await reel.go_to(reel.position + skipped + (now() - began) * self._speed)
        await self._picture(reel)

    async def _picture(self, reel: Reel) -> None:
        self.query_one(FrameView).show(await reel.frame())
        self._tell()

    @property
    def _length(self) -> float:
        return self._reel.length if self._reel is not None else 0.0

    def _tell(self) -> None:
        if not self.is_mounted:
            return
        title = self.query_one("#recording-title", OneRow)
        title.left = [(" Recording  ", "strong"), (one_line(self._name_shown), "text")]
        title.right = [("still recording ", "attention")] if self._grows else []
        if self._reel is not None:
            title.right.append(("{}×{} ".format(*self._reel.size), "muted"))
        title.redraw()
        self.query_one(TimeLine).show(
            self.position,
            self._length,
            playing=self._playing,
            speed=self._speed,
            said=self._said,
        )


def _load() -> tuple[type[Reel], type[Terminal]]:
    # libtmux asks the standard output for its encoding as it is imported; Textual's has none.
    with contextlib.redirect_stdout(sys.__stdout__):
        from tungsten.recordings.reel import Reel
        from tungsten.terminal import Terminal

    return Reel, Terminal
