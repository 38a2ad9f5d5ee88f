"""A front end's view of panes in the person's own server: as they are, at their own size.

Unlike `LiveView`, nothing is made on that server and no pane is resized; keys are not delivered.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tungsten.adopted.adopt import OwnServer
from tungsten.screen.frame import Frame

FPS = 10.0
"""Most frames a second: following output slows a program that prints very much."""


class AdoptedView:
    """Shows panes that were adopted. Made by `open`; belongs to one loop."""

    def __init__(self, server: OwnServer) -> None:
        self._server = server

    @classmethod
    async def open(cls, socket: Path) -> AdoptedView:
        """Connect to the person's server.

        Raises:
            ServerGone: there is none.
            TmuxMissing, TmuxTooOld: see `OwnServer.connect`.
        """
        return cls(await OwnServer.connect(socket))

    def show(
        self, tmux_id: str, on_frame: Callable[[Frame | None], None], *, fps: float
    ) -> Callable[[], None]:
        """Call `on_frame` with a pane's screen now and after each change; see `OwnServer.watch`."""
        return self._server.watch(tmux_id, on_frame, fps=min(fps, FPS))

    async def capture(self, tmux_id: str, *, history: int) -> Frame:
        """Take one picture, with up to `history` lines above it; see `frame.capture`."""
        return await self._server.capture(tmux_id, history=history)

    async def close(self) -> None:
        """Stop showing and disconnect."""
        await self._server.close()
