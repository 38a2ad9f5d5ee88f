"""What the person says while a turn runs, to be heard within it.

Before the model's next step it is appended to the conversation as a user message of its own, behind
the results of the step before: nothing that was sent is changed, and the turn goes on. Until then
it is kept with the session's record, each with an id that the transcript names once it was heard,
so that no engine says it twice, or not at all.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that the person said, and the id under which the transcript names it."""

    id: str
    text: str

    @classmethod
    def of(cls, text: str) -> Said:
        """Something new."""
        return cls(uuid.uuid4().hex, text)


def stored(said: Iterable[Said]) -> dict[str, Any]:
    """What the session's record keeps of it."""
    return {"steering": [[each.id, each.text] for each in said]}


def read(extra: Mapping[str, Any]) -> list[Said]:
    """What `stored` kept; nothing where there is none."""
    return [Said(*each) for each in extra.get("steering", ())]
