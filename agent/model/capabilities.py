"""What may be sent to which model: a plain local server must not be asked for what it lacks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from agent.model.endpoint import Endpoint
from agent.model.prices import context_window
from agent.model.thinking import EVERYTHING, NOTHING, Thinking, by_number, told_by

_MODEL_NUMBER = re.compile(
    r"^claude-(?P<line>[a-z]+)-(?P<major>\d+)(?:-(?P<minor>\d{1,2}))?(?:-|$)"
)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an endpoint and model are known to understand.

    `context_window` and `max_output` are in tokens, None when nobody says.
    """

    prompt_cache: bool = False
    system_messages: bool = False
    count_tokens: bool = False
    betas: bool = False
    images: bool = False
    compaction: bool = False
    """Whether it summarises a conversation on demand; see `agent.messages.compaction_block`."""
    thinking: Thinking = NOTHING
    """What it takes of thinking and effort."""
    thinking_is_told: bool = False
    """Whether only its model list says that."""
    context_window: int | None = None
    max_output: int | None = None


PLAIN = Capabilities()
"""The Messages API as every local server knows it: text, tools, streaming."""

GATEWAY = Capabilities(prompt_cache=True, thinking_is_told=True)
"""What stands before Anthropic's own models passes on what belongs to every version of the API."""


def assumed(endpoint: Endpoint, model: str) -> Capabilities:
    """Judge by the address, the model's name and what the person says."""
    known = _by_name(endpoint, model)
    if endpoint.prompt_cache is not None:
        known = replace(known, prompt_cache=endpoint.prompt_cache)
    return replace(known, context_window=endpoint.context_window or known.context_window)


def _by_name(endpoint: Endpoint, model: str) -> Capabilities:
    if endpoint.is_first_party:
        return Capabilities(
            prompt_cache=True,
            system_messages=has_system_messages(model),
            count_tokens=True,
            betas=True,
            # Since the third generation all of them do ("Vision" in its documentation).
            images=True,
            thinking=thinking_of(model),
            context_window=context_window(model),
        )
    if endpoint.provider == "demo":
        return Capabilities(
            prompt_cache=True,
            system_messages=True,
            count_tokens=True,
            betas=True,
            images=True,
            thinking=EVERYTHING,
        )
    return GATEWAY if "claude" in model.lower() else PLAIN


def from_model_info(endpoint: Endpoint, model: str, info: Mapping[str, Any]) -> Capabilities:
    """Add what the endpoint's model list says (only documented fields, if they have sense)."""
    known = assumed(endpoint, model)
    window, output = _window(info), info.get("max_tokens")
    told = info.get("capabilities")
    images = _supported(told, "image_input")
    compaction = _supported(told, "compaction", "summarize")
    return replace(
        known,
        context_window=endpoint.context_window or window or known.context_window,
        max_output=output if isinstance(output, int) and output > 0 else known.max_output,
        images=known.images if images is None else images,
        compaction=known.betas and bool(compaction),
        thinking=told_by(told) if known.thinking_is_told else known.thinking,
    )


def _supported(told: object, *names: str) -> bool | None:
    """Whether a capability is told to be supported; None when nothing of sense is told."""
    for name in names:
        told = told.get(name) if isinstance(told, Mapping) else None
    found = told.get("supported") if isinstance(told, Mapping) else None
    return found if isinstance(found, bool) else None


def _window(info: Mapping[str, Any]) -> int | None:
    """Tokens of the context: `max_model_len` is vLLM's word, `meta.n_ctx` that of llama.cpp."""
    meta = info.get("meta")
    told = (
        info.get("max_input_tokens"),
        info.get("max_model_len"),
        meta.get("n_ctx") if isinstance(meta, Mapping) else None,
    )
    return next((one for one in told if isinstance(one, int) and one > 0), None)


def has_system_messages(model: str) -> bool:
    """Whether a model takes `role: "system"` messages within a conversation.

    Source: "Mid-conversation system messages" in Anthropic's documentation: Opus from 4.8 on, Fable
    and Mythos, and of the others those from 5.5 on; not Sonnet 5.
    """
    found = _number(model)
    if found is None:
        return False
    line, number = found
    least = {"opus": (4, 8), "fable": (5, 0), "mythos": (5, 0)}.get(line, (5, 5))
    return number >= least


def thinking_of(model: str) -> Thinking:
    """What one of Anthropic's models takes of thinking and effort."""
    found = _number(model)
    return NOTHING if found is None else by_number(*found)


def _number(model: str) -> tuple[str, tuple[int, int]] | None:
    match = _MODEL_NUMBER.match(model)
    return match and (match["line"], (int(match["major"]), int(match["minor"] or 0)))
