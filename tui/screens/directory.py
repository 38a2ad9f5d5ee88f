"""What can be said about a directory while a person types it, and how it can be completed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from agent.files.git import BRANCHES, head

COMPLETIONS = 6
"""Directories offered at once; more are narrowed by typing on."""


@dataclass(frozen=True, slots=True)
class DirectoryFacts:
    """What is known about a typed path.

    Attributes:
        path: Absolute path; empty when nothing was typed.
        problem: Why an agent can't work there, one line; empty when it can.
        git: Name of the branch checked out, or "detached"; empty outside of git.
        completions: Directories the typed text could become, with a trailing slash.
    """

    path: str
    problem: str = ""
    git: str = ""
    completions: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """One line for the person."""
        if self.problem:
            return self.problem
        if not self.path:
            return ""
        return f"git, {self.git}" if self.git else "not under git"


def look(typed: str, *, base: Path) -> DirectoryFacts:
    """Look at a typed path; `~` and paths relative to `base` are understood. Touches the disk."""
    typed = typed.strip()
    if not typed:
        return DirectoryFacts("", "Which directory shall it work in?", completions=())
    path = resolve(typed, base=base)
    completions = complete(typed, base=base)
    problem = ""
    try:
        if not path.exists():
            problem = "This directory does not exist"
        elif not path.is_dir():
            problem = "This is a file, not a directory"
        elif not os.access(path, os.R_OK | os.X_OK):
            problem = "You may not read this directory"
    except OSError as error:
        problem = f"This path can’t be used: {error.strerror or error}"
    except ValueError:
        problem = "This path can’t be used: it holds a null character"
    git = "" if problem else branch(path)
    return DirectoryFacts(str(path), problem, git, completions)


def resolve(typed: str, *, base: Path) -> Path:
    """Make a typed path absolute without asking the disk."""
    if typed == "~" or typed.startswith("~/"):
        typed = str(Path.home()) + typed[1:]
    return Path(os.path.normpath(base / typed))


def complete(typed: str, *, base: Path) -> tuple[str, ...]:
    """List directories that begin as typed, written the way the person writes."""
    head, slash, tail = typed.rpartition("/")
    written = head + slash
    if typed == "~":
        return ("~/",)
    parent = resolve(written, base=base) if written else base
    found: list[str] = []
    try:
        with os.scandir(parent) as entries:
            for entry in entries:
                if not entry.name.startswith(tail):
                    continue
                if entry.name.startswith(".") and not tail.startswith("."):
                    continue
                if entry.name.isprintable() and entry.is_dir():
                    found.append(f"{written}{entry.name}/")
    except (OSError, ValueError):
        return ()
    return tuple(sorted(found)[:COMPLETIONS])


def extend(typed: str, completions: tuple[str, ...]) -> str:
    """Return what Tab makes of the typed text: as far as all completions agree."""
    if not completions:
        return typed
    common = os.path.commonprefix(completions)  # noqa: RUF071
    return common if len(common) > len(typed) else completions[0]


def branch(path: Path) -> str:
    """Say what is checked out in the repository that holds `path`; empty outside of one."""
    found = head(path)
    if found is None:
        return ""
    return f"branch {found.removeprefix(BRANCHES)}" if found.startswith(BRANCHES) else "detached"
