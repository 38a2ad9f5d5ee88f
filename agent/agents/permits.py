"""What one agent may use of the person's own tmux panes, and what is said of it."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from agent.panes.allowed_panes import NotAllowed
from agent.protocol.agents import AllowedPane
from agent.protocol.conversation import BlockKind
from memory.errors import StorageError

if TYPE_CHECKING:
    from agent.agents.live_agent import LiveAgent

log = logging.getLogger("agent.agents")

ALLOWED = "pane_allowed"
DISALLOWED = "pane_disallowed"
"""Kinds of journal entries."""

_RECORD = "allowed_panes"
_ENDED = "has ended"


class Permits:
    """The panes of the person's own that one agent may use."""

    def __init__(self, agent: LiveAgent) -> None:
        self._agent = agent
        self._panes: dict[str, AllowedPane] = {}

    @property
    def summaries(self) -> tuple[AllowedPane, ...]:
        """The panes as shown to the person."""
        return tuple(self._panes.values())

    async def allow(self, socket: Path, tmux_id: str, pid: int) -> str:
        """Let the agent use a pane; gives the name by which it knows it.

        Raises:
            NotAllowed, TerminalError: says why it cannot be.
        """
        agent = self._agent
        if agent.record.kind not in ("model", "mcp"):
            raise NotAllowed(f"{agent.name} is a program, which uses no further pane.")
        allowed = await agent.services.allowed_panes.allow(
            (agent.id, agent.name), socket, tmux_id, pid, self._ended
        )
        name = allowed.name
        try:
            await agent.services.database.journal.append(
                ALLOWED, agent.id, {"pane_id": name, "socket": str(allowed.socket), "pid": pid}
            )
        except BaseException:
            with contextlib.suppress(NotAllowed):
                await agent.services.allowed_panes.disallow(agent.id, name)
            raise
        if not agent.services.allowed_panes.holds(allowed):
            raise NotAllowed(f"The program in pane {tmux_id} has just ended.")
        agent.panes.allow(name, allowed.pane, pid)
        self._panes[name] = AllowedPane(
            pane_id=name,
            socket=str(allowed.socket),
            tmux_id=tmux_id,
            pid=pid,
            program=allowed.program,
            directory=allowed.directory,
        )
        await self._changed(
            f"You let {agent.name} use pane {tmux_id} of your own tmux ({allowed.program}).",
            f"The person lets you use a pane of their own tmux: {name} ({allowed.program} in "
            f"{allowed.directory}). terminal_read, terminal_wait and terminal_type take that name; "
            "nothing else works there. It is theirs: read it before you type, and leave it tidy.",
        )
        return name

    async def disallow(self, name: str) -> None:
        """Take a pane back.

        Raises:
            NotAllowed: there is none of that name.
        """
        await self._agent.services.allowed_panes.disallow(self._agent.id, name)
        await self._gone(name, "is taken back: you may not use it any more")

    async def forget(self) -> None:
        """Take all of them back: the agent ends."""
        for name in tuple(self._panes):
            with contextlib.suppress(NotAllowed):
                await self.disallow(name)

    async def recover(self) -> None:
        """Tell the agent that what an earlier engine knew to be allowed is not any more."""
        agent = self._agent
        before = agent.record.extra.get(_RECORD, [])
        for name in before:
            await agent.note(
                f"The person's own pane {name} is not yours to use any more, since Tungsten "
                "started anew; they may allow it again."
            )
        if before:
            await agent.save_extra(**{_RECORD: []})

    async def _ended(self, name: str) -> None:
        if self._agent.closing or name not in self._panes:
            return
        try:
            await self._gone(name, _ENDED)
        except StorageError as error:
            log.warning("%s", error)

    async def _gone(self, name: str, what: str) -> None:
        agent = self._agent
        agent.panes.disallow(name)
        pane = self._panes.pop(name, None)
        await agent.services.database.journal.append(
            DISALLOWED, agent.id, {"pane_id": name, "why": what}
        )
        tmux_id = name if pane is None else pane.tmux_id
        shown = _ENDED if what == _ENDED else "is yours alone again"
        await self._changed(
            f"Pane {tmux_id} of your own tmux {shown}.", f"The person's own pane {name} {what}."
        )

    async def _changed(self, shown: str, told: str) -> None:
        agent = self._agent
        # Whoever sees the change may say something to the agent, which must know of it by then.
        await agent.note(told)
        await agent.save_extra(**{_RECORD: list(self._panes)})
        agent.publish()
        await agent.conversation.add(BlockKind.NOTICE, shown)
