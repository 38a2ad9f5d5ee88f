# ruff: noqa: E501 - tables and patterns read better unbroken
"""Rules for git settings, from `-c`, `git config` and aliases: many of them name programs."""

from __future__ import annotations

import re

from agent.risk.arguments import has, split, value
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.shell.syntax import UNKNOWN

_GIT_COMMANDS = re.compile(
    r"^(?:core\.(?:pager|editor|sshcommand|hookspath|fsmonitor|gitproxy|askpass|alternaterefscommand|worktree)|sequence\.editor|diff\.external|diff\..*\.(?:command|textconv)"
    r"|pager\..*|credential\.helper|credential\..*\.helper|gpg\.program|gpg\..*\.program|merge\..*\.driver|filter\..*\.(?:clean|smudge|process)|mergetool\..*\.(?:cmd|path)"
    r"|difftool\..*\.(?:cmd|path)|alias\..*|remote\..*\.(?:uploadpack|receivepack|vcs|proxy)|protocol\..*|url\..*\.(?:insteadof|pushinsteadof)|include\.path|includeif\..*"
    r"|init\.templatedir|browser\..*|man\..*\.cmd|sendemail\..*|http\.(?:proxy|sslverify|.*\.sslverify|extraheader|cookiefile)|uploadpack\..*|receive\..*|interactive\.difffilter|trailer\..*\.(?:command|cmd)|ssh\..*|submodule\..*\.update|web\.browser|instaweb\..*|fsmonitor.*|tar\..*\.command|safe\.(?:directory|barerepository)|hook\..*|guitool\..*|commit\.gpgsign-none|user\.signingkey-none)$",
    re.I,
)


_HARMLESS_VALUES = re.compile(
    r"^(?:cat|less(?: [-\w]+)*|delta|diff-so-fancy.*|more|vim?|nvim|nano|true|:|false|code --wait|emacs|bat.*|never|always|\d+|)$"
)


_GIT_PUSHES = re.compile(
    r"^(?:remote\..*\.(?:push|mirror|url|pushurl)|remote\.pushdefault|push\.default"
    r"|branch\..*\.(?:pushremote|remote))$",
    re.I,
)
"""Settings that decide where and how a later, plain `git push` goes."""


_PUSHES_AS_USUAL = re.compile(
    r"(?:simple|current|upstream|tracking|nothing|false|no|off|0|origin|HEAD"
    r"|(?:HEAD:)?refs/(?:heads|for)/[\w./-]+)?",
    re.I,
)


def runs_something(name: str) -> bool:
    """A setting that has git run or trust something."""
    return _GIT_COMMANDS.match(name) is not None and not name.lower().startswith("url.")


def git_setting(call: Call, name: str, text: str | None) -> None:
    """A setting that git would use, from `-c` or `config`."""
    if text is not None and _GIT_PUSHES.match(name):
        if not _PUSHES_AS_USUAL.fullmatch(text):
            call.high(f"changes where or how git pushes ({name})", f"sets {name}")
        return
    if not _GIT_COMMANDS.match(name) or text is None:
        return
    lower = name.lower()
    if lower.startswith("alias."):
        if text.startswith("!"):
            call.hook(text[1:])
        else:
            call.run(["git", *text.split()])
        return
    if lower in ("core.pager", "core.editor", "sequence.editor") or lower.startswith("pager."):
        if not _HARMLESS_VALUES.match(text):
            call.hook(text)
            if UNKNOWN in text:
                call.opaque("has git run something unknown")
        return
    if lower == "core.fsmonitor" and text in ("true", "false", ""):
        return
    if lower == "protocol.version" or (
        lower.startswith("protocol.") and text in ("never", "user", "2", "1")
    ):
        return
    if lower == "credential.helper" and text in (
        "",
        "cache",
        "osxkeychain",
        "manager",
        "libsecret",
    ):
        if text:
            call.medium("changes where credentials are kept")
        return
    if lower.endswith("sslverify") and text.lower() in ("true", "1", "yes"):
        return
    if lower.startswith("submodule.") and text in ("checkout", "rebase", "merge", "none"):
        return
    if lower.startswith("safe."):
        call.medium("trusts a repository")
        return
    call.high(f"has git run or trust something else ({name})", f"sets {name}")


def git_config(call: Call, argv: list[str], options: list[str]) -> None:
    """`git config`: reads, or sets what later commands use."""
    words = split(argv, ("-f", "--file", "--type", "--blob"))[1]
    if words[:1] in (["get"], ["list"], ["get-all"]) or has(
        options,
        "l",
        "--get",
        "--list",
        "--get-all",
        "--get-regexp",
        "--show-origin",
        "--get-urlmatch",
        "--show-scope",
    ):
        call.low()
        return
    if has(options, "e", "--edit") or words[:1] == ["edit"]:
        call.high("edits git's settings")
        return
    if words[:1] in (["set"], ["unset"], ["remove-section"], ["rename-section"]):
        words = words[1:]
    if len(words) == 1 and not has(
        options, "", "--unset", "--unset-all", "--remove-section", "--add"
    ):
        call.low()
        return
    everywhere = any(
        o in ("--global", "--system") or o.startswith(("--gl", "--sy")) for o in options
    )
    for path in value(argv, "-f", "--file"):
        call.writes(path)
    name = words[0] if words else ""
    if name.lower().startswith(("remote.", "url.", "branch.", "include", "extensions.")):
        call.evaluator.readdressed = True
    if len(words) > 1:
        git_setting(call, name, words[1])
    if any(o.startswith("--sy") for o in options):
        call.high("changes git's settings for everybody")
    elif everywhere and _GIT_COMMANDS.match(name):
        call.high("changes git's settings everywhere")
    call.medium("changes git's settings")


def git_alias(call: Call, verb: str, argv: list[str]) -> None:
    """An unknown verb: perhaps an alias in a settings file that can be read."""
    from agent.risk.commands.script_files import read_script

    project = call.evaluator.ground.project
    for path in (f"{project}/.git/config", f"{call.evaluator.ground.home}/.gitconfig"):
        text = read_script(path, call.evaluator.digests)
        if not isinstance(text, str):
            continue
        match = re.search(rf"^\s*{re.escape(verb)}\s*=\s*(.+)$", text, re.M | re.I)
        if match and "[alias]" in text:
            body = match[1].strip().strip('"')
            key = "git:" + verb
            if key in call.evaluator.reading:
                return
            call.evaluator.reading.add(key)
            if body.startswith("!"):
                call.shell(body[1:] + " " + " ".join(argv[1:]))
            else:
                call.run(["git", *body.split(), *argv[1:]])
            call.evaluator.reading.discard(key)
            return
    call.medium(f"no rule knows git {shown(verb)}")
