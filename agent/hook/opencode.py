"""OpenCode: its plugin, `tungsten.js`, which is shipped beside this module.

Read from opencode-ai 1.18.33 and @opencode-ai/plugin 1.18.33.

* The plugin interface has a hook `permission.ask`, which nothing calls
  (https://github.com/anomalyco/opencode/issues/7006). What works is its `event` hook: the event
  `permission.asked` (`id`, `sessionID`, `permission`, `patterns`, `metadata`, `tool`), answered
  over its own server, at `/permission/ID/reply` with `{"reply": "once" | "reject", "message"}`.
* Its prompt is on the screen meanwhile; `permission.replied` tells that it was answered there.
* `metadata` holds `command` (bash), `filepath` and `diff` (edit), `url` (webfetch), `path` (glob,
  grep, list); what is read is named by `patterns` alone, relative to the worktree.
* Plugins: files in `plugins/` of `~/.config/opencode`, or of a project's `.opencode`.

What the plugin hands to the hook is the event, with `cwd`, `worktree`, and what the tool was called
with as `args` (from the hook `tool.execute.before`); what it reads are the words `allow`, or `deny`
with why on the lines after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.hook.adapter import Adapter, Asked, Heard, text
from agent.protocol.agents import AgentState


def read(value: Mapping[str, Any]) -> Asked | Heard | None:
    """Understand one event of OpenCode."""
    event = text(value, "type")
    found = value.get("properties")
    about: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    session = text(about, "sessionID")
    match event:
        case "permission.asked":
            permission = text(about, "permission")
            given = {name: about.get(name) for name in ("patterns", "metadata")}
            return Asked(
                tool=f"opencode.{permission}",
                input={**given, "args": value.get("args")},
                cwd=text(value, "worktree" if permission == "read" else "cwd"),
                session=session,
                request=text(about, "id"),
            )
        case "permission.replied":
            return Heard(
                event,
                AgentState.WORKING,
                settles="request",
                session=session,
                request=text(about, "requestID"),
            )
        case "question.asked":
            return Heard(event, AgentState.WAITING, "question", once=True, session=session)
        case "session.status":
            status = about.get("status")
            busy = isinstance(status, Mapping) and status.get("type") == "busy"
            return Heard(event, AgentState.WORKING, session=session) if busy else None
        case "session.idle":
            return Heard(event, AgentState.IDLE, settles="turn", session=session)
        case _:
            return None


def allow() -> bytes:
    """Let it use the tool, once."""
    return b"allow\n"


def deny(why: str) -> bytes:
    """Keep it from using the tool; the model is told why."""
    return b"deny\n" + why.encode("utf-8", "replace")


ADAPTER = Adapter("opencode", "OpenCode", read, allow, deny, recorded="1.18.33")
