"""The command line of one pane's shell: where the shell is, and a line typed at its prompt.

Everything is known from marks that the shell leaves in the terminal's own stream (`marks`), so
what they say is never ahead of the screen.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

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

_GLANCE = 0.02
"""Seconds until looking whether the shell has refused a line: redrawing may hide that it said so."""

CLEAR_SECONDS = 1.0
_TRIES = 3
"""How long to wait for a fresh prompt after Ctrl-C before pressing it again, and how often."""

_TYPED = "something is being typed there"
_LOST = "the line did not arrive as it was sent"
_LEFT = "somebody ran or left the line"
_MUTE = "its line editor does not answer"

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
class Submitted:
    """A line that was entered.

    Attributes:
        anchor: where it stood.
        number: of its prompt.
        entered: when, on the monotonic clock.
        name: what the mark of the next prompt says if the shell has run just this.
    """

    anchor: Anchor
    number: int
    entered: float
    name: str | None = None

    def check(self, mark: Mark, pane_id: str) -> None:
        """Raise NotAtPrompt if what ended at this mark was another line."""
        if self.name not in (None, mark.taken):
            raise NotAtPrompt(pane_id, _LEFT)


@dataclass(frozen=True, slots=True)
class _Edited:
    """A line that the editor reported: where it stood and what it is."""

    anchor: Anchor
    line: str


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
        self._takes = False
        self._in_mode = False
        self._hidden = False
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
    ) -> Submitted:
        """Have the shell run a command, made sure to be alone on its line.

        The caller is asked before Enter. Whatever is raised, nothing has run, and nothing is left
        on the line but what a person typed there. Cancelled later than that, it is interrupted.

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
        try:
            if self._takes and before_enter is None:
                return await self._run(command, mark.number)
            anchor, number = await self._put(command, mark.number)
        except (asyncio.CancelledError, TerminalError) as error:
            if not isinstance(error, NotAtPrompt):
                await asyncio.shield(self.clear())
            raise
        judged = before_enter is not None
        if before_enter is not None:
            try:
                await before_enter()
            except BaseException:
                await asyncio.shield(self.clear())
                raise
        try:
            return await self._enter(command, number, anchor, again=judged)
        except NotAtPrompt:
            raise
        except BaseException:
            await asyncio.shield(self.clear())
            raise

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

    def _read(self, window_name: str) -> bool:
        mark = marks.parse_mark(window_name, self.nonce)
        if mark is None:
            return False
        self._mark = mark
        self._takes = self._takes or mark.taken is not None
        if mark.kind == "prompt":
            self.prompt = mark.prompt
        return True

    def _wake(self) -> None:
        self._told += 1
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

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
        shown, *outcomes = await self._client.pipeline(
            [("display-message", "-p", "-t", pane_id, _STATE), *then]
        )
        state, *fields = [] if isinstance(shown, CommandFailed) else "\n".join(shown).split("\t")
        keys.check_alive([state], pane_id)
        for outcome in outcomes:
            if isinstance(outcome, CommandFailed):
                raise outcome
        if len(fields) != 7:
            raise PaneGone(pane_id)
        self._hidden = not self._read(fields[5])
        self._in_mode = fields[4] not in ("", "0")
        count, line = marks.parse_line(fields[6], self.nonce)
        history = int(fields[0])
        row = history + int(fields[1])
        anchor = Anchor(row, history, int(fields[2]), alternate=fields[3] == "1")
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

    async def _run(self, command: str, number: int) -> Submitted:
        """Have the shell take a line on its empty one and run it: one message, one answer."""
        for _ in range(_TRIES):
            given = await self._give(command, number, "run")
            if given is not None:
                submitted, before = given
                line = await self._taken(submitted, before)
                if line is None:
                    return submitted
                if line:
                    raise NotAtPrompt(self._pane_id, _TYPED)
            number = (await self._at_prompt()).number
        raise NotAtPrompt(self._pane_id, _LOST)

    async def _put(self, command: str, number: int) -> tuple[Anchor, int]:
        """Put a command on the empty line and make sure that it alone is there."""
        for _ in range(_TRIES):
            if self._takes:
                told = self._told
                given = await self._give(command, number, "put")
                if given is None:
                    number = (await self._at_prompt()).number
                    continue
                submitted, before = given
                anchor = submitted.anchor
                line = await self._reported(before, told, number)
            else:
                elsewhere = self._elsewhere(number)
                typing = keys.paste_commands(self._pane_id, command, unless=elsewhere)
                edited = await self._edit(typing, number)
                if edited is None:
                    # Nothing was typed: the prompt was another one by then.
                    number = (await self._at_prompt()).number
                    continue
                anchor, line = edited.anchor, edited.line
            if line == command and self.number == number:
                return anchor, number
            if self._takes and line:
                raise NotAtPrompt(self._pane_id, _TYPED)
            if len(line) > len(command) and command in line:
                # What a person had typed stays.
                back = ("send-keys", "-t", self._pane_id, "-N", str(len(command)), "BSpace")
                await self._edit([back], number)
                raise NotAtPrompt(self._pane_id, _TYPED)
            # A Ctrl-C just before makes the terminal drop what is typed behind it, and the
            # prompt that follows it would be taken for the end of this command.
            await self.clear()
            number = (await self._at_prompt()).number
        raise NotAtPrompt(self._pane_id, _LOST)

    async def _enter(self, command: str, number: int, anchor: Anchor, *, again: bool) -> Submitted:
        """Run the line that was put there, if `again` only once it is sure to be the same still."""
        if self._takes:
            given = await self._give(command, number, "same")
            if given is None:
                raise NotAtPrompt(self._pane_id, _LEFT)
            submitted, before = given
            same = await self._taken(submitted, before) is None
            submitted = replace(submitted, anchor=anchor)
        else:
            edited = await self._edit([], number) if again else _Edited(anchor, command)
            if edited is None:
                raise NotAtPrompt(self._pane_id, _LEFT)
            same = edited.line == command and self.number == number
            anchor = replace(anchor, command=command)
            if same and self.shell.breaks:
                anchor = await self._last_row()
            anchor = replace(anchor, prompt=self.prompt)
            submitted = Submitted(anchor, number, time.monotonic())
            if same:
                await self._client.command(*self._entering())
        if not same:
            await self.clear()
            raise NotAtPrompt(self._pane_id, "somebody changed the line")
        return submitted

    def _elsewhere(self, number: int) -> str:
        """Write the format that is true, in tmux, unless the shell edits the line of a prompt."""
        at_prompt = f"#{{m:{self.nonce};[PL];{number};*,#{{window_name}}}}"
        return f"#{{?{at_prompt},#{{pane_dead}},1}}"

    async def _give(
        self, command: str, number: int, how: Literal["put", "run", "same"]
    ) -> tuple[Submitted, int] | None:
        """Send the shell a line as one message.

        Returns:
            what it runs if it takes it, and how many reports it had made before; None if it was
            not at that prompt any more, and nothing was typed.
        """
        name = secrets.token_hex(4)
        text = marks.take(number, name, how, command)
        # Copy mode would swallow it.
        elsewhere = f"#{{?pane_in_mode,1,{self._elsewhere(number)}}}"
        typing = keys.text_commands(self._pane_id, text, unless=elsewhere)
        for _ in range(_TRIES):
            sent = time.monotonic()
            anchor, before, _ = await self._state(typing)
            if not self._in_mode:
                if not self._stands_at(number):
                    return None
                anchor = replace(anchor, command=command, prompt=self.prompt)
                return Submitted(anchor, number, sent, name), before
            await self._client.command("copy-mode", "-q", "-t", self._pane_id)
        return None

    async def _taken(self, submitted: Submitted, before: int) -> str | None:
        """Wait until the shell runs the line it was given; gives what it has instead if it does not.

        What a program has said over its marks is not waited for: the next prompt's tells as well.
        """
        name, number = submitted.name, submitted.number
        for seconds in (_GLANCE, *[REPORT_SECONDS] * _REPORTS):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    mark = await self.next_mark(
                        lambda mark: mark.taken == name or mark.number > number
                    )
                if mark is None:
                    raise PaneDead(self._pane_id, self.exit_status)
                submitted.check(mark, self._pane_id)
                return None
            _, count, line = await self._state()
            if count != before:
                return line
            if self._hidden:
                return None
            if seconds != _GLANCE:
                again = ("send-keys", "-t", self._pane_id, "-l", marks.CUT_SHORT)
                elsewhere = self._elsewhere(number)
                await self._client.command(*keys.when_not(self._pane_id, elsewhere, again))
        raise NotAtPrompt(self._pane_id, _MUTE)

    async def _edit(self, typing: Sequence[tuple[str, ...]], number: int) -> _Edited | None:
        """Type, then have the editor say what is on its line once it has read all of it.

        Args:
            typing: commands that type.
            number: of the prompt at which to do so.

        Returns:
            what is on the line; None if it was not at that prompt any more, and nothing was typed.
        """
        report = ("send-keys", "-t", self._pane_id, "-l", marks.LINE_REPORT)
        asking = keys.when_not(self._pane_id, self._elsewhere(number), report)
        leave = ("copy-mode", "-q", "-t", self._pane_id)
        told = self._told
        anchor, before, _ = await self._state([leave, *typing, asking])
        if not self._stands_at(number):
            return None
        return _Edited(anchor, await self._reported(before, told, number))

    def _stands_at(self, number: int) -> bool:
        return self.at_prompt and self.number == number

    async def _reported(self, before: int, told: int, number: int) -> str:
        """Wait for a report after the one numbered `before`; gives the line in it."""
        for _ in range(_REPORTS):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPORT_SECONDS):
                    while True:
                        while self._told == told:
                            await self.changed()
                        told = self._told
                        _, count, line = await self._state()
                        if count != before:
                            return line
                        self.check()
            told = self._told
            again = ("send-keys", "-t", self._pane_id, "-l", marks.CUT_SHORT)
            elsewhere = self._elsewhere(number)
            await self._client.command(*keys.when_not(self._pane_id, elsewhere, again))
        raise NotAtPrompt(self._pane_id, _MUTE)
