"""Commands of agents without a model: a playbook or another program gives the steps."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from agent.protocol.agents import Mode
from agent.protocol.wire import Wire


class Play(Wire):
    """Play a playbook as a session of its own; `source` is the YAML, `file` names it in errors.

    Result: `{"agent_id": str}`. Each step becomes a tool block whose `tool_use_id` begins with
    `step-N-`. While no person's app is connected, what needs a person is denied at once.
    """

    type: Literal["play"] = "play"
    name: str = ""
    directory: str
    source: str = Field(max_length=256 * 1024)
    file: str = "playbook"
    mode: Mode = Mode.STANDARD
    wall: bool | None = None
    """Whether its panes stand behind a wall; None: as the settings say."""
    record: bool = False
    """Whether every pane is recorded; `Recordings` gives the files."""


class ExportPlaybook(Wire):
    """Write the terminal steps of a session, archived or not, as a playbook.

    Result: `{"source": str}`.
    """

    type: Literal["export_playbook"] = "export_playbook"
    agent_id: str


class UseTool(Wire):
    """Have an agent of kind `mcp` use one of its tools, through the gate.

    Result: `{"use_id", "status", "text", "risk", "decision", "exit_status", "pane_id", "picture"}`
    as soon as it has ended, at the latest after `patience` seconds: then `status` is `gated` (it
    waits for a person) or `running`, and `AwaitUse` tells more.
    """

    type: Literal["use_tool"] = "use_tool"
    agent_id: str
    name: str
    input: dict[str, JsonValue] = Field(default_factory=dict)
    patience: float = Field(default=30.0, ge=0, le=3600)


class AwaitUse(Wire):
    """Wait further for a tool use; the result is that of `UseTool`."""

    type: Literal["await_use"] = "await_use"
    agent_id: str
    use_id: str
    patience: float = Field(default=30.0, ge=0, le=3600)
