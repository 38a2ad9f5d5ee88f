"""A hosted agent in a pane of the person's own tmux server, which they run and only let us watch.

It is taken up after the person's yes and let go again, never started and never ended. Nothing of
that server is changed, and nothing is typed but what the person answers or says.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path

import psutil
from pydantic import BaseModel

from agent.agents.live_agent import LiveAgent
from agent.agents.services import Services
from agent.context.turn_text import one_line
from agent.engine.peer import runs_below
from agent.errors import AgentError
from agent.hosted.hosted_agent import HostedAgent
from agent.hosted.profile_files import profile_files
from agent.panes.allowed_panes import Allowed, NotAllowed
from agent.panes.recordings import NotRecorded
from agent.protocol.agents import AgentState, AgentSummary, PaneSummary
from agent.protocol.conversation import BlockKind
from agent.sessions.session import Session
from memory.errors import StorageError
from memory.sessions import SessionRecord
from tungsten.errors import PaneGone, TerminalError
from tungsten.programs import foreground
from tungsten.programs.listening import Heard
from tungsten.tmux import orphans

log = logging.getLogger("agent.agents")

ADOPTED = "pane_adopted"
LET_GO = "pane_let_go"
"""Kinds of journal entries."""

_LET_GO = "you have let it go; its program goes on in your tmux"
_GONE = "its program has ended, or its pane was closed; its exit status is unknown"


class Adopted(BaseModel, frozen=True):
    """What was said yes to, as it is stored with the session.

    Attributes:
        socket: where the person's server listens.
        pane_id: the pane, as that server calls it.
        pid: what the pane was started with.
        server: tells that server from all others; empty until it was taken up.
        program: the process that the profile knows; 0 until then.
        begun: when that was started, in seconds since the epoch: numbers are given anew.
    """

    socket: str
    pane_id: str
    pid: int
    server: str = ""
    program: int = 0
    begun: float = 0.0


class AdoptedAgent(HostedAgent):
    """A program with a profile that the person has started themselves.

    Attributes:
        refused: why it could not be taken up at first; None where it could.
    """

    only_by_person = "it runs in your own tmux, where no key is pressed without you"

    def __init__(self, record: SessionRecord, session: Session, services: Services) -> None:
        super().__init__(record, session, services)
        self.refused: AgentError | TerminalError | None = None
        self._allowed: Allowed | None = None
        self._why = _GONE
        self._endings: set[asyncio.Task[None]] = set()
        """Wait for the program's end, or tell it."""

    def summary(self) -> AgentSummary:
        """As of every hosted agent, and that its pane is the person's."""
        found = super().summary()
        assert found.hosted is not None
        hosted = found.hosted.model_copy(update={"adopted": True})
        return found.model_copy(update={"hosted": hosted})

    # Beginning and end --------------------------------------------------------------------------

    async def launch(self) -> None:
        """Take its pane up for the first time; `refused` says why that cannot be."""
        try:
            await self._take()
        except (AgentError, TerminalError) as error:
            self.refused = error
            await self.become(AgentState.FAILED, one_line(error))
            return
        await self._begin()

    async def again(self) -> None:
        """Take the same program up once more, after it was let go.

        Raises:
            NotAllowed, TerminalError: it is not there any more; says so.
        """
        await self._take()
        await self._begin()

    async def _take(self) -> None:
        """Take its pane up, if what the person said yes to is in it still.

        Raises:
            NotAllowed: it is not, or may not be watched; says why.
            TerminalError: that server, or the pane, is not there.
        """
        wanted = Adopted.model_validate(self.record.extra["adopted"])
        panes = self.services.allowed_panes
        try:
            allowed = await panes.allow(
                *((self.id, self.name), Path(wanted.socket), wanted.pane_id, wanted.pid),
                self._pane_ended,
            )
        except PaneGone:
            raise NotAllowed(f"Pane {wanted.pane_id} of your own tmux is gone.") from None
        try:
            wanted = await asyncio.to_thread(self._checked, wanted, allowed)
            await self.save_extra(adopted=wanted.model_dump())
            await self.services.database.journal.append(
                ADOPTED, self.id, {"pane_id": allowed.name, **wanted.model_dump()}
            )
            if not panes.holds(allowed):
                raise NotAllowed(f"The program in pane {wanted.pane_id} has just ended.")
        except BaseException:
            with contextlib.suppress(NotAllowed):
                await panes.disallow(self.id, allowed.name)
            raise
        self._allowed = allowed
        width, height = allowed.size
        summary = PaneSummary(
            pane_id=allowed.name, width=width, height=height, socket=str(allowed.socket)
        )
        self.panes.take_up(summary, allowed.pane, allowed.pid)
        self._later(self._follow(wanted.program))
        await self.panes_changed()

    def _checked(self, wanted: Adopted, allowed: Allowed) -> Adopted:
        """Give what is in the pane; the first time that is what the profile knows there.

        Raises:
            NotAllowed: it is something else.
        """
        if not wanted.program:
            found = foreground.probe(wanted.pid, allowed.tty)
            profile = profile_files(self.services.paths.profiles).now().of_process(found.arguments)
            if profile is None or profile.name != self.profile.name:
                raise NotAllowed(
                    f"Pane {wanted.pane_id} does not show {self.profile.title} any more: "
                    "look at it again."
                )
            begun = _begun(found.pid)
            return wanted.model_copy(
                update={"server": allowed.server, "program": found.pid, "begun": begun}
            )
        same = wanted.server == allowed.server and _begun(wanted.program) == wanted.begun
        if not same or not runs_below(wanted.program, frozenset({wanted.pid})):
            raise NotAllowed(f"The program that ran in pane {wanted.pane_id} is gone.")
        return wanted

    async def _begin(self) -> None:
        assert self._allowed is not None
        await self.conversation.add(
            BlockKind.NOTICE,
            f"You adopted {self.profile.title} in pane {self._allowed.pane.id} of your own tmux. "
            "Stopping it lets it go; its program goes on.",
        )
        await self._watch(self._allowed.name)
        if self.observer is not None:
            await self.observer.look_now()
            await self._reflect(self.observer.state())

    async def find_panes(self) -> None:
        """Take up what an earlier engine had, if it is there still."""
        if not self.record.extra.get("panes"):
            return
        try:
            await self._take()
        except (AgentError, TerminalError) as error:
            self._why = f"gone while Tungsten did not run: {one_line(error)}"
            await self.panes_changed()

    async def stop(self) -> None:
        """Let it go: its program and its pane stay as they are."""
        await LiveAgent.interrupt(self)
        allowed, self._allowed = self._allowed, None
        await self._unwatch(_LET_GO)
        if allowed is not None:
            await self._release(allowed, _LET_GO)
        await self._waits_no_longer()
        await self.become(AgentState.IDLE, _LET_GO)

    async def close(self) -> None:
        """Watch no more; what was adopted is taken up by the next engine."""
        for task in tuple(self._endings):
            task.cancel()
        await asyncio.gather(*self._endings, return_exceptions=True)
        await super().close()

    async def server_gone(self) -> bool:
        """Tungsten's own tmux server has ended, in which it has nothing."""
        return False

    # The end that it has by itself --------------------------------------------------------------

    async def _pane_ended(self, name: str) -> None:
        await self._gone()

    async def _follow(self, program: int) -> None:
        with orphans.end_of(program) as ended:
            await ended.wait()
        await self._gone()

    async def _gone(self) -> None:
        """Note that there is nothing to watch any more."""
        allowed = self._allowed
        if allowed is None or self.closing:
            return
        self._allowed, self._why = None, _GONE
        try:
            await self._unwatch(_GONE)
            await self._release(allowed, _GONE)
            await self._ended(None)
        except StorageError as error:
            log.warning("%s", error)

    async def _ended(self, status: int | None) -> None:
        await self._unwatch(self._why)
        await self._waits_no_longer()
        await self.become(AgentState.UNKNOWN, self._why)

    async def _release(self, allowed: Allowed, why: str) -> None:
        """Let a pane go, which is not watched any more."""
        for task in tuple(self._endings):
            if task is not asyncio.current_task():
                task.cancel()
        with contextlib.suppress(NotAllowed, TerminalError):
            await self.services.allowed_panes.disallow(self.id, allowed.name)
        self.panes.forget(allowed.name)
        await self.panes_changed()
        await self.services.database.journal.append(
            LET_GO, self.id, {"pane_id": allowed.name, "why": why}
        )

    def _later(self, work: Coroutine[None, None, None]) -> None:
        # Not among the agent's own tasks, which an interrupt ends.
        task = asyncio.create_task(work, name=f"{self.id} adopted")
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)

    # Its terminal -------------------------------------------------------------------------------

    async def _listen(self, pane_id: str, heard: Heard) -> Callable[[], Awaitable[None]]:
        pane = self.panes.own(pane_id).adopted
        assert pane is not None
        stop = pane.listen(heard, lambda: self._later(self._gone()))

        async def deafen() -> None:
            stop()

        return deafen

    async def _answer_query(self, pane_id: str) -> None:
        """Nothing: its terminal is the person's, which answers for itself."""

    async def prompt(self, text: str) -> None:
        """Give it a prompt, as to every hosted agent.

        Raises:
            AgentError: it did not reach it, or nothing shows that it did.
        """
        if self._allowed is None:
            raise AgentError(
                f"{self.name} is not watched any more ({self.summary().activity}): resume it, "
                "or adopt its pane with /adopt."
            )
        await super().prompt(text)

    async def run_as_person(self, command: str) -> None:
        """Refuse: what runs in that pane is the person's own."""
        raise AgentError(
            f"{self.name} runs in your own tmux, where Tungsten starts nothing: run it there."
        )

    async def record_pane(self, pane_id: str, *, on: bool) -> None:
        """Refuse: recording would change the person's server."""
        self.panes.own(pane_id)
        if on:
            raise NotRecorded(f"{pane_id} is a pane of your own tmux, which is not recorded.")


def _begun(pid: int) -> float:
    """When a process was started.

    Raises:
        NotAllowed: there is none.
    """
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        raise NotAllowed("Its program has ended.") from None
