"""Emptying a file, or taking it from the repository, is a loss when that has no copy of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from agent.risk import Context, Risk, assess_command


@pytest.fixture
def project(tmp_path: Path) -> Path:
    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words],
            cwd=tmp_path, check=True, capture_output=True,
        )  # fmt: skip

    git("init")
    for name in ("kept.py", "changed.py", "src/kept.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    git("add", ".")
    git("commit", "-m", "first")
    (tmp_path / "changed.py").write_text("x = 1\ny = 2\n")
    (tmp_path / "new.py").write_text("z = 3\n")
    (tmp_path / "empty.py").touch()
    return tmp_path


@pytest.mark.parametrize("how", ["> {}", ": > {}", "cp /dev/null {}", "sed -i d {}", "true >| {}"])
@pytest.mark.parametrize(
    ("name", "risk"),
    [
        ("kept.py", Risk.MEDIUM),
        ("src/kept.py", Risk.MEDIUM),
        ("changed.py", Risk.HIGH),
        ("new.py", Risk.HIGH),
        ("empty.py", Risk.MEDIUM),
        ("absent.py", Risk.MEDIUM),
    ],
)
def test_what_was_not_committed(project: Path, how: str, name: str, risk: Risk) -> None:
    context = Context(cwd=project, home=project.parent / "home", project=project)
    assert assess_command(how.format(name), context).risk is risk


def test_in_a_further_working_tree(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    tree = tmp_path_factory.mktemp("trees") / "tree"
    subprocess.run(
        ["git", "worktree", "add", str(tree)], cwd=project, check=True, capture_output=True
    )
    (tree / "new.py").write_text("z = 3\n")
    context = Context(cwd=tree, home=tree.parent / "home", project=tree)
    assert assess_command("> kept.py", context).risk is Risk.MEDIUM
    assert assess_command("> new.py", context).risk is Risk.HIGH


def test_writing_something_is_everyday(project: Path) -> None:
    context = Context(cwd=project, home=project.parent / "home", project=project)
    assert assess_command("echo 'z = 4' > new.py", context).risk is Risk.MEDIUM


TAKES = ["git checkout -- {}", "git restore {}", "git checkout HEAD -- {}", "git checkout HEAD {}"]


@pytest.mark.parametrize("how", [*TAKES, "git restore -s HEAD~1 {}", "git -C . restore -W {}"])
@pytest.mark.parametrize(
    ("names", "risk"),
    [
        ("kept.py", Risk.MEDIUM),
        ("src", Risk.MEDIUM),
        ("src/kept.py kept.py", Risk.MEDIUM),
        ("new.py", Risk.MEDIUM),
        ("absent.py", Risk.MEDIUM),
        ("changed.py", Risk.HIGH),
        ("kept.py changed.py", Risk.HIGH),
        ("'*.py'", Risk.HIGH),
        ("'src/*.py'", Risk.MEDIUM),
        ("':(top)'", Risk.HIGH),
        ('"$NAME"', Risk.HIGH),
    ],
)
def test_files_taken_from_the_repository(project: Path, how: str, names: str, risk: Risk) -> None:
    context = Context(cwd=project, home=project.parent / "home", project=project)
    assert assess_command(how.format(names), context).risk is risk


def test_a_directory_with_a_change_below(project: Path) -> None:
    context = Context(cwd=project, home=project.parent / "home", project=project)
    (project / "src/kept.py").write_text("x = 3\n")
    for how in TAKES:
        assert assess_command(how.format("src"), context).risk is Risk.HIGH, how
        assert assess_command(how.format("kept.py"), context).risk is Risk.MEDIUM, how
    inside = Context(cwd=project / "src", home=project.parent / "home", project=project)
    assert assess_command("git restore kept.py", inside).risk is Risk.HIGH
    assert assess_command("git restore ../kept.py", inside).risk is Risk.MEDIUM


def test_a_file_that_was_only_touched(project: Path) -> None:
    context = Context(cwd=project, home=project.parent / "home", project=project)
    os.utime(project / "kept.py", (1, 1))
    assert assess_command("git restore kept.py", context).risk is Risk.MEDIUM


def test_staged_work(project: Path) -> None:
    """What stands in the index survives `git restore FILE`, and no taking from a commit."""
    context = Context(cwd=project, home=project.parent / "home", project=project)
    subprocess.run(["git", "add", "changed.py"], cwd=project, check=True)
    assert assess_command("git restore changed.py", context).risk is Risk.MEDIUM
    for how in TAKES[2:]:
        assert assess_command(how.format("changed.py"), context).risk is Risk.HIGH, how
        assert assess_command(how.format("kept.py"), context).risk is Risk.MEDIUM, how


def test_an_index_that_is_not_read(project: Path) -> None:
    subprocess.run(["git", "update-index", "--index-version", "4"], cwd=project, check=True)
    context = Context(cwd=project, home=project.parent / "home", project=project)
    assert assess_command("git restore changed.py", context).risk is Risk.HIGH
    assert assess_command("git switch -c other", context).risk is Risk.MEDIUM
