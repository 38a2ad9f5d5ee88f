"""What a session said is remembered when it rests: a model reads it and names what is to be kept.

A session rests when its agent is archived, or has not worked for as long as AutoDream's idle gate
wants. What was looked through once is not looked through again; a session that goes on is read from
there. Without a model, or where the settings allow none, nothing is invented: what the agents saved
themselves is all there is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from agent.context.prompt_files import PromptFiles
from agent.context.turn_text import one_line
from agent.errors import AgentError
from agent.hub import Hub
from agent.memories.remembering import MemoryMode
from agent.memories.session_words import memories_of, read
from agent.protocol.agents import AgentState
from agent.protocol.events import AgentChanged, AgentRemoved, Event, Notice
from agent.settings.settings import Dream
from agent.turns.asking_apart import Asker, NoAnswer, as_data
from agent.usage.budget import Apart, BudgetSpent
from memory.database import Database
from memory.directories import git_top_level
from memory.errors import StorageError
from memory.remembered import TRIES, Unseen
from memory.versions import Memory

SOON = 10.0
"""Seconds after which a session that ended is looked through: what a person waits for is first."""

AT_WORK = (AgentState.WORKING, AgentState.WAITING)

Who = Callable[[], Awaitable[Asker | None]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of looking through one session."""

    memories: tuple[Memory, ...] = ()
    problem: str = ""
    """Why it is tried again another time; empty when it was looked through."""


class SessionMemory:
    """Looks through sessions of an engine once they rest, one at a time.

    Args:
        database: where sessions and memories are.
        hub: whose events tell when an agent rests.
        settings: `[dream]`.
        who: gives whom to ask, None where there is no model.
        prompts: where `remember.md` is.
        clock: seconds since the epoch.
        soon: seconds between the end of a session and the look.
    """

    def __init__(
        self,
        database: Database,
        hub: Hub,
        settings: Dream,
        *,
        who: Who,
        prompts: PromptFiles,
        clock: Callable[[], float],
        soon: float = SOON,
    ) -> None:
        self._database = database
        self._hub = hub
        self._settings = settings
        self._who = who
        self._prompts = prompts
        self._clock = clock
        self._soon = soon
        self._states: dict[str, AgentState] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._due: dict[str, None] = {}
        self._looking: asyncio.Task[None] | None = None
        self._unlisten: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Look through what an engine before this one did not come to, and listen from now on.

        What is said in a mode that saves nothing is never looked through, also once it is another.
        """
        if not self._saves:
            await self._database.remembered.pass_over()
            return
        if self._settings.remember.requests == 0:
            return
        self._unlisten = self._hub.listen(self._heard)
        for agent in self._hub.snapshot().agents:
            self._states[agent.id] = agent.state
        for unseen in await self._database.remembered.unseen():
            self._expect(unseen)

    async def close(self) -> None:
        """End; what was being looked through is looked through by the next engine."""
        await self._stop()
        if not self._saves:
            with contextlib.suppress(StorageError):
                await self._database.remembered.pass_over()

    async def change_mode(self, mode: MemoryMode) -> None:
        """Follow another mode; see `start`."""
        before = self._saves
        if before:
            await self._stop()
        else:
            await self._database.remembered.pass_over()
        self._settings = self._settings.model_copy(update={"mode": mode})
        await self.start()

    @property
    def _saves(self) -> bool:
        return self._settings.mode in ("manual", "auto")

    async def _stop(self) -> None:
        self._unlisten()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._due.clear()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def look(self, session_id: str) -> Learned:
        """Look through one session now, and keep what a model finds worth keeping.

        Raises:
            StorageError: it cannot be read, or what was found not be written.
        """
        who = await self._who()
        if who is None:
            return Learned(problem="no model is set up")
        record = await self._database.sessions.get(session_id)
        after, tries = await self._database.remembered.begin(session_id)
        rows = await self._database.sessions.rows(session_id, after)
        words = await asyncio.to_thread(read, rows)
        found: list[Memory] = []
        if words.persons and tries <= TRIES:
            directory = Path(record.directory)
            project = await asyncio.to_thread(
                lambda: git_top_level(directory.resolve()) or directory.resolve()
            )
            mine = await self._database.memories.list(statuses=None, session_id=session_id)
            known = [memory.text for memory in mine if memory.text]
            text = as_data("known", ({"text": text} for text in known))
            text += "\n" + as_data("session", words.told())
            apart = Apart(self._settings.remember, session=record)
            try:
                system = await asyncio.to_thread(self._prompts.read, "remember")
                answer = await who.ask(apart, system, text)
            except BudgetSpent as error:
                await self._database.remembered.not_begun(session_id)
                return Learned(problem=one_line(error))
            except (AgentError, OSError) as error:
                return Learned(problem=one_line(error))
            try:
                found = memories_of(answer, words, session_id, project, known)
            except NoAnswer as error:
                log.warning("nothing is remembered of session %s: %s", session_id, error)
        last = rows[-1].seq if rows else after
        stored = await self._database.memories.learn(session_id, last, found)
        if stored:
            data = {"memories": [memory.id for memory in stored]}
            await self._database.journal.append("remember", session_id, data)
            self._tell(record.name, stored)
        return Learned(tuple(stored))

    def _tell(self, name: str, stored: list[Memory]) -> None:
        held = sum(memory.status == "quarantined" for memory in stored)
        what = f"{len(stored)} thing{'' if len(stored) == 1 else 's'}"
        back = f", {held} held back for you to look at" if held else ""
        text = f"Remembered {what} of what {name} did{back}: tungsten memory list"
        self._hub.publish(Notice(level="information", text=text))

    def _heard(self, event: Event) -> None:
        if isinstance(event, AgentChanged):
            agent = event.agent
            if self._states.get(agent.id) == agent.state:
                return
            self._states[agent.id] = agent.state
            if agent.state in AT_WORK:
                self._forget(agent.id)
            elif not agent.demo and agent.kind == "model" and agent.parent is None:
                self._set(agent.id, self._settings.idle_minutes * 60)
        elif isinstance(event, AgentRemoved):
            self._states.pop(event.agent_id, None)
            self._set(event.agent_id, self._soon)

    def _expect(self, unseen: Unseen) -> None:
        if self._states.get(unseen.session_id) in AT_WORK:
            return
        rest = unseen.last_at + self._settings.idle_minutes * 60 - self._clock()
        self._set(unseen.session_id, self._soon if unseen.archived else max(self._soon, rest))

    def _forget(self, session_id: str) -> None:
        timer = self._timers.pop(session_id, None)
        if timer is not None:
            timer.cancel()
        self._due.pop(session_id, None)

    def _set(self, session_id: str, seconds: float) -> None:
        self._forget(session_id)
        loop = asyncio.get_running_loop()
        self._timers[session_id] = loop.call_later(seconds, self._rang, session_id)

    def _rang(self, session_id: str) -> None:
        self._timers.pop(session_id, None)
        self._due[session_id] = None
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_through())

    async def _look_through(self) -> None:
        while self._due:
            session_id = next(iter(self._due))
            del self._due[session_id]
            try:
                if await self._database.remembered.unseen(session_id):
                    learned = await self.look(session_id)
                    if learned.problem:
                        log.info(
                            "session %s is not looked through yet: %s", session_id, learned.problem
                        )
            except (AgentError, StorageError, OSError) as error:
                log.warning("session %s cannot be looked through: %s", session_id, one_line(error))
