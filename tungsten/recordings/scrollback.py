"""All that has scrolled off a recorded pane's screen, read from the disk.

tmux keeps the last `history-limit` lines of a pane in memory and drops older ones (`history` reads
those that it keeps). Where the pane is recorded, all are on the disk: the recording is played into
a pane of tmux, so that its lines are exactly those of the recorded pane, and from there they are
moved into a file. Whatever the length of a recording, no more than `ROWS` lines of it are held in
memory here.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from array import array
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from tungsten.errors import writing_into
from tungsten.recordings import asciicast, masked_recording
from tungsten.recordings.asciicast import Event, Recording
from tungsten.recordings.replay import Player
from tungsten.screen import history
from tungsten.screen.history import Passage
from tungsten.terminal import Terminal

ROWS = 10_000
"""Lines at most that one piece of a recording may scroll off before they are taken away."""

KEPT = 20_000
"""Lines that are left with tmux: it lays them out anew when the recorded pane got another size.

With `ROWS` more it is still below the `history-limit` of our server. Lines that were taken away
keep their rows as they are, so how many rows there are depends on where a recording was cut.
"""

_STEP = 256
"""Every how many lines their place in the file is remembered: one integer for each."""

_LINE = re.compile(r"[\n\v\f]|\x1b[DE]")
_SCREENFUL = re.compile(r"\x1b(?:c|\[[0-?]*[ -/]*[JS])")
"""What may scroll a whole screen off (ED, SU, RIS): tmux keeps what is erased with it."""

_CONTROL = r"\x00-\x17\x19\x1c-\x1f\x7f"
"""What a terminal does, or passes over, in the middle of a sequence."""

_FORGETTING = re.compile(
    rf"\x1b[{_CONTROL}]*\[[0{_CONTROL}]*3[{_CONTROL}]*(?:[;:][0-9;:{_CONTROL}]*)?J"
)
"""What makes a terminal drop its history (`clear` does): here nothing is dropped."""

_BEGUN = re.compile(rf"\x1b[\[0-9;:{_CONTROL}]*")
_BEGUN_LENGTH = 256
"""Characters of a sequence begun that are looked at; tmux reads 63 and passes over longer ones."""

_CANCEL = "\x18"
"""In the place of a sequence's last character: the terminal gives it up, and prints nothing."""


class Scrollback:
    """All lines of a recording that have scrolled off its screen. Made by `opened`."""

    def __init__(self, terminal: Terminal, player: Player, file: IO[bytes]) -> None:
        self._client = terminal.client
        self._player = player
        self._file = file
        self._places: array[int] = array("Q")
        self._end = 0
        self._size = 0
        self._settled = 0
        """Lines in the file that tmux does not hold any more."""

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, terminal: Terminal, path: Path, *, mask: bool = False
    ) -> AsyncIterator[Scrollback]:
        """Lay out a recording, up to where it is by now; 30 MB take some seconds.

        Args:
            terminal: where to open the pane that it is played into.
            path: the recording; it may be growing. The lines are kept in a nameless file beside it.
            mask: whether to mask secrets.

        Raises:
            RecordingUnreadable: it is no recording, or damaged.
            DirectoryUnwritable: there is no room beside it.
            PaneDead, PaneGone: the pane was ended or closed meanwhile.
            ServerGone: the server ended.
        """
        recording = await asyncio.to_thread(asciicast.read, path)
        header = recording.header
        with writing_into(path.parent):
            file = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115
        with file:
            player = await Player.open(
                terminal, name=f"lines-{path.stem}", width=header.width, height=header.height
            )
            try:
                scrollback = cls(terminal, player, file)
                with writing_into(path.parent):
                    await scrollback._lay_out(recording, mask=mask)
                yield scrollback
            finally:
                await player.close()

    @property
    def size(self) -> int:
        """How many lines there are above the last screen."""
        return self._size

    def read(self, *, above: int, count: int) -> Passage:
        """Read `count` lines, the last of them `above` the recording's last screen."""
        above, count = max(above, 0), max(count, 0)
        end = max(self._size - above, 0)
        first = max(end - count, 0)
        lines = tuple(self._lines(first, end))
        return Passage(lines, min(above, self._size), self._size)

    async def screen(self) -> str:
        """Give the text of the recording's last screen."""
        return await self._player.pane.text()

    # -- inside ------------------------------------------------------------------------------

    async def _lay_out(self, recording: Recording, *, mask: bool) -> None:
        events = masked_recording.events(recording) if mask else recording.events()
        pieces = _pieces(events, (recording.header.width, recording.header.height), ROWS)
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            if isinstance(piece, Event):
                await self._player.resize(*piece.size)
                # All that tmux still holds has another layout now.
                self._cut(self._settled)
            else:
                await self._player.feed(piece)
            await self._take()

    async def _take(self) -> None:
        """Move what has scrolled off into the file."""
        await self._player.settled()
        pane_id = self._player.pane.id
        size = (await history.read(self._client, pane_id, above=0, count=1)).size
        # Of a screen that became higher some are on it again.
        self._cut(min(self._settled + size, self._size))
        more = self._settled + size - self._size
        if more:
            self._append((await history.read(self._client, pane_id, above=0, count=more)).lines)
        if size > KEPT:
            await self._client.pipeline([("clear-history", "-t", pane_id)])
            self._settled = self._size

    def _append(self, lines: tuple[str, ...]) -> None:
        self._file.seek(self._end)
        for line in lines:
            if self._size % _STEP == 0:
                self._places.append(self._end)
            self._end += self._file.write(line.encode("utf-8", "replace") + b"\n")
            self._size += 1

    def _cut(self, size: int) -> None:
        if size == self._size:
            return
        begin = size // _STEP * _STEP
        self._file.seek(self._places[size // _STEP])
        for _ in range(size - begin):
            self._file.readline()
        self._end = self._file.tell()
        self._size = size
        del self._places[(size + _STEP - 1) // _STEP :]

    def _lines(self, first: int, end: int) -> Iterator[str]:
        if first >= end:
            return
        begin = first // _STEP * _STEP
        self._file.seek(self._places[first // _STEP])
        for number in range(begin, end):
            line = self._file.readline()
            if number >= first:
                yield line.decode()[:-1]


def _pieces(events: Iterator[Event], size: tuple[int, int], rows: int) -> Iterator[str | Event]:
    """Cut what was printed so that no piece scrolls off more than `rows`; resizes stay whole."""
    held, most = "", 0
    begun = ""
    for event in events:
        if event.code == asciicast.RESIZE:
            yield from [held] if held else []
            held, most = "", 0
            size = event.size
            yield event
        elif event.code == asciicast.OUTPUT:
            data, begun = _remembering(begun, event.data)
            for part in _parts(data, size, rows):
                more = _scrolled(part, size)
                if held and most + more > rows:
                    yield held
                    held, most = "", 0
                held += part
                most += more
    yield from [held] if held else []


def _remembering(begun: str, data: str) -> tuple[str, str]:
    """Cancel, in the next text, what makes a terminal drop its history.

    Args:
        begun: the sequence that stands unfinished at the end of what was printed before.
        data: what is printed then.

    Returns:
        what to print instead, and the sequence that is unfinished after it.
    """
    text = begun + data
    told = _FORGETTING.sub(lambda found: found[0][:-1] + _CANCEL, text)
    at = text.rfind("\x1b")
    unfinished = 0 <= at >= len(text) - _BEGUN_LENGTH and _BEGUN.fullmatch(text, at)
    # What was begun is on its way already.
    return told[len(begun) :], text[at:] if unfinished else ""


def _parts(text: str, size: tuple[int, int], rows: int) -> Iterator[str]:
    if len(text) < 2 or _scrolled(text, size) <= rows:
        yield text
        return
    half = len(text) // 2
    yield from _parts(text[:half], size, rows)
    yield from _parts(text[half:], size, rows)


def _scrolled(text: str, size: tuple[int, int]) -> int:
    """Say how many rows text scrolls off a screen of this size at most."""
    width, height = size
    # One may have begun in the text before.
    screens = len(_SCREENFUL.findall(text)) + 1
    # A wide character may leave the last cell of a row empty.
    return len(_LINE.findall(text)) + screens * height + 2 * len(text) // width + 1
