"""Git worktrees of agents: made beside the project, listed, compared, merged, removed.

One stands in `PROJECT.worktrees/NAME` on a new branch (`worker/NAME` of a worker, `agent/NAME` of
any other agent), which begins at what is checked out. git runs no hooks for it, as nobody approved
those. Nothing is removed in which work would be lost, unless just that loss was agreed to; commits
are never lost: a branch that holds some of its own stays.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.isolation.git_program import GIT_SECONDS, IDENTIFY, GitFailed, GitSlow, git
from agent.isolation.unsaid import (
    has_submodules,
    hidden_edits,
    in_the_way,
    not_made_again,
    take_back,
)
from memory.directories import git_top_level

WORKERS = "worker/"
"""How the names of workers' branches begin."""

AGENTS = "agent/"
"""How the names of other agents' branches begin."""

SIGN_SECONDS = 60.0
"""How long a merge may take that is signed: nobody can type a passphrase for it here."""

SHORTEST = 8
"""Characters of a token that are enough to agree."""

NAMED = 5
"""Files that a loss names; it counts the others."""

_HALF_DONE = {
    "MERGE_HEAD": "a merge",
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "BISECT_LOG": "a bisection",
}
"""What git keeps in a worktree's directory while something is under way."""


@dataclass(frozen=True, slots=True)
class Worktree:
    """Where a worktree is, or will be."""

    path: Path
    branch: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A worktree of a repository, as git lists it; `branch` is empty where none is checked out."""

    path: Path
    branch: str
    head: str
    main: bool
    locked: bool
    gone: bool
    """Whether its directory is not there any more."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What removing a worktree would lose; paths are below it.

    Attributes:
        uncommitted: changed, staged or untracked files.
        ignored: files that git ignores, but for what a build or an installer makes again.
        half_done: what git has under way there, such as a rebase.
        unmerged: commits that are on no other branch; the branch stays with them.
        detached: of those, the ones that are on no branch at all, by the last of them.
        untouched: nothing was ever committed there, and nothing is there to be.
    """

    uncommitted: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    half_done: str = ""
    unmerged: int = 0
    detached: str = ""
    untouched: bool = False

    def __bool__(self) -> bool:
        return bool(self.uncommitted or self.ignored or self.half_done or self.detached)

    def token(self) -> str:
        """Tells this loss from any other: what is agreed to is what was told."""
        told = repr((self.uncommitted, self.ignored, self.half_done, self.detached))
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def told(self) -> tuple[str, ...]:
        """Say it line by line."""
        lines = []
        if self.half_done:
            lines.append(f"{self.half_done} is under way")
        if self.detached:
            text = f"commits on no branch: {self.unmerged}, the last is {self.detached[:12]}"
            lines.append(f"{text} (git branch NAME {self.detached[:12]} keeps them)")
        for paths, what in (
            (self.uncommitted, "not committed"),
            (self.ignored, "ignored by git, and nothing makes it again"),
        ):
            if paths:
                more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
                lines.append(f"{what}: {', '.join(paths[:NAMED])}{more}")
        return tuple(lines)


class WouldLose(GitFailed):
    """Removing a worktree would lose work; nothing was changed."""

    def __init__(self, path: Path, loss: Loss) -> None:
        super().__init__(f"{path} stays, it would lose: {'; '.join(loss.told())}")
        self.loss = loss


def plan(
    project: Path, directory: Path, name: str, beginning: str = WORKERS
) -> tuple[Worktree, Path]:
    """Say where the worktree of an agent called `name` goes.

    Args:
        project: the repository, or a directory in it.
        directory: where it is to work, in the same repository.
        name: fit for a branch.
        beginning: of the branch's name.

    Returns:
        The worktree, and the directory in it that is what `directory` is here.

    Raises:
        GitFailed: there is no repository, or `directory` is not in it.
    """
    top = git_top_level(project)
    if top is None or not directory.is_relative_to(top):
        raise GitFailed(f"{directory} is in no repository of yours: leave worktree out")
    path = top.with_name(f"{top.name}.worktrees") / name
    return Worktree(path, f"{beginning}{name}"), path / directory.relative_to(top)


async def add(worktree: Worktree, directory: Path) -> None:
    """Make a worktree of the repository around `directory`.

    Raises:
        GitFailed: the path or the branch is taken, or git cannot.
    """
    if await asyncio.to_thread(os.path.lexists, worktree.path):
        raise GitFailed(f"{worktree.path} is there already: choose another name")
    words = ("worktree", "add", "-q", "-b", worktree.branch, "--", str(worktree.path), "HEAD")
    await git(directory, *words)


async def listed(directory: Path) -> list[Listed]:
    """Every worktree of the repository around `directory`, the main one first.

    Raises:
        GitFailed: there is no repository.
    """
    try:
        output = await git(directory, "worktree", "list", "--porcelain", "-z")
    except GitFailed as error:
        if await asyncio.to_thread(git_top_level, directory) is None:
            told = f"{directory} is in no git repository, so there are no worktrees of it"
            raise GitFailed(told) from error
        raise
    found = []
    for number, record in enumerate(output.removesuffix(b"\0\0").split(b"\0\0")):
        facts = dict(line.partition(b" ")[::2] for line in record.split(b"\0"))
        branch = os.fsdecode(facts.get(b"branch", b"")).removeprefix("refs/heads/")
        found.append(
            Listed(
                Path(os.fsdecode(facts[b"worktree"])),
                branch,
                facts.get(b"HEAD", b"").decode(),
                main=number == 0,
                locked=b"locked" in facts,
                gone=b"prunable" in facts,
            )
        )
    return found


async def loss(path: Path) -> Loss:
    """Look what removing a worktree would lose.

    Raises:
        GitFailed: git cannot say.
    """
    status = await git(
        path, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames"
    )
    uncommitted = tuple(os.fsdecode(each[3:]) for each in status.split(b"\0") if each)
    ignored = await git(
        path, "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"
    )
    names = [each for each in ignored.split(b"\0") if each]
    precious = tuple(await not_made_again(path, names))
    uncommitted += tuple(await hidden_edits(path))
    count, detached = await unmerged(path), ""
    if count and not await git(path, "symbolic-ref", "-q", "HEAD", ok=(0, 1)):
        detached = (await git(path, "rev-parse", "HEAD")).decode().strip()
    under_way = await _under_way(path)
    empty = not (count or uncommitted or precious or under_way)
    untouched = empty and not await _committed(path)
    return Loss(uncommitted, precious, under_way, count, detached, untouched)


async def _committed(path: Path) -> bool:
    """Whether something was ever committed on a worktree's branch; True where git cannot say."""
    branch = os.fsdecode(await git(path, "symbolic-ref", "-q", "HEAD", ok=(0, 1))).strip()
    if not branch:
        return True
    # The first entry is its making (git-reflog(1)); a repository may keep none.
    entries = await git(path, "rev-list", "-g", "-n", "2", branch, "--", ok=(0, 128))
    return len(entries.split()) != 1


async def _under_way(path: Path) -> str:
    own = Path(os.fsdecode(await git(path, "rev-parse", "--absolute-git-dir")).strip("\n"))
    return next((word for name, word in _HALF_DONE.items() if (own / name).exists()), "")


async def unmerged(path: Path) -> int:
    """How many commits of a worktree are on no other branch, here or at a remote."""
    branch = await git(path, "symbolic-ref", "-q", "HEAD", ok=(0, 1))
    name = os.fsdecode(branch).strip()
    # Below --branches patterns begin behind refs/heads/ (git-rev-list(1)).
    exclude = (f"--exclude={name.removeprefix('refs/heads/')}",) if name else ()
    words = ("rev-list", "--count", "HEAD", "--not", *exclude, "--branches", "--remotes", "--tags")
    return int(await git(path, *words))


async def diff(path: Path) -> str:
    """What a worktree has that the main one's branch has not, committed or not, as unified diff.

    Untracked files are named before it.

    Raises:
        GitFailed: git cannot say.
    """
    main = (await listed(path))[0]
    base = (await git(path, "merge-base", "HEAD", main.head)).decode().strip()
    # By default names beyond ASCII are escaped, and settings may keep renames apart.
    plain = ("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--find-renames")
    text = (await git(path, "-c", "core.quotePath=false", *plain, base, "--")).decode(
        errors="replace"
    )
    new = await git(path, "ls-files", "-z", "--others", "--exclude-standard")
    names = [os.fsdecode(each) for each in new.split(b"\0") if each]
    shown = (name.encode("utf-8", "backslashreplace").decode() for name in names)
    return "".join(f"new, not tracked: {name!r}\n" for name in shown) + text


async def to_commit_first(path: Path) -> str:
    """Say what in a worktree is to be committed before its branch is merged; empty when nothing."""
    lost = await loss(path)
    return f"commit first: {'; '.join(lost.told())}" if lost.uncommitted or lost.half_done else ""


async def merge(path: Path) -> str:
    """Merge a worktree's branch into what is checked out in the main worktree; says what came.

    Raises:
        GitFailed: a side has what is not committed, or the two do not go together: nothing was
            changed.
    """
    all_of_them = await listed(path)
    main = all_of_them[0]
    place = await asyncio.to_thread(path.resolve)
    here = next((each for each in all_of_them if each.path == place), None)
    if here is None or here.main or not here.branch:
        raise GitFailed(f"{path} is no worktree on a branch of its own")
    if not main.branch:
        raise GitFailed(f"{main.path} has no branch checked out: check one out, then merge")
    if first := await to_commit_first(path):
        raise GitFailed(first)
    changed = await git(main.path, "status", "--porcelain=v1", "-z", "--untracked-files=no")
    if changed:
        raise GitFailed(f"{main.path} has changes that are not committed: commit them first")
    if under_way := await _under_way(main.path):
        raise GitFailed(f"{under_way} is under way in {main.path}: end it first")
    base = await git(main.path, "merge-base", "HEAD", here.head, ok=(0, 1))
    if base and (names := await in_the_way(main.path, base.decode().strip(), here.head)):
        told = Loss(ignored=tuple(names)).told()[0].partition(": ")[2]
        raise GitFailed(
            f"{here.branch} would overwrite what git ignores in {main.path}: {told}; move it away, "
            "then merge; nothing was changed"
        )
    signs = await git(main.path, "config", "--type=bool", "--get", "commit.gpgsign", ok=(0, 1))
    limit = SIGN_SECONDS if signs.strip() == b"true" else GIT_SECONDS
    before = (await git(main.path, "rev-parse", "HEAD")).strip()
    message = f"Merge branch '{here.branch}'"
    try:
        # The branch may be set up to be merged in another way.
        plain = ("--commit", "--no-squash", "--no-edit", "-q", "-m", message)
        # By its whole name: a tag, or another branch, may be what the short one means to git.
        whole = f"refs/heads/{here.branch}"
        await git(main.path, "merge", *plain, "--", whole, seconds=limit, to_its_end=True)
    except GitFailed as error:
        # Not `git diff`: that writes the index, for which there may be no room.
        conflicts = await git(main.path, "diff-files", "--name-only", "-z", "--diff-filter=U")
        names = [os.fsdecode(each) for each in dict.fromkeys(conflicts.split(b"\0")) if each]
        if (await git(main.path, "rev-parse", "-q", "--verify", "MERGE_HEAD", ok=(0, 1))).strip():
            await git(main.path, "merge", "--abort", to_its_end=True)
        else:
            await _take_back(main, base.decode().strip(), here, error)
        if names:
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            listed_names = ", ".join(names[:NAMED])
            raise GitFailed(
                f"{here.branch} and {main.branch} both changed {listed_names}{more}: merge "
                f"{main.branch} in {path} first; nothing was changed"
            ) from error
        if not await git(main.path, "var", "GIT_COMMITTER_IDENT", ok=(0, 128)):
            raise GitFailed(
                f"git has no name or e-mail address to commit the merge with: {IDENTIFY}; nothing "
                "was changed"
            ) from error
        if isinstance(error, GitSlow) and limit == SIGN_SECONDS:
            raise GitFailed(
                f"{error}: commit.gpgsign has merges signed, and that waits for something, such as "
                f"a passphrase: unlock the key (or git merge {here.branch} at a shell); nothing "
                "was changed"
            ) from error
        raise GitFailed(f"{error}; nothing was changed") from error
    after = (await git(main.path, "rev-parse", "HEAD")).strip()
    if before == after:
        return f"{main.branch} has all of {here.branch} already"
    return f"{here.branch} is merged into {main.branch} in {main.path}"


async def _take_back(main: Listed, base: str, here: Listed, failed: GitFailed) -> None:
    """Undo what is there of a merge that failed.

    Raises:
        GitFailed: that failed, too: parts of the branch lie in the main worktree.
    """
    if not base:
        return
    try:
        await take_back(main.path, base, here.head)
    except (GitFailed, OSError) as error:
        raise GitFailed(
            f"{failed}; files of {here.branch} lie in {main.path}, whole or in part, and could not "
            f"be taken back ({error}): commit none of them; git reset --hard there brings back "
            "yours, and new ones are to be deleted"
        ) from error


async def remove(worktree: Worktree, *, agreed: str = "") -> str:
    """Remove a worktree in which nothing would be lost, and its branch if it is merged.

    Args:
        worktree: which.
        agreed: the token, or its beginning, of a loss that the person has seen and agreed to.

    Returns:
        What stays, empty where nothing does.

    Raises:
        WouldLose: it holds what would be lost; nothing was changed.
        GitFailed: git does not remove it, as it is locked or holds submodules.
    """
    all_of_them = await listed(worktree.path)
    main = all_of_them[0].path
    if await asyncio.to_thread(worktree.path.resolve) == main:
        raise GitFailed(f"{main} is the repository itself: it is not removed")
    found = await loss(worktree.path)
    if found and (len(agreed) < SHORTEST or not found.token().startswith(agreed)):
        raise WouldLose(worktree.path, found)
    if found and await has_submodules(worktree.path):
        # By force git would delete their repositories as well, with commits that are nowhere else.
        raise GitFailed(f"{worktree.path} holds submodules: remove it with git, if nothing is lost")
    force = ("--force",) if found else ()
    await git(main, "worktree", "remove", *force, "--", str(worktree.path), to_its_end=True)
    place = worktree.path.parent
    if place == main.with_name(f"{main.name}.worktrees"):
        with contextlib.suppress(OSError):
            # Only where it was the last one there.
            await asyncio.to_thread(place.rmdir)
    if not worktree.branch:
        return ""
    try:
        await git(main, "branch", "-q", "-d", "--", worktree.branch)
    except GitFailed:
        return f"the branch {worktree.branch} stays: it holds commits that are not merged"
    return ""


def own_name(wanted: str, taken: Sequence[str]) -> str:
    """A name that is fit for a branch and a directory, and not taken yet."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "-" for c in wanted)
    name = plain.strip("-") or "agent"
    number = 2
    found = name
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found


def within(directory: Path, paths: Sequence[Path]) -> Path | None:
    """The innermost of some worktrees that a directory is in; None where it is in none of them."""
    around = [path for path in paths if directory.is_relative_to(path)]
    return max(around, key=lambda path: len(path.parts), default=None)
