"""AutoDream in an engine: its gates, looked at when something happened or is due, and its dreams.

In mode auto a dream begins at the look that finds all gates open. It works in a thread, so the loop
goes on; when the engine ends it is told to end, and what it had not applied by then never was.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import threading
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Literal

from agent.errors import AgentError, CommandRefused
from agent.hub import Hub
from agent.protocol.agents import AgentState
from agent.protocol.dream import DreamGate, DreamStatus
from agent.protocol.events import AgentChanged, AgentRemoved, DreamChanged, Event, Notice
from agent.settings.settings import Dream
from memory.database import Database
from memory.dream.gates import AT_WORK, DreamGates, DreamState
from memory.dream.lease import AlreadyDreaming
from memory.errors import StorageError

if TYPE_CHECKING:
    from memory.dream.dreaming import Phase
    from memory.dream.judging import Judge

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.1
"""How long changes of agents are gathered before the rows are asked."""

AGAIN_SECONDS = 60.0
"""When to look again at gates that were open while another process dreamt."""

REST_SECONDS = 3600.0
"""How long after a dream, done or failed, none begins by itself, however low the thresholds are."""

PROGRESS_STEP = 0.05
"""By how much a dream's progress must have grown to be told."""


class _ToldToEndError(Exception):
    """The engine ends, or the person wants no dreams any more."""


class DreamWatch:
    """Publishes `DreamChanged` whenever a gate or a running dream shows something else.

    The rows are asked when an agent comes, goes or changes state, when a dream ends, and at the
    very moment at which what is shown changes by itself; there is no other timer.
    """

    def __init__(
        self, database: Database, hub: Hub, settings: Dream, *, clock: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._gates = gates_of(database, settings, clock)
        self._mode = settings.mode
        self.changing = asyncio.Lock()
        """Held while the mode is changed."""
        self._database = database
        self._hub = hub
        self._clock = clock
        self._states: dict[str, AgentState] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._looking: asyncio.Task[None] | None = None
        self._soon: asyncio.TimerHandle | None = None
        self._may_dream = False
        self._dreaming: asyncio.Task[None] | None = None
        self._ending = threading.Event()
        self._phase: Phase = "orient"
        self._progress = 0.0
        self._not_before = 0.0
        """Until when no dream begins by itself, and why."""
        self._held_back = ""
        self._unlisten: Callable[[], None] = lambda: None
        self.judge: Callable[[], Awaitable[Judge | None]] = _nobody
        """Gives whom a dream may ask about what the rules leave open."""

    async def start(self) -> None:
        """Publish the first status and keep it current."""
        self._unlisten = self._hub.listen(self._heard)
        await self._look()

    async def close(self) -> None:
        """Stop watching, and end a dream that runs."""
        self._unlisten()
        self._ending.set()
        for task in (self._looking, self._dreaming):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        for timer in (self._timer, self._soon):
            if timer is not None:
                timer.cancel()

    def let_dream(self) -> None:
        """Allow dreams from now on: what a person waits for when an engine starts is done."""
        self._may_dream = True
        self._wake()

    async def change_mode(self, mode: Literal["off", "recall", "manual", "auto"]) -> None:
        """Follow another mode from now on; one that wants no dream ends the one that runs."""
        self._settings = self._settings.model_copy(update={"mode": mode})
        self._gates = gates_of(self._database, self._settings, self._clock)
        self._mode = mode
        dreaming = self._dreaming
        if dreaming is not None and mode in ("off", "recall"):
            self._ending.set()
            dreaming.cancel()
            await asyncio.wait([dreaming])
            self._dreaming = None
        await self._look()

    def begin(self) -> None:
        """Begin a dream because the person says so, whatever the gates say.

        Raises:
            AgentError: the settings forbid it, or a dream is running.
        """
        require(self._mode)
        if self._dreaming is not None:
            raise CommandRefused("AutoDream is dreaming already")
        self._start("person")

    def _start(self, by: str) -> None:
        self._phase, self._progress = "orient", 0.0
        self._ending = threading.Event()
        self._dreaming = asyncio.create_task(self._dream(by))

    async def _dream(self, by: str) -> None:
        loop = asyncio.get_running_loop()
        ending = self._ending

        async def wanted() -> bool:
            return by == "person" or not (await self._gates.status()).why_not

        def progress(phase: Phase, share: float) -> None:
            if ending.is_set():
                raise _ToldToEndError
            loop.call_soon_threadsafe(self._advance, phase, share)

        self._publish_phase()
        problem = ""
        try:
            # What a dream is made of takes long to load, and the engine goes on meanwhile.
            dreaming = await asyncio.to_thread(importlib.import_module, "agent.dreams.dreaming")
            judge = await self.judge()
            done = await dreaming.run(
                *(self._database, self._clock),
                by=by,
                judge=judge,
                wanted=wanted,
                progress=progress,
            )
            self._hold_back("it dreamt within the hour", REST_SECONDS)
            if done is not None and by == "person":
                last = await self._database.dreams.last()
                if last is not None:
                    asked = f" ({last.asked})" if last.asked else ""
                    text = f"AutoDream: {last.summary}{asked}"
                    text += "; tungsten dream undo takes it back" if done.operations else ""
                    self._hub.publish(Notice(level="information", text=text))
        except AlreadyDreaming as error:
            problem = str(error)
            self._hold_back("another Tungsten is dreaming", AGAIN_SECONDS)
        except (AgentError, StorageError, OSError) as error:
            problem = f"the dream came to nothing: {error}"
            self._hold_back("the last dream came to nothing", REST_SECONDS)
            log.warning("%s", problem)
        except Exception:
            problem = "the dream came to nothing: engine.log says why"
            self._hold_back("the last dream came to nothing", REST_SECONDS)
            log.exception("a dream failed")
        self._dreaming = None
        if problem and by == "person":
            self._hub.publish(Notice(level="warning", text=problem))
        self._wake()

    def _hold_back(self, why: str, seconds: float) -> None:
        self._not_before, self._held_back = self._clock() + seconds, why

    def _advance(self, phase: Phase, share: float) -> None:
        if self._dreaming is None:
            return
        if phase != self._phase or share - self._progress >= PROGRESS_STEP:
            self._phase, self._progress = phase, max(share, self._progress)
            self._publish_phase()

    def _publish_phase(self) -> None:
        now = self._hub.snapshot().dream
        status = now.model_copy(
            update={"phase": self._phase, "progress": self._progress, "why_not": ""}
        )
        self._hub.publish(DreamChanged(dream=status))

    def _heard(self, event: Event) -> None:
        if isinstance(event, AgentChanged):
            if self._states.get(event.agent.id) != event.agent.state:
                self._states[event.agent.id] = event.agent.state
                self._wake()
        elif isinstance(event, AgentRemoved):
            self._states.pop(event.agent_id, None)
            self._wake()

    def _wake(self) -> None:
        """Look soon: what happens together is looked at once."""
        if self._soon is None:
            loop = asyncio.get_running_loop()
            self._soon = loop.call_later(GATHER_SECONDS, self._start_looking)

    def _start_looking(self) -> None:
        self._soon = None
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        else:
            self._wake()

    async def _look(self) -> None:
        try:
            state = await self._gates.status()
            last = await self._database.dreams.last()
        except StorageError as error:
            log.warning("the dream gates cannot be read: %s", error)
            return
        now = self._clock()
        status = as_status(state, self._mode)
        states = set(self._states.values())
        if AgentState.WAITING in states and AgentState.WORKING not in states:
            # The store knows that a turn is open, not that it stands still.
            told = status.why_not.replace(AT_WORK, "an agent waits for you")
            status = status.model_copy(update={"why_not": told})
        changes = [state.next_change_at]
        if not status.why_not and now < self._not_before:
            status = status.model_copy(update={"why_not": self._held_back, "phase": "waiting"})
            changes.append(self._not_before)
        if last is not None and last.ended_at is not None:
            when, until = when_told(last.ended_at, now)
            status = status.model_copy(update={"last_result": f"{when}: {last.summary}"})
            changes.append(until)
        may = self._may_dream and self._mode == "auto" and not status.why_not
        if may and self._dreaming is None:
            self._start("auto")
        if self._dreaming is not None:
            update = {"phase": self._phase, "progress": self._progress, "why_not": ""}
            status = status.model_copy(update=update)
        if _shown(status) != _shown(self._hub.snapshot().dream):
            self._hub.publish(DreamChanged(dream=status))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = min((moment for moment in changes if moment is not None), default=None)
        if due is not None:
            # A little late rather than early: asked too soon, the gates would name this moment
            # once more.
            wait = max(due - now, 0.0) + 0.05
            self._timer = asyncio.get_running_loop().call_later(wait, self._wake)


async def _nobody() -> None:
    return None


def when_told(ended_at: float, now: float) -> tuple[str, float | None]:
    """When something was, as one says it in local time, and until when one says it so."""
    then, today = datetime.fromtimestamp(ended_at), datetime.fromtimestamp(now)
    midnight = datetime.combine(today.date() + timedelta(days=1), time()).timestamp()
    if then.date() == today.date():
        return ("last night" if then.hour < NIGHT_ENDS else "today"), midnight
    if then.date() == today.date() - timedelta(days=1):
        return ("last night" if then.hour >= NIGHT_BEGINS else "yesterday"), midnight
    return f"{then.day} {then:%b}", None


NIGHT_BEGINS, NIGHT_ENDS = 20, 7
"""Local hours from which, and until which, it was night."""


class DreamRefused(AgentError):
    """The settings do not allow a dream."""


def require(mode: str) -> None:
    """See that the person wants dreams at all.

    Raises:
        DreamRefused: `[dream] mode` is off or recall.
    """
    if mode in ("off", "recall"):
        raise DreamRefused(
            f'AutoDream is off: [dream] mode is "{mode}" in config.toml; '
            '"manual" or "auto" allows it'
        )


def gates_of(database: Database, settings: Dream, clock: Callable[[], float]) -> DreamGates:
    """The gates with the thresholds of the settings."""
    return DreamGates(
        database,
        clock=clock,
        idle_seconds=settings.idle_minutes * 60,
        gap_seconds=settings.gap_hours * 3600,
        sessions=settings.sessions,
        gap=settings.gap,
        mode=settings.mode,
    )


def _shown(status: DreamStatus) -> tuple[object, ...]:
    """What a person would notice of a status: not the fractions that move all the time."""
    gates = tuple((gate.name, gate.open, gate.text) for gate in status.gates)
    done = status.phase, round(status.progress / PROGRESS_STEP), status.last_result
    return status.mode, done, status.why_not, status.last_dream_at, gates


def as_status(state: DreamState, mode: str) -> DreamStatus:
    """The gates in the words of the wire."""
    gates = tuple(
        DreamGate(
            name=gate.name,
            open=gate.open,
            value=gate.value,
            needed=gate.needed,
            unit=gate.unit,
            text=gate.text,
        )
        for gate in state.gates
    )
    return DreamStatus.model_validate(
        {
            "mode": mode,
            "gates": gates,
            "phase": "waiting" if state.why_not else "ready",
            "why_not": state.why_not,
            "last_dream_at": state.last_dream_at,
        }
    )
