"""How agents begin: the record of a new session, and its agent put on the list."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.actions import StartWorker
from agent.agents.agent_directory import DirectoryUnusable, usable_directory
from agent.agents.agent_kinds import live_agent
from agent.agents.agent_list import AgentList
from agent.agents.command_agent import CommandAgent
from agent.agents.default_mode import default_mode
from agent.agents.live_agent import Kind, LiveAgent
from agent.agents.model_agent import ModelAgent, check_prompt
from agent.agents.names import program_of
from agent.agents.services import Services
from agent.agents.workers import from_coordinator
from agent.context.turn_text import one_line
from agent.errors import AgentError
from agent.messages.prefix import serialise
from agent.protocol.agents import AgentState
from agent.protocol.commands.agents import CreateAgent
from agent.protocol.usage import Budget
from agent.sessions.session import Session, text_block
from agent.tools.registry import definitions
from agent.usage.budget import stored
from memory.directories import git_top_level
from memory.sessions import SessionRecord

if TYPE_CHECKING:
    from agent.isolation.own_worktree import OwnWorktree


class Creation:
    """Makes agents, one at a time, so that two never take the same name."""

    def __init__(self, agents: AgentList, services: Services) -> None:
        self._agents = agents
        self._services = services
        self.naming = asyncio.Lock()
        """Held from when a name is found free until an agent has it."""

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
            wanted: a name that is better than the directory's or the program's, if the command
                names none.
            extra: what its record holds from the start.

        Raises:
            DirectoryUnusable: the directory is not given whole, or there is none.
            NameUnusable: the name is taken, or no name.
            PromptTooLong: no model could take it in.
            TerminalError, StorageError: its pane or its record cannot be made.
        """
        directory = usable_directory(command.directory)
        check_prompt(command.prompt)
        if command.command.strip() or command.profile:
            from agent.hosted.choosing import choose

            command, extra = choose(command, extra or {}, self._services.paths)
        async with self.naming:
            given = command.name
            if command.kind == "mcp" and self._agents.is_taken(given):
                # Its name stands in a settings file that several of them may share.
                given, wanted = "", given
            if command.command.strip() and "profile" not in (extra or {}):
                # An agent of another maker is called like one of its own: after the directory.
                wanted = wanted or Path(program_of(command.command)).name
            name = self._agents.given_name(given) or self._agents.free_name(directory, wanted)
            mode = command.mode or await default_mode(self._services, directory, demo=demo)
            agent_id = uuid.uuid4().hex[:12]
            made = None if demo or kind else await self._worktree(command, directory, name)
            is_program = bool(command.command.strip())
            wanted_wall = self._services.config.wall.mode == "on"
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
                since=self._services.clock(),
                created_at=self._services.clock(),
                extra={
                    **(extra or {}),
                    **(made.extra if made else {}),
                    **({"wall": True} if walled else {}),
                    **(self._how_to_think() if thinks else {}),
                    **stored(command.budget),
                },
                system_json=serialise([text_block(self._services.prompts.read("system"))]),
                tools_json=serialise(definitions(self._services.prompts.tool)),
            )
            try:
                agent = await self.begin(record)
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
        config, wanted = self._services.config, command.worktree
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
        config = self._services.config
        return {"thinking": config.thinking, "effort": config.effort}

    async def begin(self, record: SessionRecord) -> LiveAgent:
        """Store a new session and put its agent on the list.

        Raises:
            AgentError, StorageError, TerminalError: it cannot be; the record is archived.
        """
        record = await self._services.database.sessions.create(record)
        session = await Session.open(self._services.database, record)
        agent = live_agent(record, session, self._services)
        try:
            if isinstance(agent, ModelAgent):
                await agent.context.read_instructions()
                await agent.panes.open()
        except BaseException:
            await self._services.database.sessions.update(record.id, archived=True)
            raise
        self._agents.add(agent)
        return agent

    async def worker(self, coordinator: LiveAgent, action: StartWorker) -> LiveAgent:
        """Make a worker and let it begin with its brief.

        Its system prompt and tools are its coordinator's to the byte, so that one cached prefix
        serves both. The brief is stored with it: from then on any engine goes on with it.

        Raises:
            AgentError, StorageError, TerminalError: there is none, and nothing is left of it.
        """
        of, now = coordinator.record, self._services.clock()
        directory = usable_directory(str(action.directory))
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
        async with self.naming:
            agent = await self.begin(
                SessionRecord(
                    id=action.worker_id,
                    name=self._agents.free_name(directory, action.name),
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
        if isinstance(agent, ModelAgent) and not self._services.closing:
            try:
                await agent.begin_queued()
            except (AgentError, OSError) as error:
                # It is there and can be told again; its coordinator finds it failed.
                await agent.become(AgentState.FAILED, one_line(error))
        return agent
