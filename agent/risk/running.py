"""What still runs and reads files: writing such a file is judged as running it, now, as it will be.

`sleep 60; bash t.sh` was judged at the bytes of `t.sh` that were there. Whoever writes `t.sh`
before it is read decides what runs, so the line is judged once more with the file as it is to be:
what that adds is what the writing does. A program that has read its file when it starts is not
changed by what is not known of the new content; shells and `make` read theirs as they go.

What a command writes is a file, a pattern where only part of its name is known, or anything below
a directory (a branch is checked out, an archive unpacked, a directory copied over another).
"""

from __future__ import annotations

import fnmatch
import os
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agent.risk.arguments import wordlist
from agent.risk.assessment import Context, Risk, RunningLine
from agent.risk.evaluation.findings import shown
from agent.risk.shell.scanner import scan
from agent.risk.shell.syntax import UNKNOWN, Script

if TYPE_CHECKING:
    from agent.risk.evaluate import Evaluator

AT_ONCE = frozenset(wordlist("cd pushd export set source . echo printf true : mkdir unset test ["))
"""Commands that take no time, so that what follows them has begun as well."""

READ_WHOLE = (".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".php", ".pl", ".lua", ".R",
               ".json", ".yml", ".yaml", ".toml", ".cfg", ".ini")  # fmt: skip
"""Endings of files that are read whole when the program starts."""

_AGAIN = re.compile(
    r"\b(?:watch(?:exec|man|er)?|entr|nodemon|ptw|forever|pm2|supervisor|air|guard|reflex|fswatch"
    r"|inotifywait|reload|repeat|parallel|xargs|[gbp]?make|just|task|ninja|rake|nox|tox|invoke|doit"
    r"|mage|turbo|nx|lerna|concurrently|run-[ps]|honcho|foreman|overmind)\b"
)
"""Words of lines that start programs again and again, or not in the order in which they stand."""


def runs_again(script: Script) -> bool:
    """A text may start a program more than once, or at another time than where it stands."""
    return bool(script.groups) or _AGAIN.search(script.text) is not None


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
    if UNKNOWN in path or _GLOB.search(path):
        yield from _partly_known(context, patterns(path))
    if UNKNOWN in path:
        return
    for line in context.running:
        names = _names(line, path)
        if _leads_to(line, path) and (replaced or _makes_directory(path)):
            reason = f"puts something else where “{_named(line)}” will delete"
            yield Disturbance(Risk.HIGH, reason)
        elif names:
            if content is not None:
                yield from _added(line, dict.fromkeys((*names, path), content))
            elif not line.loaded.issuperset(names):
                yield _changes(line)
        elif _above(line, path) and (replaced or _makes_directory(path)):
            reason = f"puts something else where “{_named(line)}” finds what it runs"
            yield Disturbance(Risk.HIGH, reason)
        elif content is not None and path.endswith(CODE):
            yield from _added(line, {path: content})


def spread(context: Context, root: str) -> Iterator[Disturbance]:
    """What it does to the lines that run when anything below a directory may become anything.

    Args:
        context: with the lines that run.
        root: resolved; a part of it that is not known leaves the directory above it.
    """
    root = known_part(root)
    for line in context.running:
        if any(_below(known_part(read), root) and read not in line.loaded for read in line.reads):
            yield _changes(line, "may change")
        elif any(_below(removed, root) for removed in line.removes):
            reason = f"may put something else where “{_named(line)}” will delete"
            yield Disturbance(Risk.HIGH, reason)


def switched(
    context: Context, root: str, holds: Callable[[str], str | bool | None]
) -> Iterator[Disturbance]:
    """What it does to the lines that run when a directory's files become those of another commit.

    Args:
        context: with the lines that run.
        root: resolved top directory of the repository.
        holds: gives what a path below it will hold: text, None where nothing changes, or True
            where it changes to what cannot be known.
    """
    for line in context.running:
        for read in line.reads:
            if read in line.loaded or not _below(known_part(read), root):
                continue
            content = True if _GLOB.search(read) else holds(read)
            if isinstance(content, str):
                yield from _added(line, dict.fromkeys((*_names(line, read), read), content))
            elif content is not None:
                yield _changes(line, "may change")
        if any(_below(removed, root) for removed in line.removes):
            reason = f"may put something else where “{_named(line)}” will delete"
            yield Disturbance(Risk.HIGH, reason)


def copied(
    context: Context, source: str, target: str, holds: Callable[[str], str | bool | None]
) -> Iterator[Disturbance]:
    """What it does to the lines that run when a directory is copied over another.

    Args:
        context: with the lines that run.
        source: resolved.
        target: resolved; what is `source/x` becomes `target/x`.
        holds: gives what stands at a path: text, None for nothing, or whether it is a program.
    """
    for line in context.running:
        for read in line.reads:
            if not _below(read, target):
                if _GLOB.search(read) and _below(target, known_part(read)):
                    yield _changes(line, "may change")
                continue
            at = source + read[len(target) :]
            if _GLOB.search(at):
                yield _changes(line, "may change")
                continue
            content = holds(at)
            if isinstance(content, str):
                yield from _added(line, dict.fromkeys((*_names(line, read), read), content))
            elif content is not None and read not in line.loaded:
                yield _changes(line)
        for removed in line.removes:
            if _below(removed, target) and _link_within(source, removed[len(target) :]):
                reason = f"puts something else where “{_named(line)}” will delete"
                yield Disturbance(Risk.HIGH, reason)


def filled(context: Context, path: str) -> Iterator[Disturbance]:
    """What it does to the lines that run when work is moved to a path, resolved."""
    for line in context.running:
        if UNKNOWN in path or _GLOB.search(path):
            meets = any(_below(removed, known_part(path)) for removed in line.removes)
        else:
            meets = False
        if meets or any(_below(known_part(path), removed) for removed in line.removes):
            yield Disturbance(Risk.HIGH, f"moves work to where “{_named(line)}” will delete it")


def known_part(path: str) -> str:
    """A path, or the directory above its first part that is not known or a pattern."""
    match = _NOT_KNOWN.search(path)
    return path if match is None else path[: match.start()].rpartition("/")[0] or "/"


def _partly_known(context: Context, pattern: str) -> Iterator[Disturbance]:
    """What is written at some path that a pattern covers."""
    for line in context.running:
        if any(_meet(read, pattern) and read not in line.loaded for read in line.reads):
            yield _changes(line, "may change")


def _meet(read: str, pattern: str) -> bool:
    """Two patterns may name one path; a path is a pattern that names itself."""
    if read == pattern or fnmatch.fnmatchcase(read, pattern) or fnmatch.fnmatchcase(pattern, read):
        return True
    if not _GLOB.search(read):
        return False
    one, other = known_part(read), known_part(pattern)
    return _below(one, other) or _below(other, one)


def _below(path: str, root: str) -> bool:
    """A path is a directory, or lies below it."""
    return root == "/" or f"{path}/".startswith(f"{root}/")


def _link_within(source: str, rest: str) -> bool:
    """A copied directory has a link where another part of the path is a directory."""
    at = source
    for part in rest.split("/"):
        at = f"{at}/{part}" if part else at
        if Path(at).is_symlink():
            return True
    return False


def _changes(line: RunningLine, word: str = "changes") -> Disturbance:
    return Disturbance(Risk.HIGH, f"{word} what “{_named(line)}” is running from")


_GLOB = re.compile(r"[*?\[]")
_NOT_KNOWN = re.compile(rf"[*?\[{UNKNOWN}]")

CODE = (".py", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx", ".rb", ".go", ".rs")
"""Endings of files that programs take up without being told; see `agent.risk.commands.own_code`."""


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
