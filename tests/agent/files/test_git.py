from __future__ import annotations

import os

import pytest

from agent.files.git import branch, common_directory, repository_of


def test_the_branch_and_the_repository_around_a_directory(tmp_path):
    (tmp_path / ".git").mkdir()
    head = tmp_path / ".git" / "HEAD"
    head.write_text("ref: refs/heads/some/branch\n")
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert branch(tmp_path / "a" / "b") == "some/branch"
    assert common_directory(tmp_path / "a") == (tmp_path / ".git").resolve()
    head.write_text("0123456789abcdef\n")
    assert branch(tmp_path) == "0123456"
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {tmp_path}/.git\n")
    assert branch(tree) == "0123456"
    (tree / "below").mkdir()
    assert repository_of(tree / "below") == tmp_path.resolve()
    assert repository_of(tmp_path / "a") is None
    assert repository_of(tmp_path.parent) is None


@pytest.mark.parametrize("place", ["HEAD", "commondir"])
@pytest.mark.parametrize("what", ["pipe", "endless", "directory", "loop"])
def test_whatever_an_agent_puts_there_holds_nobody_up(tmp_path, place, what):
    git = tmp_path / ".git"
    git.mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    planted = git / place
    planted.unlink(missing_ok=True)
    match what:
        case "pipe":
            os.mkfifo(planted)
        case "endless":
            planted.symlink_to("/dev/zero")
        case "directory":
            planted.mkdir()
        case "loop":
            planted.symlink_to(planted)
    assert branch(tmp_path) == (None if place == "HEAD" else "main")
    assert common_directory(tmp_path) == (None if place == "HEAD" else git.resolve())
