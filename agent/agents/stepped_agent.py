"""An agent whose steps come from outside: it has panes and a conversation of steps, no model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agent.agents.live_agent import LiveAgent
from agent.context.turn_text import one_line
from agent.errors import AgentError
from agent.protocol.conversation import BlockKind, ToolCall, ToolStatus
from agent.sessions.plain import plain_line
from agent.steps.steps import Outcome, Step
from agent.tools import terminal
from agent.tools.inputs import TerminalOpen
from memory.errors import StorageError
from tungsten.errors import TerminalError

SHOWN_RESULT = 8_000
"""Characters of a result kept for the conversation."""


class SteppedAgent(LiveAgent):
    """What playbooks and programs over MCP have in common: each step goes through the gate."""

    async def take(
        self, step: Step, tool_use_id: str, name: str, given: Mapping[str, Any]
    ) -> Outcome:
        """Take one step and show it as a block.

        Args:
            step: what to do.
            tool_use_id: unique; ties the block and the journal together.
            name: the tool's name, or the step's word.
            given: what was asked for, as it was asked.
        """
        block_id = self.conversation.open(
            BlockKind.TOOL,
            tool=ToolCall(
                tool_use_id=tool_use_id,
                name=name,
                title=step.title,
                input_json=json.dumps(dict(given), ensure_ascii=True),
            ),
        )
        try:
            outcome = await self.performer.perform(
                step,
                tool_use_id=tool_use_id,
                progress=lambda fields: self.conversation.change_tool(block_id, **fields),
            )
            outcome = self.judge(step, tool_use_id, outcome)
        except asyncio.CancelledError:
            if not self.closing:
                await self._show(block_id, Outcome(ToolStatus.INTERRUPTED, "interrupted"))
            raise
        except (AgentError, StorageError, TerminalError) as error:
            outcome = Outcome(ToolStatus.FAILED, one_line(error))
        await self._show(block_id, outcome)
        return outcome

    def judge(self, step: Step, tool_use_id: str, outcome: Outcome) -> Outcome:
        """Say whether an outcome is what was wanted; here every outcome is."""
        return outcome

    async def _show(self, block_id: int, outcome: Outcome) -> None:
        text = outcome.text
        if len(text) > SHOWN_RESULT:
            half = SHOWN_RESULT // 2
            text = f"{text[:half]}\n[…]\n{text[-half:]}"
        await self.show_outcome(block_id, replace(outcome, text=text))

    async def first_pane(self, tool_use_id: str) -> str:
        """The first living pane; opens one, as an action, when there is none.

        Raises:
            AgentError: it may not be opened, or cannot.
        """
        pane_id = self.panes.first()
        if pane_id is None:
            step = terminal.plan(TerminalOpen(), "", self.directory)
            outcome = await self.performer.perform(step, tool_use_id=f"{tool_use_id}/pane")
            if outcome.pane_id is None:
                raise AgentError(outcome.text)
            pane_id = outcome.pane_id
        return pane_id

    async def prompt(self, text: str) -> None:
        """Refuse: nobody is here to be talked to.

        Raises:
            AgentError: always.
        """
        raise AgentError(
            f"{self.name} has no model to talk to: start a command of your own with !, or type "
            "into its terminal."
        )


def titled(text: str) -> str:
    """One line for a list."""
    return plain_line(text)[:200]
