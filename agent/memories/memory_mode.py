"""How much memory the person wants, changed while the engine runs and kept in their settings."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from agent.settings import settings_file

if TYPE_CHECKING:
    from agent.engine.engine_parts import Parts
    from agent.protocol.memory import Mode


async def change(parts: Parts, mode: Mode) -> Path:
    """Keep a mode in the settings, then have everything follow it; returns the file.

    Raises:
        SettingsNotKept: the file cannot be read or written; nothing was changed then.
    """
    # One after the other: what is followed is what the file says.
    async with parts.dream.changing:
        file = parts.paths.config_file
        await asyncio.to_thread(settings_file.keep, file, "dream", {"mode": mode})
        parts.agents.change_memory_mode(mode)
        await parts.remembering.change_mode(mode)
        await parts.dream.change_mode(mode)
    return file
