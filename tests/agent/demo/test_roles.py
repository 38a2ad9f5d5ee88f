"""The scripted roles, with everything real but the gate: success, denial, and honest failure."""

import shutil

import pytest

from agent.demo.fixture import git
from agent.demo.verify import NEW_BRANCH, Word, check_fix, check_notes, check_push


async def test_fix_mends_tests_and_commits(fixture, hands):
    assert not check_fix(fixture).done
    hand = await hands(fixture.fix)
    assert "**Done.**" in await hand.play("fix")
    assert check_fix(fixture).done
    assert sum("unittest" in command for command in hand.commands) == 2


async def test_fix_says_that_it_failed_when_the_tests_cannot_pass(fixture, hands):
    with (fixture.fix / "tests" / "test_tea.py").open("a") as tests:
        tests.write("\n\nclass Never(unittest.TestCase):\n    def test_never(self):\n"
                    "        self.assertEqual(as_clock(0), 'never')\n")  # fmt: skip
    hand = await hands(fixture.fix)
    assert "still fail" in await hand.play("fix")
    assert not any("commit" in command for command in hand.commands)
    assert not check_fix(fixture).done


async def test_fix_says_that_it_failed_when_the_code_is_another(fixture, hands):
    (fixture.fix / "tea" / "clock.py").write_text("def as_clock(seconds):\n    return '?'\n")
    hand = await hands(fixture.fix)
    assert "could not mend" in await hand.play("fix")


async def test_fix_has_nothing_to_do_when_the_tests_pass(fixture, hands):
    path = fixture.fix / "tea" / "clock.py"
    path.write_text(path.read_text().replace("{rest}", "{rest:02d}"))
    hand = await hands(fixture.fix)
    assert "nothing to mend" in await hand.play("fix")
    assert check_fix(fixture).text == "the fix is not committed"


async def test_fix_stops_when_its_commit_is_denied(fixture, hands):
    hand = await hands(fixture.fix, denied="git commit")
    assert "**not** mended" in await hand.play("fix")
    assert not check_fix(fixture).done


async def test_changed_tests_are_no_fix(fixture):
    path = fixture.fix / "tests" / "test_tea.py"
    path.write_text(path.read_text().replace('"3:05"', '"3:5"'))
    git(fixture.fix, "commit", "--all", "--message", "Cheat")
    assert check_fix(fixture).text == "the tests were changed instead of the code"


async def test_drive_writes_down_what_python_showed(fixture, hands):
    hand = await hands(fixture.notes)
    assert "**Done.**" in await hand.play("drive")
    assert check_notes(fixture).done
    assert (await hand.pane.foreground()).kind == "shell"


async def test_drive_without_python_claims_nothing(fixture, hands):
    hand = await hands(fixture.notes)
    await hand.pane.run("PATH=/nonexistent", timeout=10)
    hand.directory = fixture.notes
    last = await hand.play("drive")
    assert "without notes" in last
    assert not check_notes(fixture).done


async def test_push_approved_rewrites_the_remote(fixture, hands):
    hand = await hands(fixture.main)
    assert "**Done.**" in await hand.play("push")
    assert check_push(fixture, Word.APPROVED).done
    assert not check_push(fixture, Word.DENIED).done


async def test_push_denied_goes_to_a_new_branch(fixture, hands):
    hand = await hands(fixture.main, denied="--force")
    assert "**Done differently.**" in await hand.play("push")
    assert check_push(fixture, Word.DENIED).done
    assert not check_push(fixture, Word.APPROVED).done
    heads = git(fixture.origin, "branch", "--list")
    assert NEW_BRANCH in heads


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("git push --force origin main && git fetch", "**Done your way.**"),
        ("git push origin HEAD:refs/heads/mine", "on the remote's `mine`"),
        ("git fetch", "is **not** there"),
        ("false", "is **not** there"),
    ],
)
async def test_push_that_the_person_changed_is_judged_by_the_remote(fixture, hands, command, words):
    hand = await hands(fixture.main)
    hand.changed = {"git push --force origin main": command}
    assert words in await hand.play("push")
    assert hand.commands[-2:] == ["git rev-parse HEAD", "git ls-remote --heads origin"]
    found = check_push(fixture, Word.CHANGED)
    assert found.done
    assert "the remote holds main at" in found.text


async def test_push_changed_and_then_denied_goes_to_a_new_branch(fixture, hands):
    hand = await hands(fixture.main, denied="--force")
    hand.changed = {"git push --force origin main": "git push --force\n\ngit fetch"}
    assert "**Done differently.**" in await hand.play("push")
    assert check_push(fixture, Word.DENIED).done


async def test_push_without_a_remote_says_so(fixture, hands):
    shutil.rmtree(fixture.origin)
    hand = await hands(fixture.main)
    assert "could **not** push" in await hand.play("push")
    assert not any("--force" in command for command in hand.commands)
    assert not check_push(fixture, Word.APPROVED).done


async def test_push_denied_altogether_pushes_nothing(fixture, hands):
    hand = await hands(fixture.main, denied="push")
    assert "Nothing was pushed" in await hand.play("push")
    assert check_push(fixture, Word.DENIED_ALL).done
    assert not check_push(fixture, Word.DENIED).done


async def test_a_prompt_of_ones_own_is_answered_and_orders_are_carried_out(fixture, hands):
    hand = await hands(fixture.main, denied="rm -rf")
    assert "demo model" in await hand.ask("Please refactor everything")
    assert "ended well" in await hand.ask("run: git status")
    assert "status 3" not in await hand.ask("hello")
    assert "did not end well" in await hand.ask("run: false")
    assert "did not happen" in await hand.ask("run: rm -rf ~")
    assert "# Tea" in await hand.ask("read: README.md")
    assert "did not work" in await hand.ask("read: nothing.txt")
    assert hand.commands == ["git status", "false", "rm -rf ~"]
