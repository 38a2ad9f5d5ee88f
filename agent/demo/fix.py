"""The role that mends a failing test: run, find, read, edit, run again, commit."""

from __future__ import annotations

import re

from agent.demo.talk import Say, Talk, Used

TESTS = "python3 -m unittest"
MESSAGE = "Show seconds with two digits"
COMMIT = f"git commit --all --message '{MESSAGE}'"
SHOW = "git log --oneline --stat -1"

_FAILING_CALL = re.compile(r"assertEqual\((\w+)\(")
_FOUND_AT = re.compile(r"^(\S+?):\d+: ", re.MULTILINE)
_CULPRIT = re.compile(r'return f"\{minutes\}:\{rest\}"')
_MENDED = 'return f"{minutes}:{rest:02d}"'


def next_move(talk: Talk) -> Say:
    """Decide from what really happened so far."""
    last = talk.last
    tests = talk.last_of("terminal_run", TESTS)
    edit = talk.last_of("file_edit")
    if last is None or tests is None:
        return _run(TESTS, "First I run the tests to see what fails.", "see which test fails")
    if last.stopped:
        return Say(f"I was stopped there ({last.reason}), so the test is **not** mended.")
    if last.unknown and last.name != "file_edit":
        return _again(last)
    if last is tests:
        return _after_tests(talk, tests, edit)
    if last.name == "file_search":
        return _after_search(last)
    if last.name == "file_read":
        return _after_reading(last)
    if last is edit:
        if edit.is_error and not edit.unknown:
            return Say(f"The edit did not go in ({edit.reason}). The test is **not** mended.")
        return _run(TESTS, "Changed. Now the tests again.", "check the change")
    if last.input.get("command") == COMMIT and last.exit_status == 0:
        return _run(SHOW, "Committed. One look at the commit.", "see the commit")
    if last.input.get("command") == SHOW and last.exit_status == 0:
        if MESSAGE not in last.result:
            return _run(COMMIT, "It is not committed yet.", "keep the fix")
        commit = last.result.partition("\n")[2].strip().partition(" ")[0]
        return Say(
            f"**Done.** The clock dropped the zero of `3:05`; `as_clock` now pads the seconds to "
            f"two digits. I ran the tests: all pass. The fix is commit `{commit}` on `fix-clock`."
        )
    return Say(f"That did not work ({last.reason}), so I stop here. The job is **not** done.")


def _again(last: Used) -> Say:
    """Look, where looking is harmless, after the engine ended midway."""
    if last.input.get("command") == COMMIT:
        return _run(SHOW, "I was interrupted. Was it committed?", "see the commit")
    return Say("I was interrupted there, so once more.", last.name, last.input)


def _after_tests(talk: Talk, tests: Used, edit: Used | None) -> Say:
    edited = edit is not None and talk.index_of(edit) < talk.index_of(tests)
    if tests.exit_status == 0:
        if not edited:
            return Say("All tests pass already, so there is nothing to mend.")
        return _run(COMMIT, "All green. I commit the fix.", "keep the fix")
    if edited:
        return Say(
            "The tests **still fail** after my change, so I do not commit it:\n\n"
            f"```\n{_failure(tests.result)}\n```\nI could not mend this."
        )
    if tests.exit_status is None:
        return Say(f"The tests did not come to an end ({tests.reason}). I could not mend this.")
    call = _FAILING_CALL.search(tests.result)
    if call is None:
        return Say(f"I do not understand this failure ({_failure(tests.result)}). I stop here.")
    return Say(
        f"A test of `{call.group(1)}` fails: `{_failure(tests.result)}`. Where is it defined?",
        "file_search",
        {"pattern": f"def {call.group(1)}\\b", "glob": "*.py"},
    )


def _after_search(search: Used) -> Say:
    found = _FOUND_AT.search(search.result)
    if search.is_error or found is None:
        return Say(f"I cannot find the function ({search.reason}). I could not mend this.")
    return Say(f"In `{found.group(1)}`. I read it.", "file_read", {"path": found.group(1)})


def _after_reading(reading: Used) -> Say:
    culprit = _CULPRIT.search(reading.result)
    if reading.is_error or culprit is None:
        return Say("The code is not what I know how to mend. I could not mend this.")
    return Say(
        "There it is: `{rest}` has no leading zero, so 185 seconds read `3:5`. I pad it to two "
        "digits.",
        "file_edit",
        {
            "path": reading.input["path"],
            "old_text": culprit.group(0),
            "new_text": _MENDED,
            "why": "show 3:05 instead of 3:5",
        },
    )


def _run(command: str, text: str, why: str) -> Say:
    return Say(text, "terminal_run", {"command": command, "why": why, "timeout": 60})


def _failure(result: str) -> str:
    lines = [line.strip() for line in result.splitlines()]
    for line in lines:
        if re.match(r"\w*(Error|Exception)\b", line):
            return line
    return lines[0] if lines else "no output"
