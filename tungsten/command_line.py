"""The command line of one pane's shell: where the shell is, and a line typed at its prompt.

Everything is known from marks that the shell leaves in the terminal's own stream (`marks`), so
what they say is never ahead of the screen.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from tungsten import keys, marks
from tungsten.control_client import ControlClient
from tungsten.errors import (
    CommandFailed,
    NotAtPrompt,
    PaneDead,
    PaneGone,
    ServerGone,
    TerminalError,
)
from tungsten.marks import Mark
from tungsten.output import Anchor
from tungsten.shells import ASK, SHELLS, Shell

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


class CommandLine:
    """What is known of the shell in a pane, and the typing at its prompt.

    Attributes:
        dead: whether the pane's program has ended.
        exit_status: its status then, as a shell reports it.
        prompt: what a person sees of the shell's latest prompt.
        shell: what the shell can do.
        nonce: the secret in its marks; empty if it leaves none.
    """

    def __init__(
        self, client: ControlClient, pane_id: str, nonce: str, shell: str = "bash"
    ) -> None:
        self.shell: Shell = SHELLS.get(shell, SHELLS["bash"])
        self.dead = False
        self.exit_status: int | None = None
        self.prompt = ""
        self._client = client
        self._pane_id = pane_id
        self.nonce = nonce
        self._mark: Mark | None = None
        self._closed = False
        self._told = 0
        self._waiters: set[asyncio.Future[None]] = set()
        self._answering: asyncio.Task[None] | None = None

    @property
    def starting(self) -> bool:
        """Whether a shell that will show prompts has shown none yet."""
        return bool(self.nonce) and self._mark is None and not self.dead

    @property
    def number(self) -> int:
        """How many prompts the shell has shown."""
        return 0 if self._mark is None else self._mark.number

    @property
    def at_prompt(self) -> bool:
        """Whether the shell's last mark was a prompt."""
        return self._mark is not None and self._mark.kind in ("prompt", "editing")

    @property
    def reporting(self) -> bool:
        """Whether the shell stands at a prompt and says what is on its line."""
        return self.at_prompt and self.shell.reports

    @property
    def integrated(self) -> bool:
        """Whether marks tell where the pane's shell is, now or once it has started."""
        return bool(self.nonce)

    # -- what is told -------------------------------------------------------------------------

    def renamed(self, window_name: str) -> None:
        """Take the window's new name, which may be a mark."""
        self._read(window_name)
        if window_name == ASK and self.nonce and self._mark is None and self._answering is None:
            self._answering = asyncio.create_task(self._answer())
        # An unchanged mark wakes as well: it follows each report of the edited line.
        self._wake()

    def died(self, status: int | None) -> None:
        """Learn that the program has ended."""
        self.dead = True
        self.exit_status = status
        self._wake()

    def gone(self) -> None:
        """Learn that the pane or its server does not exist any more."""
        self._closed = True
        self._wake()

    # -- waiting ------------------------------------------------------------------------------

    async def changed(self) -> None:
        """Return after the next thing told."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    def check(self) -> None:
        """Raise ServerGone or PaneGone if that has been told."""
        if self._client.closed.is_set():
            raise ServerGone()
        if self._closed:
            raise PaneGone(self._pane_id)

    async def next_mark(self, wanted: Callable[[Mark], bool]) -> Mark | None:
        """Wait for a mark; None if the program ended first.

        Raises:
            PaneGone: the pane was closed.
            ServerGone: the server ended.
        """
        while True:
            self.check()
            if self._mark is not None and wanted(self._mark):
                return self._mark
            if self.dead:
                return None
            await self.changed()

    async def until_prompt(self) -> bool:
        """Wait until the shell shows a prompt; false if it ended first."""
        await self._state()
        return await self.next_mark(lambda mark: mark.kind in ("prompt", "editing")) is not None

    async def until_started(self) -> None:
        """Wait for the first thing that a starting shell says.

        Raises:
            NotAtPrompt: it has said nothing for long.
            PaneDead: it has ended.
            PaneGone: the pane was closed.
            ServerGone: the server ended.
        """
        await self._state()
        try:
            async with asyncio.timeout(START_SECONDS):
                await self.next_mark(lambda mark: True)
        except TimeoutError:
            raise NotAtPrompt(self._pane_id, "the shell has shown no prompt yet") from None

    async def status_after(self, number: int) -> int | None:
        """Give the last command's exit status if there was a prompt after that number.

        Raises:
            PaneDead: the shell has ended.
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        await self._state()
        if self._mark is None or self._mark.kind != "prompt" or self._mark.number <= number:
            return None
        return self._mark.status

    # -- typing -------------------------------------------------------------------------------

    async def type(
        self, command: str, before_enter: Callable[[], Awaitable[None]] | None
    ) -> tuple[Anchor, Mark]:
        """Put a command on the empty line, make sure that it alone is there, and ask the caller.

        Whatever is raised, nothing is left on the line but what a person typed there.

        Returns:
            where the line stands, and the mark of the prompt it stands at.

        Raises:
            NotAtPrompt: there is no empty prompt.
            PaneDead: the shell has ended.
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        anchor, mark = await self._at_prompt()
        try:
            anchor, mark = await self._put(command, anchor, mark)
        except (asyncio.CancelledError, TerminalError) as error:
            if not isinstance(error, NotAtPrompt):
                await asyncio.shield(self.clear())
            raise
        if before_enter is not None:
            try:
                await before_enter()
                unchanged = await self._edit([]) == command and self.number == mark.number
            except BaseException:
                await asyncio.shield(self.clear())
                raise
            if not unchanged:
                await self.clear()
                raise NotAtPrompt(self._pane_id, "somebody changed the line")
        if self.shell.breaks:
            return await self._last_row(), mark
        return replace(anchor, command=command, prompt=self.prompt), mark

    async def clear(self) -> None:
        """Throw the line away with Ctrl-C and wait for the prompt that follows; raises nothing."""
        number = self.number
        with contextlib.suppress(TerminalError):
            for _ in range(_TRIES):
                await self._client.command("send-keys", "-t", self._pane_id, "C-c")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(CLEAR_SECONDS):
                        await self.next_mark(
                            lambda mark: mark.kind == "prompt" and mark.number > number
                        )
                        return

    async def line(self) -> str | None:
        """Have the shell say what stands on its line; None when it does not edit one.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        try:
            await self._state()
            if self._mark is None or self._mark.kind not in ("prompt", "editing"):
                return None
            return await self._edit([])
        except (NotAtPrompt, PaneDead):
            return None

    async def enter(self) -> None:
        """Have the shell run its line.

        Raises:
            CommandFailed: the pane is gone.
            ServerGone: the server ended.
        """
        how = ("-l",) if self.shell.literal_enter else ()
        await self._client.command("send-keys", "-t", self._pane_id, *how, self.shell.enter)

    # -- inside -------------------------------------------------------------------------------

    def _read(self, window_name: str) -> None:
        mark = marks.parse_mark(window_name, self.nonce)
        if mark is not None:
            self._mark = mark
            if mark.kind == "prompt":
                self.prompt = mark.prompt

    def _wake(self) -> None:
        self._told += 1
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _answer(self) -> None:
        """Tell a remote shell the nonce that it asked for; it has switched echo off."""
        with contextlib.suppress(TerminalError):
            await keys.type_text(self._client, self._pane_id, f"{self.nonce}\n")

    async def _state(self, then: Sequence[tuple[str, ...]] = ()) -> tuple[Anchor, int, str]:
        """Read position, report count and edited line; brings the mark up to date.

        The commands of `then` run right after, in the same write.
        """
        pane_id = self._pane_id
        state, shown, *outcomes = await self._client.pipeline(
            [
                ("list-panes", "-t", pane_id, "-F", "#{pane_id} #{pane_dead} #{pane_dead_status}"),
                ("display-message", "-p", "-t", pane_id, _STATE),
                *then,
            ]
        )
        for outcome in outcomes:
            if isinstance(outcome, CommandFailed):
                keys.check_alive(state, pane_id)
                raise outcome
        keys.check_alive(state, pane_id)
        fields = [] if isinstance(shown, CommandFailed) else "\n".join(shown).split("\t")
        if len(fields) != 6:
            raise PaneGone(pane_id)
        self._read(fields[4])
        count, line = marks.parse_line(fields[5], self.nonce)
        history = int(fields[1])
        return Anchor(history + int(fields[2]), history, int(fields[3])), count, line

    async def _last_row(self) -> Anchor:
        """Take the row where the typed line ends for all of it."""
        anchor, _, _ = await self._state()
        y = str(anchor.row - anchor.history)
        argv = ("capture-pane", "-p", "-t", self._pane_id, "-S", y, "-E", y)
        text = "".join(await self._client.command(*argv))
        return replace(anchor, command=text.rstrip())

    async def _at_prompt(self) -> tuple[Anchor, Mark]:
        anchor, _, _ = await self._state()
        if not self.nonce:
            raise NotAtPrompt(self._pane_id, "it runs a program of its own, not our shell")
        if self._mark is None:
            # The shell is starting: it has not said anything yet.
            await self.until_started()
            anchor, _, _ = await self._state()
        mark = self._mark
        if mark is None or mark.kind == "running":
            raise NotAtPrompt(self._pane_id, "a command is running")
        if mark.kind == "continuation":
            raise NotAtPrompt(self._pane_id, "the shell waits for the rest of a command")
        return anchor, mark

    async def _put(self, command: str, anchor: Anchor, mark: Mark) -> tuple[Anchor, Mark]:
        for _ in range(_TRIES):
            line = await self._edit(keys.paste_commands(self._pane_id, command))
            if line == command and self.number == mark.number:
                return anchor, mark
            if len(line) > len(command) and command in line:
                # What a person had typed stays.
                back = ("send-keys", "-t", self._pane_id, "-N", str(len(command)), "BSpace")
                await self._edit([back])
                raise NotAtPrompt(self._pane_id, "something is being typed there")
            # A Ctrl-C just before makes the terminal drop what is typed behind it, and the
            # prompt that follows it would be taken for the end of this command.
            await self.clear()
            anchor, mark = await self._at_prompt()
        raise NotAtPrompt(self._pane_id, "the line did not arrive as it was sent")

    async def _edit(self, typing: list[tuple[str, ...]]) -> str:
        """Type, then have the editor say what is on its line once it has read all of it."""
        report = ("send-keys", "-t", self._pane_id, "-l", marks.LINE_REPORT)
        leave = ("copy-mode", "-q", "-t", self._pane_id)
        told = self._told
        _, before, _ = await self._state([leave, *typing, report])
        for _ in range(_REPORTS):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPORT_SECONDS):
                    return await self._reported(before, told)
            told = self._told
            await self._client.command(*report)
        raise NotAtPrompt(self._pane_id, "its line editor does not answer")

    async def _reported(self, before: int, told: int) -> str:
        """Wait for a report after the one numbered `before`; gives the line in it."""
        while True:
            while self._told == told:
                await self.changed()
            told = self._told
            _, count, line = await self._state()
            if count != before:
                return line
            self.check()
