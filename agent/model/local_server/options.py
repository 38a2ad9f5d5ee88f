"""What the options of one request exclude in each other.

Each check stands for one documented 400, of the pages on thinking, on pre-warming the prompt cache
and on mid-conversation system messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from agent.model.local_server.errors import invalid
from agent.model.local_server.models import ServedModel

LEAST_BUDGET = 1024
"""Least `budget_tokens` of manual thinking."""


def check(body: Mapping[str, Any], model: ServedModel) -> None:
    """Apply the rules to a body that has the right shape.

    Raises:
        ApiError: the first rule that is broken.
    """
    thinking = body.get("thinking") or {}
    forced = (body.get("tool_choice") or {}).get("type") in ("any", "tool")
    if thinking.get("type") == "enabled":
        _check_budget(body, thinking["budget_tokens"], model)
    if forced and thinking.get("type") in ("adaptive", "enabled"):
        raise invalid("Thinking may not be enabled when tool_choice forces tool use.")
    if body.get("max_tokens") == 0:
        _check_prewarm(body, forced=forced)
    _check_system_messages(body["messages"])


def _check_budget(body: Mapping[str, Any], budget: int, model: ServedModel) -> None:
    if not model.manual_thinking:
        raise invalid(
            '"thinking.type.enabled" is not supported for this model. Use '
            '"thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
        )
    if budget < LEAST_BUDGET:
        raise invalid(
            "thinking.enabled.budget_tokens: Input should be greater than or equal to "
            f"{LEAST_BUDGET}"
        )
    if body.get("max_tokens", budget + 1) <= budget:
        raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")


def _check_prewarm(body: Mapping[str, Any], *, forced: bool) -> None:
    excluded = {
        "`stream: true`": body.get("stream"),
        '`thinking.type: "enabled"`': (body.get("thinking") or {}).get("type") == "enabled",
        "`output_config.format`": (body.get("output_config") or {}).get("format"),
        "a `tool_choice` that forces tool use": forced,
    }
    for name, given in excluded.items():
        if given:
            raise invalid(f"max_tokens: 0 cannot be combined with {name}")


def _check_system_messages(messages: list[dict[str, Any]]) -> None:
    for number, (message, following) in enumerate(pairwise(messages)):
        if message["role"] == "system" and following["role"] == "user":
            raise invalid(
                f"messages.{number}: role 'system' must be the last message or be followed by an "
                "'assistant' message"
            )
