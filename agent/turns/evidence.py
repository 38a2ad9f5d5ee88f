"""Done means evidence: what the last check of a turn said, when the model calls itself done.

What a check is, the gate says (`agent.risk.programs.checks`); what became of it, its exit status.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.context.summary import prompts_of
from agent.messages.sendable import ContentBlock, Message
from agent.protocol.conversation import ToolStatus
from agent.sessions.session import Session
from agent.steps.recovery import Recovered, recover
from agent.steps.steps import Outcome
from memory.database import Database

SHOWN_COMMAND = 300
"""Characters of a command that are told."""

_TOLD = "The last check failed, and none has passed since: "


@dataclass(frozen=True, slots=True)
class FailedCheck:
    """A check that failed, and no edit and no passed check came after it."""

    command: str
    exit_status: int

    @property
    def line(self) -> str:
        """What failed and how, in a few words."""
        command = " ".join(self.command.split())
        if len(command) > SHOWN_COMMAND:
            command = f"{command[: SHOWN_COMMAND - 1]}…"
        return f"`{command}` (exit status {self.exit_status})"


class Evidence:
    """The checks and edits of one turn, in their order."""

    def __init__(self) -> None:
        self.failed: FailedCheck | None = None

    def take(self, use: ContentBlock, outcome: Outcome) -> None:
        """Take note of what came of one tool use."""
        if outcome.checks:
            # One that goes on or was stopped says nothing; what it said before is out of date.
            failed = outcome.exit_status not in (None, 0) and outcome.status in _ENDED
            self.failed = None
            if failed and outcome.exit_status is not None:
                value = use.get("input")
                command = value.get("command", "") if isinstance(value, dict) else ""
                self.failed = FailedCheck(str(command), outcome.exit_status)
        elif outcome.edits:
            self.failed = None

    def told(self) -> str:
        """What the model is told when it ends all the same."""
        assert self.failed is not None
        return (
            f"{_TOLD}{self.failed.line}. Your turn is not over: mend it and run the check again. "
            "If it cannot pass, or need not, say so plainly and why, and end."
        )

    def finish(self) -> str:
        """What the person is told of a turn that ended so."""
        assert self.failed is not None
        return f"The last check failed, and none has passed since: {self.failed.line}"


_ENDED = (ToolStatus.DONE, ToolStatus.FAILED)


async def so_far(session: Session, database: Database) -> Evidence:
    """What the checks of the turn that is under way have said, where an earlier engine began it."""
    waiting = session.unanswered()
    evidence = Evidence()
    uses = {
        str(block["id"]): block
        for message in _of_turn(session)
        if message["role"] == "assistant"
        for block in message["content"]
        if block["type"] == "tool_use" and block not in waiting
    }
    if uses:
        known = await recover(database, session.id, uses)
        for tool_use_id, use in uses.items():
            outcome = known.get(tool_use_id, Recovered()).outcome
            if outcome is not None:
                evidence.take(use, outcome)
    return evidence


def was_told(session: Session) -> bool:
    """Whether the model was told already in the turn that is under way."""
    return any(
        _TOLD in str(block.get("text", ""))
        for message in _of_turn(session)
        if message["role"] == "user"
        for block in message["content"]
    )


def _of_turn(session: Session) -> list[Message]:
    """The messages since what the person said began the turn."""
    found: list[Message] = []
    for place, message in reversed(list(enumerate(session.messages))):
        if prompts_of(message) and place not in session.within_turn:
            break
        found.append(message)
    return found[::-1]
