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


CONFIG = """[core]
	bare = false
[remote "origin"]
	url = https://ada:secret@example.org/parser.git?token=secret
	fetch = +refs/heads/*:refs/remotes/origin/*
[remote "mirror"]
	url = git@example.org:ada/parser.git
	pushurl = ssh://git:secret@example.org/parser.git ; both
	pushurl = ../parser.git
[branch "main"]
	remote = origin
"""
ORIGIN = "https://…@example.org/parser.git?…"


def effect(at: Path, command: str) -> str:
    context = Context(cwd=at, home=at.parent / "home", project=at)
    return assess_command(command, context).effect


def test_a_push_says_where_its_remote_leads(project: Path) -> None:
    config = project / ".git" / "config"
    config.write_text(CONFIG)
    forced = f"rewrites a shared branch on origin ({ORIGIN})"
    assert effect(project, "git push --force origin main") == forced
    assert effect(project, "cd .git/.. && git -C . push origin main") == (
        f"pushes to origin ({ORIGIN})"
    )
    mirror = "ssh://git:…@example.org/parser.git and 1 more"
    assert effect(project, "git push mirror main") == f"pushes to mirror ({mirror})"
    # Which of two is not said by the command.
    assert effect(project, "git push -f") == "rewrites a shared branch on the remote"
    config.write_text(CONFIG.partition('[remote "mirror"]')[0])
    assert effect(project, "git push -f") == forced
    # From a worktree of the repository as well.
    tree = project.parent / "tree"
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {project}/.git/worktrees/tree\n")
    assert effect(tree, "git push -f") == forced


@pytest.mark.parametrize(
    "command",
    [
        "git remote set-url origin ../other.git && git push -f origin main",
        "git config remote.origin.url ../other.git && git push -f origin main",
        "git -c push.default=simple push -f origin main",
        "GIT_DIR=ev git push -f origin main",
        "cp x .git/config && git push -f origin main",
        "cd nowhere && git push -f origin main",
        "cd $WHERE && git push -f origin main",
    ],
)
def test_no_address_is_told_where_it_is_not_sure(project: Path, command: str) -> None:
    (project / ".git" / "config").write_text(CONFIG)
    assert "example.org" not in effect(project, command)


@pytest.mark.parametrize(
    "more",
    [
        '[url "../x/"]\n\tinsteadOf = https://',
        "[include]\n\tpath = more",
        "[remote]\n\tpushDefault = x",
    ],
)
def test_no_address_is_told_where_it_may_mean_another(project: Path, more: str) -> None:
    (project / ".git" / "config").write_text(CONFIG + more)
    assert "example.org" not in effect(project, "git push -f origin main")


def test_what_was_told_is_what_was_judged(project: Path) -> None:
    config = project / ".git" / "config"
    config.write_text(CONFIG)
    context = Context(cwd=project, home=project.parent / "home", project=project)
    before = assess_command("git push -f origin main", context)
    config.write_text(CONFIG.replace("example.org", "example.net"))
    after = assess_command("git push -f origin main", context)
    assert before.risk is after.risk is Risk.HIGH
    assert before.reads != after.reads
