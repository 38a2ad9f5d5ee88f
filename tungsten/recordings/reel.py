"""A recording that can be gone through: played on, wound back, moved to any of its moments.

The screen is tmux's own: a pane is given the recorded bytes, as the recorded pane was. Going back
means beginning anew and feeding all that comes before at once, so a recording of any length costs
no memory; of one with 30 MB that takes about a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

from tungsten.recordings import asciicast, masked_recording
from tungsten.recordings.asciicast import Event, Recording
from tungsten.recordings.replay import Player
from tungsten.screen.frame import Frame
from tungsten.terminal import Terminal

BATCH = 1 << 20
"""Characters that are read before they are fed; holds the memory down."""


class Reel:
    """A recording in a pane. Made by `open`.

    Attributes:
        position: the second of the recording that is shown.
        length: the recording's last second, as far as it was known when last looked at.
    """

    def __init__(self, player: Player, recording: Recording, *, mask: bool) -> None:
        self.position = 0.0
        self.length = 0.0
        self._player = player
        self._recording = recording
        self._mask = mask
        self._events = self._begin()
        self._upcoming: Event | None = None
        self._size = (recording.header.width, recording.header.height)

    @classmethod
    async def open(cls, terminal: Terminal, path: Path, *, mask: bool = False) -> Reel:
        """Open a recording at its beginning.

        Args:
            terminal: where to open the pane that shows it.
            path: the recording; it may still be growing.
            mask: whether to mask secrets, and leave out what was typed.

        Raises:
            RecordingUnreadable: it is no recording, or damaged.
            ServerGone: the server ended.
        """
        recording = await asyncio.to_thread(asciicast.read, path)
        header = recording.header
        player = await Player.open(
            terminal, name=f"replay-{path.stem}", width=header.width, height=header.height
        )
        reel = cls(player, recording, mask=mask)
        try:
            await reel.measure()
            await reel.go_to(0.0)
        except BaseException:
            await player.close()
            raise
        return reel

    @property
    def title(self) -> str:
        """What it shows."""
        return self._recording.header.title

    @property
    def size(self) -> tuple[int, int]:
        """The columns and lines of the recorded pane at this moment."""
        return self._size

    async def measure(self) -> None:
        """Learn how long it is by now; raises as `go_to` does."""
        length = await asyncio.to_thread(asciicast.length, self._recording.path)
        grown, self.length = length > self.length, length
        if grown and self.position > 0 and await self.upcoming() is None:
            # Who reads has come to what was the end, and stays there.
            position = self.position
            await self._rewind()
            await self.go_to(position)

    async def upcoming(self) -> float | None:
        """Say when something happens next, None at the end; raises as `go_to` does."""
        if self._upcoming is None:
            self._upcoming = await asyncio.to_thread(next, self._events, None)
        return None if self._upcoming is None else self._upcoming.time

    async def go_to(self, second: float) -> None:
        """Show the recording as it was at a second, the nearest that it has.

        Raises:
            RecordingUnreadable: it is damaged.
            PaneDead, PaneGone: the pane was ended or closed meanwhile.
            ServerGone: the server ended.
        """
        second = min(max(second, 0.0), max(self.length, self.position))
        if second < self.position:
            await self._rewind()
        more = True
        while more:
            events, more = await asyncio.to_thread(self._take, lambda event: event.time <= second)
            await self._feed(events)
        self.position = second

    async def to_change(self) -> bool:
        """Go on to the next moment at which the screen differs; false when there is none.

        Raises as `go_to` does.
        """
        before = await self.frame()
        while (second := await self.upcoming()) is not None:
            self.length = max(self.length, second)
            await self.go_to(second)
            if await self.frame() != before:
                return True
        return False

    async def frame(self) -> Frame:
        """Picture the pane as it is; raises as `go_to` does."""
        await self._player.settled()
        return await self._player.pane.capture()

    async def close(self) -> None:
        """Close the pane."""
        await self._player.close()

    def _begin(self) -> Iterator[Event]:
        recording = self._recording
        return masked_recording.events(recording) if self._mask else recording.events()

    async def _rewind(self) -> None:
        header = self._recording.header
        self._events = self._begin()
        self._upcoming = None
        self._size = (header.width, header.height)
        self.position = 0.0
        await self._player.restart(header.width, header.height)

    def _take(self, wanted: Callable[[Event], bool]) -> tuple[list[Event], bool]:
        """Read the next events that are wanted; says whether there may be more of them."""
        taken: list[Event] = []
        size = 0
        while size < BATCH:
            event = self._upcoming or next(self._events, None)
            self._upcoming = event
            if event is None or not wanted(event):
                return taken, False
            self._upcoming = None
            taken.append(event)
            size += len(event.data)
        return taken, True

    async def _feed(self, events: list[Event]) -> None:
        printed: list[str] = []
        for event in events:
            if event.code == asciicast.OUTPUT:
                printed.append(event.data)
            elif event.code == asciicast.RESIZE:
                await self._player.feed("".join(printed))
                printed.clear()
                self._size = event.size
                await self._player.show(event)
        await self._player.feed("".join(printed))
