"""Gemini CLI: its hooks tell what it does; none of them can answer its prompt.

Read from @google/gemini-cli 0.61.0, `docs/hooks/reference.md` in its package.

* `Notification` with `notification_type` `ToolPermission` tells of a prompt, with `details`; "this
  hook cannot block alerts or grant permissions". `BeforeTool` can refuse a tool and not allow one.
  So its prompt is answered in its pane, or by key.
* stdin: `session_id`, `cwd`, `hook_event_name`, `timestamp`. Timeouts are in milliseconds.
* It waits for every hook to end before it goes on.
* Settings: `hooks` in `~/.gemini/settings.json`, or in a project's `.gemini/settings.json`; JSON in
  which comments may stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.hook.adapter import Adapter, Heard, HookSettings, no_denial, nothing, text
from agent.protocol.agents import AgentState


def read(value: Mapping[str, Any]) -> Heard | None:
    """Understand one event of Gemini CLI."""
    event, session = text(value, "hook_event_name"), text(value, "session_id")
    match event:
        case "Notification" if text(value, "notification_type") == "ToolPermission":
            detail = text(value, "message")
            return Heard(
                event, AgentState.WAITING, "permission", detail, once=True, session=session
            )
        case "BeforeAgent":
            return Heard(event, AgentState.WORKING, session=session)
        case "AfterAgent":
            return Heard(event, AgentState.IDLE, session=session)
        case _:
            return None


ADAPTER = Adapter("gemini", "Gemini CLI", read, nothing, no_denial, 0.0, "0.61.0")

HOOKS = (
    HookSettings("Notification", matcher="ToolPermission", timeout=30_000),
    HookSettings("BeforeAgent", timeout=30_000),
    HookSettings("AfterAgent", timeout=30_000),
)
"""What is installed; timeouts in milliseconds."""
