"""Rules in force: whose they are, when they are read again, and what broken ones do."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from agent.actions import WriteFile
from agent.gates.rule_files import PROJECT_FILE, RuleFiles, RuleNotKept
from agent.paths import Paths
from agent.risk import Context, Risk, assess, assess_command


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path / "config", tmp_path / "data", tmp_path / "run")
    made.create()
    return made


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    subprocess.run(["git", "init", "-q", made], check=True)
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    first = ("commit", "-q", "--allow-empty", "-m", "first")
    subprocess.run(["git", "-C", made, *who, *first], check=True)
    return made


def own_rules(project: Path, text: str) -> None:
    (project / PROJECT_FILE).parent.mkdir(exist_ok=True)
    (project / PROJECT_FILE).write_text(text)


def test_without_files_there_are_no_rules(paths: Paths, tmp_path: Path, project: Path) -> None:
    files = RuleFiles(paths, tmp_path)
    assert files.for_project(project).empty
    assert files.for_project(None).empty


def test_a_project_may_only_tighten(paths: Paths, tmp_path: Path, project: Path) -> None:
    paths.config_file.write_text('[rules]\nallow = ["Bash(make:*)"]\n')
    own_rules(project, 'deny = ["Bash(make deploy:*)"]\nallow = ["Bash(curl:*)"]\n')
    rules = RuleFiles(paths, tmp_path).for_project(project)
    assert [rule.text for rule in rules.allow] == ["Bash(make:*)"]
    assert [rule.text for rule in rules.deny] == ["Bash(make deploy:*)"]
    assert rules.problem == ""


def test_an_edit_counts_at_once(paths: Paths, tmp_path: Path, project: Path) -> None:
    files = RuleFiles(paths, tmp_path)
    own_rules(project, 'deny = ["Bash(a)"]')
    assert len(files.for_project(project).deny) == 1
    own_rules(project, 'deny = ["Bash(a)", "Bash(b)"]')
    assert len(files.for_project(project).deny) == 2
    (project / PROJECT_FILE).unlink()
    assert files.for_project(project).empty


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("deny = [", "is not valid TOML"),
        ('dney = ["Bash(a)"]', "did you mean"),
        ('deny = ["Bash a"]', "cannot read the deny rule"),
        ('deny = [{rule = "Bash(a)", match = ["b"]}]', "does not match"),
    ],
)
def test_what_cannot_be_read_makes_everything_ask(
    paths: Paths, tmp_path: Path, project: Path, text: str, said: str
) -> None:
    own_rules(project, text)
    rules = RuleFiles(paths, tmp_path).for_project(project)
    assert said in rules.problem
    context = Context(project, tmp_path, project, rules=rules)
    assert assess_command("ls", context).asked_by is not None


def test_a_pipe_in_place_of_the_file_holds_nothing_up(
    paths: Paths, tmp_path: Path, project: Path
) -> None:
    (project / PROJECT_FILE).parent.mkdir()
    os.mkfifo(project / PROJECT_FILE)
    assert "is no file" in RuleFiles(paths, tmp_path).for_project(project).problem


def test_always_allowed_in_all_worktrees_and_nowhere_else(
    paths: Paths, tmp_path: Path, project: Path
) -> None:
    beside, other = tmp_path / "beside", tmp_path / "other"
    subprocess.run(["git", "-C", project, "worktree", "add", "-q", beside], check=True)
    other.mkdir()
    files = RuleFiles(paths, tmp_path)
    for rule in ('Bash(echo "quoted \\ é")', "Bash(make)", "Bash(make)"):
        kept = files.always_allow(beside, rule)
    assert kept.stat().st_mode & 0o777 == 0o600
    texts = [rule.text for rule in files.for_project(project).allow]
    assert texts == ['Bash(echo "quoted \\ é")', "Bash(make)"]
    assert files.for_project(beside).allow == files.for_project(project).allow
    assert files.for_project(other).empty
    with pytest.raises(RuleNotKept, match="is no rule"):
        files.always_allow(project, "make")


def test_agents_cannot_write_rules(paths: Paths, tmp_path: Path, project: Path) -> None:
    context = Context(project, tmp_path, project, own=(paths.config, paths.data))
    for file in (project / PROJECT_FILE, paths.config / "rules" / "x.toml"):
        action = WriteFile(file, "", "x")
        assert assess(action, context).risk is Risk.HIGH, file
        assert assess_command(f"echo x > {file}", context).risk is Risk.HIGH, file


def test_each_rule_is_listed_where_it_stands(paths: Paths, tmp_path: Path, project: Path) -> None:
    paths.config_file.write_text('[rules]\ndeny = ["Bash(git tag:*)"]\n')
    own_rules(project, 'ask = ["Bash(make:*)"]\nallow = ["Bash(curl:*)"]\n')
    kept = RuleFiles(paths, tmp_path).always_allow(project, "Bash(npm run lint)")
    found = RuleFiles(paths, tmp_path).standing(project)
    assert [(e.rule, e.listed, e.file, e.kept, bool(e.why_not)) for e in found] == [
        ("Bash(git tag:*)", "deny", paths.config_file, False, False),
        ("Bash(npm run lint)", "allow", kept, True, False),
        ("Bash(make:*)", "ask", project / PROJECT_FILE, False, False),
        ("Bash(curl:*)", "allow", project / PROJECT_FILE, False, True),
    ]


def test_a_kept_rule_is_taken_away_and_the_others_stay(
    paths: Paths, tmp_path: Path, project: Path
) -> None:
    files = RuleFiles(paths, tmp_path)
    file = files.always_allow(project, "Bash(npm run lint)")
    file.write_text('allow = ["Bash(npm run lint)", { rule = "Bash(a b)", match = ["a b"] }]\n')
    files.always_allow(project, "Bash(make)")
    files.remove(project, "Bash(npm run lint)")
    rules = files.for_project(project)
    assert not rules.problem
    assert [(rule.text, rule.match) for rule in rules.allow] == [
        ("Bash(a b)", ("a b",)),
        ("Bash(make)", ()),
    ]
