"""Which parts of a working tree a git command may write: a switched branch brings other files.

It matters only where something that runs takes one of them up; see `agent.risk.running`. What the
commit that is switched to has is read; what merging and stashing make may be anything.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from agent.risk.arguments import has, split, wordlist
from agent.risk.evaluation.call import Call
from agent.risk.git_objects import GitObjects, Unreadable
from agent.risk.running import known_part

_CHANGING = frozenset(
    wordlist(
        """merge pull rebase cherry-pick revert bisect submodule subtree flow svn sparse-checkout
        lfs read-tree checkout-index rerere mergetool town p4 quiltimport absorb undo sync"""
    )
)
"""Verbs after which any file of the working tree may be another."""

_LOOKING = {
    "bisect": ("log", "view", "visualize", "terms"),
    "submodule": ("status", "summary", "foreach", "init", "deinit"),
    "lfs": ("ls-files", "track", "untrack", "status", "env", "install", "fetch", "push", "version"),
    "sparse-checkout": ("list",),
    "flow": ("init", "config", "version"),
    "svn": ("log", "info", "fetch", "find-rev", "dcommit"),
    "stash": ("list", "show", "drop", "clear", "create", "store"),
    "rerere": ("status", "diff"),
}
"""Of these verbs, what changes no file."""


def git_trees(call: Call, verb: str, argv: list[str]) -> None:
    """Say what a verb may write, if anything runs that could take it up."""
    evaluator = call.evaluator
    if not (evaluator.context.running or evaluator.awaited):
        return
    options, operands = split(argv)
    if operands[:1] and operands[0] in _LOOKING.get(verb, ()):
        return
    if verb in _CHANGING or verb == "stash":
        call.scatters(top(call))
    elif verb == "reset":
        if has(options, "", "--hard", "--merge", "--keep"):
            _becomes(call, operands[0] if operands else "HEAD", forced=True)
    elif verb == "clone":
        named = operands[1:2] or [re.split("[/:]", operands[0].rstrip("/"))[-1]] if operands else []
        for name in named:
            call.scatters(name.removesuffix(".git"))
    elif verb == "worktree":
        for operand in operands[1:]:
            call.scatters(operand)
    elif verb == "restore":
        if not has(options, "S", "--staged") or has(options, "W", "--worktree"):
            _paths(call, split(argv, ("-s", "--source"))[1])
    elif verb == "switch":
        made = has(options, "cC", "--create", "--force-create", "--orphan")
        if made and len(operands) > 1:
            _becomes(call, operands[1], forced=_forced(options))
        elif not made and operands:
            _becomes(call, operands[0], forced=_forced(options))
        elif not made:
            call.scatters(top(call))
    elif verb == "checkout":
        _checkout(call, argv, options, operands)
    elif verb == "mv":
        _move(call, operands)


def _checkout(call: Call, argv: list[str], options: list[str], operands: list[str]) -> None:
    if "--" in argv:
        _paths(call, argv[argv.index("--") + 1 :])
    elif has(options, "", "--pathspec-from-file"):
        call.scatters(top(call))
    elif has(options, "bB", "--orphan"):
        if len(operands) > 1:
            _becomes(call, operands[1], forced=_forced(options))
    elif len(operands) > 1:
        _paths(call, operands)
    elif operands and os.path.lexists(call.place(operands[0]).path):
        # git refuses a name that is a branch and a file at once.
        _paths(call, operands)
    elif operands:
        _becomes(call, operands[0], forced=_forced(options))
    else:
        call.scatters(top(call))


def _forced(options: list[str]) -> bool:
    """Work that was not committed is thrown away."""
    return has(options, "f", "--force", "--discard-changes", "-m", "--merge")


def _becomes(call: Call, revision: str, *, forced: bool) -> None:
    """The working tree becomes that of a commit: what that one has of what runs is read.

    Args:
        call: the command.
        revision: what is switched to.
        forced: files that were changed since the last commit become those of the commit, too.
    """
    root = top(call)
    try:
        objects = GitObjects(root)
        before, after = objects.commit("HEAD"), objects.commit(revision)
    except Unreadable:
        call.scatters(root)
        return

    def holds(path: str) -> str | bool | None:
        inner = path[len(root) + 1 :]
        try:
            old, new = objects.entry(before, inner), objects.entry(after, inner)
            if old == new and not forced:
                return None
            if new is None:
                return None
            if new[0] not in _FILES or Path(path).is_symlink() or _through_link(root, inner):
                return True
            content = objects.content(new[1])
            if forced and Path(path).is_file() and Path(path).read_bytes() == content:
                return None
            return content.decode()
        except (Unreadable, OSError, UnicodeDecodeError):
            return True

    call.switches(root, holds)


_FILES = ("100644", "100755")
"""Modes of what is a file in a commit, and no link, directory or other repository."""


def _through_link(root: str, inner: str) -> bool:
    """Some directory on the way is a link."""
    parts = inner.split("/")[:-1]
    return any(Path(root, *parts[: number + 1]).is_symlink() for number in range(len(parts)))


def _paths(call: Call, operands: list[str]) -> None:
    """Files and directories; what else a pathspec may be is anything."""
    for operand in operands:
        if operand.startswith(":"):
            call.scatters(top(call))
        else:
            call.scatters(operand)


def _move(call: Call, operands: list[str]) -> None:
    """`git mv` moves as `mv` does."""
    if len(operands) < 2:
        return
    target = call.place(operands[-1]).path
    for operand in operands[:-1]:
        source = call.place(operand).path
        if Path(source).is_dir():
            call.disturbs(source, None, replaced=True)
        call.disturbs(f"{target}/{source.rpartition('/')[2]}", None)
    call.disturbs(target, None)


def top(call: Call) -> str:
    """The top directory of the repository that a command works in."""
    at = known_part(call.cwd)
    while at and at != "/":
        if os.path.lexists(f"{at}/.git"):
            return at
        at = at.rpartition("/")[0]
    return call.evaluator.ground.project or known_part(call.cwd)
