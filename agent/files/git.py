"""What git knows of a directory, read from git's own files: no process is started for it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from agent.files.regular_file import read_regular

MAX_BYTES = 4096
"""Longest part of one of git's small files that is read; they hold one name or path."""

BRANCHES = "ref: refs/heads/"
"""How HEAD begins while a branch is checked out; its name follows (gitrepository-layout(5))."""


def branch(directory: Path) -> str | None:
    """Give the branch checked out around `directory`, seven digits when detached, None outside."""
    found = head(directory)
    if found is None:
        return None
    return found.removeprefix(BRANCHES) if found.startswith(BRANCHES) else found[:7] or None


def head(directory: Path) -> str | None:
    """Give what HEAD says around `directory`: `BRANCHES` and a name, or digits; None outside."""
    for candidate in (directory, *directory.parents):
        with contextlib.suppress(OSError):
            return _read(_git(candidate) / "HEAD")
    return None


def common_directory(directory: Path) -> Path | None:
    """Give what all worktrees of a repository share (gitrepository-layout(5)), None outside."""
    for candidate in (directory, *directory.parents):
        try:
            git = _git(candidate)
            _read(git / "HEAD")
        except OSError:
            continue
        try:
            return (git / _read(git / "commondir")).resolve()
        except OSError:
            return git.resolve()
    return None


def repository_of(directory: Path) -> Path | None:
    """The top of the repository that the worktree around `directory` belongs to.

    None where it is no worktree beside another, or that has none (a bare repository).
    """
    common = common_directory(directory)
    if common is None or common.name != ".git":
        return None
    for candidate in (directory, *directory.parents):
        if (candidate / ".git").exists():
            return None if candidate.resolve() == common.parent else common.parent
    return None


def _git(directory: Path) -> Path:
    git = directory / ".git"
    if git.is_file():
        return (directory / _read(git).removeprefix("gitdir:").strip()).resolve()
    return git


def _read(file: Path) -> str:
    # Agents can write here, and reading a pipe would hold the reader for good.
    return read_regular(file, MAX_BYTES).decode(errors="replace").strip()
