"""What still runs and reads files: writing such a file is judged as running it, now, as it will be.

`sleep 60; bash t.sh` was judged at the bytes of `t.sh` that were there. Whoever writes `t.sh`
before it is read decides what runs, so the line is judged once more with the file as it is to be:
what that adds is what the writing does. A program that has read its file when it starts is not
changed by what is not known of the new content; shells and `make` read theirs as they go.
"""

from __future__ import annotations

import fnmatch
import os
import posixpath
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agent.risk.arguments import wordlist
from agent.risk.assessment import Context, Risk, RunningLine
from agent.risk.evaluation.findings import shown
from agent.risk.shell.scanner import scan
from agent.risk.shell.syntax import UNKNOWN

if TYPE_CHECKING:
    from agent.risk.evaluate import Evaluator

AT_ONCE = frozenset(wordlist("cd pushd export set source . echo printf true : mkdir unset test ["))
"""Commands that take no time, so that what follows them has begun as well."""

_READ_WHOLE = (".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".php", ".pl", ".lua", ".R",
               ".json", ".yml", ".yaml", ".toml", ".cfg", ".ini")  # fmt: skip
"""Endings of files that are read whole when the program starts."""


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What writing a file does to a line that runs."""

    risk: Risk
    reason: str
    denied: str | None = None


def disturbed(
    context: Context, path: str, content: str | None, *, replaced: bool = False
) -> Iterator[Disturbance]:
    """What writing a file does to the lines that run.

    Args:
        context: with the lines that run.
        path: resolved; links followed or not, both are to be asked about.
        content: what the file will hold; None when that cannot be known.
        replaced: whatever stands there now goes away (a directory is moved, a link is made).
    """
    for line in context.running:
        names = _names(line, path)
        if _leads_to(line, path) and (replaced or _makes_directory(path)):
            reason = f"puts something else where “{_named(line)}” will delete"
            yield Disturbance(Risk.HIGH, reason)
        elif names:
            if content is not None:
                yield from _added(line, dict.fromkeys((*names, path), content))
            elif not (path.endswith(_READ_WHOLE) and has_begun(line.command)):
                yield Disturbance(Risk.HIGH, f"changes what “{_named(line)}” is running from")
        elif _above(line, path) and (replaced or _makes_directory(path)):
            reason = f"puts something else where “{_named(line)}” finds what it runs"
            yield Disturbance(Risk.HIGH, reason)


def filled(context: Context, path: str) -> Iterator[Disturbance]:
    """What it does to the lines that run when work is moved to a path, resolved."""
    for line in context.running:
        if any(f"{path}/".startswith(f"{removed}/") for removed in line.removes):
            yield Disturbance(Risk.HIGH, f"moves work to where “{_named(line)}” will delete it")


def _named(line: RunningLine) -> str:
    return shown(line.command if len(line.command) <= 60 else line.command[:57] + "…")


def _names(line: RunningLine, path: str) -> list[str]:
    """The names under which a line reads what stands at a path."""
    found = [
        read
        for read in line.reads
        if read == path or (set(read) & set("*?[") and fnmatch.fnmatchcase(path, read))
    ]
    if found:
        real = os.path.realpath(path)
        found += [read for read in line.reads if os.path.realpath(read) == real]
    return found


def _above(line: RunningLine, path: str) -> bool:
    return any(read.startswith(f"{path}/") for read in line.reads)


def _leads_to(line: RunningLine, path: str) -> bool:
    return any(f"{removed}/".startswith(f"{path}/") for removed in line.removes)


def _makes_directory(path: str) -> bool:
    """No directory stands there: what is put there becomes what is found below it."""
    return Path(path).is_symlink() or not Path(path).is_dir()


def has_begun(command: str) -> bool:
    """The last program of a line has started, since nothing before it takes time."""
    script = scan(command)
    first = len(script.commands) - 1
    while first > 0 and script.commands[first].pipe is not None:
        first -= 1
    before = script.commands[:first]
    return not script.groups and all(
        c.kind == "simple" and (not c.words or c.words[0].text in AT_ONCE) for c in before
    )


def runs_in_turn(command: str) -> bool:
    """A line runs something behind what takes time, and leaves nothing running beside it."""
    script = scan(command)
    return not (script.background or script.coprocesses or has_begun(command))


def _added(line: RunningLine, files: dict[str, str]) -> Iterator[Disturbance]:
    """What a line does beyond what it did so far, when files hold something else."""
    before, after = _judged(line, None), _judged(line, files)
    if after.denied and not before.denied:
        yield Disturbance(Risk.HIGH, f"“{_named(line)}” is running it", after.denied)
    new = _dangers(after) - _dangers(before)
    for reason, _ in list(new)[:4]:
        yield Disturbance(Risk.HIGH, f"“{_named(line)}” is running it: {reason}")


def _judged(line: RunningLine, files: dict[str, str] | None) -> Evaluator:
    from agent.risk.evaluate import evaluate

    assert line.context is not None
    return evaluate(line.command, replace(line.context, running=()), given=files)


def _dangers(evaluator: Evaluator) -> Counter[tuple[str, str]]:
    return Counter((f.reason, f.effect) for f in evaluator.findings if f.risk is Risk.HIGH)


def patterns(path: str) -> str:
    """A path that a line reads, what is not known of it as a pattern."""
    return posixpath.normpath(path.replace(UNKNOWN, "*"))
