"""What is said about a directory while it is typed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tui.screens.directory import look


def test_what_is_checked_out_is_said(tmp_path: Path) -> None:
    assert look(str(tmp_path), base=tmp_path).said == "not under git"
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/some/branch\n")
    (tmp_path / "below").mkdir()
    assert look("below", base=tmp_path).said == "git, branch some/branch"
    (tmp_path / ".git" / "HEAD").write_text("0123456789abcdef\n")
    assert look("below", base=tmp_path).said == "git, detached"


@pytest.mark.parametrize("where", [".git", ".git/HEAD"])
def test_a_pipe_in_git_s_place_holds_nobody_up(tmp_path: Path, where: str) -> None:
    pipe = tmp_path / where
    pipe.parent.mkdir(exist_ok=True)
    os.mkfifo(pipe)
    assert look(str(tmp_path), base=tmp_path).said == "not under git"
