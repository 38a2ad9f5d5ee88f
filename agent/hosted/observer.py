"""Watches one hosted agent: what its program tells its terminal, and its screen once it is at rest.

Nothing is polled. Output wakes it; the screen is captured when the pane has been quiet for a
moment, or, where a program never is, now and then while it prints.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace

from agent.hosted.profile import Profile, Telling
from agent.hosted.screen_rules import Frame, ScreenMatch, match
from agent.hosted.status import RESTING, Evidence, HostedState, Kind, Source, fuse
from agent.protocol.agents import AgentState
from tungsten.programs.osc import Osc, plain
from tungsten.programs.program_status import CODE, Clear, Query, Records, parse

QUIET_SECONDS = 0.1
"""A pane that has printed nothing for so long is looked at."""

LONGEST_SECONDS = 2.0
"""One that prints all the time is looked at after so long: its agent most likely works."""

MOST_ANSWERS = 4
"""Questions for the protocol that wait for an answer at once: no program asks more."""

MOST_CHANGES = 50
"""Changes of state within `CHANGES_SECONDS` that are told: each is written down, and may call the
person. What changes more often than that is no agent at work."""

CHANGES_SECONDS = 10.0

CALM_SECONDS = 2.0
"""How long what changed too often must stay the same to count again."""

WORDS_SECONDS = 0.2
"""How often it is told why the state is what it is, where that alone changes: a title may turn."""

RESTLESS = HostedState(AgentState.UNKNOWN, reason="what it says of its state changes all the time")

_STATES = {
    "idle": AgentState.IDLE,
    "working": AgentState.WORKING,
    "done": AgentState.DONE,
    "blocked": AgentState.WAITING,
    "error": AgentState.FAILED,
}
_TELL_OF_ENDS = (Source.PROGRAM_STATUS, Source.TITLE)
"""What says that a dialog stands, and also when it does no more. The screen does, too, but may be
looked at in the middle of a change: `waits_no_longer` tells what it showed at rest."""

_KINDS = {"permission": Kind.PERMISSION, "question": Kind.QUESTION, "auth": Kind.LOGIN}


class Observer:
    """Gathers the evidence of one agent and tells when its state changes.

    Args:
        profile: how its screens, titles and notifications are read.
        look: captures its screen; None when that is not possible now.
        answer: sends the program that it is hosted by a terminal that knows OSC 7501.
        changed: told of each new state.
        looked: told of each look at the screen at rest.
        clock: seconds since the epoch.

    Attributes:
        evidence: the last word of each source.
        shown: what the last look at the screen told; None before the first.
        frame: what was looked at then.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        look: Callable[[], Awaitable[Frame | None]],
        answer: Callable[[], Coroutine[None, None, None]],
        changed: Callable[[HostedState], None],
        looked: Callable[[ScreenMatch, Frame], None] = lambda shown, frame: None,
        clock: Callable[[], float],
    ) -> None:
        self.profile = profile
        self.evidence: dict[Source, Evidence] = {}
        self.shown: ScreenMatch | None = None
        self.frame: Frame | None = None
        self._look = look
        self._answer = answer
        self._changed = changed
        self._looked = looked
        self._clock = clock
        self._records = Records()
        self._loop = asyncio.get_running_loop()
        self._told: HostedState | None = None
        self._dialog_ended = 0.0
        """When the last dialog was seen to be over, in seconds since the epoch."""
        self._hook_began = 0.0
        """When the latest hook that was heard was started."""
        self._printed_at = 0.0
        self._unseen_since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._settling: asyncio.TimerHandle | None = None
        self._looking = asyncio.Lock()
        self._told_at = 0.0
        self._last: tuple[AgentState, Kind | None] | None = None
        """What all evidence last meant, also while that changed too often to count."""
        self._changes: deque[float] = deque(maxlen=MOST_CHANGES)
        """When that changed, by the loop's clock."""
        self._restless_until = 0.0
        self._owed = 0
        """Questions for the protocol that are to be answered yet."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._news = asyncio.Event()
        """Set whenever anything may have become known."""

    @property
    def closed(self) -> bool:
        """Whether its program has ended, or is no longer watched."""
        return self._closed

    # What is known ------------------------------------------------------------------------------

    def state(self) -> HostedState:
        """The state that everything known now means.

        A dialog stands until the screen was looked at again, which all that is heard brings about:
        who says idle again and again hides none until then. So does one that the title or the
        program itself tells of, until they tell of its end: the hook that says idle meanwhile may
        be that of the turn before, heard late.
        """
        return RESTLESS if self._loop.time() < self._restless_until else self._known()

    def _known(self) -> HostedState:
        now = self._clock()
        self._keep_before(now)
        found = fuse(self.evidence.values(), now)
        if found.state not in RESTING or found.source is Source.PROCESS:
            return found
        reason = f"{found.source}: {found.state}"
        for source in (Source.SCREEN, *_TELL_OF_ENDS):
            known = self.evidence.get(source)
            if known is not None and known.state is AgentState.WAITING:
                told = "its screen is not looked at yet"
                reason += f", and {told if source is Source.SCREEN else known.said()}"
                return replace(found, state=AgentState.UNKNOWN, reason=reason)
        return found

    def _keep_before(self, now: float) -> None:
        """Let nothing known be of a later time than now, where the machine's clock was set back.

        What is said from then on would otherwise be taken for what was said before.
        """
        ahead = max((each.at for each in self.evidence.values()), default=now) - now
        if ahead <= 0:
            return
        self._dialog_ended -= ahead
        self._hook_began -= ahead
        for source, each in self.evidence.items():
            since = None if each.since is None else each.since - ahead
            self.evidence[source] = replace(each, at=each.at - ahead, since=since)

    def _count(self, known: HostedState, now: float) -> None:
        """Take note of a change; where there are too many, none counts until it is calm."""
        if (known.state, known.kind) == self._last:
            return
        self._last = (known.state, known.kind)
        full = len(self._changes) == MOST_CHANGES
        if now < self._restless_until or (full and now - self._changes[0] < CHANGES_SECONDS):
            self._restless_until = now + CALM_SECONDS
            self._changes.clear()
        else:
            self._changes.append(now)

    def hear(self, evidence: Evidence) -> None:
        """Take what a source says; the screen is then looked at, as it may say otherwise.

        A hook takes a moment to start. One that tells of a dialog may be heard only after that is
        over, and one that tells of a rest only after the next turn has begun: then they tell
        nothing new.
        """
        self._keep_before(self._clock())
        waits = evidence.once and evidence.state is AgentState.WAITING
        late = waits and evidence.begun < self._dialog_ended
        if evidence.source is Source.HOOK:
            late = late or (evidence.state in RESTING and evidence.begun < self._hook_began)
            self._hook_began = max(self._hook_began, evidence.begun)
        if (late or self._take(evidence)) and evidence.source is not Source.SCREEN:
            self._wake()
        self._tell()

    def forget(self, *sources: Source) -> None:
        """Take back what these sources said, as nothing of it may be so any more."""
        for source in sources:
            self.evidence.pop(source, None)
            if source is Source.PROGRAM_STATUS:
                self._records.clear()
        self._tell()

    def doubt(self) -> None:
        """Let what was said to be working count only until anything else says otherwise.

        Agents that are interrupted by a key do not all report it.
        """
        self._doubt_work()
        self._wake()

    def _doubt_work(self) -> None:
        for source, known in tuple(self.evidence.items()):
            if known.state is AgentState.WORKING:
                self.evidence[source] = replace(known, once=True)

    def waits_no_longer(self) -> None:
        """Take back that it waits, where something said so that does not tell of its end.

        An agent whose dialog is left by a key in its pane may not report that, nor that its turn
        ends with it: so what was said of its work before is in doubt, too.
        """
        screen = self.evidence.get(Source.SCREEN)
        seen = screen is not None and screen.state is not AgentState.WAITING
        self._dialog_is_over(screen.begun if screen is not None and seen else self._clock())
        self._tell()

    def _dialog_is_over(self, at: float) -> None:
        self._dialog_ended = max(self._dialog_ended, at)
        for source in (Source.HOOK, Source.NOTIFICATION):
            known = self.evidence.get(source)
            if known is not None and known.state is AgentState.WAITING and known.begun <= at:
                del self.evidence[source]
        self._doubt_work()

    async def until(self, met: Callable[[], bool], timeout: float) -> bool:  # noqa: ASYNC109
        """Wait for something to become known; says whether it did within `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                while not met() and not self._closed:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pass
        return met()

    async def ended(self, timeout: float) -> bool:  # noqa: ASYNC109
        """Let its program have so many seconds; says whether it has ended meanwhile."""
        return await self.until(lambda: self._closed, timeout)

    def _take(self, evidence: Evidence) -> bool:
        self._keep_before(self._clock())
        known = self.evidence.get(evidence.source)
        if known is not None and known.at > evidence.at:
            return False
        same = known is not None and (known.state, known.kind) == (evidence.state, evidence.kind)
        if known is not None and same and not evidence.once:
            evidence = replace(evidence, since=known.begun)
        self.evidence[evidence.source] = evidence
        waited = known is not None and known.state is AgentState.WAITING
        if waited and evidence.source in _TELL_OF_ENDS and evidence.state is not AgentState.WAITING:
            self._dialog_is_over(evidence.at)
        return True

    def _tell(self) -> None:
        """Tell the state, if it is another; look again when it may become one by itself."""
        if self._closed:
            return
        self._news.set()
        now = self._loop.time()
        known = self._known()
        self._count(known, now)
        found = RESTLESS if now < self._restless_until else known
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None
        settles = self._restless_until - now if found is RESTLESS else found.settles
        told = self._told
        if told is None or _words(told) != _words(found):
            same = told is not None and (told.state, told.kind) == (found.state, found.kind)
            if not same or now - self._told_at >= WORDS_SECONDS:
                self._told, self._told_at = found, now
                self._changed(found)
            else:
                left = self._told_at + WORDS_SECONDS - now
                settles = left if settles is None else min(left, settles)
        if settles is not None and not self._closed:
            self._settling = self._loop.call_later(max(0.01, settles), self._tell)

    # What it prints -----------------------------------------------------------------------------

    def printed(self, commands: Sequence[Osc]) -> None:
        """Take note of output, and of the commands that were complete in it."""
        if self._closed:
            return
        answers = 0
        for osc in commands:
            answers += self._command(osc)
        if answers:
            idle = not self._owed
            self._owed = min(self._owed + answers, MOST_ANSWERS)
            if idle:
                self._spawn(self._answer_all())
        if commands:
            self._tell()
        self._wake()

    async def _answer_all(self) -> None:
        """Answer what was asked, one after the other: a flood of questions costs no more."""
        try:
            while self._owed and not self._closed:
                await self._answer()
                self._owed = max(0, self._owed - 1)
        finally:
            self._owed = 0

    def _command(self, osc: Osc) -> int:
        """Take one command; gives the number of questions in it."""
        if osc.code == CODE:
            said = parse(osc.text)
            if isinstance(said, Query):
                return 1
            if said is not None:
                self._records.take(said)
                self._take_records(cleared=isinstance(said, Clear))
        elif osc.code == -1:
            self._records.clear()
            self._take_records(cleared=True)
        elif osc.code in (0, 2):
            self._take_telling(Source.TITLE, self.profile.titles, plain(osc.text))
        elif (text := notification(osc)) is not None:
            self._take_telling(Source.NOTIFICATION, self.profile.notifications, text)
        return 0

    def _take_records(self, *, cleared: bool) -> None:
        report = self._records.foremost()
        if report is None:
            if cleared and Source.PROGRAM_STATUS in self.evidence:
                known = self.evidence.pop(Source.PROGRAM_STATUS)
                if known.state is AgentState.WAITING:
                    self._dialog_is_over(self._clock())
            return
        state = _STATES[report.state]
        kind = None
        if state is AgentState.WAITING:
            kind = Kind.OTHER if report.kind is None else _KINDS[report.kind]
        detail = " ".join(part for part in (report.title, report.message) if part)
        self._take(Evidence(Source.PROGRAM_STATUS, state, self._clock(), kind, detail))

    def _take_telling(self, source: Source, known: Sequence[Telling], text: str) -> None:
        for telling in known:
            if telling.matches(text):
                once = source is Source.NOTIFICATION
                self._take(
                    Evidence(source, telling.state, self._clock(), telling.kind, text, once=once)
                )
                return
        if source is Source.TITLE and source in self.evidence:
            self._take(Evidence(source, AgentState.UNKNOWN, self._clock(), detail=text))

    # What its screen shows ----------------------------------------------------------------------

    def _wake(self) -> None:
        """Look at the screen once it has been quiet, and at last anyway."""
        now = self._loop.time()
        self._printed_at = now
        if self._timer is None and not self._closed:
            self._unseen_since = now
            self._timer = self._loop.call_later(QUIET_SECONDS, self._settled)

    def _settled(self) -> None:
        now = self._loop.time()
        self._timer = None
        if self._closed:
            return
        rest = min(
            self._printed_at + QUIET_SECONDS - now, self._unseen_since + LONGEST_SECONDS - now
        )
        if rest > 0.001:
            self._timer = self._loop.call_later(rest, self._settled)
            return
        quiet = now - self._printed_at >= QUIET_SECONDS - 0.001
        self._spawn(self._look_once(quiet=quiet))
        if not quiet:
            # What it printed last may be the end: at rest it is looked at once more.
            self._unseen_since = now
            self._timer = self._loop.call_later(QUIET_SECONDS, self._settled)

    async def look_now(self) -> ScreenMatch | None:
        """Look at the screen at once; None where that is not possible."""
        await self._look_once(quiet=False)
        return self.shown

    async def _look_once(self, *, quiet: bool) -> None:
        async with self._looking:
            at = self._clock()
            frame = await self._look()
            if frame is None or self._closed:
                return
            if frame != self.frame or self.shown is None:
                self.shown, self.frame = match(self.profile, frame), frame
            shown = self.shown
        self._take(Evidence(Source.SCREEN, shown.state, at, shown.kind, shown.said()))
        self._tell()
        if quiet:
            self._looked(shown, frame)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            what = {"message": "a hosted agent could not be watched", "exception": error}
            self._loop.call_exception_handler(what)

    async def close(self) -> None:
        """Watch no more."""
        self._closed = True
        self._news.set()
        for timer in (self._timer, self._settling):
            if timer is not None:
                timer.cancel()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _words(found: HostedState) -> tuple[object, ...]:
    return found.state, found.kind, found.source, found.reason


def notification(osc: Osc) -> str | None:
    """The text of a desktop notification; None where a command is none.

    OSC 9 is iTerm2's, of which `9;4;…` is ConEmu's progress; 777 is urxvt's, with a title; 99 is
    kitty's, with metadata before the text.
    """
    match osc.code:
        case 9:
            head, sign, _ = osc.text.partition(b";")
            return None if sign and head.isdigit() else plain(osc.text)
        case 777:
            word, _, rest = osc.text.partition(b";")
            return plain(rest.replace(b";", b": ", 1)) if word == b"notify" else None
        case 99:
            return plain(osc.text.partition(b";")[2])
    return None
