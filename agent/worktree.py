"""A git work tree for one worker: made beside the project, removed when nothing would be lost.

It stands in `PROJECT.worktrees/NAME` on a new branch `worker/NAME`, which begins at what is checked
out. git runs no hooks for it, as nobody approved those.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from agent.errors import AgentError
from memory.directories import git_top_level

BRANCHES = "worker/"
"""How the names of workers' branches begin."""

GIT_SECONDS = 300.0
"""How long git may take to check out a large project."""


class WorktreeFailed(AgentError):
    """git did not do it; the text is its reason."""


@dataclass(frozen=True, slots=True)
class Worktree:
    """Where a work tree is, or will be."""

    path: Path
    branch: str


def plan(project: Path, directory: Path, name: str) -> tuple[Worktree, Path]:
    """Say where the work tree of a worker called `name` goes.

    Args:
        project: where its coordinator works.
        directory: where it is to work, in the same repository.
        name: fit for a branch.

    Returns:
        The work tree, and the directory in it that is what `directory` is here.

    Raises:
        WorktreeFailed: there is no repository, or `directory` is not in it.
    """
    top = git_top_level(project)
    if top is None or not directory.is_relative_to(top):
        raise WorktreeFailed(f"{directory} is in no repository of yours: leave worktree out")
    path = top.with_name(f"{top.name}.worktrees") / name
    return Worktree(path, f"{BRANCHES}{name}"), path / directory.relative_to(top)


async def add(worktree: Worktree, directory: Path) -> None:
    """Make a work tree of the repository around `directory`.

    Raises:
        WorktreeFailed: the path or the branch is taken, or git cannot.
    """
    if await asyncio.to_thread(os.path.lexists, worktree.path):
        raise WorktreeFailed(f"{worktree.path} is there already: choose another name")
    await _git(directory, *_adding(worktree))


async def remove(worktree: Worktree) -> str:
    """Remove a work tree that is clean, and its branch if it is merged; gives what stays.

    What git ignores goes with it.

    Raises:
        WorktreeFailed: it holds what is not committed; nothing was changed.
    """
    main = Path(
        await _git(worktree.path, "rev-parse", "--path-format=absolute", "--git-common-dir")
    )
    await _git(main, "worktree", "remove", "--", str(worktree.path))
    try:
        await _git(main, "branch", "-d", "--", worktree.branch)
    except WorktreeFailed:
        return f"the branch {worktree.branch} stays: it holds commits that are not merged"
    return ""


def _adding(worktree: Worktree) -> tuple[str, ...]:
    return ("worktree", "add", "-q", "-b", worktree.branch, "--", str(worktree.path), "HEAD")


async def _git(directory: Path, *words: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *("git", "-c", "core.hooksPath=/dev/null", "-C", str(directory), *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        | {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"},
    )
    try:
        async with asyncio.timeout(GIT_SECONDS):
            output, errors = await process.communicate()
    except TimeoutError as error:
        raise WorktreeFailed(f"git {words[0]} took more than {GIT_SECONDS:g} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        said = errors.decode(errors="replace").strip().splitlines()
        raise WorktreeFailed(f"git {words[0]}: {said[-1] if said else 'it failed'}")
    return output.decode(errors="replace").strip()
