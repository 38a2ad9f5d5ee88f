"""git takes settings from where variables, options and directories lead it: they are read there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from agent.risk import Context, Risk, assess_command

RUNS = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n[core] fsmonitor = ./x.sh\n"
LOOKS = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n[user]\n\tname = a\n"

WAYS = [
    ("hm/.gitconfig", "HOME=hm git status"),
    ("hm/.config/git/config", "env HOME=hm git status"),
    ("cfg/git/config", "XDG_CONFIG_HOME=cfg git status"),
    ("cfg/git/config", "export XDG_CONFIG_HOME=$PWD/cfg; git log"),
    ("ev/config", "git --git-dir=ev log"),
    ("ev/config", "git --git-dir ev log"),
    ("ev/config", "GIT_DIR=ev git log"),
    ("ev/config", "GIT_COMMON_DIR=ev git log"),
    ("ev/config", "cd ev; git log"),
    ("ev/config", "git -C ev log"),
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    app = tmp_path / "app"
    for words in (["init", str(app)], ["init", "--bare", str(app / "ev")]):
        subprocess.run(["git", *words], check=True, capture_output=True)
    return app


def judged(project: Path, command: str) -> Risk:
    home = project.parent / "home"
    return assess_command(command, Context(cwd=project, home=home, project=project)).risk


@pytest.mark.parametrize(("file", "way"), WAYS)
def test_settings_from_elsewhere(project: Path, file: str, way: str) -> None:
    assert judged(project, way) is Risk.LOW
    path = project / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(LOOKS)
    assert judged(project, way) is Risk.LOW
    path.write_text(RUNS)
    assert judged(project, way) is Risk.HIGH
    path.write_bytes(b"\0")
    assert judged(project, way) is Risk.HIGH


@pytest.mark.parametrize("make", ["init {} s", "clone {} ev s", "clone {} https://a.b/s.git"])
def test_settings_set_apart_in_the_same_line(project: Path, make: str) -> None:
    made = "git " + make.format("--separate-git-dir=meta")
    assert judged(project, f"{made} && git -C s log && cd s && git status") is Risk.MEDIUM
    runs = "printf '[core]\\n\\tfsmonitor = ./x.sh\\n' >> meta/config"
    assert judged(project, f"{made} && {runs}") is Risk.MEDIUM
    assert judged(project, f"{made} && {runs} && git -C s status") is Risk.HIGH
    assert judged(project, f"{made} && echo x > meta/hooks/post-x && git -C s fetch") is Risk.HIGH


def test_hooks_of_another_repository(project: Path) -> None:
    assert judged(project, "git -C ev fetch") is Risk.MEDIUM
    (project / "ev/hooks/reference-transaction").write_text("x")
    assert judged(project, "git -C ev fetch") is Risk.HIGH


def test_the_projects_own_settings_are_the_persons(project: Path) -> None:
    (project / ".git/config").write_text(RUNS)
    (project / ".git/hooks/pre-commit").write_text("x")
    assert judged(project, "git --git-dir=.git status") is Risk.LOW
    assert judged(project, "git status") is Risk.LOW
