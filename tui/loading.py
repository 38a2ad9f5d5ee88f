"""Loads what the first frame does without: module by module, while the loop goes on.

Not in a thread: the two would take the interpreter from each other for longer than an import
takes, and a thread's own heap costs a megabyte that is never given back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module

CONNECTION = ("tungsten.screen.view", "tui.terminal.connection")
"""What reaches the private tmux server."""

PANE = ("tui.terminal.strips", "tui.terminal.pane_view")
"""What shows a live pane."""

ENGINE = (
    "typing_inspection.introspection",
    "zoneinfo",
    "pydantic_core",
    "pydantic.config",
    "pydantic.json_schema",
    "pydantic.fields",
    "pydantic.main",
    "pydantic.type_adapter",
    "agent.protocol.conversation",
    "agent.protocol.snapshot",
    "agent.protocol.events",
    "agent.engine.client",
    "tui.reception",
    "tui.requests",
    "tui.connection",
)
"""What talks with the engine, cut so that no piece holds up the screen for longer than a frame."""


async def load(modules: Sequence[str], give_way: Callable[[], Awaitable[None]]) -> None:
    """Import modules in order, and await `give_way` before each."""
    for name in modules:
        await give_way()
        import_module(name)
