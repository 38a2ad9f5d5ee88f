"""Evidence for a dream: what the repositories say now, and what was run there lately.

Repositories belong to projects, and anything may stand in them. Git is only asked to read, with
nothing of the repository's own choosing run, and no answer is taken that is longer or takes longer
than it may. What could not be found out is left out, and is then held against no memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from agent.files import project_files
from agent.files.git_answer import git_answer
from memory.dream.orient import Event, Evidence, ProjectState, Rename
from memory.dream.reading import PATH
from memory.journal import Run
from memory.versions import Memory

PROJECTS = 50
"""Projects that are looked at: those with the most memories."""

COMMITS = 1000
"""Commits in which renames are looked for, the newest."""

_PATH = re.compile(PATH)


async def gather(memories: Iterable[Memory], now: float, runs: Sequence[Run] = ()) -> Evidence:
    """Look at the projects of some memories.

    Args:
        memories: active ones; those of no project count for nothing.
        now: seconds since the epoch.
        runs: command lines that ended well lately.
    """
    mine = [memory for memory in memories if memory.scope == "project" and memory.project]
    most = Counter(str(memory.project) for memory in mine).most_common(PROJECTS)
    projects = {}
    for project, _ in most:
        texts = [memory.text for memory in mine if memory.project == project]
        state = await look(Path(project), texts)
        if state is not None:
            projects[project] = state
    known = {str(memory.project) for memory in mine}
    return Evidence(now, projects, tuple(_event(run, known) for run in runs))


def _event(run: Run, projects: Iterable[str]) -> Event:
    """A run as an event of the project that its directory is in, or of none that is known."""
    around = [one for one in projects if Path(run.directory).is_relative_to(one)]
    return Event(
        id=f"run:{run.seq}",
        at=run.at,
        project=max(around, key=len, default=run.directory),
        kind="command",
        text=run.command,
        by="person" if run.actor == "person" else "agent",
    )


async def look(directory: Path, texts: Sequence[str] = ()) -> ProjectState | None:
    """The state of the project in a directory; None when there is no such directory.

    Args:
        directory: the project's top, in a git repository or not.
        texts: what is said of it; files named there are looked for even if git ignores them.
    """
    if not await asyncio.to_thread(directory.is_dir):
        return None
    versions = await asyncio.to_thread(project_files.versions, directory)
    commands = await asyncio.to_thread(project_files.commands, directory)
    config = await asyncio.to_thread(project_files.config, directory)
    paths = await _paths(directory)
    if paths:
        paths |= await asyncio.to_thread(_there, directory, texts)
    branches, deleted = await _branches(directory)
    return ProjectState(
        paths=frozenset(paths),
        branches=branches,
        deleted_branches=deleted,
        renames=await _renames(directory, paths) if paths else (),
        versions=versions,
        commands=commands,
        config=config,
    )


async def _paths(directory: Path) -> set[str]:
    """Every file that git knows or does not ignore; none when there may be more."""
    listed = await git_answer(
        directory, "ls-files", "-z", "--cached", "--others", "--exclude-standard"
    )
    return set() if listed is None else {path for path in listed.split("\0") if path}


def _there(directory: Path, texts: Iterable[str]) -> set[str]:
    """The files that texts name and that are there."""
    found = set()
    for text in texts:
        for match in _PATH.finditer(text):
            path = match[0].rstrip(".,/").removeprefix("./")
            if path.startswith(("/", "~")) or ".." in path.split("/"):
                continue
            with contextlib.suppress(OSError, ValueError):
                os.lstat(directory / path)
                found.add(path)
    return found


async def _renames(directory: Path, paths: set[str]) -> tuple[Rename, ...]:
    """Files that have another path than they had, newest first."""
    told = await git_answer(
        directory, "log", "-z", "--no-ext-diff", "--no-textconv", "--find-renames", "--relative",
        f"--max-count={COMMITS}", "--diff-filter=R", "--name-status", "--format=%x01%h",
    )  # fmt: skip
    found: list[Rename] = []
    commit = ""
    words = iter(told.split("\0") if told else ())
    for said in words:
        word = said.lstrip("\n")
        if word.startswith("\x01"):
            commit = word[1:]
        elif re.fullmatch(r"R\d+", word):
            old, new = next(words, ""), next(words, "")
            if new and old not in paths:
                found.append(Rename(f"rename:{commit}:{len(found) + 1}", old, new))
    return tuple(found)


async def _branches(directory: Path) -> tuple[frozenset[str], dict[str, str]]:
    """The branches here and, as last seen, elsewhere; and those that were worked on and are gone.

    None at all in a clone that does not follow every branch.
    """
    listed = await git_answer(directory, "for-each-ref", "--format=%(refname)", "refs/heads",
                        "refs/remotes")  # fmt: skip
    followed = await git_answer(directory, "config", "--get-regexp", r"^remote\..*\.fetch$")
    if listed is None or not all(
        re.match(r"\S+ \+?refs/(?:heads|tags|notes)?/?\*:", line)
        for line in (followed or "").splitlines()
    ):
        return frozenset(), {}
    names = set()
    for line in listed.splitlines():
        kind, _, name = line.removeprefix("refs/").partition("/")
        names.add(name if kind == "heads" else name.partition("/")[2])
    names.discard("HEAD")
    moves = await git_answer(
        directory, "log", "--walk-reflogs", "--format=%gs", "-n", "2000", "HEAD"
    )
    left = re.findall(
        r"^(?:checkout: moving from (\S+) to |Branch: renamed refs/heads/(\S+) to )",
        moves or "",
        re.MULTILINE,
    )
    gone = {one or other for one, other in left} - names
    # A commit without a branch is written as its digits.
    gone = {name for name in gone if not re.fullmatch(r"[0-9a-f]{40,64}|HEAD", name)}
    return frozenset(names), {name: f"branch:{name}" for name in sorted(gone)}
