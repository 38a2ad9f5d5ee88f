"""Where git pushes to: an address that an agent has set sends the project's work there."""

from __future__ import annotations

import re

from agent.risk.commands.git_trees import top
from agent.risk.commands.script_files import read_script
from agent.risk.evaluation.call import Call

FAR = re.compile(r"(?:https?|ssh|git)://|[\w.-]+@[\w.-]+:")
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


def names_remotes(call: Call, operands: list[str]) -> None:
    """`git remote add`, `set-url` and `rename`: note the names whose address the agent chose."""
    state = call.evaluator.state
    verb, name, addresses = operands[0], operands[1:2], operands[2:] or operands[1:2]
    if any(address.startswith("ext::") for address in addresses):
        call.high("has git run a command")
    if verb == "rename":
        if name and name[0] in state.remotes:
            state.remotes |= frozenset(operands[2:3])
    elif name and name != ["upstream"] and any(map(FAR.match, addresses)):
        known = _configured(call)
        if not all(_repository(address) in known for address in addresses if FAR.match(address)):
            state.remotes |= frozenset(name)
    call.medium("changes remotes")


def pushes_away(call: Call, named: list[str]) -> bool:
    """Whether a push goes to an address that is none of the project's.

    Args:
        call: the command.
        named: the repository that its words name, if they do.
    """
    remotes = call.evaluator.state.remotes
    if not named:
        return "origin" in remotes
    return FAR.match(named[0]) is not None or named[0] in remotes
