"""An agent whose steps another program gives, over MCP: the terminal tools, through the gate."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from agent.agents.stepped_agent import SteppedAgent, titled
from agent.context.turn_text import one_line
from agent.errors import AgentError, CommandRefused
from agent.mcp.mcp_tools import TerminalPanes, TerminalScreenshot, parse
from agent.protocol.agents import AgentState
from agent.protocol.commands.steps import AwaitUse, UseTool
from agent.protocol.conversation import BlockKind, ToolStatus
from agent.steps.steps import Outcome, Step
from agent.tools import terminal
from agent.tools.inputs import TerminalOpen, TerminalRead, ToolInput
from memory.errors import StorageError
from tungsten.errors import TerminalError

MAX_USES = 200
"""Finished uses whose results are kept for who asks late."""

MAX_RUNNING = 16
"""Uses of one program that may be under way at once."""


@dataclass(slots=True)
class _Use:
    task: asyncio.Task[Outcome]


class McpAgent(SteppedAgent):
    """The panes and steps of one program that is connected over MCP."""

    _uses: dict[str, _Use] | None = None

    async def use(self, command: UseTool) -> dict[str, Any]:
        """Use one tool; gives its result, or how far it is once patience has run out.

        Raises:
            CommandRefused: there is no such tool, or its input does not fit.
        """
        uses = self._uses = self._uses or {}
        tool = parse(command.name, command.input)
        if isinstance(tool, TerminalPanes):
            return _answer("", "done", text=self._listing())
        if sum(not each.task.done() for each in uses.values()) >= MAX_RUNNING:
            raise CommandRefused("Too many tools are in use at once: await some with await_use.")
        for use_id in [key for key, each in uses.items() if each.task.done()][:-MAX_USES]:
            del uses[use_id]
        use_id = f"use-{uuid.uuid4().hex[:12]}"
        use = uses[use_id] = _Use(
            asyncio.create_task(
                self._carry_out(tool, use_id, command.name, command.input),
                name=f"{self.id} {use_id}",
            )
        )
        self._tasks.add(cast("asyncio.Task[None]", use.task))
        use.task.add_done_callback(self._tasks.discard)
        return await self._within(use_id, use, command.patience)

    async def await_use(self, command: AwaitUse) -> dict[str, Any]:
        """Wait further for a use.

        Raises:
            CommandRefused: there is none of this id (any more).
        """
        use = (self._uses or {}).get(command.use_id)
        if use is None:
            raise CommandRefused(f"There is no use {command.use_id} (any more).")
        return await self._within(command.use_id, use, command.patience)

    async def _within(self, use_id: str, use: _Use, patience: float) -> dict[str, Any]:
        await asyncio.wait({use.task}, timeout=patience)
        if not use.task.done():
            block_id = self.conversation.tool_block(use_id)
            gated = block_id is not None and self._is_gated(use_id)
            if gated:
                text = "waits for a person, who has been asked in Tungsten's inbox"
            else:
                text = "still going on"
            return _answer(use_id, "gated" if gated else "running", text=text)
        if use.task.cancelled():
            return _answer(use_id, "interrupted", text="interrupted by the person")
        outcome = use.task.result()
        fields = {
            "risk": outcome.risk,
            "decision": outcome.decision,
            "exit_status": outcome.exit_status,
            "pane_id": outcome.pane_id,
            "picture": "" if outcome.picture is None else str(outcome.picture),
        }
        return _answer(use_id, outcome.status.value, text=outcome.text, **fields)

    def _is_gated(self, use_id: str) -> bool:
        blocks = reversed(self.conversation.page(None, 1000))
        tools = (block.tool for block in blocks if block.tool is not None)
        found = next((tool for tool in tools if tool.tool_use_id == use_id), None)
        return found is not None and found.status is ToolStatus.GATED

    async def _carry_out(
        self, tool: ToolInput, use_id: str, name: str, given: Mapping[str, Any]
    ) -> Outcome:
        await self.become(AgentState.WORKING, name.removeprefix("terminal_"))
        try:
            await self.hold()
            step = await self._plan(tool, use_id)
            word = name.removeprefix("terminal_")
            await self.become(AgentState.WORKING, f"{word}: {step.title}")
            return await self.take(step, use_id, name, given)
        except (AgentError, StorageError, TerminalError, OSError) as error:
            return Outcome(ToolStatus.FAILED, one_line(error))
        finally:
            if not self.closing:
                await self._rest()

    async def _rest(self) -> None:
        others = [each for each in (self._uses or {}).values() if not each.task.done()]
        if len(others) <= 1:
            await self.become(AgentState.IDLE, "waits for its program")

    async def _plan(self, tool: ToolInput, use_id: str) -> Step:
        if isinstance(tool, TerminalOpen):
            return terminal.plan(tool, "", self.directory)
        pane_id = getattr(tool, "pane", None) or await self.first_pane(use_id)
        if isinstance(tool, TerminalScreenshot):
            tool = TerminalRead(pane=pane_id, picture=True)
        if isinstance(tool, TerminalRead) and tool.picture:
            path = self.outputs.path(use_id, "png")
            return terminal.plan(tool, pane_id, self.directory, picture=path)
        return terminal.plan(tool, pane_id, self.directory)  # type: ignore[arg-type]

    def _listing(self) -> str:
        panes = [
            f"{pane.pane_id} · {pane.width}×{pane.height}"
            + (f" · {titled(pane.title)}" if pane.title else "")
            + (" · its program has ended" if pane.dead else "")
            for pane in self.panes.summaries
        ]
        return "\n".join(panes) or "no pane is open; terminal_open opens one"

    async def resume(self) -> None:
        """Nobody gives steps any more: the program that did was connected to an earlier engine."""
        await super().resume()
        if self._state in (AgentState.WORKING, AgentState.WAITING):
            text = "The engine ended during a step; what had begun is unknown. Look first."
            await self.conversation.add(BlockKind.ERROR, text)
        await self.become(AgentState.IDLE, "its program is not connected any more")


def _answer(use_id: str, status: str, *, text: str, **fields: Any) -> dict[str, Any]:
    given = {"risk": None, "decision": "", "exit_status": None, "pane_id": None, "picture": ""}
    return {"use_id": use_id, "status": status, "text": text, **given, **fields}
