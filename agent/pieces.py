"""Judges what an approved line turns out to run, where its text could not tell.

A person who approves `eval "$x"` has not seen what `$x` holds. The shell asks about each piece
right before it runs (`tungsten.pieces`, which says what counts as one): a piece that needs a
decision of its own and does not stand in the approved text is refused, with all after it. Other
lines are not slowed down: every piece of theirs was judged in the text already.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from agent.actions import RunCommand
from agent.risk import Assessment, Context, Risk, assess
from agent.risk.evaluation.findings import OPAQUE

_BLANK = re.compile(r"\s+|\b1(?=>)")
"""How bash writes a piece differs in these from how it stands in the line."""


class Pieces:
    """The pieces of one approved line.

    Attributes:
        why: why the piece that was refused needs a decision of its own; empty if none was.
    """

    def __init__(self, action: RunCommand, context: Context, pid: int) -> None:
        self.why = ""
        self._text = _BLANK.sub("", action.text)
        self._pane_id = action.pane_id
        self._context = replace(context, history=(*context.history, action.text))
        self._pid = pid

    @staticmethod
    def worth_asking(assessment: Assessment) -> bool:
        """Say whether the text left open what it runs."""
        return OPAQUE in assessment.reasons

    async def allow(self, piece: str) -> bool:
        """Say whether a piece may run. It is judged where the line began and where it is now."""
        if _BLANK.sub("", piece) in self._text:
            return True
        action = RunCommand(piece, self._pane_id)
        for cwd in {self._context.cwd, self._now()}:
            found = assess(action, replace(self._context, cwd=cwd))
            if found.risk is Risk.HIGH or found.denied_by or found.asked_by:
                rule = found.denied_by or found.asked_by
                self.why = found.reasons[0] if found.reasons else f"your rule {rule}"
                return False
        return True

    def _now(self) -> Path:
        try:
            return Path(f"/proc/{self._pid}/cwd").readlink()
        except OSError:
            return self._context.cwd
