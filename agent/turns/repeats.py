"""Actions that fail in the same way again and again: first the model is told, then the turn ends.

Only what fails counts, and only where its input and its result are the same each time: looking at a
screen that changes is no repetition, and neither is trying again after having waited.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import deque
from dataclasses import dataclass

from agent.messages.sendable import ContentBlock
from agent.protocol.conversation import ToolStatus
from agent.steps.steps import Outcome

TELL_AFTER = 3
"""Times that the same thing has failed in the same way when the model is told."""

END_AFTER = 6
"""Times after which the turn ends."""

LONGEST = 3
"""Most actions that make up what is repeated: one alone, a pair in turns, three in turns."""

SHOWN_ACTION = 200

WAITS = "terminal_wait"
"""The tool that lets time pass: what is tried again behind it may well come out otherwise."""

_WAITING = re.compile(r"\b(?:u?sleep|wait|inotifywait|read\s+-t)\b")
"""What lets time pass in a command line, or in the code within it."""

_CHANGES_BY_ITSELF = re.compile(
    r"\d+(?:\.\d+)?\s?(?:ms|s|sec|seconds?)\b|\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?|0x[0-9a-fA-F]+"
)
"""Durations, times of day and addresses in memory differ between two runs of the same failure."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One action and what it gave: equal for the same action with the same result."""

    name: str
    digest: str
    failed: bool
    waited: bool


class Repeats:
    """The last actions of one turn."""

    def __init__(self) -> None:
        self._taken: deque[Taken] = deque(maxlen=LONGEST * END_AFTER)
        self._told = False
        self._last = ""

    def take(self, use: ContentBlock, outcome: Outcome) -> None:
        """Take note of what came of one tool use."""
        value = use.get("input")
        given = {k: v for k, v in value.items() if k != "why"} if isinstance(value, dict) else value
        text = _CHANGES_BY_ITSELF.sub("·", outcome.text)
        whole = json.dumps([use["name"], given, outcome.status, outcome.exit_status, text])
        digest = hashlib.sha256(whole.encode()).hexdigest()
        failed = outcome.is_error or outcome.exit_status not in (None, 0)
        if outcome.status is ToolStatus.INTERRUPTED:
            failed = False
        name = str(use["name"])
        command = given.get("command") if isinstance(given, dict) else None
        waited = name == WAITS or (isinstance(command, str) and bool(_WAITING.search(command)))
        self._taken.append(Taken(name, digest, failed, waited))
        if not self._times(TELL_AFTER):
            self._told = False
        if failed:
            shown = " ".join(json.dumps(given, ensure_ascii=False).split())
            self._last = f"{use['name']} {shown}"
            if len(self._last) > SHOWN_ACTION:
                self._last = f"{self._last[: SHOWN_ACTION - 1]}…"

    def note(self) -> str:
        """What the model must be told now, once; empty while there is nothing."""
        if self._told or not self._times(TELL_AFTER):
            return ""
        self._told = True
        return (
            f"You have done the same {TELL_AFTER} times, with the same failing result: "
            f"{self._last}. Once more will give the same. Look at what it says, find out why, and "
            "do something else; if you cannot go on, say what is missing and end your turn."
        )

    def end(self) -> str:
        """Why the turn must end now, as one line for the person; empty while it need not."""
        if not self._times(END_AFTER):
            return ""
        return (
            f"Stopped: the agent did the same {END_AFTER} times, with the same failing result: "
            f"{self._last}. Say what it should do instead."
        )

    def _times(self, times: int) -> bool:
        """Whether the last actions are one to three of them, `times` times over, failing."""
        taken = list(self._taken)
        for length in range(1, LONGEST + 1):
            last = taken[-length:]
            if len(taken) < length * times or not any(each.failed for each in last):
                continue
            if any(each.waited for each in last):
                continue
            if taken[-length * times :] == last * times:
                return True
        return False
