"""Rules for `xargs` and `parallel`, which run a command for what another one prints."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from agent.risk.arguments import after_options, split, value
from agent.risk.commands.processes import SUPERVISORS, kills_all
from agent.risk.evaluation.call import Call
from agent.risk.evaluation.findings import quote, shown
from agent.risk.evaluation.name_lists import (
    PRINTING,
    names_fed,
    names_in,
    names_printed,
)
from agent.risk.paths import Zone
from agent.risk.shell.syntax import UNKNOWN

_TAKING = "adEILnPsJRS"
_MAYBE_TAKING = "eil"
"""Letters that take a value, in GNU's xargs or BSD's, and those that only take what they hold."""

MOST_APART = 64
"""Words that are also judged each by itself."""

_XARGS_LONG = {
    "--arg-file": "a",
    "--delimiter": "d",
    "--eof": "e",
    "--exit": "x",
    "--interactive": "p",
    "--max-args": "n",
    "--max-chars": "s",
    "--max-lines": "l",
    "--max-procs": "P",
    "--no-run-if-empty": "r",
    "--null": "0",
    "--open-tty": "o",
    "--process-slot-var": "S",
    "--replace": "i",
    "--show-limits": "-",
    "--verbose": "t",
}


def _read(argv: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Take an xargs line apart as getopt(3) does: options by their letter, and the command."""
    options: dict[str, str] = {}
    at = 1
    while at < len(argv) and argv[at].startswith("-") and argv[at] != "-":
        word = argv[at]
        at += 1
        if word == "--":
            break
        if word.startswith("--"):
            head, equals, text = word.partition("=")
            letter = next((_XARGS_LONG[name] for name in _XARGS_LONG if name.startswith(head)), "-")
            taken = bool(equals)
        else:
            inner = 1
            while inner < len(word) - 1 and word[inner] not in _TAKING + _MAYBE_TAKING:
                options[word[inner]] = ""
                inner += 1
            letter, text = word[inner], word[inner + 1 :]
            taken = bool(text)
        if letter in _TAKING and not taken:
            text = argv[at] if at < len(argv) else ""
            at += 1
        options[letter] = text
    return options, list(argv[at:])


def xargs(call: Call) -> None:
    """`xargs`: its command, with what comes from standard input as arguments."""
    options, rest = _read(call.argv)
    if not rest:
        call.low()
        return
    feed = call.feed()
    replaced = options.get("I") or options.get("J") or ""
    if "i" in options:
        replaced = options["i"] or "{}"
    if "a" in options:
        content = call.evaluator.files.get(call.place(options["a"]).path)
        words = [UNKNOWN] if content is None else _cut(options, content)
        words += names_in(call.evaluator, options["a"]) if content is None else []
    elif feed.kind == "text":
        words = _cut(options, feed.text)
    else:
        words = [*producers(call), *names_fed(call.evaluator, feed)]
    program = rest[0].rpartition("/")[2]
    if program in (
        "sh",
        "bash",
        "zsh",
        "dash",
        "eval",
        "python",
        "python3",
        "perl",
        "node",
        "ruby",
        "env",
    ):
        inline = any(re.match(r"^-\w*[ce]$", a) for a in rest[1:])
        if inline and program in ("perl", "ruby", "node", "python", "python3") and not replaced:
            call.run([*rest, *words])
            return
        if feed.kind != "text" or not inline:
            named = [*names_fed(call.evaluator, feed), *_names_before(call)]
            words = [UNKNOWN, *named] if inline else [UNKNOWN]
        if inline and not replaced:
            call.run([*rest, *words])
            if len(words) > 1:
                # By `-n`, or since they are many, some may be the first of a script's arguments.
                for word in words[:MOST_APART]:
                    call.run([*rest, word])
            return
    if program in _SENDERS and _SHOWS.search(pipeline(call)):
        call.high("sends what another command prints to another machine")
    if replaced:
        if any(replaced in a for a in rest):
            for word in words or [UNKNOWN]:
                call.run([a.replace(replaced, word) for a in rest])
            return
        call.run(rest)
        return
    if program in ("kill", "pkill"):
        before = pipeline(call)
        if SUPERVISORS.search(before):
            call.high("kills the session or the supervisor")
        elif kills_all(before):
            call.high("kills every process")
    if program in ("kill", "docker", "podman", "git", "kubectl") and feed.kind != "text":
        call.run(
            [*rest, *(w for w in words if w != UNKNOWN)]
            if words != [UNKNOWN]
            else [*rest, "7" if program == "kill" else UNKNOWN]
        )
        return
    call.run([*rest, *words])


def _cut(options: dict[str, str], text: str) -> list[str]:
    """The words that `xargs` makes of a text: at blanks, as quotes allow, or at its delimiter."""
    if "0" in options:
        return [word for word in text.split("\0") if word.strip()]
    if delimiter := options.get("d"):
        end = {"\\n": "\n", "\\t": "\t", "\\0": "\0"}.get(delimiter, delimiter)
        return [word for word in text.split(end) if word.strip()]
    if options.keys() & {"I", "i"}:
        # One whole line each.
        return [line.strip() for line in text.splitlines() if line.strip()]
    try:
        return shlex.split(text) if "'" in text or '"' in text or "\\" in text else text.split()
    except ValueError:
        return text.split()


_SENDERS = frozenset(
    ["curl", "wget", "nc", "ncat", "http", "xh", "dig", "host", "nslookup", "socat", "telnet"]
)
_SHOWS = re.compile(
    r"(?:^|[|;&(`]\s*)(?:env|printenv|history|base64|base32|xxd|od|tar|gzip|openssl|gpg|ps|id|whoami|hostname|ifconfig|security|aws|set)\b"
    r"|\.ssh|\.aws|\.env\b|\.netrc|id_rsa|passwd"
)


def pipeline(call: Call) -> str:
    """The stages before a command in its pipeline, as they are written."""
    command, script = call.command, call.script
    if command is None or script is None or command.pipe is None:
        return ""
    at = command.pipe[0]
    for _ in range(16):
        before = script.commands[at].pipe
        if before is None or before[0] >= at:
            break
        at = before[0]
    return script.text[script.commands[at].start : command.start]


def producers(call: Call) -> list[str]:
    """Paths that stand for what the command before a pipe finds."""
    from agent.risk.commands.searching import listed

    command, script = call.command, call.script
    if command is None or script is None or command.pipe is None:
        return [UNKNOWN]
    paths: list[str] = []
    first, last = command.pipe
    stage = script.commands[first:last]
    # Filters between the search and here only narrow what was found.
    hops = 0
    while stage and hops < 8 and stage[-1].words and stage[-1].pipe is not None:
        name = stage[-1].words[0].text or ""
        if name not in ("grep", "head", "tail", "sort", "uniq", "rg", "tac", "egrep", "tee", "cat"):
            break
        stage = script.commands[stage[-1].pipe[0] : stage[-1].pipe[1]]
        hops += 1
    evaluator = call.evaluator
    for member in stage[-4:]:
        heads, arguments = evaluator._argv(member)  # noqa: SLF001
        for head in heads:
            paths += listed([*head, *arguments], evaluator) or [UNKNOWN]
    return [*(paths or [UNKNOWN]), *_names_before(call)]


def _names_before(call: Call) -> list[str]:
    """The names that matter in the files that earlier stages of a pipeline print."""
    command, script, evaluator = call.command, call.script, call.evaluator
    found: list[str] = []
    span = command.pipe if command is not None else None
    for _ in range(8):
        if script is None or span is None:
            break
        stage = script.commands[span[0] : span[1]]
        for member in stage[-4:]:
            heads, arguments = evaluator._argv(member)  # noqa: SLF001
            argv = [*(heads[0] if heads else []), *arguments]
            found += names_printed(evaluator, [argv])
            if argv and argv[0].rpartition("/")[2] in PRINTING:
                feed = evaluator._redirected(member.redirects)  # noqa: SLF001
                if feed is not None and feed.kind == "file":
                    found += names_fed(evaluator, feed)
        span = stage[0].pipe if stage else None
    return list(dict.fromkeys(found))


def zargs(call: Call) -> None:
    """Zsh's `zargs -- item… -- command`: the command with the items behind it."""
    argv = call.argv
    ends = [at for at, word in enumerate(argv) if word == "--"]
    if len(ends) > 1:
        call.run([*argv[ends[1] + 1 :], *argv[ends[0] + 1 : ends[1]]])
    call.medium("runs a command for many items")


def run_parts(call: Call) -> None:
    """`run-parts`: runs every program in a directory."""
    for operand in split(call.argv, ("--regex", "--arg", "-a", "--umask", "-u"))[1]:
        if any(a in ("--test", "--list") for a in call.argv):
            call.low()
        elif call.place(operand).zone not in (Zone.PROJECT, Zone.REGENERABLE):
            call.high("runs every program of a directory", f"runs all of {shown(operand)}")
    call.medium("runs every program of a directory")


_PLACE = re.compile(r"\{\d*(?:\.|/|//|/\.)?\}")
"""Where `parallel` puts an argument, whole or a part of its path; `{#}` and `{%}` are numbers."""


_PARTS = re.compile(r"[\s;&|$`(<>]")


def parallel(call: Call) -> None:
    """GNU `parallel`: a command with arguments after `:::` or from standard input."""
    argv = call.argv
    rest = after_options(
        argv,
        (
            "-j",
            "--jobs",
            "-a",
            "--arg-file",
            "-I",
            "--colsep",
            "-n",
            "-N",
            "-S",
            "--joblog",
            "--delay",
            "--retries",
        ),
    )
    if value(argv, "-S", "--sshlogin"):
        call.high("runs commands on other machines")
    template: list[str] = []
    arguments: list[str] = []
    seen = False
    for word in rest:
        if re.match(r"^:::", word):
            seen = True
        elif seen:
            arguments.append(word)
        else:
            template.append(word)
    if not seen:
        feed = call.feed()
        if feed.kind == "text":
            arguments = feed.text.splitlines()
        else:
            arguments = [*producers(call), *names_fed(call.evaluator, feed)]
            lists = value(argv, "-a", "--arg-file")
            arguments += [n for path in lists for n in names_in(call.evaluator, path)]
    elif "::::" in rest or ":::+" in rest:
        lists, arguments = arguments, [UNKNOWN]
        arguments += [n for path in lists for n in names_in(call.evaluator, path)]
    if not template:
        for text in arguments:
            call.shell(text)
        return
    options = argv[: len(argv) - len(rest)]
    whole = "-q" in options or "--quote" in options
    text = " ".join(map(quote, template) if whole else template)
    own = value(argv, "-I")
    for argument in arguments[:MOST_APART] or [UNKNOWN]:
        # An argument is one word, whatever it holds; an own shell behind takes it apart again.
        words = (argument, quote(argument)) if _PARTS.search(argument) else (argument,)
        for word in words:
            line = text.replace(own[-1], word) if own and own[-1] else text
            line = _PLACE.sub(lambda _: word, line)  # noqa: B023
            call.shell(line if line != text else f"{text} {word}")


def stage_paths(call: Call) -> list[str]:
    """Paths that stand for what the earlier stages of a pipeline print."""
    command = call.command
    if command is None:
        return [UNKNOWN]
    if command.pipe is not None:
        return producers(call)
    group = command.group
    while group is not None:
        if group.pipe is not None:
            command.pipe = group.pipe
            paths = producers(call)
            command.pipe = None
            return paths
        if group.redirects:
            for redirect in group.redirects:
                if redirect.operator == "<" and redirect.target is not None:
                    for text in call.evaluator.expander.text(redirect.target):
                        if text.startswith("/dev/fd/sub:"):
                            entry = call.evaluator.groups.get(int(text.rpartition(":")[2]))
                            if entry is not None:
                                command.pipe = (entry[1].first, entry[1].last)
                                paths = producers(call)
                                command.pipe = None
                                return paths
                        else:
                            return [UNKNOWN, *names_in(call.evaluator, text)]
            return [UNKNOWN]
        group = group.parent
    return [UNKNOWN]
