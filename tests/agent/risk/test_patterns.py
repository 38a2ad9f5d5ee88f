"""Scripts that a pattern names, or a search finds, are judged at the bytes that are there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent.risk import Context, Risk, assess_command

COMMANDS = [
    "bash scripts/*.sh",
    "for f in scripts/*.sh; do bash $f; done",
    'for f in scripts/*; do sh "$f" || exit 1; done',
    "find . -name '*.sh' -exec sh {} \\;",
]
DEEP = [
    "for f in $(find . -name '*.sh'); do bash $f; done",
]


@pytest.fixture
def place(tmp_path: Path) -> Context:
    project = tmp_path / "app"
    (project / "scripts").mkdir(parents=True)
    (project / "scripts" / "a.sh").write_text("npm test\n")
    return Context(cwd=project, home=tmp_path / "home", project=project)


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_there_is_read(place: Context, command: str) -> None:
    assert assess_command(command, place).risk is Risk.MEDIUM
    (place.cwd / "scripts" / "b.sh").write_text("rm -rf ~\n")
    assert assess_command(command, place).risk is Risk.HIGH


@pytest.mark.parametrize("command", COMMANDS + DEEP)
def test_what_the_agent_wrote_is_read_however_much_there_is(place: Context, command: str) -> None:
    for number in range(100):
        (place.cwd / "scripts" / f"n{number}.sh").write_text("echo hi\n")
    script = place.cwd / "scripts" / "z.sh"
    script.write_text("rm -rf ~\n")
    written = replace(place, written=frozenset([script]))
    assert assess_command(command, written).risk is Risk.HIGH
    script.write_text("npm run lint\n")
    assert assess_command(command, written).risk is Risk.MEDIUM


def test_what_a_recipe_writes_is_known(place: Context) -> None:
    """What a compiled program may write is not: then it is the program that runs, as any other."""
    command = "make notes; find . -name '*.sh' -exec sh {} \\;"
    makefile = place.cwd / "Makefile"
    makefile.write_text("notes:\n\techo 'rm -rf ~' > out.sh\n")
    assert assess_command(command, place).risk is Risk.HIGH
    makefile.write_text("notes:\n\tcc -o notes notes.c\n\t./notes\n")
    assert assess_command(command, place).risk is Risk.MEDIUM
    assert assess_command("make notes; sh out.sh", place).risk is Risk.MEDIUM
