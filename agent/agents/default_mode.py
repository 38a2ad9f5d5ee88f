"""How much a new agent may do without a person."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from agent.agents.services import Services
from agent.protocol.agents import Mode

Because = Literal["settings", "trusted", "untrusted"]


async def default_mode(services: Services, directory: Path, *, demo: bool = False) -> Mode:
    """The mode of new agents in a directory; the demo's is always the same."""
    return Mode.STANDARD if demo else (await explained(services, directory))[0]


async def explained(services: Services, directory: Path) -> tuple[Mode, Because]:
    """The mode of new agents in a directory, and what decides it."""
    if services.config.mode is not None:
        return Mode(services.config.mode), "settings"
    if await services.database.directories.is_trusted(directory):
        return Mode.STANDARD, "trusted"
    return Mode.CAREFUL, "untrusted"
