"""What the options of one request exclude in each other.

Each check stands for one documented 400, of the pages on thinking, on effort and on pre-warming
the prompt cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.model.local_server.errors import invalid
from agent.model.local_server.models import ServedModel
from agent.model.local_server.system_messages import check_level

LEAST_BUDGET = 1024
"""Least `budget_tokens` of manual thinking."""

WITH_THINKING_ONLY = ("xhigh", "max")
"""Efforts that no model takes with thinking turned off."""


def check(body: Mapping[str, Any], model: ServedModel) -> None:
    """Apply the rules to a body that has the right shape.

    Raises:
        ApiError: the first rule that is broken.
    """
    thinking = body.get("thinking") or {}
    forced = (body.get("tool_choice") or {}).get("type") in ("any", "tool")
    _check_thinking_and_effort(body, thinking.get("type", ""), model)
    if thinking.get("type") == "enabled":
        _check_budget(body, thinking["budget_tokens"], model)
    if forced and thinking.get("type") in ("adaptive", "enabled"):
        raise invalid("Thinking may not be enabled when tool_choice forces tool use.")
    if body.get("max_tokens") == 0:
        _check_prewarm(body, forced=forced)


def _check_thinking_and_effort(body: Mapping[str, Any], kind: str, model: ServedModel) -> None:
    if kind == "adaptive" and not model.adaptive_thinking:
        raise invalid("adaptive thinking is not supported on this model")
    if kind in ("disabled", "between_tools") and kind not in model.thinking_off:
        raise invalid(
            f'"thinking.type.{kind}" is not supported for this model. Use '
            '"thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
        )
    levels = [message.get("output_config") for message in body["messages"]]
    efforts = [each["effort"] for each in [body.get("output_config"), *levels] if _says(each)]
    if _says(body.get("output_config")):
        check_level(body["output_config"]["effort"], model, "output_config.effort")
    if kind in ("disabled", "between_tools"):
        for level in efforts:
            if level in WITH_THINKING_ONLY:
                raise invalid(
                    f"output_config.effort: '{level}' is not supported with "
                    f'"thinking.type.{kind}".'
                )


def _says(output_config: Mapping[str, Any] | None) -> bool:
    return bool((output_config or {}).get("effort"))


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
