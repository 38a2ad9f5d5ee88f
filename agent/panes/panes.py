"""The panes of one agent: opened for it, reached by it alone, found again after a restart.

tmux numbers panes from %0 with each new server, so a pane is ours again only when its number and
its first process are the recorded ones.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import AgentError
from agent.panes import processes
from agent.protocol.agents import PaneSummary
from agent.risk.evaluation.past import Past
from tungsten.adopted.adopted_pane import AdoptedPane
from tungsten.errors import PaneGone, TerminalError
from tungsten.pane import Pane
from tungsten.screen.history import Passage
from tungsten.terminal import Terminal
from tungsten.wall import Wall

WIDTH, HEIGHT = 120, 40
"""Size of a pane until a front end shows it."""

FULL = 45_000
"""With so many lines tmux may have dropped older ones: it keeps 50,000, of which it drops a tenth
at a time."""

TMUX_SECONDS = 2.0
"""How long stopping something waits for tmux; its processes are ended without it, too."""


class PaneLost(AgentError):
    """A pane went away with its tmux server, or was closed from outside."""


class NotYourPane(AgentError):
    """An agent named a pane that is not one of its own."""


class DirectoryGone(AgentError):
    """The agent's directory does not exist any more."""


class Keyboard:
    """Whether a person types in a pane; meanwhile its agent must not."""

    __slots__ = ("_holders", "free")

    def __init__(self) -> None:
        self._holders = 0
        self.free = asyncio.Event()
        """Set while nobody does."""
        self.free.set()

    def hold(self, *, on: bool) -> None:
        """Note that one more person does, or one less."""
        self._holders = max(0, self._holders + (1 if on else -1))
        if self._holders:
            self.free.clear()
        else:
            self.free.set()

    def let_go(self) -> None:
        """Note that nobody can any more: the pane is no longer there to type in."""
        self._holders = 0
        self.free.set()


@dataclass(slots=True)
class OwnPane:
    """One pane of an agent.

    Attributes:
        lost: it is gone for good; its number may already be someone else's.
        fresh: its shell has not been seen at a prompt yet.
        unsent: keys that have not been submitted may stand on a line of a program in it.
        adopted: the real pane, where it is in the person's own tmux server.
    """

    summary: PaneSummary
    pid: int
    lost: bool = False
    fresh: bool = True
    unsent: bool = False
    adopted: AdoptedPane | None = None
    keyboard: Keyboard = field(default_factory=Keyboard)
    history: Past = field(default_factory=Past)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def remember(self, line: str) -> None:
        """Note a line that its shell was given: it may change what later ones do."""
        self.history.add(line)


async def _nothing(pane_id: str) -> None:
    """Take no notice of a new pane."""


class Panes:
    """All panes of one agent, in the order in which they were opened.

    Args:
        name: of their tmux sessions.
        directory: where they open.
        terminal: the server.
        changed: told of every change.
        wall: plans what stands around a new pane.
        recording: gives the file that a pane is being recorded into.
        opened: told of a pane before anything is done in it.
        ended: told of a pane that is closed, or whose program has ended.
    """

    def __init__(
        self,
        name: str,
        directory: Path,
        terminal: Callable[[], Awaitable[Terminal]],
        changed: Callable[[], Awaitable[None]],
        wall: Callable[[], Wall | None] = lambda: None,
        *,
        recording: Callable[[str], Path | None] = lambda pane_id: None,
        opened: Callable[[str], Awaitable[None]] = _nothing,
        ended: Callable[[str], None] = lambda pane_id: None,
    ) -> None:
        self._name = name
        self._directory = directory
        self._terminal = terminal
        self._changed = changed
        self._wall = wall
        self._recording = recording
        self._opened = opened
        self._ended = ended
        self._panes: dict[str, OwnPane] = {}
        self._allowed: dict[str, OwnPane] = {}

    @property
    def summaries(self) -> tuple[PaneSummary, ...]:
        """The panes as shown to the person, first one first."""
        return tuple(pane.summary for pane in self._panes.values())

    @property
    def record(self) -> dict[str, int]:
        """What must be stored to find the panes again: first process by pane id."""
        return {pane_id: pane.pid for pane_id, pane in self._panes.items()}

    def __contains__(self, pane_id: str) -> bool:
        return pane_id in self._panes or pane_id in self._allowed

    def own(self, pane_id: str) -> OwnPane:
        """Give one of the agent's panes.

        Raises:
            NotYourPane: it belongs to someone else, or is closed.
        """
        pane = self._panes.get(pane_id) or self._allowed.get(pane_id)
        if pane is None:
            yours = ", ".join((*self._panes, *self._allowed)) or "none"
            raise NotYourPane(f"{pane_id} is not one of your panes; yours: {yours}")
        return pane

    def first(self) -> str | None:
        """Give the id of the first pane that lives, None when there is none."""
        return next((key for key, pane in self._panes.items() if not pane.summary.dead), None)

    def take_up(self, summary: PaneSummary, pane: AdoptedPane, pid: int) -> None:
        """Take a pane of the person's own as the agent's, whose program runs there."""
        self._panes[summary.pane_id] = OwnPane(summary, pid, fresh=False, adopted=pane)

    def allow(self, pane_id: str, pane: AdoptedPane, pid: int) -> None:
        """Take a pane of the person's own among those that may be read and typed into."""
        summary = PaneSummary(pane_id=pane_id)
        self._allowed[pane_id] = OwnPane(summary, pid, fresh=False, adopted=pane)

    def disallow(self, pane_id: str) -> None:
        """Take it back."""
        self._allowed.pop(pane_id, None)

    async def seen(self, pane_id: str) -> Pane | AdoptedPane:
        """Give the real pane behind one that may be read and typed into; raises as `tmux` does."""
        return self.own(pane_id).adopted or await self.tmux(pane_id)

    async def passage(self, pane_id: str, *, above: int, count: int) -> Passage:
        """Read lines that have scrolled off a pane, the last of them `above` its screen.

        What tmux has not any more, as it was dropped or cleared, is read from the recording, if
        the pane is being recorded: masked, and as far back as that goes.

        Raises:
            NotYourPane, PaneLost: see `tmux`.
            TerminalError: it is closed, or its recording cannot be read.
        """
        kept = await (await self.seen(pane_id)).history(above=above, count=count)
        path = self._recording(pane_id)
        if above + count <= kept.size or path is None:
            return kept
        # Imported here: hardly ever needed.
        from tungsten.recordings.scrollback import Scrollback

        async with Scrollback.opened(await self._terminal(), path, mask=True) as everything:
            return everything.read(above=above, count=count)

    async def tmux(self, pane_id: str) -> Pane:
        """Give the real pane behind one of the agent's own.

        Raises:
            NotYourPane: it belongs to someone else, or is closed.
            PaneLost: it is gone with its tmux server.
        """
        own = self.own(pane_id)
        if own.adopted is not None:
            raise NotYourPane(
                f"{pane_id} is the person's own: read it, wait for it and type into it "
                "(terminal_read, terminal_wait, terminal_type), nothing else"
            )
        if own.lost:
            raise PaneLost(f"pane {pane_id} is gone with its tmux server; open another")
        return (await self._terminal()).pane(pane_id)

    async def open(self, cwd: Path | None = None, command: str | None = None) -> str:
        """Open one more pane and give its id.

        Raises:
            DirectoryGone: there is no such directory any more.
            TerminalError: tmux cannot, or the wall cannot be built.
        """
        directory = cwd or self._directory
        if not directory.is_dir():
            raise DirectoryGone(f"{directory} does not exist any more: create it, or archive this")
        terminal = await self._terminal()
        wall = await asyncio.to_thread(self._wall)
        pane = await terminal.new_pane(
            name=self._name, cwd=directory, command=command, width=WIDTH, height=HEIGHT, wall=wall
        )
        info = await pane.info()
        self._panes = {key: own for key, own in self._panes.items() if not own.lost}
        self._panes[pane.id] = OwnPane(
            PaneSummary(
                pane_id=pane.id,
                title=info.title,
                width=info.width,
                height=info.height,
                dead=info.dead,
                exit_status=info.exit_status,
            ),
            info.pid,
            fresh=command is None,
        )
        await self._opened(pane.id)
        await self._changed()
        return pane.id

    async def close(self, pane_id: str) -> None:
        """Close a pane and end what runs in it."""
        self.own(pane_id)
        try:
            await (await self.tmux(pane_id)).kill()
        except (PaneLost, TerminalError):
            if not self._panes[pane_id].summary.dead:
                raise
        self.forget(pane_id)
        await self._changed()

    async def beside(self) -> dict[str, int]:
        """Give the panes that a person opened beside the agent's: first process by pane id."""
        found: dict[str, int] = {}
        for pane_id, pane in self._panes.items():
            if not pane.lost:
                with contextlib.suppress(TerminalError):
                    found |= await (await self._terminal()).beside(pane_id)
        return found

    async def close_beside(self, pane_id: str) -> None:
        """Close such a pane."""
        await (await self._terminal()).pane(pane_id).kill()

    async def end(self) -> list[str]:
        """End all panes, also those beside them, and what runs there; gives what would not end."""
        beside: dict[str, int] = {}
        with contextlib.suppress(AgentError, TerminalError, TimeoutError):
            async with asyncio.timeout(TMUX_SECONDS):
                beside = await self.beside()
        pids = [*self.record.values(), *beside.values()]
        running = await asyncio.to_thread(processes.below, pids)
        for pane_id in tuple(self.record):
            try:
                async with asyncio.timeout(TMUX_SECONDS):
                    await self.close(pane_id)
            except (AgentError, TerminalError, TimeoutError):
                self.forget(pane_id)
        for pane_id in beside:
            with contextlib.suppress(AgentError, TerminalError, TimeoutError):
                async with asyncio.timeout(TMUX_SECONDS):
                    await self.close_beside(pane_id)
        return await processes.end(running)

    def forget(self, pane_id: str) -> None:
        """Take a pane off the list."""
        pane = self._panes.pop(pane_id, None)
        if pane is not None:
            pane.keyboard.let_go()
        self._ended(pane_id)

    async def adopt(self, recorded: Mapping[str, int]) -> list[str]:
        """Take back the panes of an earlier engine; gives the ids of those that are gone."""
        terminal = await self._terminal()
        gone = []
        for pane_id, pid in recorded.items():
            # One by one: all agents come back together, and each asks for its own only.
            info = None
            with contextlib.suppress(PaneGone):
                info = await terminal.pane(pane_id).info()
            if info is None or info.pid != pid:
                gone.append(pane_id)
                continue
            summary = PaneSummary(
                pane_id=pane_id,
                title=info.title,
                width=info.width,
                height=info.height,
                dead=info.dead,
                exit_status=info.exit_status,
            )
            starting = terminal.pane(pane_id).starting
            self._panes[pane_id] = OwnPane(summary, pid, fresh=starting)
        return gone

    def remember(self, pane_id: str, pid: int, line: str) -> bool:
        """Note again what an earlier engine gave a shell; says whether it still lives."""
        pane = self._panes.get(pane_id)
        if pane is None or pane.pid != pid:
            return False
        pane.remember(line)
        return True

    def died(self, pane_id: str, status: int | None) -> None:
        """Note that a pane's first process ended."""
        pane = self._panes[pane_id]
        pane.keyboard.let_go()
        self._ended(pane_id)
        pane.summary = pane.summary.model_copy(
            update={"dead": True, "exit_status": status, "recording": False}
        )

    def show_recording(self, pane_id: str, *, on: bool) -> None:
        """Note whether a pane is recorded."""
        pane = self.own(pane_id)
        pane.summary = pane.summary.model_copy(update={"recording": on})

    def server_gone(self) -> bool:
        """Note that tmux itself ended; says whether that cost a pane."""
        cost = False
        for pane_id, pane in self._panes.items():
            cost = cost or not pane.summary.dead
            self.lose(pane_id)
        return cost

    def lose(self, pane_id: str) -> None:
        """Note that a pane is gone for good."""
        pane = self._panes[pane_id]
        if not pane.summary.dead:
            self.died(pane_id, None)
        pane.lost = True

    def has_living(self, pane_id: str) -> bool:
        """Whether a pane of this number is the agent's own right now."""
        pane = self._panes.get(pane_id)
        return pane is not None and not pane.lost

    def drop_lost(self, pane_id: str) -> bool:
        """Forget a lost pane whose number was given out again; says whether there was one."""
        pane = self._panes.get(pane_id)
        if pane is None or not pane.lost:
            return False
        del self._panes[pane_id]
        return True
