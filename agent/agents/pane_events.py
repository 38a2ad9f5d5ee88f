"""What the tmux server tells of panes, passed on to the agents whose panes they are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from agent.agents.agent_list import AgentList
from agent.agents.live_agent import log
from agent.errors import AgentError
from agent.hub import Hub
from agent.protocol.conversation import BlockKind
from agent.protocol.events import Notice
from memory.errors import StorageError
from tungsten.errors import TerminalError
from tungsten.terminal import PaneClosed, PaneDied, ServerEnded, Terminal, TerminalEvent


class PaneEvents:
    """Listens to the private tmux server, whichever runs now.

    Args:
        agents: whose panes they are.
        terminal: opens the server, or gives the one that is open.
        hub: tells the person when a server ended.
    """

    def __init__(
        self, agents: AgentList, terminal: Callable[[], Awaitable[Terminal]], hub: Hub
    ) -> None:
        self._agents = agents
        self._open_terminal = terminal
        self._hub = hub
        self._terminal: Terminal | None = None
        self._unsubscribe: Callable[[], None] = lambda: None
        self._silent = False
        self._under_way: set[asyncio.Task[None]] = set()

    async def terminal(self) -> Terminal:
        """The private tmux server, with its events coming here.

        Raises:
            TerminalError: it cannot be opened.
        """
        terminal = await self._open_terminal()
        if terminal is not self._terminal:
            self._unsubscribe()
            before, self._terminal = self._terminal, terminal
            self._unsubscribe = terminal.subscribe(self._heard)
            if before is not None and before.client.closed.is_set():
                # Its last words may not have been heard.
                await self._server_gone()
        return terminal

    def opened(self, agent_id: str, pane_id: str) -> None:
        """A new tmux server gives out old numbers: nobody else may go on calling it theirs."""
        for agent in self._agents:
            if agent.id != agent_id and agent.panes.drop_lost(pane_id):
                agent.publish()

    def fall_silent(self) -> None:
        """Pass nothing on any more."""
        self._silent = True
        self._unsubscribe()

    async def close(self) -> None:
        """Break off what is being passed on."""
        for task in tuple(self._under_way):
            task.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way)

    def _heard(self, event: TerminalEvent) -> None:
        if self._silent:
            return
        task = asyncio.create_task(self._follow(event))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _follow(self, event: TerminalEvent) -> None:
        try:
            match event:
                case PaneDied(pane_id=pane_id, status=status):
                    agent = self._agents.owner_of(pane_id)
                    if agent is not None:
                        await agent.pane_died(pane_id, status)
                case PaneClosed(pane_id=pane_id):
                    agent = self._agents.owner_of(pane_id)
                    if agent is not None:
                        await agent.pane_died(pane_id, None)
                        agent.panes.lose(pane_id)
                        agent.publish()
                case ServerEnded():
                    await self._server_gone()
        except (AgentError, StorageError, TerminalError) as error:
            log.warning("%s", error)

    async def _server_gone(self) -> None:
        lost = [agent for agent in self._agents if await agent.server_gone()]
        if not lost:
            return
        text = "The tmux server ended, and every pane with it; agents get new ones when they act."
        self._hub.publish(Notice(level="warning", text=text))
        for agent in lost:
            await agent.conversation.add(BlockKind.NOTICE, text)
