"""The demo model: a script behind a real Messages server.

It holds no state. Each request tells it everything, so a turn goes on after a restart of the
engine exactly where it stood: the newest prompt picks the role, the results of tools decide the
next move.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent.demo import drive, fix, free, push
from agent.demo.talk import Say, Talk, read
from agent.model.local_server.responder import ResponderMessage

MODEL = "tungsten-demo"

WORD_SECONDS = 0.05
"""Pause before each word at pace 1: fast reading speed."""

THINK_SECONDS = 1.4
"""Pause before each message at pace 1."""

MAX_WAITS = 3
"""Times in one job that a busy pane is waited for."""

INTRODUCTION = "*I am the demo model: my words are scripted, what I do is real.* "

PROMPTS = {
    "fix": "Demo: a test of this project fails. Find out why, mend the code and commit the fix.",
    "drive": "Demo: open a Python prompt, try a few things key by key, write down what you see.",
    "push": "Demo: main was amended after it was pushed. Bring the remote up to date.",
}
"""What the demo's agents are asked, by role."""

ROLES: dict[str, Callable[[Talk], Say]] = {
    "fix": fix.next_move,
    "drive": drive.next_move,
    "push": push.next_move,
}


def prompt(role: str, pace: float) -> str:
    """The prompt that starts a role, talking at a pace."""
    return PROMPTS[role] if pace == 1 else f"{PROMPTS[role]}\n(at pace {pace:g})"


class DemoResponder:
    """Answers like a model that knows three jobs and a few orders."""

    async def respond(self, request: dict[str, Any]) -> ResponderMessage:
        """Give the next move of the role that the newest prompt picks."""
        talk = read(request)
        role = next((name for name, text in PROMPTS.items() if talk.prompt.startswith(text)), "")
        if talk.last is not None and talk.last.busy and talk.waits < MAX_WAITS:
            move = Say(
                "The terminal is not ready yet. I wait for it.",
                "terminal_wait",
                {"prompt": True} if talk.last.name == "terminal_run" else {"idle": 0.5},
            )
        else:
            move = ROLES.get(role, free.next_move)(talk)
        if move.tool and move.tool not in talk.tools:
            move = Say(f"I would use {move.tool} now, but was not given that tool. I stop here.")
        text = move.text if talk.used or not role else INTRODUCTION + move.text
        content: list[dict[str, Any]] = [{"type": "text", "text": text}]
        if move.tool:
            content.append({"type": "tool_use", "name": move.tool, "input": dict(move.input or {})})
        pace = talk.pace
        return ResponderMessage(content, delay=WORD_SECONDS * pace, think=THINK_SECONDS * pace)
