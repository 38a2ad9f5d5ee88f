"""The error tree of the mind: the text of each error is one line for a person, with the way out."""

from __future__ import annotations


class AgentError(Exception):
    """Base of everything that `agent` raises for a caller to handle."""


class EngineUnreachable(AgentError):
    """No engine answers and none could be started."""


class InsidePane(AgentError):
    """The engine was to be started or ended from where an agent can do so."""

    def __init__(self) -> None:
        super().__init__(
            "An agent's pane starts and ends no engine: do that in a terminal of your own."
        )


class EngineGone(AgentError):
    """The connection to the engine ended."""


class EngineVersionDiffers(AgentError):
    """The engine that runs is another version of the program than this one."""

    def __init__(self, engine_version: str, own_version: str) -> None:
        self.engine_version = engine_version
        self.own_version = own_version
        super().__init__(
            f"The running engine is version {engine_version or 'unknown'}, this is {own_version}: "
            "run `tungsten kill-engine`, then start again; sessions and panes stay."
        )


class CommandRefused(AgentError):
    """The engine did not carry out a command; the text is its reason."""


class AgentUnknown(AgentError):
    """A command names an agent, gate or question that is not there (any more)."""
