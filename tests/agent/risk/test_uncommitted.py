"""Emptying a file of the project is a loss when the repository has no copy of it."""

from __future__ import annotations

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
