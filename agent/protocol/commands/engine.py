"""Commands to the engine itself: its model, the demo, dreams, its end."""

from __future__ import annotations

from typing import Literal

from pydantic import JsonValue

from agent.protocol.wire import Wire


class Configure(Wire):
    """Choose the model: a key, an endpoint, or the built-in demo model.

    The choice is checked against the endpoint before it is kept. Result: `{"setup": Setup}`.
    """

    type: Literal["configure"] = "configure"
    provider: Literal["anthropic", "endpoint", "demo"]
    api_key: str = ""
    base_url: str = ""
    model: str = ""


class StartDemo(Wire):
    """Run the demo job. `pace` 1 is meant to be watched, 0 is as fast as it goes.

    Result: `{"directory": str, "agents": [agent_id, …]}`.
    """

    type: Literal["start_demo"] = "start_demo"
    pace: float = 1.0
    keep: str = ""
    """Directory to leave the repository in; empty: temporary, removed at the end."""


class StopDemo(Wire):
    """End the demo and clean up."""

    type: Literal["stop_demo"] = "stop_demo"


class DreamNow(Wire):
    """Begin a dream, whatever the gates say. Its phases come as events, its end as a notice."""

    type: Literal["dream_now"] = "dream_now"


class AskMemory(Wire):
    """Look at memories and dreams, or change them; `request` is one of `agent.protocol.memory`.

    The result is the one that is described there.
    """

    type: Literal["ask_memory"] = "ask_memory"
    request: dict[str, JsonValue]


class ReadUsage(Wire):
    """Add up what was used. Result: `{"report": UsageReport}`."""

    type: Literal["read_usage"] = "read_usage"


class Shutdown(Wire):
    """Stop the engine. Sessions stay on disk; `panes` also ends the private tmux server."""

    type: Literal["shutdown"] = "shutdown"
    panes: bool = False
