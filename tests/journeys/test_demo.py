"""The demo to its own end: three agents at real work, and the person's word about the push."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.journeys.person import PROGRAM, Person

pytestmark = pytest.mark.journey

FORCE_PUSH = r"git push --force origin main"


def remote(person: Person, kept: Path) -> dict[str, str]:
    lines = person.git(kept / "tea", "ls-remote", "--heads", str(kept / "origin.git")).splitlines()
    return {name.removeprefix("refs/heads/"): commit for commit, name in map(str.split, lines)}


def start(person: Person) -> Path:
    kept = person.root / "kept"
    person.start("demo", "--pace", "0.2", "--keep", str(kept))
    person.wait(rf"(?s)HIGH  push wants to run a command.*{FORCE_PUSH}")
    return kept


def test_the_force_push_approved(person: Person) -> None:
    kept = start(person)
    before = remote(person, kept)
    person.approve()
    person.wait("Demo checked: ")
    head = person.git(kept / "tea", "rev-parse", "main")
    assert remote(person, kept) == {"main": head}
    assert before["main"] != head
    # The other two did real work, too.
    tests = subprocess.run(
        ["python3", "-B", "-m", "unittest"], cwd=kept / "tea-fix", capture_output=True, check=False
    )
    assert tests.returncode == 0, tests.stderr
    assert person.git(kept / "tea-fix", "status", "--porcelain", "--untracked-files=no") == ""
    assert "1024" in (kept / "tea-notes" / "notes.md").read_text()
    assert {name: agent["state"] for name, agent in person.agents().items()} == {
        "fix": "done",
        "drive": "done",
        "push": "done",
    }


def test_the_force_push_denied_with_a_reason(person: Person) -> None:
    kept = start(person)
    before = remote(person, kept)
    person.wait("m deny with a message")
    person.press("m")
    person.wait("deny with this message")
    person.type("others fetched it")
    person.press("Enter")
    person.wait("Demo checked: ")
    head = person.git(kept / "tea", "rev-parse", "main")
    assert remote(person, kept) == {"main": before["main"], "main-amended": head}
    person.press("agent.3")
    person.wait(r"│ push  ")
    # Tool calls are folded to a line; unfolded, this one tells what the agent was told.
    person.press("focus.next")
    person.press("block.fold_all", "conversation.top")
    screen = person.wait("Demo: main was amended")
    for _ in range(8):
        if "others fetched it" in screen:
            break
        person.press("conversation.page_down")
        screen = person.settle()
    assert "others fetched it" in screen
    person.press("conversation.prompt")
    # The demo gives back what it took, except the directory that was to be kept.
    person.do("/demo-stop")
    person.wait("none yet")
    assert person.agents() == {}
    assert (kept / "tea").is_dir()


@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_without_a_screen(person: Person, decision: str) -> None:
    kept = person.root / "kept"
    done = person.command(
        "demo", "--headless", "--json", "--pace", "0", "--keep", str(kept), f"--{decision}"
    )
    assert done.returncode == 0, done.stderr
    actions = [json.loads(line) for line in done.stdout.splitlines()]
    assert {action["agent"] for action in actions} == {"fix", "drive", "push"}
    assert all({"what", "risk", "decision", "outcome"} <= set(action) for action in actions)
    [push] = [action for action in actions if action["risk"] == "HIGH"]
    assert push["what"] == "git push --force origin main"
    assert push["by"] == "person"
    head = person.git(kept / "tea", "rev-parse", "main")
    if decision == "approve":
        assert (push["decision"], push["outcome"]) == ("approved", "ok")
        assert remote(person, kept) == {"main": head}
    else:
        assert (push["decision"], push["outcome"]) == ("denied", "not run")
        assert remote(person, kept)["main-amended"] == head
    # Nothing of it runs on.
    person.when(lambda: not person.processes("agent.engine"), "the engine to end")


def test_sabotaged_it_says_that_it_failed(person: Person) -> None:
    kept = person.root / "kept"
    process = subprocess.Popen(
        [str(PROGRAM), "demo", "--headless", "--json", "--pace", "0.5", "--keep", str(kept)],
        env=person.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 20
        # The last thing made before the agents begin.
        while not (kept / "tea-notes" / "tea").is_dir():
            assert time.monotonic() < deadline
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        shutil.rmtree(kept / "origin.git")
        with (kept / "tea-fix" / "tests" / "test_tea.py").open("a") as tests:
            tests.write("\n\nclass Sabotage(unittest.TestCase):\n")
            tests.write("    def test_it(self):\n        self.fail('never')\n")
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 1, output
    assert "The demo failed" in errors
    for line in ("the tests still fail", "the remote"):
        assert line in errors
