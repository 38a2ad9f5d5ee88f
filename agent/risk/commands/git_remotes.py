"""Where git pushes to: an address that an agent has set sends the project's work there."""

from __future__ import annotations

import re

from agent.risk.arguments import has, split, value
from agent.risk.commands.git_trees import top
from agent.risk.commands.script_files import read_script
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.shell.syntax import UNKNOWN

_FAR = re.compile(r"(?:https?|ssh|git)://|[\w.-]+@[\w.-]+:")
"""An address on another machine."""
_ADDRESS = re.compile(r"(?:\w+://)?(?:[^@/\s]*@)?([\w.-]+)(?::\d+(?=/))?[:/]+(.*)")
_CONFIGURED = re.compile(r"(?mi)^[ \t]*(?:push)?url[ \t]*=[ \t]*(\S+)")


def _repository(address: str) -> tuple[str, str]:
    """The machine and the path there, which `https:` and `ssh:` addresses of one share."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return "", address
    return match[1].lower(), match[2].strip("/").removesuffix(".git").lower()


def _configured(call: Call) -> set[tuple[str, str]]:
    """Repositories that the project's own configuration names already."""
    path = f"{top(call)}/.git/config"
    text = None if call.evaluator.of_agent(path) else read_script(path, {})
    return set(map(_repository, _CONFIGURED.findall(text))) if isinstance(text, str) else set()


def _far(address: str) -> bool:
    return UNKNOWN in address or _FAR.match(address) is not None


def names_remotes(call: Call, operands: list[str]) -> None:
    """`git remote add`, `set-url` and `rename`: note the names whose address the agent chose."""
    state = call.evaluator.state
    verb, name, addresses = operands[0], operands[1:2], operands[2:] or operands[1:2]
    if any(address.startswith("ext::") for address in addresses):
        call.high("has git run a command")
    if verb == "rename":
        if name and name[0] in state.remotes:
            state.remotes |= frozenset(operands[2:3])
    elif name and name != ["upstream"] and (far := [a for a in addresses if _far(a)]):
        known = _configured(call)
        if not all(_repository(address) in known for address in far):
            state.remotes |= frozenset(name)
    call.medium("changes remotes")


_DEPLOYING = re.compile(
    r"(?i)^(?:heroku|dokku|piku|clever|scalingo|gigalixir|prod|production|live|deploy|staging|azure|flynn|caprover)(?:[-_]\w+)?$"
)


def push(call: Call, argv: list[str]) -> None:
    """`git push`: where it goes, and what it overwrites or deletes there."""
    valued = ("-o", "--push-option", "--repo", "--receive-pack", "--exec")
    options, operands = split(argv, valued)
    for text in value(argv, "--receive-pack", "--exec"):
        call.shell(text)
        call.high("has git run another program")
    forced = has(options, "f", "--force", "--force-with-lease", "--force-if-includes") or any(
        o.startswith(("--forc", "--mirro")) for o in options
    )
    deleting = has(options, "d", "--delete", "--prune", "--mirror")
    for ref in operands[1:]:
        if ref.startswith("+"):
            forced = True
        if ref.startswith(":") and len(ref) > 1:
            deleting = True
    if any(o.startswith("ext::") for o in operands):
        call.high("has git run a command")
    if has(options, "n", "--dry-run") and not value(argv, "--receive-pack", "--exec"):
        call.low()
        return
    remote = shown(operands[0]) if operands else "the remote"
    if _away(call, operands or value(argv, "--repo")):
        call.high(
            "sends the repository to an address that is no remote of it", f"pushes to {remote}"
        )
    if deleting:
        call.high(
            "deletes a shared branch or tag on the remote", f"deletes branches or tags on {remote}"
        )
    elif forced:
        call.high("rewrites a shared branch on the remote", f"rewrites a shared branch on {remote}")
    elif any(UNKNOWN in o for o in operands) and any(o.startswith(UNKNOWN) for o in operands[1:]):
        call.medium("pushes a branch whose name is not known")
    elif _DEPLOYING.search(remote):
        call.high("deploys to a platform by pushing", f"pushes to {remote}")
    else:
        call.medium("pushes to the remote", f"pushes to {remote}")


def _away(call: Call, named: list[str]) -> bool:
    """Whether a push goes to an address that is none of the project's.

    Args:
        call: the command.
        named: the repository that its words name, if they do.
    """
    remotes = call.evaluator.state.remotes
    if not named:
        return "origin" in remotes
    return _FAR.match(named[0]) is not None or named[0] in remotes
