"""All kinds of agents that have a hook of ours, by name."""

from __future__ import annotations

from agent.hook import aider, claude, codex, gemini, opencode
from agent.hook.adapter import Adapter

ADAPTERS: dict[str, Adapter] = {
    each.ADAPTER.name: each.ADAPTER for each in (claude, codex, opencode, gemini, aider)
}
