"""Codex: `PermissionRequest` and its other hooks.

Read from @openai/codex 0.171.0: the JSON schemas in its program
(`permission-request.command.input`, `…output`), https://developers.openai.com/codex/hooks and
https://github.com/openai/codex/pull/17563.

* stdin: as Claude Code's, with `turn_id` and `model`. `tool_name` is `Bash` for commands
  (`tool_input.command`, and `tool_input.description`: why it must leave the sandbox), `apply_patch`
  for patches (`tool_input.command` is the patch), `mcp__SERVER__TOOL` for others. Access to the
  network comes as `Bash` with a description or command that begins with `network-access`.
* stdout: as Claude Code's. `updatedInput`, `updatedPermissions` and `interrupt` make it refuse.
  Nothing printed with status 0: its own prompt stands.
* The hook runs before the prompt is shown, and its screen waits for it: so a hook must let go soon,
  and what a person has to decide is answered by key.
* Transcript: JSON lines; those of `payload.type` "token_count" hold
  `payload.info.total_token_usage`
  (`input_tokens`, `output_tokens`), the sums of the conversation. No cost is named.
* Settings: `hooks.json` in `~/.codex` (`CODEX_HOME` moves it) or in a project's `.codex`, in Claude
  Code's form. A hook runs only after the person has trusted it in Codex, which asks at its start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.hook import claude
from agent.hook.adapter import Adapter, Asked, Heard, HookSettings, text
from agent.hook.spending import Entries, Spent, number
from agent.protocol.agents import AgentState

HOLD_SECONDS = 1.0
"""How long its screen may wait for a person who happens to be looking."""

_NETWORK = "network-access"


def read(value: Mapping[str, Any]) -> Asked | Heard | None:
    """Understand one event of Codex."""
    return claude.with_transcript(_read(value), value)


def _read(value: Mapping[str, Any]) -> Asked | Heard | None:
    event, session = text(value, "hook_event_name"), text(value, "session_id")
    match event:
        case "PermissionRequest":
            return _asked(value)
        case "PostToolUse":
            done = _asked(value)
            return Heard(
                event,
                AgentState.WORKING,
                settles="tool",
                session=session,
                done=done,
                detail=done.tool,
            )
        case "UserPromptSubmit":
            return Heard(event, AgentState.WORKING, settles="turn", session=session)
        case "Stop":
            return Heard(event, AgentState.IDLE, settles="turn", session=session)
        case _:
            return None


def _asked(value: Mapping[str, Any]) -> Asked:
    found = claude.asked(value)
    given = found.input if isinstance(found.input, Mapping) else {}
    if any(text(given, name).startswith(_NETWORK) for name in ("command", "description")):
        # Not the command is asked about, but what it may reach.
        return Asked(_NETWORK, found.input, found.cwd, found.session, found.thread, found.intent)
    return found


def spent(line: Mapping[str, Any], known: Spent) -> None:
    """Take what a line of its transcript says, which is the sum of all so far."""
    payload = line.get("payload")
    info = payload.get("info") if isinstance(payload, Mapping) else None
    total = info.get("total_token_usage") if isinstance(info, Mapping) else None
    if isinstance(total, Mapping):
        # What its cache had is a part of its input, and what it reasoned a part of its output.
        known.sent["all"] = number(total, "input_tokens")
        known.received["all"] = number(total, "output_tokens")


ADAPTER = Adapter(
    "codex",
    "Codex",
    read,
    claude.allow,
    claude.deny,
    HOLD_SECONDS,
    "0.171.0",
    spends=Entries((b'"token_count"',), spent),
)

HOOKS = (
    # Longer than any profile may hold it.
    HookSettings("PermissionRequest", timeout=3660),
    HookSettings("PostToolUse"),
    HookSettings("UserPromptSubmit"),
    HookSettings("Stop"),
)
"""What is installed."""
