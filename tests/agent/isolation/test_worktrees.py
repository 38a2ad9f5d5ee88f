"""Worktrees are made, compared and merged, and none is removed in which work would be lost."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.isolation import worktrees
from agent.isolation.git_program import GitFailed
from agent.isolation.own_worktree import make
from agent.isolation.worktrees import Loss, WouldLose
from tests.agent.isolation.trees import git


@pytest.fixture
def project(short_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "t")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "t@example.org")
    monkeypatch.setenv("HOME", str(short_dir))
    top = short_dir / "project"
    top.mkdir()
    git(top, "init", "-q", "--template=")
    git(top, "config", "user.name", "t")
    git(top, "config", "user.email", "t@example.org")
    (top / ".git" / "hooks").mkdir()
    hook = top / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch '{short_dir}/ran'\n")
    hook.chmod(0o755)
    (top / ".gitignore").write_text("*.secret\nnode_modules/\n")
    (top / "a").write_text("one\n")
    git(top, "add", ".")
    git(top, "commit", "-qm", "first")
    return top


async def test_from_making_to_removing(project: Path, short_dir: Path) -> None:
    made = await make(project, "my agent")
    again = await make(project, "my agent")
    assert made.worktree.branch == "agent/my-agent"
    assert again.worktree.branch == "agent/my-agent-2"
    path = made.worktree.path
    assert path == short_dir / "project.worktrees" / "my-agent"
    found = await worktrees.listed(project)
    assert [(each.branch, each.main) for each in found] == [
        ("main", True),
        ("agent/my-agent", False),
        ("agent/my-agent-2", False),
    ]
    assert not (short_dir / "ran").exists(), "nobody approved the repository's hooks"
    assert await worktrees.remove(again.worktree) == ""
    assert not again.worktree.path.exists()

    assert (await worktrees.loss(path)).untouched
    # What is not committed, ignored, or under way keeps it; what an installer makes does not.
    (path / "node_modules").mkdir()
    (path / "node_modules" / "made").write_text("again")
    assert not await worktrees.loss(path)
    (path / "b").write_text("new\n")
    (path / "a").write_text("changed\n")
    (path / "key.secret").write_text("x\n")
    with pytest.raises(WouldLose) as refused:
        await worktrees.remove(made.worktree)
    assert refused.value.loss == Loss(("a", "b"), ("key.secret",), "", 0)
    assert "not committed: a, b; ignored by git" in str(refused.value)
    shown = await worktrees.diff(path)
    assert "new, not tracked: 'b'" in shown
    assert "+changed" in shown
    with pytest.raises(GitFailed, match="commit first"):
        await worktrees.merge(path)

    # What was agreed to is what is lost, and nothing else.
    agreed = refused.value.loss.token()
    (path / "later").write_text("new\n")
    with pytest.raises(WouldLose):
        await worktrees.remove(made.worktree, agreed=agreed)
    with pytest.raises(WouldLose):
        await worktrees.remove(made.worktree, agreed="")
    (path / "later").unlink()

    git(path, "add", ".")
    git(path, "commit", "-qm", "work")
    assert (await worktrees.loss(path)).unmerged == 1
    (project / "a").write_text("mine\n")
    with pytest.raises(GitFailed, match="not committed: commit them first"):
        await worktrees.merge(path)
    git(project, "commit", "-qam", "mine")
    with pytest.raises(GitFailed, match="both changed a:"):
        await worktrees.merge(path)
    assert git(project, "status", "--porcelain") == ""
    assert (project / "a").read_text() == "mine\n"
    git(project, "reset", "-q", "--hard", "HEAD~1")
    assert "is merged into main" in await worktrees.merge(path)
    assert (project / "b").read_text() == "new\n"
    with pytest.raises(WouldLose, match=r"key\.secret"):
        await worktrees.remove(made.worktree)
    kept = (await worktrees.loss(path)).token()
    assert await worktrees.remove(made.worktree, agreed=kept) == ""
    # The last one takes the directory with it.
    assert not path.parent.exists()
    assert [each.main for each in await worktrees.listed(project)] == [True]
    assert "agent/my-agent" not in git(project, "branch")


async def test_commits_are_never_lost(project: Path) -> None:
    made = await make(project, "x")
    (made.worktree.path / "b").write_text("new\n")
    git(made.worktree.path, "add", ".")
    git(made.worktree.path, "commit", "-qm", "work")
    assert "agent/x stays" in await worktrees.remove(made.worktree)
    assert "work" in git(project, "log", "--format=%s", "agent/x")


async def test_a_merge_without_a_name_to_commit_with_says_what_to_do(project: Path) -> None:
    path = (await make(project, "x")).worktree.path
    git(path, "commit", "-qm", "work", "--allow-empty")
    git(project, "commit", "-qm", "mine", "--allow-empty")
    git(project, "config", "--remove-section", "user")
    # Where the machine's own name would do, too.
    git(project, "config", "user.useConfigOnly", "true")
    with pytest.raises(GitFailed, match=r"no name or e-mail .*git config --global user\.name"):
        await worktrees.merge(path)
    assert git(project, "status", "--porcelain") == ""
    assert not (project / ".git" / "MERGE_HEAD").exists()


async def test_the_repository_itself_and_none(project: Path, short_dir: Path) -> None:
    with pytest.raises(GitFailed, match="the repository itself"):
        await worktrees.remove(worktrees.Worktree(project, "main"))
    (short_dir / "plain").mkdir()
    with pytest.raises(GitFailed, match="in no git repository"):
        await make(short_dir / "plain", "x")
    with pytest.raises(GitFailed, match="in no git repository, so there are no worktrees"):
        await worktrees.listed(short_dir / "plain")


async def test_nothing_is_lost_that_git_does_not_tell(project: Path) -> None:
    (project / "build").mkdir()
    (project / "build" / "kept").write_text("tracked\n")
    git(project, "add", ".")
    git(project, "commit", "-qm", "build")
    made = await make(project, "odd")
    path, lost = made.worktree.path, worktrees.loss

    # An ignored file in a directory that is made again as a whole alone, or not ignored itself.
    (path / "build" / "x.secret").write_text("mine")
    (path / "target").mkdir()
    (path / "target" / "y.secret").write_text("mine")
    (path / ".venv").mkdir()
    (path / ".venv" / ".gitignore").write_text("*\n")
    assert (await lost(path)).ignored == ("build/x.secret", "target/")
    (path / "build" / "x.secret").unlink()
    (path / "target" / "y.secret").unlink()

    # Edits that status is told to overlook.
    for mark in ("--assume-unchanged", "--skip-worktree"):
        git(path, "update-index", mark, "a")
        assert not await lost(path)
        (path / "a").write_text("edited\n")
        assert (await lost(path)).uncommitted == ("a",)
        git(path, "update-index", mark.replace("--", "--no-"), "a")
        git(path, "checkout", "-q", "--", "a")

    # Commits that no branch holds.
    git(path, "checkout", "-q", "--detach")
    (path / "a").write_text("two\n")
    git(path, "commit", "-qam", "on no branch")
    with pytest.raises(WouldLose, match="commits on no branch: 1, the last is "):
        await worktrees.remove(made.worktree)
    git(path, "branch", "rescued")
    assert await worktrees.remove(made.worktree) == ""


async def test_a_merge_that_waits_to_be_signed_says_so(
    project: Path, short_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = (await make(project, "fix")).worktree.path
    (path / "a").write_text("two\n")
    git(path, "commit", "-qam", "second")
    # Both sides have one more, so that there is something to sign.
    (project / "b").write_text("b\n")
    git(project, "add", "b")
    git(project, "commit", "-qm", "beside")
    signs = short_dir / "sign"
    signs.write_text("#!/bin/sh\nexec sleep 60\n")
    signs.chmod(0o755)
    for name, value in (("commit.gpgsign", "true"), ("gpg.program", str(signs))):
        git(project, "config", name, value)
    monkeypatch.setattr(worktrees, "SIGN_SECONDS", 0.3)
    before = git(project, "rev-parse", "HEAD")
    with pytest.raises(GitFailed, match=r"commit\.gpgsign .* such as a passphrase: unlock the key"):
        await worktrees.merge(path)
    assert git(project, "rev-parse", "HEAD") == before
    assert git(project, "status", "--porcelain") == ""
    git(project, "config", "commit.gpgsign", "false")
    assert "is merged into" in await worktrees.merge(path)


async def test_submodules_are_never_removed_by_force(project: Path, short_dir: Path) -> None:
    source = short_dir / "source"
    source.mkdir()
    git(source, "init", "-q", "--template=")
    git(source, "commit", "-qm", "first", "--allow-empty")
    local = ("-c", "protocol.file.allow=always")
    git(project, *local, "submodule", "add", "-q", str(source), "sub")
    git(project, "commit", "-qm", "sub")
    made = await make(project, "deep")
    path = made.worktree.path
    git(path, *local, "submodule", "update", "-q", "--init")
    git(path / "sub", "commit", "-qm", "in it alone", "--allow-empty")
    git(path, "commit", "-qam", "moved")
    (path / "junk").write_text("")
    agreed = (await worktrees.loss(path)).token()
    with pytest.raises(GitFailed, match="holds submodules"):
        await worktrees.remove(made.worktree, agreed=agreed)
    assert (path / "sub" / ".git").exists()


@pytest.mark.parametrize("branch", ["same", "heads/main"])
async def test_a_merge_takes_the_branch_where_its_name_means_something_else_to_git(
    project: Path, branch: str
) -> None:
    path = project.parent / "other"
    git(project, "worktree", "add", "-q", "-b", branch, str(path))
    git(project, "tag", "same")
    (path / "b").write_text("new\n")
    git(path, "add", ".")
    git(path, "commit", "-qm", "second")
    assert await worktrees.merge(path) == f"{branch} is merged into main in {project}"
    assert (project / "b").read_text() == "new\n"


@pytest.mark.parametrize("change", ["merge", "remove"])
async def test_what_has_begun_to_write_files_ends_though_nobody_waits(
    project: Path, short_dir: Path, change: str
) -> None:
    made = await make(project, "fix")
    path = made.worktree.path
    if change == "merge":
        (path / "new").write_text("new\n")
        git(path, "add", ".")
        git(path, "commit", "-qm", "second")
    begun, go_on = short_dir / "begun", short_dir / "go-on"
    program = short_dir / "git"
    real = shutil.which("git")
    program.write_text(
        "#!/bin/sh\n"
        'case " $* " in *" merge "*|*" worktree remove "*)'
        f" : > {begun}; while ! [ -e {go_on} ]; do sleep 0.01; done;; esac\n"
        f'exec {real} "$@"\n'
    )
    program.chmod(0o755)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PATH", f"{short_dir}:{os.environ['PATH']}")
        doing = worktrees.merge(path) if change == "merge" else worktrees.remove(made.worktree)
        task = asyncio.create_task(doing)
        async with asyncio.timeout(20):
            while not begun.exists():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.touch()
        async with asyncio.timeout(20):
            done = (project / "new").exists if change == "merge" else (lambda: not path.exists())
            while not done():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await asyncio.get_running_loop().shutdown_default_executor()
    assert git(project, "status", "--porcelain") == ""


async def test_a_merge_overwrites_nothing_that_is_ignored(project: Path) -> None:
    made = await make(project, "merged")
    path = made.worktree.path
    names = ("x.secret", "d.secret", "e.secret/below")
    (path / "e.secret").mkdir()
    for name in names:
        (path / name).write_text("the agent's")
    git(path, "add", "-f", *names)
    git(path, "commit", "-qm", "secrets")
    (project / "x.secret").write_text("mine")
    (project / "e.secret").write_text("mine")
    (project / "d.secret").mkdir()
    (project / "d.secret" / "notes").write_text("mine")
    told = "git ignores in .*: d.secret/notes, e.secret, x.secret; move it away"
    with pytest.raises(GitFailed, match=told):
        await worktrees.merge(path)
    for name in ("x.secret", "e.secret", "d.secret/notes"):
        assert (project / name).read_text() == "mine"
        (project / name).unlink()

    # A merge of the person's own stays under way.
    git(project, "branch", "other")
    git(project, "checkout", "-q", "other")
    git(project, "commit", "-qm", "other", "--allow-empty")
    git(project, "checkout", "-q", "main")
    git(project, "merge", "-q", "-s", "ours", "--no-ff", "--no-commit", "other")
    with pytest.raises(GitFailed, match="a merge is under way in "):
        await worktrees.merge(path)
    assert (project / ".git" / "MERGE_HEAD").exists()
    git(project, "merge", "--abort")

    git(project, "config", "branch.main.mergeoptions", "--squash")
    (project / "d.secret").rmdir()
    assert "is merged" in await worktrees.merge(path)
    assert git(project, "status", "--porcelain") == ""


@pytest.fixture
def disk(short_dir: Path) -> Iterator[Path]:
    """A small one."""
    directory = short_dir / "disk"
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m,mode=0700", "tmpfs", str(directory)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("no disk can be made here")
    yield directory
    subprocess.run(["umount", "-l", str(directory)], check=True)


async def test_a_merge_that_finds_the_disk_full_leaves_nothing_of_itself(
    project: Path, disk: Path
) -> None:
    """git leaves what it wrote until then, the last file cut off, which would soon be committed."""
    shutil.move(project, disk / "project")
    project = disk / "project"
    path = (await make(project, "large")).worktree.path
    (path / "a").write_text("two\n" * 9)
    for name in ("b/one", "b/two", "c"):
        (path / name).parent.mkdir(exist_ok=True)
        (path / name).write_bytes(os.urandom(200_000))
    git(path, "add", ".")
    git(path, "commit", "-qm", "large")
    for ahead in (False, True):
        if ahead:
            git(project, "commit", "-qm", "beside", "--allow-empty")
        (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free - 450_000))
        with pytest.raises(GitFailed, match=r"unable to write.*; nothing was changed"):
            await worktrees.merge(path)
        assert git(project, "status", "--porcelain") == ""
        assert not (project / "b").exists()
        assert (project / "a").read_text() == "one\n"
        (disk / "filler").unlink()
    assert "is merged" in await worktrees.merge(path)
    assert git(project, "status", "--porcelain") == ""
