"""What has scrolled off a screen, as far as tmux keeps it: any range of it, as plain text."""

from __future__ import annotations

from dataclasses import dataclass

from tungsten.errors import CommandFailed, PaneGone
from tungsten.tmux.control_client import ControlClient

_MOST = 1 << 29
"""Lines; more than tmux keeps. What is no number of 32 bits to it makes it give other lines."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Some of the lines above a screen.

    Attributes:
        lines: plain text, the oldest first; fewer than were asked for where there are no more.
        above: lines between the last of them and the screen.
        size: lines above the screen in all.
    """

    lines: tuple[str, ...]
    above: int
    size: int

    @property
    def text(self) -> str:
        """The lines, joined by newlines."""
        return "\n".join(self.lines)


async def read(client: ControlClient, pane_id: str, *, above: int, count: int) -> Passage:
    """Read `count` lines of what tmux keeps of a pane, the last of them `above` the screen.

    Less than no lines are none.

    Raises:
        PaneGone: there is no such pane.
        ServerGone: the server ended.
    """
    above, count = min(max(above, 0), _MOST), min(max(count, 0), _MOST)
    first, last = -above - max(count, 1), -above - 1
    argv = ("capture-pane", "-p", "-t", pane_id, "-S", str(first), "-E", str(last))
    lines, tail = await client.guarded(argv, "#{pane_id} #{history_size}", pane_id)
    found, _, size = tail.partition(" ")
    if isinstance(lines, CommandFailed) or found != pane_id:
        raise PaneGone(pane_id)
    kept = int(size)
    wanted = min(count, max(kept - above, 0))
    # Beyond the oldest line tmux gives that one instead of none.
    return Passage(tuple(line.rstrip() for line in lines[:wanted]), min(above, kept), kept)
