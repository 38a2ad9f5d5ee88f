"""The panes of an agent after a restart: found again, with what their shells were given."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from agent.errors import AgentError
from agent.protocol.conversation import BlockKind
from agent.steps.recovery import lines
from tungsten.errors import TerminalError

if TYPE_CHECKING:
    from agent.agents.live_agent import LiveAgent

TAKE_BACK_SECONDS = 2.0
"""How long a shell may take to say what is on its line, and to clear it, after a restart."""


async def find_panes(agent: LiveAgent) -> None:
    """Take back the panes that still live, and tell the agent of those that do not."""
    recorded = agent.record.extra.get("panes", {})
    try:
        gone = await agent.panes.adopt(recorded)
    except TerminalError as error:
        await agent.conversation.add(BlockKind.ERROR, str(error))
        return
    for pane_id in agent.panes.record:
        agent.panes.show_recording(pane_id, on=pane_id in agent.services.recordings)
    if agent.panes.record:
        await _remember_lines(agent)
        await _take_lines_back(agent)
    for pane_id in gone:
        await agent.note(
            f"Pane {pane_id} is gone, with what ran in it; another is opened when needed."
        )
    if gone:
        await agent.panes_changed()


async def _remember_lines(agent: LiveAgent) -> None:
    """Note what the panes' shells were given before: it may still run, and decide what runs."""
    for given in await lines(agent.services.database, agent.id):
        known = given.pane_id in agent.panes
        before = agent.panes.own(given.pane_id).history.lines if known else ()
        if agent.panes.remember(given.pane_id, given.pid, given.text):
            await agent.performer.lines.gave(given, before)
    if not agent.services.running.any:
        return
    for pane_id in agent.panes.record:
        with contextlib.suppress(AgentError, TerminalError, TimeoutError):
            async with asyncio.timeout(TAKE_BACK_SECONDS):
                pane = await agent.panes.tmux(pane_id)
                if (await pane.foreground()).pid == agent.panes.own(pane_id).pid:
                    agent.services.running.prompted(agent.panes.own(pane_id).pid)


async def _take_lines_back(agent: LiveAgent) -> None:
    """Clear what an earlier engine had typed at a prompt and did not come to enter.

    It stood in the way of every further command, and an Enter of a person would have run it.
    """
    for entry in await agent.services.database.journal.unfinished_actions(agent.id):
        data = entry.data
        pane_id = str(data.get("pane_id", ""))
        if data.get("action") != "run_command" or pane_id not in agent.panes:
            continue
        if agent.panes.record[pane_id] != data.get("pid"):
            continue
        with contextlib.suppress(AgentError, TerminalError, TimeoutError):
            async with asyncio.timeout(TAKE_BACK_SECONDS):
                pane = await agent.panes.tmux(pane_id)
                await pane.take_back(str(data.get("text", "")))
