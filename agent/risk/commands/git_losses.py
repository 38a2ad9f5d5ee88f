"""What a git command that takes files from a commit or the index throws away of them."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Sequence

from agent.risk.commands.git_trees import top
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.evaluation.uncommitted import Entry, changed_below
from agent.risk.git_objects import GitObjects, Unreadable
from agent.risk.shell.syntax import UNKNOWN


def throws_away(call: Call, operands: Sequence[str], *, staged: bool = False) -> None:
    """`git checkout -- PATH`, `git restore PATH`: HIGH when work in there was not committed.

    Where there is no repository that can be looked at, nothing is known to be lost.

    Args:
        call: the command.
        operands: the paths, as they are named.
        staged: they come from a commit, so what was staged is replaced as well.
    """
    root = top(call)
    names = [_below(call, operand, root) for operand in operands]

    def wanted(path: str) -> bool:
        return any(
            name is None
            or path == name
            or path.startswith(f"{name}/")
            or (bool(set(name) & set("*?[")) and fnmatch.fnmatchcase(path, name))
            for name in names
        )

    changed: list[Entry] | None = []
    if names and root:
        try:
            changed = changed_below(root, wanted, _committed(root) if staged else None)
        except Unreadable:
            changed = None
    if changed is None:
        call.high("throws away work that may not be committed")
    elif changed:
        call.high(
            "throws away work that was not committed",
            f"throws away changes of {shown(changed[0].path)}",
        )
    else:
        call.medium("throws away changes of named files")


def _committed(root: str) -> Callable[[str], bytes | None] | None:
    """What the last commit has at a path; None where there is no repository or commit."""
    try:
        objects = GitObjects(root)
        head = objects.commit("HEAD")
    except Unreadable:
        return None

    def name(path: str) -> bytes | None:
        found = objects.entry(head, path)
        return None if found is None else bytes.fromhex(found[1])

    return name


def _below(call: Call, operand: str, root: str) -> str | None:
    """A path from the top of the work tree; None for what may be any."""
    if UNKNOWN in operand or operand.startswith(":"):
        return None
    path = call.place(operand).path.rstrip("/")
    if path == root:
        return None
    return path[len(root) + 1 :] if path.startswith(f"{root}/") else ""
