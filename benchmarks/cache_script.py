"""What is said and done in the session of `benchmarks.cache`: turns of four requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agent.model.local_server.responder import ResponderMessage

REQUESTS = 4
"""Requests of one turn: two reads, a write, a command, and the last word."""

RULES = """# Working here
- Keep each part below 20 lines, and its summary to the point.
- Say what you looked at. Run what you changed.
- Parts are numbered; never renumber them.
"""
EDITED_BEFORE = 100
"""The turn before which the person edits AGENTS.md."""


def prompt(turn: int) -> str:
    return (
        f"Go through part {turn}: read it, write what matters into out/{turn}.txt, look at the "
        "result and tell me in a sentence what you found."
    )


def prepare(project: Path, turn: int) -> None:
    """Lay out what a turn works on; project instructions come after the first turn."""
    (project / "out").mkdir(exist_ok=True)
    lines = [f"{turn}.{n} " + f"entry {turn * 7 + n * 13} follows from what is said above; " * 2
             for n in range(6)]  # fmt: skip
    (project / f"part{turn}.md").write_text("\n".join(lines) + "\n")
    if turn == 2:
        (project / "AGENTS.md").write_text(RULES)
    elif turn == EDITED_BEFORE:
        (project / "AGENTS.md").write_text(RULES + "- Summaries have three lines.\n")


class Script:
    """A model that goes through the turns in order, with thinking before what it does."""

    def __init__(self) -> None:
        self._asked = 0

    async def respond(self, request: dict[str, Any]) -> ResponderMessage:
        """Answer the next request."""
        turn, step = divmod(self._asked, REQUESTS)
        turn += 1
        self._asked += 1
        match step:
            case 0:
                return _message(
                    _thinking(f"Part {turn} first; its neighbour tells how it is laid out."),
                    _text(f"I read part {turn} and the one before."),
                    _use("file_read", path=f"part{turn}.md"),
                    _use("file_read", path=f"part{max(1, turn - 1)}.md"),
                )
            case 1:
                summary = "\n".join(
                    f"{turn}.{n}: it rests on entry {turn * 7 + n}" for n in range(10)
                )
                return _message(
                    _thinking(""), _use("file_write", path=f"out/{turn}.txt", content=summary)
                )
            case 2:
                return _message(
                    _text("Now the result."),
                    _use(
                        "terminal_run", command=f"head -n 5 out/{turn}.txt && wc -l part{turn}.md"
                    ),
                )
            case _:
                return _message(
                    _thinking("All of it fits."),
                    _text(f"Part {turn} says, entry by entry, what follows from the one before."),
                )


def _message(*content: dict[str, Any]) -> ResponderMessage:
    return ResponderMessage(content)


def _thinking(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": text, "signature": ""}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _use(name: str, **given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "name": name, "input": given}
