"""What git does not say of its own accord before it overwrites or deletes files."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from agent.isolation.git_program import git
from agent.isolation.tree import MADE_AGAIN

AT_ONCE = 500
"""Paths on one command line."""


async def hidden_edits(path: Path) -> list[str]:
    """Tracked files with changes that `git status` was told to overlook.

    Those are marked `assume-unchanged` or `skip-worktree` (git-update-index(1)).

    Raises:
        GitFailed: git cannot say.
    """
    marked = [
        each[2:]
        for each in (await git(path, "ls-files", "-v", "-z")).split(b"\0")
        if each[:1] == b"S" or each[:1].islower()
    ]
    there = [name for name in marked if (path / os.fsdecode(name)).is_file()]
    changed = []
    for some in _some(there):
        names = [os.fsdecode(name) for name in some]
        listed = await git(path, "--literal-pathspecs", "ls-files", "-s", "-z", "--", *names)
        stored = {}
        for line in filter(None, listed.split(b"\0")):
            head, _, name = line.partition(b"\t")
            stored[name] = head.split(b" ")[1]
        # As git would store them, with whatever turns line ends.
        now = (await git(path, "hash-object", "--", *names)).split()
        changed += [name for name, digest in zip(some, now, strict=True) if stored[name] != digest]
    return [os.fsdecode(name) for name in changed]


async def not_made_again(path: Path, ignored: Sequence[bytes]) -> list[str]:
    """Of what `git ls-files --ignored --directory` names, what nothing makes again.

    A directory that a build or an installer makes counts as such only as a whole: where it is
    ignored itself, or ignores itself. An ignored file in it beside tracked ones is somebody's.

    Raises:
        GitFailed: git cannot say.
    """
    directories = tuple(name for name in ignored if name.endswith(b"/"))
    # git may name a directory, and what is in it besides.
    ignored = [each for each in ignored if not _is_below(each, directories)]
    made = [name for name in ignored if name.endswith(b"/") and _name(name) in MADE_AGAIN]
    whole = {name for name in made if _ignores_itself(path / os.fsdecode(name))}
    for name in set(made) - whole:
        # Status 1: it is not.
        if await git(path, "check-ignore", "--", os.fsdecode(name), ok=(0, 1)):
            whole.add(name)
    return [os.fsdecode(name) for name in ignored if name not in whole]


def _is_below(name: bytes, directories: tuple[bytes, ...]) -> bool:
    return any(name != each and name.startswith(each) for each in directories)


def _name(directory: bytes) -> bytes:
    return os.path.basename(directory.rstrip(b"/"))


def _ignores_itself(directory: Path) -> bool:
    return directory.name == "__pycache__" or (directory / ".gitignore").is_file()


async def has_submodules(path: Path) -> bool:
    """Whether a worktree holds submodules, whose repositories would go with it.

    Raises:
        GitFailed: git cannot say.
    """
    own = os.fsdecode(await git(path, "rev-parse", "--absolute-git-dir")).rstrip("\n")
    if await asyncio.to_thread(_holds_any, Path(own) / "modules"):
        return True
    listed = await git(path, "ls-files", "-s", "-z")
    links = [each for each in listed.split(b"\0") if each.startswith(b"160000 ")]
    places = [path / os.fsdecode(each.partition(b"\t")[2]) for each in links]
    return any(await asyncio.to_thread(lambda: [_holds_any(place) for place in places]))


def _holds_any(directory: Path) -> bool:
    return directory.is_dir() and any(directory.iterdir())


async def in_the_way(top: Path, base: str, branch: str) -> list[str]:
    """Ignored files that merging a branch into what is checked out would overwrite or delete.

    git overwrites what it ignores without a word; what it does not ignore it refuses to.

    Args:
        top: where the branch would be merged.
        base: the commit where the two parted.
        branch: what would be merged.

    Raises:
        GitFailed: git cannot say.
    """
    words = ("diff", "--name-only", "-z", "--no-renames", "--diff-filter=d", base, branch, "--")
    comes = [each for each in (await git(top, *words)).split(b"\0") if each]
    tracked = set((await git(top, "ls-files", "-z")).split(b"\0"))
    root = os.fsencode(top)
    found = await asyncio.to_thread(
        _untracked, root, [c for c in comes if c not in tracked], tracked
    )
    return [os.fsdecode(name) for name in found]


async def take_back(top: Path, base: str, branch: str) -> None:
    """Undo what a merge that failed has written; git leaves that, cut off in the middle of a file.

    It was made sure before that nothing stood where the merge would put new files, and that what
    is tracked held no changes. What the branch has not changed is left alone.

    Args:
        top: where the branch was to be merged, still at its old commit.
        base: the commit where the two parted.
        branch: what was to be merged.

    Raises:
        GitFailed: git cannot, as where the disk is full still.
        OSError: nor can new files be deleted.
    """
    words = ("diff", "--name-only", "-z", "--no-renames", base, branch, "--")
    comes = [each for each in (await git(top, *words)).split(b"\0") if each]
    kept = set((await git(top, "ls-tree", "-r", "-z", "--name-only", "HEAD")).split(b"\0"))
    root = os.fsencode(top)
    # First: what is then written needs room.
    await asyncio.to_thread(_delete, root, [each for each in comes if each not in kept])
    if await git(top, "diff-index", "--cached", "--name-only", "HEAD", "--"):
        await git(top, "reset", "-q", to_its_end=True)
    changed = set((await git(top, "diff-files", "--name-only", "-z")).split(b"\0"))
    for some in _some([each for each in comes if each in kept and each in changed]):
        names = [os.fsdecode(each) for each in some]
        await git(
            top, "--literal-pathspecs", "checkout", "-q", "HEAD", "--", *names, to_its_end=True
        )


def _delete(root: bytes, paths: Iterable[bytes]) -> None:
    for path in paths:
        full = os.path.join(root, path)
        if not os.path.isdir(full) or os.path.islink(full):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                os.unlink(full)
        # Directories that were made for them.
        parts = path.split(b"/")[:-1]
        with contextlib.suppress(OSError):
            for count in range(len(parts), 0, -1):
                os.rmdir(os.path.join(root, *parts[:count]))


def _untracked(root: bytes, comes: Iterable[bytes], tracked: Collection[bytes]) -> list[bytes]:
    found = set()
    for path in comes:
        parts = path.split(b"/")
        above = [b"/".join(parts[:count]) for count in range(1, len(parts))]
        file = next((each for each in above if _is_file(os.path.join(root, each))), None)
        full = os.path.join(root, path)
        if file is not None:
            found |= {file} - set(tracked)
        elif os.path.isdir(full) and not os.path.islink(full):
            for directory, _, names in os.walk(full):
                below = os.path.relpath(directory, root)
                found |= {os.path.join(below, name) for name in names} - set(tracked)
        elif os.path.lexists(full):
            found.add(path)
    return sorted(found)


def _is_file(path: bytes) -> bool:
    return os.path.islink(path) or os.path.isfile(path)


def _some(names: Sequence[bytes]) -> list[Sequence[bytes]]:
    return [names[at : at + AT_ONCE] for at in range(0, len(names), AT_ONCE)]
