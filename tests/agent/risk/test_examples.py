"""Examples beside a rule are tried when it is read."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from agent.risk.examples import tried
from agent.risk.report import check_jsonl
from agent.risk.rules import parse

HOME = Path("/home/ada")


def problem(data: object) -> str:
    return tried(parse(data), home=HOME, project=HOME / "project").problem


@pytest.mark.parametrize(
    ("listed", "rule", "match", "not_match"),
    [
        ("deny", "Bash(git push:*)", "env A=1 bash -c 'git -C x push origin'", "git pull"),
        ("ask", "Bash(git push:*)", "true; git push", "echo git push"),
        ("allow", "Bash(npm run lint)", "npm run lint", "npm run lint; npm run build"),
        ("deny", "Read(~/.ssh/**)", "~/.ssh/id_ed25519", "~/.sshrc"),
        ("ask", "Edit(migrations/**)", "migrations/1.sql", "src/migrations.py"),
        ("deny", "Fetch(domain:example.com)", "https://a.example.com/x", "https://example.org"),
    ],
)
def test_examples_that_hold_and_that_do_not(
    listed: str, rule: str, match: str, not_match: str
) -> None:
    held = {"rule": rule, "match": [match], "not_match": [not_match]}
    assert problem({listed: [held]}) == ""
    turned = {"rule": rule, "match": [not_match], "not_match": [match]}
    said = problem({listed: [turned]})
    assert f"the {listed} rule {rule} does not match “{not_match}”" in said
    assert f"the {listed} rule {rule} matches “{match}”" in said


@pytest.mark.parametrize(
    "entry",
    [
        {"match": ["a"]},
        {"rule": 1},
        {"rule": "Bash(a)", "match": "a"},
        {"rule": "Bash(a)", "match": [1]},
        {"rule": "Bash(a)", "matches": ["a"]},
        {"rule": {"rule": "Bash(a)"}},
    ],
)
def test_malformed_entries_are_named(entry: object) -> None:
    assert "cannot read the deny rule" in problem({"deny": [entry]})


@pytest.mark.parametrize(
    ("deny", "risk", "reason"),
    [
        (
            [{"rule": "Bash(git push:*)", "match": ["git push"], "not_match": ["git pull"]}],
            "LOW",
            "",
        ),
        (
            [{"rule": "Bash(git push:*)", "match": ["git pull"]}],
            "HIGH",
            "asks because of your rules: the deny",
        ),
        (["Bash(git push"], "HIGH", "asks because of your rules: cannot read the deny rule"),
        ("Bash(ls)", "HIGH", "asks because of your rules: deny must be a list"),
    ],
)
def test_rules_of_a_line_are_tried_before_it_is_judged(
    deny: object, risk: str, reason: str
) -> None:
    line = json.dumps({"id": "a", "command": "ls", "rules": {"deny": deny}})
    said = io.StringIO()
    check_jsonl(io.StringIO(line + "\n"), said)
    answer = json.loads(said.getvalue())
    assert answer["risk"] == risk
    assert " ".join(answer["reasons"]).startswith(reason)
