"""One line at a shell's prompt: typed there, made sure to be alone, judged, and only then run.

A shell that takes messages (`marks.take`) does the last check itself, and Enter with it. For others
the line is pasted, reported and compared here.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from tungsten import keys
from tungsten.errors import CannotAsk, NotAtPrompt, OutcomeUnknown, PaneDead, TerminalError
from tungsten.shell import marks
from tungsten.shell.command_line import MUTE, REPORT_SECONDS, REPORTS, TRIES, CommandLine, Edited
from tungsten.shell.marks import How, Mark
from tungsten.shell.output import Anchor
from tungsten.shell.pieces import Line

_GLANCE = 0.02
"""Seconds until looking whether a line was refused; redrawing may hide that the shell said so."""

_TYPED = "something is being typed there"
_LOST = "the line did not arrive as it was sent"
_LEFT = "somebody ran or left the line"
_CHANGED = "somebody changed the line"


@dataclass(frozen=True, slots=True)
class Entered:
    """A line that was entered.

    Attributes:
        anchor: where it stood.
        number: of its prompt.
        seconds: when, on the monotonic clock.
        name: what the mark of the next prompt says if the shell has run just this.
    """

    anchor: Anchor
    number: int
    seconds: float
    name: str | None = None

    def check(self, mark: Mark, pane_id: str) -> None:
        """Raise NotAtPrompt if what ended at this mark was another line."""
        if self.name not in (None, mark.taken):
            raise NotAtPrompt(pane_id, _LEFT)


class Entry:
    """One line for the shell of a pane. Use once.

    Args:
        shell: the shell.
        command: the line.
        asking: where it asks about each piece as it runs.
        unasked: whether to run it all the same where the shell cannot do that.
    """

    def __init__(
        self, shell: CommandLine, command: str, asking: Line | None = None, *, unasked: bool = False
    ) -> None:
        self._shell = shell
        self._command = command
        self._asking = asking
        self._unasked = unasked
        self._messages: list[str] = []

    async def submit(self, before_enter: Callable[[], Awaitable[None]] | None) -> Entered:
        """Have the shell run the line, made sure to be alone there.

        The caller is asked before Enter. Whatever is raised, nothing has run, and nothing is left
        on the line but what a person typed there. Cancelled later than that, it is interrupted.

        Raises:
            CannotAsk: the shell cannot ask about each piece, as it should.
            NotAtPrompt: there is no empty prompt.
            PaneDead: the shell has ended.
            PaneGone: there is no such pane.
            ServerGone: the server ended.
        """
        shell = self._shell
        # What was told last is enough to begin with: tmux itself looks again as it types.
        mark = shell.mark
        if mark is None or not shell.reporting or not shell.nonce:
            mark = await shell.until_at_prompt()
        if self._asking is not None and not shell.takes:
            self._ask_nothing()
        try:
            if shell.takes and before_enter is None:
                return await self._run(mark.number)
            anchor, number = await self._put(mark.number)
        except (asyncio.CancelledError, TerminalError) as error:
            if not isinstance(error, NotAtPrompt):
                await asyncio.shield(shell.clear())
            raise
        if before_enter is not None:
            try:
                await before_enter()
            except BaseException:
                await asyncio.shield(shell.clear(editing=True))
                raise
        try:
            if shell.takes:
                return await self._run_same(number, anchor)
            return await self._press_enter(number, anchor, again=before_enter is not None)
        except NotAtPrompt:
            raise
        except BaseException:
            await asyncio.shield(shell.clear())
            raise

    # -- a shell that takes messages ----------------------------------------------------------

    async def _run(self, number: int) -> Entered:
        """Have the shell take the line on its empty one and run it: one message, one answer."""
        for _ in range(TRIES):
            given = await self._give(number, "run")
            if given is not None:
                entered, before = given
                line = await self._taken(entered, before)
                if line is None:
                    return entered
                if line == marks.OWN_TRAPS:
                    self._ask_nothing()
                else:
                    await self._clear_rest(line)
            number = (await self._shell.until_at_prompt()).number
        raise self._not_at_prompt(_LOST)

    async def _run_same(self, number: int, anchor: Anchor) -> Entered:
        """Have the shell run the line that was put there, if it is the same still."""
        line: str | None = marks.OWN_TRAPS
        while line == marks.OWN_TRAPS:
            given = await self._give(number, "same")
            if given is None:
                raise self._not_at_prompt(_LEFT)
            entered, before = given
            line = await self._taken(entered, before)
            if line is None:
                return replace(entered, anchor=anchor)
            if line == marks.OWN_TRAPS:
                self._ask_nothing()
        if self._shell.number != number:
            raise self._not_at_prompt(_LEFT)
        await self._shell.clear()
        raise self._not_at_prompt(_CHANGED)

    def _ask_nothing(self) -> None:
        if not self._unasked:
            raise CannotAsk(self._shell.pane_id, "the shell has traps of its own, or is too old")
        self._asking = None

    async def _give(self, number: int, how: How) -> tuple[Entered, int] | None:
        """Send the shell the line as one message.

        Returns:
            what it runs if it takes it, and how many reports it had made before; None if it was
            not at that prompt any more, and nothing was typed.
        """
        shell = self._shell
        name, directory = secrets.token_hex(4), ""
        if self._asking is not None:
            name, directory = self._asking.name, str(self._asking.directory)
        message = marks.take(shell.nonce, number, name, how, self._command, directory)
        self._messages.append(message)
        # Copy mode would swallow it.
        elsewhere = f"#{{?pane_in_mode,1,{shell.elsewhere(number)}}}"
        typing = keys.text_commands(shell.pane_id, message, unless=elsewhere)
        for _ in range(TRIES):
            sent = time.monotonic()
            try:
                anchor, before, _ = await shell.state(typing)
            except OutcomeUnknown:
                # The shell tells whether it came: its mark names what it took, and a report that
                # is asked for comes after all that was typed before.
                anchor, before, _ = await shell.state()
                return Entered(self._named(anchor.somewhere()), number, sent, name), before
            if not shell.in_mode:
                if not shell.stands_at(number):
                    return None
                return Entered(self._named(anchor), number, sent, name), before
            await shell.client.command("copy-mode", "-q", "-t", shell.pane_id)
        return None

    async def _taken(self, entered: Entered, before: int) -> str | None:
        """Wait until the shell runs the line of a message; gives what it has if it does not.

        Where a program has said something over the mark of that, the next prompt's tells as well.
        A shell that ended since is taken to have run it: tmux may lose the mark with all else that
        an ending program said last (`RunResult`).
        """
        shell, name, number = self._shell, entered.name, entered.number
        for seconds in (_GLANCE, *[REPORT_SECONDS] * REPORTS):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    mark = await shell.next_mark(
                        lambda mark: mark.taken == name or mark.number > number
                    )
                # A message for an earlier prompt never runs.
                return None if mark is None or mark.taken == name else ""
            try:
                _, count, line = await shell.state()
            except PaneDead:
                return None
            if count != before:
                return line
            if shell.hidden:
                return None
            if seconds != _GLANCE:
                await shell.ask_again(number)
        raise self._not_at_prompt(MUTE)

    async def _clear_rest(self, line: str) -> None:
        """Throw away what is left of an earlier message; raises if somebody typed something else.

        A Ctrl-C makes the terminal drop what the shell has not read yet.
        """
        if not line:
            return
        if not any(marks.is_rest(line, message) for message in self._messages):
            raise self._not_at_prompt(_TYPED)
        await self._shell.clear()

    # -- any shell ----------------------------------------------------------------------------

    async def _put(self, number: int) -> tuple[Anchor, int]:
        """Put the line on the empty one and make sure that it alone is there."""
        shell = self._shell
        for _ in range(TRIES):
            try:
                edited = await (self._put_message(number) if shell.takes else self._paste(number))
            except OutcomeUnknown:
                # Nothing was entered, whatever stands there.
                edited = await shell.edit([], number)
            if edited is not None:
                if edited.line == self._command and shell.number == number:
                    return edited.anchor, number
                if shell.takes:
                    await self._clear_rest(edited.line)
                else:
                    await self._clear_own(edited.line, number)
            # Nothing was typed if the prompt was another one by then.
            number = (await shell.until_at_prompt()).number
        raise self._not_at_prompt(_LOST)

    async def _put_message(self, number: int) -> Edited | None:
        told = self._shell.told
        given = await self._give(number, "put")
        if given is None:
            return None
        entered, before = given
        return Edited(entered.anchor, await self._shell.reported(before, told, number))

    async def _paste(self, number: int) -> Edited | None:
        shell = self._shell
        elsewhere = shell.elsewhere(number)
        # A shell may ask for brackets only after it has told of its prompt, or never. Without them,
        # each newline would run what stands before it.
        typing = keys.paste_commands(shell.pane_id, self._command, unless=elsewhere, bracketed=True)
        return await shell.edit(typing, number)

    async def _clear_own(self, line: str, number: int) -> None:
        if len(line) > len(self._command) and self._command in line:
            # What a person had typed stays.
            count = str(len(self._command))
            back = ("send-keys", "-t", self._shell.pane_id, "-N", count, "BSpace")
            await self._shell.edit([back], number)
            raise self._not_at_prompt(_TYPED)
        # A Ctrl-C just before makes the terminal drop what is typed behind it, and the
        # prompt that follows it would be taken for the end of this command.
        await self._shell.clear()

    async def _press_enter(self, number: int, anchor: Anchor, *, again: bool) -> Entered:
        """Run the line that was pasted, if `again` only once it is sure to be the same still."""
        shell = self._shell
        if again:
            edited = await shell.edit([], number)
            if edited is None:
                raise self._not_at_prompt(_LEFT)
            if edited.line != self._command or shell.number != number:
                await shell.clear(editing=True)
                raise self._not_at_prompt(_CHANGED)
        if shell.shell.breaks:
            anchor = await shell.line_end(self._command, number)
        else:
            anchor = self._named(anchor)
        entered = Entered(anchor, number, time.monotonic())
        entering = shell.entering(marking=anchor.marked > 0)
        try:
            await shell.client.command(*entering)
        except OutcomeUnknown:
            # What is asked for comes after the key, if that was pressed.
            edited = await shell.edit([], number)
            if edited is not None and edited.line == self._command and shell.number == number:
                await shell.client.command(*entering)
        return entered

    def _named(self, anchor: Anchor) -> Anchor:
        return replace(anchor, command=self._command, prompt=self._shell.prompt)

    def _not_at_prompt(self, why: str) -> NotAtPrompt:
        return NotAtPrompt(self._shell.pane_id, why)
