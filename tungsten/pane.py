"""One pane: see it, type into it, run a command line in it and know when and how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from tungsten import keys, pressing, waiting
from tungsten.errors import (
    CannotAsk,
    CommandFailed,
    PaneDead,
    PaneGone,
    TerminalError,
    TextNotTypable,
    taking_resources,
    writing_into,
)
from tungsten.outcome import (
    Ended,
    ForBell,
    ForExit,
    ForIdle,
    ForPrompt,
    ForText,
    PaneInfo,
    RunResult,
    Until,
    WaitResult,
    exit_status,
)
from tungsten.pressing import Standing
from tungsten.programs import cursor_line, foreground
from tungsten.programs.cursor_line import CursorLine
from tungsten.programs.dialogue import Dialogue
from tungsten.programs.foreground import Foreground
from tungsten.screen import frame, history
from tungsten.screen.frame import Frame
from tungsten.screen.history import Passage
from tungsten.shell.command_line import CommandLine
from tungsten.shell.entry import Entered, Entry
from tungsten.shell.marks import Mark
from tungsten.shell.output import read_output, without_filling
from tungsten.shell.pieces import Judge, Line, Pieces
from tungsten.tmux.connection import Connection, at_least_once
from tungsten.wall import as_pane

if TYPE_CHECKING:
    from tungsten.terminal import Terminal

__all__ = [
    "Ended",
    "ForBell",
    "ForExit",
    "ForIdle",
    "ForPrompt",
    "ForText",
    "Pane",
    "PaneInfo",
    "RunResult",
    "Until",
    "WaitResult",
]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

_INFO = "\t".join(
    (
        "#{pane_id}",
        "#{pane_pid}",
        "#{pane_tty}",
        "#{session_name}",
        "#{pane_width}",
        "#{pane_height}",
        "#{pane_dead}",
        "#{pane_dead_status}",
        "#{pane_dead_signal}",
        "#{pane_in_mode}",
        "#{pane_current_command}",
        "#{pane_current_path}",
        frame.TITLE,
    )
)


def _ends(mark: Mark, line: Entered) -> bool:
    """Whether a shell that has left this mark is done with the line, or wants more of it."""
    return (mark.kind == "prompt" and mark.number > line.number) or mark.kind == "continuation"


class Pane:
    """A handle on one pane, given out by `Terminal`; the same pane is always the same object.

    Attributes:
        id: tmux's id, such as `%3`.
        window_id: tmux's id of its window, such as `@3`.
        shell: what is known of its shell, and the typing at its prompt.
        walled: whether it runs behind a wall.
    """

    def __init__(
        self, terminal: Terminal, pane_id: str, window_id: str, nonce: str, shell: str = "bash"
    ) -> None:
        self.id = pane_id
        self.window_id = window_id
        self.shell = CommandLine(terminal.client, pane_id, nonce, shell)
        self.walled = False
        self._terminal = terminal
        self._typing = asyncio.Lock()
        self._pieces: Pieces | None = None

    @property
    def client(self) -> Connection:
        """The connection that everything uses."""
        return self._terminal.client

    @property
    def starting(self) -> bool:
        """Whether its shell still reads its start-up files: it has not shown a prompt yet."""
        return self.shell.starting

    async def info(self) -> PaneInfo:
        """Ask tmux about the pane.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        outcome = (await self.client.pipeline([("display-message", "-p", "-t", self.id, _INFO)]))[0]
        fields = [] if isinstance(outcome, CommandFailed) else "\n".join(outcome).split("\t", 12)
        if len(fields) != 13 or fields[0] != self.id:
            raise PaneGone(self.id)
        return PaneInfo(
            id=fields[0],
            pid=int(fields[1] or 0),
            tty=fields[2],
            session=fields[3],
            width=int(fields[4]),
            height=int(fields[5]),
            dead=fields[6] == "1",
            exit_status=exit_status(fields[7], fields[8]) if fields[6] == "1" else None,
            in_mode=fields[9] not in ("", "0"),
            current_command=fields[10],
            current_path=fields[11],
            title=fields[12],
        )

    async def send_text(self, text: str) -> None:
        """Type text literally; a newline is Enter. See `keys.type_text` for the errors."""
        await keys.type_text(self.client, self.id, text)

    async def send_keys(self, *names: str) -> None:
        """Press keys by tmux's names. See `keys.type_keys` for the errors."""
        await keys.type_keys(self.client, self.id, names)

    async def press_if(self, key: str, standing: Standing) -> bool:
        """Press one key if the screen still shows this, else none; see `pressing.press_if`."""
        return await pressing.press_if(self.client, self.id, key, standing.condition())

    async def paste(self, text: str) -> None:
        """Paste text, bracketed where the program asks for it. See `keys.paste`."""
        await keys.paste(self.client, self.id, text)

    async def capture(self, *, history: int = 0) -> Frame:
        """Take a picture of the screen, with up to `history` lines above it.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        return await frame.capture(self.client, self.id, history=history)

    async def capture_plain(self) -> Frame:
        """Take a picture of the screen's text alone, at a fraction of the cost.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        return await frame.capture_plain(self.client, self.id)

    async def answer_terminal_query(self, answer: str) -> None:
        """Send what a terminal answers to a program's question: bytes, as no key would type them.

        Raises:
            PaneDead: the program has ended.
            PaneGone: there is no such pane.
        """
        await keys.type_bytes(self.client, self.id, answer.encode())

    async def history(self, *, above: int = 0, count: int = 1000) -> Passage:
        """Read `count` lines that have scrolled off, the last of them `above` the screen.

        `scrollback` reads those that tmux has dropped, where the pane is recorded.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        return await history.read(self.client, self.id, above=above, count=count)

    async def text(self) -> str:
        """Give the plain text of the screen alone, in half the time of a picture.

        Trailing blanks and blank lines are removed.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        return await frame.capture_text(self.client, self.id)

    async def foreground(self) -> Foreground:
        """Say what has the keyboard of this pane.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        return (await self.look())[1]

    async def look(self) -> tuple[PaneInfo, Foreground]:
        """Say how the pane is and what has its keyboard.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        info = await self.info()
        with taking_resources():
            found = foreground.probe(info.pid, info.tty, dead=info.dead)
        return info, as_pane(found, info.pid) if self.walled else found

    async def line(self) -> str | None:
        """Have the shell say what stands on its line; None when it does not edit one.

        The screen cannot tell: programs in the background may print over it.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        async with self._typing:
            return await self.shell.line()

    async def cursor_line(self) -> CursorLine:
        """Say what stands on the line at the cursor, whoever reads it, and how sure that is.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        line = await self.line()
        if line is not None:
            return CursorLine(line, "reported")
        return cursor_line.seen(await self.foreground(), await self.capture())

    async def take_back(self, line: str) -> bool:
        """Empty the shell's line if just this stands on it, unentered; says whether it did.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        async with self._typing:
            if await self.shell.line() != line:
                return False
            await self.shell.clear(editing=True)
            return True

    async def resize(self, width: int, height: int) -> None:
        """Give the pane a size of its own, in columns and lines.

        Raises:
            PaneGone: there is no such pane.
        """
        try:
            await self.client.command(
                "resize-window", "-t", self.id, "-x", str(width), "-y", str(height)
            )
        except CommandFailed:
            raise PaneGone(self.id) from None

    async def kill(self) -> None:
        """End the pane and, by a hangup, what runs in it; quiet if it is gone already."""
        with contextlib.suppress(CommandFailed):
            await at_least_once(self.client, "kill-pane", "-t", self.id)

    async def run(
        self,
        command: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109
        before_enter: Callable[[], Awaitable[None]] | None = None,
        before_each: Judge | None = None,
        unasked: bool = False,
        inside: bool = False,
    ) -> RunResult:
        """Type a command line at the shell's prompt, press Enter, and wait until it has ended.

        A program that carries no marks (a REPL, ssh, a plain shell) is known to be done when it
        waits at its prompt again; there is no exit status then. Several lines go in one by one.

        Args:
            command: the line, or several; exactly this is what the shell gets.
            timeout: seconds until giving up the wait; the command then runs on.
            before_enter: awaited when the line is typed and verified, right before Enter. If it
                raises, the line is cleared, nothing runs, and the error passes through.
            before_each: awaited with the text of each piece right before bash runs it, wherever
                in the line it stands; see `tungsten.shell.pieces` for what that is, and what it is
                not. If it says no, that piece and all after it are skipped. If it raises, too, and
                the error passes through once the prompt is back. Each piece costs half a
                millisecond.
            unasked: whether to run it without asking where the shell cannot ask before each piece.
            inside: whether a program that the shell has started may be given the line, if it
                shows a prompt. What the line then means is that program's affair.

        Raises:
            CannotAsk: the shell cannot ask before each piece, and `unasked` was not given.
            DirectoryUnwritable: there is no room for the pipes that it asks through.
            NotAtPrompt: the pane does not show an empty shell prompt.
            TextNotTypable: the command holds control characters.
            PaneDead: the shell has ended.
            PaneGone: there is no such pane.
            OutcomeUnknown: the connection broke, and nothing tells whether the line was entered.
            ServerGone: the server ended.
        """
        command = command.rstrip("\n")
        if _CONTROL.search(command):
            raise TextNotTypable(
                "A command line cannot hold control characters; send keys instead."
            )
        if await self._without_marks(inside=inside):
            if before_each is not None and not unasked:
                raise CannotAsk(self.id, "its shell is not bash with our integration")
            async with self._typing, waiting.printing(self, self._terminal.watch) as printed:
                return await Dialogue(self, printed).run(
                    command, before_enter, timeout, inside=inside
                )
        asking = await self._asking(before_each, unasked=unasked)
        if asking is None:
            async with self._typing:
                line = await Entry(self.shell, command).submit(before_enter)
            return await self._until_ended(line, timeout)
        try:
            async with self._typing:
                entry = Entry(self.shell, command, asking, unasked=unasked)
                line = await entry.submit(before_enter)
            result = await self._until_ended(line, timeout)
        except BaseException:
            asking.close()
            raise
        if result.ended == "timeout":
            # It runs on, and asks on.
            self._terminal.spawn(self._close_at_prompt(asking, line))
        else:
            asking.close()
            if asking.error is not None:
                raise asking.error
        if asking.interrupted and result.ended == "prompt":
            result = replace(result, ended="interrupted")
        if asking.refused is not None:
            result = replace(result, refused=asking.refused, exit_status=None)
        return result

    async def _until_ended(self, line: Entered, timeout: float | None) -> RunResult:  # noqa: ASYNC109
        try:
            async with asyncio.timeout(timeout):
                mark = await self._next_prompt(line)
        except TimeoutError:
            if not await self._ended_unheard(line):
                return await self._result(None, line, "timeout")
            mark = await self._next_prompt(line)
        if mark is None:
            return await self._result(None, line, "pane_died")
        line.check(mark, self.id)
        if mark.kind == "continuation":
            result = await self._result(None, line, "incomplete")
            await self.shell.clear(editing=True)
            return result
        return await self._result(mark, line, "interrupted" if mark.status == 130 else "prompt")

    async def _ended_unheard(self, line: Entered) -> bool:
        """Look whether a line has ended of which nothing was heard in time.

        A process that was stopped itself finds its time over before it reads what it was told.
        """
        try:
            await self.shell.state()
        except PaneDead:
            return True
        mark = self.shell.mark
        return self.shell.dead or (mark is not None and _ends(mark, line))

    async def _next_prompt(self, line: Entered) -> Mark | None:
        return await self.shell.next_mark(lambda mark: _ends(mark, line))

    async def _asking(self, judge: Judge | None, *, unasked: bool) -> Line | None:
        """Begin to answer the shell's questions about the pieces of one line."""
        if judge is None:
            return None
        far = "" if not self.walled else "it is behind a wall"
        if not far and (await self.foreground()).kind == "ssh":
            far = "its shell is on another machine"
        if far and unasked:
            return None
        if far:
            raise CannotAsk(self.id, far)
        if self._pieces is None:

            async def interrupt() -> None:
                with contextlib.suppress(TerminalError):
                    await at_least_once(self.client, "send-keys", "-t", self.id, "C-c")

            directory = self._terminal.socket.parent
            with writing_into(directory):
                self._pieces = Pieces(directory, interrupt)
        return self._pieces.begin(judge)

    async def _close_at_prompt(self, asking: Line, line: Entered) -> None:
        try:
            with contextlib.suppress(TerminalError):
                await self._next_prompt(line)
        finally:
            asking.close()

    def close(self) -> None:
        """Let go of the pane, or learn that it is gone; what would ask us runs no further."""
        self.shell.gone()
        if self._pieces is not None:
            self._pieces.close()
            self._pieces = None

    async def wait(self, until: Until, timeout: float) -> WaitResult:  # noqa: ASYNC109
        """Wait for something to happen on the pane, for at most `timeout` seconds.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        started = time.monotonic()
        ended: Literal["met", "timeout", "pane_died"] = "met"
        match = ""
        try:
            async with asyncio.timeout(timeout):
                found = await waiting.happens(self, self._terminal.watch, until)
                ended, match = ("pane_died", "") if found is None else ("met", found)
        except TimeoutError:
            ended = "timeout"
            # As in `run`: it may have happened while this process was stopped.
            late = await waiting.has_happened(self, until)
            if late is not None:
                ended, match = "met", late
            elif self.shell.dead:
                ended = "pane_died"
        shown = await self.capture()
        return WaitResult(ended == "met", ended, time.monotonic() - started, shown, match)

    async def _without_marks(self, *, inside: bool) -> bool:
        """Whether only the screen can tell when what has the keyboard is done."""
        if not self.shell.integrated:
            return inside
        if self.shell.starting and inside:
            # Another machine may have no shell that we can integrate.
            async with waiting.printing(self, self._terminal.watch) as printed:
                await Dialogue(self, printed).until_ready()
        elif self.shell.starting:
            await self.shell.until_started()
        if not self.shell.shell.reports:
            return True
        return inside and not self.shell.at_prompt

    async def _result(self, mark: Mark | None, line: Entered, ended: Ended) -> RunResult:
        seconds = time.monotonic() - line.seconds
        anchor = line.anchor
        shown = await self.capture()
        text, truncated = await read_output(
            self.client, self.id, shown, anchor, None if mark is None else mark.prompt
        )
        if mark is not None:
            text = without_filling(text, self.shell.shell.omitted, shown.width)
        status = self.shell.exit_status if ended == "pane_died" else mark.status if mark else None
        return RunResult(status, text, seconds, shown, ended, truncated)
