"""What an allow rule covers: every command beyond looking, and nothing that is HIGH."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agent.risk import Context, assess_command
from agent.risk.rules import parse


def allowed(context: Context, command: str, *rules: str) -> bool:
    return assess_command(command, replace(context, rules=parse({"allow": list(rules)}))).allowed


@pytest.mark.parametrize(
    "command",
    [
        "npm run lint",
        "cd web && npm run lint",
        "cd web; ls; echo linting; npm run lint",
        "npm run lint | tail -20",
        "npm run lint 2>&1 | grep error",
        "npm run lint > /dev/null",
        "timeout 60 npm run lint",
        "bash -c 'npm run lint'",
        "CI=1 npm run lint",
        "if test -f package.json; then npm run lint; fi",
        "for d in a b; do (cd $d && npm run lint); done",
    ],
)
def test_looking_needs_no_cover(context: Context, command: str) -> None:
    assert allowed(context, command, "Bash(npm run lint)")


@pytest.mark.parametrize(
    "command",
    [
        "npm run build",
        "npm run lint && npm run build",
        "npm run lint; touch x",
        "npm run lint > src/main.js",
        "echo x > src/main.js && npm run lint",
        "> src/main.js; npm run lint",
        "{ npm run lint; } > src/main.js",
        "npm run lint | tee src/main.js",
        "npm run lint; $x",
        "npm run lint && rm -rf ~",
        'bash -c "npm run lint; make"',
        "timeout 5 make; npm run lint",
        "ls",
    ],
)
def test_what_changes_something_needs_its_own(context: Context, command: str) -> None:
    assert not allowed(context, command, "Bash(npm run lint)")


def test_where_output_goes_is_covered_by_a_rule_for_files(context: Context) -> None:
    rules = ("Bash(npm run lint)", "Edit(reports/**)")
    assert allowed(context, "npm run lint > reports/lint.txt", *rules)
    assert not allowed(context, "npm run lint > reports/lint.txt 2> src/x", *rules)


def test_a_covered_command_covers_what_the_project_has_it_run(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text(json.dumps({"scripts": {"lint": "eslint --fix ."}}))
    place = Context(cwd=tmp_path, home=tmp_path.parent, project=tmp_path)
    assert allowed(place, "npm run lint", "Bash(npm run lint)")
    assert not allowed(place, "npm run lint", "Bash(eslint:*)")
    (tmp_path / "Makefile").write_text("all:\n\ttouch x\n")
    assert not allowed(place, "make && npm run lint", "Bash(npm run lint)")
    assert allowed(place, "make && npm run lint", "Bash(npm run lint)", "Bash(make)")


@pytest.mark.parametrize("command", ["git push --force", "$x", "rm -rf ~", "sudo ls", "eval $y"])
def test_nothing_high_or_unknown_is_allowed(context: Context, command: str) -> None:
    assert not allowed(context, command, "Bash")
