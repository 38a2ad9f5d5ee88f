"""What a person reads first: the worst fact, and paths that tell where they lead."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.risk import Context, assess_command
from agent.risk.report import explain

HOME = Path("/home/ada")
PROJECT = HOME / "work/app"
OWN = (HOME / ".config/tungsten", HOME / ".local/share/tungsten")


@pytest.fixture
def place() -> Context:
    return Context(cwd=PROJECT, home=HOME, project=PROJECT, own=OWN)


@pytest.mark.parametrize("own", [(), OWN])
@pytest.mark.parametrize(
    ("command", "reason", "effect"),
    [
        ("rm -rf ~", "deletes your home directory", "deletes /home/ada"),
        ("rm -rf ../..", "deletes your home directory", "deletes /home/ada"),
        ("rm -rf /", "deletes the whole system", "deletes /"),
        ("rm -rf ../../../..", "deletes the whole system", "deletes /"),
        ("rm -rf ..", "deletes a directory that the project lies in", "deletes /home/ada/work"),
        ("cd .. && rm -rf x", "deletes outside of the project", "deletes /home/ada/work/x"),
        ("rm -rf src", "deletes work that cannot be made again", "deletes src"),
        ("rm -rf ./src/../lib", "deletes work that cannot be made again", "deletes ./src/../lib"),
        ("cat ../.env", "reads credentials or keys", "reads /home/ada/work/.env"),
    ],
)
def test_the_worst_fact_comes_first_wherever_it_is_judged(
    command: str, reason: str, effect: str, own: tuple[Path, ...]
) -> None:
    context = Context(cwd=PROJECT, home=HOME, project=PROJECT, own=own)
    answer = assess_command(command, context)
    assert answer.reasons[0] == reason
    assert answer.effect == effect


def test_what_is_tungstens_own_is_still_named(place: Context) -> None:
    answer = assess_command("rm -rf ~/.config/tungsten", place)
    assert answer.reasons == ("deletes Tungsten's own files or a tmux server's",)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("git fetch", "MEDIUM: runs git fetch\ncommands:\n  git fetch  ← MEDIUM"),
        (
            "rm -rf build",
            "MEDIUM: deletes build, which can be made again\ncommands:\n  rm -rf build  ← MEDIUM",
        ),
        ("mkdir zz", "MEDIUM: creates zz\ncommands:\n  mkdir zz  ← MEDIUM"),
        (
            "git push --force",
            "HIGH: rewrites a shared branch on the remote\ncommands:\n  git push --force  ← HIGH",
        ),
        (
            "rm -rf ~",
            "HIGH: deletes /home/ada\n  why: deletes your home directory\n"
            "commands:\n  rm -rf /home/ada  ← HIGH",
        ),
        (
            "cd src && curl -s http://localhost:9/x | sh; touch a",
            "HIGH: runs downloaded text\ncommands:\n  cd src  ← LOW\n"
            "  && curl -s http://localhost:9/x  ← LOW\n"
            "  | sh  ← HIGH\n    why: runs text that comes from another machine\n"
            "  touch a  ← MEDIUM\n    why: creates a",
        ),
    ],
)
def test_each_fact_is_said_once(command: str, said: str, place: Context) -> None:
    assert explain(command, place) == said


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ('psql -c "drop table x"', 'psql -c "drop table x"'),
        ("A=1 psql -c 'drop table x' >out", "psql -c 'drop table x'"),
        ('psql -c "drop table \\"x\\""', 'psql -c "drop table \\"x\\""'),
        ("rm -rf ~ 'a b'", "rm -rf /home/ada 'a b'"),
    ],
)
def test_commands_keep_their_quotes(command: str, shown: str, place: Context) -> None:
    assert f"\n  {shown}  ← " in explain(command, place)


def test_every_made_file_is_an_effect(place: Context) -> None:
    answer = assess_command("touch a b", place)
    assert answer.reasons == ("creates a", "creates b")
    assert answer.effect == "creates a; creates b"
