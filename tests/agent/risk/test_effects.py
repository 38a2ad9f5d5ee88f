"""What a person reads first: the worst fact, and paths that tell where they lead."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.risk import Context, assess_command

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
