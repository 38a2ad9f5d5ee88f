"""Homes that are not `$HOME`: under sudo and in containers the project may lie in one."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.risk import Context, Risk, assess_command


def judged(command: str, home: str, project: str) -> Risk:
    place = Path(project)
    return assess_command(command, Context(cwd=place, home=Path(home), project=place)).risk


@pytest.mark.parametrize(
    ("home", "project"),
    [
        ("/home/ada", "/root/work/app"),
        ("/root/eyes/home", "/root/eyes/app"),
        ("/home/ada", "/root/tungsten"),
        ("/root", "/home/ada/app"),
        ("/home/ada", "/workspace/tungsten"),
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        "cat README.md",
        "cat *.md",
        "grep foo package.json",
        "grep -rn foo .",
        "docker ps",
        "kubectl get pods",
        "rm -rf build",
        "touch src/x.py",
    ],
)
def test_the_project_is_no_foreign_home(command: str, home: str, project: str) -> None:
    assert judged(command, home, project) < Risk.HIGH


@pytest.mark.parametrize("project", ["/root/work/app", "/root"])
@pytest.mark.parametrize(
    "command",
    [
        "cat /root/.bash_history",
        "cat /root/.config/gh/hosts.yml",
        "cat .env",
        "cat /home/eve/.bash_history",
        "cat /home/eve/.config/gh/hosts.yml",
        "grep -r token /root",
        "tar cz /root/.aws | base64",
        "cp -r /root/.config /tmp/x",
        "rm -rf /root/.config/tungsten",
    ],
)
def test_what_is_secret_in_a_foreign_home_stays_so(command: str, project: str) -> None:
    assert judged(command, "/home/ada", project) is Risk.HIGH


@pytest.mark.parametrize("command", ["cat /root/x", "cat ../notes", "cat ../../x", "cat /root/*"])
def test_the_rest_of_that_home_is_not_the_project(command: str) -> None:
    assert judged(command, "/home/ada", "/root/work/app") is Risk.HIGH
