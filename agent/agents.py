"""All agents of an engine, and one method for each command that concerns them."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from agent import fork
from agent.actions import RemoveWorktree, StartWorker
from agent.allowed_panes import AllowedPanes
from agent.budget import Budgets, stored
from agent.command_agent import CommandAgent
from agent.config import Config
from agent.conversation import Conversation, first_prompt
from agent.errors import AgentError, AgentUnknown
from agent.gate import Gates
from agent.gate_explained import explain_gate
from agent.gate_rules import always_allow, suggest_rule
from agent.hub import Hub
from agent.isolation.overlaps import SECONDS, Overlaps
from agent.isolation.snapshots import TreeSnapshots, Work
from agent.live_agent import OWN, Kind, LiveAgent, kind_of, log
from agent.mcp_agent import McpAgent
from agent.model_agent import ModelAgent, check_prompt
from agent.paths import Paths
from agent.perform import Asked, Performer
from agent.playbook.export import MAX_EXPORTED, export
from agent.playbook.file import parse as parse_playbook
from agent.playbook.player import PlaybookAgent, record_of
from agent.prefix import serialise
from agent.prompt_files import PromptFiles
from agent.protocol.agents import AgentState, Mode, SessionSummary
from agent.protocol.commands.adopt import AdoptPane
from agent.protocol.commands.agents import (
    ArchiveAgent,
    CreateAgent,
    ListSessions,
    ReadDefaultMode,
    RenameAgent,
    ResumeAgent,
    SetBudget,
    SetEffort,
    SetMode,
    SetPaused,
    StopAgent,
)
from agent.protocol.commands.explain import ExplainGate
from agent.protocol.commands.gates import AlwaysAllow, Answer, Decide, SuggestRule, TrustDirectory
from agent.protocol.commands.isolation import PreviewRevert, Revert
from agent.protocol.commands.panes import (
    AllowPane,
    DisallowPane,
    HoldKeyboard,
    PersonTyped,
    Recordings,
    RecordPane,
    RunAsPerson,
)
from agent.protocol.commands.prompts import (
    Compact,
    Hasten,
    Interrupt,
    ReadTranscript,
    SendPrompt,
    Unqueue,
)
from agent.protocol.commands.sessions import ForkSession, ListTurns
from agent.protocol.commands.steps import AwaitUse, ExportPlaybook, Play, UseTool
from agent.protocol.commands.transcripts import SearchTranscript
from agent.protocol.conversation import BlockKind, ToolStatus
from agent.protocol.events import AgentRemoved, Notice, PausedChanged
from agent.protocol.hosted import ExplainPane
from agent.protocol.usage import Budget
from agent.questions import Questions
from agent.recordings import PaneRecorder
from agent.recovery import FILES_MADE
from agent.remembering import MemoryMode
from agent.rule_files import RuleFiles
from agent.services import ModelSource, Services
from agent.session import Session, text_block
from agent.session_turns import turns
from agent.steps import Step
from agent.tools.registry import definitions
from agent.turn_text import one_line
from agent.usage_report import report
from agent.workers import from_coordinator
from memory.database import Database
from memory.directories import git_top_level
from memory.errors import NotFound, StorageError
from memory.sessions import Glance, SessionRecord
from tungsten.errors import TerminalError
from tungsten.terminal import PaneClosed, PaneDied, ServerEnded, Terminal, TerminalEvent

if TYPE_CHECKING:
    from agent.hook.asking import Call, Hooks
    from agent.isolation.own_worktree import OwnWorktree

A = TypeVar("A", bound=LiveAgent)

KINDS: dict[Kind, type[LiveAgent]] = {
    "model": ModelAgent,
    "command": CommandAgent,
    "playbook": PlaybookAgent,
    "mcp": McpAgent,
}

PAUSED = "paused"
"""Kind of the journal's entries that say whether the person holds all agents."""

MAX_NAME = 60
"""Longest name of an agent, in characters."""


class DirectoryUnusable(AgentError):
    """An agent cannot work there."""


class NameUnusable(AgentError):
    """A name is empty, too long, or taken."""


class Agents:
    """The live agents, by id, and what they share."""

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
        self._open_terminal = terminal
        self._terminal: Terminal | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self.services = Services(
            database=database,
            terminal=self._watched_terminal,
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
            recordings=PaneRecorder(paths.recordings, config.recording, self._watched_terminal),
            allowed_panes=AllowedPanes(paths.tmux_socket, tmux=config.tmux),
            home=home or Path.home(),
            fleet=self,
            snapshots=TreeSnapshots(
                database, hub, config.snapshots, paths, clock, home or Path.home()
            ),
            overlaps=Overlaps(clock),
            panes_opened=self._pane_opened,
        )
        self.services.go.set()
        self.services.snapshots.changed = self._files_changed
        self._live: dict[str, LiveAgent] = {}
        self.hooks: Hooks | None = None
        """Questions of other programs' hooks, once there was one."""
        self._changing = asyncio.Lock()
        self._events: set[asyncio.Task[None]] = set()

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
            await self._revive(record)
        if await asyncio.to_thread(self.services.snapshots.journals.is_dir):
            from agent.isolation.reverting import carry_on_all

            await carry_on_all(self._live, self.services)
        if await asyncio.to_thread(self.services.paths.snapshots.is_dir):
            sweeping = asyncio.create_task(self.services.snapshots.sweep())
            self._events.add(sweeping)
            sweeping.add_done_callback(self._events.discard)
        # Workers first: who waits for them must find at work what is at work.
        for agent in sorted(self._live.values(), key=lambda agent: agent.record.parent is None):
            await self._set_going(agent)

    async def _revive(self, record: SessionRecord) -> LiveAgent:
        try:
            session = await Session.open(self.services.database, record)
        except AgentError as error:
            failed = replace(record, state=AgentState.FAILED, activity=one_line(error))
            agent = self._make(failed, await self._for_reading(record))
        else:
            agent = self._make(record, session)
        await agent.read_usage()
        self._live[record.id] = agent
        agent.publish()
        return agent

    async def _for_reading(self, record: SessionRecord) -> Session:
        """Read a session that is not to be continued, as far as it can be read."""
        try:
            return await Session.open(self.services.database, record, verify=False)
        except AgentError:
            return Session(record.id, [], [], self.services.database, damaged=True)

    async def _set_going(self, agent: LiveAgent) -> None:
        if agent.session.damaged:
            return
        try:
            await agent.resume()
        except (AgentError, StorageError, TerminalError, OSError) as error:
            log.warning("agent %s cannot go on: %s", agent.id, error)
            await agent.become(AgentState.FAILED, one_line(error))
        agent.publish()

    def _make(self, record: SessionRecord, session: Session) -> LiveAgent:
        if record.kind == "command" and record.extra.get("profile"):
            if record.extra.get("adopted"):
                from agent.hosted.adopted_agent import AdoptedAgent

                return AdoptedAgent(record, session, self.services)
            from agent.hosted.hosted_agent import HostedAgent

            return HostedAgent(record, session, self.services)
        return KINDS[kind_of(record)](record, session, self.services)

    async def close(self) -> None:
        """Let go of everything; turns go on with the next engine, panes live on."""
        self.services.closing = True
        self._unsubscribe()
        closed: set[str] = set()
        while open_ones := [agent for agent in self._live.values() if agent.id not in closed]:
            # One that is closed may have been about to start another.
            await open_ones[0].close()
            closed.add(open_ones[0].id)
        for task in tuple(self._events):
            task.cancel()
        if self._events:
            await asyncio.wait(self._events)
        await self.services.snapshots.close()
        await self.services.allowed_panes.close()
        await self.services.recordings.close()

    # The list -----------------------------------------------------------------------------------

    async def create(
        self,
        command: CreateAgent,
        *,
        demo: bool = False,
        kind: Kind | None = None,
        wanted: str = "",
        extra: dict[str, Any] | None = None,
    ) -> str:
        """Start an agent and give its id.

        Args:
            command: what the person asked for.
            demo: whether it belongs to the demo.
            kind: instead of what the command says.
            wanted: a name that is better than the directory's, if the command names none.
            extra: what its record holds from the start.

        Raises:
            DirectoryUnusable: the directory is not given whole, or there is none.
            NameUnusable: the name is taken, or no name.
            PromptTooLong: no model could take it in.
            TerminalError, StorageError: its pane or its record cannot be made.
        """
        directory = _directory(command.directory)
        check_prompt(command.prompt)
        if command.command.strip() or command.profile:
            from agent.hosted.choosing import choose

            command, extra = choose(command, extra or {}, self.services.paths)
        async with self._changing:
            given = command.name
            if command.kind == "mcp" and given in {agent.name for agent in self._live.values()}:
                # Its name stands in a settings file that several of them may share.
                given, wanted = "", given
            name = self._name(given, directory, wanted=wanted)
            mode = command.mode or await self._default_mode(directory, demo=demo)
            agent_id = uuid.uuid4().hex[:12]
            made = None if demo or kind else await self._worktree(command, directory, name)
            is_program = bool(command.command.strip())
            wanted_wall = self.services.config.wall.mode == "on"
            thinks = not (kind or is_program or demo) and command.kind == "model"
            walled = wanted_wall if command.wall is None else command.wall
            record = SessionRecord(
                id=agent_id,
                name=name,
                directory=str(made.directory if made else directory),
                kind=kind or ("command" if is_program else command.kind),
                model=command.model,
                mode=mode,
                state=AgentState.IDLE,
                demo=demo,
                command=command.command,
                since=self.services.clock(),
                created_at=self.services.clock(),
                extra={
                    **(extra or {}),
                    **(made.extra if made else {}),
                    **({"wall": True} if walled else {}),
                    **(self._how_to_think() if thinks else {}),
                    **stored(command.budget),
                },
                system_json=serialise([text_block(self.services.prompts.read("system"))]),
                tools_json=serialise(definitions(self.services.prompts.tool)),
            )
            try:
                agent = await self._born(record)
            except BaseException:
                if made is not None:
                    await made.take_back()
                raise
        agent.publish()
        if isinstance(agent, CommandAgent):
            await agent.launch()
        if command.prompt.strip():
            await agent.prompt(command.prompt)
        return agent_id

    async def _worktree(
        self, command: CreateAgent, directory: Path, name: str
    ) -> OwnWorktree | None:
        """Make the worktree that a new agent is to have; None where it is to have none."""
        config, wanted = self.services.config, command.worktree
        walled = config.wall.mode == "on" if command.wall is None else command.wall
        if wanted is None:
            possible = command.kind == "model" and not walled
            wanted = config.worktrees.mode == "on" and possible
            wanted = wanted and git_top_level(directory) is not None
        if not wanted:
            return None
        if walled:
            raise DirectoryUnusable(
                "Behind a wall a worktree cannot reach its repository: no wall."
            )
        from agent.isolation.own_worktree import make

        return await make(directory, name)

    def _how_to_think(self) -> dict[str, str]:
        """What a new session keeps of the settings, so that its requests begin alike for good."""
        config = self.services.config
        return {"thinking": config.thinking, "effort": config.effort}

    async def _born(self, record: SessionRecord) -> LiveAgent:
        """Store a new session and put its agent on the list."""
        record = await self.services.database.sessions.create(record)
        agent = self._make(record, await Session.open(self.services.database, record))
        try:
            if isinstance(agent, ModelAgent):
                await agent.read_instructions()
                await agent.panes.open()
        except BaseException:
            await self.services.database.sessions.update(record.id, archived=True)
            raise
        self._live[record.id] = agent
        return agent

    # Workers ------------------------------------------------------------------------------------

    def workers_of(self, agent_id: str) -> list[LiveAgent]:
        """The workers of an agent that are on the list, in the order they were started."""
        return [agent for agent in self._live.values() if agent.record.parent == agent_id]

    async def start_worker(self, coordinator: LiveAgent, action: StartWorker) -> LiveAgent:
        """Make a worker and let it begin with its brief.

        Its system prompt and tools are its coordinator's to the byte, so that one cached prefix
        serves both. The brief is stored with it: from then on any engine goes on with it.

        Raises:
            AgentError, StorageError, TerminalError: there is none, and nothing is left of it.
        """
        of, now = coordinator.record, self.services.clock()
        directory = _directory(str(action.directory))
        if directory != action.directory:
            raise DirectoryUnusable(f"{action.directory} leads elsewhere now: nothing was started.")
        extra: dict[str, Any] = {
            "ceiling": action.ceiling,
            "worker_name": action.name,
            "queued": [from_coordinator(coordinator.name, action.brief)],
        }
        if (project := coordinator.project()) is not None:
            extra["project"] = str(project)
        if coordinator.walled:
            extra["wall"] = True
        if isinstance(coordinator, ModelAgent):
            extra |= {"thinking": coordinator.thinking, "effort": coordinator.effort_from_now_on}
        if action.budget:
            extra |= stored(Budget.model_validate_json(action.budget))
        if action.worktree is not None:
            extra["worktree"] = {"path": str(action.worktree), "branch": action.branch}
        async with self._changing:
            agent = await self._born(
                SessionRecord(
                    id=action.worker_id,
                    name=self._name("", directory, wanted=action.name),
                    directory=str(directory),
                    model=of.model,
                    mode=of.mode,
                    demo=of.demo,
                    parent=of.id,
                    since=now,
                    created_at=now,
                    extra=extra,
                    system_json=of.system_json,
                    tools_json=of.tools_json,
                )
            )
        agent.publish()
        if isinstance(agent, ModelAgent) and not self.services.closing:
            try:
                await agent.begin_queued()
            except (AgentError, OSError) as error:
                # It is there and can be told again; its coordinator finds it failed.
                await agent.become(AgentState.FAILED, one_line(error))
        return agent

    async def rested(self, agent: LiveAgent) -> None:
        """Tell a coordinator that does not wait that one of its workers has ended its turn."""
        coordinator = self._live.get(agent.record.parent or "")
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
            *(self.stop_agent(worker) for worker in self.workers_of(agent.id)),
            agent.stop(),
            return_exceptions=True,
        )
        problems = [error for error in ended if isinstance(error, BaseException)]
        if len(problems) > 1 and all(isinstance(error, AgentError) for error in problems):
            raise AgentError("; ".join(map(str, problems)))
        if problems:
            raise problems[0]

    async def _remove_worktree(self, agent: LiveAgent) -> None:
        """Remove an archived worker's own work tree where nothing would be lost; else say so."""
        made = agent.own_worktree
        # Another agent's is kept: its session may be resumed there.
        if made is None or agent.record.parent is None or not made.path.is_dir():
            return
        step = Step(RemoveWorktree(made.path, made.branch), title=str(made.path), actor="person")
        outcome = await agent.performer.perform(step, tool_use_id=f"{OWN}{uuid.uuid4().hex[:16]}")
        if outcome.status is not ToolStatus.DONE:
            text = f"{made.path} stays, on branch {made.branch}: {outcome.text}"
            self.services.hub.publish(Notice(level="warning", text=" ".join(text.split())))

    def _files_changed(self, agent_id: str, work: Work, use: str = "", count: int = 0) -> None:
        """Note what a step did to files, and show for whom that meets another's work."""
        if (agent := self._live.get(agent_id)) is not None and use:
            agent.conversation.note_changed(use, count)
        overlaps = self.services.overlaps
        if work.kind == "revert":
            news = overlaps.take_back(agent_id, work.repository, work.files)
        else:
            news = overlaps.note(agent_id, work.repository, work.top, work.files, work.at)
        for other in news & self._live.keys():
            self._live[other].publish()

    def name_of(self, agent_id: str) -> str:
        """What the person calls an agent of the list; empty for any other."""
        agent = self._live.get(agent_id)
        return agent.name if agent is not None else ""

    async def revert(self, command: PreviewRevert | Revert) -> dict[str, Any]:
        """Say what reverting a step or a turn would do, or do it."""
        from agent.isolation import reverting

        agent = self._agent(command.agent_id)
        if isinstance(command, Revert):
            return await reverting.carry_out(agent, command)
        return (await reverting.preview(agent, command)).model_dump(mode="json")

    async def play(self, command: Play) -> str:
        """Play a playbook as a session of its own and give its id.

        Raises:
            PlaybookError: it cannot be used; says in which line.
            DirectoryUnusable, NameUnusable: as for any agent.
        """
        playbook = await asyncio.to_thread(parse_playbook, command.source, command.file)
        create = CreateAgent(
            name=command.name,
            directory=command.directory,
            mode=command.mode,
            wall=command.wall,
        )
        wanted = playbook.name or Path(command.file).stem
        extra = record_of(command.source, command.file, record=command.record)
        agent_id = await self.create(create, kind="playbook", wanted=wanted, extra=extra)
        await self._of_kind(PlaybookAgent, agent_id).launch()
        return agent_id

    async def recordings(self, command: Recordings) -> dict[str, Any]:
        """End the recordings of an agent's panes and give the files of all that it has."""
        return {"paths": await self._agent(command.agent_id).end_recordings()}

    async def record_pane(self, command: RecordPane) -> None:
        """Record a pane from now on, or no longer."""
        await self._agent(command.agent_id).record_pane(command.pane_id, on=command.on)

    async def allow_pane(self, command: AllowPane) -> dict[str, Any]:
        """Let an agent use a pane of the person's own."""
        agent = self._agent(command.agent_id)
        pane_id = await agent.permits.allow(Path(command.socket), command.tmux_id, command.pid)
        return {"pane_id": pane_id}

    async def disallow_pane(self, command: DisallowPane) -> None:
        """Take such a pane back."""
        await self._agent(command.agent_id).permits.disallow(command.pane_id)

    async def adopt_pane(self, command: AdoptPane) -> dict[str, Any]:
        """Take what runs in a pane of the person's own among the agents."""
        from agent.hosted.adopting import adopt

        return {"agent_id": await adopt(self, command)}

    def find(self, agent_id: str) -> LiveAgent | None:
        """Give an agent of the list."""
        return self._live.get(agent_id)

    async def export_playbook(self, command: ExportPlaybook) -> dict[str, Any]:
        """Write what a session did in its terminals as a playbook."""
        agent = self._live.get(command.agent_id)
        record = agent.record if agent is not None else await self._stored(command.agent_id)
        session = agent.session if agent is not None else await self._for_reading(record)
        blocks = Conversation(record.id, session, self.services.hub, self.services.clock)
        return {"source": export(record, session, blocks.page(None, MAX_EXPORTED))}

    async def use_tool(self, command: UseTool) -> dict[str, Any]:
        """Have another program's agent use a tool."""
        return await self._of_kind(McpAgent, command.agent_id).use(command)

    async def await_use(self, command: AwaitUse) -> dict[str, Any]:
        """Wait further for such a use."""
        return await self._of_kind(McpAgent, command.agent_id).await_use(command)

    async def answer_hook(self, call: Call) -> bytes:
        """Give what the hook of another program, in a pane of an agent's, is to print."""
        if self.hooks is None:
            from agent.hook.asking import Hooks
            from agent.hosted.hook_dialogs import join

            self.hooks = Hooks(self._live.values)
            join(self.hooks, self.services, self.find)
        return await self.hooks.serve(call)

    def nobody_there(self) -> None:
        """Told when the last person's app has gone: what only plays must not wait for one."""
        for agent in tuple(self._live.values()):
            if isinstance(agent, PlaybookAgent):
                agent.alone()

    async def rename(self, command: RenameAgent) -> None:
        """Give an agent another name."""
        agent = self._agent(command.agent_id)
        async with self._changing:
            await agent.rename(self._name(command.name, agent.directory, exact=True, but=agent.id))

    async def stop(self, command: StopAgent) -> None:
        """End an agent's turn and panes, and its workers'; returns when the processes are gone."""
        await self.stop_agent(self._agent(command.agent_id))

    async def archive(self, command: ArchiveAgent) -> None:
        """Stop an agent and take it off the list, its workers with it."""
        agent = self._agent(command.agent_id)
        await self.stop_agent(agent)
        for each in (*self.workers_of(agent.id), agent):
            await self._remove_worktree(each)
            await each.save(archived=True)
            self._live.pop(each.id, None)
            self.services.hub.publish(AgentRemoved(agent_id=each.id))
            for other in self.services.overlaps.forget(each.id) & self._live.keys():
                self._live[other].publish()

    async def resume(self, command: ResumeAgent) -> None:
        """Bring an archived or stopped agent back, in no looser a mode than its directory has.

        Raises:
            AgentUnknown: there is no such session.
            SessionDamaged: its transcript cannot be continued.
            DirectoryUnusable: its directory is gone; nothing was changed.
        """
        agent = self._live.get(command.agent_id)
        record = await self._stored(command.agent_id)
        if not await asyncio.to_thread(Path(record.directory).is_dir):
            raise DirectoryUnusable(
                f"{record.directory} does not exist any more: create it again, then resume."
            )
        if agent is None:
            await Session.open(self.services.database, record)
            record = await self.services.database.sessions.update(record.id, archived=False)
            agent = await self._revive(record)
            if agent.mode is Mode.STANDARD:
                # As a job without a screen leaves it, also where the directory is not trusted.
                trusted_as = Path(record.extra.get("project") or record.directory)
                await self._set_mode(agent, await self._default_mode(trusted_as, demo=agent.demo))
        if isinstance(agent, CommandAgent):
            if agent.panes.first() is None:
                await agent.again()
        elif agent.panes.first() is None:
            await agent.panes.open()
            if agent.state is AgentState.IDLE:
                await agent.become(AgentState.IDLE, "")
        agent.publish()

    async def list_turns(self, command: ListTurns) -> dict[str, Any]:
        """Give the turns of a session, also of an archived one."""
        record = await self._stored(command.agent_id)
        rows = await self.services.database.sessions.rows(record.id)
        return {"turns": [fork.told(turn).model_dump(mode="json") for turn in turns(rows)]}

    async def fork(self, command: ForkSession) -> dict[str, Any]:
        """Begin a new agent with what was said in another session up to a turn.

        Raises:
            AgentUnknown: there is no such session.
            NotForked: it cannot be forked there; says why, and what can be done.
            SessionDamaged: its transcript is not what was written.
            DirectoryUnusable: its directory is gone.
        """
        database = self.services.database
        agent = self._live.get(command.agent_id)
        origin = agent.record if agent is not None else await self._stored(command.agent_id)
        fork.check(origin)
        directory = await asyncio.to_thread(_directory, origin.directory)
        await Session.open(database, origin)
        found = turns(await database.sessions.rows(origin.id))
        turn, last = fork.place(found, command, origin.name)
        if agent is None and origin.mode == Mode.STANDARD:
            trusted_as = Path(origin.extra.get("project") or origin.directory)
            origin = replace(origin, mode=await self._default_mode(trusted_as))
        async with self._changing:
            record = fork.record_of(
                origin,
                uuid.uuid4().hex[:12],
                self._name("", directory, wanted=f"{origin.name}-fork"),
                last,
                self.services.clock(),
            )
            begun = await self._born(record)
        where = f"{'before' if command.before else 'after'} turn {turn.number} of {len(found)}"
        await database.journal.append(
            fork.FORKED, begun.id, {"from": origin.id, "turn": turn.number, "rows": last}
        )
        await begun.conversation.add(BlockKind.NOTICE, fork.told_person(origin, where))
        await begun.note(fork.told_agent(origin.name))
        begun.publish()
        prompt = "\n\n".join(turn.prompts) if command.before else ""
        return {"agent_id": begun.id, "prompt": prompt}

    async def list_sessions(self, command: ListSessions) -> dict[str, Any]:
        """Give every session, archived ones among them, the last used first."""
        summaries = []
        glances = await self.services.database.sessions.glances()
        for record in await self.services.database.sessions.list():
            agent = self._live.get(record.id)
            if agent is None:
                session = Session(record.id, [], [], self.services.database)
                agent = self._make(record, session)
                await agent.read_usage()
            glance = glances.get(record.id, Glance())
            summaries.append(
                SessionSummary(
                    **dict(agent.summary()),
                    prompt=first_prompt(glance.first) or record.command,
                    forked_from=record.forked_from or "",
                    used_at=glance.last_at or record.created_at,
                )
            )
        summaries.sort(key=lambda summary: summary.used_at, reverse=True)
        return {"sessions": [summary.model_dump(mode="json") for summary in summaries]}

    async def read_transcript(self, command: ReadTranscript) -> dict[str, Any]:
        """Give blocks of a conversation, also of an archived one."""
        conversation = await self._conversation(command.agent_id)
        self.services.hub.flush()
        blocks = conversation.page(command.before, command.limit)
        return {
            "blocks": [block.model_dump(mode="json") for block in blocks],
            "seq": self.services.hub.seq,
        }

    async def search_transcript(self, command: SearchTranscript) -> dict[str, Any]:
        """Find words in all of a conversation, also of an archived one."""
        conversation = await self._conversation(command.agent_id)
        return {"matches": [list(match) for match in await conversation.find(command.words)]}

    async def _conversation(self, agent_id: str) -> Conversation:
        agent = self._live.get(agent_id)
        if agent is not None:
            return agent.conversation
        record = await self._stored(agent_id)
        session = await self._for_reading(record)
        return Conversation(record.id, session, self.services.hub, self.services.clock)

    async def read_default_mode(self, command: ReadDefaultMode) -> dict[str, Any]:
        """Tell which mode an agent gets in a directory, and why.

        Raises:
            DirectoryUnusable: there is none such.
        """
        mode, because = await self._default(_directory(command.directory))
        return {"mode": mode.value, "because": because}

    async def read_usage(self) -> dict[str, Any]:
        """Add up what was used."""
        services = self.services
        found = await report(services.database, services.budgets.limits, services.clock())
        return {"report": found.model_dump(mode="json")}

    # Talking to one -----------------------------------------------------------------------------

    async def send_prompt(self, command: SendPrompt) -> None:
        """Say something to an agent."""
        agent = self._agent(command.agent_id)
        if isinstance(agent, ModelAgent):
            await agent.prompt(command.text, command.when)
        else:
            await agent.prompt(command.text)

    async def hasten(self, command: Hasten) -> None:
        """Have an agent hear sooner what is queued."""
        await self._of_kind(ModelAgent, command.agent_id).hasten(command.when)

    def was_spoken_to(self, agent_id: str) -> bool:
        """Whether the person has said or done anything in a listed agent after its first prompt."""
        agent = self._live.get(agent_id)
        return agent is not None and agent.spoken_to

    async def unqueue(self, command: Unqueue) -> dict[str, Any]:
        """Take the queued prompts back."""
        return {"texts": await self._agent(command.agent_id).unqueue()}

    async def compact(self, command: Compact) -> None:
        """Have a conversation go on from a summary of itself."""
        await self._of_kind(ModelAgent, command.agent_id).compact()

    async def set_effort(self, command: SetEffort) -> dict[str, Any]:
        """Change the effort of an agent's next turns."""
        agent = self._of_kind(ModelAgent, command.agent_id)
        return {"told": await agent.set_effort(command.level)}

    async def interrupt(self, command: Interrupt) -> None:
        """Stop what an agent is doing."""
        await self._agent(command.agent_id).interrupt()

    async def run_as_person(self, command: RunAsPerson) -> None:
        """Run a person's own command in the agent's pane, through the gate."""
        if not command.command.strip():
            raise AgentError("There is nothing to run: the command is empty.")
        await self._agent(command.agent_id).run_as_person(command.command)

    async def person_typed(self, command: PersonTyped) -> None:
        """Note that a person typed into a pane, so that the agent is told."""
        agent = self._agent(command.agent_id)
        if command.pane_id in agent.panes:
            await agent.note(
                f"The person typed into pane {command.pane_id} themselves; read it again."
            )

    def hold_keyboard(self, command: HoldKeyboard) -> None:
        """Keep an agent from typing where a person types, or let it type again."""
        agent = self._agent(command.agent_id)
        if command.pane_id in agent.panes:
            agent.panes.own(command.pane_id).keyboard.hold(on=command.on)
            if not command.on:
                agent.keyboard_left()

    async def decide(self, command: Decide) -> None:
        """Take a decision on a gate; what a person wrote instead must be able to run at all."""
        if command.edited and command.decision == "approve":
            performer, asked = self._asked(command.gate_id)
            await performer.judge_edited(asked, command.edited)
        await self.services.gates.decide(command)

    async def explain_gate(self, command: ExplainGate) -> dict[str, Any]:
        """Unfold what a gate asks about."""
        _, asked = self._asked(command.gate_id)
        return await explain_gate(asked)

    def explain_pane(self, command: ExplainPane) -> dict[str, Any]:
        """Say how the state of a pane is known."""
        from agent.hosted.explain import explain

        return {"text": explain(self._live.values(), command.pane, self.services.clock())}

    async def suggest_rule(self, command: SuggestRule) -> dict[str, Any]:
        """Find a rule for what a gate asks about."""
        _, asked = self._asked(command.gate_id)
        return await suggest_rule(self.services, asked, command.rule)

    async def always_allow(self, command: AlwaysAllow) -> dict[str, Any]:
        """Approve a gate and keep a rule."""
        _, asked = self._asked(command.gate_id)
        return await always_allow(self.services, asked, command)

    async def answer(self, command: Answer) -> None:
        """Take the answer to a question."""
        await self.services.questions.answer(command)

    async def set_mode(self, command: SetMode) -> None:
        """Change how much an agent may do without a person."""
        await self._set_mode(self._agent(command.agent_id), command.mode)

    async def _set_mode(self, agent: LiveAgent, mode: Mode) -> None:
        """Change an agent's mode, and its workers': it must not do by them what it may not."""
        for each in (agent, *self.workers_of(agent.id)):
            await each.set_mode(mode)

    async def set_budget(self, command: SetBudget) -> dict[str, Any]:
        """Change how much an agent and its workers may use.

        Returns:
            `{"spent": str}`: why that is too little for a further request; empty when it is not.
        """
        agent = self._agent(command.agent_id)
        await agent.save_extra(**stored(command.budget))
        agent.publish()
        spent = ""
        if isinstance(agent, ModelAgent):
            # Without a model there is nothing yet to say of its price; the next prompt says that.
            with contextlib.suppress(AgentError):
                client = await self.services.models.client(demo=agent.demo)
                spent = await self.services.budgets.spent(
                    agent.record, agent.model, client.endpoint
                )
        return {"spent": spent}

    async def trust_directory(self, command: TrustDirectory) -> None:
        """Remember whether the person trusts a directory; agents there follow."""
        directory = _trusted_place(command)
        directories = self.services.database.directories
        if command.trusted:
            await directories.trust(directory)
        else:
            await directories.distrust(directory)
        for agent in tuple(self._live.values()):
            if agent.demo or agent.mode is Mode.PLAN:
                continue
            if agent.directory == directory or agent.directory.is_relative_to(directory):
                mode = await self._default_mode(agent.directory)
                if agent.mode is not mode:
                    await self._set_mode(agent, mode)

    async def set_paused(self, command: SetPaused) -> None:
        """Hold every agent before its next step, or let them go; the next engine does the same."""
        if command.paused:
            # At once, whether or not it can be written down.
            self.services.go.clear()
        await self.services.database.journal.append(PAUSED, None, {"paused": command.paused})
        if not command.paused:
            self.services.go.set()
        self.services.hub.publish(PausedChanged(paused=command.paused))
        for agent in tuple(self._live.values()):
            agent.publish()

    def change_memory_mode(self, mode: MemoryMode) -> None:
        """Have all agents, and those to come, remember as the person now wants."""
        services = self.services
        dream = services.config.dream.model_copy(update={"mode": mode})
        services.config = services.config.model_copy(update={"dream": dream})
        for agent in tuple(self._live.values()):
            if not agent.demo:
                agent.memory.change_mode(mode)

    async def redacted(self, extras: Mapping[str, dict[str, Any]]) -> None:
        """Have agents hold nothing that was removed from their records."""
        for agent_id, extra in extras.items():
            if (agent := self._live.get(agent_id)) is not None:
                await agent.redacted(extra)

    def _asked(self, gate_id: str) -> tuple[Performer, Asked]:
        """What an open gate is about, and who would do it."""
        gate = self.services.gates.gate(gate_id)
        performer = self._agent(gate.agent_id).performer
        asked = performer.asked(gate_id)
        if asked is None:
            raise AgentUnknown(f"{gate.agent_name} is about to ask; try again in a moment.")
        return performer, asked

    # Inside -------------------------------------------------------------------------------------

    def _of_kind(self, kind: type[A], agent_id: str) -> A:
        agent = self._agent(agent_id)
        if not isinstance(agent, kind):
            raise AgentUnknown(f"{agent.name} is an agent of another kind.")
        return agent

    def _agent(self, agent_id: str) -> LiveAgent:
        agent = self._live.get(agent_id)
        if agent is None:
            raise AgentUnknown(f"There is no agent {agent_id} on the list: resume it first.")
        return agent

    async def _stored(self, agent_id: str) -> SessionRecord:
        try:
            return await self.services.database.sessions.get(agent_id)
        except NotFound as error:
            raise AgentUnknown(
                f"There is no session {agent_id}: /sessions in the app lists all."
            ) from error

    async def _default_mode(self, directory: Path, *, demo: bool = False) -> Mode:
        return Mode.STANDARD if demo else (await self._default(directory))[0]

    async def _default(self, directory: Path) -> tuple[Mode, str]:
        """The mode of new agents in a directory, and what decides it."""
        if self.services.config.mode is not None:
            return Mode(self.services.config.mode), "settings"
        if await self.services.database.directories.is_trusted(directory):
            return Mode.STANDARD, "trusted"
        return Mode.CAREFUL, "untrusted"

    def _name(
        self,
        given: str,
        directory: Path,
        *,
        exact: bool = False,
        but: str = "",
        wanted: str = "",
    ) -> str:
        """Check a name, or find a free one: the directory's, with a number when it is taken."""
        taken = {agent.name for agent in self._live.values() if agent.id != but}
        name = " ".join(given.split())
        if len(name) > MAX_NAME or not name.isprintable():
            raise NameUnusable(f"A name has at most {MAX_NAME} printable characters.")
        if name:
            if name in taken:
                raise NameUnusable(f"There is an agent named {name} already: choose another name.")
            return name
        if exact:
            raise NameUnusable("The name is empty: type one.")
        base = re.sub(r"[^\w.-]+", "-", wanted or directory.name).strip("-")[:40] or "agent"
        number = 1
        while (name := base if number == 1 else f"{base}-{number}") in taken:
            number += 1
        return name

    # The terminal -------------------------------------------------------------------------------

    async def _watched_terminal(self) -> Terminal:
        """The private tmux server, with its events coming here."""
        terminal = await self._open_terminal()
        if terminal is not self._terminal:
            self._unsubscribe()
            before, self._terminal = self._terminal, terminal
            self._unsubscribe = terminal.subscribe(self._terminal_event)
            if before is not None and before.client.closed.is_set():
                # Its last words may not have been heard.
                await self._server_gone()
        return terminal

    def _terminal_event(self, event: TerminalEvent) -> None:
        if self.services.closing:
            return
        task = asyncio.create_task(self._follow(event))
        self._events.add(task)
        task.add_done_callback(self._events.discard)

    async def _follow(self, event: TerminalEvent) -> None:
        try:
            match event:
                case PaneDied(pane_id=pane_id, status=status):
                    agent = self._owner_of(pane_id)
                    if agent is not None:
                        await agent.pane_died(pane_id, status)
                case PaneClosed(pane_id=pane_id):
                    agent = self._owner_of(pane_id)
                    if agent is not None:
                        await agent.pane_died(pane_id, None)
                        agent.panes.lose(pane_id)
                        agent.publish()
                case ServerEnded():
                    await self._server_gone()
        except (AgentError, StorageError, TerminalError) as error:
            log.warning("%s", error)

    async def _server_gone(self) -> None:
        lost = [agent for agent in tuple(self._live.values()) if await agent.server_gone()]
        if not lost:
            return
        text = "The tmux server ended, and every pane with it; agents get new ones when they act."
        self.services.hub.publish(Notice(level="warning", text=text))
        for agent in lost:
            await agent.conversation.add(BlockKind.NOTICE, text)

    def _owner_of(self, pane_id: str) -> LiveAgent | None:
        return next(
            (agent for agent in self._live.values() if agent.panes.has_living(pane_id)), None
        )

    def _pane_opened(self, agent_id: str, pane_id: str) -> None:
        """A new tmux server gives out old numbers: nobody else may go on calling it theirs."""
        for agent in tuple(self._live.values()):
            if agent.id != agent_id and agent.panes.drop_lost(pane_id):
                agent.publish()


def _trusted_place(command: TrustDirectory) -> Path:
    """What is to be trusted, or no longer: one that is gone can lose its trust, too.

    Raises:
        DirectoryUnusable: it cannot be trusted; says why.
    """
    given = Path(command.directory)
    if not command.trusted and given.is_absolute() and not given.exists():
        return given.resolve()
    return _directory(command.directory)


def _directory(text: str) -> Path:
    """Check where an agent shall work.

    Raises:
        DirectoryUnusable: says what is wrong with it.
    """
    try:
        given = Path(text.strip()).expanduser() if text.strip() else None
    except RuntimeError as error:
        raise DirectoryUnusable(f"{text!r}: there is no such home directory.") from error
    if given is None or not given.is_absolute():
        raise DirectoryUnusable(f"Give the directory whole, from / or ~ on, not {text!r}.")
    try:
        directory = given.resolve()
        if not directory.exists():
            raise DirectoryUnusable(f"{directory} does not exist: create it first.")
        if not directory.is_dir():
            raise DirectoryUnusable(f"{directory} is not a directory.")
    except (OSError, ValueError) as error:
        raise DirectoryUnusable(f"{given} cannot be used: {one_line(error)}.") from error
    return directory
