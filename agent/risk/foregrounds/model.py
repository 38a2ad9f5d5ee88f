"""What all models of foreground programs share."""

from __future__ import annotations

import re

from agent.risk.assessment import Assessment, Context, Risk
from agent.risk.evaluate import Evaluator
from agent.risk.evaluation.call import Call
from agent.risk.keys import Stroke

FINE = Assessment(Risk.LOW)


UNKNOWN_LINE = Assessment(
    Risk.HIGH,
    ("what stands on the line cannot be known from the keys",),
    "runs a line that cannot be known",
)


class Model:
    """What a program does with keys. `opens` and `closed` tell that another one reads the next."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.opens = ""
        self.closed = False

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Take one event; an assessment when it makes the program act."""
        raise NotImplementedError


def line_on_screen(context: Context, prompt: str, more: str) -> tuple[str | None, str]:
    """The line and the earlier lines of an unfinished input, off the screen.

    Returns None as the line when the screen shows no prompt.
    """
    if context.line is not None:
        return context.line, ""
    rows = context.screen.rstrip().splitlines()
    if not rows:
        return "", ""
    pending: list[str] = []
    first = True
    line: str | None = None
    for row in reversed(rows[-40:]):
        match = re.match(prompt, row)
        if match:
            text = row[match.end() :]
            if first:
                return text, ""
            pending.append(text)
            return line, "\n".join(reversed(pending)) + "\n"
        match = re.match(more, row)
        if not match:
            return (None, "") if first else (line, "\n".join(reversed(pending)) + "\n")
        text = row[match.end() :]
        if first:
            line = text
            first = False
        else:
            pending.append(text)
    return line, ""


def call_in(context: Context, program: str) -> tuple[Evaluator, Call]:
    """An evaluator, and a call in it as if `program` had been started."""
    evaluator = Evaluator(context)
    evaluator.commands = 1
    evaluator.allowed = False
    return evaluator, Call(evaluator, [program], None, None, (0, 0), 0, strict=True)
