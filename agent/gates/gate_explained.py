"""Why a gate has its risk: every command in its command, each with its own."""

from __future__ import annotations

import asyncio
from typing import Any

from agent.actions import RunCommand
from agent.errors import CommandRefused
from agent.gates.own_gates import Asked
from agent.risk.report import explain


async def explain_gate(asked: Asked) -> dict[str, Any]:
    """Unfold what a gate asks about, as it was judged; in a thread, as large ones take a while.

    Raises:
        CommandRefused: it is about no command.
    """
    action, context = asked.step.action, asked.looked.context
    if not isinstance(action, RunCommand) or context is None:
        raise CommandRefused("There are no commands in this: what is shown is all of it.")
    return {"text": await asyncio.to_thread(explain, action.command, context)}
