"""What an earlier engine came to know about tool uses that have no result yet.

Read from the journal when a session is restored, so that nothing is done twice: an action with an
outcome is answered from its record, one without is reported as unknown, an open gate is opened
again, and a decision that was not used yet still counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.gates.gate import EDITED, Binding, Decision
from agent.protocol.conversation import ToolStatus
from agent.protocol.gates import Gate, RiskLevel
from agent.steps.steps import Outcome
from memory.database import Database
from memory.journal import QUESTION_ANSWERED, Entry

UNKNOWN = (
    "outcome unknown: the engine ended while this was going on, so it may have happened, wholly or "
    "in part. Look before you do anything that repeats it."
)
"""What the model is told of an action without a recorded outcome."""

INTERRUPTED = "interrupted by the person; what it did until then stays."
"""What the model is told of an action that was stopped."""


LINE_TYPED = "line_typed"

FILES_MADE = "files_made"
"""Kind of the entries that say which files, and what below which directories, an agent made."""
"""Kind of the journal's entries for lines that keys gave a shell."""


@dataclass(slots=True)
class Recovered:
    """What is known of one tool use; everything is None when it had not begun."""

    outcome: Outcome | None = None
    gate: tuple[Gate, Binding] | None = None
    decision: Decision | None = None
    asked: dict[str, Any] | None = None
    """The action that was last asked about, as `agent.actions.read` takes it."""
    answer: str | None = None
    unfinished: str | None = None
    """Id of the action whose outcome is unknown and must be recorded so."""


async def recover(
    database: Database, session_id: str, tool_use_ids: Iterable[str]
) -> dict[str, Recovered]:
    """Read what is known of tool uses of a session."""
    wanted = set(tool_use_ids)
    entries = await database.journal.entries(
        session_id=session_id,
        kinds=("action_started", "action_ended", "gate_opened", "gate_closed", QUESTION_ANSWERED),
    )
    tool_of_gate = {
        entry.subject: entry.data.get("tool_use_id")
        for entry in entries
        if entry.kind == "gate_opened"
    }
    found: dict[str, Recovered] = {}
    for entry in entries:
        tool_use_id = (
            tool_of_gate.get(entry.subject)
            if entry.kind == "gate_closed"
            else entry.data.get("tool_use_id")
        )
        if isinstance(tool_use_id, str) and tool_use_id in wanted:
            _follow(found.setdefault(tool_use_id, Recovered()), entry)
    for known in found.values():
        if known.unfinished is not None:
            assert known.outcome is not None
            known.gate = known.decision = None
    return found


@dataclass(frozen=True, slots=True)
class GivenLine:
    """A line that a shell was given: in which pane with which first process, when and where.

    `cwd` is empty where it was not written down.
    """

    pane_id: str
    pid: int
    text: str
    at: float
    cwd: str


async def lines(database: Database, session_id: str) -> list[GivenLine]:
    """Read what the shells of a session were given, oldest first.

    What may have been given counts; what was judged and then not delivered does not.
    """
    entries = await database.journal.entries(
        session_id=session_id, kinds=("action_started", "action_ended", LINE_TYPED)
    )
    not_run = {
        entry.subject
        for entry in entries
        if entry.kind == "action_ended" and entry.data.get("outcome") == "not run"
    }
    found = []
    for entry in entries:
        data = entry.data
        given = entry.kind == "action_started" and data.get("action") == "run_command"
        typed = entry.kind == LINE_TYPED
        if typed or (given and entry.subject not in not_run):
            found.append(
                GivenLine(
                    str(data.get("pane_id", "")),
                    int(data.get("pid") or 0),
                    str(data.get("line" if typed else "text", "")),
                    entry.at,
                    str(data.get("cwd", "")),
                )
            )
    return found


def _follow(known: Recovered, entry: Entry) -> None:
    """Take one more entry into account; they come in the order in which they were written."""
    data = entry.data
    match entry.kind:
        case "gate_opened":
            known.gate = (Gate.model_validate(data["gate"]), Binding(**data["binding"]))
            known.asked = data.get("action")
        case "gate_closed":
            known.gate = None
            if data.get("outcome") == EDITED:
                # What the person wrote is in the journal, not decided: the agent's own is asked.
                known.decision = None
            elif data.get("outcome") == "withdrawn":
                known.outcome = Outcome(ToolStatus.INTERRUPTED, INTERRUPTED)
            else:
                known.decision = Decision(
                    Binding(**data["binding"]),
                    data["outcome"] == "approved",
                    data.get("by", "person"),
                    data.get("message", ""),
                    str(entry.subject),
                )
        case "action_started":
            known.decision = None
            known.unfinished = entry.subject
            known.outcome = Outcome(
                ToolStatus.UNKNOWN,
                UNKNOWN,
                decision="outcome unknown",
                risk=RiskLevel(data["risk"]),
                reasons=tuple(data.get("reasons", ())),
            )
        case "action_ended":
            known.unfinished = None
            known.outcome = _ended(data)
        case _:
            known.answer = str(data.get("answer", ""))


def _ended(data: dict[str, object]) -> Outcome | None:
    fields = {
        "decision": str(data.get("decision", "")),
        "risk": RiskLevel(str(data["risk"])),
        "reasons": tuple(map(str, data.get("reasons") or ())),  # type: ignore[call-overload]
        "exit_status": data.get("exit_status"),
        "seconds": data.get("seconds"),
        "pane_id": data.get("pane_id"),
        "picture": Path(str(picture)) if (picture := data.get("picture")) else None,
        "checks": bool(data.get("checks")),
        "edits": bool(data.get("edits")),
    }
    match data.get("outcome"):
        case "not run":
            return None
        case "interrupted":
            return Outcome(ToolStatus.INTERRUPTED, INTERRUPTED, **fields)  # type: ignore[arg-type]
        case "unknown":
            text = str(data.get("result") or UNKNOWN)
            return Outcome(ToolStatus.UNKNOWN, text, **fields)  # type: ignore[arg-type]
        case _:
            status = ToolStatus(str(data["status"]))
            return Outcome(status, str(data.get("result", "")), **fields)  # type: ignore[arg-type]
