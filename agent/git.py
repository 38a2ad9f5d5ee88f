"""What git knows of a directory, read from git's own files: no process is started for it."""

from __future__ import annotations

from pathlib import Path


def branch(directory: Path) -> str | None:
    """Give the branch checked out around `directory`, seven digits when detached, None outside."""
    for candidate in (directory, *directory.parents):
        try:
            head = _read(_git(candidate) / "HEAD")
        except OSError:
            continue
        if head.startswith("ref: refs/heads/"):
            return head.removeprefix("ref: refs/heads/")
        return head[:7] or None
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


def _git(directory: Path) -> Path:
    git = directory / ".git"
    if git.is_file():
        return (directory / _read(git).removeprefix("gitdir:").strip()).resolve()
    return git


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace").strip()
