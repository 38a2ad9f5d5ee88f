"""Run a line in a program that carries no marks: a REPL, a plain shell, a shell behind ssh.

Its prompt on the screen, and that it waits for input, tell when it is done. Lines go in one by one,
each only when the program has come back to a prompt of its own: what was meant for a REPL never
ends up in the shell that started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tungsten import keys
from tungsten.errors import NotAtPrompt, OutcomeUnknown, TerminalError
from tungsten.outcome import Ended, RunResult
from tungsten.programs import prompts
from tungsten.programs.foreground import Foreground
from tungsten.programs.prompts import Prompts
from tungsten.screen.frame import Frame, strip_styles
from tungsten.shell.output import Anchor, columns, read_output

if TYPE_CHECKING:
    from tungsten.pane import Pane

ECHO_SECONDS = 3.0
"""How long a typed line may take to show, a slow connection included."""

QUIET_SECONDS = 0.15
"""Silence after which a prompt counts where the system cannot tell who waits for input."""

_LAST_LOOK = 2 * QUIET_SECONDS
"""Seconds for one look whether it is back, when there is no time left to wait."""

_GLANCE = 0.005
"""Seconds until looking again whether a program that shows its prompt waits for input by now.

It does some microseconds later, and nothing tells of it; each next look waits twice as long.
"""

_BLANK = re.compile(r"\s+")

Printed = Callable[[], Awaitable[None]]
Verdict = Literal["first", "more", "shell", "dead", "other"]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the cursor is.

    Attributes:
        row: counted from the oldest line of the history.
        before: text left of it.
        after: text right of it, without blanks.
    """

    row: int
    before: str
    after: str


def spot(shown: Frame) -> Spot:
    """Read the cursor's line off a frame."""
    first = len(shown.lines) - shown.height
    line = strip_styles("\n".join(shown.lines)).split("\n")[first + shown.cursor_y]
    at = 0
    width = 0
    while at < len(line) and width < shown.cursor_x:
        width += columns(line[at])
        at += 1
    before = line[:at].ljust(at + shown.cursor_x - width)
    return Spot(shown.history_size + shown.cursor_y, before, line[at:].strip())


class Dialogue:
    """One input for the program in a pane, from its prompt to its prompt. Use once."""

    def __init__(self, pane: Pane, printed: Printed) -> None:
        self._pane = pane
        self._printed = printed
        self._foreground = Foreground(0, "", "unknown")
        self._prompts: Prompts | None = None
        self._own = False
        self._start = ""
        self._number = pane.shell.number

    # -- waiting ------------------------------------------------------------------------------

    async def until_ready(self) -> bool:
        """Wait until a program, or the pane's shell, shows a prompt; false if the pane died."""
        glance = _GLANCE
        while True:
            self._pane.shell.check()
            if self._pane.shell.dead:
                return False
            if self._pane.shell.reporting:
                return True
            here = await self._find()
            ready = self._prompts is not None and self._prompts.place(self._start) == "first"
            if here is not None and ready and await self._settled(here):
                return True
            if here is not None and not ready:
                await self._printed()
                continue
            glance = await self._again(glance, hurried=self._prompts is not None)

    async def run(
        self,
        text: str,
        before_enter: Callable[[], Awaitable[None]] | None,
        timeout: float | None,  # noqa: ASYNC109
        *,
        inside: bool,
    ) -> RunResult:
        """Enter `text` and wait for the prompt that follows.

        Args:
            text: one line, or several.
            before_enter: awaited when the first line is typed.
            timeout: seconds after the first Enter.
            inside: whether it may be a program that the pane's own shell has started.

        Raises:
            NotAtPrompt: nothing seems to wait for input at an empty prompt.
            PaneDead: the program has ended.
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        here = await self._find()
        glance = _GLANCE
        while here is None and self._prompts is not None and glance < QUIET_SECONDS:
            glance = await self._again(glance, hurried=True)
            here = await self._find()
        if here is None or self._prompts is None:
            raise NotAtPrompt(self._pane.id, self._why())
        if not (self._own or inside):
            raise NotAtPrompt(self._pane.id, "a command is running")
        if self._prompts.place(self._start) == "more":
            raise NotAtPrompt(self._pane.id, "the program waits for the rest of an input")
        lines = prompts.lines_of(text, self._prompts)
        outputs: list[str] = []
        verdict: Verdict = "first"
        truncated = False
        entered = 0.0
        shown: Frame | None = None
        for line in lines:
            anchor, typed = await self._type(line, here)
            if not entered:
                if before_enter is not None:
                    await self._ask(before_enter, here, typed)
                entered = time.monotonic()
            await self._pane.send_keys("Enter")
            left = None if timeout is None else entered + timeout - time.monotonic()
            try:
                verdict, shown, here = await self._until_back_within(left, typed)
            except TimeoutError:
                shown = await self._pane.capture()
                output, cut = await self._output(shown, anchor, None)
                outputs.append(output)
                return self._result(None, outputs, entered, shown, "timeout", truncated or cut)
            prompt = self._pane.shell.prompt if verdict == "shell" else self._prompt(here)
            known = prompt if verdict in ("first", "more", "shell") else None
            output, cut = await self._output(shown, anchor, known)
            outputs.append(output)
            truncated = truncated or cut
            if verdict not in ("first", "more"):
                break
        if verdict == "dead":
            status = self._pane.shell.exit_status
            return self._result(status, outputs, entered, shown, "pane_died", truncated)
        if verdict == "more":
            result = self._result(None, outputs, entered, shown, "incomplete", truncated)
            await self._cancel(here)
            return result
        status = await self._pane.shell.status_after(self._number)
        ended: Ended = "interrupted" if status == 130 else "prompt"
        return self._result(status, outputs, entered, shown, ended, truncated)

    # -- inside -------------------------------------------------------------------------------

    def _why(self) -> str:
        name = self._foreground.name or "a program"
        if self._foreground.kind in ("repl", "shell", "ssh"):
            return f"{name} shows no empty prompt"
        return f"{name} is running"

    async def _find(self) -> Spot | None:
        """Look whether a program stands at an empty prompt; remembers which and how it prompts.

        Where only its sleep is missing, how it prompts is remembered all the same.
        """
        shown = await self._pane.capture()
        here = spot(shown)
        info, self._foreground = await self._pane.look()
        self._own = info.pid == self._foreground.pid
        self._prompts = None
        if shown.alternate or here.after:
            return None
        found = prompts.of(self._foreground, here.before)
        if found is None or found.place(found.tail(here.before)) is None:
            return None
        self._prompts = found
        self._start = found.tail(here.before)
        return here if self._foreground.kind in ("repl", "shell", "ssh") else None

    async def _settled(self, here: Spot) -> bool:
        """Whether the program at its prompt waits, and has nothing more to print."""
        found = self._prompts
        if found is not None and found.local and self._foreground.reading is not None:
            return self._foreground.reading
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(QUIET_SECONDS):
                await self._printed()
                return False
        return spot(await self._pane.capture()) == here

    async def _again(self, glance: float, *, hurried: bool) -> float:
        """Return after the next output, or soon when only the program's sleep is missing."""
        if not hurried:
            await self._printed()
            return _GLANCE
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(glance):
                await self._printed()
                return _GLANCE
        return glance * 2

    async def _type(self, line: str, here: Spot) -> tuple[Anchor, Spot]:
        """Put one line behind the prompt and see it there."""
        shown = await self._pane.capture()
        now = spot(shown)
        if now != here:
            # A prompt may reach the screen in two pieces, its space last.
            if now != Spot(here.row, here.before.rstrip().ljust(len(now.before)), ""):
                raise NotAtPrompt(self._pane.id, "something is being typed or printed there")
            here = now
        anchor = Anchor(here.row, shown.history_size, shown.width, line, here.before)
        if not line:
            return anchor, here
        for index, part in enumerate(line.split("\t")):
            # What of it arrived, the screen will tell.
            with contextlib.suppress(OutcomeUnknown):
                if index:
                    # Quoted, a tab is a character rather than a question for names that fit.
                    await self._pane.send_keys("C-v", "Tab")
                await keys.type_text(self._pane.client, self._pane.id, part)
        try:
            async with asyncio.timeout(ECHO_SECONDS):
                return anchor, await self._shown(line, here)
        except TimeoutError:
            await self._discard(here)
            raise NotAtPrompt(self._pane.id, "the line did not arrive as it was sent") from None
        except asyncio.CancelledError:
            await asyncio.shield(self._discard(here))
            raise

    async def _shown(self, line: str, here: Spot) -> Spot:
        wanted = _BLANK.sub("", here.before + line)
        while True:
            shown = await self._pane.capture()
            first = max(0, here.row - shown.history_size)
            rows = strip_styles("\n".join(shown.lines)).split("\n")[first : shown.cursor_y + 1]
            there = spot(shown)
            seen = _BLANK.sub("", "".join([*rows[:-1], there.before]))
            whole = here.row >= shown.history_size
            if not there.after and (seen == wanted if whole else seen and wanted.endswith(seen)):
                return there
            await self._printed()

    async def _ask(
        self, before_enter: Callable[[], Awaitable[None]], here: Spot, typed: Spot
    ) -> None:
        try:
            await before_enter()
            unchanged = spot(await self._pane.capture()) == typed
            unchanged = unchanged and (await self._pane.foreground()).pid == self._foreground.pid
        except BaseException:
            await asyncio.shield(self._discard(here))
            raise
        if not unchanged:
            await self._discard(here)
            raise NotAtPrompt(self._pane.id, "somebody changed the line")

    async def _discard(self, here: Spot) -> None:
        """Empty the line; raises nothing."""
        with contextlib.suppress(TerminalError, TimeoutError):
            # Known to line editors and to the terminal itself alike.
            async with asyncio.timeout(ECHO_SECONDS):
                await self._pane.send_keys("C-u")
                while spot(await self._pane.capture()).before != here.before:
                    await self._printed()

    async def _cancel(self, here: Spot) -> None:
        """Give up an unfinished input where that is safe; raises nothing."""
        if self._prompts is None or not self._prompts.cancel:
            return
        with contextlib.suppress(TerminalError, TimeoutError):
            async with asyncio.timeout(ECHO_SECONDS):
                await self._pane.send_keys(self._prompts.cancel)
                await self._until_back(here)

    async def _until_back_within(
        self, seconds: float | None, typed: Spot
    ) -> tuple[Verdict, Frame, Spot]:
        """As `_until_back`; raises TimeoutError."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._until_back(typed)
        # A process that was stopped itself finds its time over before it has looked.
        async with asyncio.timeout(_LAST_LOOK):
            return await self._until_back(typed)

    async def _until_back(self, typed: Spot) -> tuple[Verdict, Frame, Spot]:
        """Wait until the program stands at a prompt again, or has ended."""
        shell = self._pane.shell
        glance = _GLANCE
        while True:
            shell.check()
            shown = await self._pane.capture()
            here = spot(shown)
            if shell.dead:
                return "dead", shown, here
            if not self._own and shell.at_prompt and shell.number > self._number:
                return "shell", await self._pane.capture(), here
            place = None
            if self._prompts is not None and here != typed and not here.after:
                place = None if shown.alternate else self._prompts.place(self._prompt(here))
            if place is not None:
                leader = self._foreground.pid
                self._foreground = await self._pane.foreground()
                settled = await self._settled(here)
                if settled and spot(await self._pane.capture()) != here:
                    # What it had still to print came between the look and its sleep.
                    self._foreground = self._of(leader)
                    continue
                if settled and self._foreground.pid == leader:
                    return place, shown, here
                if settled and self._foreground.kind in ("repl", "shell", "ssh"):
                    return "other", shown, here
                self._foreground = self._of(leader)
            glance = await self._again(glance, hurried=place is not None)

    def _prompt(self, here: Spot) -> str:
        """Take the prompt at the cursor without output that did not end its line before it."""
        return self._start if here.before.endswith(self._start) else here.before

    def _of(self, leader: int) -> Foreground:
        seen = self._foreground
        return Foreground(leader, seen.name, seen.kind, arguments=seen.arguments)

    async def _output(self, shown: Frame, anchor: Anchor, prompt: str | None) -> tuple[str, bool]:
        return await read_output(self._pane.client, self._pane.id, shown, anchor, prompt)

    def _result(
        self,
        status: int | None,
        outputs: list[str],
        entered: float,
        shown: Frame | None,
        ended: Ended,
        truncated: bool,
    ) -> RunResult:
        if shown is None:
            raise NotAtPrompt(self._pane.id, "nothing was entered")
        seconds = time.monotonic() - entered
        return RunResult(status, "".join(outputs), seconds, shown, ended, truncated)
