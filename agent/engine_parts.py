"""What an engine is made of, and which part carries out which command."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from pydantic import JsonValue

from agent.agents import Agents
from agent.config import Config
from agent.demo.demo import Demo
from agent.dream_watch import DreamWatch
from agent.errors import CommandRefused
from agent.hub import Hub
from agent.models import Models
from agent.paths import Paths
from agent.protocol import (
    Answer,
    ArchiveAgent,
    Command,
    Configure,
    CreateAgent,
    Decide,
    Interrupt,
    ListSessions,
    Notice,
    PersonTyped,
    ReadTranscript,
    RenameAgent,
    ResumeAgent,
    RunAsPerson,
    SendPrompt,
    SetMode,
    SetPaused,
    SetupChanged,
    Shutdown,
    StartDemo,
    StopAgent,
    StopDemo,
    TrustDirectory,
    Unqueue,
)
from agent.usage_watch import UsageWatch
from memory.database import Database
from memory.errors import StorageError
from tungsten.control_client import MINIMUM_VERSION, parse_version
from tungsten.errors import TerminalError, TmuxMissing, TmuxTooOld
from tungsten.terminal import Terminal


class Parts:
    """The parts of one engine; opened in order, closed the other way round."""

    def __init__(self, hub: Hub, paths: Paths, config: Config, clock: Callable[[], float]) -> None:
        self.hub = hub
        self.paths = paths
        self.config = config
        self.clock = clock
        self.models = Models(hub, paths, config)
        self.agents: Agents
        self.database: Database
        self.demo: Demo
        self.end_panes = False
        """Whether the private tmux server, and every program that agents run, ends as well."""
        self._terminal: Terminal | None = None
        self._terminal_opening = asyncio.Lock()

    async def open(
        self, closing: AsyncExitStack, commands_end: Callable[[], Awaitable[None]]
    ) -> None:
        """Open the database, restore the agents and start what keeps figures current.

        Args:
            closing: is given what must be closed, also when this fails.
            commands_end: ends the commands that still run, once the agents have let go.

        Raises:
            AgentError, StorageError, TerminalError: something cannot be opened.
        """
        checking = asyncio.create_task(check_tmux(self.config.tmux))
        try:
            self.database = await Database.open(self.paths.database, clock=self.clock)
            closing.push_async_callback(self.database.close)
        finally:
            await asyncio.wait([checking])
        checking.result()
        closing.push_async_callback(self._close_terminal)
        closing.push_async_callback(self.models.close)
        closing.push_async_callback(self._end_panes)
        closing.push_async_callback(commands_end)
        self.hub.publish(SetupChanged(setup=self.models.setup))
        self.agents = Agents(
            database=self.database,
            terminal=self.terminal,
            models=self.models,
            hub=self.hub,
            config=self.config,
            paths=self.paths,
            clock=self.clock,
        )
        closing.push_async_callback(self.agents.close)
        dream = DreamWatch(self.database, self.hub, self.config.dream, clock=self.clock)
        usage = UsageWatch(self.database, self.hub, clock=self.clock)
        for watch in (dream, usage):
            closing.push_async_callback(watch.close)
            await watch.start()
        await self.agents.restore()
        self.demo = Demo(self.agents, self.hub, self.database)
        await self.demo.recover()

    async def terminal(self) -> Terminal:
        """The private tmux server, opened when first needed and again when it ended.

        Raises:
            TerminalError: it cannot be opened.
        """
        async with self._terminal_opening:
            if self._terminal is not None and self._terminal.client.closed.is_set():
                await self._close_terminal()
            if self._terminal is None:
                self._terminal = await Terminal.open(self.paths.tmux_socket)
            return self._terminal

    def say_notice(self) -> None:
        """Tell whoever is there what was found about the key file, once."""
        if self.models.notice:
            self.hub.publish(Notice(level="warning", text=self.models.notice))
            self.models.notice = ""

    async def _end_panes(self) -> None:
        if self.end_panes:
            with contextlib.suppress(TerminalError):
                await (await self.terminal()).kill_server()

    async def _close_terminal(self) -> None:
        terminal, self._terminal = self._terminal, None
        if terminal is not None:
            await terminal.close()


async def carry_out(command: Command, parts: Parts) -> dict[str, JsonValue]:
    """Hand a command to the part that it is for.

    Raises:
        AgentError: it was not done; the text is one line for the person.
    """
    try:
        match command:
            case Configure():
                setup = await parts.models.configure(command)
                return {"setup": setup.model_dump(mode="json")}
            case StartDemo(pace=pace, keep=keep):
                return await parts.demo.start(pace, keep)
            case StopDemo():
                await parts.demo.stop()
                return {}
            case Shutdown():
                raise CommandRefused("Only an engine process can be shut down.")
            case _:
                return await _by_agents(command, parts.agents)
    except (TerminalError, StorageError) as error:
        raise CommandRefused(str(error)) from error


async def _by_agents(command: Command, agents: Agents) -> dict[str, JsonValue]:
    match command:
        case CreateAgent():
            return {"agent_id": await agents.create(command)}
        case ListSessions():
            return await agents.list_sessions(command)
        case ReadTranscript():
            return await agents.read_transcript(command)
        case Unqueue():
            return await agents.unqueue(command)
        case RenameAgent():
            await agents.rename(command)
        case StopAgent():
            await agents.stop(command)
        case ArchiveAgent():
            await agents.archive(command)
        case ResumeAgent():
            await agents.resume(command)
        case SendPrompt():
            await agents.send_prompt(command)
        case Interrupt():
            await agents.interrupt(command)
        case RunAsPerson():
            await agents.run_as_person(command)
        case PersonTyped():
            await agents.person_typed(command)
        case Decide():
            await agents.decide(command)
        case Answer():
            await agents.answer(command)
        case SetMode():
            await agents.set_mode(command)
        case SetPaused():
            await agents.set_paused(command)
        case TrustDirectory():
            await agents.trust_directory(command)
        case _:
            raise CommandRefused(f"The engine does not know how to do {command.type}.")
    return {}


async def check_tmux(program: str) -> None:
    """Find out early, with one clear line, that the terminal cannot work.

    Raises:
        TmuxMissing, TmuxTooOld: what to install.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            program, "-V", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
    except OSError as error:
        raise TmuxMissing(program) from error
    output, _ = await process.communicate()
    version = output.decode("utf-8", "replace").strip().removeprefix("tmux ")
    if parse_version(version) < MINIMUM_VERSION:
        raise TmuxTooOld(version)
