"""The role that meets a HIGH action: a force push, which waits for the person."""

from __future__ import annotations

from agent.demo.talk import Say, Talk, Used
from agent.demo.verify import NEW_BRANCH

STATUS = "git status --short --branch"
PLAIN = "git push origin main"
FORCE = "git push --force origin main"
ASIDE = f"git push origin HEAD:refs/heads/{NEW_BRANCH}"
PUSHES = (PLAIN, FORCE, ASIDE)
HEAD = "git rev-parse HEAD"
REMOTE = "git ls-remote --heads origin"


def next_move(talk: Talk) -> Say:
    """Decide from what git, and the person, really answered."""
    last = talk.last
    if last is None:
        return _run(STATUS, "First I look where `main` stands.", "see how main and origin differ")
    command = last.input.get("command")
    if command == FORCE and last.stopped:
        return _run(
            ASIDE,
            "Understood: the remote's `main` stays as it is. I push the amended commit to a new "
            f"branch, `{NEW_BRANCH}`, where it overwrites nothing.",
            "keep the change without rewriting main",
        )
    if last.unknown:
        if command in PUSHES:
            return _run(HEAD, "I was interrupted. What does the remote have?", "know the commit")
        return Say("I was interrupted there, so once more.", last.name, last.input)
    if last.stopped:
        return Say(f"I was stopped there ({last.reason}). Nothing was pushed.")
    if command == PLAIN and last.exit_status not in (0, None):
        return _after_rejection(last)
    if last.exit_status != 0:
        return Say(f"`{command}` failed: {_words(last)}. I could **not** push.")
    if command == STATUS:
        return _run(
            PLAIN,
            "`main` was amended after it was pushed, so it differs from `origin/main`. Maybe a "
            "plain push is enough.",
            "bring main to the remote",
        )
    if command in PUSHES:
        return _run(HEAD, "Pushed. I check what the remote really has.", "know the commit")
    if command == HEAD:
        return _run(REMOTE, "And on the remote:", "compare with the remote")
    return _report(talk, last)


def _after_rejection(last: Used) -> Say:
    if "rejected" not in last.result:
        return Say(f"The remote cannot be reached: {_words(last)}. I could **not** push.")
    return _run(
        FORCE,
        "Rejected, as histories differ. Only a **force push** makes the remote's `main` match, and "
        "that rewrites what others may have fetched. That is not mine to decide, so I ask.",
        "replace the remote's last commit by the amended one",
    )


def _report(talk: Talk, remote: Used) -> Say:
    head = talk.last_of("terminal_run", HEAD)
    commit = head.result.split()[-1] if head else "?"
    aside = talk.last_of("terminal_run", ASIDE) is not None
    branch = NEW_BRANCH if aside else "main"
    if not any(
        line.split() == [commit, f"refs/heads/{branch}"] for line in remote.result.splitlines()
    ):
        pushed = next(used for used in reversed(talk.used) if used.input.get("command") in PUSHES)
        if pushed.unknown:
            return _run(pushed.input["command"], "It did not arrive. Once more.", "push the change")
        return Say(f"The remote's `{branch}` is not `{commit[:7]}`: the push did **not** work.")
    if aside:
        return Say(
            f"**Done differently.** The force push was denied. `{commit[:7]}` is on the remote's "
            f"new branch `{NEW_BRANCH}`, checked with `ls-remote`; `main` there is untouched."
        )
    return Say(f"**Done.** The remote's `main` is now `{commit[:7]}`, checked with `ls-remote`.")


def _run(command: str, text: str, why: str) -> Say:
    return Say(text, "terminal_run", {"command": command, "why": why, "timeout": 60})


def _words(used: Used) -> str:
    lines = [line for line in used.result.splitlines()[1:] if line.strip()]
    return lines[0] if lines else used.reason
