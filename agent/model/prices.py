"""What a turn costs, from the price list that comes with genai-prices; nothing is fetched.

A model without a known price costs `None`, shown as "unpriced"; it is never guessed from a
similar name. The built-in demo model is no one's service and costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from agent.model.endpoint import Endpoint
from agent.model.events import TurnUsage

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider

    from agent.settings.settings import Price

_PROVIDER = "anthropic"
_SNAPSHOT_DATE = re.compile(r"-\d{8}$")


def cost(
    model: str, usage: TurnUsage, endpoint: Endpoint, own: Mapping[str, Price] | None = None
) -> float | None:
    """Price one request in US dollars.

    Args:
        model: the model id as the endpoint reported it.
        usage: what it consumed.
        endpoint: who answered; the list holds for Anthropic itself and for nobody else.
        own: prices that the person gave, which come first.

    Returns:
        The price, or None when neither the person nor the list names exactly this model.
    """
    if endpoint.provider == "demo":
        return 0.0
    if own and model in own:
        return own[model].of(
            usage.input_tokens, usage.cache_read, usage.cache_write, usage.output_tokens
        )
    found = _find(model) if endpoint.is_first_party else None
    if found is None:
        return None
    from genai_prices import Usage

    provider, info = found
    priced = Usage(
        # The library counts cached tokens as a part of the input, the Messages API beside it.
        input_tokens=usage.input_tokens + usage.cache_read + usage.cache_write,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write,
        cache_write_1h_tokens=usage.cache_write_1h,
        output_tokens=usage.output_tokens,
    )
    return float(info.calc_price(priced, provider).total_price)


def is_known(model: str, endpoint: Endpoint, own: Mapping[str, Price] | None = None) -> bool:
    """Whether a request to a model can be priced, before it is made."""
    return cost(model, TurnUsage(), endpoint, own) is not None


def context_window(model: str) -> int | None:
    """Say how many tokens a known model's context window holds, or None."""
    found = _find(model)
    return found[1].context_window if found is not None else None


@lru_cache(maxsize=64)
def _find(model: str) -> tuple[Provider, ModelInfo] | None:
    from genai_prices.data_snapshot import get_snapshot

    try:
        provider, info = get_snapshot().find_provider_model(model, None, _PROVIDER, None)
    except LookupError:
        return None
    # The list also matches by prefix; a name that merely begins like a known one is not known.
    names = {info.id, _SNAPSHOT_DATE.sub("", info.id)}
    return (provider, info) if _SNAPSHOT_DATE.sub("", model) in names else None
