"""Lines that shells were given: what they make and what of them still runs counts in judging."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from agent.actions import RunCommand
from agent.panes.panes import Panes
from agent.risk import Assessment, Context, assess
from agent.steps.judging import Judging, Looked, Surroundings
from agent.steps.owner import Owner
from agent.steps.recovery import FILES_MADE, LINE_TYPED, GivenLine
from agent.steps.running_lines import Begun, RunningLines
from agent.steps.steps import Step
from memory.journal import Journal


class GivenLines:
    """Notes the lines of one agent's shells, also for the next engine."""

    def __init__(
        self,
        owner: Owner,
        *,
        panes: Panes,
        judging: Judging,
        surroundings: Surroundings,
        running: RunningLines,
        journal: Journal,
        clock: Callable[[], float],
    ) -> None:
        self._owner = owner
        self._panes = panes
        self._judging = judging
        self._surroundings = surroundings
        self._running = running
        self._journal = journal
        self._clock = clock

    async def gave(self, given: GivenLine, history: tuple[str, ...]) -> None:
        """Note a line that an earlier engine gave one of the shells, after those of `history`."""
        around = self._surroundings
        if not self._running.started_since(given.pid, given.at):
            return
        context = Context(
            cwd=Path(given.cwd) if given.cwd else self._owner.directory,
            home=around.home,
            project=around.project,
            own=around.own,
            history=history,
            written=frozenset(around.written),
            fetched=frozenset(around.fetched),
            rules=around.rules(),
        )
        action = RunCommand(given.text, given.pane_id)
        found = await asyncio.to_thread(assess, action, context)
        self._running.begin(given.pid, given.text, context, found, at=given.at)

    def begin(self, pane_id: str, line: str, looked: Looked) -> Begun | None:
        """Note that a shell is given a line as it was judged; None where it was not."""
        if looked.context is None:
            return None
        shell = self._panes.own(pane_id).pid
        return self._running.begin(shell, line, looked.context, looked.assessment)

    def over(self, begun: Begun) -> None:
        """Note that a line has ended."""
        self._running.over(begun)

    async def typed(self, pane_id: str, line: str) -> None:
        """Note a line that keys give a shell, also for the next engine."""
        own = self._panes.own(pane_id)
        if line.strip():
            data = {"pane_id": pane_id, "pid": own.pid, "line": line}
            await self._journal.append(LINE_TYPED, self._owner.id, data)
            await self._begin_typed(pane_id, line)
            own.remember(line)

    async def _begin_typed(self, pane_id: str, line: str) -> None:
        """Note that keys give a shell a line, which runs from now on."""
        looked = await self._judging.look(Step(RunCommand(line, pane_id), title=line))
        if looked.context is not None:
            self.begin(pane_id, line, looked)
            await self.makes(looked.assessment)

    async def makes(self, found: Assessment) -> None:
        """Note what a line makes before it does, since another agent may run it at once."""
        around = self._surroundings
        files = [path for path in found.writes if Path(path) not in around.written]
        below = list(found.fetches)
        if files or below:
            around.written.update(map(Path, files))
            around.fetched.update(dict.fromkeys(below, self._clock()))
            data = {"files": files, "below": below}
            await self._journal.append(FILES_MADE, self._owner.id, data)

    def starts(self, pane_id: str, command: str, looked: Looked) -> None:
        """Note that a new pane runs a command for as long as it lives."""
        if pane_id in self._panes:
            self.begin(pane_id, command, looked)
