"""The worktree that a new agent gets, made before the agent is there."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.isolation.git_program import GitFailed, git
from agent.isolation.worktrees import AGENTS, Worktree, add, own_name, plan, remove
from memory.directories import git_top_level


@dataclass(frozen=True, slots=True)
class OwnWorktree:
    """One that was made.

    Attributes:
        worktree: where it is.
        directory: where in it the agent works.
        project: the repository's top, whose trust counts for the worktree.
    """

    worktree: Worktree
    directory: Path
    project: Path

    @property
    def extra(self) -> dict[str, Any]:
        """What the record of its agent says of it."""
        return {
            "worktree": {"path": str(self.worktree.path), "branch": self.worktree.branch},
            "project": str(self.project),
        }

    async def take_back(self) -> None:
        """Remove it: its agent did not come to be."""
        with contextlib.suppress(GitFailed):
            await remove(self.worktree)


async def make(directory: Path, name: str) -> OwnWorktree:
    """Make a worktree of the repository around a directory.

    Args:
        directory: where its agent would work without one.
        name: what its agent is called; a number is added where it is taken.

    Raises:
        GitFailed: there is no repository, or git cannot.
    """
    top = git_top_level(directory)
    if top is None:
        raise GitFailed(f"{directory} is in no git repository: start the agent without a worktree")
    branches = await git(
        top, "for-each-ref", "--format=%(refname:lstrip=3)", f"refs/heads/{AGENTS}"
    )
    beside = top.with_name(f"{top.name}.worktrees")
    there = await asyncio.to_thread(_names, beside)
    taken = [*branches.decode(errors="replace").split(), *there]
    made, within = plan(top, directory, own_name(name, taken), AGENTS)
    await add(made, top)
    if not within.is_dir():
        # What it would work in is not committed.
        within = made.path
    return OwnWorktree(made, within, top)


def _names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()] if directory.is_dir() else []
