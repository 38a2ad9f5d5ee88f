"""Where git pushes to: an address that an agent has set sends the project's work there."""

from __future__ import annotations

import re
from pathlib import Path

from agent.risk.arguments import has, split, value
from agent.risk.commands.git_directories import settings
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
    call.evaluator.readdressed = True
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


_PLACES = ("GIT_DIR", "GIT_COMMON_DIR", "GIT_CONFIG_COUNT", "GIT_CONFIG_GLOBAL", "GIT_CONFIG")
"""Variables that have git take other settings than those of the repository around it."""
_LEADING = ("url.", "include", "extensions.worktreeconfig")
"""How settings begin that may have an address mean another one."""
_PUSHED_BY_CHOICE = re.compile(r"(?i)remote\.pushdefault|branch\..*\.pushremote")
_COMMENT = re.compile(r"\s[#;]")
_BRANCH_REMOTE = re.compile(r"(?i)branch\..*\.remote", re.DOTALL)
_WEB_USER = re.compile(r"(?i)(https?://)[^/]*@")
_PASSWORD = re.compile(r"(//[^:@/]*):[^/]*@")
_ASKED = re.compile(r"[?#].*", re.DOTALL)

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
    remote = _told(call, shown(operands[0]) if operands else "")
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
    elif operands and _DEPLOYING.search(operands[0]):
        call.high("deploys to a platform by pushing", f"pushes to {remote}")
    else:
        call.medium("pushes to the remote", f"pushes to {remote}")


def _told(call: Call, name: str) -> str:
    """A remote in words: its name, and where that leads as the repository's settings say now.

    That is read for a person to see; it makes no push less risky. Where it is not sure which
    settings git will take, no address is told.
    """
    addresses = _addresses(call)
    if not name and len(addresses) == 1:
        name = next(iter(addresses))
    told = addresses.get(name, ())
    if not told:
        return name or "the remote"
    more = f" and {len(told) - 1} more" if len(told) > 1 else ""
    return f"{name} ({shown(_masked(told[0]))}{more})"


def _addresses(call: Call) -> dict[str, list[str]]:
    """Where each remote of the repository is pushed to; empty where that is not sure."""
    evaluator = call.evaluator
    at, variables = call.cwd, evaluator.state.variables
    before = call.argv[1 : call.argv.index("push")] if "push" in call.argv else ["-"]
    elsewhere = any(word.startswith("-") and word != "-C" for word in before)
    if elsewhere or evaluator.readdressed or any(map(variables.get, _PLACES)):
        return {}
    if UNKNOWN in at or not Path(at).is_dir():
        return {}
    path = f"{top(call)}/.git"
    pointer = read_script(path, evaluator.digests) if Path(path).is_file() else None
    if isinstance(pointer, str) and pointer.startswith("gitdir: /"):
        # A worktree has the settings of its repository (gitrepository-layout(5)).
        path = pointer[8:].strip().partition("/worktrees/")[0]
    path = f"{path}/config"
    if path in evaluator.files or evaluator.came(path):
        return {}
    text = read_script(path, evaluator.digests)
    found: dict[str, list[str]] = {}
    pushed: dict[str, list[str]] = {}
    for key, said in settings(text) if isinstance(text, str) else ():
        if key.lower().startswith(_LEADING) or _PUSHED_BY_CHOICE.fullmatch(key):
            return {}
        if _BRANCH_REMOTE.fullmatch(key) and re.search("[:/]", said):
            return {}
        section, _, rest = key.partition(".")
        name, _, setting = rest.rpartition(".")
        kinds = {"url": found, "pushurl": pushed}
        if section.lower() == "remote" and setting.lower() in kinds:
            kinds[setting.lower()].setdefault(name, []).append(_COMMENT.split(said)[0])
    return found | pushed


def _masked(address: str) -> str:
    """An address without what may be a secret in it: whose it is, and what is asked for."""
    if "://" not in address:
        return address
    return _WEB_USER.sub(r"\1…@", _PASSWORD.sub(r"\1:…@", _ASKED.sub("?…", address)))


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
