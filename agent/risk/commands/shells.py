# ruff: noqa: E501 - tables and patterns read better unbroken
"""Rules for shells, `eval` and everything else that is given shell text."""

from __future__ import annotations

import re

from agent.risk.arguments import after_options
from agent.risk.commands.plain_shell import plain_shell
from agent.risk.commands.script_files import from_stdin, run_file
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import shown
from agent.risk.shell.syntax import UNKNOWN


def shell(call: Call) -> None:
    """`bash`, `sh`, …: `-c` text, a script file, or standard input."""
    argv = call.argv
    at = 1
    reads_stdin = False
    while at < len(argv):
        argument = argv[at]
        if argument in ("--rcfile", "--init-file"):
            if at + 1 < len(argv):
                call.hooked(argv[at + 1], only_temporary=True)
                run_file(call, argv[at + 1])
            at += 2
        elif argument in ("-o", "+o", "-O", "+O"):
            at += 2
        elif argument.startswith(("--rcfile=", "--init-file=")):
            run_file(call, argument.partition("=")[2])
            at += 1
        elif _fish(call) and (found := _FISH_INIT.match(argument)):
            first = found[1] or found[2] or ""
            if not first and at + 1 < len(argv):
                first, at = argv[at + 1], at + 1
            _inline(call, first, [])
            at += 1
        elif argument == "--command":
            call.shell(" ".join(argv[at + 1 :]))
            return
        elif argument == "--":
            at += 1
            break
        elif argument == "-":
            reads_stdin = True
            at += 1
        elif argument.startswith("--"):
            if argument in ("--version", "--help"):
                call.low()
                return
            at += 1
        elif argument.startswith(("-", "+")) and len(argument) > 1:
            if "c" in argument[1:]:
                at += 1
                while at < len(argv) and argv[at].startswith(("-", "+")) and len(argv[at]) > 1:
                    if argv[at] == "--":
                        at += 1
                        break
                    at += 2 if argv[at] in ("-o", "+o", "-O", "+O") else 1
                if at >= len(argv):
                    call.opaque("a shell without the text it should run")
                    return
                _inline(call, argv[at], argv[at + 1 :])
                return
            if "s" in argument[1:]:
                reads_stdin = True
            at += 2 if argument[-1] in "oO" else 1
        elif UNKNOWN in argument:
            call.opaque()
            return
        else:
            break
    if at < len(argv) and not reads_stdin:
        run_file(call, argv[at])
        return
    from_stdin(call, "shell")


_FISH_INIT = re.compile(r"--init-command(?:=(.*))?$|-[ilNnP]*C(.*)$", re.S)
"""What fish runs before anything else."""


def _fish(call: Call) -> bool:
    return call.argv[0].rpartition("/")[2] == "fish"


def _inline(call: Call, text: str, arguments: list[str]) -> None:
    if text == UNKNOWN or text.strip() == UNKNOWN:
        call.opaque()
        return
    text = plain_shell(call, call.argv[0].rpartition("/")[2], text)
    if arguments and re.match(r"\W*\$(?:0|\{0\})\W+\$[@*{]", text):
        call.run(arguments)
    variables = call.evaluator.state.variables
    names = {str(n): arguments[n] for n in range(min(len(arguments), 10))}
    names["@"] = names["*"] = " ".join(arguments[1:])
    saved = {name: variables.get(name) for name in names}
    for name, word in names.items():
        variables.set(name, (word,), add=False)
    try:
        call.shell(text)
    finally:
        for name, before in saved.items():
            variables.set(name, before if before is not None else (UNKNOWN,), add=False)


def evaluate_words(call: Call) -> None:
    """`eval`: the words are joined and read again."""
    rest = call.argv[1:]
    if rest[:1] == ["--"]:
        rest = rest[1:]
    text = " ".join(rest)
    if re.search(r"^\0$", text.strip()):
        known = _KNOWN_EVALS.search(raw_text(call))
        if known:
            call.medium("sets up the shell")
            return
    call.shell(text, here=True)


_KNOWN_EVALS = re.compile(
    r"\$\(\s*(?:ssh-agent(?: -s)?|direnv (?:hook|export) \w+|pyenv init[^)]*|rbenv init[^)]*|nodenv init[^)]*"
    r"|starship init \w+|zoxide init \w+|fnm env[^)]*|(?:/[\w/.-]+/)?brew shellenv|opam env|dircolors[^)|;&]*"
    r"|docker-machine env[^)|;&]*|minikube[^)|;&]* docker-env|conda shell\.\w+ hook|mise activate \w+)\s*\)"
)


def raw_text(call: Call) -> str:
    """The command as it was written."""
    if call.command is None or call.script is None:
        return ""
    return call.script.text[call.command.start : call.command.end]


def source(call: Call) -> None:
    """`. file`, `source file`."""
    rest = call.argv[1:]
    if not rest:
        call.low()
        return
    path = rest[0]
    place = call.place(path)
    if UNKNOWN not in path and (
        re.search(r"(?:^|/)bin/activate(?:\.\w+)?$", path)
        or place.path
        in {
            f"{call.evaluator.ground.home}/{n}"
            for n in (
                ".bashrc",
                ".profile",
                ".zshrc",
                ".bash_profile",
                ".cargo/env",
                ".nvm/nvm.sh",
                ".zprofile",
            )
        }
    ):
        call.medium(f"sets up the shell from {shown(path)}")
        return
    if place.secret:
        call.evaluator.secret_environment = True
    run_file(call, path, "source")


def command_builtin(call: Call) -> None:
    """`command -v x` looks, `command x` runs."""
    rest = after_options(call.argv)
    options = call.argv[1 : len(call.argv) - len(rest)]
    if any("v" in o or "V" in o for o in options):
        call.low()
        return
    if rest:
        call.run(rest)
    else:
        call.low()


def text_runner(call: Call) -> None:
    """`watch`, `entr -s`, …: the words are joined and given to a shell."""
    rest = after_options(call.argv, ("-n", "--interval", "-q"))
    if rest:
        call.shell(" ".join(rest))
    call.low()
