"""Whose project instructions carry the operator's authority: those that the person wrote or trusts.

A model follows what a system message says as it follows whoever runs the program ("Not a place for
untrusted content", mid-conversation system messages in the API's documentation). So every file
counts that the instructions are made of, and every link on the way to one; where it cannot be
known who wrote one of them, none of them has it.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from agent.agents.services import Services
from agent.context.instructions import Instructions
from memory.directories import git_top_level
from memory.journal import Line

SLACK = 0.5
"""Seconds by which the time of a file and that of a line may be off: the system counts the times
of files in ticks, and a line is seen to end a little later or earlier than it does."""


async def may_instruct(found: Instructions, project: Path | None, services: Services) -> bool:
    """Whether instructions are all the person's: files of their own, or of a project they trust.

    What an agent wrote never is. What lies where one fetched or unpacked, and what changed while a
    line of one ran in the same work tree, by git, an archive or a program, is once the person
    trusts the project anew, or has changed it since.

    Args:
        found: as they are on disk now.
        project: the tree that they lie in; None where it is no project.
        services: which know what is trusted, and what agents did.
    """
    if found.has_other_names or not found.read.isdisjoint(services.written):
        # An agent must not give itself authority.
        return False
    since: float | None = 0.0
    if any(file.path.parent != services.paths.config for file in found.files):
        directories = services.database.directories
        since = None if project is None else await directories.trusted_since(project)
    if since is None or _fetched(found.read, services.fetched, since):
        return False
    try:
        changed = await asyncio.to_thread(_changed, found.read, since)
    except OSError:
        return False
    if not changed:
        return True
    first, last = min(changed.values()) - SLACK, max(changed.values()) + SLACK
    lines = await services.database.journal.lines_between(first, last)
    return not await asyncio.to_thread(_changed_by, changed, lines)


def _fetched(paths: Iterable[Path], fetched: Mapping[str, float], since: float) -> bool:
    recent = [root for root, at in fetched.items() if at >= since]
    return any(path.is_relative_to(root) for path in paths for root in recent)


def _changed(paths: Iterable[Path], since: float) -> dict[Path, float]:
    """The files and links that changed since, and when: a time that no program can set back.

    Raises:
        OSError: one cannot be looked at.
    """
    changed = {}
    for path in paths:
        about = os.lstat(path)
        if not stat.S_ISDIR(about.st_mode) and about.st_ctime >= since - SLACK:
            changed[path] = about.st_ctime
    return changed


def _changed_by(changed: Mapping[Path, float], lines: Iterable[Line]) -> bool:
    """Whether one of some files may have been changed by one of some lines."""
    tops: dict[str, Path] = {}
    for line in lines:
        if line.directory not in tops:
            at = Path(line.directory or "/")
            tops[line.directory] = git_top_level(at) or at
        top = tops[line.directory]
        if any(
            line.at - SLACK <= at <= line.until + SLACK and path.is_relative_to(top)
            for path, at in changed.items()
        ):
            return True
    return False
