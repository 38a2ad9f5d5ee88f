"""What an engine is made of, opened in order and closed the other way round."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from agent.dreams.dream_watch import DreamWatch
from agent.hub import Hub
from agent.paths import Paths
from agent.protocol.events import Notice, SetupChanged
from agent.settings.config import Config
from agent.settings.models import Models
from agent.usage.blocked_watch import BlockedWatch
from agent.usage.usage_watch import UsageWatch
from memory.database import Database
from tungsten.errors import TerminalError, TmuxMissing, TmuxTooOld
from tungsten.recordings.masking import holds_secret
from tungsten.tmux.control_client import MINIMUM_VERSION, parse_version

if TYPE_CHECKING:
    from agent.agents.agents import Agents
    from agent.demo.demo import Demo
    from agent.memories.session_memory import SessionMemory
    from agent.turns.asking_apart import Asker
    from memory.dream.judging import Judge
    from tungsten.terminal import Terminal


class Parts:
    """The parts of one engine.

    `agents` and `demo` are there once `restore` is done; the others once `open` is.
    """

    def __init__(self, hub: Hub, paths: Paths, config: Config, clock: Callable[[], float]) -> None:
        self.hub = hub
        self.paths = paths
        self.config = config
        self.clock = clock
        self.models = Models(hub, paths, config)
        self.agents: Agents
        self.database: Database
        self.demo: Demo
        self.dream: DreamWatch
        self.remembering: SessionMemory
        self.end_panes = False
        """Whether the private tmux server, and every program that agents run, ends as well."""
        self._terminal: Terminal | None = None
        self._terminal_opening = asyncio.Lock()

    async def open(self, closing: AsyncExitStack) -> None:
        """Open what is light: the database, the choice of model, and the figures kept current.

        Args:
            closing: is given what must be closed, also when this fails.

        Raises:
            AgentError, StorageError, TerminalError: something cannot be opened.
        """
        checking = asyncio.create_task(check_tmux(self.config.tmux))
        try:
            self.database = await Database.open(
                self.paths.database,
                clock=self.clock,
                holds_secret=holds_secret,
                embedder=self.config.dream.embedder_path,
            )
            closing.push_async_callback(self.database.close)
        finally:
            await asyncio.wait([checking])
        checking.result()
        closing.push_async_callback(self._close_terminal)
        closing.push_async_callback(self.models.close)
        self.hub.publish(SetupChanged(setup=self.models.setup))
        self.dream = DreamWatch(self.database, self.hub, self.config.dream, clock=self.clock)
        usage = UsageWatch(self.database, self.hub, clock=self.clock)
        blocked = BlockedWatch(self.database, self.hub, clock=self.clock)
        for watch in (self.dream, usage, blocked):
            closing.push_async_callback(watch.close)
            await watch.start()

    async def has_agents(self) -> bool:
        """Whether there is an agent to bring back."""
        return bool(await self.database.sessions.list(archived=False))

    async def restore(
        self, closing: AsyncExitStack, commands_end: Callable[[], Awaitable[None]]
    ) -> None:
        """Bring the agents back. Loads their program in a thread: it is most of the engine's.

        Args:
            closing: is given what must be closed.
            commands_end: ends the commands that still run, once the agents have let go.
        """
        await asyncio.to_thread(load_agents)
        from agent.agents.agents import Agents
        from agent.demo.demo import Demo

        self.agents = Agents(
            database=self.database,
            terminal=self.terminal,
            models=self.models,
            hub=self.hub,
            config=self.config,
            paths=self.paths,
            clock=self.clock,
        )
        closing.push_async_callback(self._end_panes)
        closing.push_async_callback(commands_end)
        closing.push_async_callback(self.agents.close)
        await self.agents.restore()
        self.demo = Demo(self.agents, self.hub, self.database)
        await self.demo.recover()
        self.dream.judge = self._judge
        self.dream.let_dream()
        from agent.memories.session_memory import SessionMemory

        self.remembering = remembering = SessionMemory(
            self.database,
            self.hub,
            self.config.dream,
            who=self._asker,
            prompts=self.agents.services.prompts,
            clock=self.clock,
        )
        closing.push_async_callback(remembering.close)
        await remembering.start()

    async def _judge(self) -> Judge | None:
        """Whom a dream may ask; loaded late, as all that only dreams need."""
        from agent.dreams.dreaming import judge_of

        budgets = self.agents.services.budgets
        return await judge_of(self.database, self.models, budgets, self.config, self.paths)

    async def _asker(self) -> Asker | None:
        """Whom to ask what a session said is worth keeping."""
        from agent.turns.asking_apart import asker

        return await asker(self.models, self.agents.services.budgets, self.config)

    async def terminal(self) -> Terminal:
        """The private tmux server, opened when first needed and again when it ended.

        Raises:
            TerminalError: it cannot be opened.
        """
        async with self._terminal_opening:
            if self._terminal is not None and self._terminal.client.closed.is_set():
                await self._close_terminal()
            if self._terminal is None:
                from tungsten.terminal import Terminal

                self._terminal = await Terminal.open(self.paths.tmux_socket, tmux=self.config.tmux)
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


def load_agents() -> None:
    """Import what agents are made of; takes half a second of processor time."""
    for name in (
        "agent.agents.agents",
        "agent.commands.for_agents",
        "agent.demo.demo",
        "tungsten.terminal",
    ):
        importlib.import_module(name)


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
