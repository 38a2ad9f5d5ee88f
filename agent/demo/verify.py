"""Whether the demo's job was really done: looked up in the repository, not asked of the agents."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum

from agent.demo.fixture import Fixture, FixtureFailed, git

TEST_SECONDS = 60.0
NEW_BRANCH = "main-amended"
"""Where the denied agent pushes instead."""

NOTES = "notes.md"
EXPECTED_NOTES = ("2 ** 10 = 1024", "leap year: True", "29 days")
"""What Python really answers to what the agent types; see `agent.demo.drive`."""


class Word(Enum):
    """What the person said about the pushes that waited for them."""

    APPROVED = "approved"
    CHANGED = "changed"
    """A command of their own ran in the place of a push."""
    DENIED = "denied"
    DENIED_ALL = "denied, and the push to another branch too"


@dataclass(frozen=True, slots=True)
class Finding:
    """The truth about one agent's job, in a few words."""

    done: bool
    text: str


def check_fix(fixture: Fixture) -> Finding:
    """The tests as they were at the start pass, with a change that is committed. Blocks."""
    try:
        head = git(fixture.fix, "rev-parse", "HEAD")
        touched = git(fixture.fix, "diff", "--name-only", fixture.base, "--", "tests")
        pending = git(fixture.fix, "status", "--porcelain", "--untracked-files=no")
    except FixtureFailed as error:
        return Finding(False, f"the fix cannot be checked ({error})")
    if not _tests_pass(fixture):
        return Finding(False, "the tests still fail")
    if touched:
        return Finding(False, "the tests were changed instead of the code")
    if head == fixture.base or pending:
        return Finding(False, "the fix is not committed")
    return Finding(True, "the tests pass, the fix is committed")


def check_notes(fixture: Fixture) -> Finding:
    """The notes hold what the program really showed. Blocks."""
    try:
        text = (fixture.notes / NOTES).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return Finding(False, "no notes were written")
    missing = [line for line in EXPECTED_NOTES if line not in text]
    if missing:
        return Finding(False, f"the notes lack {missing[0]!r}")
    return Finding(True, "the notes say what Python showed")


def check_push(fixture: Fixture, word: Word) -> Finding:
    """The remote is in the state that the decision implies. Blocks.

    Args:
        fixture: the repository.
        word: what the person decided.
    """
    try:
        lines = git(fixture.main, "ls-remote", "--heads", str(fixture.origin)).splitlines()
    except FixtureFailed as error:
        return Finding(False, f"the remote cannot be read ({error})")
    heads = {name.removeprefix("refs/heads/"): commit for commit, name in map(str.split, lines)}
    if word is Word.CHANGED:
        # Only the person knows what their command was to do; what it did can be told.
        held = ", ".join(f"{name} at {commit[:7]}" for name, commit in heads.items())
        return Finding(True, f"the remote holds {held or 'no branch'}, by the command you wrote")
    if word is Word.APPROVED:
        if heads.get("main") == fixture.amended:
            return Finding(True, "the remote's main was rewritten, as approved")
        return Finding(False, "the force push was approved, but the remote's main is unchanged")
    if heads.get("main") != fixture.pushed:
        return Finding(False, "the remote's main was changed without approval")
    if word is Word.DENIED_ALL and NEW_BRANCH not in heads:
        return Finding(True, "the remote is untouched, as you denied each push")
    if heads.get(NEW_BRANCH) != fixture.amended:
        return Finding(False, f"the remote has no branch {NEW_BRANCH} with the change")
    return Finding(True, f"the remote's main is untouched, the change on {NEW_BRANCH}")


def _tests_pass(fixture: Fixture) -> bool:
    try:
        done = subprocess.run(
            [sys.executable, "-B", "-m", "unittest", "--quiet"],
            cwd=fixture.fix,
            env={**os.environ, "PYTHONPATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TEST_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    # An empty run is a success to older Pythons; it is none here.
    return done.returncode == 0 and b"Ran 0 tests" not in done.stderr
