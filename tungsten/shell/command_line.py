"""The command line of one pane's shell: where the shell is, and a line typed at its prompt.

Everything is known from marks that the shell leaves in the terminal's own stream (`marks`), so
what they say is never ahead of the screen.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tungsten import keys
from tungsten.errors import (
    CommandFailed,
    NotAtPrompt,
    PaneDead,
    PaneGone,
    ServerGone,
    TerminalError,
)
from tungsten.shell import marks
from tungsten.shell.marks import Mark
from tungsten.shell.output import Anchor, columns
from tungsten.shell.shells import ASK, OUTPUT_MARK, SHELLS, Shell
from tungsten.tmux.connection import Connection, at_least_once

START_SECONDS = 20.0
"""How long a new shell may take to show its first prompt, the person's start-up files included."""

REPORT_SECONDS = 1.0
REPORTS = 10
"""How long readline may take to say what is on its line before it is asked again, and how often.

It answers in a millisecond; a Ctrl-C just before may make the terminal drop the question.
"""

CLEAR_SECONDS = 1.0
TRIES = 5
"""How long to wait for a fresh prompt after Ctrl-C before pressing it again, and how often."""

MUTE = "its line editor does not answer"

_SHARE = 2
"""A line is long if it takes more than one in so many of the screen's rows.

Editors draw one that does not fit the screen in ways that nobody can follow: zsh only a part of
it, fish several times.
"""

_STATE = "\t".join(
    (
        keys.STATE,
        "#{history_size}",
        "#{cursor_y}",
        "#{pane_width}",
        "#{alternate_on}",
        "#{pane_in_mode}",
        "#{window_name}",
        "#{pane_path}",
    )
)


@dataclass(frozen=True, slots=True)
class Edited:
    """A line that the editor reported: where it stood and what it is."""

    anchor: Anchor
    line: str


class CommandLine:
    """What is known of the shell in a pane, and of its line.

    Attributes:
        client: the connection.
        pane_id: the pane.
        nonce: the secret in its marks; empty if it leaves none.
        shell: what the shell can do.
        takes: whether it takes lines as messages (`marks.take`).
        mark: its last mark; None if it has left none.
        prompt: what a person sees of its latest prompt.
        told: counts what was told of the window's name.
        hidden: whether a program had named the window by the last look at the state.
        in_mode: whether copy mode would have taken keys then.
        dead: whether the pane's program has ended.
        exit_status: its status then, as a shell reports it.
    """

    def __init__(self, client: Connection, pane_id: str, nonce: str, shell: str = "bash") -> None:
        self.client = client
        self.pane_id = pane_id
        self.nonce = nonce
        self.shell: Shell = SHELLS.get(shell, SHELLS["bash"])
        self.takes = False
        self.mark: Mark | None = None
        self.prompt = ""
        self.told = 0
        self.hidden = False
        self.in_mode = False
        self.dead = False
        self.exit_status: int | None = None
        self._name = ""
        self._closed = False
        self._waiters: set[asyncio.Future[None]] = set()
        self._answering: asyncio.Task[None] | None = None

    @property
    def starting(self) -> bool:
        """Whether a shell that will show prompts has shown none yet."""
        return bool(self.nonce) and self.mark is None and not self.dead

    @property
    def number(self) -> int:
        """How many prompts the shell has shown."""
        return 0 if self.mark is None else self.mark.number

    @property
    def at_prompt(self) -> bool:
        """Whether the shell's last mark was a prompt."""
        return self.mark is not None and self.mark.kind in ("prompt", "editing")

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
        if window_name == ASK and self.nonce and self.mark is None and self._answering is None:
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
        if self.client.closed.is_set():
            raise ServerGone()
        if self._closed:
            raise PaneGone(self.pane_id)

    async def next_mark(self, wanted: Callable[[Mark], bool]) -> Mark | None:
        """Wait for a mark; None if the program ended first.

        Raises:
            PaneGone: the pane was closed.
            ServerGone: the server ended.
        """
        while True:
            self.check()
            if self.mark is not None and wanted(self.mark):
                return self.mark
            if self.dead:
                return None
            await self.changed()

    async def until_prompt(self) -> bool:
        """Wait until the shell shows a prompt; false if it ended first."""
        await self.state()
        return await self.next_mark(lambda mark: mark.kind in ("prompt", "editing")) is not None

    async def until_started(self) -> None:
        """Wait for the first thing that a starting shell says.

        Raises:
            NotAtPrompt: it has said nothing for long.
            PaneDead: it has ended.
            PaneGone: the pane was closed.
            ServerGone: the server ended.
        """
        await self.state()
        try:
            async with asyncio.timeout(START_SECONDS):
                await self.next_mark(lambda mark: True)
        except TimeoutError:
            raise NotAtPrompt(self.pane_id, "the shell has shown no prompt yet") from None

    async def status_after(self, number: int) -> int | None:
        """Give the last command's exit status if there was a prompt after that number.

        Raises:
            PaneDead: the shell has ended.
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        await self.state()
        if self.mark is None or self.mark.kind != "prompt" or self.mark.number <= number:
            return None
        return self.mark.status

    # -- typing -------------------------------------------------------------------------------

    async def clear(self, *, editing: bool = False) -> None:
        """Throw the line away and wait for the prompt that follows; raises nothing.

        Args:
            editing: whether it stands on the shell's line still, as far as is known, so that there
                is no command to interrupt.
        """
        number = self.number
        interrupt: tuple[str, ...] = ("send-keys", "-t", self.pane_id, "C-c")
        press = interrupt
        if editing and self.shell.cancel:
            elsewhere = self.elsewhere(number, "PL2")
            [press] = keys.text_commands(self.pane_id, self.shell.cancel, unless=elsewhere)
        with contextlib.suppress(TerminalError):
            for _ in range(TRIES):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(CLEAR_SECONDS):
                        await at_least_once(self.client, *press)
                        press = interrupt
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
            await self.state()
            if not self.at_prompt:
                return None
            edited = await self.edit([], self.number)
            return None if edited is None else edited.line
        except (NotAtPrompt, PaneDead):
            return None

    # -- for an entry -------------------------------------------------------------------------

    async def state(self, then: Sequence[tuple[str, ...]] = ()) -> tuple[Anchor, int, str]:
        """Read position, report count and edited line; brings the mark up to date.

        The commands of `then` run right after, in the same write.
        """
        pane_id = self.pane_id
        shown, *outcomes = await self.client.pipeline(
            [("display-message", "-p", "-t", pane_id, _STATE), *then]
        )
        text = "" if isinstance(shown, CommandFailed) else "\n".join(shown)
        state, *fields = text.split("\t")
        keys.check_alive([state], pane_id)
        for outcome in outcomes:
            if isinstance(outcome, CommandFailed):
                raise outcome
        if len(fields) != 7:
            raise PaneGone(pane_id)
        self.hidden = not self._read(fields[5])
        self.in_mode = fields[4] not in ("", "0")
        count, line = marks.parse_line(fields[6], self.nonce)
        history = int(fields[0])
        row = history + int(fields[1])
        anchor = Anchor(row, history, int(fields[2]), alternate=fields[3] == "1")
        return anchor, count, line

    def stands_at(self, number: int) -> bool:
        """Say whether the shell edits the line of that prompt, as far as is known."""
        return self.at_prompt and self.number == number

    def elsewhere(self, number: int, kinds: str = "PL") -> str:
        """Write the format that is true, in tmux, unless the shell edits the line of a prompt.

        Args:
            number: of the prompt.
            kinds: letters of the marks that say so.
        """
        at_prompt = f"#{{m:{self.nonce};[{kinds}];{number};*,#{{window_name}}}}"
        return f"#{{?{at_prompt},#{{pane_dead}},1}}"

    async def until_at_prompt(self) -> Mark:
        """Give the mark of the prompt that the shell stands at, once it has started.

        Raises:
            NotAtPrompt: it stands elsewhere.
            PaneDead: it has ended.
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        await self.state()
        if not self.nonce:
            raise NotAtPrompt(self.pane_id, "it runs a program of its own, not our shell")
        if self.mark is None:
            # The shell is starting: it has not said anything yet.
            await self.until_started()
            await self.state()
        mark = self.mark
        if mark is None or mark.kind == "running":
            raise NotAtPrompt(self.pane_id, "a command is running")
        if mark.kind == "continuation":
            raise NotAtPrompt(self.pane_id, "the shell waits for the rest of a command")
        return mark

    async def edit(self, typing: Sequence[tuple[str, ...]], number: int) -> Edited | None:
        """Type, then have the editor say what is on its line once it has read all of it.

        Args:
            typing: commands that type.
            number: of the prompt at which to do so.

        Returns:
            what is on the line; None if it was not at that prompt any more, and nothing was typed.
        """
        report = ("send-keys", "-t", self.pane_id, "-l", marks.LINE_REPORT)
        asking = keys.when_not(self.pane_id, self.elsewhere(number), report)
        leave = ("copy-mode", "-q", "-t", self.pane_id)
        told = self.told
        anchor, before, _ = await self.state([leave, *typing, asking])
        if not self.stands_at(number):
            return None
        return Edited(anchor, await self.reported(before, told, number))

    async def reported(self, before: int, told: int, number: int) -> str:
        """Wait for a report after the one numbered `before`; gives the line in it."""
        for _ in range(REPORTS):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPORT_SECONDS):
                    while True:
                        while self.told == told:
                            await self.changed()
                        told = self.told
                        _, count, line = await self.state()
                        if count != before:
                            return line
                        self.check()
            told = self.told
            await self.ask_again(number)
        raise NotAtPrompt(self.pane_id, MUTE)

    async def ask_again(self, number: int) -> None:
        """Ask once more what is on the line, of a shell that may wait for the rest of a message."""
        again = marks.CUT_SHORT if self.takes else marks.LINE_REPORT
        typing = ("send-keys", "-t", self.pane_id, "-l", again)
        asking = keys.when_not(self.pane_id, self.elsewhere(number), typing)
        await at_least_once(self.client, *asking)

    async def line_end(self, line: str, number: int) -> Anchor:
        """Take the row where a typed line ends for all of it.

        Output is to be marked (`marked`) where this row will not tell where it begins: the line is
        long, or just fills its last row, which shells and terminals take differently.

        Args:
            line: what stands there.
            number: of its prompt.

        Raises:
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        anchor, _, _ = await self.state()
        y = str(anchor.row - anchor.history)
        row, height = await self.client.pipeline(
            [
                ("capture-pane", "-p", "-t", self.pane_id, "-S", y, "-E", y),
                ("display-message", "-p", "-t", self.pane_id, "#{pane_height}"),
            ]
        )
        if isinstance(row, CommandFailed) or isinstance(height, CommandFailed):
            raise PaneGone(self.pane_id)
        text = "".join(row).rstrip()
        width = anchor.width
        rows = sum(columns(part.expandtabs()) // width + 1 for part in line.split("\n"))
        long = _SHARE * rows > int("".join(height))
        return replace(anchor, command=text, whole=line, marked=number if long or not text else 0)

    def entering(self, *, marking: bool = False) -> tuple[str, ...]:
        """Write the tmux command that presses what enters the line as it is.

        Args:
            marking: whether the shell is to mark where output begins, which must be one that can.
        """
        how = ("-l",) if self.shell.literal_enter else ()
        enter = OUTPUT_MARK + self.shell.enter if marking else self.shell.enter
        return ("send-keys", "-t", self.pane_id, *how, enter)

    # -- inside -------------------------------------------------------------------------------

    def _read(self, window_name: str) -> bool:
        if window_name == self._name and self.mark is not None:
            return True
        mark = marks.parse_mark(window_name, self.nonce)
        if mark is None:
            self._name = ""
            return False
        self._name = window_name
        self.mark = mark
        self.takes = self.takes or mark.taken is not None
        if mark.kind == "prompt":
            self.prompt = mark.prompt
        return True

    def _wake(self) -> None:
        self.told += 1
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _answer(self) -> None:
        """Tell a remote shell the nonce that it asked for; it has switched echo off."""
        with contextlib.suppress(TerminalError):
            await keys.type_text(self.client, self.pane_id, f"{self.nonce}\n")
