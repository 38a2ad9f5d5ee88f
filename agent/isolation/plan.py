"""What reverting steps comes to: what goes back, what has changed since, what stays as it is."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from agent.files.line_diff import unified
from agent.isolation.objects import Objects
from agent.isolation.revert import Left, Operation, shown
from agent.isolation.tree import KEPT, Change, Entry, changes, flat

TEXT = 1 << 20
"""Bytes of a file up to which its lines are compared."""

LOOKED_AT = 8_192
"""Bytes in which a NUL tells that a file is no text, as git has it."""

SHOWN_DIFF = 400_000
"""Characters of a whole preview; past that, files are only named."""


@dataclass(frozen=True, slots=True)
class Span:
    """A tree before and after a step.

    Attributes:
        before, after: the stored trees; `after` is empty where it is not known.
        only: the one path that it is known to have written; empty where that is not known.
        shared: paths that another agent's step changed at the same time, with its name.
    """

    before: str
    after: str
    only: bytes = b""
    shared: dict[bytes, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a revert would do.

    Attributes:
        operations: what goes back.
        conflicts: what was changed since, or by somebody else too: it goes back only if that is
            asked for besides; by path, with the reason.
        stays: what cannot go back, or need not.
    """

    operations: tuple[Operation, ...]
    conflicts: tuple[tuple[Operation, str], ...]
    stays: tuple[Left, ...]

    def token(self) -> str:
        """Tells this plan from any other: what is confirmed is what was looked at."""
        return hashlib.sha256(repr((self.operations, self.conflicts)).encode()).hexdigest()[:32]

    def chosen(self, *, over: bool) -> tuple[Operation, ...]:
        """The operations; with `over`, those on what was changed since as well."""
        return (*self.operations, *(each for each, _ in self.conflicts if over))


def changed_by(objects: Objects, span: Span, now: str = "") -> list[Change]:
    """What a step changed; where its end is not known, all that differs now."""
    found = changes(objects, span.before, span.after or now)
    if not span.only:
        return found
    return [each for each in found if each.path == span.only or _made_for(each, span.only)]


def _made_for(change: Change, path: bytes) -> bool:
    return change.before is None and path.startswith(change.path + b"/")


def plan(objects: Objects, spans: Sequence[Span], now: str) -> Plan:
    """Say what reverting steps of one tree would do.

    Args:
        objects: where the trees are kept.
        spans: the steps, oldest first.
        now: the tree as it is.

    Raises:
        ContentLost: a tree is not in the store.
    """
    wanted: dict[bytes, Entry | None] = {}
    expected: dict[bytes, Entry | None] = {}
    doubts: dict[bytes, str] = {}
    for span in spans:
        for change in changed_by(objects, span, now):
            path = change.path
            if path not in wanted:
                wanted[path] = change.before
            elif expected[path] != change.before:
                doubts.setdefault(path, "somebody else changed it between the steps")
            if not span.after:
                doubts.setdefault(path, "the step had no known end")
            elif path in span.shared:
                doubts.setdefault(path, f"{span.shared[path]} changed it at the same time")
            expected[path] = change.after
    operations, conflicts, stays = [], [], []
    there = flat(objects, now)
    for path in sorted(wanted):
        target, current = wanted[path], there.get(path)
        if _is_hidden(there, path) or not _kept(current, target, expected[path]):
            if current != target and not _both_stand(current, target):
                stays.append(Left(path, _why_not(target, current, expected[path])))
            continue
        if current == target:
            continue
        each = Operation(path, current, target)
        if current != expected[path]:
            conflicts.append((each, "it has changed since"))
        elif path in doubts:
            conflicts.append((each, doubts[path]))
        else:
            operations.append(each)
    return _without_filled(there, Plan(tuple(operations), tuple(conflicts), tuple(stays)))


def _kept(*entries: Entry | None) -> bool:
    return all(entry is None or entry.kind in KEPT for entry in entries)


def _both_stand(current: Entry | None, target: Entry | None) -> bool:
    """Whether a directory is there, and was, though what it holds was left alone on one side."""
    return all(entry is not None and entry.kind in "dmr" for entry in (current, target))


def _why_not(*entries: Entry | None) -> str:
    kinds = {entry.kind for entry in entries if entry is not None}
    if "r" in kinds:
        return "it is a repository of its own, which is left alone"
    if "m" in kinds:
        return "git ignores it and it can be made again: it was not kept"
    if "x" in kinds:
        return "it was not kept: it is too large, or cannot be read"
    return "it was not kept"


def _is_hidden(there: Mapping[bytes, Entry], path: bytes) -> bool:
    """Whether nothing is known of a path, as something above it is left alone."""
    while path := os.path.dirname(path):
        if path in there:
            return there[path].kind not in KEPT
    return False


def _without_filled(there: Mapping[bytes, Entry], found: Plan) -> Plan:
    """Leave directories that hold more than what goes: their names are told instead."""
    holds = Counter(os.path.dirname(path) for path in there)
    operations, conflicts, stays = [], list(found.conflicts), list(found.stays)
    # What a directory holds stands behind it, so that this has come to it before.
    for each in reversed(found.operations):
        emptied = _is_directory(each.now) and not _is_directory(each.wanted)
        if emptied and holds[each.path]:
            why = "it holds what came later, or was not kept"
            if each.wanted is None:
                stays.append(Left(each.path, why))
            else:
                conflicts.append((each, why))
            continue
        if each.now is not None and each.wanted is None:
            holds[os.path.dirname(each.path)] -= 1
        operations.append(each)
    stays.sort(key=lambda left: left.path)
    return Plan(tuple(reversed(operations)), tuple(conflicts), tuple(stays))


def _is_directory(entry: Entry | None) -> bool:
    return entry is not None and entry.kind == "d"


# Shown ----------------------------------------------------------------------------------------


def diff(objects: Objects, operations: Iterable[Operation]) -> str:
    """Write operations as one unified diff, from what is there now to what will be.

    Before the hunks of each path stands one line that says what becomes of it.

    Raises:
        ContentLost: a content is not in the store.
    """
    lines: list[str] = []
    size = 0
    for each in operations:
        more = [_headline(each), *(_hunks(objects, each) if size < SHOWN_DIFF else ())]
        size += sum(map(len, more))
        lines += more
    return "".join(f"{line}\n" for line in lines)


def _headline(each: Operation) -> str:
    name, now, wanted = shown(each.path), each.now, each.wanted
    if wanted is None:
        return f"goes away: {name}{_kind(now)}"
    if now is None:
        return f"comes back: {name}{_kind(wanted)}"
    if now.kind != wanted.kind:
        return f"becomes again: {name}{_kind(wanted)}, now{_kind(now)}"
    mode = f", mode {now.mode:04o} → {wanted.mode:04o}" if now.mode != wanted.mode else ""
    if now.kind == "f" and now.digest != wanted.digest and now.size != wanted.size:
        mode += f", {now.size:,} → {wanted.size:,} bytes"
    return f"goes back: {name}{_kind(wanted)}{mode}"


def _kind(entry: Entry | None) -> str:
    return {"d": " (a directory)", "l": " (a link)"}.get(entry.kind, "") if entry else ""


def _hunks(objects: Objects, each: Operation) -> list[str]:
    old, new = _text(objects, each.now), _text(objects, each.wanted)
    if old is None or new is None or old == new:
        return []
    found = unified(old.splitlines(keepends=True), new.splitlines(keepends=True), "", "")
    lines = []
    for line in list(found)[2:]:
        lines.append(line.rstrip("\n"))
        if not line.endswith("\n"):
            lines.append("\\ No newline at end of file")
    return lines


def _text(objects: Objects, entry: Entry | None) -> str | None:
    """What a file or a link says, where that is lines; what is not there says the empty text."""
    if entry is None:
        return ""
    if entry.kind not in ("f", "l") or entry.size > TEXT:
        return None
    content = objects.get(entry.digest)
    if b"\0" in content[:LOOKED_AT]:
        return None
    # Only "\n" ends a line: other ends of lines are what may have changed.
    text = content.decode("utf-8", "backslashreplace")
    return "".join(each if each == "\n" or each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return "\t" if character == "\t" else repr(character)[1:-1]
