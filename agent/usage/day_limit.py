"""What all agents together may use in a day, changed while the engine runs and kept in settings."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from agent.errors import CommandRefused
from agent.settings import settings_file
from agent.settings.settings import Limits

if TYPE_CHECKING:
    from agent.engine.engine_parts import Parts
    from agent.protocol.usage import Budget


async def change(parts: Parts, limit: Budget) -> Path:
    """Keep a limit in the settings, and have it count from the next request on; returns the file.

    Raises:
        CommandRefused: it limits minutes, which a day has anyway.
        SettingsNotKept: the file cannot be read or written; nothing was changed then.
    """
    if limit.minutes is not None:
        raise CommandRefused("A day has its minutes: limit dollars, requests or tokens.")
    file = parts.paths.config_file
    wanted = {name: getattr(limit, name) for name in Limits.model_fields}
    # One after the other with whatever else the file is changed for.
    async with parts.dream.changing:
        await asyncio.to_thread(settings_file.keep, file, "budget.day", wanted)
        await parts.agents.services.budgets.read_settings_again()
    return file
