"""The rule offered for an action: as narrow as can be said, never one that would not help."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.actions import Action, OpenPane, ReadFile, RunCommand, TypeKeys, WriteFile
from agent.risk import Context, Risk, assess
from agent.risk.rules import parse
from agent.risk.suggest import objection, suggest

HOME = Path("/home/ann")
PROJECT = HOME / "orchard"
HERE = Context(PROJECT, HOME, PROJECT)


def run(command: str) -> RunCommand:
    return RunCommand(command, "%1")


@pytest.mark.parametrize(
    ("action", "rule"),
    [
        (run("npm run lint"), "Bash(npm run lint)"),
        (run("  npm  'run' lint  # quickly"), "Bash(npm run lint)"),
        (run("touch a 2>&1"), "Bash(touch a)"),
        (run("git add '*.py'"), "Bash(git add [*].py)"),
        (run("touch 'a[1]?'"), "Bash(touch a[[]1][?])"),
        (WriteFile(PROJECT / "notes.md", ""), "Edit(./notes.md)"),
        (WriteFile(PROJECT / "src" / "a (1).py", ""), "Edit(src/a (1).py)"),
        (ReadFile(HOME / "other" / "x"), "Read(~/other/x)"),
        (ReadFile(Path("/srv/x")), "Read(/srv/x)"),
    ],
)
def test_the_narrowest_rule(action: Action, rule: str) -> None:
    assert suggest(action, HERE).rule == rule


@pytest.mark.parametrize(
    ("action", "why"),
    [
        (run("touch a && touch b"), "2 commands"),
        (run("timeout 9 touch b"), "2 commands"),
        (run("touch $(cat x)"), "2 commands"),
        (run("touch a\ntouch b"), "several lines"),
        (run("touch a > b"), "redirects"),
        (run("{ touch a; } > b"), "redirects"),
        (run("A=1 touch a"), "variables"),
        (run("touch $NAME"), "only when it runs"),
        (run("git commit -m 'two words'"), "spaces"),
        (run("touch ''"), "spaces or nothing"),
        (run("git push --force"), "HIGH"),
        (run("touch " + "a" * 3_000), "too long"),
        (run(""), "no command"),
        (WriteFile(PROJECT / "a*", ""), "* or ?"),
        (WriteFile(HOME / ".bashrc", ""), "HIGH"),
        (TypeKeys(("y", "Enter"), "%1"), "keys"),
        (OpenPane(PROJECT), "this kind"),
    ],
)
def test_no_rule_is_offered_and_one_line_says_why(action: Action, why: str) -> None:
    found = suggest(action, HERE)
    assert found.rule == ""
    assert why in found.why_not
    assert found.why_not.isprintable()


def test_rules_need_a_project() -> None:
    assert "project" in suggest(run("touch a"), replace(HERE, project=None)).why_not


def test_a_rule_of_the_person_stands_against_it() -> None:
    for listed, why in (("ask", "asked about"), ("deny", "denies")):
        context = replace(HERE, rules=parse({listed: ["Bash(touch:*)"]}))
        assert why in suggest(run("touch a"), context).why_not


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=6)


@given(st.lists(WORDS, min_size=1, max_size=4))
def test_what_is_offered_spares_this_and_no_other_argument(words: list[str]) -> None:
    command = shlex.join(["touch", *words])
    found = suggest(run(command), HERE)
    if not found.rule:
        return
    rules = parse({"allow": [found.rule]})
    allowing = replace(HERE, rules=rules)
    assert assess(run(command), allowing).allowed
    assert not objection(run(command), HERE, found.rule)
    for other in (f"{command} more", "touch", "touch else-where", f"{command}; touch else-where"):
        found_other = assess(run(other), allowing)
        assert not found_other.allowed or shlex.split(other) == ["touch", *words]
        assert found_other.risk is not Risk.LOW
