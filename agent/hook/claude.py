"""Claude Code: `PermissionRequest` and its other hooks.

Read from @anthropic-ai/claude-code 2.1.332: the input and output schemas in its program
(`hook_event_name`, `hookSpecificOutput`), its `sdk-tools.d.ts`, and https://code.claude.com/docs/en/hooks.

* stdin: `session_id`, `transcript_path`, `cwd`, `permission_mode`, `agent_id` (in subagents alone),
  `hook_event_name`, and by event: PermissionRequest `tool_name`, `tool_input`,
  `permission_suggestions` (no `tool_use_id`); PostToolUse `tool_name`, `tool_input`;
  Notification `message`, `notification_type`; UserPromptSubmit `prompt`; Stop; SessionEnd `reason`.
* stdout: `{"hookSpecificOutput": {"hookEventName": "PermissionRequest", "decision": {"behavior":
  "allow"}}}`, or `"deny"` with `message`, which the model is told. With `allow`, `updatedInput`
  takes the place of the whole input; the model sees its own input and the other's result. What
  PostToolUse and UserPromptSubmit print as `additionalContext`, the model reads. Nothing printed
  with status 0: the dialog stands. Status 2 would deny.
* The hook runs while the dialog is on the screen; whichever answers first counts. When the person
  answers in the pane, the hook is not ended: only PostToolUse, or the end of the turn, tells of it.
* A hook is ended after `timeout` seconds, 600 unless given.
* Transcript: JSON lines. Each block of an answer is a line of `type` "assistant" with `message`,
  whose `id` and `usage` (`input_tokens`, `cache_read_input_tokens`, `cache_creation_input_tokens`,
  `output_tokens`) are those of the whole answer; subagents write to files of their own. At the end
  of the program, a line of `type` "cost-state" with `totalCostUSD`.
* Settings: `hooks` in `~/.claude/settings.json` (`CLAUDE_CONFIG_DIR` moves the directory), or in a
  project's `.claude/settings.local.json`. A tool that needs the person's own answer
  (AskUserQuestion, ExitPlanMode) is not allowed by a hook.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agent.hook.adapter import Adapter, Asked, Heard, HookSettings, Kind, text
from agent.hook.spending import Entries, Spent, number
from agent.protocol.agents import AgentState

ASKS_PERSON = frozenset({"AskUserQuestion", "ExitPlanMode", "EnterPlanMode"})
"""Tools by which it asks the person something; nobody else can answer."""

_WAITS: dict[str, Kind] = {
    "permission_prompt": "permission",
    "elicitation_dialog": "question",
}
"""`notification_type` of notifications that tell of a dialog."""

_TAKES_CONTEXT = frozenset({"PostToolUse", "UserPromptSubmit"})
"""Events whose `additionalContext` the model is given."""


def read(value: Mapping[str, Any]) -> Asked | Heard | None:
    """Understand one event of Claude Code."""
    found = _read(value)
    return with_transcript(found, value)


def with_transcript(found: Asked | Heard | None, value: Mapping[str, Any]) -> Asked | Heard | None:
    """The same, with the file that an event names."""
    if not isinstance(found, Heard):
        return found
    return replace(found, transcript=text(value, "transcript_path"))


def _read(value: Mapping[str, Any]) -> Asked | Heard | None:
    event = text(value, "hook_event_name")
    session, thread = text(value, "session_id"), text(value, "agent_id")
    match event:
        case "PermissionRequest" if text(value, "tool_name") in ASKS_PERSON:
            tool = text(value, "tool_name")
            return Heard(event, AgentState.WAITING, "question", tool, once=True, session=session)
        case "PermissionRequest":
            return asked(value)
        case "PostToolUse":
            return Heard(
                event,
                AgentState.WORKING,
                settles="tool",
                session=session,
                done=asked(value),
                detail=text(value, "tool_name"),
            )
        case "UserPromptSubmit":
            return Heard(event, AgentState.WORKING, settles="turn", session=session)
        case "Stop" if not thread:
            return Heard(event, AgentState.IDLE, settles="turn", session=session)
        case "SessionEnd":
            return Heard(event, settles="turn", session=session, detail=text(value, "reason"))
        case "Notification":
            kind = _WAITS.get(text(value, "notification_type"))
            if kind is None:
                return None
            detail = text(value, "message")
            return Heard(event, AgentState.WAITING, kind, detail, once=True, session=session)
        case _:
            return None


def asked(value: Mapping[str, Any]) -> Asked:
    """The tool use that an event is about."""
    given = value.get("tool_input")
    intent = text(given, "description") if isinstance(given, Mapping) else ""
    return Asked(
        tool=text(value, "tool_name"),
        input=given,
        cwd=text(value, "cwd"),
        session=text(value, "session_id"),
        thread=text(value, "agent_id"),
        intent=intent,
    )


def spent(line: Mapping[str, Any], known: Spent) -> None:
    """Add what a line of its transcript says."""
    match line.get("type"):
        case "assistant" if isinstance(message := line.get("message"), Mapping):
            used, key = message.get("usage"), text(message, "id")
            cached = ("cache_read_input_tokens", "cache_creation_input_tokens")
            known.sent[key] = number(used, "input_tokens", *cached)
            known.received[key] = number(used, "output_tokens")
            # What was named before is no longer the whole.
            known.cost = None
        case "cost-state":
            cost = line.get("totalCostUSD")
            if isinstance(cost, int | float) and math.isfinite(cost):
                known.cost = float(cost)


def allow() -> bytes:
    """Let it use the tool."""
    return _decision({"behavior": "allow"})


def change(given: Mapping[str, Any], command: str) -> bytes:
    """Let it use the tool, with another command."""
    return _decision({"behavior": "allow", "updatedInput": {**given, "command": command}})


def remark(event: str, said: str) -> bytes:
    """Tell the model something beside what happened."""
    if event not in _TAKES_CONTEXT:
        return b""
    output = {"hookEventName": event, "additionalContext": said}
    return json.dumps({"hookSpecificOutput": output}).encode() + b"\n"


def deny(why: str) -> bytes:
    """Keep it from using the tool; the model is told why."""
    return _decision({"behavior": "deny", "message": why})


def _decision(decision: Mapping[str, Any]) -> bytes:
    output = {"hookEventName": "PermissionRequest", "decision": decision}
    return json.dumps({"hookSpecificOutput": output}).encode() + b"\n"


ADAPTER = Adapter(
    "claude",
    "Claude Code",
    read,
    allow,
    deny,
    recorded="2.1.332",
    change=change,
    remark=remark,
    spends=Entries((b'"usage"', b'"cost-state"'), spent),
)

HOOKS = (
    HookSettings("PermissionRequest", timeout=int(ADAPTER.hold) + 60),
    HookSettings("PostToolUse"),
    HookSettings("Notification"),
    HookSettings("UserPromptSubmit"),
    HookSettings("Stop"),
    HookSettings("SessionEnd"),
)
"""What is installed."""
