"""The role that meets a HIGH action: a force push, which waits for the person."""

from __future__ import annotations

from collections.abc import Mapping

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
    if command in (PLAIN, FORCE) and last.stopped:
        return _run(
            ASIDE,
            "Understood: the remote's `main` stays as it is. I push the amended commit to a new "
            f"branch, `{NEW_BRANCH}`: it overwrites nothing, and a pull request can start there.",
            "keep the change without rewriting main",
        )
    if last.unknown:
        if command in PUSHES:
            return _run(HEAD, "I was interrupted. What does the remote have?", "know the commit")
        return Say("I was interrupted there, so once more.", last.name, last.input)
    if last.stopped:
        return Say(f"I was stopped there ({last.reason}). {_so_far(talk)}")
    if last.edited and command in PUSHES:
        ended = f"ended with status {last.exit_status}"
        if last.exit_status in (0, None):
            ended = "went well" if last.exit_status == 0 else f"did not end ({last.reason})"
        return _run(
            HEAD,
            f"You changed my command, and yours {ended}. I check what the remote holds now.",
            "know the commit",
        )
    if last.edited and command in (HEAD, REMOTE):
        return Say(f"You had me run something else than `{command}`. {_so_far(talk)}")
    if command == PLAIN and last.exit_status not in (0, None):
        return _after_rejection(last)
    if last.exit_status != 0 and not last.edited:
        return Say(f"`{command}` failed: {_words(last)}. {_so_far(talk, 'I could **not** push.')}")
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
    heads = _heads(remote)
    if any(used.edited for used in _ran(talk)):
        return _report_of_edit(commit, heads)
    if heads.get(branch) != commit:
        pushed = next(used for used in reversed(talk.used) if used.input.get("command") in PUSHES)
        if pushed.unknown:
            return _run(pushed.input["command"], "It did not arrive. Once more.", "push the change")
        return Say(f"The remote's `{branch}` is not `{commit[:7]}`: the push did **not** work.")
    if aside:
        return Say(
            f"**Done differently.** The push to `main` was denied. `{commit[:7]}` is on the "
            f"remote's new branch `{NEW_BRANCH}`, checked with `ls-remote`; `main` there is "
            "untouched."
        )
    return Say(f"**Done.** The remote's `main` is now `{commit[:7]}`, checked with `ls-remote`.")


def _report_of_edit(commit: str, heads: Mapping[str, str]) -> Say:
    """Say what the remote holds after a command of the person's own, whatever it was to do."""
    holding = [f"`{branch}`" for branch, held in heads.items() if held == commit]
    if holding:
        where = " and ".join(holding)
        return Say(f"**Done your way.** `{commit[:7]}` is on the remote's {where}, as you had it.")
    held = ", ".join(f"`{branch}` at `{held[:7]}`" for branch, held in heads.items())
    return Say(
        f"**Your command, not mine.** The remote holds {held or 'no branch'}; `{commit[:7]}` is "
        "**not** there. I leave it at that, as you decided."
    )


def _heads(remote: Used) -> dict[str, str]:
    """Commits by branch, as `ls-remote` printed them."""
    pairs = [line.split() for line in remote.result.splitlines()]
    return {
        pair[1].removeprefix("refs/heads/"): pair[0]
        for pair in pairs
        if len(pair) == 2 and pair[1].startswith("refs/heads/")
    }


def _so_far(talk: Talk, otherwise: str = "Nothing was pushed.") -> str:
    """What may be said of the remote without a look at it; else, that none is there."""
    if any(used.edited or used.unknown or used.exit_status == 0 for used in _ran(talk)):
        return "What the remote holds now I did **not** check."
    return otherwise


def _ran(talk: Talk) -> list[Used]:
    """The pushes, or what the person put in their place, that nobody stopped."""
    return [used for used in talk.used if used.input.get("command") in PUSHES and not used.stopped]


def _run(command: str, text: str, why: str) -> Say:
    return Say(text, "terminal_run", {"command": command, "why": why, "timeout": 60})


def _words(used: Used) -> str:
    lines = [line for line in used.result.splitlines()[1:] if line.strip()]
    return lines[0] if lines else used.reason
