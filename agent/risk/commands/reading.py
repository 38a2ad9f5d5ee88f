# ruff: noqa: E501 - tables and patterns read better unbroken
"""Rules for programs that show files: `cat`, `head`, `grep`, `jq`."""

from __future__ import annotations

import re

from agent.risk.arguments import has, split, value, wordlist
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.carried import carried
from agent.risk.evaluation.environments import shows_environment
from agent.risk.shell.syntax import VARIABLE

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|ACCESS_KEY(?:_ID)?|SECRET_KEY|PRIVATE_KEY"
    r"|CREDENTIALS?|PAT)$"
)


def echo(call: Call) -> None:
    """`echo`, `printf`, `printenv`: what they show may be a secret of the environment."""
    command = call.command
    if command is not None:
        known = call.evaluator.state.variables
        for word in command.words[1:]:
            if word.text is not None:
                continue
            for part in word.parts:
                if (
                    part.kind == VARIABLE
                    and _SECRET_NAME.search(part.text)
                    and known.get(part.text) is None
                ):
                    call.high("shows a secret of the environment", f"shows {part.text}")
    if call.argv[0].endswith("env") and not [a for a in call.argv[1:] if a[:1] != "-"]:
        shows_environment(call)
    if call.argv[0].endswith("env") and any(_SECRET_NAME.search(a) for a in call.argv[1:]):
        call.high("shows a secret of the environment")
    call.low()


SECRET_WORD = re.compile(
    r"(?i)pass(?:w|phrase)|secret|token|api.?key|credential|access.?key|private"
)
_ENV_SECRET = re.compile(
    r"(?i)env[\w(.\[\"' ]*(?:secret|token|passw|api_?key|access_key|credential)"
)
_SHOW_SETTINGS = frozenset(
    wordlist("env printenv set declare typeset export history ps compgen journalctl dmesg strings")
)


def _shows_settings(call: Call) -> bool:
    """What comes in is the environment, the history, or what other processes were started with."""
    command, script = call.command, call.script
    if command is None or script is None or command.pipe is None:
        return False
    first, last = command.pipe
    return any(
        bool(c.words) and c.words[0].text in _SHOW_SETTINGS for c in script.commands[first:last][:8]
    )


def processes(call: Call) -> None:
    """`ps`: with `e` among the letters that need no dash it shows environments."""
    if call.argv[1:] and re.fullmatch(r"[a-df-zA-Z]*e[a-zA-Z]*", call.argv[1]):
        call.high("reads the environments of other processes")
    call.low()


def reader(call: Call) -> None:
    """Programs that show files: `cat`, `head`, `grep`, `jq`."""
    program = call.argv[0].rpartition("/")[2]
    valued: tuple[str, ...] = ()
    patterned = program in (
        "grep",
        "egrep",
        "fgrep",
        "rg",
        "ag",
        "ack",
        "jq",
        "yq",
        "zgrep",
        "ugrep",
    )
    if patterned:
        valued = (
            "-e",
            "-f",
            "-m",
            "-A",
            "-B",
            "-C",
            "-g",
            "--glob",
            "--include",
            "--exclude",
            "-t",
            "--type",
            "--exclude-dir",
            "-d",
            "--max-depth",
            "--arg",
            "--argjson",
            "-T",
        )
    elif program in ("head", "tail"):
        valued = ("-n", "-c", "--lines", "--bytes")
    elif program == "cut":
        valued = ("-d", "-f", "-c", "-b")
    elif program == "uniq":
        valued = ("-f", "-s", "-w", "--skip-fields", "--skip-chars", "--check-chars")
    elif program == "xxd":
        valued = ("-l", "-s", "-c", "-g", "-o", "-n", "-R", "-len", "-seek", "-cols", "-name")
    elif program == "tr":
        call.low()
        return
    if program in ("bat", "batcat"):
        carried(call, anywhere=False, words=False)
    options, operands = split(call.argv, valued)
    if program == "rg":
        for text in value(call.argv, "--pre", "--hostname-bin"):
            call.run([text, *split(call.argv, ("--pre", "-g", "-t"))[1]])
            call.high("runs a program on every file")
    if program in ("ag", "ack"):
        for text in value(call.argv, "--pager"):
            call.hook(text)
    if patterned and operands and not value(call.argv, "-e", "--regexp", "-f"):
        operands = operands[1:]
    if program in ("jq", "yq") and _ENV_SECRET.search(" ".join(call.argv[1:])):
        call.high("shows a secret of the environment")
    if program in _EDITORS and has(options, "i", "--inplace", "--in-place"):
        for operand in operands:
            call.writes(operand)
        return
    if program in _OUTPUT_LAST and len(operands) > 1:
        call.writes(operands.pop())
    for path in value(call.argv, *_OUTPUT_OPTIONS.get(program, ())):
        call.writes(path)
    if patterned and _shows_settings(call) and SECRET_WORD.search(" ".join(call.argv[1:])):
        call.high("searches what is kept for credentials")
    recursive = program in ("grep", "egrep", "zgrep") and has(options, "rR", "--recursive")
    if program in _WALKERS:
        _walk(call, program, options, operands)
    if program in _COMPARERS and has(options, "r", "--recursive"):
        for operand in operands:
            call.gathers(operand, hidden=True)
    for operand in operands:
        place = call.reads(operand)
        if (recursive or program in ("rg", "ag", "ack")) and place.path in (
            "/", call.evaluator.ground.home, "/etc", "/root", "/home"
        ) and re.search(r"(?i)pass|secret|token|key|credential|BEGIN", " ".join(call.argv)):  # fmt: skip
            call.high("searches everything for credentials")
    call.low()


_EDITORS = frozenset(wordlist("yq jq jaq xq tomlq"))
_OUTPUT_LAST = frozenset(["uniq", "xxd"])
"""Programs that take the file they write as their second operand."""
_OUTPUT_OPTIONS = {
    "iconv": ("-o", "--output"), "shuf": ("-o", "--output"), "base64": ("-o", "--output"),
    "base32": ("-o", "--output"), "csplit": ("-f", "--prefix"), "glow": (), "bat": (),
}  # fmt: skip


_COMPARERS = frozenset(["diff", "colordiff"])
_WALKERS = frozenset(wordlist("grep egrep fgrep zgrep ugrep rg ag ack"))


_WALKS_BY_ITSELF = frozenset(wordlist("rg ag ack"))


_SHOWS_HIDDEN = ("--hidden", "--no-ignore", "--unrestricted", "--all-types", "--hidden-files")


def _walk(call: Call, program: str, options: list[str], operands: list[str]) -> None:
    """A search that goes below directories shows what is in there."""
    if any(
        o.startswith(("--files-with", "--files-without", "--count", "--quiet")) for o in options
    ):
        return
    itself = program in _WALKS_BY_ITSELF
    deep = itself or has(options, "rR", "--recursive", "--dereference-recursive") or any(
        v.startswith("rec") for v in value(call.argv, "-d", "--directories")
    )  # fmt: skip
    if not deep:
        return
    hidden = not itself or has(options, "u.", *_SHOWS_HIDDEN)
    names = value(call.argv, "--include", "-g", "--glob")
    kinds = value(call.argv, "-t", "--type") if itself else []
    if kinds:
        return
    for operand in operands or ["."]:
        call.gathers(operand, *(n for n in names if not n.startswith("!")), hidden=hidden)
