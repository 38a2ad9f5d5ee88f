"""One pane: see it, type into it, run a command line in it and know when and how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from tungsten import foreground, frame, keys, marks
from tungsten.control_client import ControlClient
from tungsten.errors import CommandFailed, NotAtPrompt, PaneGone, ServerGone, TextNotTypable
from tungsten.foreground import Foreground
from tungsten.frame import Frame
from tungsten.marks import Mark
from tungsten.output import Anchor, read_output

if TYPE_CHECKING:
    from tungsten.terminal import Terminal

START_SECONDS = 20.0
"""How long a new shell may take to show its first prompt, the person's start-up files included."""

REPORT_SECONDS = 1.0
_REPORTS = 10
"""How long readline may take to say what is on its line before it is asked again, and how often.

It answers in a millisecond; a Ctrl-C just before may make the terminal drop the question.
"""

CLEAR_SECONDS = 1.0
_TRIES = 3
"""How long to wait for a fresh prompt after Ctrl-C before pressing it again, and how often."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

_STATE = "\t".join(
    (
        "#{pane_dead}",
        "#{history_size}",
        "#{cursor_y}",
        "#{pane_width}",
        "#{window_name}",
        "#{pane_path}",
    )
)

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
        "#{pane_title}",
    )
)

Ended = Literal["prompt", "timeout", "pane_died", "interrupted", "incomplete"]


@dataclass(frozen=True, slots=True)
class PaneInfo:
    """What tmux knows about a pane.

    Attributes:
        exit_status: of the ended program; 128 + signal if a signal ended it; None if it lives.
    """

    id: str
    pid: int
    tty: str
    session: str
    title: str
    current_path: str
    current_command: str
    width: int
    height: int
    dead: bool
    exit_status: int | None
    in_mode: bool


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a command line ended.

    Attributes:
        exit_status: the shell's `$?`, or the program's own when the pane died; None if unknown.
        output: the exact text between the command line and the next prompt.
        seconds: from Enter until the end was known.
        frame: the screen then.
        ended: `prompt`: the shell is back. `interrupted`: it is back with status 130.
            `incomplete`: the shell wanted more text (an open quote, say); it was cancelled.
            `timeout`: still running. `pane_died`: the shell itself has ended.
        truncated: whether the beginning of the output is missing.
    """

    exit_status: int | None
    output: str
    seconds: float
    frame: Frame
    ended: Ended
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class ForText:
    """Until the screen's plain text matches a regular expression."""

    pattern: str


@dataclass(frozen=True, slots=True)
class ForPrompt:
    """Until the shell shows a prompt."""


@dataclass(frozen=True, slots=True)
class ForIdle:
    """Until nothing was printed for so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ForExit:
    """Until the pane's program has ended."""


Until = ForText | ForPrompt | ForIdle | ForExit


@dataclass(frozen=True, slots=True)
class WaitResult:
    """How a wait ended.

    Attributes:
        met: whether what was waited for happened.
        ended: `met`, `timeout`, or `pane_died` when the program ended first.
        seconds: how long it took.
        frame: the screen then.
        match: the text that matched, for `ForText`.
    """

    met: bool
    ended: Literal["met", "timeout", "pane_died"]
    seconds: float
    frame: Frame
    match: str = ""


class Pane:
    """A handle on one pane, given out by `Terminal`; the same pane is always the same object.

    Attributes:
        id: tmux's id, such as `%3`.
    """

    def __init__(self, terminal: Terminal, pane_id: str, window_id: str, nonce: str) -> None:
        self.id = pane_id
        self.window_id = window_id
        self._terminal = terminal
        self._nonce = nonce
        self._mark: Mark | None = None
        self._prompt = ""
        self._dead = False
        self._closed = False
        self._exit_status: int | None = None
        self._waiters: set[asyncio.Future[None]] = set()
        self._typing = asyncio.Lock()

    @property
    def _client(self) -> ControlClient:
        return self._terminal.client

    async def info(self) -> PaneInfo:
        """Ask tmux about the pane.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        outcome = (await self._client.pipeline([("display-message", "-p", "-t", self.id, _INFO)]))[
            0
        ]
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
        await keys.type_text(self._client, self.id, text)

    async def send_keys(self, *names: str) -> None:
        """Press keys by tmux's names. See `keys.type_keys` for the errors."""
        await keys.type_keys(self._client, self.id, names)

    async def paste(self, text: str) -> None:
        """Paste text, bracketed where the program asks for it. See `keys.paste`."""
        await keys.paste(self._client, self.id, text)

    async def capture(self, *, history: int = 0) -> Frame:
        """Take a picture of the screen, with up to `history` lines above it.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        return await frame.capture(self._client, self.id, history=history)

    async def foreground(self) -> Foreground:
        """Say what has the keyboard of this pane.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        info = await self.info()
        return foreground.probe(info.pid, info.tty, dead=info.dead)

    async def resize(self, width: int, height: int) -> None:
        """Give the pane a size of its own, in columns and lines.

        Raises:
            PaneGone: there is no such pane.
        """
        try:
            await self._client.command(
                "resize-window", "-t", self.id, "-x", str(width), "-y", str(height)
            )
        except CommandFailed:
            raise PaneGone(self.id) from None

    async def kill(self) -> None:
        """End the pane and, by a hangup, what runs in it; quiet if it is gone already."""
        with contextlib.suppress(CommandFailed):
            await self._client.command("kill-pane", "-t", self.id)

    async def run(
        self,
        command: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109
        before_enter: Callable[[], Awaitable[None]] | None = None,
    ) -> RunResult:
        """Type a command line at the shell's prompt, press Enter, and wait until it has ended.

        Args:
            command: the line, or several; exactly this is what the shell gets.
            timeout: seconds until giving up the wait; the command then runs on.
            before_enter: awaited when the line is typed and verified, right before Enter. If it
                raises, the line is cleared, nothing runs, and the error passes through.

        Raises:
            NotAtPrompt: the pane does not show an empty shell prompt.
            TextNotTypable: the command holds control characters.
            PaneDead: the shell has ended.
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        command = command.rstrip("\n")
        if _CONTROL.search(command):
            raise TextNotTypable(
                "A command line cannot hold control characters; send keys instead."
            )
        async with self._typing:
            anchor, before = await self._type(command, before_enter)
            entered = time.monotonic()
            await self._client.command("send-keys", "-t", self.id, "Enter")
        try:
            async with asyncio.timeout(timeout):
                mark = await self._next_mark(
                    lambda mark: (
                        (mark.kind == "prompt" and mark.number > before.number)
                        or mark.kind == "continuation"
                    )
                )
        except TimeoutError:
            return await self._result(None, anchor, entered, "timeout")
        if mark is None:
            return await self._result(None, anchor, entered, "pane_died")
        if mark.kind == "continuation":
            result = await self._result(None, anchor, entered, "incomplete")
            await self._clear()
            return result
        ended: Ended = "interrupted" if mark.status == 130 else "prompt"
        return await self._result(mark, anchor, entered, ended)

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
                if isinstance(until, ForExit):
                    await self._until_dead()
                elif isinstance(until, ForPrompt):
                    if not await self._until_prompt():
                        ended = "pane_died"
                elif isinstance(until, ForIdle):
                    await self._until_idle(until.seconds)
                else:
                    found = await self._until_text(re.compile(until.pattern, re.MULTILINE))
                    ended, match = ("pane_died", "") if found is None else ("met", found)
        except TimeoutError:
            ended = "timeout"
        shown = await self.capture()
        return WaitResult(ended == "met", ended, time.monotonic() - started, shown, match)

    # -- what Terminal tells -----------------------------------------------------------------

    def renamed(self, window_name: str) -> None:
        """Take the window's new name, which may be a mark."""
        mark = marks.parse_mark(window_name, self._nonce)
        if mark is not None:
            self._heard(mark)
        # An unchanged mark wakes as well: it follows each report of the edited line.
        self._wake()

    def died(self, status: int | None) -> None:
        """Learn that the program has ended."""
        self._dead = True
        self._exit_status = status
        self._wake()

    def gone(self) -> None:
        """Learn that the pane or its server does not exist any more."""
        self._closed = True
        self._wake()

    def _heard(self, mark: Mark) -> None:
        self._mark = mark
        if mark.kind == "prompt":
            self._prompt = mark.prompt

    # -- waiting -----------------------------------------------------------------------------

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _changed(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    def _check(self) -> None:
        if self._client.closed.is_set():
            raise ServerGone()
        if self._closed:
            raise PaneGone(self.id)

    async def _next_mark(self, wanted: Callable[[Mark], bool]) -> Mark | None:
        """Wait for a mark; None if the program ended first."""
        while True:
            self._check()
            if self._mark is not None and wanted(self._mark):
                return self._mark
            if self._dead:
                return None
            await self._changed()

    async def _until_dead(self) -> None:
        while not self._dead:
            self._check()
            await self._changed()

    async def _until_prompt(self) -> bool:
        await self._state()
        return await self._next_mark(lambda mark: mark.kind in ("prompt", "editing")) is not None

    async def _until_idle(self, seconds: float) -> None:
        async with self._printing() as printed:
            while not self._dead:
                self._check()
                try:
                    async with asyncio.timeout(seconds):
                        await printed()
                except TimeoutError:
                    return

    async def _until_text(self, pattern: re.Pattern[str]) -> str | None:
        async with self._printing() as printed:
            while True:
                self._check()
                ended = self._dead
                found = pattern.search((await self.capture()).text)
                if found is not None:
                    return found[0]
                if ended:
                    return None
                await printed()

    @contextlib.asynccontextmanager
    async def _printing(self) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        """Give a coroutine function that returns after the next output, or end, of the pane."""
        changed = asyncio.Event()
        watch = await self._terminal.watch()

        async def printed() -> None:
            waking = asyncio.ensure_future(self._changed())
            setting = asyncio.ensure_future(changed.wait())
            try:
                await asyncio.wait((waking, setting), return_when=asyncio.FIRST_COMPLETED)
            finally:
                waking.cancel()
                setting.cancel()
            changed.clear()

        try:
            await watch.add(self.window_id, changed.set)
        except CommandFailed:
            raise PaneGone(self.id) from None
        try:
            yield printed
        finally:
            await watch.remove(self.window_id, changed.set)

    # -- running -----------------------------------------------------------------------------

    async def _state(self) -> tuple[Anchor, int, str]:
        """Read position, report count and edited line; brings the mark up to date."""
        state, shown = await self._client.pipeline(
            [
                ("list-panes", "-t", self.id, "-F", "#{pane_id} #{pane_dead} #{pane_dead_status}"),
                ("display-message", "-p", "-t", self.id, _STATE),
            ]
        )
        keys.check_alive(state, self.id)
        fields = [] if isinstance(shown, CommandFailed) else "\n".join(shown).split("\t")
        if len(fields) != 6:
            raise PaneGone(self.id)
        mark = marks.parse_mark(fields[4], self._nonce)
        if mark is not None:
            self._heard(mark)
        count, line = marks.parse_line(fields[5], self._nonce)
        return Anchor(int(fields[1]) + int(fields[2]), int(fields[1]), int(fields[3])), count, line

    async def _at_prompt(self) -> tuple[Anchor, Mark]:
        anchor, _, _ = await self._state()
        if not self._nonce:
            raise NotAtPrompt(self.id, "it runs a program of its own, not our shell")
        if self._mark is None:
            # The shell is starting: it has not said anything yet.
            try:
                async with asyncio.timeout(START_SECONDS):
                    await self._next_mark(lambda mark: True)
            except TimeoutError:
                raise NotAtPrompt(self.id, "the shell has not shown a prompt yet") from None
            anchor, _, _ = await self._state()
        mark = self._mark
        if mark is None or mark.kind == "running":
            raise NotAtPrompt(self.id, "a command is running")
        if mark.kind == "continuation":
            raise NotAtPrompt(self.id, "the shell waits for the rest of a command")
        return anchor, mark

    async def _type(
        self,
        command: str,
        before_enter: Callable[[], Awaitable[None]] | None,
    ) -> tuple[Anchor, Mark]:
        """Put the command on the line, make sure that it alone is there, and ask the caller."""
        anchor, mark = await self._at_prompt()
        try:
            anchor, mark = await self._put(command, anchor, mark)
            if before_enter is not None:
                await before_enter()
                if await self._edit([]) != command or self._number() != mark.number:
                    await self._clear()
                    raise NotAtPrompt(self.id, "somebody changed the line")
        except NotAtPrompt:
            raise
        except BaseException:
            await asyncio.shield(self._clear())
            raise
        return replace(anchor, command=command, prompt=self._prompt), mark

    async def _put(self, command: str, anchor: Anchor, mark: Mark) -> tuple[Anchor, Mark]:
        for _ in range(_TRIES):
            line = await self._edit(keys.paste_commands(self.id, command))
            if line == command and self._number() == mark.number:
                return anchor, mark
            if len(line) > len(command) and command in line:
                # What a person had typed stays.
                await self._client.command(
                    "send-keys", "-t", self.id, "-N", str(len(command)), "BSpace"
                )
                raise NotAtPrompt(self.id, "something is being typed there")
            # A Ctrl-C just before makes the terminal drop what is typed behind it, and the
            # prompt that follows it would be taken for the end of this command.
            await self._clear()
            anchor, mark = await self._at_prompt()
        raise NotAtPrompt(self.id, "the line did not arrive as it was sent")

    def _number(self) -> int:
        return 0 if self._mark is None else self._mark.number

    async def _edit(self, typing: list[tuple[str, ...]]) -> str:
        """Type, then have readline say what is on its line once it has read all of it."""
        _, before, _ = await self._state()
        report = ("send-keys", "-t", self.id, "-l", marks.LINE_REPORT)
        for outcome in await self._client.pipeline(
            [("copy-mode", "-q", "-t", self.id), *typing, report]
        ):
            if isinstance(outcome, CommandFailed):
                raise outcome
        for _ in range(_REPORTS):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPORT_SECONDS):
                    return await self._reported(before)
            await self._client.command(*report)
        raise NotAtPrompt(self.id, "readline does not answer")

    async def _reported(self, before: int) -> str:
        """Wait for a report after the one numbered `before`; gives the line in it."""
        while True:
            changed = asyncio.ensure_future(self._changed())
            try:
                # The future must exist before the question, or an answer could slip by.
                await asyncio.sleep(0)
                _, count, line = await self._state()
                if count != before:
                    return line
                self._check()
                await changed
            finally:
                changed.cancel()

    async def _clear(self) -> None:
        """Throw the typed line away with Ctrl-C and wait for the prompt that follows."""
        number = self._number()
        with contextlib.suppress(CommandFailed, PaneGone, ServerGone):
            for _ in range(_TRIES):
                await self._client.command("send-keys", "-t", self.id, "C-c")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(CLEAR_SECONDS):
                        await self._next_mark(
                            lambda mark: mark.kind == "prompt" and mark.number > number
                        )
                        return

    async def _result(
        self, mark: Mark | None, anchor: Anchor, entered: float, ended: Ended
    ) -> RunResult:
        seconds = time.monotonic() - entered
        shown = await self.capture()
        text, truncated = await read_output(
            self._client, self.id, shown, anchor, None if mark is None else mark.prompt
        )
        status = self._exit_status if ended == "pane_died" else mark.status if mark else None
        return RunResult(status, text, seconds, shown, ended, truncated)


def exit_status(status: str, signal: str) -> int | None:
    """Read tmux's `pane_dead_status` and `pane_dead_signal` as a shell would report them."""
    if status.isdecimal():
        return int(status)
    return 128 + int(signal) if signal.isdecimal() else None
