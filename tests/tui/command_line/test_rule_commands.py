"""`tungsten rules` and `tungsten trust` from the outside."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.engine.start import kill
from agent.gates.rule_files import PROJECT_FILE, RuleFiles
from agent.paths import Paths, find
from agent.risk import Context, Risk, assess_command
from tui.command_line.commands import cli

RULE = "Bash(npm run lint)"
Said = tuple[int, str, str]


@pytest.fixture
def home(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> Iterator[Paths]:
    monkeypatch.setenv("TUNGSTEN_HOME", str(paths.runtime.parent))
    monkeypatch.setenv("HOME", str(paths.runtime.parent))
    yield find()
    asyncio.run(kill(find(), panes=True))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "project"
    subprocess.run(["git", "init", "-q", made], check=True)
    monkeypatch.chdir(made)
    return made.resolve()


@pytest.fixture
def tungsten(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def run(*words: str) -> Said:
        status = cli(list(words))
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def test_rules_are_listed_by_file_and_taken_away(
    home: Paths, project: Path, tungsten: Callable[..., Said]
) -> None:
    assert "There are no rules" in tungsten("rules")[1]
    home.create()
    home.config_file.write_text('[rules]\ndeny = ["Bash(git tag:*)"]\n')
    (project / PROJECT_FILE).parent.mkdir()
    (project / PROJECT_FILE).write_text('allow = ["Bash(curl:*)"]\n')
    file = RuleFiles(home, Path.home()).always_allow(project, RULE)
    _, said, _ = tungsten("rules")
    assert said.splitlines() == [
        str(home.config_file),
        "  deny   Bash(git tag:*)",
        "",
        str(file),
        f"  allow  {RULE}",
        "",
        str(project / PROJECT_FILE),
        "  allow  Bash(curl:*)  (not in force: a project may only tighten)",
    ]
    rows = json.loads(tungsten("rules", "--json")[1])["rules"]
    assert [row["rule"] for row in rows] == ["Bash(git tag:*)", RULE, "Bash(curl:*)"]

    status, _, problem = tungsten("rules", "remove", "Bash(git tag:*)")
    assert (status, str(home.config_file) in problem) == (1, True)
    assert tungsten("rules", "remove", "Bash(nothing)")[0] == 1
    status, said, _ = tungsten("rules", "remove", RULE, "--yes")
    assert (status, said.splitlines()[0]) == (0, f"allow {RULE}  in {file}")
    assert RULE not in tungsten("rules")[1]
    assert "Bash(git tag:*)" in tungsten("rules")[1]


def test_nothing_is_taken_away_without_a_yes(
    home: Paths, project: Path, tungsten: Callable[..., Said]
) -> None:
    home.create()
    RuleFiles(home, Path.home()).always_allow(project, RULE)
    assert tungsten("rules", "remove", RULE)[0] != 0
    assert RULE in tungsten("rules")[1]


def test_trust_is_listed_given_and_taken_back(
    home: Paths, project: Path, tungsten: Callable[..., Said]
) -> None:
    assert "You trust no directory" in tungsten("trust")[1]
    assert tungsten("trust", "--off")[0] == 2
    assert tungsten("trust", ".")[0] == 0
    assert tungsten("trust")[1] == f"{project}\n"
    (project / "below").mkdir()
    assert f"stays trusted with {project}" in tungsten("trust", "below", "--off")[1]
    assert "trusted no longer" in tungsten("trust", str(project), "--off")[1]
    assert "You trust no directory" in tungsten("trust")[1]
    gone = project / "gone"
    gone.mkdir()
    tungsten("trust", str(gone))
    gone.rmdir()
    assert tungsten("trust", str(gone), "--off")[0] == 0
    assert "You trust no directory" in tungsten("trust")[1]


@pytest.mark.parametrize("line", ["tungsten trust .", f"tungsten rules remove '{RULE}' --yes"])
def test_an_agent_that_does_it_waits_for_the_person(line: str, tmp_path: Path) -> None:
    assert assess_command(line, Context(tmp_path, tmp_path, tmp_path)).risk is Risk.HIGH
