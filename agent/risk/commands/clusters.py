# ruff: noqa: SIM102 - tables and patterns read better unbroken
"""Rules for kubectl, terraform and ansible: they reach many machines at once."""

from __future__ import annotations

import re

from agent.risk import programs
from agent.risk.arguments import after_options, split, value
from agent.risk.commands.containers import inside_container
from agent.risk.commands.reading import SECRET_WORD
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.unlisted import simple


def kubectl(call: Call) -> None:
    """`kubectl`: `exec` carries a command, secrets are secrets."""
    argv = call.argv
    valued = programs.OPTION_VALUES["kubectl"]
    rest = after_options(argv, valued)
    if not rest:
        simple(call, "kubectl")
        return
    verb = rest[0]
    if verb == "exec":
        inner = (
            rest[rest.index("--") + 1 :]
            if "--" in rest
            else split(rest, (*valued, "-c", "--container"))[1][1:]
        )
        if inner:
            inside_container(call, inner)
            if re.search(r"^(?:sh|bash|ash|zsh)$", inner[0].rpartition("/")[2]) and len(inner) == 1:
                call.medium("opens a shell in a pod")
        call.medium("runs something in a pod")
        return
    if (
        verb in ("get", "describe")
        and any(re.match(r"^secrets?(?:/|$)", w) for w in rest[1:3])
        and (value(argv, "-o", "--output") or (verb == "get" and len(rest) > 2))
    ):
        if any(
            re.search(r"yaml|json|template|jsonpath|custom", o)
            for o in value(argv, "-o", "--output")
        ):
            call.high("reads credentials or keys")
    if verb == "get" and len(rest) == 2 and rest[1] in ("secret", "secrets") and not value(
        argv, "-o", "--output", "--template"
    ):  # fmt: skip
        # Names, types and ages, which is what a look at a cluster shows.
        call.low()
        return
    if any(a.startswith("--dry-run") and not a.endswith("none") for a in rest) and verb not in (
        "exec",
    ):
        call.low()
        return
    if verb == "config" and rest[1:2] == ["view"] and "--raw" in rest:
        call.high("reads credentials or keys")
    if verb in ("create",) and rest[1:2] == ["token"]:
        call.high("makes credentials")
    if verb in ("port-forward", "proxy") and "0.0.0.0" in value(argv, "--address"):  # noqa: S104
        call.high("opens a port to whoever connects")
    simple(call, "kubectl")


def terraform(call: Call) -> None:
    """`terraform`: `plan -destroy` looks; `apply` needs a person."""
    if "console" in call.argv[1:]:
        feed = call.feed()
        for path in re.findall(r'\bfile\w*\(\s*"([^"]+)"', feed.text):
            call.reads(path)
    if "output" in call.argv[1:] and any(SECRET_WORD.search(word) for word in call.argv[2:]):
        call.high("shows a secret of the infrastructure")
    simple(call, call.argv[0].rpartition("/")[2])


def ansible(call: Call) -> None:
    """`ansible`, `ansible-playbook`: `--check` looks."""
    program = call.argv[0].rpartition("/")[2]
    if any(
        a
        in (
            "--check",
            "--syntax-check",
            "--list-hosts",
            "--list-tasks",
            "--list-tags",
            "-C",
            "--version",
        )
        for a in call.argv[1:]
    ):
        call.low()
        return
    modules = value(call.argv, "-m", "--module-name")
    if program == "ansible" and modules[-1:] in (["ping"], ["setup"], ["debug"], ["gather_facts"]):
        call.low()
        return
    call.high("runs something on many machines", "runs something on many machines")
