"""The models that a local server offers, and what each of them refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.model.local_server.errors import invalid
from agent.model.thinking import LEVELS

MIN_CACHEABLE = (
    (re.compile(r"opus-4-[56]|haiku-4-5"), 4096),
    (re.compile(r"opus-4-7|mythos-preview|haiku-3|3-5-haiku"), 2048),
    (re.compile(r"(opus|fable|mythos)-5"), 512),
)
"""Least cacheable prefix by a part of the model's id, in tokens; of all others `OTHERS`. Source:
prompt caching documentation, "Cache limitations"."""
OTHERS = 1024


PAGE = 20
MOST_ON_A_PAGE = 1000
"""Models on a page of the list. Source: "List Models" in the API's documentation."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One model.

    Token figures are the API's `max_input_tokens`, `max_tokens` and least cacheable prefix, which
    goes by the id unless it is given.
    """

    id: str
    display_name: str = ""
    context_window: int = 200_000
    max_output: int = 64_000
    min_cacheable: int = -1
    sampling: bool = False
    """Whether `temperature`, `top_p` and `top_k` are taken; current models refuse them."""
    prefill: bool = False
    """Whether a conversation may end with an assistant message; current models refuse it."""
    manual_thinking: bool = False
    """Whether thinking with a budget is taken; current models only think adaptively."""
    images: bool = True
    """Whether image blocks are taken."""
    system_messages: bool = True
    """Whether `role: "system"` is taken within the conversation."""
    compaction: bool = False
    """Whether it summarises a conversation on demand."""
    adaptive_thinking: bool = True
    """Whether `thinking: {"type": "adaptive"}` is taken."""
    thinking_off: Sequence[str] = ("disabled", "between_tools")
    """Types of `thinking` that keep it from thinking first; of the two, it knows these."""
    efforts: Sequence[str] = LEVELS
    """Efforts that it takes."""
    default_effort: str = "high"
    """The one it has without any: naming it changes nothing."""
    effort_messages: bool = True
    """Whether an effort can be said within the conversation."""

    def __post_init__(self) -> None:
        if self.min_cacheable < 0:
            told = (least for pattern, least in MIN_CACHEABLE if pattern.search(self.id))
            object.__setattr__(self, "min_cacheable", next(told, OTHERS))

    def info(self) -> dict[str, Any]:
        """The model as `GET /v1/models/{id}` shows it; of its capabilities, what is known here."""
        return {
            "type": "model",
            "id": self.id,
            "display_name": self.display_name or self.id,
            "created_at": "1970-01-01T00:00:00Z",
            "lifecycle": "active",
            "max_input_tokens": self.context_window,
            "max_tokens": self.max_output,
            "capabilities": {
                "image_input": {"supported": self.images},
                "thinking": self._thinking(),
                "effort": {
                    "supported": bool(self.efforts),
                    **{level: {"supported": level in self.efforts} for level in LEVELS},
                },
                "compaction": {
                    "summarize": {"supported": self.compaction},
                    "supported": self.compaction,
                },
            },
        }

    def _thinking(self) -> dict[str, Any]:
        types = {
            "adaptive": self.adaptive_thinking,
            "between_tools": "between_tools" in self.thinking_off,
            "disabled": "disabled" in self.thinking_off,
            "enabled": self.manual_thinking,
        }
        return {
            "supported": self.adaptive_thinking or self.manual_thinking,
            "types": {name: {"supported": takes} for name, takes in types.items()},
        }


def page(models: Mapping[str, ServedModel], query: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Answer `GET /v1/models`: a page of the list, by `limit`, `after_id` and `before_id`.

    Raises:
        ApiError: the limit is out of range.
    """
    given = query.get("limit", [str(PAGE)])[0]
    limit = int(given) if given.isdecimal() else 0
    if not 1 <= limit <= MOST_ON_A_PAGE:
        raise invalid(f"limit: Input should be from 1 to {MOST_ON_A_PAGE}")
    ids = list(models)
    after, before = (query.get(name, [""])[0] for name in ("after_id", "before_id"))
    if after in ids:
        ids = ids[ids.index(after) + 1 :]
    backwards = before in ids
    if backwards:
        ids = ids[: ids.index(before)]
    shown = ids[-limit:] if backwards else ids[:limit]
    return {
        "data": [models[id_].info() for id_ in shown],
        "has_more": len(shown) < len(ids),
        "first_id": shown[0] if shown else None,
        "last_id": shown[-1] if shown else None,
    }
