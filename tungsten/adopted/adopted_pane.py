"""One allowed pane of the person's own tmux server: read, waited for and typed into.

Its shell carries no marks of ours and nothing is installed in it, so no command line is run in it
as `Pane.run` does, and what stands on its line is only what its screen shows. Every call asks anew
whether the pane is allowed.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from tungsten.adopted.adopt import OwnServer
from tungsten.errors import PaneDead, PaneGone, PaneInCopyMode, TerminalError
from tungsten.outcome import ForBell, ForExit, ForIdle, ForPrompt, ForText, Until, WaitResult
from tungsten.pressing import Standing
from tungsten.programs import foreground
from tungsten.programs.foreground import Foreground
from tungsten.programs.listening import Heard
from tungsten.screen import frame, history
from tungsten.screen.frame import Frame
from tungsten.screen.history import Passage

QUIET_SECONDS = 0.3
"""A shell is looked at once more when its pane was quiet for so long: the prompt is printed before
the shell reads."""

Test = Callable[[Frame], Awaitable[str | None]]
"""Given a screen, says what matched, or None."""


class AdoptedPane:
    """A handle on one pane of the person's server, for as long as they allow it.

    Attributes:
        id: tmux's id in that server, such as `%3`.
    """

    def __init__(self, server: OwnServer, pane_id: str) -> None:
        self.id = pane_id
        self._server = server
        self._waits: set[asyncio.Queue[Frame | None]] = set()

    async def capture(self, *, history: int = 0) -> Frame:
        """Take a picture of the screen, with up to `history` lines above it.

        Raises:
            PaneNotAllowed: the person does not allow it, or not any more.
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        await self._server.require(self.id)
        return await self._server.capture(self.id, history=history)

    async def capture_plain(self) -> Frame:
        """Take a picture of the screen's text alone; raises as `capture` does."""
        await self._server.require(self.id)
        return await frame.capture_plain(await self._server.connected(), self.id)

    async def history(self, *, above: int = 0, count: int = 1000) -> Passage:
        """Read lines that have scrolled off; see `Pane.history`, and raises as `capture` does."""
        await self._server.require(self.id)
        client = await self._server.connected()
        return await history.read(client, self.id, above=above, count=count)

    async def foreground(self) -> Foreground:
        """Say what has the keyboard of this pane; raises as `capture` does."""
        info = await self._server.require(self.id)
        return foreground.probe(info.pid, info.tty, dead=info.dead)

    async def line(self) -> str | None:
        """None: nothing but its screen tells what stands on its line."""
        return None

    async def send_text(self, text: str) -> None:
        """Type text literally; a newline is Enter.

        Raises:
            PaneInCopyMode: somebody is reading back in it.
            PaneNotAllowed, PaneDead, PaneGone, ServerGone: see `OwnServer.send_text`.
        """
        await self._require_live()
        await self._server.send_text(self.id, text)

    async def send_keys(self, *names: str) -> None:
        """Press keys by tmux's names; raises as `send_text` does."""
        await self._require_live()
        await self._server.send_keys(self.id, *names)

    async def paste(self, text: str) -> None:
        """Paste text, bracketed where the program asks for it; raises as `send_text` does.

        tmux pastes from a buffer only: one of a name of its own, there for just this step.
        """
        await self._require_live()
        await self._server.paste(self.id, text)

    def listen(self, heard: Heard, gone: Callable[[], None]) -> Callable[[], None]:
        """Call `heard` after each output, and `gone` at the end; see `OwnServer.listen`."""
        return self._server.listen(self.id, heard, gone)

    async def press_if(self, key: str, standing: Standing) -> bool:
        """Press one key if the screen still shows this, else none; see `OwnServer.press_if`."""
        return await self._server.press_if(self.id, key, standing)

    async def wait(self, until: Until, timeout: float) -> WaitResult:  # noqa: ASYNC109
        """Wait for something to happen on the pane, for at most `timeout` seconds.

        Raises:
            PaneNotAllowed: the person does not allow it, or not any more.
            PaneGone: there is no such pane.
            ServerGone: the server ended.
            TerminalError: it is the bell, of which a server that is not ours tells nothing.
        """
        started = time.monotonic()
        ended: Literal["met", "timeout", "pane_died"] = "met"
        match = ""
        await self._server.require(self.id)
        try:
            async with asyncio.timeout(timeout):
                found = await self._until(until)
                ended, match = ("pane_died", "") if found is None else ("met", found)
        except TimeoutError:
            ended = "timeout"
        shown = await self.capture()
        return WaitResult(ended == "met", ended, time.monotonic() - started, shown, match)

    def taken_back(self) -> None:
        """End all waits, with PaneNotAllowed: the person does not allow the pane any more."""
        for screens in self._waits:
            screens.put_nowait(None)

    # -- inside ------------------------------------------------------------------------------

    async def _require_live(self) -> None:
        info = await self._server.require(self.id)
        if info.dead:
            raise PaneDead(self.id, info.exit_status)
        if info.in_mode:
            raise PaneInCopyMode(self.id)
        if await self._server.is_synchronized(self.id):
            raise TerminalError(
                f"Pane {self.id} passes its keys on to others (synchronize-panes), so nothing is "
                "typed: turn that off first."
            )

    async def _until(self, until: Until) -> str | None:
        match until:
            case ForText(pattern=pattern):
                wanted = re.compile(pattern, re.MULTILINE)

                async def shows(frame: Frame) -> str | None:
                    found = wanted.search(frame.text)
                    return None if found is None else found[0]

                return await self._watched(shows)
            case ForPrompt():

                async def prompts(frame: Frame) -> str | None:
                    return "" if (await self.foreground()).kind == "shell" else None

                return await self._watched(prompts, again=QUIET_SECONDS)
            case ForIdle(seconds=seconds):

                async def never(frame: Frame) -> str | None:
                    return None

                return await self._watched(never, idle=seconds)
            case ForExit():

                async def dead(frame: Frame) -> str | None:
                    return "" if frame.dead else None

                return await self._watched(dead)
            case ForBell():
                raise TerminalError("Your own tmux server does not tell when a pane rings.")

    async def _watched(
        self, test: Test, *, idle: float | None = None, again: float | None = None
    ) -> str | None:
        """Test each screen until one passes; None when the program ended first.

        Args:
            test: what to wait for.
            idle: instead, so many seconds without another screen will do.
            again: test the same screen once more after so many seconds without another.

        Raises:
            PaneGone: the pane or its server went away meanwhile.
            PaneNotAllowed: it was taken back meanwhile.
        """
        screens: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._waits.add(screens)
        stop = self._server.watch(self.id, screens.put_nowait)
        try:
            screen = await screens.get()
            quiet = idle if idle is not None else again
            while screen is not None:
                if (found := await test(screen)) is not None:
                    return found
                if screen.dead:
                    return None
                try:
                    async with asyncio.timeout(quiet):
                        screen = await screens.get()
                    quiet = idle if idle is not None else again
                except TimeoutError:
                    if idle is not None:
                        return ""
                    quiet = None
            await self._server.require(self.id)
            raise PaneGone(self.id)
        finally:
            self._waits.discard(screens)
            stop()
