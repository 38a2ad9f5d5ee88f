"""Panes of the person's own tmux servers that they let an agent read and type into.

Each is allowed by the person for one agent: this program in this pane, for as long as it runs and
this engine does. Nothing of it is stored, so a restart begins with none. What else is in those
servers stays out of every agent's reach: a pane is found by the name under which it was allowed and
no other.

Whoever may type into a pane could decide there as the person. So a pane with one of the person's
front ends in it is not allowed, and a front end that starts in an allowed one may only look.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from agent.engine.peer import listener_pid, runs_below
from agent.errors import AgentError
from tungsten.adopted.adopt import OwnServer
from tungsten.adopted.adopted_pane import AdoptedPane
from tungsten.errors import ServerGone, TerminalError
from tungsten.tmux import orphans


class NotAllowed(AgentError):
    """A pane cannot be allowed, or is not allowed (any more)."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """One pane that one agent may use.

    Attributes:
        name: under which that agent knows it, such as `own:%3`.
        agent_id: the agent.
        agent_name: what the person calls it.
        socket: of the person's server.
        pane: the pane in it.
        pid: the program that was allowed.
        server: tells the server that it is in from all others; see `Permit`.
        tty: the pane's terminal.
        size: its columns and lines.
        program: its name.
        directory: where it is.
    """

    name: str
    agent_id: str
    agent_name: str
    socket: Path
    pane: AdoptedPane
    pid: int
    server: str
    tty: str
    size: tuple[int, int]
    program: str
    directory: str


class AllowedPanes:
    """All panes that are allowed, whoever may use them.

    Args:
        private: the socket of the engine's own server, whose panes are no person's.
        tmux: the program.
        deciders: the processes of the front ends from which a person may decide.
    """

    def __init__(
        self, private: Path, *, tmux: str, deciders: Callable[[], frozenset[int]] = frozenset
    ) -> None:
        self.deciders = deciders
        self._private = private
        self._tmux = tmux
        self._servers: dict[Path, OwnServer] = {}
        self._allowed: dict[tuple[Path, str], Allowed] = {}
        self._ends: dict[tuple[Path, str], asyncio.Task[None]] = {}
        self._changing = asyncio.Lock()

    @property
    def pids(self) -> frozenset[int]:
        """The programs of all panes that are allowed."""
        return frozenset(allowed.pid for allowed in self._allowed.values())

    async def allow(
        self,
        agent: tuple[str, str],
        socket: Path,
        pane_id: str,
        pid: int,
        ended: Callable[[str], Awaitable[None]],
    ) -> Allowed:
        """Let an agent use a pane, because the person said so.

        Args:
            agent: its id and name.
            socket: of the person's server.
            pane_id: tmux's id there.
            pid: the program that the person saw in it.
            ended: told the pane's name once that program has ended.

        Raises:
            NotAllowed: says why it cannot be.
            TerminalError: that server, or the pane, is not there.
        """
        key = (await asyncio.to_thread(socket.resolve), pane_id)
        async with self._changing:
            try:
                return await self._allow(key, agent, pid, ended)
            finally:
                await self._forget_unused(key[0])

    async def _allow(
        self,
        key: tuple[Path, str],
        agent: tuple[str, str],
        pid: int,
        ended: Callable[[str], Awaitable[None]],
    ) -> Allowed:
        socket, pane_id = key
        holder = self._allowed.get(key)
        if holder is not None:
            raise NotAllowed(
                f"{holder.agent_name} may use pane {pane_id} already: take that back first."
            )
        if await asyncio.to_thread(_same_listener, socket, self._private):
            raise NotAllowed("These are the panes of agents, not your own.")
        server = await self._server(socket)
        info = await server.pane(pane_id)
        if info.pid != pid or info.dead:
            raise NotAllowed(f"Pane {pane_id} shows another program by now: look at it again.")
        permit = await server.allow(pane_id)
        if permit.pid != pid:
            server.disallow(pane_id)
            raise NotAllowed(f"Pane {pane_id} shows another program by now: look at it again.")
        allowed = Allowed(
            self._name(pane_id),
            *agent,
            socket,
            AdoptedPane(server, pane_id),
            pid,
            permit.server,
            info.tty,
            (info.width, info.height),
            info.current_command,
            info.current_path,
        )
        self._allowed[key] = allowed
        # Who connects from there from now on may only look; who does already is found here.
        for decider in self.deciders():
            if await asyncio.to_thread(runs_below, decider, frozenset({pid})):
                del self._allowed[key]
                server.disallow(pane_id)
                raise NotAllowed(
                    f"Tungsten itself runs in pane {pane_id}: an agent there could approve itself."
                )
        self._ends[key] = asyncio.create_task(self._follow(allowed, ended))
        return allowed

    def holds(self, allowed: Allowed) -> bool:
        """Say whether a pane is allowed still: its program may have ended at once."""
        return allowed in self._allowed.values()

    async def disallow(self, agent_id: str, name: str) -> None:
        """Take a pane back; from now on nothing is read from it or typed into it.

        Raises:
            NotAllowed: the agent has no such pane.
        """
        found = None
        for key, one in self._allowed.items():
            if (one.agent_id, one.name) == (agent_id, name):
                found = key
        if found is None:
            raise NotAllowed(f"{name} is not allowed (any more).")
        allowed = self._allowed.pop(found)
        self._servers[found[0]].disallow(found[1])
        allowed.pane.taken_back()
        following = self._ends.pop(found)
        if following is not asyncio.current_task():
            following.cancel()
        async with self._changing:
            await self._forget_unused(found[0])

    async def close(self) -> None:
        """Allow nothing any more, and let go of the servers."""
        self._allowed.clear()
        for following in self._ends.values():
            following.cancel()
        await asyncio.gather(*self._ends.values(), return_exceptions=True)
        self._ends.clear()
        for server in self._servers.values():
            await server.close()
        self._servers.clear()

    def _name(self, pane_id: str) -> str:
        taken = {one.name for one in self._allowed.values()}
        number = 1
        while (name := f"own{number if number > 1 else ''}:{pane_id}") in taken:
            # Another server's pane of that number.
            number += 1
        return name

    async def _server(self, socket: Path) -> OwnServer:
        if socket not in self._servers:
            try:
                self._servers[socket] = await OwnServer.connect(socket, tmux=self._tmux)
            except ServerGone as error:
                raise NotAllowed(f"No tmux server answers at {socket}.") from error
        return self._servers[socket]

    async def _forget_unused(self, socket: Path) -> None:
        if socket in self._servers and all(key[0] != socket for key in self._allowed):
            await self._servers.pop(socket).close()

    async def _follow(self, allowed: Allowed, ended: Callable[[str], Awaitable[None]]) -> None:
        """Take a pane back when the program that was allowed has ended."""
        with orphans.end_of(allowed.pid) as gone:
            await gone.wait()
        with contextlib.suppress(NotAllowed, TerminalError):
            await self.disallow(allowed.agent_id, allowed.name)
            await ended(allowed.name)


def _same_listener(one: Path, other: Path) -> bool:
    found = listener_pid(one)
    return found is not None and found == listener_pid(other)
