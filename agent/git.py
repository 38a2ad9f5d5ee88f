"""The branch of a directory, read from git's own files: no process is started for it."""

from __future__ import annotations

from pathlib import Path


def branch(directory: Path) -> str | None:
    """Give the branch checked out around `directory`, seven digits when detached, None outside."""
    for candidate in (directory, *directory.parents):
        git = candidate / ".git"
        try:
            if git.is_file():
                pointer = git.read_text(encoding="utf-8", errors="replace").strip()
                git = (candidate / pointer.removeprefix("gitdir:").strip()).resolve()
            head = (git / "HEAD").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            continue
        if head.startswith("ref: refs/heads/"):
            return head.removeprefix("ref: refs/heads/")
        return head[:7] or None
    return None
