"""The demo's repository: a real failure, a real divergence, and nobody's own git settings."""

import subprocess
import sys

import pytest

from agent.demo.fixture import Fixture, FixtureFailed, build, git
from agent.demo.verify import Word, check_fix, check_notes, check_push


def test_the_bug_is_real_and_only_one_test_finds_it(fixture):
    done = subprocess.run(
        [sys.executable, "-m", "unittest"], cwd=fixture.fix, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "FAILED (failures=1)" in done.stderr
    assert "'3:5' != '3:05'" in done.stderr


def test_only_force_can_push_main_and_it_would_rewrite_the_remote(fixture):
    with pytest.raises(FixtureFailed, match="rejected"):
        git(fixture.main, "push", "origin", "main")
    assert git(fixture.origin, "rev-parse", "main") == fixture.pushed
    git(fixture.main, "push", "--force", "origin", "main")
    assert git(fixture.origin, "rev-parse", "main") == fixture.amended


def test_a_persons_own_git_settings_change_nothing(place, monkeypatch):
    hooks = place / "hooks"
    hooks.mkdir()
    for name in ("pre-commit", "pre-push"):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n")
        (hooks / name).chmod(0o755)
    (place / ".gitconfig").write_text(
        f"[core]\n\thooksPath = {hooks}\n[commit]\n\tgpgsign = true\n[init]\n"
        f"\tdefaultBranch = trunk\n[user]\n\tname = Someone\n\temail = someone@example.com\n"
    )
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("GIT_DIR", str(place / "elsewhere"))
    made = build(_empty(place))
    assert git(made.main, "log", "-1", "--format=%an") == "Tungsten demo"
    monkeypatch.delenv("GIT_DIR")
    # As in an agent's pane, where nothing shields git from the person's settings.
    (made.fix / "tea" / "clock.py").write_text("pass\n")
    subprocess.run(["git", "commit", "--all", "-qm", "x"], cwd=made.fix, check=True)
    who = subprocess.run(
        ["git", "log", "-1", "--format=%an"], cwd=made.fix, check=True, capture_output=True
    )
    assert who.stdout.strip() == b"Tungsten demo"


def test_no_global_identity_is_needed(place, monkeypatch):
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place))
    made = build(_empty(place))
    (made.fix / "tea" / "clock.py").write_text("pass\n")
    subprocess.run(["git", "commit", "--all", "-qm", "x"], cwd=made.fix, check=True)
    said = subprocess.check_output(["git", "log", "-1", "--format=%an: %s"], cwd=made.fix)
    assert said.strip() == b"Tungsten demo: x"


def test_without_git_there_is_one_clear_line(place, monkeypatch):
    monkeypatch.setenv("PATH", str(place))
    with pytest.raises(FixtureFailed, match="install git"):
        build(_empty(place))


def test_it_survives_being_written_down(fixture):
    assert Fixture.from_json(fixture.to_json()) == fixture


def test_a_place_that_is_gone_is_a_finding_and_no_crash(place):
    nowhere = Fixture(place / "gone", "a", "b", "c")
    for finding in (
        check_fix(nowhere),
        check_notes(nowhere),
        check_push(nowhere, Word.APPROVED),
    ):
        assert not finding.done
        assert finding.text


def _empty(place):
    directory = place / "demo"
    directory.mkdir()
    return directory
