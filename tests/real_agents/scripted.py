"""A model that says what a scene tells it to, whichever wire an agent asks it by.

A scene is chosen by a text in the newest prompt. Its steps are the same for every agent; the wires
(`messages`, `responses_api`, `gemini_api`) turn them into what their protocol calls a tool use.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Use:
    """Use one of the agent's tools, by the agent's own name for it."""

    tool: str
    given: Mapping[str, Any]
    saying: str = ""


@dataclass(frozen=True)
class Say:
    """Say a text; `delay` is the pause in seconds before each word."""

    text: str
    delay: float = 0.0


@dataclass(frozen=True)
class Hold:
    """Say nothing until the scene is let go."""


@dataclass(frozen=True)
class Fail:
    """Refuse the request with a status and the API's message."""

    status: int
    message: str


Step = Use | Say | Hold | Fail


@dataclass
class Scenes:
    """The scenes, what was asked, and what is being held.

    Attributes:
        asked: every request, as the wire read it: the prompt and how many steps were said.
        heard: what the newest request says to the model, whole.
        answering: called whenever the model is about to say a step.
        open: requests that are being held now.
        last: the newest step that was given as an answer.
    """

    steps: dict[str, Sequence[Step]] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    heard: str = ""
    answering: Callable[[], None] = lambda: None
    open: int = 0
    last: Step | None = None
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def step(self, prompt: str, said: int, heard: str) -> Step:
        """The step that comes next after `said` steps of the scene in this prompt."""
        self.heard = heard
        self.asked.append((prompt, said))
        self.answering()
        for text, steps in self.steps.items():
            if text in prompt:
                step = steps[said] if said < len(steps) else Say("All of it is done.")
                if isinstance(step, Hold):
                    await self._hold()
                    return Say("Now it is done.")
                self.last = step
                return step
        self.last = Say("Ready when you are.")
        return self.last

    async def _hold(self) -> None:
        self.go.clear()
        self.open += 1
        try:
            await self.go.wait()
        finally:
            self.open -= 1
