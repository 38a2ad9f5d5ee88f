"""An agent that is a program of the person's choice in a pane, without a model."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import uuid
from dataclasses import replace
from typing import Any

from agent.actions import Action, RunCommand, TypeKeys
from agent.agents.live_agent import LiveAgent
from agent.agents.names import program_of
from agent.agents.persons_actions import OWN, PROGRAM
from agent.errors import AgentError
from agent.gates.gate import Binding, Decision
from agent.protocol.agents import AgentState
from agent.protocol.conversation import BlockKind, ToolCall, ToolStatus
from agent.protocol.gates import Gate
from agent.steps.steps import Outcome, Plain, Run, Step
from memory.errors import StorageError
from tungsten.errors import PaneDead, TerminalError

NOT_FOUND = 127
"""Exit status of a shell that did not find a program (POSIX.1-2024, XCU 2.8.2)."""


def failure(command: str, status: int) -> str:
    """Say in one line how a command line ended that did not end well."""
    if status != NOT_FOUND:
        return f"exit {status}"
    program = program_of(command)
    if program and shutil.which(program) is None:
        return f"{program}: not found (exit {status})"
    return f"exit {status}: a program was not found"


class CommandAgent(LiveAgent):
    """A program in a pane: works while it runs, done or failed by its exit status."""

    async def launch(self) -> None:
        """Run the program, through the gate: with its command line a person asks for it."""
        tool_use_id = f"{OWN}{uuid.uuid4().hex[:16]}"
        # Stored before it is confirmed: whatever happens to the engine, the person is told of it.
        await self.conversation.store(self._program_block(tool_use_id))
        self.spawn(self._launch(tool_use_id), "launch")

    def _program_block(self, tool_use_id: str) -> int:
        """The block that shows the program's start; opened where there is none yet."""
        title = " ".join(self.command.split())
        return self.conversation.tool_block(tool_use_id) or self.conversation.open(
            BlockKind.TOOL, tool=ToolCall(tool_use_id=tool_use_id, name=PROGRAM, title=title)
        )

    def go_on(
        self,
        action: Action,
        tool_use_id: str,
        reopened: tuple[Gate, Binding] | None = None,
        decision: Decision | None = None,
    ) -> None:
        """Go on with the program's start, as with a person's action on its pane."""
        if isinstance(action, RunCommand) and not action.pane_id:
            self.spawn(self._launch(tool_use_id, reopened, decision), "launch")
        else:
            super().go_on(action, tool_use_id, reopened, decision)

    async def _launch(
        self,
        tool_use_id: str,
        reopened: tuple[Gate, Binding] | None = None,
        decision: Decision | None = None,
    ) -> None:
        command = self.command
        step = Step(
            RunCommand(command, ""), Run(None), title=" ".join(command.split()), actor="person"
        )
        block_id = self._program_block(tool_use_id)
        title = step.title

        def progress(fields: dict[str, Any]) -> None:
            nonlocal title
            # The person may have changed it at the gate.
            title = fields.get("title", title)
            self.conversation.change_tool(block_id, **fields)

        try:
            outcome = await self.performer.perform(
                step,
                tool_use_id=tool_use_id,
                progress=progress,
                reopened=reopened,
                decision=decision,
            )
        except asyncio.CancelledError:
            if self.closing:
                raise
            outcome = Outcome(ToolStatus.INTERRUPTED, "interrupted")
        except StorageError as error:
            outcome = Outcome(ToolStatus.FAILED, str(error))
        # What took no time is its start; it runs on.
        await self.show_outcome(block_id, replace(outcome, seconds=None))
        if outcome.status is ToolStatus.DONE:
            await self._launched(title)
            dead = next((pane for pane in self.panes.summaries if pane.dead), None)
            if dead is not None:
                await self._ended(dead.exit_status)
        else:
            await self.become(AgentState.FAILED, outcome.decision or outcome.text)

    @property
    def command(self) -> str:
        """The command line that starts it next."""
        return self.record.command

    @property
    def _runs(self) -> bool:
        """Whether its program is believed to run."""
        return self._state is AgentState.WORKING

    async def _launched(self, title: str) -> None:
        """Note that its program runs in its pane."""
        await self.become(AgentState.WORKING, title)

    async def prompt(self, text: str) -> None:
        """Type what the person says into the program, and Enter."""
        pane_id = self.panes.first()
        if pane_id is None:
            raise AgentError(f"{self.name} has ended: resume it to start its program again.")
        await self.conversation.add(BlockKind.USER, text)
        keys = tuple(part for part in (text, "Enter") if part)
        step = Step(TypeKeys(keys, pane_id), Plain(), title=text, actor="person")
        self.persons.do(step, f"{OWN}{uuid.uuid4().hex[:16]}")

    async def interrupt(self) -> None:
        """Withdraw what waits at the gate; else press Ctrl-C in the program."""
        pane_id = self.panes.first()
        if self._waits or pane_id is None:
            await super().interrupt()
        else:
            # It may have ended by itself, and that not be known yet.
            with contextlib.suppress(PaneDead):
                await (await self.panes.tmux(pane_id)).send_keys("C-c")

    async def stop(self) -> None:
        """End the program; returns when its processes are gone."""
        await LiveAgent.interrupt(self)
        await super().stop()

    async def close(self) -> None:
        """End all tasks without tidying up."""
        await LiveAgent.interrupt(self)

    async def pane_died(self, pane_id: str, status: int | None) -> None:
        """The program ended: done or failed by its exit status."""
        first = next(iter(self.panes.record), None)
        await super().pane_died(pane_id, status)
        if pane_id == first and self._runs:
            await self._ended(status)

    async def _ended(self, status: int | None) -> None:
        if status == 0:
            await self.become(AgentState.DONE, "exit 0")
        elif status is None and await asyncio.to_thread(self._closed_by_person):
            await self.become(AgentState.IDLE, "stopped: you closed all terminals")
        elif status is None:
            await self.become(AgentState.UNKNOWN, "its terminal is gone; its exit status unknown")
        else:
            await self.become(AgentState.FAILED, failure(self.command, status))

    def _closed_by_person(self) -> bool:
        """Whether the person has ended all terminals since it was last heard of."""
        try:
            return self.services.paths.panes_closed.stat().st_mtime >= self._since
        except OSError:
            return False

    async def server_gone(self) -> bool:
        """The terminal is gone, and the program with it."""
        lost = await super().server_gone()
        if lost and self._runs:
            await self._ended(None)
        return lost

    async def resume(self) -> None:
        """Find the program again; start it when it never began or the person resumes it."""
        await super().resume()
        if self.panes.first() is not None:
            return
        if self._runs:
            dead = next(iter(self.panes.summaries), None)
            await self._ended(dead.exit_status if dead is not None else None)

    async def again(self) -> None:
        """Start the program once more, in a new pane."""
        for pane_id in tuple(self.panes.record):
            try:
                await self.panes.close(pane_id)
            except (AgentError, TerminalError):
                self.panes.forget(pane_id)
        await self.launch()
