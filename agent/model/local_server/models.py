"""The models that a local server offers, and what each of them refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One model.

    Token figures are the API's `max_input_tokens`, `max_tokens` and least cacheable prefix.
    """

    id: str
    display_name: str = ""
    context_window: int = 200_000
    max_output: int = 64_000
    min_cacheable: int = 1024
    sampling: bool = False
    """Whether `temperature`, `top_p` and `top_k` are taken; current models refuse them."""
    prefill: bool = False
    """Whether a conversation may end with an assistant message; current models refuse it."""
    images: bool = True
    """Whether image blocks are taken."""
    system_messages: bool = True
    """Whether `role: "system"` is taken within the conversation."""
    compaction: bool = False
    """Whether it summarises a conversation on demand."""

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
                "compaction": {
                    "summarize": {"supported": self.compaction},
                    "supported": self.compaction,
                },
            },
        }
