"""How much agents do without a person: their modes, trusted directories, and the pause of all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.agents.agent_directory import usable_directory
from agent.agents.agents import PAUSED, Agents
from agent.agents.default_mode import default_mode, explained
from agent.protocol.agents import Mode
from agent.protocol.commands.agents import ReadDefaultMode, SetMode, SetPaused
from agent.protocol.commands.gates import TrustDirectory
from agent.protocol.events import PausedChanged
from memory.directories import git_top_level


async def set_mode(agents: Agents, command: SetMode) -> None:
    """Change how much an agent may do without a person."""
    await agents.set_mode(agents.live.get(command.agent_id), command.mode)


async def read_default_mode(agents: Agents, command: ReadDefaultMode) -> dict[str, Any]:
    """Tell which mode an agent gets in a directory, and why; and what else the settings say.

    Raises:
        DirectoryUnusable: there is none such.
    """
    directory, config = usable_directory(command.directory), agents.services.config
    mode, because = await explained(agents.services, directory)
    worktree = config.worktrees.mode == "on" and git_top_level(directory) is not None
    return {
        "mode": mode.value,
        "because": because,
        "wall": config.wall.mode == "on",
        "worktree": worktree,
    }


async def trust_directory(agents: Agents, command: TrustDirectory) -> None:
    """Remember whether the person trusts a directory; agents there follow."""
    directory = _trusted_place(command)
    directories = agents.services.database.directories
    if command.trusted:
        await directories.trust(directory)
    else:
        await directories.distrust(directory)
    for agent in agents.live:
        if agent.demo or agent.mode is Mode.PLAN:
            continue
        if agent.directory == directory or agent.directory.is_relative_to(directory):
            mode = await default_mode(agents.services, agent.directory)
            if agent.mode is not mode:
                await agents.set_mode(agent, mode)


async def set_paused(agents: Agents, command: SetPaused) -> None:
    """Hold every agent before its next step, or let them go; the next engine does the same."""
    if command.paused:
        # At once, whether or not it can be written down.
        agents.services.go.clear()
    await agents.services.database.journal.append(PAUSED, None, {"paused": command.paused})
    if not command.paused:
        agents.services.go.set()
    agents.services.hub.publish(PausedChanged(paused=command.paused))
    for agent in agents.live:
        agent.publish()


def _trusted_place(command: TrustDirectory) -> Path:
    """What is to be trusted, or no longer: one that is gone can lose its trust, too.

    Raises:
        DirectoryUnusable: it cannot be trusted; says why.
    """
    given = Path(command.directory)
    if not command.trusted and given.is_absolute() and not given.exists():
        return given.resolve()
    return usable_directory(command.directory)
