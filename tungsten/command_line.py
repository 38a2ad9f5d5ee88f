"""The command line of one pane's shell: where the shell is, and a line typed at its prompt.

Everything is known from marks that the shell leaves in the terminal's own stream (`marks`), so
what they say is never ahead of the screen.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

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
        "#{alternate_on}",
        "#{window_name}",
        "#{pane_path}",
    )
)


@dataclass(frozen=True, slots=True)
class _Edited:
    """A line that the editor reported: where it stood, what it is, and whether tmux ran it."""

    anchor: Anchor
    line: str
    entered: bool


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
        self._path = ""
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

    async def submit(
        self, command: str, before_enter: Callable[[], Awaitable[None]] | None
    ) -> tuple[Anchor, Mark]:
        """Type a command on the empty line, make sure that it alone is there, and run it.

        The caller is asked before Enter. Whatever is raised, nothing has run, and nothing is left
        on the line but what a person typed there.

        Returns:
            where the line stood, and the mark of the prompt it stood at.

        Raises:
            NotAtPrompt: there is no empty prompt.
            PaneDead: the shell has ended.
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        # What was told last is enough to begin with: tmux itself looks again as it types.
        mark = self._mark
        if mark is None or not self.at_prompt or not self.nonce:
            mark = await self._at_prompt()
        submitting = command if before_enter is None and not self.shell.breaks else None
        try:
            anchor, mark, entered = await self._put(command, mark, submitting)
        except (asyncio.CancelledError, TerminalError) as error:
            if not isinstance(error, NotAtPrompt):
                await asyncio.shield(self.clear())
            raise
        if before_enter is not None:
            try:
                await before_enter()
                submitting = None if self.shell.breaks else command
                edited = await self._edit([], mark.number, submitting)
            except BaseException:
                await asyncio.shield(self.clear())
                raise
            if edited is None:
                raise NotAtPrompt(self._pane_id, "somebody ran or left the line")
            entered = edited.entered
            if not entered and (edited.line != command or self.number != mark.number):
                await self.clear()
                raise NotAtPrompt(self._pane_id, "somebody changed the line")
        anchor = replace(anchor, command=command, prompt=self.prompt)
        if self.shell.breaks:
            anchor = await self._last_row()
        if not entered:
            await self._enter()
        return anchor, mark

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
            if not self.at_prompt:
                return None
            edited = await self._edit([], self.number)
            return None if edited is None else edited.line
        except (NotAtPrompt, PaneDead):
            return None

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

    async def _enter(self) -> None:
        await self._client.command(*self._entering())

    def _entering(self) -> tuple[str, ...]:
        how = ("-l",) if self.shell.literal_enter else ()
        return ("send-keys", "-t", self._pane_id, *how, self.shell.enter)

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
        if len(fields) != 7:
            raise PaneGone(pane_id)
        self._read(fields[5])
        self._path = fields[6]
        count, line = marks.parse_line(fields[6], self.nonce)
        history = int(fields[1])
        row = history + int(fields[2])
        anchor = Anchor(row, history, int(fields[3]), alternate=fields[4] == "1")
        return anchor, count, line

    async def _last_row(self) -> Anchor:
        """Take the row where the typed line ends for all of it."""
        anchor, _, _ = await self._state()
        y = str(anchor.row - anchor.history)
        argv = ("capture-pane", "-p", "-t", self._pane_id, "-S", y, "-E", y)
        text = "".join(await self._client.command(*argv))
        return replace(anchor, command=text.rstrip())

    async def _at_prompt(self) -> Mark:
        await self._state()
        if not self.nonce:
            raise NotAtPrompt(self._pane_id, "it runs a program of its own, not our shell")
        if self._mark is None:
            # The shell is starting: it has not said anything yet.
            await self.until_started()
            await self._state()
        mark = self._mark
        if mark is None or mark.kind == "running":
            raise NotAtPrompt(self._pane_id, "a command is running")
        if mark.kind == "continuation":
            raise NotAtPrompt(self._pane_id, "the shell waits for the rest of a command")
        return mark

    async def _put(
        self, command: str, mark: Mark, submitting: str | None
    ) -> tuple[Anchor, Mark, bool]:
        for _ in range(_TRIES):
            elsewhere = self._elsewhere(mark.number)
            typing = keys.paste_commands(self._pane_id, command, unless=elsewhere)
            edited = await self._edit(typing, mark.number, submitting)
            if edited is None:
                # Nothing was typed: the prompt was another one by then.
                mark = await self._at_prompt()
                continue
            line = edited.line
            if edited.entered or (line == command and self.number == mark.number):
                return edited.anchor, mark, edited.entered
            if len(line) > len(command) and command in line:
                # What a person had typed stays.
                back = ("send-keys", "-t", self._pane_id, "-N", str(len(command)), "BSpace")
                await self._edit([back], mark.number)
                raise NotAtPrompt(self._pane_id, "something is being typed there")
            # A Ctrl-C just before makes the terminal drop what is typed behind it, and the
            # prompt that follows it would be taken for the end of this command.
            await self.clear()
            mark = await self._at_prompt()
        raise NotAtPrompt(self._pane_id, "the line did not arrive as it was sent")

    def _elsewhere(self, number: int, path: str = "") -> str:
        """Write the format that is true, in tmux, unless the shell edits the line of a prompt.

        With `path`, unless the shell has also reported just that.
        """
        at_prompt = f"#{{m:{self.nonce};[PL];{number};*,#{{window_name}}}}"
        if path:
            at_prompt = f"#{{&&:{at_prompt},#{{==:#{{pane_path}},{path}}}}}"
        return f"#{{?{at_prompt},#{{pane_dead}},1}}"

    async def _edit(
        self, typing: Sequence[tuple[str, ...]], number: int, submitting: str | None = None
    ) -> _Edited | None:
        """Type, then have the editor say what is on its line once it has read all of it.

        Args:
            typing: commands that type.
            number: of the prompt at which to do so.
            submitting: the line that tmux is to run as soon as the editor says that it is there.

        Returns:
            what is on the line; None if it was not at that prompt any more, and nothing was typed.
        """
        report = ("send-keys", "-t", self._pane_id, "-l", marks.LINE_REPORT)
        asking = keys.unless(self._pane_id, self._elsewhere(number), report)
        leave = ("copy-mode", "-q", "-t", self._pane_id)
        told = self._told
        anchor, before, _ = await self._state([leave, *typing, asking])
        if not self._stands_at(number):
            return None
        path = ""
        if submitting is not None and self._client.atomic:
            path = marks.report(self.nonce, before + 1, submitting)
        for _ in range(_REPORTS):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPORT_SECONDS):
                    line = await self._reported(before, told, number, path)
                    entered = bool(path) and self._path == path and self._stands_at(number)
                    return _Edited(anchor, line, entered)
            told = self._told
            await self._client.command(*report)
        raise NotAtPrompt(self._pane_id, "its line editor does not answer")

    def _stands_at(self, number: int) -> bool:
        return self.at_prompt and self.number == number

    async def _reported(self, before: int, told: int, number: int, path: str) -> str:
        """Wait for a report after the one numbered `before`; gives the line in it."""
        then = []
        if path:
            # tmux compares and presses in one step: nothing can change the line between.
            elsewhere = self._elsewhere(number, path)
            then.append(keys.unless(self._pane_id, elsewhere, self._entering()))
        while True:
            while self._told == told:
                await self.changed()
            told = self._told
            _, count, line = await self._state(then)
            if count != before:
                return line
            self.check()
