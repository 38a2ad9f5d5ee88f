"""A hosted agent's dialog answered by one key: looked at again, compared, pressed, seen to be gone.

Nothing is pressed into anything but the very dialog that was decided about, in the same pane, with
the same program in front. There is one try: whatever comes of it, the key is not pressed again.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from agent.hosted.dialog import Dialog, read
from agent.hosted.profile import Profile
from agent.hosted.profile_files import runs
from agent.hosted.screen_rules import Offered
from agent.panes.panes import PaneLost, Panes
from agent.steps.steps import Effect, NotRun, TakenBack
from tungsten.adopted.adopted_pane import AdoptedPane
from tungsten.errors import PaneGone, TerminalError
from tungsten.outcome import ForIdle
from tungsten.pane import Pane
from tungsten.pressing import Standing
from tungsten.programs.foreground import SHELLS, Foreground, group, program_name
from tungsten.screen.frame import Frame

CLEARS_SECONDS = 3.0
"""How long a dialog may stand after its key; agents draw within a tenth of it."""

DRAWS_SECONDS = 0.1
"""A pane that has printed nothing for so long after a key is looked at."""

NOTHING = "nothing was pressed"


@dataclass(frozen=True, slots=True)
class Seen:
    """A dialog that was looked at, and what showed it.

    Attributes:
        pane_id: where.
        dialog: what stands there.
        pid: the agent's own process in front; of several, the first that was started.
        program: the name of the one that reads the keys.
        cwd: where it is; empty if that is not known.
    """

    pane_id: str
    dialog: Dialog
    pid: int
    program: str
    cwd: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a pane shows: a dialog's fingerprint or nothing, and since when, by the clock."""

    fingerprint: str
    since: float


class Answering:
    """Presses the keys that answer dialogs of one agent's panes.

    Args:
        panes: the agent's.
        profile: tells what its screens show.
        clock: seconds that only go on.
    """

    def __init__(
        self, panes: Panes, profile: Profile, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._panes = panes
        self._profile = profile
        self._clock = clock
        self._shown: dict[str, _Shown] = {}
        self._pressed: dict[str, str] = {}
        self._changed = asyncio.Event()

    def pressed(self, seen: Seen) -> bool:
        """Whether the one key of a dialog is under way, or was sent while it stands there."""
        return self._pressed.get(seen.pane_id) == seen.dialog.fingerprint

    def saw(self, pane_id: str, dialog: Dialog | None) -> None:
        """Note what a pane shows now: whoever watches it tells."""
        shown = self._note(pane_id, dialog)
        if self._pressed.get(pane_id, shown) != shown:
            # The same dialog may come again, and is another question then.
            del self._pressed[pane_id]
        self._changed.set()

    def _note(self, pane_id: str, dialog: Dialog | None) -> str:
        """Keep what a pane shows, and since when it has; gives its fingerprint."""
        fingerprint = "" if dialog is None else dialog.fingerprint
        if not self._shows(pane_id, fingerprint):
            self._shown[pane_id] = _Shown(fingerprint, self._clock())
        return fingerprint

    def _shows(self, pane_id: str, fingerprint: str) -> bool:
        shown = self._shown.get(pane_id)
        return shown is not None and shown.fingerprint == fingerprint

    async def look(self, pane_id: str) -> Seen | None:
        """Look at a pane now; None where it shows no dialog of its agent for sure.

        Text alone is none: its program must run in front, as the profile's `process` tells.

        Raises:
            AgentError, TerminalError: the pane is gone, or not the agent's.
        """
        pane = await self._panes.seen(pane_id)
        foreground = await pane.foreground()
        dialog = read(self._profile, await pane.capture())
        if dialog is None or foreground.kind == "dead":
            return None
        pid, program = await asyncio.to_thread(self._in_front, foreground)
        if not pid:
            return None
        self._note(pane_id, dialog)
        return Seen(pane_id, dialog, pid, program, foreground.cwd)

    def _own(self, foreground: Foreground) -> int:
        """The agent's own process among those in front, the first that was started; 0 if none is.

        A shell or a wall that started it may be taken for what is in front, and of an agent that
        runs as several processes now the one and now the other.
        """
        beside = {foreground.pid: foreground.arguments, **group(foreground.pid)}
        return min((pid for pid, words in beside.items() if runs(self._profile, words)), default=0)

    def _in_front(self, foreground: Foreground) -> tuple[int, str]:
        """The agent's own process in front, 0 if none is, and the name of what reads the keys.

        A shell that started it and waits for it reads none, but is what is in front at moments in
        which nobody reads.
        """
        pid = self._own(foreground)
        if pid not in (0, foreground.pid) and foreground.name.lstrip("-") in SHELLS:
            return pid, program_name(pid)
        return pid, foreground.name

    async def press(self, seen: Seen, answer: Offered) -> Effect:
        """Press the one key of an answer if all is still as it was seen; waits for it to be gone.

        While a person types in the pane, this waits, and until the dialog has stood unchanged for
        as long as its rule says: a key that comes earlier may be lost, or mean something else.

        Raises:
            NotRun: nothing was pressed; says why.
            TakenBack: it was cancelled before anything was pressed.
            OutcomeUnknown: the connection broke, and nothing tells whether it was pressed.
            AgentError, TerminalError: the pane is gone, or not the agent's.
        """
        try:
            pane, standing = await self._ready(seen, answer)
        except asyncio.CancelledError as cancelled:
            raise TakenBack from cancelled
        # First: whatever becomes of the connection, there is no second try.
        self._pressed[seen.pane_id] = seen.dialog.fingerprint
        if not await pane.press_if(answer.key, standing):
            self._pressed.pop(seen.pane_id, None)
            raise NotRun(
                f"its screen changed at that very moment, or takes no keys now (copy mode?); "
                f"{NOTHING}"
            )
        if await self._cleared(seen):
            self._pressed.pop(seen.pane_id, None)
            return Effect(f"{named(answer)} was pressed")
        return Effect(
            f"{named(answer)} was pressed once and the dialog still stands: look at its pane",
            ok=False,
        )

    async def _ready(self, seen: Seen, answer: Offered) -> tuple[Pane | AdoptedPane, Standing]:
        """Wait until a dialog takes keys; gives the pane, and how it must stand to be pressed."""
        pane_id = seen.pane_id
        keyboard = self._panes.own(pane_id).keyboard
        await self._stood(seen)
        while not keyboard.free.is_set():
            await keyboard.free.wait()
            await self._stood(seen)
        pane = await self._panes.seen(pane_id)
        if self.pressed(seen):
            raise NotRun(f"it was answered already; {NOTHING}")
        foreground = await pane.foreground()
        pid, program = await asyncio.to_thread(self._in_front, foreground)
        if (pid, program) != (seen.pid, seen.program):
            other = program or "nothing"
            raise NotRun(f"{other} runs in front instead of {seen.program}; {NOTHING}")
        if seen.cwd != foreground.cwd:
            raise NotRun(f"its directory is {foreground.cwd or 'unknown'} now; {NOTHING}")
        frame = await pane.capture()
        dialog = self._still(seen, frame)
        self._note(pane_id, dialog)
        if self._settles_in(seen) > 0:
            raise NotRun(f"it was gone, and has only just come back; {NOTHING}")
        if answer not in dialog.answers:
            raise NotRun(f"it does not offer {named(answer)}; {NOTHING}")
        changing = frozenset(dialog.first + number for number in dialog.changing)
        return pane, Standing(self._panes.own(pane_id).pid, frame, changing)

    async def _stood(self, seen: Seen) -> None:
        """Wait until a dialog has stood long enough to take a key, or something else is seen."""
        while (rest := self._settles_in(seen)) > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._changed.wait()

    def _settles_in(self, seen: Seen) -> float:
        """Seconds until a dialog may take a key; 0 where it may, or something else is shown."""
        shown = self._shown.get(seen.pane_id)
        if shown is None or shown.fingerprint != seen.dialog.fingerprint:
            return 0.0
        return max(0.0, shown.since + seen.dialog.settles - self._clock())

    def _still(self, seen: Seen, frame: Frame) -> Dialog:
        """Find the dialog that was decided about on a picture.

        Raises:
            NotRun: it does not stand there, or not as it was.
        """
        dialog = read(self._profile, frame)
        if dialog is None:
            raise NotRun(f"its dialog is gone: it was answered in its pane; {NOTHING}")
        if dialog.fingerprint != seen.dialog.fingerprint:
            raise NotRun(f"another dialog stands there now; {NOTHING}")
        return dialog

    async def _cleared(self, seen: Seen) -> bool:
        """Wait until another screen is seen; looks once itself where nobody tells of any."""
        fingerprint = seen.dialog.fingerprint
        with contextlib.suppress(TerminalError):
            pane = await self._panes.seen(seen.pane_id)
            await pane.wait(ForIdle(DRAWS_SECONDS), CLEARS_SECONDS)
        await self._look_again(seen.pane_id)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLEARS_SECONDS):
                while self._shows(seen.pane_id, fingerprint):
                    self._changed.clear()
                    await self._changed.wait()
                return True
        await self._look_again(seen.pane_id)
        return not self._shows(seen.pane_id, fingerprint)

    async def _look_again(self, pane_id: str) -> None:
        dialog = None
        # Where the pane went away, so did its dialog.
        with contextlib.suppress(PaneGone, PaneLost):
            pane = await self._panes.seen(pane_id)
            dialog = read(self._profile, await pane.capture())
        self._note(pane_id, dialog)


def named(answer: Offered) -> str:
    """The key, and what the dialog calls it."""
    return f"{answer.key} ({answer.label})" if answer.label else answer.key
