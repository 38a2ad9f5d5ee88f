"""Which rule judges which program; a program in no table is looked up in `programs`."""

from __future__ import annotations

from agent.risk import files, infrastructure, interpreters, network, wrappers
from agent.risk.evaluate import Handler

HANDLERS: dict[str, Handler] = {
    **files.HANDLERS,
    **infrastructure.HANDLERS,
    **network.HANDLERS,
    **wrappers.HANDLERS,
    **interpreters.HANDLERS,
}
"""Program name → rule. The name `@file` stands for a command given by its path."""
