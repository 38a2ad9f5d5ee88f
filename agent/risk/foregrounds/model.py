"""What all models of foreground programs share."""

from __future__ import annotations

import copy
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
    """What a program does with keys.

    Attributes:
        opens: name of a program that reads what comes next; empty for none.
        child: the model of what reads next, where a name does not say it all.
        may_fail: what it `opens` may also have ended at once.
        may_page: a pager may have taken the screen.
        closed: the program has ended.
        may_stay: it may also have refused to.
        stopped: it was put into the background.
        sure: the last answer is about text that the program surely understands.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.opens = ""
        self.child: Model | None = None
        self.may_fail = False
        self.may_page = False
        self.closed = False
        self.may_stay = False
        self.stopped = False
        self.sure = True

    def feed(self, stroke: Stroke) -> Assessment | None:
        """Take one event; an assessment when it makes the program act."""
        raise NotImplementedError

    def reopened(self) -> None:
        """Reads again, after another program or after having been stopped."""
        self.closed = self.stopped = self.may_stay = False

    def fork(self) -> Model:
        """The same program at the same moment, to be followed apart from this one."""
        return copy.copy(self)


def last_row(screen: str) -> str:
    """The last row that shows anything, without blanks at its end."""
    return screen.rstrip().rpartition("\n")[2].rstrip()


def line_on_screen(context: Context, prompt: str, more: str) -> tuple[str | None, str]:
    """The line and the earlier lines of an unfinished input, off the screen.

    Returns None as the line when the screen shows no prompt.
    """
    if context.line is not None:
        return context.line, ""
    # Blanks at the end of the line count; empty rows below it do not.
    rows = context.screen.rstrip("\r\n").splitlines()
    while rows and not rows[-1].strip():
        rows.pop()
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


_ACTS_WHEN_SAVED = re.compile(
    r"(?:^|/)(?:crontab\.|kubectl-edit-|oc-edit-|bash-fc[.-]|sudoers|psql\.edit\.|ftp-edit|vipw|ptmp|gtmp)|/zsh\w{6}(?:\.zsh)?$"
)
"""Files that a program made to be edited, and that it installs, sends or runs afterwards."""

_PLANS = re.compile(r"(?:^|/)git-rebase-todo$")
_MESSAGES = re.compile(r"(?:^|/)\.git/(?:[\w/.-]*/)?(?:\w+_(?:EDIT)?MSG|\w*DESCRIPTION)$")


def save(call: Call, file: str, typed: str) -> None:
    """An editor saves a file.

    Args:
        call: in an evaluator of its own.
        file: its path, empty where it is not known.
        typed: what was typed into it, as far as that is known.
    """
    if _ACTS_WHEN_SAVED.search(file):
        call.high("saves what is installed or run as soon as it is saved")
    elif _PLANS.search(file):
        if re.search(r"(?:^|[^\w-])(?:exec|x)\s", typed):
            call.high("plants commands that a rebase will run")
    elif file and not _MESSAGES.search(file):
        call.writes(file)
    call.medium("saves the file", "saves the file")


def call_in(context: Context, program: str) -> tuple[Evaluator, Call]:
    """An evaluator, and a call in it as if `program` had been started."""
    evaluator = Evaluator(context)
    evaluator.commands = 1
    evaluator.allowed = False
    return evaluator, Call(evaluator, [program], None, None, (0, 0), 0, strict=True)
