"""What controls Tungsten or the terminals it works in, by the names of programs and modules."""

from __future__ import annotations

import re

OWN_PROGRAMS = frozenset(["tungsten", "tmux", "tmuxp"])
"""Programs that type into, control or decide for the agent's own terminals."""

_OWN_MODULES = re.compile(
    r"(?:tungsten|libtmux|tmuxp)(?:[.:]|$)"
    r"|agent[.:](?:client|engine|gate|perform|config|agents|headless|live_agent|effects)\b"
    r"|tui(?:$|[.:](?:cli|app|__main__)\b)"
)


def own_module(name: str) -> bool:
    """A Python module that reaches Tungsten or tmux; `module:function` and file names count too."""
    return _OWN_MODULES.match(name.removesuffix(".py").lstrip(".")) is not None
