"""All agents of an engine and what they share: brought back, coordinated, stopped and let go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.actions import StartWorker
from agent.agents.agent_kinds import live_agent
from agent.agents.agent_list import AgentList
from agent.agents.creation import Creation
from agent.agents.live_agent import LiveAgent, log
from agent.agents.model_agent import ModelAgent
from agent.agents.pane_events import PaneEvents
from agent.agents.services import ModelSource, Services
from agent.context.prompt_files import PromptFiles
from agent.context.turn_text import one_line
from agent.errors import AgentError
from agent.gates.gate import Gates
from agent.gates.rule_files import RuleFiles
from agent.hub import Hub
from agent.isolation.overlaps import SECONDS, Overlaps
from agent.isolation.snapshots import TreeSnapshots, Work
from agent.memories.remembering import MemoryMode
from agent.panes.allowed_panes import AllowedPanes
from agent.panes.recordings import PaneRecorder
from agent.paths import Paths
from agent.playbook.player import PlaybookAgent
from agent.protocol.agents import AgentState, Mode
from agent.protocol.events import Notice, PausedChanged
from agent.sessions.session import Session
from agent.settings.config import Config
from agent.steps.recovery import FILES_MADE
from agent.turns.questions import Questions
from agent.usage.budget import Budgets
from memory.database import Database
from memory.errors import StorageError
from memory.sessions import SessionRecord
from tungsten.errors import TerminalError
from tungsten.terminal import Terminal

if TYPE_CHECKING:
    from agent.hook.asking import Call, Hooks

PAUSED = "paused"
"""Kind of the journal's entries that say whether the person holds all agents."""


class Agents:
    """The agents of one engine.

    Attributes:
        live: those on the list.
        services: what they share.
        creation: makes further ones.
    """

    def __init__(
        self,
        *,
        database: Database,
        terminal: Callable[[], Awaitable[Terminal]],
        models: ModelSource,
        hub: Hub,
        config: Config,
        paths: Paths,
        clock: Callable[[], float] = time.time,
        home: Path | None = None,
    ) -> None:
        self.live = AgentList(database)
        self._pane_events = PaneEvents(self.live, terminal, hub)
        self.services = Services(
            database=database,
            terminal=self._pane_events.terminal,
            models=models,
            hub=hub,
            config=config,
            paths=paths,
            clock=clock,
            gates=Gates(database, hub, clock),
            questions=Questions(database, hub, clock),
            prompts=PromptFiles(paths.config / "prompts"),
            budgets=Budgets(
                *(database, config, paths, clock),
                tell=lambda text: hub.publish(Notice(level="warning", text=text)),
            ),
            rules=RuleFiles(paths, home or Path.home()),
            recordings=PaneRecorder(paths.recordings, config.recording, self._pane_events.terminal),
            allowed_panes=AllowedPanes(paths.tmux_socket, tmux=config.tmux),
            home=home or Path.home(),
            fleet=self,
            snapshots=TreeSnapshots(
                database, hub, config.snapshots, paths, clock, home or Path.home()
            ),
            overlaps=Overlaps(clock),
            panes_opened=self._pane_events.opened,
        )
        self.services.go.set()
        self.services.snapshots.changed = self._files_changed
        self.creation = Creation(self.live, self.services)
        self.hooks: Hooks | None = None
        """Questions of other programs' hooks, once there was one."""
        self._sweeping: asyncio.Task[None] | None = None

    # Beginning and end --------------------------------------------------------------------------

    async def restore(self) -> None:
        """Bring every agent back as the last engine left it, and go on with what was running.

        An agent that cannot be brought back is shown as failed, with the reason; it does not keep
        the others away.
        """
        await self.services.recordings.recover()
        records = await self.services.database.sessions.list(archived=False)
        said = await self.services.database.journal.entries(kinds=(PAUSED,))
        # Without anybody to hold, it is over.
        if records and said and said[-1].data.get("paused"):
            self.services.go.clear()
            self.services.hub.publish(PausedChanged(paused=True))
        written = await self.services.database.journal.texts("write_file")
        self.services.written.update(map(Path, written))
        for entry in await self.services.database.journal.entries(kinds=(FILES_MADE,)):
            self.services.written.update(map(Path, entry.data.get("files", ())))
            self.services.fetched.update(dict.fromkeys(entry.data.get("below", ()), entry.at))
        ids = [record.id for record in records]
        since = self.services.clock() - SECONDS
        for done in await self.services.database.tree_steps.since(since, ids):
            work = (done.kind, done.repository, done.top, done.paths, done.ended_at or since)
            self._files_changed(done.agent_id, Work(*work))
        for record in records:
            await self.revive(record)
        if await asyncio.to_thread(self.services.snapshots.journals.is_dir):
            from agent.isolation.reverting import carry_on_all

            await carry_on_all(self.live.find, self.services)
        if await asyncio.to_thread(self.services.paths.snapshots.is_dir):
            self._sweeping = asyncio.create_task(self.services.snapshots.sweep())
        # Workers first: who waits for them must find at work what is at work.
        for agent in sorted(self.live, key=lambda agent: agent.record.parent is None):
            await self._set_going(agent)

    async def revive(self, record: SessionRecord) -> LiveAgent:
        """Put the agent of a stored session on the list, as failed where it cannot be continued."""
        try:
            session = await Session.open(self.services.database, record)
        except AgentError as error:
            failed = replace(record, state=AgentState.FAILED, activity=one_line(error))
            session = await Session.for_reading(self.services.database, record)
            agent = live_agent(failed, session, self.services)
        else:
            agent = live_agent(record, session, self.services)
        await agent.read_usage()
        self.live.add(agent)
        agent.publish()
        return agent

    async def _set_going(self, agent: LiveAgent) -> None:
        if agent.session.damaged:
            return
        try:
            await agent.resume()
        except (AgentError, StorageError, TerminalError, OSError) as error:
            log.warning("agent %s cannot go on: %s", agent.id, error)
            await agent.become(AgentState.FAILED, one_line(error))
        agent.publish()

    async def close(self) -> None:
        """Let go of everything; turns go on with the next engine, panes live on."""
        self.services.closing = True
        self._pane_events.fall_silent()
        closed: set[str] = set()
        while open_ones := [agent for agent in self.live if agent.id not in closed]:
            # One that is closed may have been about to start another.
            await open_ones[0].close()
            closed.add(open_ones[0].id)
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.wait({self._sweeping})
        await self._pane_events.close()
        await self.services.snapshots.close()
        await self.services.allowed_panes.close()
        await self.services.recordings.close()

    # Coordinators and workers -------------------------------------------------------------------

    def workers_of(self, agent_id: str) -> list[LiveAgent]:
        """The workers of an agent that are on the list, in the order they were started."""
        return self.live.workers_of(agent_id)

    def name_of(self, agent_id: str) -> str:
        """What the person calls an agent of the list; empty for any other."""
        return self.live.name_of(agent_id)

    async def start_worker(self, coordinator: LiveAgent, action: StartWorker) -> LiveAgent:
        """Make a worker and let it begin with its brief.

        Raises:
            AgentError, StorageError, TerminalError: there is none, and nothing is left of it.
        """
        return await self.creation.worker(coordinator, action)

    async def rested(self, agent: LiveAgent) -> None:
        """Tell a coordinator that does not wait that one of its workers has ended its turn."""
        coordinator = self.live.find(agent.record.parent)
        if isinstance(coordinator, ModelAgent) and not coordinator.busy:
            await coordinator.note(
                f"Your worker {agent.name} has ended its turn ({agent.state}): worker_report reads "
                "what it says."
            )

    async def stop_agent(self, agent: LiveAgent) -> None:
        """Stop an agent and its workers; returns when their processes are gone.

        Raises:
            AgentError: a process cannot be ended; names it.
        """
        # First it: it must not start any more.
        await agent.halt()
        ended = await asyncio.gather(
            *(self.stop_agent(worker) for worker in self.live.workers_of(agent.id)),
            agent.stop(),
            return_exceptions=True,
        )
        problems = [error for error in ended if isinstance(error, BaseException)]
        if len(problems) > 1 and all(isinstance(error, AgentError) for error in problems):
            raise AgentError("; ".join(map(str, problems)))
        if problems:
            raise problems[0]

    async def set_mode(self, agent: LiveAgent, mode: Mode) -> None:
        """Change an agent's mode, and its workers': it must not do by them what it may not."""
        for each in (agent, *self.live.workers_of(agent.id)):
            await each.set_mode(mode)

    # What concerns several of them --------------------------------------------------------------

    def _files_changed(self, agent_id: str, work: Work, use: str = "", count: int = 0) -> None:
        """Note what a step did to files, and show for whom that meets another's work."""
        if (agent := self.live.find(agent_id)) is not None and use:
            agent.conversation.note_changed(use, count)
        overlaps = self.services.overlaps
        if work.kind == "revert":
            news = overlaps.take_back(agent_id, work.repository, work.files)
        else:
            news = overlaps.note(agent_id, work.repository, work.top, work.files, work.at)
        for other in news:
            if (met := self.live.find(other)) is not None:
                met.publish()

    def was_spoken_to(self, agent_id: str) -> bool:
        """Whether the person has said or done anything in a listed agent after its first prompt."""
        agent = self.live.find(agent_id)
        return agent is not None and agent.spoken_to

    def change_memory_mode(self, mode: MemoryMode) -> None:
        """Have all agents, and those to come, remember as the person now wants."""
        services = self.services
        dream = services.config.dream.model_copy(update={"mode": mode})
        services.config = services.config.model_copy(update={"dream": dream})
        for agent in self.live:
            if not agent.demo:
                agent.memory.change_mode(mode)

    async def redacted(self, extras: Mapping[str, dict[str, Any]]) -> None:
        """Have agents hold nothing that was removed from their records."""
        for agent_id, extra in extras.items():
            if (agent := self.live.find(agent_id)) is not None:
                await agent.redacted(extra)

    def nobody_there(self) -> None:
        """Told when the last person's app has gone: what only plays must not wait for one."""
        for agent in self.live:
            if isinstance(agent, PlaybookAgent):
                agent.alone()

    async def answer_hook(self, call: Call) -> bytes:
        """Give what the hook of another program, in a pane of an agent's, is to print."""
        if self.hooks is None:
            from agent.hook.asking import Hooks
            from agent.hosted.hook_dialogs import join

            self.hooks = Hooks(lambda: self.live)
            join(self.hooks, self.services, self.live.find)
        return await self.hooks.serve(call)
