"""A command that limits what everything may use."""

from __future__ import annotations

from typing import Literal

from agent.protocol.usage import Budget
from agent.protocol.wire import Wire


class SetDayLimit(Wire):
    """Say how much all agents together may use in a day, and keep it in the settings.

    Refused when it limits minutes, or when the settings cannot be changed by themselves.
    Result: `{"file": str}`, where it is kept.
    """

    type: Literal["set_day_limit"] = "set_day_limit"
    limit: Budget
