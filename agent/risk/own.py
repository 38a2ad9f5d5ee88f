"""What controls Tungsten or the terminals it works in, by the names of programs and modules."""

from __future__ import annotations

import re

OWN_PROGRAMS = frozenset(["tungsten", "tmux", "tmuxp"])
"""Programs that type into, control or decide for the agent's own terminals."""

# Modules of earlier versions, too: one of them may be what is installed.
_OWN_MODULES = re.compile(
    r"(?:tungsten|libtmux|tmuxp)(?:[.:]|$)"
    r"|agent[.:](?:agents|client|commands|config|effects|engine|gates?|headless|hook|live_agent|mcp"
    r"|perform|playbook|settings|steps)\b"
    r"|agent\.demo\.headless\b"
    r"|tui(?:$|[.:](?:cli|app|command_line|connection|front_end|__main__|\w+_commands)\b)"
)


def own_module(name: str) -> bool:
    """A Python module that reaches Tungsten or tmux; `module:function` and file names count too."""
    return _OWN_MODULES.match(name.removesuffix(".py").lstrip(".")) is not None
